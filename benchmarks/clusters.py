"""How long until all workers of a cluster run an edit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from . import projects
from .results import Row, median_of
from .sessions import environment, taking_turns

__all__ = ["on_workers"]

LINES = 1000
WAYS = ("reloadmagic", "upload_file", "restart")  # see `cluster`, which needs dask


class Cluster:
    """A subprocess with a dask cluster of two workers; see `cluster`."""

    def __init__(self, way: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "big.py").write_text(projects.big_module(LINES), encoding="utf-8")
        self.sees: dict[str, bool] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.cluster", way, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(folder),
        )

    def edit(self, answer: int) -> float:
        """Seconds from saving the module to all workers having it."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{answer}\n")
        stdin.flush()
        told: dict[str, Any] = json.loads(stdout.readline())
        self.sees = told["sees"]
        return float(told["seconds"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.communicate()


def on_workers(folder: Path, rounds: int) -> Iterator[Row]:
    """An edited body of a function, on the two worker processes of a dask cluster."""
    with ExitStack() as stack:
        clusters = {
            way: stack.enter_context(Cluster(way, folder / f"cluster-{way}")) for way in WAYS
        }
        turns = {
            way: lambda number, c=cluster: c.edit(number + 1) for way, cluster in clusters.items()
        }
        samples = taking_turns(turns, rounds)
        sees = {way: cluster.sees for way, cluster in clusters.items()}
    yield Row(
        f"from saving one of {LINES:,} lines to both workers of a dask cluster done",
        {way: median_of(found) for way, found in samples.items()},
        note=f"first: {samples[WAYS[0]][0] * 1000:.0f} ms",
        details={"sees": sees, "samples": samples},
    )
