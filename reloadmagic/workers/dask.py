"""dask.distributed: workers are called past their task queues, while tasks run.

Workers that join later are called by a `WorkerPlugin` before they get their first task.
"""

from __future__ import annotations

import asyncio
import functools
import runpy
from collections.abc import Callable, Mapping
from typing import Any

import toolz
from distributed import Client, WorkerPlugin

from .attachment import Answer, Receive
from .errors import WorkersError

__all__ = ["Dask", "greeting"]

PLUGIN = "reloadmagic"
ARRIVAL = "reloadmagic.workers.arrival"


def greeting(payload: Mapping[str, Any]) -> Any:
    """A plugin that has a worker which joins run what the others run, by `arrival`.

    It names that module and nothing of ours is pickled: a plugin that cannot be unpickled stops a
    worker from starting. So one without reloadmagic starts, logs what it lacks, and is told of at
    the next reload.
    """
    plugin = WorkerPlugin()
    plugin.payload = payload
    # Called as setup(worker=...): dict makes the globals that the module runs with.
    plugin.setup = toolz.compose_left(dict, functools.partial(runpy.run_module, ARRIVAL))
    return plugin


class Dask:
    """The workers of a `distributed.Client`.

    Raises:
        WorkersError: the client is an asynchronous one, which cannot be waited for in a cell.
    """

    kind = "dask"

    def __init__(self, client: Client) -> None:
        if client.asynchronous:
            raise WorkersError(
                "An asynchronous dask client cannot be waited for. Attach a second one: "
                "Client(client.scheduler.address)."
            )
        self._client = client
        self._is_greeting = False

    def has_newcomers(self) -> bool:
        """Those are greeted by the scheduler."""
        return False

    def broadcast(
        self, function: Receive, payload: Mapping[str, Any], timeout: float
    ) -> Mapping[str, Answer]:
        """See `Transport`.

        Raises:
            TimeoutError, OSError: the scheduler cannot be reached.
        """
        # In a thread there: an import that a reload waits for may need the worker's event loop.
        aside = functools.partial(asyncio.to_thread, function)  # type: ignore[call-arg]
        found: dict[str, Answer] = self._client.sync(self._ask_all, aside, payload, timeout)
        return found

    async def _ask_all(
        self, function: Callable[..., Any], payload: Mapping[str, Any], timeout: float
    ) -> dict[str, Answer]:
        # One request for each: the answer to a request to all waits for the slowest.
        workers = await asyncio.wait_for(self._client.scheduler.ncores(workers=None), timeout)
        asked = {
            worker: asyncio.ensure_future(
                self._client._run(function, payload, workers=[worker], on_error="return")
            )
            for worker in workers
        }
        if asked:
            await asyncio.wait(asked.values(), timeout=timeout)
        return {worker: _answer(worker, task) for worker, task in asked.items()}

    def welcome(self, payload: Mapping[str, Any], timeout: float) -> None:
        """See `Transport`."""
        self._client.sync(self._register, payload, timeout)

    async def _register(self, payload: Mapping[str, Any], timeout: float) -> None:
        registering = asyncio.ensure_future(
            self._client._register_worker_plugin(greeting(payload), PLUGIN, idempotent=False)
        )
        self._is_greeting = True
        # The scheduler has it at once; workers that hang keep it waiting, and have been told of.
        await asyncio.wait([registering], timeout=timeout)
        registering.add_done_callback(_look_away)

    def close(self, timeout: float) -> None:
        """See `Transport`."""
        if self._is_greeting and self._client.status == "running":
            self._client.sync(self._unregister, timeout)

    async def _unregister(self, timeout: float) -> None:
        await asyncio.wait_for(self._client._unregister_worker_plugin(PLUGIN), timeout)


def _answer(worker: str, task: asyncio.Future[Any]) -> Answer:
    if not task.done():
        task.add_done_callback(_look_away)
        return TimeoutError(f"{worker} does not answer")
    if (error := task.exception()) is not None:
        return error
    # A worker that left meanwhile is not among the results.
    answer: Answer = task.result().get(worker, OSError("it has left the cluster"))
    return answer


def _look_away(task: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more: what it raised is not to be reported by asyncio."""
    if not task.cancelled():
        task.exception()
