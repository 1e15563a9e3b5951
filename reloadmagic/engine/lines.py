"""Definitions that only moved: their functions and classes get the lines that they stand on now."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..compiling import compile_statements, show_parts
from ..live import (
    functions_within,
    own_functions,
)
from ..modules import TrackedModule
from ..patch import live_functions
from ..plan import ModulePlan
from ..source import Statement
from .bound import loader_of
from .class_lines import KNOWS_LINES, makes_classes, move_classes
from .codes import Place, code_pairs, lambda_pairs, place_of, placed
from .homes import functions_of

if TYPE_CHECKING:
    from .state import State

__all__ = ["move_file", "move_lines"]

Pairs = Callable[[types.CodeType, types.CodeType], dict[Place, types.CodeType]]


def move_lines(state: State, plan: ModulePlan) -> dict[int, int]:
    """Functions that only moved get the lines that they stand on now.

    For each old line of statements that only moved, how far that was.
    """
    assert plan.diff is not None
    show_parts(plan.after.text, plan.after.path)
    shifts: dict[int, int] = {}
    again: list[int] = []
    for number in plan.diff.moved:
        partner = plan.partner(number)
        assert partner is not None
        old, new = plan.before.statements[partner], plan.after.statements[number]
        if old.fragment.text == new.fragment.text:
            lines = range(old.lineno, old.end_lineno + 1)
            shifts.update(dict.fromkeys(lines, new.lineno - old.lineno))
        if old.fragment.text != new.fragment.text or (KNOWS_LINES and makes_classes(new)):
            again.append(number)
    again += _compiled_otherwise(plan, again)
    # Before any line moves, as the old code objects are known by their lines.
    codes = _moved_codes(plan, again, code_pairs) if again else {}
    patched = [n for n in plan.patch if _has_lambdas(plan.after.statements[n])]
    if patched:
        codes |= _moved_codes(plan, patched, lambda_pairs)
    moved = _recode(state, plan, codes) if codes else set()
    if shifts:
        _shift_functions(state, plan, shifts, moved)
    move_classes(state, plan, shifts)
    return shifts


def _shift_functions(
    state: State, plan: ModulePlan, shifts: Mapping[int, int], done: set[int]
) -> None:
    """Move all live functions of a module but those that are *done*, by ``id``."""
    has_inner = False
    for function in _live_functions(plan.tracked):
        if id(function) not in done:
            done.add(id(function))
            has_inner = _shift(state, plan, function, shifts) or has_inner
    if has_inner:
        for function in functions_of(state, plan.tracked.namespace):
            if id(function) not in done:
                done.add(id(function))
                _shift(state, plan, function, shifts)


def _compiled_otherwise(plan: ModulePlan, known: list[int]) -> list[int]:
    """Statements that are the same, but whose code is not, as other names are imported now.

    CPython compiles ``m.f()`` otherwise where the module imports ``m``.
    """
    diff = plan.diff
    assert diff is not None
    if plan.before.imports() is plan.after.imports():
        return []
    end = len(plan.before.statements) - diff.tail
    gone = _imported_names(plan.before.statements[diff.head : end])
    if gone == _imported_names(plan.after.statements[diff.head : end + diff.shift]):
        return []
    names = _imported_names(plan.before.statements) ^ _imported_names(plan.after.statements)
    if not names:
        return []
    return [
        pair.new
        for pair in diff.pairs
        if pair.how == "same"
        and pair.new not in known
        and plan.after.statements[pair.new].fragment.kind in {"def", "class", "other", "assign"}
        and any(f"{name}." in plan.after.statements[pair.new].fragment.text for name in names)
    ]


def _has_lambdas(statement: Statement) -> bool:
    """Has a statement lambdas that are in no function: in class bodies, in defaults?"""
    return "lambda" in statement.fragment.text and "Lambda(" in statement.fragment.anatomy.skeleton


def _moved_codes(plan: ModulePlan, numbers: list[int], pairs: Pairs) -> dict[Place, types.CodeType]:
    """The code, by the place of the former one, of statements that are laid out otherwise."""
    loader = loader_of(plan.tracked)
    partners = [partner for n in numbers if (partner := plan.partner(n)) is not None]
    old = [plan.before.statements[number] for number in partners]
    new = [plan.after.statements[number] for number in numbers]
    return pairs(
        compile_statements(loader, plan.before, old),
        compile_statements(loader, plan.after, new),
    )


def _recode(state: State, plan: ModulePlan, codes: Mapping[Place, types.CodeType]) -> set[int]:
    """Give functions the code that stands for theirs; the ``id`` of each that has got it."""
    recoded: set[int] = set()
    functions = {id(f): f for f in _live_functions(plan.tracked)}
    functions.update((id(f), f) for f in functions_of(state, plan.tracked.namespace))
    for function in functions.values():
        code = codes.get(place_of(function.__code__))
        if code is not None and code.co_freevars == function.__code__.co_freevars:
            state.transaction.set_code(function, code)
            recoded.add(id(function))
    return recoded


def _shift(
    state: State, plan: ModulePlan, function: types.FunctionType, shifts: Mapping[int, int]
) -> bool:
    """Move a function's code to its line; is there code nested in it?"""
    code = function.__code__
    line = plan.before.line_of(code)
    if line not in shifts:
        return False
    filename, lineno = plan.after.place_of(line + shifts[line])
    moved = placed(code, filename, lineno - code.co_firstlineno)
    state.transaction.set_code(function, moved)
    return any(isinstance(constant, types.CodeType) for constant in code.co_consts)


def move_file(state: State, plan: ModulePlan, shifts: Mapping[int, int]) -> None:
    """Functions that still name the old file name the new one, whoever holds them."""
    if plan.before.path == plan.after.path:
        return
    edited = set(_edited_lines(plan))
    for function in live_functions(plan.tracked.namespace):
        code = function.__code__
        line = plan.before.line_of(code)
        if line in edited and "<locals>" in code.co_qualname:
            continue  # it follows the function that has made it
        if line:
            filename, lineno = plan.after.place_of(line + shifts.get(line, 0))
            moved = placed(code, filename, lineno - code.co_firstlineno)
            state.transaction.set_code(function, moved)


def _edited_lines(plan: ModulePlan) -> Iterator[int]:
    """The lines, in the old source, of statements that the edit changes."""
    assert plan.diff is not None
    for pair in plan.diff.edited:
        if pair.old is not None:
            statement = plan.before.statements[pair.old]
            yield from range(statement.lineno, statement.end_lineno + 1)


def _live_functions(tracked: TrackedModule) -> Iterator[types.FunctionType]:
    """Functions of a module that its names hold, or that statements bound to names since reused."""
    namespace = dict(tracked.namespace)
    seen: set[int] = set()
    for function in own_functions(tracked.namespace):
        seen.add(id(function))
        yield function
    for held in tracked.bound:
        for name, reference in held.items():
            value = reference()
            if value is None or value is namespace.get(name):
                continue
            for function in functions_within(value):
                if id(function) not in seen and function.__globals__ is tracked.namespace:
                    seen.add(id(function))
                    yield function


def _imported_names(statements: Iterable[Statement]) -> frozenset[str]:
    """The names that import statements among *statements* bind, on whatever level."""
    return frozenset(
        alias.asname or alias.name.partition(".")[0]
        for statement in statements
        for node in statement.fragment.imports
        for alias in node.names
    )
