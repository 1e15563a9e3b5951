"""What is known of a worker: the versions that it has, and why it is behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reloadmagic.errors import describe

from .errors import WorkersError
from .protocol import ModuleReply, Reply

__all__ = ["WorkerState"]

MISSING = (
    "reloadmagic is not installed there. Install it where the workers run "
    "(pip install reloadmagic) and attach them again."
)


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker as its last answer showed it.

    Attributes:
        worker: its address or number.
        modules: what it has, by name.
        needs: it lacks more than it was told.
        lags: it has not answered in time; it does as told once it can.
        misfit: why it can never follow as it is: no reloadmagic there, or another version.
        error: why it could not be asked.
    """

    worker: str
    modules: Mapping[str, ModuleReply] = field(default_factory=dict)
    needs: bool = False
    lags: bool = False
    misfit: str = ""
    error: str = ""

    def after(self, answer: Reply | BaseException) -> WorkerState:
        """The state that follows from an answer, or from there being none."""
        if isinstance(answer, Reply):
            news = {reply.name: self._news(reply) for reply in answer.modules}
            return WorkerState(self.worker, {**self.modules, **news}, needs=answer.behind)
        if isinstance(answer, TimeoutError):
            return WorkerState(self.worker, self.modules, lags=True)
        misfit = _misfit(answer)
        return WorkerState(
            self.worker, self.modules, misfit=misfit, error="" if misfit else describe(answer)
        )

    def _news(self, reply: ModuleReply) -> ModuleReply:
        """A module that is only asked about has failed for as long as it has the same version."""
        known = self.modules.get(reply.name)
        if reply.status == "needs sources" and known is not None and known.status == "failed":
            return known if known.digest == reply.digest else reply
        return reply

    @property
    def lacks(self) -> tuple[str, ...]:
        """Modules that are not as in the client, those that failed too."""
        behind = {"needs sources", "failed"}
        return tuple(name for name, m in self.modules.items() if m.status in behind)

    @property
    def behind(self) -> tuple[ModuleReply, ...]:
        """Those that it lacks."""
        return tuple(self.modules[name] for name in self.lacks)

    @property
    def loaded(self) -> tuple[ModuleReply, ...]:
        """Modules that are as in the client, and loaded."""
        there = {"applied", "already there"}
        return tuple(m for m in self.modules.values() if m.status in there)

    @property
    def is_behind(self) -> bool:
        """Has it not, or not for certain, what it was sent last?"""
        return bool(self.lags or self.misfit or self.error or self.lacks)

    def reasons(self, timeout: float) -> Iterator[str]:
        """Why it is behind, for a line of the report that names the worker last."""
        if self.lags:
            yield f"no answer within {timeout:g} s (it follows once it is free)"
        elif self.misfit or self.error:
            yield self.misfit or f"not reached ({self.error})"
        else:
            for name in self.lacks:
                yield self._reason(self.modules[name])

    @staticmethod
    def _reason(module: ModuleReply) -> str:
        error = module.error or "it has another version"
        return f"{module.name} not reloaded: {error}. The version before stays in use"


def _misfit(error: BaseException) -> str:
    """Why a worker can never follow, if the *error* is such.

    Clusters hand on errors in wrappings of their own, so what counts is what they say.
    """
    if isinstance(error, WorkersError):
        return str(error)
    return MISSING if "No module named 'reloadmagic" in describe(error) else ""
