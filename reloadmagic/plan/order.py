"""Which statement runs before which, where all modules are imported anew.

In come the index, which holds the sources that are to run, and the order in which imports began;
out go answers by the graph of imports.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Container, Iterable, Mapping

from ..graph import ImportGraph, RunOrder
from ..modules import TrackedModule
from ..reach.index import Index
from ..reach.tokens import StatementId
from ..reach.walk import Walk

__all__ = ["Order", "import_graph", "run_order"]


class Order:
    """The order by the sources that are to run; made when it is first asked for.

    *ahead* holds the modules that are not loaded and that edited statements will import.
    """

    def __init__(
        self, index: Index, tracked: Mapping[str, TrackedModule], ahead: Container[str]
    ) -> None:
        self._index = index
        self._tracked = tracked
        self._ahead = ahead
        # By module, what its statements will import for the first time by functions that they call.
        self._late: dict[str, list[tuple[int, str]]] = {}

    def add_late(self, callers: Iterable[StatementId], target: str) -> None:
        """The statements *callers* will import *target* by functions that they call."""
        for module, number in callers:
            self._late.setdefault(module, []).append((number, target))

    @functools.cached_property
    def run(self) -> RunOrder:
        """In which order statements run."""
        return self.run_now()

    def run_now(self) -> RunOrder:
        """In which order statements run by the sources that the index holds at the moment."""
        started = {n: self.started(n) for n in self._index.modules}
        return run_order(self._index, started, self._late)

    @functools.cached_property
    def graph(self) -> ImportGraph:
        """Who imports whom, by the sources that are to run."""
        return import_graph(self._index)

    @functools.cached_property
    def graph_at_once(self) -> ImportGraph:
        """Whom the statements of each module import themselves."""
        return self._index.remembered("import graph at once", self._graph_at_once)

    def _graph_at_once(self) -> ImportGraph:
        imports = self._index.imports.at_once()
        return ImportGraph({n: [target for _, target in found] for n, found in imports.items()})

    def started(self, name: str) -> int:
        """In which order the imports of the modules began."""
        return sys.maxsize if name in self._ahead else self._tracked[name].order

    def before(self, one: StatementId, other: StatementId) -> bool:
        """Does statement *one* run before *other*, as far as the order of imports tells?"""
        if one[0] == other[0]:
            return one[1] < other[1]
        return self.run.place(*one) < self.run.place(*other)

    def is_past(self, statement: StatementId, producer: StatementId) -> bool:
        """Has *statement* run for certain when *producer* runs?"""
        if statement[0] == producer[0]:
            return statement[1] < producer[1]
        if not self.run.place(*statement) < self.run.place(*producer):
            return False
        module = producer[0]
        if module in self.graph.descendants(statement[0]):
            # Else a function imports it, whenever it is called.
            if module not in self.graph_at_once.descendants(statement[0]):
                return False
        return all(self.before(statement, caller) for caller in self._late_importers(module))

    def _late_importers(self, module: str) -> set[StatementId]:
        """The statements that may call functions which import *module*, directly or through others."""
        return self._index.remembered(
            ("late importers", module), lambda: self._find_late_importers(module)
        )

    def _find_late_importers(self, module: str) -> set[StatementId]:
        leading = {module, *self.graph.ancestors(module)}
        users = (u for u, target in self._index.imports.by_functions() if target in leading)
        return Walk(self._index, calls_only=True).from_user(*users)


def import_graph(index: Index) -> ImportGraph:
    """Who imports whom, by the sources that the index holds; kept until those import otherwise."""
    return index.remembered("import graph", lambda: ImportGraph(index.imports.by_module()))


def run_order(
    index: Index, started: Mapping[str, int], late: Mapping[str, list[tuple[int, str]]]
) -> RunOrder:
    """In which order statements run by the sources that the index holds; kept like the graph.

    *started* says in which order the imports of all modules began, *late* what calls will import.
    """

    def find() -> RunOrder:
        imports = index.imports.at_once()
        for name, found in late.items():
            imports[name] = sorted([*imports[name], *found], key=operator.itemgetter(0))
        return RunOrder(imports, started)

    return find() if late else index.remembered(("run order", *started.items()), find)
