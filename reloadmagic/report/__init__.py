"""What a reload did, for people: one line, all of it as text, or HTML.

In come the engine's `Outcome` values and free-form notes; out goes text. Nothing is decided here,
no module is touched, and nothing is imported for display before something is displayed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadmagic.engine import Definition, Outcome, Ran

__all__ = ["Reloaded", "Report"]


class _Printer(Protocol):
    """What IPython hands to ``_repr_pretty_``."""

    def text(self, text: str) -> None: ...


class Reloaded(NamedTuple):
    """What tells which names of a module a reload has changed: of an `Outcome`, without its texts."""

    module: str
    definitions: tuple[Definition, ...]
    ran: tuple[Ran, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What one reload did to each module it concerned.

    Attributes:
        outcomes: one for each module, in the order in which they were dealt with.
        notes: phrases about the session as a whole.
        seconds: how long all of it took.
        undo: it went back to the code before a reload.
        troubles: phrases about workers that did not follow.
    """

    outcomes: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    undo: bool = False
    troubles: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is something to say: a touched file with the same text is nothing."""
        if self.troubles or self.notes:
            return True
        return any(outcome.status != "touched" for outcome in self.outcomes)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Outcomes of modules that keep the version that last ran because of an error."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def sentences(self) -> tuple[str, ...]:
        """What there is to say besides outcomes, troubles first."""
        return self.troubles + self.notes

    @property
    def reloaded(self) -> list[Reloaded]:
        """What tells which names were changed of each module that was reloaded."""
        return [
            Reloaded(outcome.module, outcome.definitions, outcome.ran)
            for outcome in self.outcomes
            if outcome.status in {"reloaded", "patched"}
        ]

    def __str__(self) -> str:
        """One line for what was reloaded, and the place for each thing that failed."""
        return _summarize()(self)

    def details(self) -> str:
        """All that is known, as plain text: definitions, statements run and why, source diffs."""
        from .text import details

        return details(self)

    def mimebundle(self, *, details: bool = False) -> dict[str, str]:
        """Text and HTML at once, so that a front end takes the richest form it can show.

        The HTML always holds all; *details* says whether that is seen at once, and in the text.
        """
        from .html import render

        html = render(self, opened=details)
        return {"text/plain": self.details() if details else str(self), "text/html": html}

    def _repr_pretty_(self, printer: _Printer, cycle: bool) -> None:  # noqa: ARG002
        printer.text(str(self))

    def _repr_html_(self) -> str:
        return self.mimebundle()["text/html"]

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:  # noqa: ARG002
        return self.mimebundle()


@functools.cache
def _summarize() -> Callable[[Report], str]:
    from .text import summarize

    return summarize
