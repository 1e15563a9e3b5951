"""Waits for a cell that awaits, whether or not an event loop is running.

In comes a coroutine; it has run to its end when `wait_for` returns, or raised what it raised.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any

__all__ = ["wait_for"]


def wait_for(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run *coroutine* to its end on an event loop of its own.

    Where a loop is running, as in a kernel, it runs in a thread meanwhile: a loop cannot wait.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        _run(coroutine, lambda _: None)
        return
    _run_in_thread(coroutine)


def _run(coroutine: Coroutine[Any, Any, Any], begun: Callable[[Any], None]) -> None:
    # With a factory of its own, the runner leaves the thread's event loop as it is.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        begun(runner.get_loop())
        runner.run(coroutine)


def _run_in_thread(coroutine: Coroutine[Any, Any, Any]) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    failures: list[BaseException] = []
    context = contextvars.copy_context()

    def work() -> None:
        try:
            context.run(_run, coroutine, loops.append)
        except BaseException as error:  # noqa: BLE001 - raised again where the cell is imported
            failures.append(error)

    thread = threading.Thread(target=work, name="reloadmagic-await", daemon=True)
    thread.start()
    try:
        thread.join()
    except BaseException:  # an interrupt, above all
        for loop in loops:
            loop.call_soon_threadsafe(_cancel_all, loop)
        thread.join()
        raise
    if failures:
        raise failures[0]


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
