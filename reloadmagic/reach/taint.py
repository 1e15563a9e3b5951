"""Which statements might hold something of an object.

In comes an entity; out go the statements that use it, directly or through what they bind or fill
with it: only there can instances of a class turn up, say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from .known import SPELLED
from .registering import registries
from .summary import MODULE, Change, Path, Slot, Through, Unit
from .tokens import Entity, StatementId, User

if TYPE_CHECKING:
    from .entry import ModuleEntry
    from .index import Index

__all__ = ["Taint"]


class Taint:
    """What was found so far, kept until something is indexed anew."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._statements: dict[tuple[Entity, bool], set[StatementId]] = {}
        self._steps: dict[tuple[Entity, bool], tuple[set[StatementId], set[Entity]]] = {}
        self._places: dict[Entity, set[Any]] = {}

    def forget(self) -> None:
        """Something was indexed anew."""
        self._statements.clear()
        self._steps.clear()
        self._places.clear()

    def tainted(self, entity: Entity, *, registered: bool = False) -> set[StatementId]:
        """The statements which might hold, directly or through others, something of *entity*.

        With *registered*, those too that might take it out of a registry of classes.
        """
        key = entity, registered
        if key in self._statements:
            return self._statements[key]
        statements = self._statements[key] = set()
        seen: set[Entity] = set()
        todo = {entity}
        while todo:
            seen |= todo
            following: set[Entity] = set()
            for held in todo:
                users, entities = self._taints(held, registered)
                statements |= users
                following |= entities
            todo = following - seen
        return statements

    def places(self, entity: Entity) -> set[Any]:
        """`tainted`, with ``(module, "f")`` for modules that speak of a cache and know *entity*.

        Their functions might get hold of it when they are called, whoever calls them.
        """
        caching = self._index.caching
        if not caching:
            return self.tainted(entity)
        if entity not in self._places:
            know = caching & self._index.remembered(
                ("importers", entity[0]), lambda: self._index.imports.importers(entity[0])
            )
            self._places[entity] = self.tainted(entity) | {(module, "f") for module in know}
        return self._places[entity]

    def _taints(self, entity: Entity, registered: bool) -> tuple[set[StatementId], set[Entity]]:
        """One step of `tainted`: the statements that use *entity*, and what then holds of it."""
        found = self._steps.get((entity, registered))
        if found is None:
            found = self._steps[entity, registered] = set(), set()
            held = [entity, (entity[0], MODULE)]  # who holds the module may take it from there
            for user, _, _ in chain.from_iterable(map(self._index.users, dict.fromkeys(held))):
                if user[1] in "sl":
                    found[0].add((user[0], user[2]))
                found[1].update(self._tainted_by(user))
                told = self._told(user)
                found[1].update(told)
                found[0].update(self._binders(told))
            filled = self._filled_with(entity)
            if registered:
                filled += registries(self._index, entity)
            found[1].update(filled)
            found[0].update(self._binders(filled))
            found[1].update(self._index.families.listed(entity))
        return found

    def _told(self, user: User) -> list[Entity]:
        """The objects of which a statement calls methods: ``BOX.put("x", lambda: C())``."""
        module, kind, key = user
        orders = self._index.modules[module].summaries[key].orders if kind == "s" else ()
        resolve = self._index.names.resolve
        return [entity for path in orders for entity, rest in resolve(module, path) if rest]

    def _filled_with(self, entity: Entity) -> list[Entity]:
        """What methods of the class *entity* fill, with their object perhaps."""
        entry = self._index.modules.get(entity[0])
        if entry is None or entity[1] not in entry.classes:
            return []
        return [
            found
            for qualname, (_, unit) in entry.functions.items()
            if unit.fills and qualname.startswith(f"{entity[1]}.")
            for path in unit.fills
            for found, _ in self._index.names.resolve(entity[0], path)
        ]

    def _binders(self, entities: list[Entity]) -> Iterator[StatementId]:
        for module, name in entities:
            if module in self._index.modules:
                numbers = self._index.modules[module].bindings.get(name, ())
                yield from ((module, number) for number in numbers)

    def _tainted_by(self, user: User) -> list[Entity]:
        module, kind, key = user
        entry = self._index.modules[module]
        if kind == "v":
            return []  # its statement is a user, too
        if kind == "f":
            unit = entry.functions[key][1]
            names = [key.partition(".")[0], *unit.binds_global]
            names += [p[0] for p in unit.fills if not p[0].startswith("@")]
        else:
            if entry.source.statements[key].fragment.kind == "import":
                return []  # who uses an imported name counts as a user of the original, too
            names = list(entry.source.statements[key].binds)
            names += [p[0] for p in entry.summaries[key].now.fills if not p[0].startswith("@")]
        entities: list[Entity] = [(module, name) for name in names]
        if kind == "s":
            for path in entry.summaries[key].now.fills:
                entities += [entity for entity, _ in self._index.names.resolve(module, path)]
            for callee, argument, slot in entry.summaries[key].now.arguments:
                if self.fills_argument(module, callee, slot):
                    entities += [
                        entity for entity, _ in self._index.names.resolve(module, argument)
                    ]
        return entities

    def fills_argument(self, module: str, callee: Path, slot: Slot) -> bool:
        """May calling *callee* in *module* change what is passed in *slot*?"""
        key = ("fills argument", module, callee, slot)
        return self._index.remembered(key, lambda: self._may_fill(module, callee, slot))

    def _may_fill(self, module: str, callee: Path, slot: Slot) -> bool:
        seen: set[tuple[str, Path, Slot]] = set()
        todo = [(module, callee, slot)]
        while todo:
            module, callee, slot = call = todo.pop()
            if call in seen:
                continue
            seen.add(call)
            for (found, name), rest in self._index.names.resolve(module, callee):
                entry = self._index.modules.get(found)
                if entry is None:
                    continue
                unit, passed, is_made = _called(entry, ".".join((name, *rest)), rest, slot)
                if unit is not None:
                    changes = _changes(unit, passed, bound=is_made)
                    if changes is None:
                        return True
                    kept = [
                        c for c in changes if c.through is None or self._gives(found, c.through)
                    ]
                    if any(not change.callee for change in kept):
                        return True
                    todo += [(found, change.callee, change.slot) for change in kept]
                elif rest and rest[-1] in SPELLED:
                    if self._index.orders.fills_operand(found, name, rest[-1]):
                        return True
        return False

    def _gives(self, module: str, step: Through) -> bool:
        """May a call return what it is passed? Not one of a library's, as far as can be told."""
        for (found, name), rest in self._index.names.resolve(module, step.callee):
            entry = self._index.modules.get(found)
            if entry is None:
                continue
            unit, slot, is_made = _called(entry, ".".join((name, *rest)), rest, step.slot)
            if unit is None:
                if not entry.is_import(name):
                    return True
            elif (
                step.within
                or unit.returns is None
                or unit.signature is None
                or unit.signature.parameter(slot, bound=is_made) in {None, *unit.returns}
            ):
                return True
        return False


def _called(
    entry: ModuleEntry, qualname: str, rest: Path, slot: Slot
) -> tuple[Unit | None, Slot, bool]:
    """The code that calling what has that name runs, in which slot, and whether it makes an object."""
    if qualname in entry.functions:
        return entry.functions[qualname][1], None if rest else slot, False
    init = entry.functions.get(f"{qualname}.__init__")
    return (None if init is None else init[1]), slot, True


def _changes(unit: Unit, slot: Slot, *, bound: bool) -> Iterable[Change] | None:
    """How code may change what is passed in *slot*; None where that cannot be told."""
    if not unit.fills_parameters:
        return ()
    if unit.changes is None or unit.signature is None:
        return None
    name = unit.signature.parameter(slot, bound=bound)
    return [change for change in unit.changes if name in {None, change.parameter}]
