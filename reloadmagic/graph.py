"""Who imports whom among the tracked modules.

In comes what each module imports; out go an `ImportGraph`, which answers which modules depend on
which, and a `RunOrder`, which says what runs first. Imports under ``TYPE_CHECKING`` are not
dependencies; imports in functions are, as a call follows them.
"""

from __future__ import annotations

import bisect
import itertools
import operator
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["ImportGraph", "RunOrder"]

_FIRST = operator.itemgetter(0)


class ImportGraph:
    """A directed graph of module names; *imports* maps each to those that it imports."""

    def __init__(self, imports: Mapping[str, Iterable[str]]) -> None:
        self.imports = {name: tuple(found) for name, found in imports.items()}
        self._importers: dict[str, list[str]] = {name: [] for name in self.imports}
        self._descendants: dict[str, frozenset[str]] = {}
        for name, found in self.imports.items():
            for target in found:
                self._importers.setdefault(target, []).append(name)

    def descendants(self, name: str) -> frozenset[str]:
        """All that *name* imports, directly or through others; *name* too if it is in a cycle."""
        found = self._descendants.get(name)
        if found is None:
            found = _reachable(name, self.imports)
            self._descendants[name] = found
        return found

    def ancestors(self, name: str) -> frozenset[str]:
        """All that import *name*, directly or through others; *name* too if it is in a cycle."""
        return _reachable(name, self._importers)


class RunOrder:
    """In which order statements run where modules are imported one within another.

    *imports* holds for each module, in order, the positions of its statements that import and what
    they import; *started* says in which order the imports began: that decides who comes first where
    neither imports the other, and within cycles.

    Attributes:
        finished: the modules of *started* in the order in which their imports end.
    """

    def __init__(
        self, imports: Mapping[str, Iterable[tuple[int, str]]], started: Mapping[str, int]
    ) -> None:
        self.finished: list[str] = []
        # By module: from which statement on it runs in which turn. Imports take turns of their own.
        self._turns: dict[str, list[tuple[int, int]]] = {}
        turns = itertools.count()
        for root in sorted(started, key=started.__getitem__):
            # The modules that are running, with what they have yet to import.
            running = [(root, iter(imports.get(root, ())))] if root not in self._turns else []
            self._turns.setdefault(root, [(0, next(turns))])
            at: list[int] = []  # the statements that they are at
            while running:
                name, rest = running[-1]
                following = next((found for found in rest if found[1] not in self._turns), None)
                if following is not None:
                    at.append(following[0])
                    running.append((following[1], iter(imports.get(following[1], ()))))
                    self._turns[following[1]] = [(0, next(turns))]
                    continue
                running.pop()
                if name in started:
                    self.finished.append(name)
                if running:
                    self._turns[running[-1][0]].append((at.pop(), next(turns)))

    def began(self, module: str) -> int:
        """The turn in which a module begins to run."""
        return self._turns[module][0][1]

    def starts(self, importer: str, module: str) -> bool:
        """Might the import of *module* in *importer* be the one that starts it?"""
        turns, others = self._turns.get(module), self._turns.get(importer)
        return turns is None or others is None or turns > others

    def place(self, module: str, statement: int) -> tuple[int, int]:
        """Where a statement comes among all: places compare as their statements run."""
        turns = self._turns[module]
        found = bisect.bisect_right(turns, statement, key=_FIRST) - 1
        return turns[found][1], statement

    def runs(self) -> Iterator[tuple[str, int, int | None]]:
        """What runs without another module between, in order: a module, from where, and up to where.

        The end is None for the end of the module. What waits for the next import of the same
        statement comes out empty.
        """
        found = []
        for name, turns in self._turns.items():
            ends = [start for start, _ in turns[1:]]
            for (start, turn), end in zip(turns, [*ends, None], strict=True):
                found.append((turn, name, start, end))
        return ((name, start, end) for _, name, start, end in sorted(found, key=_FIRST))


def _reachable(start: str, edges: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """What *edges* lead to from *start*, which is in it only if they lead back."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = set(edges.get(todo.pop(), ())) - found
        found |= new
        todo += new
    return frozenset(found)
