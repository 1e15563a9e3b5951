"""Process pools: their workers cannot be addressed, so they retire and new ones take over.

The executor object that the user holds stays and gets a fresh inside; the inside that it had goes
on until its tasks are done and then ends, as if the executor had been collected. Nobody waits.
"""

from __future__ import annotations

import inspect
import sys
import types
import weakref
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, cast

from reloadmagic.bytecode import drop_stale_bytecode

from .attachment import Said, sources_of, versions_of
from .forkserver import renew_forkserver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reloadmagic.reloader import Reloader

    from .state import WorkerState

__all__ = ["Pool", "kind_of_pool", "renew"]


class Pool:
    """A pool whose workers are replaced after each reload that changed a module.

    Attributes:
        client, name: see `Attachment`.
    """

    def __init__(self, reloader: Reloader, client: Any, name: str) -> None:
        self.client = client
        self.name = name
        self._reloader = reloader
        self._versions = versions_of(reloader)
        self._digests = self._now()
        # Workers that are older than the session's last reload are not to be trusted.
        edited = {o.module for report in reloader.history for o in report.outcomes}
        self.first = self._retire(edited) if edited else Said()

    @property
    def kind(self) -> str:
        """``pool`` or ``loky``."""
        return kind_of_pool(self.client)

    def _now(self) -> dict[str, str]:
        return {name: source.digest for name, source in sources_of(self._reloader).items()}

    def follow(self) -> Said:
        """See `Attachment`."""
        versions, self._versions = self._versions, versions_of(self._reloader)
        if versions == self._versions:
            return Said()
        before, self._digests = self._digests, self._now()
        changed = [n for n, digest in self._digests.items() if before.get(n, digest) != digest]
        return self._retire(changed) if changed else Said()

    def _retire(self, changed: Iterable[str]) -> Said:
        tracked = self._reloader.tracked
        drop_stale_bytecode(tracked[name] for name in changed if name in tracked)
        pool = _executor(self.client)
        if pool is None:
            return Said()
        is_forked = _start_method(pool) == "forkserver"
        count = renew(pool, renew_forkserver() if is_forked else None)
        if not count:
            return Said()
        workers = "its worker ends" if count == 1 else f"its {count} workers end"
        return Said(
            (f"{self.name}: {workers} with the tasks they have; new ones run the new code",)
        )

    def states(self) -> tuple[WorkerState, ...]:
        """None: nobody can ask them."""
        return ()

    def close(self) -> None:
        """See `Attachment`."""


def kind_of_pool(client: object) -> str:
    """``pool``, ``loky``, or ``""`` for what is neither, nor uses one."""
    # By type: a proxy among a notebook's names would be asked for its class, and may raise.
    if issubclass(type(client), ProcessPoolExecutor):
        return "pool"
    return "loky" if _loky_class(client) is not None or _uses_loky(client) else ""


def _uses_loky(client: object) -> str:
    """The package whose executor *client* uses: a `joblib.Parallel`, ``joblib`` and ``loky``."""
    kind = type(client)
    if kind is types.ModuleType:
        name = vars(client).get("__name__", "")
        return {"joblib": "joblib.externals.loky", "loky": "loky"}.get(name, "")
    is_parallel = kind.__name__ == "Parallel" and kind.__module__.startswith("joblib.")
    return "joblib.externals.loky" if is_parallel else ""


def _executor(client: Any) -> Executor | None:
    """The executor that *client* is or uses, None if there is none yet."""
    home = _uses_loky(client)
    if not home:
        return cast("Executor", client)
    return getattr(sys.modules.get(f"{home}.reusable_executor"), "_executor", None)


def _loky_class(executor: object) -> type | None:
    """The class of loky's own, or of the copy in joblib, that an executor derives from."""
    return next(
        (
            cls
            for cls in type(executor).__mro__
            if cls.__name__ == "ProcessPoolExecutor" and "loky" in cls.__module__.split(".")
        ),
        None,
    )


def _start_method(pool: Any) -> str:
    """``fork``, ``spawn``, ``forkserver``; loky's own start as ``spawn`` does."""
    context = getattr(pool, "_mp_context", None)
    return str(context.get_start_method()) if context is not None else "spawn"


class _Manager(Protocol):
    """The thread in an executor that hands tasks to workers; `concurrent.futures` and loky alike."""

    executor_reference: Callable[[], Executor | None]


def renew(executor: Executor, when_over: Callable[[], None] | None = None) -> int:
    """Give *executor* new workers, from its next task on; how many it had.

    It is 0 where there were no workers, or where it was shut down or broke before. *when_over* is
    called when the workers that it had have ended.
    """
    kind: Any = _loky_class(executor) or ProcessPoolExecutor
    inside: Any = executor
    manager: _Manager | None = inside._executor_manager_thread
    if manager is None or not inside._processes or _is_over(inside):
        if when_over is not None:
            when_over()
        return 0
    settings, count = _settings(kind, inside), len(inside._processes)
    retired: Any = object.__new__(type(executor))
    if when_over is not None:
        weakref.finalize(retired, when_over)
    with inside._shutdown_lock:
        vars(retired).update(vars(executor))
        # From here on, the thread takes the retired inside for its executor, and that is over.
        manager.executor_reference = lambda: retired
        if hasattr(retired, "_flags"):
            retired._flags.shutdown = True
        else:
            retired._shutdown_thread = True
        kind.__init__(executor, **settings)
        retired._executor_manager_thread_wakeup.wakeup()
    return count


def _is_over(inside: Any) -> bool:
    flags = getattr(inside, "_flags", None)
    if flags is not None:
        return bool(flags.shutdown or flags.broken)
    return bool(inside._shutdown_thread or inside._broken)


def _settings(kind: Any, inside: Any) -> dict[str, Any]:
    """The arguments that *inside* was made with, which executors keep under their names."""
    kept = {
        "mp_context": "_mp_context",
        "job_reducers": "_call_queue._reducers",
        "result_reducers": "_result_queue._reducers",
    }
    found = {}
    for name in list(inspect.signature(kind.__init__).parameters)[1:]:
        value = inside
        for attribute in kept.get(name, f"_{name}").split("."):
            value = getattr(value, attribute)
        found[name] = value
    return found
