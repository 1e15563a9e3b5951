"""Statements that make an object of a class and do nothing else with it: ``db = Database(url)``.

What the statement itself does, and what it calls, is followed by ``handling``.

What is done to other objects on the way, by what computes the arguments or in ``__init__``, is not
done to the object that is made. So such a statement has a use for a method of the class only if
construction uses that itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from .definitions import nodes_of
from .handling import Handling
from .known import CLASS_HOOKS, CONSTRUCTION, NO_OPERATORS, SHOWN
from .question import ANY, CHECKS, ITERATING, Question, Used
from .summary import LAMBDAS, OPERATOR, Path, Unit
from .tokens import Entity, StatementId

if TYPE_CHECKING:
    from .index import Index

__all__ = ["only_makes", "running", "sets_itself"]


def only_makes(
    index: Index,
    statement: StatementId,
    family: AbstractSet[Entity],
    tainted: AbstractSet[StatementId],
    attr: str,
    *,
    sets: bool = False,
) -> bool:
    """Does a statement make or pass on objects of the classes *family*, and use no *attr* of them?

    For `ANY`, does it only pass them on, if that? With *sets*, setting *attr* is a use of it, too.

    *tainted* are the statements which might hold something of these classes.
    """
    module, number = statement
    fragment = index.modules[module].source.statements[number].fragment
    if fragment.kind != "assign":
        return False

    def touches(home: str, path: Path) -> bool:
        return _touch(index, [(home, path)], family, tainted)

    def does(method: str) -> bool | None:
        units = [found for entity in family for found in running(index, entity, {method})]
        return uses(units) if units else None

    def uses(units: list[tuple[str, Unit]]) -> bool:
        if sets and any(attr in unit.sets_own for _, unit in units):
            return True
        return _uses(index, units, family, tainted, attr)

    def gets(name: str) -> bool:
        owners = [owner for cls in family for owner in (cls, *index.names.bases_of(cls))]
        units = [index.modules[home].functions.get(f"{owner}.{name}") for home, owner in owners]
        return any(found is not None and found[1].decorated for found in units) and bool(does(name))

    classes = frozenset(family)

    def elsewhere(methods: Iterable[str]) -> bool:
        wanted = frozenset(methods)

        def find() -> bool:
            units = _running_elsewhere(index, wanted, classes)
            return _touch(
                index, [(home, p) for home, u in units for p in u.paths], classes, tainted
            )

        return index.remembered(("elsewhere", classes, wanted), find)

    def looks(home: str, path: Path) -> bool:
        behind = _behind(index, home, path)
        return elsewhere(a for entity in behind for u in _units(index, entity) for a in u.attrs)

    def goes_through() -> bool:
        units = index.remembered(("go through", classes), lambda: _iterating(index, classes))
        is_operator = attr[:2] == attr[-2:] == "__" and attr not in SHOWN
        wanted = {attr, OPERATOR} if is_operator else {attr}
        return any(attr in {"__call__", ANY} or wanted & unit.attrs for unit in units)

    question = Question(family, attr, touches, does, gets, elsewhere, looks, goes_through)
    handling = Handling(index, question)
    try:
        handling.follow(module, nodes_of(index, statement))
    except Used:
        return False
    if attr == ANY and handling.made:
        return False
    made = [found for entity in handling.made for found in _construction(index, entity)]
    return not uses(made)


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
    if attr == "__call__":  # what they call may be one that their object holds
        calls = index.attributes.calls_of_objects()
        if any(not calls.isdisjoint(unit.attrs) for _, unit in units):
            return True
    if attr in {"__getattr__", "__getattribute__"} and any(u.own & u.attrs for _, u in units):
        return True
    checks = attr in CHECKS
    named = [(home, p) for home, u in units for p in u.paths if checks or p not in u.checked]
    return _touch(index, named, family, tainted)


def sets_itself(index: Index, entity: Entity, attr: str) -> bool:
    """May making an object of the class *entity* set *attr* of it?"""
    units = running(index, entity, CONSTRUCTION - CLASS_HOOKS)
    return any({"", attr} & unit.own or attr in unit.sets_own for _, unit in units)


def _construction(index: Index, entity: Entity) -> list[tuple[str, Unit]]:
    """The methods that run while an object of a class is made, with their modules."""
    return running(index, entity, CONSTRUCTION)


def running(index: Index, entity: Entity, names: Iterable[str]) -> list[tuple[str, Unit]]:
    """The methods of a class that run with those of these *names*."""
    found: dict[tuple[str, str], Unit] = {}
    todo = set(names)
    owners = [entity, *index.names.bases_of(entity)]
    while todo:
        name = todo.pop()
        for home, owner in owners:
            info = index.names.class_of((home, owner))
            has_lambdas = info is not None and name in info.lambdas
            for part in (name, LAMBDAS) if has_lambdas else (name,):
                qualname = f"{owner}.{part}"
                function = index.modules[home].functions.get(qualname)
                if function is not None and (home, qualname) not in found:
                    found[home, qualname] = function[1]
                    todo |= function[1].own | function[1].sets_own
            if info is not None and name in info.values:
                found.setdefault((home, f"{owner}.{name}"), info.values[name])
    return [(home, unit) for (home, _), unit in found.items()]


def _running_elsewhere(
    index: Index, methods: Iterable[str], family: AbstractSet[Entity]
) -> list[tuple[str, Unit]]:
    """The methods of classes but the *family* that may run with those of these names of any."""
    found: list[tuple[str, Unit]] = []
    seen = {*methods, "__getattr__", "__getattribute__"}
    todo = list(seen)
    while todo:
        for owner, (units, attrs) in _run_with(index, todo.pop()).items():
            if owner not in family:
                found += units
                todo += attrs - seen
                seen |= attrs
    return found


def _run_with(index: Index, method: str) -> dict[Entity, tuple[list[tuple[str, Unit]], set[str]]]:
    """By class that has a *method*, what runs with it, and the attributes which that uses."""

    def find() -> dict[Entity, tuple[list[tuple[str, Unit]], set[str]]]:
        owners = index.remembered("owners of methods", lambda: _owners(index))
        run = {
            owner: running(index, owner, names) for owner, names in owners.get(method, {}).items()
        }
        return {
            owner: (units, {attr for _, unit in units for attr in unit.attrs})
            for owner, units in run.items()
        }

    return index.remembered(("run with", method), find)


def _iterating(index: Index, family: AbstractSet[Entity]) -> list[Unit]:
    """The code that may run where an object of a class but the *family* is gone through."""
    units = _running_elsewhere(index, ITERATING, family)
    behind = _named_behind(index, [(home, path) for home, unit in units for path in unit.paths])
    found = [unit for _, unit in units] + [u for entity in behind for u in _units(index, entity)]
    return list({id(unit): unit for unit in found}.values())


def _owners(index: Index) -> dict[str, dict[Entity, set[str]]]:
    """The classes that have methods, by these: as `OPERATOR`, all those that operators stand for."""
    found: dict[str, dict[Entity, set[str]]] = defaultdict(dict)
    for home, entry in index.modules.items():
        names = [qualname.rpartition(".")[::2] for qualname in entry.functions]
        names += [(owner, n) for owner, (_, info) in entry.classes.items() for n in info.lambdas]
        for owner, name in names:
            if owner in entry.classes:
                is_operator = name[:2] == name[-2:] == "__" and name not in NO_OPERATORS
                is_operator |= name == "__call__" or name in SHOWN  # whoever does that
                for key in {name, OPERATOR if is_operator else name}:
                    found[key].setdefault((home, owner), set()).add(name)
    return found


def _touch(
    index: Index,
    paths: list[tuple[str, Path]],
    family: AbstractSet[Entity],
    tainted: AbstractSet[StatementId],
) -> bool:
    """May code that names these *paths*, by module, get at other objects of the classes?"""
    behind = _behind(index, *paths[0]) if len(paths) == 1 else _named_behind(index, paths)
    for module, name in behind:
        if (module, name) in family:
            return True
        entry = index.modules.get(module)
        for number in entry.bindings.get(name, ()) if entry is not None else ():
            assert entry is not None
            kind = entry.source.statements[number].fragment.kind
            if kind != "import" and (module, number) in tainted:
                return True
    return False


def _behind(index: Index, module: str, path: Path) -> list[Entity]:
    """`_named_behind` one path."""
    key = ("behind", module, path)
    return index.remembered(key, lambda: list(_named_behind(index, [(module, path)])))


def _named_behind(index: Index, paths: list[tuple[str, Path]]) -> Iterator[Entity]:
    """What code names that names these *paths*, by module, and what is called in there."""
    seen: set[Entity] = set()
    while paths:
        for entity, _ in index.names.resolve(*paths.pop()):
            if entity not in seen:
                seen.add(entity)
                yield entity
                paths += [
                    (entity[0], path) for unit in _units(index, entity) for path in unit.paths
                ]


def _units(index: Index, entity: Entity) -> Sequence[Unit]:
    entry = index.modules.get(entity[0])
    return () if entry is None else entry.code_of(entity[1])
