"""Outcomes as HTML: the short form as a summary which opens to the details.

No script, no style sheet: colours are translucent, so that they suit light and dark themes, and
stand in ``style`` attributes, which survive where a ``<style>`` element is stripped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .failures import WAITS, traceback_lines
from .text import definitions_by_kind, failures, headline, is_news, nothing, short_leftovers
from .unified import diff_lines
from .words import duration, place, ran_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reloadmagic.engine import Outcome

    from . import Report

__all__ = ["diff_html", "disclosure", "pre", "render", "rows"]

_CODE = (
    "margin:.2em 0;padding:.3em .6em;background:rgba(128,128,128,.08);"
    "font-size:.92em;line-height:1.35;overflow-x:auto"
)
_INSIDE = "margin-left:1.2em"  # as wide as the triangle of a disclosure
_FAILED = "border-left:3px solid rgba(215,58,73,.9);padding-left:.6em"
_DIFF = {
    "+": "background:rgba(46,160,67,.22)",
    "-": "background:rgba(215,58,73,.2)",
    "@": "opacity:.7",
}


def render(report: Report, *, opened: bool) -> str:
    """The whole report: the short form, which opens to the rest."""
    news = [outcome for outcome in report.outcomes if is_news(outcome)]
    if not news:
        told = "<br>".join(map(escape, report.sentences))
        return f"<div>{told or nothing(undo=report.undo)}</div>"
    failed = list(failures(report))
    said = [*short_leftovers(report.outcomes), *report.sentences]
    summary = escape(headline(report))
    if not summary:
        first = failed.pop(0) if failed else said.pop(0)
        summary = f'<span style="{_FAILED}">{escape(first)}</span>'
    after = pre("\n".join(failed), f"{_INSIDE};{_FAILED}") + "".join(map(remark, said))
    return disclosure(summary, "".join(map(_module, news)), after=after, opened=opened)


def remark(sentence: str) -> str:
    """A sentence besides what is told, below it."""
    return f'<div style="{_INSIDE};opacity:.8">{escape(sentence)}</div>'


def disclosure(summary: str, inside: str, *, after: str = "", opened: bool = False) -> str:
    """*summary* that opens to *inside*, and *after*, which is always seen. All are HTML."""
    mark = " open" if opened else ""
    return f"<details{mark}><summary>{summary}</summary>{inside}</details>{after}"


def _module(outcome: Outcome) -> str:
    title = (
        f"<b>{escape(outcome.module)}</b> · {outcome.status} · {duration(outcome.seconds)}"
        f" · <code>{escape(place(outcome.path, 0))}</code>"
    )
    return (
        f'<div style="margin:.4em 0;{_INSIDE}"><div>{title}</div>'
        f"{rows(_facts(outcome))}{_error(outcome)}{diff_html(diff_lines(outcome))}</div>"
    )


def _facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    for kind, names in definitions_by_kind(outcome):
        yield kind, ", ".join(f"<code>{escape(name)}</code>" for name in names)
    for title, sentences in (
        ("ran", [ran_text(ran) for ran in outcome.ran]),
        ("kept", outcome.kept),
        ("left", outcome.leftovers),
    ):
        if sentences:
            yield title, "<br>".join(map(escape, sentences))


def _error(outcome: Outcome) -> str:
    if outcome.error is not None:
        return pre("\n".join(traceback_lines(outcome.error)), _FAILED)
    return f"<div>{WAITS}</div>" if outcome.status == "failed" else ""


def rows(facts: Iterable[tuple[str, str]]) -> str:
    """A table of title and HTML; empty without facts."""
    cell = 'style="text-align:left;vertical-align:top;padding:.1em .8em .1em 0"'
    lines = [
        f'<tr style="background:none"><td {cell}><i>{escape(title)}</i></td><td {cell}>{html}</td></tr>'
        for title, html in facts
    ]
    return f'<table style="margin:.2em 0">{"".join(lines)}</table>' if lines else ""


def pre(text: str, style: str = "") -> str:
    """*text* as it stands, in the fixed-width font that carets need."""
    styles = f"{_CODE};{style}" if style else _CODE
    return f'<pre style="{styles}">{escape(text)}</pre>' if text else ""


def diff_html(lines: Sequence[str]) -> str:
    """Unified diff *lines* with what was added and removed on coloured ground."""
    if not lines:
        return ""
    coloured = "\n".join(_diff_line(line) for line in lines)
    return f'<pre style="{_CODE}">{coloured}</pre>'


def _diff_line(line: str) -> str:
    style = _DIFF.get(line[:1], "")
    return f'<span style="{style}">{escape(line)}</span>' if style else escape(line)
