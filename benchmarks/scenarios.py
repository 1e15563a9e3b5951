"""The rows: each sets sessions up, lets them take turns, and holds the medians against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .bench import Bench
from .clusters import on_workers
from .edits import edited, growth
from .idle import idle, system_calls
from .loading import import_time, loading, memory
from .packages import package_body, package_constant
from .results import Row

__all__ = ["SCENARIOS"]

SCENARIOS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "idle": idle,
    "calls": system_calls,
    "edit-1000": lambda bench: edited(bench, 1_000, 0.08),
    "edit-10000": lambda bench: edited(bench, 10_000, 0.02),
    "growth": growth,
    "package-body": package_body,
    "package-constant": package_constant,
    "import": import_time,
    "loading": loading,
    "memory": memory,
    "workers": lambda bench: on_workers(bench.folder, bench.of(15, 5)),
}
