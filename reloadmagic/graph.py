"""Who imports whom among the tracked modules.

In comes what each module imports; out goes an `ImportGraph`, which answers which modules depend on
which. Imports under ``TYPE_CHECKING`` are not dependencies; imports in functions are, as a call
follows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["ImportGraph"]


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

    def finishing_order(self, started: Mapping[str, int]) -> list[str]:
        """The modules of *started* in the order in which their imports end.

        *started* gives the order in which the imports began, which decides within cycles.
        """
        order: dict[str, None] = {}
        seen: set[str] = set()
        for root in sorted(started, key=started.__getitem__):
            todo = [(root, False)]
            while todo:
                name, done = todo.pop()
                if done:
                    order[name] = None
                elif name not in seen:
                    seen.add(name)
                    todo.append((name, True))
                    todo += [(t, False) for t in reversed(self.imports.get(name, ()))]
        return [name for name in order if name in started]


def _reachable(start: str, edges: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """What *edges* lead to from *start*, which is in it only if they lead back."""
    found: set[str] = set()
    todo = [start]
    while todo:
        new = set(edges.get(todo.pop(), ())) - found
        found |= new
        todo += new
    return frozenset(found)
