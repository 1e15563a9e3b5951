"""Log handlers: loggers are the process's own, so what a module attached to them is not remade.

A statement that attaches a handler and runs again would attach a second one, and each message
would be told twice. So what a module has attached is known from its import on, is taken off while
a statement of it runs again, and comes back unless that attaches its like.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..modules import TrackedModule
from ..transaction import instance_dict, is_kind

if TYPE_CHECKING:
    from ..plan import ModulePlan
    from ..transaction import Transaction
    from .state import State

__all__ = ["attaching", "replacing", "snapshot_logger"]

Attached = list[tuple[Any, list[Any]]]
"""Loggers, each with the handlers that are attached to it."""


@contextmanager
def attaching(tracked: TrackedModule, others: Mapping[str, TrackedModule]) -> Iterator[None]:
    """While *tracked* is imported: what is attached is its own, but for what its imports attach."""
    before = _attached()
    try:
        yield
    finally:
        _note(tracked, before, others.values())


@contextmanager
def replacing(state: State, plan: ModulePlan, number: int) -> Iterator[None]:
    """While a statement runs again: what it attaches takes the place of what it had attached."""
    from ..reach.summary import CALL

    summary = state.index.modules[plan.name].summaries[number]
    if "logging" not in sys.modules or not any(how & CALL for how in summary.now.paths.values()):
        yield
        return
    before, tracked = _attached(), plan.tracked
    state.transaction.on_rollback(_restore, before)
    state.transaction.on_rollback(setattr, tracked, "handlers", list(tracked.handlers))
    own = [] if _is_addition(plan, number) else _to_replace(state, plan, number)
    for logger, handlers in before:
        logger.handlers[:] = [h for h in handlers if not _is_among(h, own)]
    try:
        yield
    finally:
        emptied = [tracked.namespace.get(name) for name in _emptied(state, plan, number)]
        for logger, handlers in before:
            comes_back = [] if _is_among(logger, emptied) else own
            logger.handlers[:] = _merged(handlers, logger.handlers, own, comes_back)
        _note(tracked, before, state.tracked.values())


def snapshot_logger(transaction: Transaction, value: object) -> bool:
    """Remember level, filters and handlers of *value*, if that is a logger."""
    logging = sys.modules.get("logging")
    if logging is None or not is_kind(value, logging.Logger):
        return False
    # Loggers remember which levels are on, for those below them, too.
    transaction.on_rollback(logging.root.manager._clear_cache)
    transaction.snapshot(value)
    return True


def _is_addition(plan: ModulePlan, number: int) -> bool:
    """Is it a new statement, and none that is gone can have been its former self?"""
    return plan.diff is not None and plan.partner(number) is None and not plan.diff.dropped


def _to_replace(state: State, plan: ModulePlan, number: int) -> list[Any]:
    """What the module has attached before this run, and others whose statements do so anew."""
    fillers = state.index.filling.fillers()
    emptied = _emptied(state, plan, number)
    modules = {plan.name, *(m for n in emptied for m, _ in fillers.get((plan.name, n, ""), ()))}
    if emptied:
        modules.update(name for name, other in state.plan.modules.items() if other.drops)
    references = [r for m in modules if m in state.tracked for r in state.tracked[m].handlers]
    return [h for reference in references if not state.made.has(h := reference())]


def _emptied(state: State, plan: ModulePlan, number: int) -> list[str]:
    """The names that the statement binds and others, which are to run again, fill."""
    return [n for n in plan.after.statements[number].binds if "" in state.effects.filled(plan, n)]


def _merged(
    before: list[Any], after: list[Any], taken: list[Any], comes_back: list[Any]
) -> list[Any]:
    """What a logger is to have: its like in place of each one *taken*, which *comes back* if none."""
    new = [handler for handler in after if not _is_among(handler, before)]
    merged: list[Any] = []
    for handler in before:
        alike = next((h for h in new if type(h) is type(handler)), None)
        if _is_among(handler, after):
            merged.append(handler)
        elif _is_among(handler, taken) and alike is not None:
            new.remove(alike)
            merged.append(alike)
        elif _is_among(handler, comes_back):
            merged.append(handler)
    return [*merged, *new]


def _note(tracked: TrackedModule, before: Attached, others: Iterable[TrackedModule]) -> None:
    """What is attached beyond *before*, and no other module's, was attached by *tracked*."""
    known = [handler for _, handlers in before for handler in handlers]
    known += [reference() for other in others for reference in other.handlers]
    for _, handlers in _attached():
        tracked.handlers += [weakref.ref(h) for h in handlers if not _is_among(h, known)]


def _restore(before: Attached) -> None:
    known = {id(logger): handlers for logger, handlers in before}
    for logger, _ in _attached():
        logger.handlers[:] = known.pop(id(logger), [])
    for logger, handlers in before:
        logger.handlers[:] = handlers


def _attached() -> Attached:
    logging = sys.modules.get("logging")
    if logging is None:
        return []
    loggers = [logging.root, *list(logging.root.manager.loggerDict.values())]
    return [
        (found, list(found.handlers))
        for found in loggers
        if (instance_dict(found) or {}).get("handlers")
    ]


def _is_among(value: object, values: Iterable[object]) -> bool:
    return any(value is other for other in values)
