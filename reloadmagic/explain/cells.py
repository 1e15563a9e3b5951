"""Which of the cells that ran used what a reload changed.

In come cells as they run and what reloads change; out go `StaleCell`s. It is read off the
cells' text, so it can err; it only hints, nothing runs because of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .affected import Affected
from .reading import Cell, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..reloader import Reloader

__all__ = ["MOST", "CellLog", "StaleCell"]

MOST = 1000
"""Cells that are remembered."""


@dataclass(frozen=True, slots=True)
class StaleCell:
    """A cell whose results come of code or values that have changed since it ran.

    Attributes:
        number: its execution count, as in ``In [5]``.
        used: what it used that changed, such as ``"WIDTH"``; of another stale cell's names, with
            that cell: ``"w of [3]"``.
        source: its text.
    """

    number: int
    used: tuple[str, ...]
    source: str

    def __str__(self) -> str:
        first = next((line for line in self.source.splitlines() if line.strip()), "")
        return f"[{self.number}] used {', '.join(self.used)}: {first.strip()}"


class CellLog:
    """The cells of a session as they last ran, in order, and which of them are stale."""

    def __init__(self) -> None:
        self._cells: list[Cell] = []
        self._running: tuple[str, str] | None = None

    def starts(self, key: str, source: str) -> None:
        """A cell is about to run: no need to tell of it, as what it did is done again.

        *key* is the front end's id of the cell, ``""`` where it gives none: then an equal text is
        taken for the same cell.
        """
        self._running = (key, source)

    def ran(self, number: int, key: str, source: str, python: Callable[[], str | None]) -> None:
        """A cell has run as ``In [number]``; *python* gives its Python source when it is needed."""
        self._running = None
        self._cells = [c for c in self._cells if not _is_same(c, key, source)][-MOST:]
        self._cells.append(Cell(number, key, source, python))

    def stale(self) -> tuple[StaleCell, ...]:
        """The cells that used what has changed since they ran."""
        return tuple(StaleCell(c.number, tuple(c.used), c.source) for c in self._cells if c.used)

    def note(
        self,
        reloader: Reloader,
        changed: Mapping[str, Iterable[str]],
        namespace: dict[str, Any],
    ) -> tuple[StaleCell, ...]:
        """Mark the cells that used what a reload *changed*, names by module; give those that did.

        *namespace* is the cells' own, by which an instance's class is known.
        """
        if not self._cells:
            return ()
        index = reloader.index
        affected = Affected(index, changed)
        if not affected:
            return ()
        reader = Reader(index, affected, namespace)
        found = []
        for cell in self._cells:
            used = reader.read(cell)
            if used and not (self._running and _is_same(cell, *self._running)):
                cell.used.update(dict.fromkeys(used))
                found.append(StaleCell(cell.number, tuple(used), cell.source))
        return tuple(found)


def _is_same(cell: Cell, key: str, source: str) -> bool:
    return cell.key == key if key and cell.key else cell.source == source
