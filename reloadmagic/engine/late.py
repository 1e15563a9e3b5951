"""Imports in functions that a statement calls: what they import has its turn when they do.

Whether a call gets at an import shows only while it runs, and what is reloaded too early sees what
imports it half done. So ``__import__`` is watched for as long as the statement takes.
"""

from __future__ import annotations

import builtins
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

__all__ = ["at_imports"]


@contextlib.contextmanager
def at_imports(
    awaited: Mapping[str, Iterable[str]], reload: Callable[[str], object]
) -> Iterator[None]:
    """Call *reload* with what *awaited* names for a module as soon as this thread imports that.

    What it names for ``""`` has its turn at once.

    Raises:
        whatever *reload* raises, though code of the user's may have caught it.
    """
    if not awaited:
        yield
        return
    thread, original = threading.get_ident(), builtins.__import__
    failed: list[BaseException] = []
    waiting = dict(awaited)
    for behind in waiting.pop("", ()):
        reload(behind)

    def importing(
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - callers may name it
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if threading.get_ident() == thread:
            for module in _imported(name, globals, fromlist, level):
                for behind in waiting.pop(module, ()):
                    try:
                        reload(behind)
                    except BaseException as error:
                        failed.append(error)
                        raise
        return original(name, globals, locals, fromlist, level)

    builtins.__import__ = importing
    try:
        yield
    finally:
        waiting.clear()
        if builtins.__import__ is importing:  # else the user's code has set its own, which calls us
            builtins.__import__ = original
    if failed:
        raise failed[0]


def _imported(
    name: str, namespace: Mapping[str, Any] | None, fromlist: Sequence[str] | None, level: int
) -> list[str]:
    """The absolute names that an import may stand for, packages first."""
    if level:
        package = (namespace or {}).get("__package__")
        if not isinstance(package, str):
            return []
        package = package.rsplit(".", level - 1)[0]
        name = f"{package}.{name}" if name else package
    parts = name.split(".")
    found = [".".join(parts[:number]) for number in range(1, len(parts) + 1)]
    return [*found, *(f"{name}.{attr}" for attr in fromlist or ())]
