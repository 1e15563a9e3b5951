"""The import graph as SVG, drawn by hand: no script, no style sheet, nothing to install.

Importers stand above what they import. Lines and letters take the page's colour, marks are
translucent, so that it suits light and dark themes.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reloadmagic.explain import Graph

__all__ = ["layers", "svg"]

_LETTER, _HEIGHT, _GAP, _ROW = 7.4, 26, 18, 64
_FILL = {
    "failed": "rgba(215,58,73,.35)",
    "stale": "rgba(227,179,65,.4)",
    "reached": "rgba(56,139,253,.3)",
    "current": "rgba(128,128,128,.12)",
}
_SAYS = {
    "failed": "the version that last ran stays in use",
    "stale": "edited since it last ran",
    "reached": "uses something that is edited",
    "current": "what last ran is what the file holds",
}


def layers(graph: Graph) -> list[list[str]]:
    """Names from top to bottom: each as far below what imports it as it has to be.

    In a cycle, the order of first import decides. Within a layer, names stand near their importers.
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
    at: dict[str, float] = {}
    for row in rows:
        row.sort(key=lambda name: _above(name, imports, at))
        at.update((name, (number + 0.5) / len(row)) for number, name in enumerate(row))
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


def _above(name: str, imports: Mapping[str, tuple[str, ...]], at: Mapping[str, float]) -> float:
    """The middle of where its importers stand, from 0 to 1."""
    places = [at[other] for other, found in imports.items() if name in found and other in at]
    return sum(places) / len(places) if places else 0.5


def svg(graph: Graph) -> str:
    """The picture, with a legend of the states that occur."""
    boxes, width, height = _place(graph)
    lines = [_line(boxes[a], boxes[b]) for a, b in graph.edges]
    nodes = [_node(n.name, n.state, n.path, boxes[n.name]) for n in graph.nodes]
    states = dict.fromkeys(n.state for n in graph.nodes if n.state != "current")
    legend = "<br>".join(
        f'<span style="background:{_FILL[state]};padding:0 .4em;border-radius:4px">{state}</span>'
        f" {_SAYS[state]}"
        for state in states
    )
    return (
        f'<div style="overflow-x:auto"><svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}"'
        f' height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" role="img"'
        ' font-family="monospace" font-size="12" fill="currentColor" stroke="none">'
        f"<title>who imports whom</title>{''.join(lines)}{''.join(nodes)}</svg></div>"
        + (f"<div>{legend}</div>" if legend else "")
    )


Box = tuple[float, float, float]  # left, top, width


def _place(graph: Graph) -> tuple[dict[str, Box], float, float]:
    """Where each name's box stands, and the width and height of the whole."""
    rows = layers(graph)
    widths = [sum(len(n) * _LETTER + 20 + _GAP for n in row) - _GAP for row in rows]
    whole = max(widths, default=0) + 8
    boxes: dict[str, Box] = {}
    for number, (row, wide) in enumerate(zip(rows, widths, strict=True)):
        left = (whole - wide) / 2
        for name in row:
            size = len(name) * _LETTER + 20
            boxes[name] = (left, 4 + number * _ROW, size)
            left += size + _GAP
    return boxes, whole, 8 + _HEIGHT + (len(rows) - 1) * _ROW


def _line(importer: Box, imported: Box) -> str:
    """A curve from the importer down to what it imports, around the side where that is above."""
    x1, y1 = importer[0] + importer[2] / 2, importer[1] + _HEIGHT
    x2, y2 = imported[0] + imported[2] / 2, imported[1]
    if y2 <= y1:  # a cycle's way back
        y1, y2 = importer[1], imported[1] + _HEIGHT
    bend = (y2 - y1) / 2
    tip = 5 if y2 > y1 else -5
    return (
        f'<path d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f}'
        f' {x2:.0f} {y2 - tip:.0f}" fill="none" stroke="currentColor" stroke-opacity=".45"/>'
        f'<path d="M{x2 - 4:.0f} {y2 - tip:.0f}h8L{x2:.0f} {y2:.0f}z" fill-opacity=".6"/>'
    )


def _node(name: str, state: str, path: str, box: Box) -> str:
    left, top, width = box
    return (
        f"<g><title>{escape(name)} · {state}: {_SAYS[state]}\n{escape(path)}</title>"
        f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{_HEIGHT}" rx="5"'
        f' fill="{_FILL[state]}" stroke="currentColor" stroke-opacity=".35"/>'
        f'<text x="{left + width / 2:.0f}" y="{top + 17}" text-anchor="middle">{escape(name)}</text></g>'
    )
