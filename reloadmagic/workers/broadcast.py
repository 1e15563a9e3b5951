"""Workers that can be spoken to: told what is loaded here, each by itself.

In come the `Reloader`'s modules; out go messages by a transport, and sentences for the report.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reloadmagic.errors import describe
from reloadmagic.report.words import duration
from reloadmagic.stamps import content_digest

from .attachment import Answer, Said, Transport, sources_of, versions_of
from .errors import WorkersError
from .protocol import Message, ModuleSource, Reply
from .receiver import receive
from .state import WorkerState

if TYPE_CHECKING:
    from reloadmagic.reloader import Reloader
    from reloadmagic.source import Source

__all__ = ["Broadcast"]


def state_of(digests: Mapping[str, str]) -> str:
    """What is equal for the same versions of the same modules, given by name."""
    pairs = "\n".join(f"{name} {digest}" for name, digest in sorted(digests.items()))
    return content_digest(pairs.encode()).hex()


class Broadcast:
    """Workers that can be spoken to, each by itself.

    Attributes:
        client, name, first: see `Attachment`.
    """

    def __init__(self, reloader: Reloader, client: Any, name: str, transport: Transport) -> None:
        self.first = Said()
        self.client = client
        self.name = name or transport.kind
        self._reloader = reloader
        self._transport = transport
        self._versions: list[Source | None] = []
        self._sent: dict[str, str] = {}  # digests, by module
        self._spread: set[str] = set()  # what had to be sent, to somebody
        self._states: dict[str, WorkerState] = {}
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        """See `Attachment`."""
        return self._transport.kind

    def start(self) -> None:
        """Bring all workers to what is loaded here.

        Raises:
            WorkersError: one has no reloadmagic, or another version of it.
        """
        self.first = self._bring(sources_of(self._reloader), ())
        for state in self._states.values():
            if state.misfit:
                self.close()
                raise WorkersError(f"{self.name}: {state.worker}: {state.misfit}")

    def follow(self) -> Said:
        """See `Attachment`."""
        with self._lock:  # the cell of a subshell may run meanwhile
            return self._follow()

    def _follow(self) -> Said:
        has_newcomers = self._transport.has_newcomers()
        before, self._versions = self._versions, versions_of(self._reloader)
        if self._versions == before and not has_newcomers:
            return Said()
        sources = sources_of(self._reloader)
        changed = [n for n, source in sources.items() if self._sent.get(n) != source.digest]
        if not changed and not has_newcomers:
            return Said()
        try:
            return self._bring(sources, changed)
        except KeyboardInterrupt:
            # The reload is done, it is the waiting that was interrupted.
            return Said(troubles=(f"{self.name}: interrupted before all workers answered",))

    def _bring(self, sources: Mapping[str, ModuleSource], changed: Iterable[str]) -> Said:
        started = time.perf_counter()
        deadline = started + self._reloader.workers_timeout
        delta = [replace(sources[name], replaces=self._sent.get(name, "")) for name in changed]
        is_news = any(module.replaces for module in delta) or not delta
        since, self._sent = state_of(self._sent), {n: s.digest for n, s in sources.items()}
        try:
            self._spread.update(module.name for module in delta)
            if delta:
                self._tell(replace(self._message(delta), since=since), deadline)
            if not delta or any(state.needs for state in self._states.values()):
                self._synchronize(sources, deadline)
            self._transport.welcome(self._greeting(sources).as_dict(), _left(deadline))
        except Exception as error:  # noqa: BLE001  # a cluster that is gone raises anything
            return Said(troubles=(self._out_of_reach(error),))
        said = self._said(time.perf_counter() - started)
        # That the workers know a module which a cell has imported is nothing to tell.
        return said if is_news else Said(troubles=said.troubles)

    def _message(self, modules: Iterable[ModuleSource], *, full: bool = False) -> Message:
        return Message(
            tuple(modules),
            full=full,
            state=state_of(self._sent),
            include=self._reloader.include,
            exclude=self._reloader.exclude,
            keep=self._reloader.keep,
        )

    def _greeting(self, sources: Mapping[str, ModuleSource]) -> Message:
        """What those that join are told: sources of what the others did not have by themselves."""
        told = (s if n in self._spread else replace(s, source=None) for n, s in sources.items())
        return self._message(told, full=True)

    def _synchronize(self, sources: Mapping[str, ModuleSource], deadline: float) -> None:
        """Ask what the workers have, and send what one of them lacks."""
        self._tell(self._message(replace(s, source=None) for s in sources.values()), deadline)
        wanted = {name for state in self._states.values() for name in state.lacks}
        if not self._states or any(state.lags for state in self._states.values()):
            wanted = set(sources)  # whoever does not answer now will get all
        self._spread |= wanted
        if wanted:
            found = [source for name, source in sources.items() if name in wanted]
            self._tell(self._message(found, full=True), deadline)

    def _tell(self, message: Message, deadline: float) -> None:
        answers = self._transport.broadcast(receive, message.as_dict(), _left(deadline))
        known = self._states
        self._states = {
            str(worker): known.get(str(worker), WorkerState(str(worker))).after(_read(answer))
            for worker, answer in answers.items()
        }

    def _said(self, seconds: float) -> Said:
        states = list(self._states.values())
        followed = sum(not state.is_behind for state in states)
        notes = []
        if followed:
            workers = "worker follows" if followed == 1 else "workers follow"
            notes.append(f"{self.name}: {followed} {workers} · {duration(seconds)}")
        return Said(tuple(notes), tuple(self._troubles(states)))

    def _troubles(self, states: Iterable[WorkerState]) -> Iterator[str]:
        by_reason: dict[str, list[str]] = {}
        for state in states:
            for reason in state.reasons(self._reloader.workers_timeout):
                by_reason.setdefault(reason, []).append(state.worker)
        for reason, workers in by_reason.items():
            yield f"{self.name}: {reason} on {', '.join(workers)}"

    def _out_of_reach(self, error: Exception) -> str:
        return (
            f"{self.name}: its workers are out of reach ({describe(error)}). "
            "They go on with what they have; %reload_workers -d lets go of them."
        )

    def states(self) -> tuple[WorkerState, ...]:
        """See `Attachment`."""
        deadline = time.perf_counter() + self._reloader.workers_timeout
        sources = sources_of(self._reloader)
        with self._lock:
            try:
                told = [source for name, source in sources.items() if name in self._sent]
                asked = self._message(replace(source, source=None) for source in told)
                self._tell(asked, deadline)
            except Exception as error:  # noqa: BLE001  # as when they are told
                return (WorkerState("all workers", error=f"out of reach: {describe(error)}"),)
            return tuple(self._states.values())

    def close(self) -> None:
        """See `Attachment`."""
        timeout = self._reloader.workers_timeout
        try:
            self._transport.close(timeout)
            self._transport.broadcast(receive, Message(forget=True).as_dict(), timeout)
        except Exception:  # noqa: BLE001  # they may be gone already
            return


def _left(deadline: float) -> float:
    return max(deadline - time.perf_counter(), 0.1)


def _read(answer: Answer) -> Reply | BaseException:
    if isinstance(answer, BaseException):
        return answer
    try:
        return Reply.from_dict(answer)
    except WorkersError as error:
        return error
