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
from typing import Any

from distributed import Client, LocalCluster

from .clusters import LINES
from .projects import big_module

__all__ = ["WAYS"]


def ours(client: Client, _path: Path) -> Callable[[], object]:
    import big  # noqa: F401  # what is reloaded

    import reloadmagic

    reloader = reloadmagic.Reloader()
    reloader.attach(client)
    return reloader.reload


def upload_file(client: Client, path: Path) -> Callable[[], object]:
    return lambda: client.upload_file(str(path))


def restart(client: Client, path: Path) -> Callable[[], object]:
    def again() -> None:
        client.restart()
        client.run(load, str(path.parent))

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
    options: dict[str, Any] = {"threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(n_workers=2, **options) as cluster, Client(cluster) as client:
        client.run(load, folder)
        bring = WAYS[way](client, path)
        for line in sys.stdin:
            answer = int(line)
            started = time.perf_counter()
            path.write_text(big_module(LINES, answer), encoding="utf-8")
            bring()
            seconds = time.perf_counter() - started
            workers = client.run(seen, answer).values()
            sees = {name: all(worker[name] for worker in workers) for name in next(iter(workers))}
            print(json.dumps({"seconds": seconds, "sees": sees}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
