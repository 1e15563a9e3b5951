"""Edited bodies: live functions get the new code, and the statement does not run.

A statement is patchable if its functions can be found and hold no more than code: `is_patchable`
asks, for the plan, what `patch_bodies` is going to do.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..diff import Pair, first_line, qualified
from ..errors import SourceError
from ..live import code_objects, find_class, find_functions, functions_within
from ..loader import compile_statements
from ..plan import ModulePlan
from .bound import loader_of
from .lines import move_lines

if TYPE_CHECKING:
    from .state import State, Work

__all__ = ["is_patchable", "patch_bodies"]


def patch_bodies(state: State, work: Work) -> None:
    """New code for functions of which only the body differs, right lines for the others."""
    plan = work.plan
    if plan.diff is None or work.patched:
        return
    work.patched = True
    move_lines(state, plan)
    loader = loader_of(plan.tracked)
    for number, pair in plan.patch.items():
        for edit, functions, code in _patches(plan, loader, pair):
            for function in functions:
                if state.patcher.patch_code(function, code) and edit is not None:
                    state.effects.add(("code", plan.name, edit))
                    _note_class(state, plan, edit)
        work.bound.pop(number, None)


def _note_class(state: State, plan: ModulePlan, qualname: str) -> None:
    owner = qualname.rpartition(".")[0]
    cls = find_class(plan.tracked.namespace, owner) if owner else None
    # By identity: a metaclass may have its own idea of equality.
    if cls is not None and all(cls is not known for known in state.edited_classes):
        state.edited_classes.append(cls)


def _patches(
    plan: ModulePlan, loader: Any, pair: Pair
) -> Iterator[tuple[str | None, list[types.FunctionType], types.CodeType]]:
    """For the functions of a statement: whose body was edited, who lives, and the code to get.

    Functions whose body is the same but that stand elsewhere come without a name.
    """
    assert pair.old is not None
    old, new = plan.before.statements[pair.old], plan.after.statements[pair.new]
    before, after = list(qualified(old.parse())), list(qualified(new.parse()))
    edits = {edit.path: edit for edit in pair.bodies}
    wanted: list[tuple[int, int, int, str]] = []
    for number, ((_, was), (qualname, now)) in enumerate(zip(before, after, strict=True)):
        was_at, now_at = plan.before.place_of(first_line(was)), plan.after.place_of(first_line(now))
        same_place = was_at == now_at and ast.dump(was, include_attributes=True) == ast.dump(
            now, include_attributes=True
        )
        if not same_place:
            wanted.append((number, first_line(was), first_line(now), qualname))
    if not wanted:
        return
    codes = {
        (code.co_qualname, plan.after.line_of(code)): code
        for code in code_objects(compile_statements(loader, plan.after, [new]))
    }
    for number, was_line, now_line, qualname in wanted:
        code = codes.get((qualname, now_line))
        functions = [
            function
            for function in _candidates(plan, pair.old, qualname)
            if plan.before.line_of(function.__code__) == was_line
        ]
        if code is not None:
            yield (qualname if number in edits else None), functions, code


def _candidates(plan: ModulePlan, number: int, qualname: str) -> list[types.FunctionType]:
    """Live functions that a ``def`` of an old statement may have made."""
    found = find_functions(plan.tracked.namespace, qualname)
    if "." not in qualname and number < len(plan.tracked.bound):
        for key in (qualname, "@" + qualname):
            reference = plan.tracked.bound[number].get(key)
            value = reference() if reference is not None else None
            found += [f for f in functions_within(value) if all(f is not g for g in found)]
    return found


def is_patchable(plan: ModulePlan, pair: Pair) -> bool:
    """Can the live functions of a statement be given new code, so that it need not run?

    Not where a decorator of the user's made something else of the function, and not where its
    free variables differ.
    """
    loader = loader_of(plan.tracked)
    if loader is None or not plan.tracked.bound:
        return False
    try:
        found = list(_patches(plan, loader, pair))
    except SourceError:
        return False
    named = {edit.qualname for edit in pair.bodies}
    for qualname, functions, code in found:
        if qualname is None:
            continue
        named.discard(qualname)
        if not functions and not _is_elsewhere(plan, pair, qualname):
            return False
        if any(f.__code__.co_freevars != code.co_freevars for f in functions):
            return False
        if not _is_registered(plan, pair, qualname, functions):
            return False
    return not named


def _is_registered(
    plan: ModulePlan, pair: Pair, qualname: str, functions: list[types.FunctionType]
) -> bool:
    """Does the name hold the function itself, so that a decorator can only have registered it?"""
    if "." in qualname:
        return True
    assert pair.old is not None
    reference = plan.tracked.bound[pair.old].get(qualname)
    value = reference() if reference is not None else plan.tracked.namespace.get(qualname)
    return value is None or any(f in functions for f in functions_within(value))


def _is_elsewhere(plan: ModulePlan, pair: Pair, qualname: str) -> bool:
    """Does the name hold a function of another branch, so that this one is not in use?"""
    assert pair.old is not None
    if plan.before.statements[pair.old].fragment.kind != "other":
        return False
    return "." in qualname or bool(find_functions(plan.tracked.namespace, qualname))
