"""Who imports whom among the user's modules, and how each stands: a graph, and as text a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..graph import ImportGraph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..reloader import Reloader

__all__ = ["Graph", "Node", "module_graph"]


@dataclass(frozen=True, slots=True)
class Node:
    """A module in the graph.

    Attributes:
        name: absolute module name.
        path: its file.
        state: ``"failed"``, ``"stale"`` (edited), ``"gone"`` (its file is), ``"undone"``,
            ``"reached"`` (something that it uses is edited) or ``"current"``.
    """

    name: str
    path: str
    state: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Modules and the edges from importers to what they import, both in order of first import.

    An import of a package that an import of its submodule implies is left out, and so is that of
    the package which a module itself lies in.
    """

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]

    def imports(self) -> dict[str, tuple[str, ...]]:
        """For each module, those that it imports."""
        return {node.name: tuple(b for a, b in self.edges if a == node.name) for node in self.nodes}

    def roots(self) -> tuple[str, ...]:
        """Where to begin: modules that no other imports, and one of each cycle nothing leads to."""
        imports = self.imports()
        imported = {target for _, target in self.edges}
        roots = [node.name for node in self.nodes if node.name not in imported]
        seen = set(_below(roots, imports))
        for node in self.nodes:
            if node.name not in seen:
                roots.append(node.name)
                seen.update(_below([node.name], imports))
        return tuple(roots)

    def __str__(self) -> str:
        return "\n".join(self._lines()) or "no modules of yours are imported"

    def _lines(self) -> Iterator[str]:
        states = {node.name: node.state for node in self.nodes}
        imports = self.imports()
        shown: set[str] = set()
        for root in self.roots():
            yield from _branch(root, imports, states, shown, "", "")


def _branch(
    name: str,
    imports: Mapping[str, tuple[str, ...]],
    states: Mapping[str, str],
    shown: set[str],
    head: str,
    rest: str,
) -> Iterator[str]:
    """The lines of *name* and what it imports; what was shown before is only named."""
    mark = "" if states[name] == "current" else f"  ({states[name]})"
    again = " …" if name in shown and imports[name] else ""
    yield f"{head}{name}{again}{mark}"
    if name in shown:
        return
    shown.add(name)
    targets = imports[name]
    for target in targets:
        last = target == targets[-1]
        yield from _branch(
            target,
            imports,
            states,
            shown,
            rest + ("└── " if last else "├── "),
            rest + ("    " if last else "│   "),
        )


def _below(names: list[str], imports: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    todo, seen = list(names), set()
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            yield name
            todo += imports[name]


_RUNS = {"patch", "reload"}
_STATES = {"deleted": "gone"}


def module_graph(reloader: Reloader, name: str | None = None) -> Graph:
    """The graph of all tracked modules, or of *name*, what it imports and what imports it."""
    plan = reloader.plan()
    imports = _imports(reloader)
    names = set(reloader.tracked)
    if name is not None:
        graph = ImportGraph(imports)
        names = {name} | graph.descendants(name) | graph.ancestors(name)
    states = dict.fromkeys((s.module for s in plan.steps if s.action in _RUNS), "reached")
    states |= {c.module: _STATES.get(c.kind, "stale") for c in plan.changes if c.kind != "touched"}
    states |= dict.fromkeys(reloader.undone, "undone")
    states |= {m.name: "failed" for m in reloader.tracked.values() if m.failed is not None}
    if name is None:
        names -= _mere_folders(imports)
    modules = sorted(
        (m for m in reloader.tracked.values() if m.name in names), key=lambda m: m.order
    )
    nodes = tuple(
        Node(module.name, module.path, states.get(module.name, "current")) for module in modules
    )
    place = {node.name: number for number, node in enumerate(nodes)}
    edges = [(a, b) for a, found in imports.items() for b in found if a in place and b in place]
    edges.sort(key=lambda edge: (place[edge[0]], place[edge[1]]))
    return Graph(nodes, tuple(edges))


def _mere_folders(imports: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Packages that import nothing and that only their own modules import."""
    imported = {target for found in imports.values() for target in found}
    within = {name.rpartition(".")[0] for name in imports}
    return {name for name in within if name in imports and not imports[name]} - imported


def _imports(reloader: Reloader) -> dict[str, tuple[str, ...]]:
    """Each tracked module's imports, without those that go without saying."""
    known = reloader.index.imports.by_module()
    return {
        name: tuple(
            target
            for target in sorted(known.get(name, ()))
            if target in reloader.tracked
            and not name.startswith(f"{target}.")
            and not any(other.startswith(f"{target}.") for other in known[name])
        )
        for name in reloader.tracked
    }
