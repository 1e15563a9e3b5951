"""Keeps the cells that a shell ran, as IPython told of them, until somebody asks what they used."""

from __future__ import annotations

import functools
import logging
import types
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from reloadmagic.explain.cells import CellLog, StaleCell
    from reloadmagic.reloader import Reloader
    from reloadmagic.report import Reloaded

__all__ = ["CellRecord"]

logger = logging.getLogger(__name__)

MOST = 1000
"""Cells and reloads that are kept."""


class CellRecord:
    """The cells of one shell, and what reloads changed between them.

    Each pays for a line here, whoever asks later for the rest. *python* gives the Python of a
    cell's text, with the text without magics if known.

    Attributes:
        told: what was not read yet: of a cell its number, and as IPython told of it; of a reload
            its modules.
        used: the cells that used what the last reload changed, as far as it was read.
    """

    def __init__(
        self, shell: Any, reloader: Reloader, python: Callable[[str, str | None], str | None]
    ) -> None:
        self.told: deque[tuple[int, Any] | list[Reloaded]] = deque(maxlen=MOST)
        self.used: tuple[StaleCell, ...] = ()
        self._shell = shell
        self._reloader = reloader
        self._python = python
        self._log: CellLog | None = None

    def look_back(self, history: Any) -> None:
        """Take over the cells that ran before, from IPython's *history*."""
        for number, cell in enumerate(list(getattr(history, "input_hist_raw", ()))):
            self.told.append((number, types.SimpleNamespace(raw_cell=cell)))

    def log(self, running: Any) -> CellLog:
        """The cells that ran, and the one that runs, if not None, as IPython told of it."""
        if self._log is None:
            from reloadmagic.explain.cells import CellLog

            self._log = CellLog()
        for told in self.told:
            if isinstance(told, list):
                self.used = self._read(self._log, told, running)
                continue
            number, info = told
            key, cell, transformed = _facts(info)
            if cell.strip():
                python = functools.partial(self._python, cell, transformed)
                self._log.ran(number, key, cell, python)
        self.told.clear()
        return self._log

    def _read(self, log: CellLog, reloaded: list[Reloaded], running: Any) -> tuple[StaleCell, ...]:
        from reloadmagic.report.names import changed_by_module

        if running is not None:
            key, cell, _ = _facts(running)
            log.starts(key, cell)
        try:
            return log.note(self._reloader, changed_by_module(reloaded), self._shell.user_ns)
        except Exception:  # a hint is not worth an error, whatever is in the cells
            logger.debug("looking for cells that used what changed", exc_info=True)
            return ()


def _facts(info: Any) -> tuple[str, str, str | None]:
    """The front end's id of a cell, its text, and its text without magics if IPython brings it."""
    key = getattr(info, "cell_id", None) or ""
    return key, info.raw_cell, getattr(info, "transformed_cell", None)
