"""Failures of the user's code: carried out through importlib, located, rolled back, told."""

from __future__ import annotations

import linecache
import sys
import threading
import types
from collections.abc import Container, Iterable
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from ..errors import ReloadFailed, ReloadMagicError, frames_of
from ..loader import ReloadLoader
from ..modules import module_namespace
from ..parsing import file_lines
from ..plan import ModulePlan
from ..reach.tokens import Token
from ..source import Source
from ..stamps import Stamp
from .outcome import Outcome

if TYPE_CHECKING:
    from traceback import FrameSummary

    from .engine import Engine
    from .state import State

__all__ = [
    "Failed",
    "describe",
    "failed_outcome",
    "forget_imports",
    "is_interrupt",
    "locate",
    "reasons",
]


class Failed(BaseException):
    """Carries a failure out through importlib's frames, whatever the module's code catches."""

    def __init__(self, error: ReloadMagicError, exception: BaseException) -> None:
        super().__init__(str(error))
        self.error = error
        self.exception = exception


def is_interrupt(error: BaseException) -> bool:
    """Is it the user's own interrupt, which passes on?"""
    return isinstance(error.exception if isinstance(error, Failed) else error, KeyboardInterrupt)


def locate(
    error: BaseException, plan: ModulePlan, tracked: Container[str], source: Source | None = None
) -> ReloadFailed:
    """The failure with its place: the innermost line of the module that was running.

    *source* is the version that ran, the new one if it is not said.
    """
    source = source or plan.after
    lineno, traceback, elsewhere = 0, error.__traceback__, None
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        here = source.line_at(filename, traceback.tb_lineno)
        if here:
            lineno, elsewhere = here, None
        elif _is_users(traceback.tb_frame, tracked):
            elsewhere = filename, traceback.tb_lineno
        traceback = traceback.tb_next
    lines = source.text.split("\n")
    line = lines[lineno - 1] if 0 < lineno <= len(lines) else ""
    path, lineno = source.place_of(lineno) if lineno else (plan.tracked.path, 0)
    raised_at = None
    if elsewhere is not None:
        linecache.checkcache(elsewhere[0])
        raised_at = (*elsewhere, linecache.getline(*elsewhere).rstrip())
    failed = ReloadFailed(
        error,
        module=plan.name,
        path=path,
        lineno=lineno,
        line=line,
        raised_at=raised_at,
        frames=_frames(error, source),
    )
    failed.__cause__ = error
    return failed


def _frames(error: BaseException, source: Source) -> tuple[FrameSummary, ...]:
    """The frames of an error, with the lines of *source* where they are in it."""
    if source.parts:
        return frames_of(error)  # they are shown while it runs
    known = linecache.cache.get(source.path)
    # An entry without an mtime is not compared with the file, which may have changed.
    lines = file_lines(source.text)
    linecache.cache[source.path] = (len(source.text), None, lines, source.path)
    try:
        return frames_of(error)
    finally:
        linecache.cache.pop(source.path, None)
        if known is not None:
            linecache.cache[source.path] = known


def _is_users(frame: types.FrameType, tracked: Container[str]) -> bool:
    """Is it code of a module of the user's, also of one whose import is failing?"""
    spec = frame.f_globals.get("__spec__")
    if type(spec) is ModuleSpec and isinstance(spec.loader, ReloadLoader):
        return True
    name = frame.f_globals.get("__name__")
    return type(name) is str and name in tracked


def describe(error: BaseException, state: State) -> ReloadMagicError:
    """*error* as one of ours, with a module of the set that was running."""
    if isinstance(error, Failed):
        return error.error
    if isinstance(error, ReloadMagicError):
        return error
    plans = [state.work[name].plan for name in state.active]
    running = (plan for plan in plans if _is_in(error, plan.after))
    return locate(error, next(running, plans[0]), state.tracked)


def _is_in(error: BaseException, source: Source) -> bool:
    """Did *error* come through code of *source*?"""
    traceback = error.__traceback__
    while traceback is not None:
        if source.line_at(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno):
            return True
        traceback = traceback.tb_next
    return False


def failed_outcome(plan: ModulePlan, error: ReloadMagicError | None) -> Outcome:
    """The outcome of a module that keeps its old version; it stays stale."""
    plan.tracked.stale = True
    return Outcome(
        plan.name,
        plan.tracked.path,
        "failed",
        edited=plan.diff is not None,
        error=error,
        before=plan.before.text,
        after=plan.after.text,
    )


def reasons(state: State, names: Iterable[str]) -> dict[str, set[Token]]:
    """The changes for which modules were to run: what mends a failure may not repeat them."""
    return {
        name: {
            reason
            for found in state.work[name].plan.run.values()
            for reason in found
            if isinstance(reason, tuple) and state.effects.is_actual(reason)
        }
        for name in names
    }


def _forget_submodule(name: str, module: object) -> None:
    """Take a module out of its package, where the import system had put it."""
    package, _, attr = name.rpartition(".")
    namespace = module_namespace(sys.modules.get(package)) or {}
    if module is not None and namespace.get(attr) is module:
        del namespace[attr]


def forget_imports(engine: Engine, known: set[str], since: int) -> dict[str, Stamp | None]:
    """Undo the first imports that a set caused, of modules that were not *known* before it.

    Returns the files of these modules, as they were when they were imported.
    """
    me = threading.get_ident()
    files = {}
    for name, thread, path, stamp in engine.imported[since:]:
        if name not in known and thread == me:
            engine.tracked.forget(name)
            _forget_submodule(name, sys.modules.pop(name, None))
            files[path] = stamp
    del engine.imported[since:]
    return files
