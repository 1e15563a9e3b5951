"""What an attachment of workers is, and what those share that are: the modules loaded here.

What to send is found by comparing versions with those sent last, not by listening to reloads, so
that an undo or a module that a cell imported goes to workers like an edit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .protocol import ModuleSource
from .state import WorkerState

if TYPE_CHECKING:
    from reloadmagic.reloader import Reloader
    from reloadmagic.source import Source

__all__ = ["Answer", "Attachment", "Receive", "Said", "Transport", "sources_of", "versions_of"]

Answer = Mapping[str, Any] | BaseException
"""What a worker returned, or why there is nothing; a TimeoutError is a worker that lags."""

Receive = Callable[[Mapping[str, Any]], dict[str, Any]]


class Transport(Protocol):
    """How messages get to the workers of one kind of client."""

    @property
    def kind(self) -> str:
        """What people call it."""

    def has_newcomers(self) -> bool:
        """Did workers join that no message has been sent to? Asks nobody."""

    def broadcast(
        self, function: Receive, payload: Mapping[str, Any], timeout: float
    ) -> Mapping[str, Answer]:
        """Call ``function(payload)`` on each worker, waiting *timeout* seconds at most."""

    def welcome(self, payload: Mapping[str, Any], timeout: float) -> None:
        """Have workers that join from now on called with *payload* before anything else."""

    def close(self, timeout: float) -> None:
        """Welcome no more."""


@dataclass(frozen=True, slots=True)
class Said:
    """Sentences for a report: what workers did, and which of them did not follow."""

    notes: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


class Attachment(Protocol):
    """Workers that follow a `Reloader`.

    Attributes:
        client: what was attached.
        name: what reports call it.
        first: what there was to say when it was attached.
    """

    client: Any
    name: str
    first: Said

    @property
    def kind(self) -> str:
        """``dask``, ``ipyparallel``, ``pool``, ``loky`` or ``workers``."""

    def follow(self) -> Said:
        """Bring the workers to what is loaded here, if that is not what they were sent last."""

    def states(self) -> tuple[WorkerState, ...]:
        """Which version each worker has of each module; asks them."""

    def close(self) -> None:
        """Let the workers go on with what they have."""


def versions_of(reloader: Reloader) -> list[Source | None]:
    """What is loaded here, to be compared with what was: quickly, as nothing happened mostly."""
    return [tracked.source for tracked in reloader.tracked.values()]


def sources_of(reloader: Reloader) -> dict[str, ModuleSource]:
    """The modules that are loaded here, by name, in the order in which they were imported."""
    tracked = [t for t in reloader.tracked.values() if t.source is not None and t.source.data]
    return {
        t.name: ModuleSource(
            t.name, t.path, "__path__" in t.namespace, t.source.digest.hex(), t.source.data
        )
        for t in sorted(tracked, key=lambda t: t.order)
        if t.source is not None
    }
