"""Where modules stand in a picture of who imports whom: in rows, with lines that pass between them.

After Sugiyama: each module stands as far below its importers as it has to; a line that passes a row
has a place of its own there, so that it leads through no box; lines to the same module are joined;
within a row, what belongs together stands together.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from reloadmagic.explain import Graph

__all__ = ["Cell", "Layout", "lay_out", "layers"]

Cell = tuple[str, int]
"""A place in a row: a module's, or, in a row above that, where the lines to it pass."""
MOST = 3000  # places; above that, lines lead straight from box to box
SWEEPS = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Where all stands.

    Attributes:
        rows: of places, from top to bottom, each from left to right.
        middles: the horizontal middle of each place, from the left.
        home: the row of each module.
        lines: pairs of places that a line connects, the upper one first.
        back: imports that lead up, as they close a cycle.
        width: of all of it.
    """

    rows: list[list[Cell]]
    middles: dict[Cell, float]
    home: dict[str, int]
    lines: list[tuple[Cell, Cell]]
    back: list[tuple[str, str]]
    width: float


def layers(graph: Graph) -> list[list[str]]:
    """Names from top to bottom: each as far below what imports it as it has to be.

    In a cycle, the order of first import decides.
    """
    imports = graph.imports()
    below = {name: [t for t in found if t != name] for name, found in imports.items()}
    depth = dict.fromkeys(imports, 0)
    for name in _downwards(graph.roots(), below):
        for target in below[name]:
            depth[target] = max(depth[target], depth[name] + 1)
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in graph.nodes:
        rows[depth[node.name]].append(node.name)
    return rows


def _downwards(roots: Iterable[str], below: dict[str, list[str]]) -> list[str]:
    """Names in an order in which importers come first; edges back up a cycle leave *below*."""
    done: dict[str, None] = {}
    open_names: dict[str, None] = {}
    for root in roots:
        todo = [(root, iter(list(below[root])))]
        while todo:
            name, targets = todo[-1]
            open_names[name] = None
            target = next(targets, None)
            if target is None:
                todo.pop()
                del open_names[name]
                done[name] = None
            elif target in open_names:
                below[name].remove(target)
            elif target not in done:
                todo.append((target, iter(list(below[target]))))
    return list(reversed(done))


def lay_out(graph: Graph, width: Callable[[Cell, bool], float]) -> Layout:
    """Where all stands; *width* is that of a place, which is a module's or not, with its margins."""
    rows = layers(graph)
    home = {name: number for number, row in enumerate(rows) for name in row}
    down = [(a, b) for a, b in graph.edges if home[a] < home[b]]
    back = [(a, b) for a, b in graph.edges if home[a] >= home[b] and a != b]
    if sum(home[b] - home[a] for a, b in down) > MOST:
        lines = [((a, home[a]), (b, home[b])) for a, b in down]
    else:
        lines = list(dict.fromkeys(pair for a, b in down for pair in _steps(a, b, home)))
    places = dict.fromkeys((name, home[name]) for name in home)
    places.update(dict.fromkeys(place for line in lines for place in line))
    cells: list[list[Cell]] = [[] for _ in rows]
    for place in places:
        cells[place[1]].append(place)
    near: dict[Cell, list[Cell]] = defaultdict(list)
    for upper, lower in lines:
        near[upper].append(lower)
        near[lower].append(upper)
    _order(cells, near)
    widths = {place: width(place, home[place[0]] == place[1]) for place in places}
    middles = _middles(cells, near, widths)
    whole = max((middles[place] + widths[place] / 2 for place in places), default=0.0)
    return Layout(cells, middles, home, lines, back, whole)


def _steps(importer: str, imported: str, home: Mapping[str, int]) -> Iterable[tuple[Cell, Cell]]:
    """The lines of an import, from row to row."""
    at = (importer, home[importer])
    for row in range(home[importer] + 1, home[imported] + 1):
        yield at, (imported, row)
        at = (imported, row)


def _order(rows: list[list[Cell]], near: Mapping[Cell, list[Cell]]) -> None:
    """Sort each row by where the neighbours of its places stand, in the rows above and below."""
    at = {place: (n + 0.5) / len(row) for row in rows for n, place in enumerate(row)}
    for sweep in range(SWEEPS):
        step = 1 if sweep % 2 else -1  # by the row below, by the row above
        for row in rows if step < 0 else rows[::-1]:
            wanted = {
                place: _mean(
                    [at[n] for n in near.get(place, ()) if n[1] == place[1] + step], at[place]
                )
                for place in row
            }
            row.sort(key=wanted.__getitem__)
            at.update((place, (n + 0.5) / len(row)) for n, place in enumerate(row))


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _middles(
    rows: list[list[Cell]], near: Mapping[Cell, list[Cell]], widths: Mapping[Cell, float]
) -> dict[Cell, float]:
    """The middles of all places, each as near to those of its neighbours as the row allows."""
    middles = {place: 0.0 for row in rows for place in row}
    for sweep in range(2 * SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            wanted = [_mean([middles[n] for n in near.get(p, ())], middles[p]) for p in row]
            middles.update(zip(row, _apart(wanted, [widths[p] for p in row]), strict=True))
    left = min((middles[p] - widths[p] / 2 for p in middles), default=0.0)
    return {place: middle - left for place, middle in middles.items()}


def _apart(wanted: list[float], widths: list[float]) -> list[float]:
    """Middles in order, without overlaps, at the least sum of squared distances from *wanted*."""
    offsets = [0.0]
    for one, other in itertools.pairwise(widths):
        offsets.append(offsets[-1] + (one + other) / 2)
    # Isotonic regression by pooling adjacent violators: blocks of [sum, count].
    blocks: list[list[float]] = []
    for middle, offset in zip(wanted, offsets, strict=True):
        blocks.append([middle - offset, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    starts = [total / count for total, count in blocks for _ in range(int(count))]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
