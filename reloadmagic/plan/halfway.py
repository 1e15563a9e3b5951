"""Objects that a statement sees before they are what they will be.

``TABLE = {}``, ``first = dict(TABLE)``, ``TABLE["a"] = 1``: the second statement has to run between
the others to see what it saw. In come statements; out go the `Target`s that they see half filled.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..reach.index import Index
from ..reach.tokens import StatementId, Target
from .groups import Groups
from .order import Order

__all__ = ["HalfFilled"]


class HalfFilled:
    """Tells by the sources that are to run, in their *order*."""

    def __init__(self, index: Index, groups: Groups, order: Order) -> None:
        self._index = index
        self._groups = groups
        self._order = order

    def seen_by(self, statement: StatementId) -> list[Target]:
        """The objects that *statement* uses before all of their fillers have run."""
        used = [
            target
            for target in self._groups.used_by(statement)
            if any(self._order.before(statement, m) for m in self._groups.fillers(target))
        ]
        return [*used, *self._imported_on_their_way(statement)]

    def bound_behind(self, statement: StatementId) -> set[str]:
        """The names of its module that *statement* reads and that are bound behind it.

        It may read those that are bound before as well in the functions that it calls.
        """
        return self._index.remembered(
            ("bound behind", *statement), lambda: self._find_bound_behind(statement)
        )

    def _find_bound_behind(self, statement: StatementId) -> set[str]:
        module, number = statement
        entry = self._index.modules[module]
        found = {
            path[0]
            for path in entry.summaries[number].now.paths
            if len(entry.bindings.get(path[0], ())) > 1 or not entry.is_import(path[0])
        }
        found.update(
            name
            for name in self._bound_again(module)
            if statement in self._index.reached(("bind", module, name))
        )
        return {name for name in found if max(entry.bindings[name]) > number}

    def _bound_again(self, module: str) -> list[str]:
        """The names that statements of a module bind more than once, not by imports alone."""
        entry = self._index.modules[module]
        return self._index.remembered(
            ("bound again", module),
            lambda: [n for n, b in entry.bindings.items() if len(b) > 1 and not entry.is_import(n)],
        )

    def _imported_on_their_way(self, statement: StatementId) -> Iterator[Target]:
        """Names that a statement imports from a module that has bound them, and will once more."""
        entry = self._index.modules[statement[0]]
        for imported in entry.summaries[statement[1]].imports:
            module = entry.absolute(imported.module, imported.level)
            target = self._index.modules.get(module)
            if target is None or imported.name is None:
                continue
            names = target.bindings if imported.name == "*" else (imported.name,)
            for name in names:
                binders = [(module, number) for number in target.bindings.get(name, ())]
                if len(binders) > 1 and not target.is_import(name):
                    if len({self._order.before(statement, binder) for binder in binders}) > 1:
                        yield module, name, ""
