"""Keeps the cells that a shell ran, as IPython told of them, until somebody asks what they used."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadmagic.explain.cells import CellLog

__all__ = ["CellRecord"]

MOST = 1000
"""Cells that are kept."""


class CellRecord:
    """The cells of one shell. Each cell pays for a line here, whoever asks later for the rest.

    Attributes:
        running: the user's cell that runs, as IPython told of it; None between cells.
    """

    def __init__(self, python: Callable[[str, str | None], str | None]) -> None:
        """*python* gives the Python of a cell's text, with the text without magics if known."""
        self.running: Any = None
        self._python = python
        self._ran: list[tuple[int, Any]] = []
        self._log: CellLog | None = None

    def look_back(self, history: Any) -> None:
        """Take over the cells that ran before, from IPython's *history*."""
        for number, cell in enumerate(list(getattr(history, "input_hist_raw", ()))):
            self._ran.append((number, types.SimpleNamespace(raw_cell=cell)))

    def ended(self, number: int | None) -> None:
        """The running cell has run as ``In [number]``."""
        info, self.running = self.running, None
        if info is not None and number is not None:
            self._ran.append((number, info))
            if len(self._ran) > 2 * MOST:
                del self._ran[:-MOST]

    def log(self) -> CellLog:
        """The cells that ran, and the one that runs."""
        if self._log is None:
            from reloadmagic.explain.cells import CellLog

            self._log = CellLog()
        for number, info in self._ran:
            key, cell, transformed = _facts(info)
            if cell.strip():
                python = functools.partial(self._python, cell, transformed)
                self._log.ran(number, key, cell, python)
        self._ran.clear()
        if self.running is not None:
            key, cell, _ = _facts(self.running)
            self._log.starts(key, cell)
        return self._log


def _facts(info: Any) -> tuple[str, str, str | None]:
    """The front end's id of a cell, its text, and its text without magics if IPython brings it."""
    key = getattr(info, "cell_id", None) or ""
    return key, info.raw_cell, getattr(info, "transformed_cell", None)
