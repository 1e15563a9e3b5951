"""Where objects keep what they are passed: ``BUS = Bus(handler)``, ``BUS.on("x", handler)``.

In comes a call that is passed something; out go the classes and the attributes of their objects that
hold it from then on. Who reads these may run it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..source.scopes import dotted
from .definitions import Definitions
from .known import CONSTRUCTION
from .making import running
from .summary import Path
from .tokens import Entity, StatementId

if TYPE_CHECKING:
    from .index import Index

__all__ = ["lent_by"]


def lent_by(
    index: Index, statement: StatementId, callee: Path, argument: Path
) -> Iterator[tuple[Entity, str]]:
    """The attributes, with their classes, in which *argument* is kept that *statement* passes."""
    for (home, name), rest in index.names.resolve(statement[0], callee):
        entry = index.modules.get(home)
        if entry is None or entry.is_import(name):
            continue
        if not rest and name in entry.classes:
            yield from _kept(index, (home, name), "__init__", statement, callee, argument)
        elif len(rest) < 2:
            for module, owner, method in index.orders.methods(home, name, (*rest, "__call__")[0]):
                yield from _kept(index, (module, owner), method, statement, callee, argument)


def _kept(
    index: Index,
    entity: Entity,
    method: str,
    statement: StatementId,
    callee: Path,
    argument: Path,
) -> Iterator[tuple[Entity, str]]:
    definitions = Definitions(index)
    places = definitions.methods(entity, method)
    if method == "__init__" and not places:
        for owner in (entity, *index.names.bases_of(entity)):
            info = index.names.class_of(owner)
            for attr in info.attrs if info is not None else ():
                if f"{owner[1]}.{attr}" not in index.modules[owner[0]].functions:
                    yield entity, attr  # a field of a dataclass or the like
        return
    node = definitions.function(places[0]) if places else None
    names = _parameters(index, statement, callee, argument, node) if node is not None else None
    first = index.modules[places[0][0]].functions[places[0][1]][1] if places else None
    for _, unit in running(index, entity, CONSTRUCTION if method == "__init__" else {method}):
        for attr, given in unit.lends:
            if unit is not first or names is None or not given or given in names:
                yield entity, attr


def _parameters(
    index: Index, statement: StatementId, callee: Path, argument: Path, node: ast.FunctionDef
) -> set[str] | None:
    """The parameters of a method that are passed *argument*, None if that cannot be told."""
    module, number = statement
    args = node.args
    positional = [a.arg for a in (*args.posonlyargs, *args.args)][1:]
    found: set[str] = set()
    for root in index.modules[module].source.statements[number].fragment.parse():
        for call in ast.walk(root):
            if not isinstance(call, ast.Call) or dotted(call.func) != callee:
                continue
            for place, given in enumerate(call.args):
                if isinstance(given, ast.Starred):
                    return None
                if _holds(given, argument):
                    rest = args.vararg.arg if args.vararg else ""
                    found.add(positional[place] if place < len(positional) else rest)
            for keyword in call.keywords:
                if keyword.arg is None:
                    return None
                if _holds(keyword.value, argument):
                    named = {*positional, *(a.arg for a in args.kwonlyargs)}
                    rest = args.kwarg.arg if args.kwarg else ""
                    found.add(keyword.arg if keyword.arg in named else rest)
    return found or None


def _holds(node: ast.expr, argument: Path) -> bool:
    return any(isinstance(n, ast.expr) and dotted(n) == argument for n in ast.walk(node))
