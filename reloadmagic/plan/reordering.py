"""What an edit of imports puts in another order: in which modules run is decided by who imports whom.

An `ImportOrder` is taken while the index still holds the old sources. Once it holds the new ones,
what is filled, set or imported by star in another order now is planned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from ..diff import Diff
from ..graph import ImportGraph, RunOrder
from ..reach.index import Index
from ..reach.tokens import StatementId
from .order import Order, import_graph
from .propagation import Propagation

__all__ = ["ImportOrder"]

WHY = "the order of imports changed"

Run = tuple[str, int, int | None]
"""A module, and its statements from one up to another, None for the end of the module."""

Moved = Callable[[Iterable[StatementId]], bool]
"""Tells whether statements that were there before run in another order."""


class ImportOrder:
    """In which order statements ran by the old sources, where the edit may change that.

    *diffs* holds the comparison of each edited module.
    """

    def __init__(self, index: Index, order: Order, diffs: Mapping[str, Diff]) -> None:
        self._index = index
        self._diffs = diffs
        changes = any(map(_edits_imports, diffs.values()))
        self._before: RunOrder | None = order.run_now() if changes else None
        self._graph: ImportGraph | None = import_graph(index) if changes else None

    def tied(self, edited: AbstractSet[str]) -> Iterator[AbstractSet[str]]:
        """Edited modules of which one imported the other, if maybe no longer.

        Where the edit of one fails, its old version goes on with what it imported.
        """
        if self._graph is not None:
            for name in edited:
                yield {name} | self._graph.descendants(name) & edited

    def follow(self, propagation: Propagation) -> None:
        """What runs in another order by the new sources fills and sets things in that order."""
        before = self._before
        if before is None:
            return
        after = propagation.order.run
        if self._sequence(before) == self._sequence(after, propagation):
            return

        def moved(members: Iterable[StatementId]) -> bool:
            """Do statements that were there before run in another order?"""
            known = [(m, old) for m in members if (old := propagation.formerly(m)) is not None]
            known.sort(key=lambda pair: before.place(*pair[1]))
            places = [after.place(*new) for new, _ in known]
            return places != sorted(places)

        self._fill_again(propagation, moved)
        for setters in self._index.filling.setters().values():
            if moved(setters):
                for setter in setters:
                    propagation.reach_at(setter, WHY)
        self._import_again(propagation, moved)

    def _fill_again(self, propagation: Propagation, moved: Moved) -> None:
        groups = propagation.groups
        for target, fillers in list(self._index.filling.fillers().items()):
            if moved(fillers):
                propagation.force_group(target, WHY)
            for reader in groups.users(target) - fillers - groups.makers(target):
                if any(moved((reader, filler)) for filler in fillers if filler[0] != reader[0]):
                    propagation.plan_of(reader[0]).anew.add(reader[1])
                    propagation.reach_at(reader, WHY)

    def _import_again(self, propagation: Propagation, moved: Moved) -> None:
        for star, binders in self._stars():
            names = [n for n, found in binders.items() if any(moved((star, b)) for b in found)]
            if "*" in names:
                propagation.reach_at(star, WHY)  # other names than these may come through it
            elif names:
                propagation.import_again(star, names, WHY)

    def _sequence(self, order: RunOrder, propagation: Propagation | None = None) -> list[Run]:
        """In which order statements run that are there before and after, as statements of before.

        *propagation* is given where *order* is that of the sources after.
        """
        found: list[Run] = []
        for name, start, end in order.runs():
            if propagation is not None and name in propagation.ahead:
                continue
            for run in self._known(name, start, end, is_after=propagation is not None):
                if found and found[-1][0] == name and found[-1][2] == run[1]:
                    found[-1] = (name, found[-1][1], run[2])
                elif run[1] != run[2]:
                    found.append(run)
        return found

    def _known(self, name: str, start: int, end: int | None, *, is_after: bool) -> Iterator[Run]:
        """Of statements that run one after another, those that are there before and after."""
        diff = self._diffs.get(name)
        if diff is None:
            yield name, start, end
        elif is_after:
            for number in range(len(diff.after.statements))[start:end]:
                old = diff.partner(number)
                if old is not None:
                    yield name, old, old + 1
        else:
            stay = {pair.old for pair in diff.pairs}
            for number in range(len(diff.before.statements))[start:end]:
                if number in stay:
                    yield name, number, number + 1

    def _stars(self) -> Iterator[tuple[StatementId, dict[str, list[StatementId]]]]:
        """The star-imports, with the statements that bind the names that they give."""
        for name, entry in self._index.modules.items():
            for number in entry.bindings.get("*", ()):
                found: dict[str, list[StatementId]] = {}
                for target in self._index.names.star_targets(name, number):
                    for bound, binder in self._given(target):
                        found.setdefault(bound, []).append(binder)
                yield (name, number), found

    def _given(self, target: str) -> Iterator[tuple[str, StatementId]]:
        """What star-imports of *target* give, and by which statements: submodules come by theirs."""
        entry = self._index.modules.get(target)
        if entry is None:
            return
        for bound, binders in entry.bindings.items():
            yield from ((bound, (target, number)) for number in binders)
        for name, other in self._index.modules.items():
            package, _, bound = name.rpartition(".")
            if package == target:
                yield from ((bound, (name, n)) for n in range(len(other.source.statements) or 1))


def _edits_imports(diff: Diff) -> bool:
    """Does an edit touch statements that import?"""
    edited = [diff.after.statements[pair.new] for pair in diff.edited]
    olds = [*diff.dropped, *(pair.old for pair in diff.edited if pair.old is not None)]
    edited += [diff.before.statements[number] for number in olds]
    moved = [diff.after.statements[pair.new] for pair in diff.middle]
    return any("import" in statement.fragment.text for statement in (*edited, *moved))
