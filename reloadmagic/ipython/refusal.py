"""Refuses a cell, in the one way that gives an ordinary error reply: in terminals and in kernels,
for cells that await and for others.

An exception in a callback of IPython's is printed, and the cell runs. One of this kind, raised
where the cell's AST is transformed, takes its place.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from IPython.core.error import InputRejected

from reloadmagic.report.failures import error_text

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

__all__ = ["CellRefused", "Refusal", "ReloadInterrupted"]


class CellRefused(InputRejected):
    """The cell does not run, as ``on_error = "stop"`` asks, since a module could not be loaded."""

    @classmethod
    def because_of(
        cls, errors: Iterable[Exception | None], said: Iterable[Exception | None] = ()
    ) -> CellRefused:
        """A refusal that tells each of *errors* with its place, but for those *said* already."""
        places, known = _places(errors), _places(said)
        end = "The cell did not run, as ReloadMagic.on_error is 'stop'; %%no_reload runs it anyway."
        return cls("\n".join([*(place for place in places if place not in known), end]))

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def _places(errors: Iterable[Exception | None]) -> dict[str, None]:
    return dict.fromkeys(error_text(error) for error in errors if error is not None)


class ReloadInterrupted(CellRefused):
    """The user interrupted the reload: it is undone, and the cell does not run either."""


class Refusal:
    """Stands in `shell.ast_transformers` until it has refused the next cell of this thread."""

    def __init__(self, shell: Any, error: CellRefused) -> None:
        self._transformers = shell.ast_transformers
        self._transformers.append(self)
        self._error = error
        self._thread = threading.get_ident()

    def withdraw(self) -> None:
        """Let cells run again."""
        if self in self._transformers:
            self._transformers.remove(self)

    def visit(self, node: ast.AST) -> ast.AST:
        """Called by IPython with the cell's AST.

        Raises:
            CellRefused: always, but for a cell in a subshell, which nobody refused.
        """
        if self._thread != threading.get_ident():
            return node
        self.withdraw()
        raise self._error
