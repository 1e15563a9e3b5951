"""What was measured: figures by tool, held against what is to be reached."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Check", "Row", "duration", "median_of"]


@dataclass(frozen=True, slots=True)
class Check:
    """A figure to reach.

    Attributes:
        reach: as the table of figures says it.
        limit: what *value* may be at most.
        value: what was measured: a ratio or a count.
        of: what it is a ratio to, ``""`` for a count or a time.
    """

    reach: str
    limit: float
    value: float
    of: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table.

    Attributes:
        what: was measured.
        figures: by tool: seconds, bytes or counts, as *unit* says; a ratio where it is ``"x"``.
        unit: ``s``, ``B``, ``calls`` or ``x``.
        checks: figures to reach.
        note: what else there is to know.
    """

    what: str
    figures: Mapping[str, float]
    unit: str = "s"
    checks: tuple[Check, ...] = ()
    note: str = ""
    details: Mapping[str, object] = field(default_factory=dict)


def median_of(samples: Iterable[float]) -> float:
    return statistics.median(samples)


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if abs(seconds) * factor >= 0.9995 or unit == "µs":
            value = seconds * factor
            digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
            return f"{value:.{digits}f} {unit}"
    raise AssertionError


def figure(value: float, unit: str) -> str:
    """A figure as tables show it."""
    if unit == "s":
        return duration(value)
    if unit == "B":
        return f"{value / 1024:,.0f} KiB"
    if unit == "x":
        return f"{value:.2f} x"
    return f"{value:g}"
