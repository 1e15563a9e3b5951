"""What class statements say: which of them derive from a class, and what they read of it.

In come classes, and the statements that use them; out go answers by the sources alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .known import CLASS_DECORATORS, LOOKING_THROUGH
from .summary import BASE, CALL, Path
from .tokens import Entity, User

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Families"]


LISTING = "__subclasses__"


class Families:
    """Asks class statements over all tracked modules."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def statement_of(self, entity: Entity) -> User | None:
        """The class statement of that name, None if it is something else."""
        entry = self._index.modules.get(entity[0])
        found = entry.classes.get(entity[1]) if entry is not None else None
        return (entity[0], "s", found[0]) if found is not None else None

    def listed(self, entity: Entity) -> list[Entity]:
        """The bases of a class whose subclasses code asks for: it may find the class there."""
        lists = self._index.remembered("lists", lambda: any(self._index.attr_users(LISTING)))
        if not lists:
            return []
        return [base for base in self._index.names.bases_of(entity) if self._is_listed(base)]

    def _is_listed(self, base: Entity) -> bool:
        """Does code ask for the subclasses of *base* by its name, or in its methods?"""
        entry = self._index.modules[base[0]]
        own = (f for name, (_, f) in entry.functions.items() if name.startswith(f"{base[1]}."))
        return LISTING in self._index.attributes_used(base) or any(LISTING in f.own for f in own)

    def in_question(self, entity: Entity) -> set[Entity]:
        """The classes of which instances may be such of the class *entity*, or lead to them."""
        return {entity, *self.subclasses(entity), *self.listed(entity)}

    def subclasses(self, entity: Entity) -> list[Entity]:
        """Classes derived from *entity* by statements, directly or through others, and aliases."""
        found: dict[Entity, None] = {}
        todo = [entity]
        while todo:
            for user, how, rest in self._index.users(todo.pop()):
                if user[1] != "s":
                    continue
                module, _, number = user
                summary = self._index.modules[module].summaries[number]
                aliases = () if rest else summary.aliases
                for name in summary.classes if how & BASE else aliases:
                    subclass = (module, name.partition(".")[0])
                    if subclass not in found and subclass != entity:
                        found[subclass] = None
                        todo.append(subclass)
        return list(found)

    def is_shaped(self, user: User) -> bool:
        """Does a class statement read what its bases hold, as decorators and metaclasses do?"""
        module, kind, key = user
        if kind != "s":
            return kind != "v"
        summary = self._index.modules[module].summaries[key]
        return any(
            info.decorated
            or self._index.is_metaclass(module, "type:" + name)
            or self._is_looked_through(module, name)
            for name, info in summary.classes.items()
        )

    def is_scanned(self, user: User) -> bool:
        """Does a class statement read the methods of its bases, too, by code that is not known?"""
        module, kind, key = user
        if kind != "s":
            return kind != "v"
        summary = self._index.modules[module].summaries[key]
        return any(
            any(self._scans(module, path) for path in info.scanners)
            or self._index.is_metaclass(module, "scan:" + name)
            or self._is_looked_through(module, name)
            for name, info in summary.classes.items()
        )

    def is_protocol(self, user: User) -> bool:
        """Does a class statement make a protocol, which asks for the methods of its bases, too?"""
        module, kind, key = user
        classes = self._index.modules[module].summaries[key].classes if kind == "s" else {}
        return any(path[-1] == "Protocol" for info in classes.values() for path in info.bases)

    def is_derived_by_decorator(self, entity: Entity) -> bool:
        """May a decorator of a class derive another from it, as its code defines some?"""
        info = self._index.names.class_of(entity)
        for path in info.scanners if info is not None else ():
            for (module, name), rest in self._index.names.resolve(entity[0], path) if path else ():
                entry = self._index.modules.get(module)
                found = entry.functions.get(".".join((name, *rest))) if entry is not None else None
                if found is not None and found[1].defines:
                    return True
        return False

    def sets_plainly(self, entity: Entity, attr: str) -> bool:
        """Does setting *attr* of an instance of a class run none of the user's code?"""
        if self._index.names.class_of(entity) is None:
            return False
        bases_of = self._index.names.bases_of
        family = {entity, *self.subclasses((entity[0], entity[1].partition(".")[0]))}
        return not any(
            self._takes(owner, attr) for cls in family for owner in (cls, *bases_of(cls))
        )

    def _takes(self, entity: Entity, attr: str) -> bool:
        """May the class *entity* itself have something that runs when *attr* is set?"""
        module, name = entity
        info, functions = self._index.names.class_of(entity), self._index.modules[module].functions
        value = info.values.get(attr) if info is not None else None
        return (
            f"{name}.__setattr__" in functions
            or f"{name}.{attr}" in functions
            or (value is not None and any(how & CALL for how in value.paths.values()))
            or (entity, attr) in self._index.filling.setters()
        )

    def _is_looked_through(self, module: str, name: str) -> bool:
        """Does an ``__init_subclass__`` that a class inherits read all that classes hold?"""
        for home, owner in self._index.names.bases_of((module, name)):
            _, unit = self._index.modules[home].functions.get(
                f"{owner}.__init_subclass__", (0, None)
            )
            if unit is not None:
                named = unit.attrs.union(*unit.paths)
                if not LOOKING_THROUGH.isdisjoint(named):
                    return True
        return False

    def _scans(self, module: str, decorator: Path) -> bool:
        """May a decorator read all methods of a class? Yes, but for some that are known."""
        if not decorator or decorator[-1] not in CLASS_DECORATORS:
            return True
        for (found, name), _ in self._index.names.resolve(module, decorator):
            entry = self._index.modules.get(found)
            if entry is not None and not entry.is_import(name):
                return True
        return False
