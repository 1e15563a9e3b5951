"""What reloads did to a module, or to a definition in it, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..report.failures import error_text
from ..report.names import label_names, short_names
from ..report.words import listed, ran_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..engine import Outcome
    from ..reloader import Reloader

__all__ = ["definition_history", "module_history"]

MOST = 3
"""Reloads that are told."""
NAMES = 8
"""Names that are told of one."""


def module_history(reloader: Reloader, module: str) -> tuple[str, ...]:
    """The last reloads that had to do with *module*."""
    found = [f"{which}: {_what_became(outcome)}" for which, outcome in _outcomes(reloader, module)]
    return tuple(found[:MOST]) or ("not reloaded since it was imported",)


def _what_became(outcome: Outcome) -> str:
    names = short_names(outcome)
    what = f" ({listed(names, NAMES)})" if names else ""
    why = "" if outcome.edited else ", reached by another module's edit"
    error = f": {error_text(outcome.error)}" if outcome.error is not None else ""
    return f"{outcome.status}{what}{why}{error}"


def definition_history(reloader: Reloader, module: str, definition: str) -> tuple[str, ...]:
    """The last reloads that had to do with *definition* of *module*."""
    found = []
    for which, outcome in _outcomes(reloader, module):
        words = _what_happened(outcome, definition)
        if words:
            found.append(f"{which}: {'; '.join(words)}")
    return tuple(found[:MOST]) or ("unchanged since its module was imported",)


def _what_happened(outcome: Outcome, definition: str) -> list[str]:
    top = definition.partition(".")[0]
    words = [
        d.kind if d.name == definition else f"{d.name} {d.kind}"
        for d in outcome.definitions
        if _is_same(d.name, definition)
    ]
    words += [f"ran {ran_text(ran)}" for ran in outcome.ran if top in label_names(ran.label)]
    if words and outcome.status == "failed":
        words.append("rolled back, as the reload failed")
    return words


def _outcomes(reloader: Reloader, module: str) -> Iterator[tuple[str, Outcome]]:
    """What became of *module*, by reload, as `%reload_history` counts them, newest first."""
    for number, report in reversed(list(enumerate(reloader.history, 1))):
        which = f"undo {number}" if report.undo else f"reload {number}"
        for outcome in report.outcomes:
            if outcome.module == module and outcome.status != "touched":
                yield which, outcome


def _is_same(name: str, definition: str) -> bool:
    """Is *name* the definition, a part of it, or what it is a part of?"""
    return (
        name == definition or name.startswith(f"{definition}.") or definition.startswith(f"{name}.")
    )
