"""Code that uses what may be an instance of a class, at all or by the name of an attribute.

Names tell who uses a class itself. Where its instances turn up they do not: there, a use of an
attribute of that name counts if the code might hold something of the class.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from .known import NO_OPERATORS
from .making import only_makes
from .question import ANY
from .summary import BASE, CALL, KEPT, LOOKED_UP, MODULE, SETTING, USE, Unit
from .tokens import Entity, StatementId, User, ValueId

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Uses"]


def _looks_in(unit: Unit) -> bool:
    """Does code do more with what it names than pass it around?"""
    return bool(unit.attrs) or any(how & (CALL | USE | BASE) for how in unit.paths.values())


class Uses:
    """Code that was found on a walk, and code that is yet to be followed.

    With *calls_only* only uses count that really run the code.

    Attributes:
        statements, values: those that were reached.
        functions: those that use attributes by name; of modules that speak of a cache only.
        seen: all code that the walk has come by.
        todo: what the walk goes on from.
        start: the name that has changed, which the walk begins with.
        nested: where not None, uses of attributes are noted here, to be followed by who asked.
    """

    def __init__(self, index: Index, *, calls_only: bool = False) -> None:
        self.index = index
        self.calls_only = calls_only
        self.statements: set[StatementId] = set()
        self.values: set[ValueId] = set()
        self.functions: set[User] = set()
        self.seen: set[User] = set()
        self.todo: list[User] = []
        self.start = ""
        self.nested: set[tuple[Entity, str, bool]] | None = None

    def _attribute(self, entity: Entity, attr: str) -> None:
        """Any use of *attr* of the class *entity*, those derived from it, and their instances."""
        for module, number in self.index.filling.setters().get((entity, attr), ()):
            self.todo.append((module, "s", number))  # those that come later set it again
        for user, _, rest in self.index.users(entity):
            if rest and rest[0] == attr:
                self.todo.append(user)
        for subclass in self.index.families.subclasses(entity):
            for user, _, rest in self.index.users(subclass):
                if rest and rest[0] == attr:
                    self.todo.append(user)
        self._by_attribute(entity, attr)
        self._by_attribute(entity, KEPT + attr)
        self._looked_up(entity, attr)

    def _looked_up(self, entity: Entity, attr: str) -> None:
        """Code that uses attributes of instances of a class by names which it works out."""
        if not attr.startswith("__"):
            lookups = self.index.remembered(
                "lookups", lambda: self.index.attributes_like(LOOKED_UP)
            )
            for lookup in lookups:
                if lookup == LOOKED_UP and self.nested is not None:
                    continue  # any name at all: that is followed from what differs alone
                if f"{LOOKED_UP}{attr}".startswith(lookup):
                    self._by_attribute(entity, lookup)

    def _in_module(self, entity: Entity) -> set[StatementId]:
        """Code that uses *entity* as an attribute of a module which it got otherwise.

        The statements that were not reached before.
        """
        module, name = entity
        if not self.index.is_used((module, MODULE)):
            return set()
        before = set(self.statements)
        self._by_attribute((module, MODULE), name)
        self._looked_up((module, MODULE), name)
        return self.statements - before

    def _head(self, entity: Entity, method: str = ANY) -> None:
        """Any use of what may be an instance; with *method*, such as uses that."""
        tainted = self.index.taint.tainted(entity)
        family = self.index.families.in_question(entity) if tainted else set()
        for found in tainted:
            module, number = found
            summary = self.index.modules[module].summaries[number]
            if self.calls_only and not summary.orders:
                continue
            if _looks_in(summary.now):
                if not only_makes(self.index, found, family, tainted, method):
                    self.todo.append((module, "s", number))
            for owner, info in summary.classes.items():
                for attr, unit in info.values.items():
                    if _looks_in(unit):
                        self.values.add((module, number, f"{owner}.{attr}"))

    def _by_attribute(self, entity: Entity, attr: str) -> None:
        """Code that uses *attr* of an object that may be an instance of the class *entity*."""
        operator = attr.startswith("__") and attr.endswith("__") and attr not in NO_OPERATORS
        operator = operator and not self.calls_only and entity[1] != MODULE
        if self.nested is not None:
            self.nested.add((entity, attr, operator))
            return
        self._by_name(entity, attr, operator=operator)

    def _by_name(self, entity: Entity, attr: str, *, operator: bool) -> None:
        """`_by_attribute`, where no other attribute is being followed."""
        users = self.index.attributes.find(attr, operator=operator, calls_only=self.calls_only)
        if users:
            self._reach(entity, attr, users, self.index.taint.tainted(entity))
            if not (attr.startswith("__") and attr.endswith("__")):
                # What is taken out of a registry of classes is not followed any further.
                named = self.index.attributes.find_by_name(attr, calls_only=self.calls_only)
                self._reach(entity, attr, named, self.index.taint.tainted(entity, registered=True))
            places = self.index.taint.places(entity)
            for user in users:
                if len(user) > 2 and user[:2] in places:
                    (self.functions if user[1] == "f" else self.values).add(user)

    def _reach(
        self, entity: Entity, attr: str, users: AbstractSet[Any], tainted: set[StatementId]
    ) -> None:
        """Of the *users* of an attribute those are reached that are *tainted*, and do not only make."""
        reached = tainted & users
        family = self.index.families.in_question(entity) if reached else set()
        used = attr.removeprefix(KEPT).removeprefix(SETTING)
        sets = attr.startswith(SETTING)
        self.statements |= {
            found
            for found in reached - self.statements
            if entity[1] == MODULE
            or not only_makes(self.index, found, family, tainted, used, sets=sets)
        }
