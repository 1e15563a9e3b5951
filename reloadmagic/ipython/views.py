"""Answers of the commands that look on: values with a text and an HTML form.

Made of what the `Reloader` tells; nothing is reloaded or changed by looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reloadmagic.report.text import nothing
from reloadmagic.report.words import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reloadmagic.explain import Explanation, Graph, SourceDiff, StaleCell
    from reloadmagic.plan import Plan
    from reloadmagic.report import Report
    from reloadmagic.unload import Unloaded

__all__ = [
    "DiffsView",
    "DryRun",
    "ExplanationView",
    "GraphView",
    "History",
    "Said",
    "StaleCells",
    "Unloading",
    "View",
    "table",
]


class View:
    """Something to show: `str()` is the text, which HTML front ends get in a fixed-width block."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002
        printer.text(str(self))

    def html(self) -> str:
        """The text as it stands; kinds of views that have more to show override this."""
        from reloadmagic.report.html import pre

        return pre(str(self))

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:  # noqa: ARG002
        return {"text/plain": str(self), "text/html": self.html()}


@dataclass(frozen=True, slots=True)
class DryRun(View):
    """What a reload would do now."""

    plan: Plan

    def __bool__(self) -> bool:
        return bool(self._text())

    def _text(self) -> str:
        from reloadmagic.explain.plans import plan_text

        return plan_text(self.plan)

    def __str__(self) -> str:
        text = self._text()
        return f"a reload would do this; nothing is done yet\n\n{text}" if text else nothing()


@dataclass(frozen=True, slots=True)
class Said(View):
    """A sentence or two."""

    text: str

    def __str__(self) -> str:
        return self.text

    def html(self) -> str:
        """As ordinary text."""
        from html import escape

        return f"<div>{'<br>'.join(escape(self.text).splitlines())}</div>"


@dataclass(frozen=True, slots=True)
class Unloading(View):
    """What was unloaded, and who still holds what."""

    unloaded: Unloaded

    def __str__(self) -> str:
        return str(self.unloaded)

    def html(self) -> str:
        """As ordinary text."""
        return Said(str(self)).html()


@dataclass(frozen=True, slots=True)
class ExplanationView(View):
    """An explanation: in HTML its facts are a table."""

    explanation: Explanation

    def __str__(self) -> str:
        return str(self.explanation)

    def html(self) -> str:
        """The facts as rows."""
        from html import escape

        from reloadmagic.report.html import rows

        told = self.explanation
        facts = rows((title, "<br>".join(map(escape, lines))) for title, lines in told.facts)
        place = f"<code>{escape(told.place)}</code>"
        return f"<div><b>{escape(told.name)}</b> · {escape(told.kind)} · {place}</div>{facts}"


@dataclass(frozen=True, slots=True)
class DiffsView(View):
    """Source that last ran against the files; in HTML with colours."""

    diffs: tuple[SourceDiff, ...]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.diffs)) or _UP_TO_DATE

    def html(self) -> str:
        """Each diff below its module's name."""
        from html import escape

        from reloadmagic.report.html import diff_html

        parts = [
            f"<div><b>{escape(diff.module)}</b> · <code>{escape(place(diff.path, 0))}</code></div>"
            f"{f'<div>{escape(diff.note)}</div>' if diff.note else ''}{diff_html(diff.lines)}"
            for diff in self.diffs
        ]
        return "".join(parts) or f"<div>{_UP_TO_DATE}</div>"


_UP_TO_DATE = "what last ran is what the files hold"


@dataclass(frozen=True, slots=True)
class GraphView(View):
    """The import graph: a tree as text, a picture in HTML."""

    graph: Graph

    def __str__(self) -> str:
        return str(self.graph)

    def html(self) -> str:
        """The picture; the tree where there is nothing to draw."""
        from reloadmagic.report.html import pre

        from .picture import svg

        return svg(self.graph) if self.graph.nodes else pre(str(self))


@dataclass(frozen=True, slots=True)
class History(View):
    """Reloads by number; *verbose* tells all that each did."""

    reports: tuple[tuple[int, Report], ...]
    verbose: bool = False

    def __str__(self) -> str:
        lines = []
        for number, report in self.reports:
            text = report.details() if self.verbose else str(report)
            first, *rest = text.splitlines()
            lines += [f"{number:>3}  {first}", *(f"     {line}".rstrip() for line in rest)]
        return "\n".join(lines) or "nothing was reloaded yet"

    def html(self) -> str:
        """Each report opens to its details."""
        from reloadmagic.report.html import rows

        shown = ((str(n), r.mimebundle(details=self.verbose)["text/html"]) for n, r in self.reports)
        return rows(shown) or f"<div>{self}</div>"


@dataclass(frozen=True, slots=True)
class StaleCells(View):
    """Cells that used what has changed since they ran."""

    cells: tuple[StaleCell, ...]

    def __str__(self) -> str:
        rows = [
            (f"[{cell.number}]", f"used {', '.join(cell.used)}", _first_line(cell.source))
            for cell in self.cells
        ]
        return "\n".join(table(rows)) or "no cell used what has changed since it ran"


def _first_line(source: str) -> str:
    line = next((line for line in source.splitlines() if line.strip()), "").strip()
    return line if len(line) <= 60 else f"{line[:59]}…"


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with *rows*' cells in columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
