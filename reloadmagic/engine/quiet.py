"""Statements that can do nothing but bind names, told before they run.

``from .config import SIZE`` and ``WIDTH = SIZE * 2`` run no code of the user's where the module is
loaded and the numbers are numbers. So nothing but the namespace need be remembered for them.
"""

from __future__ import annotations

import builtins
import itertools
import sys
import types
from typing import TYPE_CHECKING, Any

from ..modules import is_importing
from ..plain import is_plain
from ..reach.summary import BASE, CALL, OPERATOR, Summary
from ..transaction import ABSENT

if TYPE_CHECKING:
    from ..plan import ModulePlan
    from .recorder import Recorder
    from .state import State, Work

__all__ = ["bound_plainly", "is_quiet", "reaches_out", "stands_alone", "take_names"]


def is_quiet(state: State, plan: ModulePlan, number: int) -> bool:
    """Can the statement, were it to run now, do nothing but bind names?"""
    if state.index.whole(plan.name):
        return False
    entry = state.index.modules[plan.name]
    summary, kind = entry.summaries[number], entry.source.statements[number].fragment.kind
    if kind == "import":
        return type(builtins.__import__) is types.BuiltinFunctionType and all(
            _is_there(entry.absolute(found.module, found.level), found.name)
            for found in summary.imports
        )
    return kind == "assign" and _only_reads(summary, plan.tracked.namespace)


def reaches_out(summary: Summary) -> bool:
    """May the statement run code other than its own, or write to what it does not bind?"""
    now = summary.now
    return bool(
        summary.imports
        or now.fills
        or now.sets
        or now.attrs
        or now.operands
        or now.binds_global
        or now.dynamic
        or any(how & (CALL | BASE) for how in now.paths.values())
    )


def stands_alone(state: State, plan: ModulePlan, number: int) -> bool:
    """Is the statement as it was, the only one that binds its names, and nothing to be merged?"""
    entry = state.index.modules[plan.name]
    fragment, namespace = entry.source.statements[number].fragment, plan.tracked.namespace
    if plan.diff is not None or "*" in entry.bindings:
        return False
    for name in fragment.binds:
        if len(entry.bindings[name]) > 1:
            return False
        if fragment.kind != "import" and not is_plain(namespace.get(name, ABSENT)):
            return False
    return True


def _is_there(module: str, name: str | None) -> bool:
    """Is the module loaded, an ordinary one, and is *name*, if any, a name in it?"""
    found = sys.modules.get(module)
    if type(found) is not types.ModuleType or is_importing(found):
        return False
    return name is None or (name != "*" and name in found.__dict__)


def take_names(state: State, plan: ModulePlan, number: int, names: Recorder) -> bool:
    """Bind in *names* what a quiet ``from`` import does, as the import system would; is it one?"""
    entry = state.index.modules[plan.name]
    for found in entry.summaries[number].imports:
        if found.name is None:
            return False
        module = sys.modules[entry.absolute(found.module, found.level)]
        names[found.alias] = module.__dict__[found.name]
    return True


def _only_reads(summary: Summary, namespace: dict[str, Any]) -> bool:
    """Does an assignment only compute with plain values, which have no code of the user's?"""
    now = summary.now
    if summary.functions or summary.annotated or summary.deletes or now.dynamic:
        return False
    if now.fills or now.sets or now.binds_global or now.operands or now.attrs - {OPERATOR}:
        return False
    return all(
        len(path) == 1 and not how & (CALL | BASE) and is_plain(namespace.get(path[0], ABSENT))
        for path, how in now.paths.items()
    )


def bound_plainly(work: Work) -> bool:
    """Has all that ran bound plain values and nothing else, so that the module's notes hold?"""
    if work.is_loud or work.plan.drops:
        return False
    return all(map(is_plain, itertools.chain(*map(dict.values, work.bound.values()))))
