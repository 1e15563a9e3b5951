"""The worker's side: applies what it is sent as a reload, and says what became of it.

In comes a message as plain values; out goes a reply. `receive` is the one function that clients
have called on workers. All that a process knows is in its one `Receiver`: a `Reloader`, which does
not look at files by itself, and the sources that were sent.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from importlib.machinery import ModuleSpec
from typing import Any

from reloadmagic.modules import TrackedModule, module_spec
from reloadmagic.reloader import Reloader
from reloadmagic.report import Report
from reloadmagic.report.failures import error_text, traceback_lines
from reloadmagic.session.importing import watching
from reloadmagic.stamps import content_digest

from .protocol import Message, ModuleReply, ModuleSource, Reply, Status
from .sent import SentFinder, Stored
from .shown import show

__all__ = ["Receiver", "greet", "receive"]


def receive(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a client's message in this process, a worker.

    Raises:
        WorkersError: the client speaks another version of the protocol.
    """
    return _receiver.answer(Message.from_dict(payload)).as_dict()


def greet(payload: Mapping[str, Any]) -> dict[str, Any]:
    """As `receive`, for what a worker that joins is told.

    Raises:
        WorkersError: as `receive`.
    """
    return _receiver.greet(Message.from_dict(payload)).as_dict()


class Receiver:
    """Keeps a worker at its client's versions.

    Attributes:
        sent: the sources that it was sent.
    """

    def __init__(self) -> None:
        self.sent = SentFinder()
        self._own: Reloader | None = None
        self._failed: dict[str, str] = {}  # digests of what did not run, by module
        self._state = ""  # the client's, that all messages so far have led to
        self._lock = threading.Lock()

    @property
    def reloader(self) -> Reloader:
        """The one that the process has as a session with the extension, else one of our own."""
        for found in watching():
            if found is not self._own:
                if self._own is not None:
                    self._own.close()
                    self._own = None
                return found
        if self._own is None:
            self._own = Reloader()
        return self._own

    def answer(self, message: Message) -> Reply:
        """Do what *message* asks, as one reload."""
        with self._lock:
            if not self._get_ready(message):
                return Reply()
            has = {m.name: self._digest(m.name) for m in message.modules}
            if not self._leads_on(message, has):
                found = tuple(self._standing(m, has[m.name]) for m in message.modules)
                return Reply(found, behind=True)
            reply = self._apply(message.modules, has)
            if all(module.status != "failed" for module in reply.modules):
                self._state = message.state
            return reply

    def greet(self, message: Message) -> Reply:
        """As `answer`, but what *message* brings is done whatever else is lacking.

        It may come again, so what failed is not tried again, and a worker that is being told
        something is no newcomer.
        """
        if not self._lock.acquire(blocking=False):
            return Reply()
        try:
            if message.state == self._state:
                return Reply()
            self._get_ready(message)
            has = {m.name: self._digest(m.name) for m in message.modules}
            new = [m for m in message.modules if self._failed.get(m.name) != m.digest]
            reply = self._apply(new, has)
            done = {"applied", "already there", "not loaded"}
            if new == list(message.modules) and {m.status for m in reply.modules} <= done:
                self._state = message.state
            return reply
        finally:
            self._lock.release()

    def _get_ready(self, message: Message) -> bool:
        """Watch imports, and track what the client tracks; False if it lets go of this worker."""
        reloader = self.reloader
        reloader.install()
        self.sent.install()
        if message.forget:
            self.sent.forget()
            self._state = ""
            return False
        if reloader is self._own:
            self._follow_settings(reloader, message)
        return True

    def _leads_on(self, message: Message, has: Mapping[str, str]) -> bool:
        """Does *message*, where *has* is what is here, lead to all that its client runs?"""
        is_next = message.full or not message.since or message.since == self._state
        return (is_next or message.state == self._state) and all(
            _fits(m, has[m.name], full=message.full) for m in message.modules
        )

    def _follow_settings(self, reloader: Reloader, message: Message) -> None:
        """Track what the client tracks, wherever its files are here."""
        found = {m.name: self._spec(m.name) for m in message.modules}
        paths = {
            m.name: getattr(found[m.name], "origin", None) or m.origin for m in message.modules
        }
        installed = [n for n, path in paths.items() if not reloader.tracks(n, path)]
        include = tuple(dict.fromkeys((*reloader.include, *message.include, *installed)))
        settings = (include, message.exclude, message.keep)
        if settings != (reloader.include, reloader.exclude, reloader.keep):
            reloader.configure(include=include, exclude=message.exclude, keep=message.keep)

    def _spec(self, name: str) -> ModuleSpec | None:
        """That of a module that is loaded, or could be."""
        return module_spec(sys.modules.get(name)) or self.reloader.find_spec(name)

    def _tracked(self, name: str) -> TrackedModule | None:
        tracked = self.reloader.tracked.get(name)
        return tracked if tracked is not None and tracked.module is not None else None

    def _digest(self, name: str) -> str:
        """Digest of the version that runs, or would be imported; ``""`` if that is not known."""
        if name in sys.modules:
            tracked = self._tracked(name)
            source = tracked.source if tracked is not None else None
            return source.digest.hex() if source is not None else ""
        if name in self.sent.stored:
            return self.sent.stored[name].digest
        spec = self.reloader.find_spec(name)
        read = getattr(spec.loader, "get_data", None) if spec is not None else None
        try:
            return content_digest(read(spec.origin)).hex() if read and spec else ""
        except (OSError, ValueError):
            return ""

    def _standing(self, module: ModuleSource, has: str) -> ModuleReply:
        """How a module stands when nothing is done."""
        if has != module.digest:
            return ModuleReply(module.name, "needs sources", has)
        if self.reloader.is_due(module.name):
            return _failure(module.name, has, self.reloader.tracked[module.name].failed)
        status: Status = "already there" if module.name in sys.modules else "not loaded"
        return ModuleReply(module.name, status, has)

    def _apply(self, modules: Iterable[ModuleSource], has: Mapping[str, str]) -> Reply:
        """Store what was sent, reload what is loaded of it, and say what became of all *modules*."""
        todo = {m.name: m for m in modules if m.source is not None and has[m.name] != m.digest}
        before = dict(self.sent.stored)
        for name, m in todo.items():
            self.sent.stored[name] = Stored(m.origin, m.package, m.digest, m.source or b"")
        loaded = {name: m.source or b"" for name, m in todo.items() if name in sys.modules}
        for name, source in loaded.items():
            self._show(name, source)  # before it runs: it may raise
        report = self.reloader.receive(loaded) if loaded else Report()
        replies = [
            self._outcome(m, report)
            if m.name in loaded
            else self._standing(m, m.digest if m.name in todo else has[m.name])
            for m in modules
        ]
        replies += [
            _failure(outcome.module, "", outcome.error)
            for outcome in report.failed
            if outcome.module not in loaded
        ]
        for reply in replies:
            if reply.status == "failed" and reply.name in loaded:
                self._take_back(reply.name, before.get(reply.name))
            elif reply.name in loaded:
                self._failed.pop(reply.name, None)
                self._show(reply.name, loaded[reply.name])
        return Reply(tuple(replies), report.seconds)

    def _outcome(self, module: ModuleSource, report: Report) -> ModuleReply:
        """What became of a module that was sent and is loaded."""
        tracked = self._tracked(module.name)
        digest = self._digest(module.name)
        if digest == module.digest:
            return ModuleReply(module.name, "applied", digest)
        if tracked is None or tracked.opaque:
            kind = tracked.opaque if tracked is not None else "module without source"
            return ModuleReply(module.name, "failed", error=f"it is a {kind} there")
        outcome = next((o for o in report.failed if o.module == module.name), None)
        return _failure(module.name, digest, outcome.error if outcome else tracked.failed)

    def _take_back(self, name: str, before: Stored | None) -> None:
        """A source that failed is neither imported later nor shown."""
        self._failed[name] = self.sent.stored.pop(name).digest
        if before is not None:
            self.sent.stored[name] = before
        tracked = self._tracked(name)
        if tracked is not None and tracked.source is not None:
            self._show(name, tracked.source.data)

    def _show(self, name: str, data: bytes) -> None:
        tracked = self._tracked(name)
        if tracked is not None:
            spec = module_spec(tracked.reference())
            show(tracked.path, data, spec.loader if spec is not None else None)


def _fits(module: ModuleSource, has: str, *, full: bool) -> bool:
    """Can the message be carried out as far as this module goes?"""
    if has == module.digest:
        return True
    if module.source is None:
        return False
    return full or module.name not in sys.modules or has == module.replaces


def _failure(name: str, digest: str, error: Exception | None) -> ModuleReply:
    if error is None:
        return ModuleReply(name, "failed", digest, "it waits for the module that failed with it")
    return ModuleReply(name, "failed", digest, error_text(error), "\n".join(traceback_lines(error)))


_receiver = Receiver()
