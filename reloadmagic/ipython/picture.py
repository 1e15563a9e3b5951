"""The import graph as SVG, drawn by hand: no script, no style sheet, nothing to install.

Importers stand above what they import. Lines and letters take the page's colour, marks are
translucent, so that it suits light and dark themes.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .layout import lay_out

if TYPE_CHECKING:
    from reloadmagic.explain import Graph, Node

    from .layout import Cell, Layout

__all__ = ["svg"]

_LETTER, _HEIGHT, _GAP, _ROW = 7.4, 26, 18, 64
_TIP, _BESIDE = 5, 10
_FILL = {
    "failed": "rgba(215,58,73,.35)",
    "stale": "rgba(227,179,65,.4)",
    "gone": "rgba(227,179,65,.2)",
    "undone": "rgba(163,113,247,.3)",
    "reached": "rgba(56,139,253,.3)",
    "current": "rgba(128,128,128,.12)",
}
_SAYS = {
    "failed": "the version that last ran stays in use",
    "stale": "edited since it last ran",
    "gone": "its file is gone; what last ran stays",
    "undone": "an older version runs than the one in the file",
    "reached": "uses something that is edited",
    "current": "what last ran is what the file holds",
}


def svg(graph: Graph) -> str:
    """The picture, with a legend of the states that occur."""
    layout = lay_out(graph, _width)
    lines = [_line(layout, upper, lower) for upper, lower in layout.lines]
    lines += [_way_back(layout, importer, imported) for importer, imported in layout.back]
    nodes = [_node(layout, node) for node in graph.nodes]
    states = dict.fromkeys(n.state for n in graph.nodes if n.state != "current")
    legend = "<br>".join(
        f'<span style="background:{_FILL[state]};padding:0 .4em;border-radius:4px">{state}</span>'
        f" {_SAYS[state]}"
        for state in states
    )
    right = layout.width
    bottom = _top(len(layout.rows) - 1) + _HEIGHT + 4
    return (
        f'<div style="overflow-x:auto"><svg xmlns="http://www.w3.org/2000/svg" width="{right:.0f}"'
        f' height="{bottom:.0f}" viewBox="0 0 {right:.0f} {bottom:.0f}" role="img"'
        ' font-family="monospace" font-size="12" fill="currentColor" stroke="none">'
        f"<title>who imports whom</title>{''.join(lines)}{''.join(nodes)}</svg></div>"
        + (f"<div>{legend}</div>" if legend else "")
    )


def _box_width(name: str) -> float:
    return len(name) * _LETTER + 20


def _width(place: Cell, is_module: bool) -> float:
    """The width of a place with the gap around it: a passing line has no other."""
    return _GAP + (_box_width(place[0]) if is_module else 0)


def _top(row: int) -> float:
    return 4 + row * _ROW


def _line(layout: Layout, upper: Cell, lower: Cell) -> str:
    """A curve down to the next place; through that if it is not the module's, else to its tip."""
    x1, y1 = layout.middles[upper], _top(upper[1]) + _HEIGHT
    x2, y2 = layout.middles[lower], _top(lower[1])
    if layout.home[lower[0]] == lower[1]:
        return _curve(x1, y1, x2, y2 - _TIP) + _tip(x2, y2, -_TIP)
    return _curve(x1, y1, x2, y2, f"V{y2 + _HEIGHT:.0f}")


def _way_back(layout: Layout, importer: str, imported: str) -> str:
    """A curve up to what closes a cycle, beside the way down."""
    x1, y1 = layout.middles[importer, layout.home[importer]] + _BESIDE, _top(layout.home[importer])
    x2 = layout.middles[imported, layout.home[imported]] + _BESIDE
    y2 = _top(layout.home[imported]) + _HEIGHT
    return _curve(x1, y1, x2, y2 + _TIP) + _tip(x2, y2, _TIP)


def _curve(x1: float, y1: float, x2: float, y2: float, then: str = "") -> str:
    bend = (y2 - y1) / 2
    return (
        f'<path d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f}'
        f' {x2:.0f} {y2:.0f}{then}" fill="none" stroke="currentColor" stroke-opacity=".45"/>'
    )


def _tip(x: float, y: float, length: float) -> str:
    return f'<path d="M{x - 4:.0f} {y + length:.0f}h8L{x:.0f} {y:.0f}z" fill-opacity=".6"/>'


def _node(layout: Layout, node: Node) -> str:
    row = layout.home[node.name]
    middle, width, top = layout.middles[node.name, row], _box_width(node.name), _top(row)
    left = middle - width / 2
    return (
        f"<g><title>{escape(node.name)} · {node.state}: {_SAYS[node.state]}\n{escape(node.path)}</title>"
        f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{_HEIGHT}" rx="5"'
        f' fill="{_FILL[node.state]}" stroke="currentColor" stroke-opacity=".35"/>'
        f'<text x="{middle:.0f}" y="{top + 17}" text-anchor="middle">{escape(node.name)}</text></g>'
    )
