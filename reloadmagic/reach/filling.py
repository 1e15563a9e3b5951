"""Which statements fill which object, and which set attributes from outside.

In comes the index; out go statements by object and objects by statement, found when they are first
asked for after something was indexed anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .summary import Path
from .targets import Targets
from .tokens import Entity, StatementId, Target
from .walk import Walk

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Filling"]


class Filling:
    """Who fills what, over all tracked modules."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._targets = Targets(index)

    def fillers(self) -> dict[Target, set[StatementId]]:
        """For each filled object, the statements that fill it when they run."""
        return self._index.remembered("fillers", self._find_fillers)

    def _find_fillers(self) -> dict[Target, set[StatementId]]:
        found: dict[Target, set[StatementId]] = defaultdict(set)
        for name, entry in self._index.modules.items():
            for user, unit in entry.units(name):
                if user[1] == "v":
                    continue
                targets = set(self._targets.of_unit(name, user, unit))
                run_by = Walk(self._index, calls_only=True).from_user(user) if targets else set()
                for target in targets:
                    found[target] |= run_by
            for number, summary in enumerate(entry.summaries):
                for path in summary.orders:
                    for target in self._index.orders.targets(name, path):
                        found[target].add((name, number))
        return {target: fillers for target, fillers in found.items() if fillers}

    def filled_by(self, statement: StatementId) -> list[Target]:
        """The objects that a statement fills."""
        return self._index.remembered("filled by", self._fills).get(statement, [])

    def _fills(self) -> dict[StatementId, list[Target]]:
        found: dict[StatementId, list[Target]] = defaultdict(list)
        for target, statements in self.fillers().items():
            for statement in statements:
                found[statement].append(target)
        return dict(found)

    def filled_under(self, entity: Entity) -> list[Target]:
        """The filled objects that *entity* names, or whose class it does."""
        return self._index.remembered("filled under", self._filled_entities).get(entity, [])

    def _filled_entities(self) -> dict[Entity, list[Target]]:
        found: dict[Entity, list[Target]] = defaultdict(list)
        for target in self.fillers():
            found[target[:2]].append(target)
        return dict(found)

    def rebound(self) -> set[Entity]:
        """The names that functions bind, or code of other modules."""
        return self._index.remembered("rebound", self._find_rebound)

    def _find_rebound(self) -> set[Entity]:
        found: set[Entity] = set()
        for name, entry in self._index.modules.items():
            for _, unit in entry.units(name):
                found.update((name, bound) for bound in unit.binds_global)
                for path in unit.sets:
                    found.update(self._elsewhere(name, path))
                for path in unit.fills:  # a value that cannot change is bound anew: ``m.N += 1``
                    found.update(filter(self._index.holds_plain_value, self._elsewhere(name, path)))
        return found

    def _elsewhere(self, module: str, path: Path) -> Iterator[Entity]:
        """The names of other modules that *path*, a module's attribute, means in *module*."""
        for entity, rest in self._index.names.resolve(module, path) if len(path) > 1 else ():
            if not rest and entity[0] != module:
                yield entity

    def setters(self) -> dict[tuple[Entity, str], set[StatementId]]:
        """For each attribute of an object that statements set from outside, those statements."""
        return self._index.remembered("setters", self._find_setters)

    def _find_setters(self) -> dict[tuple[Entity, str], set[StatementId]]:
        found: dict[tuple[Entity, str], set[StatementId]] = defaultdict(set)
        for name, entry in self._index.modules.items():
            for number, summary in enumerate(entry.summaries):
                for path in summary.now.sets:
                    for target in self._index.names.attributes_set(name, path):
                        found[target].add((name, number))
        return dict(found)

    def attributes_from_outside(self, entity: Entity) -> set[str]:
        """The attributes of *entity* that statements of the user's modules set."""
        return {attr for found, attr in self.setters() if found == entity}
