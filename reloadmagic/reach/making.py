"""Statements that make an object of a class and do nothing else with it: ``db = Database(url)``.

What is done to other objects on the way, by what computes the arguments or in ``__init__``, is not
done to the object that is made. So such a statement has a use for a method of the class only if
construction uses that itself.
"""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from ..source.scopes import dotted
from .known import CONSTRUCTION
from .summary import LAMBDAS, Path, Unit
from .tokens import Entity, StatementId

if TYPE_CHECKING:
    from .index import Index

__all__ = ["only_makes", "sets_itself"]


def only_makes(
    index: Index,
    statement: StatementId,
    family: AbstractSet[Entity],
    tainted: AbstractSet[StatementId],
    attr: str,
) -> bool:
    """Does a statement make an object of one of the classes *family*, and use no *attr* of it?

    *tainted* are the statements which might hold something of these classes.
    """
    path = _called(index, statement)
    if path is None:
        return False
    module, number = statement
    made = {entity for entity, rest in index.names.resolve(module, path) if not rest} & family
    if not made:
        return False
    rest = [other for other in index.modules[module].summaries[number].now.paths if other != path]
    if _touch(index, [(module, other) for other in rest], family, tainted):
        return False
    for entity in made:
        construction = _construction(index, entity)
        if any({"", attr} & unit.own for _, unit in construction):
            return False
        named = [(home, other) for home, unit in construction for other in unit.paths]
        if _touch(index, named, family, tainted):
            return False
    return True


def sets_itself(index: Index, entity: Entity, attr: str) -> bool:
    """May making an object of the class *entity* set *attr* of it?"""
    return any({"", attr} & unit.own for _, unit in _construction(index, entity))


def _called(index: Index, statement: StatementId) -> Path | None:
    """What an assignment calls for its value, once, which it does not unpack."""
    fragment = index.modules[statement[0]].source.statements[statement[1]].fragment
    nodes = fragment.parse() if fragment.kind == "assign" else []
    match nodes:
        case [ast.Assign(value=ast.Call() as call, targets=targets)]:
            if any(isinstance(target, ast.Tuple | ast.List) for target in targets):
                return None
        case [ast.AnnAssign(value=ast.Call() as call)]:
            pass
        case _:
            return None
    path = dotted(call.func)
    given = (*call.args, *call.keywords)
    named = (dotted(n) for part in given for n in ast.walk(part) if isinstance(n, ast.expr))
    return None if path in named else path


def _construction(index: Index, entity: Entity) -> list[tuple[str, Unit]]:
    """The methods that run while an object of a class is made, with their modules."""
    found: dict[tuple[str, str], Unit] = {}
    todo = set(CONSTRUCTION)
    owners = [entity, *index.names.bases_of(entity)]
    while todo:
        name = todo.pop()
        for home, owner in owners:
            qualname = f"{owner}.{name}"
            info = index.names.class_of((home, owner))
            if info is not None and name in info.lambdas:
                qualname = f"{owner}.{LAMBDAS}"
            function = index.modules[home].functions.get(qualname)
            if function is not None and (home, qualname) not in found:
                found[home, qualname] = function[1]
                todo |= function[1].own
    return [(home, unit) for (home, _), unit in found.items()]


def _touch(
    index: Index,
    paths: list[tuple[str, Path]],
    family: AbstractSet[Entity],
    tainted: AbstractSet[StatementId],
) -> bool:
    """May code that names these *paths*, by module, get at other objects of the classes?"""
    seen: set[Entity] = set()
    while paths:
        for entity, _ in index.names.resolve(*paths.pop()):
            if entity in family:
                return True
            entry = index.modules.get(entity[0])
            if entity in seen or entry is None:
                continue
            seen.add(entity)
            for number in entry.bindings.get(entity[1], ()):
                kind = entry.source.statements[number].fragment.kind
                if kind != "import" and (entity[0], number) in tainted:
                    return True
            for qualname, (_, unit) in entry.functions.items():
                if f"{qualname}.".startswith(f"{entity[1]}."):
                    paths += [(entity[0], path) for path in unit.paths]
    return False
