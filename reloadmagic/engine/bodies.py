"""Edited bodies: live functions get the new code, and the statement does not run.

A statement is patchable if its functions can be found and hold no more than code: `is_patchable`
asks, for the plan, what `patch_bodies` is going to do.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..compiling import compile_statements
from ..diff import Pair
from ..errors import SourceError
from ..live import class_dict, code_objects, find_class, find_functions, functions_within
from ..patch import live_functions
from ..patch.inside import qualname as qualname_of
from ..plan import ModulePlan, Recoded
from ..source.anatomy import qualified
from ..source.scopes import scope_nodes
from ..source.statements import Fragment
from ..transaction import mro
from .bound import loader_of
from .codes import static_attributes
from .lines import move_file, move_lines

if TYPE_CHECKING:
    from .state import State, Work

__all__ = ["is_patchable", "patch_bodies"]

_LOOP = re.compile(r"^[ \t]*(?:async )?(?:for|while)\b", re.MULTILINE)


def patch_bodies(state: State, work: Work) -> None:
    """New code for functions of which only the body differs, right lines for the others."""
    plan = work.plan
    if plan.diff is None or work.patched:
        return
    work.patched = True
    # Before any gets its line, as it may be that on which another of its name stood.
    live = {
        number: [(found, _live(plan, pair, found)) for found in plan.recoded[number]]
        for number, pair in plan.patch.items()
    }
    shifts = move_lines(state, plan)
    for number, recoded in live.items():
        for found, functions in recoded:
            for function in functions:
                if state.patcher.patch_code(function, found.code) and found.edited:
                    state.effects.add(("code", plan.name, found.qualname))
                    _note_class(state, plan, found)
                    if found.qualname.endswith(".__subclasshook__"):
                        state.patcher.forget_answers()
        work.bound.pop(number, None)
    move_file(state, plan, shifts)  # last, as the old code is known by its place


def _owner(qualname: str) -> str:
    """The class of a method, or of the method that the function stands in; else empty."""
    return qualname.partition(".<locals>")[0].rpartition(".")[0]


def _note_class(state: State, plan: ModulePlan, found: Recoded) -> None:
    owner = _owner(found.qualname)
    cls = find_class(plan.tracked.namespace, owner) if owner else None
    if cls is None:
        return
    # By identity: a metaclass may have its own idea of equality.
    if all(cls is not known for known in state.edited_classes):
        state.edited_classes.append(cls)
    known = class_dict(cls).get("__static_attributes__")
    names = static_attributes(found.owner) if known is not None and found.owner else ()
    if known is not None and set(names) != set(known):
        state.transaction.set_attr(cls, "__static_attributes__", names)


def _recoded(plan: ModulePlan, loader: Any, pair: Pair) -> Iterator[Recoded]:
    """The functions of a statement whose body was edited, or that stand elsewhere.

    Raises:
        SourceError: the statement does not compile.
    """
    assert pair.old is not None
    old, new = plan.before.statements[pair.old], plan.after.statements[pair.new]
    edits = {edit.path for edit in pair.bodies}
    before, after = old.fragment.anatomy.functions, new.fragment.anatomy.functions
    lines, new_lines = old.fragment.text.split("\n"), new.fragment.text.split("\n")
    wanted = [
        (number, old.lineno + was.first - 1, new.lineno + now.first - 1, now.qualname)
        for number, (was, now) in enumerate(zip(before, after, strict=True))
        if plan.before.place_of(old.lineno + was.first - 1)
        != plan.after.place_of(new.lineno + now.first - 1)
        or lines[was.first - 1 : was.last] != new_lines[now.first - 1 : now.last]
    ]
    if not wanted:
        return
    codes = {
        (code.co_qualname, plan.after.line_of(code)): code
        for code in code_objects(compile_statements(loader, plan.after, [new]))
    }
    named = {qualname: code for (qualname, _), code in codes.items()}
    for number, was_line, now_line, qualname in wanted:
        code = codes.get((qualname, now_line))
        if code is not None:
            owner = named.get(_owner(qualname))
            yield Recoded(qualname, number in edits, was_line, code, owner)


def _live(plan: ModulePlan, pair: Pair, found: Recoded) -> list[types.FunctionType]:
    """The live functions that *found* is about."""
    assert pair.old is not None
    return [
        function
        for function in _candidates(plan, pair.old, found.qualname)
        if plan.before.line_of(function.__code__) == found.lineno
    ]


def _candidates(plan: ModulePlan, number: int, qualname: str) -> list[types.FunctionType]:
    """Live functions that a ``def`` of an old statement may have made."""
    found = find_functions(plan.tracked.namespace, qualname)
    if _makes_many(plan.before.statements[number].fragment):  # each time it makes another one
        alike = live_functions(plan.tracked.namespace)
        return [*found, *(f for f in alike if f.__code__.co_qualname == qualname)]
    if "." not in qualname and number < len(plan.tracked.bound):
        for key in (qualname, "@" + qualname):
            reference = plan.tracked.bound[number].get(key)
            value = reference() if reference is not None else None
            if value is not None and value is not plan.tracked.namespace.get(qualname):
                held = functions_within(value)
                found += [f for f in held if all(f is not g for g in found)]
    return found


def _makes_many(fragment: Fragment) -> bool:
    """Are functions defined in a loop, outside of all others?"""
    if fragment.kind not in {"other", "class"} or not _LOOP.search(fragment.text):
        return False
    return any(True for loop in _loops(fragment.peek()) for _ in qualified([loop]))


def _loops(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in scope_nodes(nodes):
        if isinstance(node, ast.ClassDef):
            yield from _loops(node.body)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            yield node


def is_patchable(plan: ModulePlan, pair: Pair) -> bool:
    """Can the live functions of a statement be given new code, so that it need not run?

    Not where a decorator of the user's made something else of the function, and not where its
    free variables differ.
    """
    loader = loader_of(plan.tracked)
    if loader is None or not plan.tracked.bound:
        return False
    try:
        recoded = plan.recoded[pair.new] = tuple(_recoded(plan, loader, pair))
    except SourceError:
        return False
    named = {edit.qualname for edit in pair.bodies}
    for found in recoded:
        if not found.edited:
            continue
        functions = _live(plan, pair, found)
        named.discard(found.qualname)
        if not functions and not _is_elsewhere(plan, pair, found.qualname):
            return False
        if any(f.__code__.co_freevars != found.code.co_freevars for f in functions):
            return False
        if not _is_registered(plan, pair, found.qualname, functions):
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
    namespace = plan.tracked.namespace
    owner, _, name = qualname.rpartition(".")
    if not owner:
        return bool(find_functions(namespace, qualname))
    cls = find_class(namespace, owner)
    if cls is None:
        return owner.partition(".")[0] not in namespace
    if name in class_dict(cls):
        found = functions_within(class_dict(cls)[name])
        return any(function.__code__.co_qualname == qualname for function in found)
    # Where a decorator has derived the class, the one beneath has it.
    home = namespace.get("__name__")
    beneath = (base for base in mro(cls) if class_dict(base).get("__module__") == home)
    return not any(name in class_dict(base) for base in beneath if qualname_of(base) == owner)
