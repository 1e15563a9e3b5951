"""Statements that make an object of a class and do nothing else with it: ``db = Database(url)``.

What the statement itself does, and what it calls, is followed by ``handling``.

What is done to other objects on the way, by what computes the arguments or in ``__init__``, is not
done to the object that is made. So such a statement has a use for a method of the class only if
construction uses that itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from .handling import Handling
from .known import CLASS_HOOKS, CONSTRUCTION
from .question import Question, Used
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
    """Does a statement make or pass on objects of the classes *family*, and use no *attr* of them?

    *tainted* are the statements which might hold something of these classes.
    """
    module, number = statement
    fragment = index.modules[module].source.statements[number].fragment
    if fragment.kind != "assign":
        return False

    def touches(home: str, path: Path) -> bool:
        return _touch(index, [(home, path)], family, tainted)

    def does(method: str) -> bool | None:
        units = [found for entity in family for found in _running(index, entity, {method})]
        return _uses(index, units, family, tainted, attr) if units else None

    handling = Handling(index, Question(family, attr, touches, does))
    try:
        handling.follow(module, fragment.parse())
    except Used:
        return False
    made = [found for entity in handling.made for found in _construction(index, entity)]
    return not _uses(index, made, family, tainted, attr)


def _uses(
    index: Index,
    units: list[tuple[str, Unit]],
    family: AbstractSet[Entity],
    tainted: AbstractSet[StatementId],
    attr: str,
) -> bool:
    """Do methods of the classes, with their modules, use *attr* of their object or get at others?"""
    if any({"", attr} & unit.own for _, unit in units):
        return True
    if attr in {"__getattr__", "__getattribute__"} and any(u.own & u.attrs for _, u in units):
        return True
    return _touch(index, [(home, p) for home, u in units for p in u.paths], family, tainted)


def sets_itself(index: Index, entity: Entity, attr: str) -> bool:
    """May making an object of the class *entity* set *attr* of it?"""
    units = _running(index, entity, CONSTRUCTION - CLASS_HOOKS)
    return any({"", attr} & unit.own for _, unit in units)


def _construction(index: Index, entity: Entity) -> list[tuple[str, Unit]]:
    """The methods that run while an object of a class is made, with their modules."""
    return _running(index, entity, CONSTRUCTION)


def _running(index: Index, entity: Entity, names: Iterable[str]) -> list[tuple[str, Unit]]:
    """The methods of a class that run with those of these *names*."""
    found: dict[tuple[str, str], Unit] = {}
    todo = set(names)
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
