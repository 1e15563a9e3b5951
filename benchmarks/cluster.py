"""A client with two dask workers of its own and one way to bring an edit to them.

``python cluster.py WAY PROJECT``: told on standard input which answer the edited function is to
give, it writes the module, brings it to all workers and says in how many seconds; then who sees it.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from distributed import Client, LocalCluster

from .clusters import LINES
from .projects import big_module

__all__ = ["WAYS"]


class Cluster:
    """Two dask workers which have imported the module, and a client of theirs."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.open()

    def open(self) -> None:
        self._cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
        self.client = Client(self._cluster)
        self.client.run(load, self.folder)

    def close(self) -> None:
        self.client.close()
        self._cluster.close()


def ours(cluster: Cluster, _path: Path) -> Callable[[], object]:
    import big  # noqa: F401  # what is reloaded

    import reloadmagic

    reloader = reloadmagic.Reloader()
    reloader.attach(cluster.client)
    return reloader.reload


def upload_file(cluster: Cluster, path: Path) -> Callable[[], object]:
    return lambda: cluster.client.upload_file(str(path))


def restart(cluster: Cluster, _path: Path) -> Callable[[], object]:
    """A new cluster: `Client.restart` at times waits two minutes for workers that do not come."""

    def again() -> None:
        cluster.close()
        cluster.open()

    return again


WAYS = {"reloadmagic": ours, "upload_file": upload_file, "restart": restart}


def load(folder: str) -> None:
    """On a worker: import the module, and hold something of it."""
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = importlib.import_module("big")
    held = vars(sys).setdefault("benchmark", {})
    if not held:
        held.update(module=module, target=module.target, thing=module.Thing())


def seen(answer: int) -> dict[str, bool]:
    """On a worker: who runs the new code, of what is there now and of what was held before."""
    held = vars(sys)["benchmark"]
    module = importlib.import_module("big")
    return {
        "module attribute": module.target() == answer,
        "function held from before": held["target"]() == answer,
        "instance held from before": held["thing"].ask() == answer,
        "isinstance": isinstance(held["thing"], module.Thing),
        "what was held is still there": held["thing"].calls > 1,
    }


def main(way: str, folder: str) -> None:
    path = Path(folder, "big.py")
    sys.path.insert(0, folder)
    cluster = Cluster(folder)
    bring = WAYS[way](cluster, path)
    for line in sys.stdin:
        answer = int(line)
        started = time.perf_counter()
        path.write_text(big_module(LINES, answer), encoding="utf-8")
        bring()
        seconds = time.perf_counter() - started
        workers = cluster.client.run(seen, answer).values()
        sees = {name: all(worker[name] for worker in workers) for name in next(iter(workers))}
        print(json.dumps({"seconds": seconds, "sees": sees}), flush=True)
    cluster.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
