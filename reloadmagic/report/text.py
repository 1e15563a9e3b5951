"""Outcomes as plain text: the short form after a reload, and all of it on request.

The HTML form says the same with the same words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .failures import WAITS, failure_lines, traceback_lines, waits
from .names import short_names
from .words import NAMES, column, duration, listed, module_file, place, ran_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reloadmagic.engine import Outcome

    from . import Report

__all__ = [
    "cells_hint",
    "definitions_by_kind",
    "details",
    "failures",
    "headline",
    "is_news",
    "nothing",
    "short_leftovers",
    "summarize",
]

MODULES = 5  # shown on each side of the arrow
LEFTOVERS = 3  # told in the short form
CELLS = 8  # told in the short form
KINDS = ("changed", "added", "dropped", "moved")


def is_news(outcome: Outcome) -> bool:
    """Whether *outcome* is worth a word: a moved mtime alone is not."""
    return outcome.status != "touched"


def summarize(report: Report) -> str:
    """The short form: ``reloaded shapes.py (area) → model.py (WIDTH) · 4 ms``.

    Failures follow with their place, then what was left behind, then other sentences, each on lines
    of its own. Without news it says so.
    """
    lines = [
        headline(report),
        *failures(report),
        *short_leftovers(report.outcomes),
        *report.sentences,
    ]
    return "\n".join(filter(None, lines)) or nothing(undo=report.undo)


def nothing(*, undo: bool = False) -> str:
    """What is said without any news."""
    return "nothing to undo" if undo else "nothing to reload"


def headline(report: Report) -> str:
    """What was reloaded, on one line; empty if nothing was."""
    edited: list[Outcome] = []
    reached: list[Outcome] = []
    for outcome in report.outcomes:
        if outcome.status in {"reloaded", "patched"}:
            (edited if outcome.edited else reached).append(outcome)
    sides = [listed(side, MODULES, _with_names) for side in (edited, reached) if side]
    if not sides:
        return ""
    did = "undid" if report.undo else "reloaded"
    return f"{did} {' → '.join(sides)} · {duration(report.seconds)}"


def failures(report: Report) -> Iterator[str]:
    """What failed, and what still holds, in a few lines each."""
    for outcome in report.outcomes:
        yield from failure_lines(outcome, report.outcomes, undo=report.undo)


def _with_names(outcome: Outcome) -> str:
    names = short_names(outcome)
    return f"{module_file(outcome)} ({listed(names, NAMES)})" if names else module_file(outcome)


def short_leftovers(outcomes: Sequence[Outcome]) -> list[str]:
    """What could not follow, the first few sentences."""
    left = [sentence for outcome in outcomes for sentence in outcome.leftovers]
    more = len(left) - LEFTOVERS
    return left if more <= 1 else [*left[:LEFTOVERS], f"… {more} more left behind"]


def details(report: Report) -> str:
    """The long form: the short one, then each module's story."""
    stories = ("\n".join(_story(outcome)) for outcome in report.outcomes if is_news(outcome))
    return "\n\n".join([summarize(report), *stories])


def _story(outcome: Outcome) -> Iterator[str]:
    """One module's story: definitions, statements run and why, kept, left behind, error, diff."""
    from .unified import diff_lines  # imported with the first reports of which all is told

    took, where = duration(outcome.seconds), place(outcome.path, 0)
    yield f"{outcome.module} · {outcome.status} · {took} · {where}"
    for kind, names in definitions_by_kind(outcome):
        yield f"  {kind:<8} {', '.join(names)}"
    yield from column("ran", map(ran_text, outcome.ran))
    yield from column("kept", outcome.kept)
    yield from column("left", outcome.leftovers)
    if outcome.error is not None:
        yield from column("error", traceback_lines(outcome.error))
    elif waits(outcome):
        yield from column("error", [WAITS])
    yield from column("diff", diff_lines(outcome))


def definitions_by_kind(outcome: Outcome) -> Iterator[tuple[str, list[str]]]:
    """``("changed", ["area", "Circle.grow"])`` and so on, kinds that occur only."""
    for kind in KINDS if outcome.definitions else ():
        names = [definition.name for definition in outcome.definitions if definition.kind == kind]
        if names:
            yield kind, names


def cells_hint(used: Mapping[int, Sequence[str]]) -> str:
    """``cells [5] [7] used WIDTH before it changed``.

    *used* has execution counts and what those cells used that changed.
    """
    numbers = " ".join(f"[{number}]" for number in list(used)[:CELLS])
    more = f" … {len(used) - CELLS} more" if len(used) > CELLS else ""
    names = list(dict.fromkeys(name for found in used.values() for name in found))
    cells = "cell" if len(used) == 1 else "cells"
    changed = [name for name in names if " of [" not in name]  # by themselves
    told = changed or names
    they = "it" if len(told) == 1 else "they"
    return f"{cells} {numbers}{more} used {listed(told, NAMES)} before {they} changed"
