"""The command for workers: attach a client by its name, look at its workers, let go of them."""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False, disallow-untyped-decorators=False

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from reloadmagic.errors import describe

from .views import Said, View, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reloadmagic.workers import Attachment, WorkerState

    from .magics import ReloadMagic

__all__ = ["Workers", "WorkersView"]

NOTHING = (
    "No workers are attached. %reload_workers CLIENT attaches those of a dask or an ipyparallel "
    "client, of a process pool, or of joblib."
)
MODULES = 4  # told of one worker
VERSION = 8  # digits of a digest


@dataclass(frozen=True, slots=True)
class WorkersView(View):
    """Which worker has which version, by what they were attached with: name, kind, states."""

    attached: tuple[tuple[str, str, tuple[WorkerState, ...]], ...]

    def __str__(self) -> str:
        return "\n".join(self._lines()) or NOTHING

    def _lines(self) -> Iterator[str]:
        for name, kind, states in self.attached:
            yield name if name == kind else f"{name} · {kind}"
            rows = [(state.worker, _word(state), _told(state)) for state in states]
            yield from table(rows)
            if not rows and kind in {"pool", "loky"}:
                yield "  workers end with their tasks after each reload; new ones run the new code"
            elif not rows:
                yield "  no workers"


def _word(state: WorkerState) -> str:
    if state.lags:
        return "busy"
    if state.misfit or state.error:
        return "away"
    return "behind" if state.is_behind else "current"


def _told(state: WorkerState) -> str:
    """What it runs, or why that is not known."""
    if state.misfit or state.error:
        return state.misfit or state.error
    behind = [
        f"{m.name} {_version(m.digest)}: {m.error or 'another version'}" for m in state.behind
    ]
    loaded = [f"{m.name} {_version(m.digest)}" for m in state.loaded]
    waiting = [m.name for m in state.modules.values() if m.status == "not loaded"]
    parts = [*behind, _few(loaded), f"not imported yet: {_few(waiting)}" if waiting else ""]
    return " · ".join(part for part in parts if part)


def _version(digest: str) -> str:
    return digest[:VERSION] or "(version unknown)"


def _few(words: list[str]) -> str:
    more = len(words) - MODULES
    return ", ".join(words if more <= 1 else [*words[:MODULES], f"… {more} more"])


@magics_class
class Workers(Magics):
    """Workers that follow the session's reloads."""

    def __init__(self, main: ReloadMagic) -> None:
        super().__init__(shell=main.shell)
        self.main = main

    @magic_arguments()
    @argument(
        "client", nargs="?", metavar="CLIENT", help="what holds the workers, by its name here"
    )
    @argument("-d", "--detach", action="store_true", help="let go of CLIENT, or of all")
    @line_magic
    def reload_workers(self, line: str) -> Said | WorkersView:
        """Have workers run the edited code too: after each reload, before the cell runs.

        CLIENT is the notebook's name for a dask or an ipyparallel client, a ProcessPoolExecutor,
        an executor of loky's, joblib, or a function broadcast(function, payload) that returns
        replies by worker. Their objects stay, as here. Without an argument, show which worker has
        which version.
        """
        arguments = parse_argstring(self.reload_workers, line)
        if arguments.detach:
            return self._detach(arguments.client)
        if arguments.client is None:
            return WorkersView(tuple(map(_state, self.main.reloader.attachments)))
        from reloadmagic.workers import WorkersError

        client = self._named(arguments.client)
        try:
            attachment = self.main.reloader.attach(client, name=arguments.client)
        except WorkersError as error:
            raise UsageError(str(error)) from None
        said = [*attachment.first.notes, *attachment.first.troubles]
        return Said("\n".join(said) or f"{attachment.name}: no workers yet; those to come follow")

    def _detach(self, name: str | None) -> Said:
        reloader = self.main.reloader
        gone = [a for a in reloader.attachments if name in {None, a.name}]
        if name is not None and not gone:
            names = ", ".join(a.name for a in reloader.attachments) or "nothing"
            raise UsageError(f"{name!r} is not attached; {names} is.")
        for attachment in gone:
            reloader.detach(attachment)
        return Said("\n".join(f"{a.name}: goes on with what it has" for a in gone) or NOTHING)

    def _named(self, text: str) -> Any:
        """The object that an expression in the notebook gives, usually a name."""
        shell: Any = self.shell
        try:
            return shell.ev(text)
        except Exception as error:  # noqa: BLE001  # whatever the expression raises
            raise UsageError(f"{text!r} is nothing here: {describe(error)}") from None

    def names(self) -> Iterable[str]:
        """Names of the notebook's that stand for workers."""
        from reloadmagic.workers import kind_of

        shell: Any = self.shell
        return sorted(
            name
            for name, value in list(shell.user_ns.items())
            if not name.startswith("_") and kind_of(value)
        )


def _state(attachment: Attachment) -> tuple[str, str, tuple[WorkerState, ...]]:
    return attachment.name, attachment.kind, attachment.states()
