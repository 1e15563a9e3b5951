"""Which worker runs which version, as a value that shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .views import View, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reloadmagic.workers import Attachment, WorkerState

__all__ = ["NOTHING", "WorkersView", "workers_view"]

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


def workers_view(attachments: Iterable[Attachment]) -> WorkersView:
    """The workers of *attachments* as they are now."""
    return WorkersView(tuple((a.name, a.kind, a.states()) for a in attachments))
