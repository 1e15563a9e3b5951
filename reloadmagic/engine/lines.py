"""Definitions that only moved: their functions and classes get the lines that they stand on now."""

from __future__ import annotations

import ast
import re
import sys
import types
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..live import (
    class_dict,
    functions_within,
    is_class,
    own_classes,
    own_functions,
    reachable_definitions,
)
from ..loader import compile_statements, show_parts
from ..modules import TrackedModule
from ..patch import live_functions
from ..plan import ModulePlan
from ..source import Statement
from ..source.scopes import scope_nodes
from .bound import loader_of
from .codes import code_pairs, place_of, placed

if TYPE_CHECKING:
    from .state import State

__all__ = ["functions_of", "move_file", "move_lines"]

# From 3.13 on classes have their first line, a constant of the code that makes them.
_KNOWS_LINES = sys.version_info >= (3, 13)
_CLASS_INSIDE = re.compile(r"^[ \t]+class ", re.MULTILINE)


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
        if old.fragment.text != new.fragment.text or (_KNOWS_LINES and _makes_classes(new)):
            again.append(number)
    again += _compiled_otherwise(plan, again)
    # Before any line moves, as the old code objects are known by their lines.
    moved = _recode_moved(state, plan, again) if again else set()
    if shifts:
        _shift_functions(state, plan, shifts, moved)
    _move_classes(state, plan, shifts)
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


def _recode_moved(state: State, plan: ModulePlan, numbers: list[int]) -> set[int]:
    """Statements that mean the same but are laid out otherwise: their code, line for line.

    The ``id`` of each function that has got other code.
    """
    loader = loader_of(plan.tracked)
    partners = [partner for n in numbers if (partner := plan.partner(n)) is not None]
    old = [plan.before.statements[number] for number in partners]
    new = [plan.after.statements[number] for number in numbers]
    codes = code_pairs(
        compile_statements(loader, plan.before, old),
        compile_statements(loader, plan.after, new),
    )
    recoded: set[int] = set()
    functions = {id(f): f for f in _live_functions(plan.tracked)}
    functions.update((id(f), f) for f in functions_of(state, plan.tracked.namespace))
    for function in functions.values():
        code = codes.get(place_of(function.__code__))
        if code is not None and code.co_freevars == function.__code__.co_freevars:
            state.transaction.set_attr(function, "__code__", code)
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
    state.transaction.set_attr(function, "__code__", moved)
    return any(isinstance(constant, types.CodeType) for constant in code.co_consts)


def functions_of(state: State, namespace: dict[str, Any]) -> Iterator[types.FunctionType]:
    """Functions of a module that others hold by their names, such as what it decorated."""
    for found in _definitions_of(state, namespace):
        if type(found) is types.FunctionType and found.__globals__ is namespace:
            yield found


def _definitions_of(state: State, namespace: dict[str, Any]) -> Iterator[types.FunctionType | type]:
    """Functions and classes of a module that any names lead to."""
    if state.definitions is None:
        state.definitions = _definitions_by_home(state)
    for reference in state.definitions.get(id(namespace), ()):
        found = reference()
        if found is not None:
            yield found


def _definitions_by_home(
    state: State,
) -> dict[int, list[weakref.ref[types.FunctionType | type]]]:
    """All functions and classes that can be reached by names, by the ``id`` of their namespaces.

    Weak, as what only we hold must not look as if it was held by others.
    """
    namespaces = {name: tracked.namespace for name, tracked in state.tracked.items()}
    homes = [*namespaces.values(), *(namespace.names for namespace in state.namespaces)]
    found: dict[int, dict[int, weakref.ref[types.FunctionType | type]]] = {}
    for home in homes:
        for value in reachable_definitions(home, namespaces):
            if isinstance(value, types.FunctionType):
                own = found.setdefault(id(value.__globals__), {})
            elif (
                type(module := class_dict(value).get("__module__")) is str and module in namespaces
            ):
                own = found.setdefault(id(namespaces[module]), {})
            else:
                continue
            own.setdefault(id(value), weakref.ref(value))
    return {home: list(values.values()) for home, values in found.items()}


def move_file(state: State, plan: ModulePlan, shifts: Mapping[int, int]) -> None:
    """Functions that still name the old file name the new one, whoever holds them."""
    if plan.before.path == plan.after.path:
        return
    for function in live_functions(plan.tracked.namespace):
        code = function.__code__
        line = plan.before.line_of(code)
        if line:
            filename, lineno = plan.after.place_of(line + shifts.get(line, 0))
            moved = placed(code, filename, lineno - code.co_firstlineno)
            state.transaction.set_attr(function, "__code__", moved)


def _move_classes(state: State, plan: ModulePlan, shifts: Mapping[int, int]) -> None:
    """Tell classes their first lines, where they know them."""
    if not _KNOWS_LINES:
        return
    lines = {line: line + shift for line, shift in shifts.items()}
    for old, new in _laid_out_otherwise(plan):
        lines.update(zip(old, new, strict=True))
    if all(old == new for old, new in lines.items()):
        return
    for cls in _own_classes(state, plan):
        known = class_dict(cls).get("__firstlineno__")
        if type(known) is int and lines.get(known, known) != known:
            state.transaction.set_attr(cls, "__firstlineno__", lines[known])


def _own_classes(state: State, plan: ModulePlan) -> Iterator[type]:
    """The classes of a module; where its functions may have made some, those that others hold, too."""
    assert plan.diff is not None
    namespace = plan.tracked.namespace
    if any(_makes_classes(plan.after.statements[number]) for number in plan.diff.moved):
        yield from (found for found in _definitions_of(state, namespace) if is_class(found))
    else:
        yield from own_classes(namespace)


def _makes_classes(statement: Statement) -> bool:
    """May the functions of a statement contain class statements, which tell their lines?"""
    text = statement.fragment.text
    return "class " in text and "def " in text and bool(_CLASS_INSIDE.search(text))


def _laid_out_otherwise(plan: ModulePlan) -> Iterator[tuple[list[int], list[int]]]:
    """Of statements with classes that stay, but not line for line: where those were, and are."""
    assert plan.diff is not None
    bodies = {pair.new for pair in plan.diff.edited() if pair.how == "body"}
    for number in (*plan.diff.moved, *bodies):
        partner = plan.partner(number)
        assert partner is not None
        old, new = plan.before.statements[partner], plan.after.statements[number]
        if old.fragment.text != new.fragment.text and "class " in new.fragment.text:
            classes = _scope_classes if number in bodies else _all_classes
            yield _first_lines(classes(old.parse())), _first_lines(classes(new.parse()))


def _first_lines(nodes: Iterable[ast.ClassDef]) -> list[int]:
    return [
        min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        for node in nodes
    ]


def _scope_classes(nodes: Iterable[ast.AST]) -> Iterator[ast.ClassDef]:
    """The class statements that run when the statement does, in order."""
    for node in scope_nodes(nodes):
        if isinstance(node, ast.ClassDef):
            yield node
            yield from _scope_classes(node.body)


def _all_classes(nodes: Iterable[ast.AST]) -> Iterator[ast.ClassDef]:
    """The class statements anywhere, those in functions included."""
    for node in nodes:
        yield from (found for found in ast.walk(node) if isinstance(found, ast.ClassDef))


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
