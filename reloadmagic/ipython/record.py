"""Keeps the cells that a shell ran, as IPython told of them, until somebody asks what they used."""

from __future__ import annotations

import functools
import types
from collections import deque
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
        ran: those not yet read, each with its number and as IPython told of it.
    """

    def __init__(self, python: Callable[[str, str | None], str | None]) -> None:
        """*python* gives the Python of a cell's text, with the text without magics if known."""
        self.ran: deque[tuple[int, Any]] = deque(maxlen=MOST)
        self._python = python
        self._log: CellLog | None = None

    def look_back(self, history: Any) -> None:
        """Take over the cells that ran before, from IPython's *history*."""
        for number, cell in enumerate(list(getattr(history, "input_hist_raw", ()))):
            self.ran.append((number, types.SimpleNamespace(raw_cell=cell)))

    def log(self, running: Any) -> CellLog:
        """The cells that ran, and the one that runs, if not None, as IPython told of it."""
        if self._log is None:
            from reloadmagic.explain.cells import CellLog

            self._log = CellLog()
        for number, info in self.ran:
            key, cell, transformed = _facts(info)
            if cell.strip():
                python = functools.partial(self._python, cell, transformed)
                self._log.ran(number, key, cell, python)
        self.ran.clear()
        if running is not None:
            key, cell, _ = _facts(running)
            self._log.starts(key, cell)
        return self._log


def _facts(info: Any) -> tuple[str, str, str | None]:
    """The front end's id of a cell, its text, and its text without magics if IPython brings it."""
    key = getattr(info, "cell_id", None) or ""
    return key, info.raw_cell, getattr(info, "transformed_cell", None)
