"""Before each cell: reload what is stale, say so in a line, never stand in the cell's way.

In come IPython's `pre_run_cell` events, out go calls of the `Reloader` and output. No exception
leaves: IPython would print it over the user's cell, and a SystemExit from a module would end the
session or leave a client without a reply.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from IPython.core.error import InputRejected

from reloadmagic.errors import SourceError, describe
from reloadmagic.report.text import error_text

from .cells import asks_for_no_reload, is_command, python_source
from .output import show, show_text

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    from reloadmagic.changes import Change
    from reloadmagic.reloader import Reloader
    from reloadmagic.report import Report

    from .config import Settings

__all__ = ["CellHook", "CellRefused", "ReloadInterrupted"]

logger = logging.getLogger(__name__)


class CellRefused(InputRejected):
    """The cell does not run, as ``on_error = "stop"`` asks, since a module could not be loaded."""

    @classmethod
    def because_of(cls, errors: Iterable[Exception | None]) -> CellRefused:
        """A refusal that tells each of *errors* with its place."""
        places = dict.fromkeys(error_text(error) for error in errors if error is not None)
        end = "The cell did not run, as ReloadMagic.on_error is 'stop'; %%no_reload runs it anyway."
        return cls("\n".join([*places, end]))

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class ReloadInterrupted(CellRefused):
    """The user interrupted the reload: it is undone, and the cell does not run either."""


class Refusal:
    """Stands in `shell.ast_transformers` while a cell is to be refused: the one way that gives an
    ordinary error reply, in terminals and kernels, for cells that await and for others.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._error: CellRefused | None = None
        self._thread = 0

    def arm(self, error: CellRefused) -> None:
        """Refuse the cell that is about to run in this thread."""
        self.disarm()
        self._error = error
        self._thread = threading.get_ident()
        self._shell.ast_transformers.append(self)

    def disarm(self) -> None:
        """Let cells run again."""
        self._error = None
        if self in self._shell.ast_transformers:
            self._shell.ast_transformers.remove(self)

    def visit(self, node: ast.AST) -> ast.AST:
        """Called by IPython with the cell's AST."""
        if self._error is None or self._thread != threading.get_ident():
            return node  # a cell in a subshell, which nobody refused
        error = self._error
        self.disarm()
        raise error


class CellHook:
    """What runs before and after each cell of one shell."""

    def __init__(self, shell: Any, reloader: Reloader, settings: Settings) -> None:
        self._shell = shell
        self._reloader = reloader
        self._settings = settings
        self._refusal = Refusal(shell)
        self._in_users_cell = False
        self._said: object = None  # what was said last, not to say it before every cell
        # Bound once: IPython 7 finds a callback again by identity.
        self._events = {"pre_run_cell": self.before_cell, "post_run_cell": self.after_cell}

    def register(self) -> None:
        """Begin to listen, and look back at the cells that ran before we were loaded."""
        for event, callback in self._events.items():
            self._shell.events.register(event, callback)
        history = getattr(self._shell, "history_manager", None)
        for cell in list(getattr(history, "input_hist_parsed", ())):
            self._note(cell, None)

    def unregister(self) -> None:
        """Listen no more."""
        self._refusal.disarm()
        for event, callback in self._events.items():
            if callback in self._shell.events.callbacks[event]:
                self._shell.events.unregister(event, callback)

    def before_cell(self, info: Any) -> None:
        """Take note of the cell's imports; reload what is stale, as the settings say."""
        self._refusal.disarm()
        try:
            self._note(info.raw_cell, getattr(info, "transformed_cell", None))
            if self._is_users(info):
                self._before_users_cell()
        except KeyboardInterrupt:
            self._refusal.arm(
                ReloadInterrupted("The reload was interrupted and undone. The cell did not run.")
            )
        # Whatever comes, SystemExit included, the user's cell runs.
        except BaseException as error:  # noqa: BLE001
            self._say_internal(error)

        self._in_users_cell = self._in_users_cell or bool(info.store_history and not info.silent)

    def after_cell(self, result: Any) -> None:
        """A cell with a syntax error never came to the refusal."""
        self._refusal.disarm()
        info = getattr(result, "info", None)
        if info is None or info.store_history:
            self._in_users_cell = False

    def _is_users(self, info: Any) -> bool:
        """Not an inspector's request, a command of ours or a cell that opted out.

        What a cell of the user's runs as a cell in turn is the user's, too.
        """
        return (
            (bool(info.store_history) or self._in_users_cell)
            and not info.silent
            and not is_command(info.raw_cell)
            and not asks_for_no_reload(info.raw_cell)
        )

    def _before_users_cell(self) -> None:
        if self._settings.mode == "auto":
            self.reload()
        elif self._settings.mode == "notify":
            self._notify(self._reloader.changes())

    def reload(self) -> None:
        """Reload what is stale and say it; refuse the cell if that failed and the settings say so."""
        report = self._reloader.reload()
        if report and not self._was_said(report):
            self._say(report)
        if self._settings.on_error == "stop":
            self._stop(report)

    def _was_said(self, report: Report) -> bool:
        """Whether *report* only repeats the failures of the last one, sources unchanged."""
        failures = [(o.module, o.after, _sameness(o.error)) for o in report.failed]
        repeats = failures == self._said and len(failures) == len(report.outcomes)
        self._said = failures or None
        return repeats

    def _say(self, report: Report) -> None:
        if self._settings.verbosity != "quiet" or report.failed:
            show(self._shell, report, details=self._settings.verbosity == "details")

    def _stop(self, report: Report) -> None:
        errors = [module.failed for module in self._reloader.tracked.values()]
        errors += [outcome.error for outcome in report.failed]
        if any(error is not None for error in errors):
            self._refusal.arm(CellRefused.because_of(errors))

    def _notify(self, changes: Iterable[Change]) -> None:
        """Say what is stale, once for each version of the files."""
        news = [change for change in changes if change.kind != "touched"]
        seen = [(change.module, change.kind, change.digest) for change in news]
        if news and seen != self._said:
            names = ", ".join(change.module for change in news)
            show_text(f"changed on disk: {names} · %reload_changed reloads")
        self._said = seen

    def _note(self, cell: str | None, transformed: str | None) -> None:
        """Tell the reloader of a cell's from-imports, whose names are to follow their modules."""
        if not cell or "import" not in cell:
            return
        source = python_source(cell, transformed or self._transform(cell))
        if source is not None:
            self._reloader.note_cell(source, self._shell.user_ns)

    def _transform(self, cell: str) -> str | None:
        """*cell* without magics, for IPythons whose event does not bring it."""
        try:
            return str(self._shell.transform_cell(cell))
        except Exception:  # noqa: BLE001  # transformers are anyone's code
            return None

    def _say_internal(self, error: BaseException) -> None:
        """A fault of our own, told once."""
        logger.debug("reloading before a cell", exc_info=error)
        said = describe(error)
        if said != self._said:
            self._said = said
            show_text(
                f"reloadmagic itself failed: {said}. The cell runs. "
                "%reload_status tells what is stale; %unload_ext reloadmagic turns it off.",
            )


def _sameness(error: Exception | None) -> object:
    """What is equal for the same failure of the same text, whose `SourceError` is made once."""
    return error if isinstance(error, SourceError) else str(error)
