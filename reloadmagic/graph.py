"""Who imports whom among the tracked modules.

In comes what each module imports; out goes an `ImportGraph`, which answers which modules depend on
which. Imports under ``TYPE_CHECKING`` are not dependencies; imports in functions are, as a call
follows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import NotTracked

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

    def importers(self, name: str) -> tuple[str, ...]:
        """Modules that import *name* themselves."""
        return tuple(self._importers.get(name, ()))

    def dependents(self, name: str) -> tuple[str, ...]:
        """Modules that import *name*, directly or through others, nearest first.

        Names are absolute (``"pkg.shapes"``); *name* itself is left out.

        Raises:
            NotTracked: *name* is not in the graph.
        """
        if name not in self.imports:
            raise NotTracked(name)
        return self._walk(name, self._importers)

    def descendants(self, name: str) -> frozenset[str]:
        """All that *name* imports, directly or through others; *name* too if it is in a cycle."""
        found = self._descendants.get(name)
        if found is None:
            found = frozenset(self._walk(name, self.imports, keep_start=True))
            self._descendants[name] = found
        return found

    def ancestors(self, name: str) -> frozenset[str]:
        """All that import *name*, directly or through others."""
        return frozenset(self._walk(name, self._importers, keep_start=True))

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

    @staticmethod
    def _walk(
        start: str, edges: Mapping[str, Iterable[str]], *, keep_start: bool = False
    ) -> tuple[str, ...]:
        found: dict[str, None] = {}
        todo = [start]
        while todo:
            following: list[str] = []
            for name in todo:
                for target in edges.get(name, ()):
                    if target not in found:
                        found[target] = None
                        following.append(target)
            todo = following
        if not keep_start:
            found.pop(start, None)
        return tuple(found)
