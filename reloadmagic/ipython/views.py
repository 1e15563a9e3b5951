"""Answers of the commands that look on: values with a text and an HTML form.

Made of what the `Reloader` tells; nothing is reloaded or changed by looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reloadmagic.report.failures import error_text
from reloadmagic.report.text import nothing
from reloadmagic.report.words import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reloadmagic.explain import Explanation, Graph, SourceDiff, StaleCell
    from reloadmagic.modules import TrackedModule
    from reloadmagic.plan import Plan
    from reloadmagic.reloader import Reloader
    from reloadmagic.report import Report
    from reloadmagic.unload import Unloaded

__all__ = [
    "DiffsView",
    "DryRun",
    "ExplanationView",
    "GraphView",
    "History",
    "ModuleState",
    "Said",
    "StaleCells",
    "Status",
    "Unloading",
    "View",
    "status",
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


@dataclass(frozen=True, slots=True)
class ModuleState:
    """A tracked module at a glance.

    Attributes:
        name: absolute module name.
        path: its file.
        state: ``"failed"``, ``"stale"``, ``"undone"`` or ``"current"``.
        because: what failed, or what happened to the file; empty if current.
    """

    name: str
    path: str
    state: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class Status(View):
    """What is tracked, stale, failed, and what is left alone and why."""

    mode: str
    modules: tuple[ModuleState, ...]
    untracked: tuple[tuple[str, str], ...]

    def counts(self) -> str:
        """``2 modules tracked, 1 stale, 1 failed · mode auto``."""
        number = len(self.modules)
        parts = [f"{number} module{'' if number == 1 else 's'} tracked"]
        for state in ("stale", "undone", "failed"):
            found = sum(module.state == state for module in self.modules)
            parts += [f"{found} {state}"] if found else []
        return f"{', '.join(parts)} · mode {self.mode}"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.counts()
        yield from table((m.state, m.name, m.because or place(m.path, 0)) for m in self.modules)
        if self.untracked:
            yield "left alone"
            yield from table(self.untracked)

    def html(self) -> str:
        """A table of the modules; what is left alone opens on a click."""
        from html import escape

        from reloadmagic.report.html import disclosure, pre, rows

        tracked = rows((module.name, _state_html(module)) for module in self.modules)
        alone = rows((name, escape(why)) for name, why in self.untracked)
        aside = disclosure(f"{len(self.untracked)} left alone", alone) if alone else ""
        return f"<div>{escape(self.counts())}</div>{tracked or pre('')}{aside}"


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with *rows*' cells in columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _state_html(module: ModuleState) -> str:
    from html import escape

    shown = module.state if module.state == "current" else f"<b>{module.state}</b>"
    return f"{shown} · {escape(module.because or place(module.path, 0))}"


def status(reloader: Reloader, mode: str) -> Status:
    """How things stand now, with a look at the files."""
    changed = {c.module: c.kind for c in reloader.changes() if c.kind != "touched"}
    states = [
        _state(module, changed.get(module.name), undone=module.name in reloader.undone)
        for module in reloader.tracked.values()
    ]
    order = {"failed": 0, "undone": 1, "stale": 2, "current": 3}
    states.sort(key=lambda state: (order[state.state], state.name))
    return Status(mode, tuple(states), _sorted_items(reloader.untracked().items()))


def _sorted_items(items: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(items))


_STALE = {
    "deleted": "its file is gone",
    "moved": "an import finds it in another file now",
    "opaque": "changed, and only a restart can load it",
    "unreadable": "edited since it last ran, and cannot be read or parsed",
}


_UNDONE = "an older version runs until the file is edited; %reload_changed loads what it holds"


def _state(module: TrackedModule, change: str | None, *, undone: bool) -> ModuleState:
    state, because = "current", ""
    if module.failed is not None:
        state, because = "failed", error_text(module.failed)
    elif undone:
        state, because = "undone", _UNDONE
    elif change is not None or module.stale:
        state, because = "stale", _STALE.get(change or "", "edited since it last ran")
    return ModuleState(module.name, module.path, state, because)
