"""Before each cell: reload what is stale, say so in a line, never stand in the cell's way.

In come IPython's `pre_run_cell` events, out go calls of the `Reloader` and output. No exception
leaves: IPython would print it over the user's cell, and a SystemExit from a module would end the
session or leave a client without a reply.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import sys
from threading import get_ident
from typing import TYPE_CHECKING, Any

from reloadmagic.errors import SourceError, describe

from .cells import asks_for_no_reload, is_command, python_source
from .output import show, show_text
from .record import CellRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reloadmagic.changes import Change, Stale
    from reloadmagic.explain.cells import CellLog
    from reloadmagic.plan import Plan
    from reloadmagic.reloader import Reloader
    from reloadmagic.report import Report

    from .config import Settings
    from .refusal import CellRefused, Refusal

__all__ = ["CellHook"]

logger = logging.getLogger(__name__)

_OBSERVED = ["on_error", "mode", "verbosity"]


class CellHook:
    """What runs before and after each cell of one shell."""

    def __init__(self, shell: Any, reloader: Reloader, settings: Settings) -> None:
        self._shell = shell
        self._reloader = reloader
        self._look = reloader.look
        self._imports = False  # may the cell that runs import names?
        self._loaded = 0  # how many modules there were when the last cell ended
        self._settings = settings
        self._note_settings()
        settings.observe(self._note_settings, _OBSERVED)
        self._refusal: Refusal | None = None  # of the cell that is about to run
        self._users_thread = 0  # in which a cell of the user's runs, 0 if none does
        self._said: object = None  # what was said last, not to say it before every cell
        self._tried: object = None  # which versions were tried last while *only* limits it
        self._running: Any = None  # the user's cell that runs, as IPython told of it
        self._record = CellRecord(shell, reloader, self._python)
        self._tell = self._record.told.append
        self._has_cells = getattr(shell, "kernel", None) is not None
        self.only: list[str] | None = None  # the modules that %aimport names, None for all
        self.hides_errors = False
        self.log: Callable[[str], object] | None = None  # is told each reload, too
        # Bound once: IPython 7 finds a callback again by identity.
        self._events = {"pre_run_cell": self.before_cell, "post_run_cell": self.after_cell}

    def register(self) -> None:
        """Begin to listen, and look back at the cells that ran before we were loaded."""
        for event, callback in self._events.items():
            self._shell.events.register(event, callback)
        history = getattr(self._shell, "history_manager", None)
        for cell in list(getattr(history, "input_hist_parsed", ())):
            self._note(cell, None)
        self._record.look_back(history)

    def unregister(self) -> None:
        """Listen no more."""
        self._let_run()
        for event, callback in self._events.items():
            if callback in self._shell.events.callbacks[event]:
                self._shell.events.unregister(event, callback)

    def before_cell(self, info: Any) -> None:
        """Take note of the cell's imports; reload what is stale, as the settings say."""
        # Nearly all cells wait for no more than this, which takes little longer than looking at
        # the files: is it a cell of the user's before which there is nothing to do, say or note?
        looked: Stale | None = None
        try:
            cell = info.raw_cell
            if (
                self._refusal is None
                and self._said is None
                and self.only is None
                and not self._stops
                and info.store_history
                and not info.silent
                and "import" not in cell
                and "%%" not in cell
            ):
                looked = self._look()
                if looked is not None and (not looked or self._reloader.were_only_touched(looked)):
                    self._users_thread = get_ident()
                    self._running = info
                    return
        except Exception:  # the longer way will say what is wrong
            logger.debug("looking for changes", exc_info=True)
        self._before_other_cell(info, looked)

    def _before_other_cell(self, info: Any, looked: Stale | None) -> None:
        """As `before_cell`; *looked* is what was seen of the files."""
        self._let_run()
        try:
            self._note(info.raw_cell, getattr(info, "transformed_cell", None))
            if info.store_history and not info.silent:
                self._begin(info)
            if self._is_users(info):
                self._before_users_cell(looked)
        except KeyboardInterrupt:
            from .refusal import ReloadInterrupted

            self._refuse(
                ReloadInterrupted(
                    "The reload was interrupted and undone. The cell did not run; "
                    "%%no_reload runs it on what is loaded."
                )
            )
        # Whatever comes, SystemExit included, the user's cell runs.
        except BaseException as error:  # noqa: BLE001
            self._say_internal(error)

    def _note_settings(self, change: object = None) -> None:  # noqa: ARG002
        """Keep what is asked for at each reload where it takes no time to find."""
        self._stops = self._settings.on_error == "stop"
        self._mode, self._verbosity = self._settings.mode, self._settings.verbosity

    def _begin(self, info: Any) -> None:
        """A cell of the user's runs from here on."""
        if not asks_for_no_reload(info.raw_cell):
            self._users_thread = get_ident()
        self._running = info

    def after_cell(self, result: Any) -> None:
        """Remember the cell. One with a syntax error never came to the refusal."""
        if self._refusal is not None:
            self._let_run()
        if len(sys.modules) != self._loaded:
            self._take_over()
        if self._imports:
            self._note_values()
        info = result.info
        if info is None or info.store_history:
            running, number = self._running, result.execution_count
            self._users_thread, self._running = 0, None
            if running is not None and number is not None:
                self._tell((number, running))

    def _take_over(self) -> None:
        """What the cell has loaded past the import system is what its file holds now, not later."""
        try:
            self._reloader.take_over_new()
        except Exception:  # the next cell's look will say what is wrong
            logger.debug("looking for new modules", exc_info=True)
        self._loaded = len(sys.modules)

    def _refuse(self, error: CellRefused) -> None:
        from .refusal import Refusal

        self._refusal = Refusal(self._shell, error)

    def _let_run(self) -> None:
        if self._refusal is not None:
            self._refusal.withdraw()
            self._refusal = None

    def cells(self) -> CellLog:
        """The cells that ran, and the one that runs."""
        return self._record.log(self._running)

    def _is_users(self, info: Any) -> bool:
        """Not an inspector's request, a command of ours or a cell that opted out.

        What a cell of the user's runs as a cell in turn is the user's, too.
        """
        return (
            (bool(info.store_history) or self._users_thread == get_ident())
            and not info.silent
            and not is_command(info.raw_cell)
            and not asks_for_no_reload(info.raw_cell)
        )

    def _before_users_cell(self, looked: Stale | None) -> None:
        if self._mode == "auto":
            self.reload(looked)
        elif self._mode == "notify":
            self._notify(self._reloader.changes())

    def reload(self, looked: Stale | None = None) -> None:
        """Reload what is stale and say it; refuse the cell if that failed and the settings say so.

        *looked* is what the reloader has just seen of the files.
        """
        asked = self._verbosity == "details"
        report = self.run(self._limited_plan(), looked=looked, asked=asked)
        is_new = bool(report) and not self._was_said(report)
        if is_new:
            self._say(report)
        if self._stops:
            self._stop(report, is_said=is_new and not self.hides_errors)

    def run(
        self, plan: Plan | None = None, *, looked: Stale | None = None, asked: bool = False
    ) -> Report:
        """Reload by *plan*, or what is stale.

        The report tells which cells used what changed, if it was *asked* for or where there are
        cells to run again: in notebooks, not in terminals.
        """
        return self._by_reloader(lambda: self._reloader.reload(plan, looked=looked), asked=asked)

    def undo(self) -> Report:
        """Go back to the code before the last reload; as `run`, asked for."""
        return self._by_reloader(self._reloader.undo, asked=True)

    def _by_reloader(self, work: Callable[[], Report], *, asked: bool) -> Report:
        # As in a cell, in which modules and notebooks find get_ipython.
        with self._shell.builtin_trap:
            report = work()
        if not report:
            return report
        self._tell(report.reloaded)
        if not (asked or self._has_cells):
            return report
        self.cells()  # which reads what was told
        used = {cell.number: cell.used for cell in self._record.used}
        return self._with_hint(report, used) if used else report

    def _with_hint(self, report: Report, used: dict[int, tuple[str, ...]]) -> Report:
        """*report* and what the cells used, by execution count, that it changed."""
        from reloadmagic.report.text import cells_hint

        told = dataclasses.replace(report, notes=(*report.notes, cells_hint(used)))
        history = self._reloader.history
        if history and history[-1] is report:
            history[-1] = told
        return told

    def _limited_plan(self) -> Plan | None:
        """The plan for the modules that %aimport names, None if it does not limit what is reloaded.

        What failed is planned again once there is something new.
        """
        if self.only is None:
            return None
        changes = self._due(self._reloader.changes(self.only)) if self.only else []
        tried = [(change.module, change.kind, change.data) for change in changes]
        if tried == self._tried:
            changes = []
        self._tried = tried
        return self._reloader.plan(changes)

    def _was_said(self, report: Report) -> bool:
        """Whether *report* only repeats the failures of the last one, sources unchanged."""
        failures = [(o.module, o.after, _sameness(o.error)) for o in report.failed]
        repeats = failures == self._said and len(failures) == len(report.outcomes)
        self._said = failures or None
        return repeats

    def _say(self, report: Report) -> None:
        if self.log is not None:
            self.log(str(report))
        if self.hides_errors and report.failed:
            report = dataclasses.replace(
                report, outcomes=tuple(o for o in report.outcomes if o.status != "failed")
            )
            if not report:
                return
        if self._verbosity != "quiet" or report.failed or report.troubles:
            show(self._shell, report, details=self._verbosity == "details")

    def _stop(self, report: Report, *, is_said: bool) -> None:
        """Refuse the cell if something has failed; *is_said*: *report* stands above it."""
        of_report = [outcome.error for outcome in report.failed]
        errors = [module.failed for module in self._reloader.tracked.values()] + of_report
        if any(error is not None for error in errors):
            from .refusal import CellRefused

            self._refuse(CellRefused.because_of(errors, said=of_report if is_said else ()))

    def _due(self, changes: Iterable[Change]) -> list[Change]:
        """Changes that are not held back by an undo."""
        undone = self._reloader.undone
        return [change for change in changes if change.module not in undone]

    def _notify(self, changes: Iterable[Change]) -> None:
        """Say what is stale, once for each version of the files."""
        news = [change for change in self._due(changes) if change.kind != "touched"]
        seen = [(change.module, change.kind, change.data) for change in news]
        if news and seen != self._said:
            from reloadmagic.report.words import module_file

            files = ", ".join(module_file(change) for change in news)
            show_text(f"changed on disk: {files} · %reload_changed reloads")
        self._said = seen

    def _note(self, cell: str | None, transformed: str | None) -> None:
        """Tell the reloader of a cell's from-imports, whose names are to follow their modules."""
        if not cell or "import" not in cell:
            return
        read = functools.partial(self._python, cell, transformed)
        self._reloader.note_cell(read, self._shell.user_ns)
        self._imports = True

    def _note_values(self) -> None:
        """A cell with imports has run."""
        self._imports = False
        try:
            self._reloader.note_values(self._shell.user_ns)
        except Exception:  # names follow by what their modules hold, too
            logger.debug("noting imported values", exc_info=True)

    def _python(self, cell: str, transformed: str | None) -> str | None:
        return python_source(cell, transformed or self._transform(cell))

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
