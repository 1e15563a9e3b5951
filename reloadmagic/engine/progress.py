"""Which statement a reload waits for, told once it has run for a second and as it goes on.

A thread watches; it is started with the first statement that may run code of the user's, so that
edits of which nothing runs cost nothing.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..source import Source, Statement

__all__ = ["Progress", "Slow"]

AFTER = 1.0
"""Seconds that a statement may take in silence."""
EVERY = 0.25
"""Seconds from one word about it to the next."""
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Slow:
    """A statement that takes long.

    Attributes:
        path, lineno: where a reader finds it; 1-based.
        text: its first line.
        seconds: for which it has run.
        is_done: it has ended, and nothing more is told of it.
    """

    path: str
    lineno: int
    text: str
    seconds: float
    is_done: bool


class Progress:
    """Tells *tell*, if that is given, of slow statements while they run; a context manager."""

    def __init__(self, tell: Callable[[Slow], object] | None) -> None:
        self._tell = tell
        self._running: list[tuple[Source, Statement, float]] = []
        self._told: tuple[Source, Statement, float] | None = None
        self._lock = threading.Lock()
        self._watcher: tuple[threading.Thread, threading.Event] | None = None  # and what ends it

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        if self._watcher is not None:
            thread, over = self._watcher
            over.set()
            thread.join()

    @contextlib.contextmanager
    def of(self, source: Source, statement: Statement) -> Iterator[None]:
        """Watch *statement* of *source* while it runs; others may run inside it."""
        if self._tell is None:
            yield
            return
        self._start()
        running = (source, statement, time.monotonic())
        self._running.append(running)
        try:
            yield
        finally:
            with self._lock:
                self._running.remove(running)
                if self._told is running:
                    self._told = None
                    self._say(running, is_done=True)

    def _start(self) -> None:
        if self._watcher is None:
            # In the context of the cell, by which kernels know where output belongs.
            run, over = contextvars.copy_context().run, threading.Event()
            thread = threading.Thread(
                target=run, args=(self._watch, over), name="reloadmagic progress", daemon=True
            )
            self._watcher = thread, over
            thread.start()

    def _watch(self, over: threading.Event) -> None:
        delay = AFTER
        while not over.wait(delay):
            with self._lock:
                running = self._running[-1] if self._running else None
                left = AFTER if running is None else running[2] + AFTER - time.monotonic()
                if running is not None and left <= 0:
                    self._told = running
                    self._say(running, is_done=False)
            delay = left if left > 0 else EVERY

    def _say(self, running: tuple[Source, Statement, float], *, is_done: bool) -> None:
        source, statement, started = running
        path, lineno = source.place_of(statement.lineno)
        first = statement.fragment.text.partition("\n")[0].strip()
        text = first if len(first) <= LONGEST else f"{first[: LONGEST - 1]}…"
        slow = Slow(path, lineno, text, time.monotonic() - started, is_done)
        if self._tell is not None:
            try:
                self._tell(slow)
            except Exception:  # noqa: BLE001  # whoever shows it may be gone
                self._tell = None
