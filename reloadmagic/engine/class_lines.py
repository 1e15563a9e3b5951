"""Classes whose statements moved: they get the first lines that they stand on now."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ..live import class_dict, is_class, own_classes
from ..plan import ModulePlan
from ..source import Statement
from ..source.scopes import scope_nodes
from .homes import definitions_of

if TYPE_CHECKING:
    from .state import State

__all__ = ["KNOWS_LINES", "makes_classes", "move_classes"]

# From 3.13 on classes have their first line, a constant of the code that makes them.
KNOWS_LINES = sys.version_info >= (3, 13)
_CLASS_INSIDE = re.compile(r"^[ \t]+class ", re.MULTILINE)


def move_classes(state: State, plan: ModulePlan, shifts: Mapping[int, int]) -> None:
    """Tell classes their first lines, where they know them."""
    if not KNOWS_LINES:
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
    if any(makes_classes(plan.after.statements[number]) for number in plan.diff.moved):
        yield from (found for found in definitions_of(state, namespace) if is_class(found))
    else:
        yield from own_classes(namespace)


def makes_classes(statement: Statement) -> bool:
    """May the functions of a statement contain class statements, which tell their lines?"""
    text = statement.fragment.text
    return "class " in text and "def " in text and bool(_CLASS_INSIDE.search(text))


def _laid_out_otherwise(plan: ModulePlan) -> Iterator[tuple[list[int], list[int]]]:
    """Of statements with classes that stay, but not line for line: where those were, and are."""
    assert plan.diff is not None
    bodies = {pair.new for pair in plan.diff.edited if pair.how == "body"}
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
