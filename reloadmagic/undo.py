"""Back to the code before a reload: what reloads replaced, and what stays undone.

In come the changes that reloads brought in; out go changes that lead back, which the engine runs
as it runs any edit. The files are not touched: a version that was undone is held back until its
file holds another one.
"""

from __future__ import annotations

import dataclasses
import linecache
import os
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .changes import Change
    from .modules import Source, TrackedModule

__all__ = ["Undo", "hint_of_undone"]

MOST = 100
"""Reloads that are remembered."""


class Undo:
    """The edits that reloads brought in, and the versions that are held back.

    Attributes:
        held: by module, the digest of the version that was undone; the file still holds it.
    """

    def __init__(self) -> None:
        self._done: deque[tuple[Change, ...]] = deque(maxlen=MOST)
        self.held: dict[str, bytes] = {}

    def note(self, done: Iterable[Change]) -> None:
        """A reload has run the sources that *done* brought."""
        done = tuple(done)
        for change in done:
            self.held.pop(change.module, None)
            if change.after is not None and not change.after.parts:
                linecache.cache.pop(change.path, None)
        if done:
            self._done.append(done)

    def look(self, changes: Iterable[Change]) -> None:
        """Files that hold another version than the one that was undone are held back no more."""
        for change in changes:
            if change.kind != "deleted" and self.held.get(change.module) != change.digest:
                self.held.pop(change.module, None)

    def back(self, tracked: Mapping[str, TrackedModule]) -> tuple[Change, ...]:
        """The changes that lead back to before the last reload; empty if none is known.

        Modules that have gone or were imported anew since are left out.
        """
        while self._done:
            found = tuple(
                dataclasses.replace(
                    change, kind="modified", path=change.before.path, before=change.after,
                    after=change.before, stamp=None, digest=change.before.digest,
                )
                for change in self._done[-1]
                if change.before is not None
                and change.module in tracked
                and tracked[change.module].source is change.after
            )  # fmt: skip
            if found:
                return found
            self._done.pop()
        return ()

    def drop_last(self) -> None:
        """The last reload is undone."""
        self._done.pop()

    def hold(self, changes: Iterable[Change]) -> None:
        """Hold back what *changes* would bring: how files differ from what an undo made run."""
        for change in changes:
            if change.kind not in {"touched", "deleted"}:
                self.held[change.module] = change.digest
            if change.before is not None:
                _show_source(change.before)


def hint_of_undone(changes: Iterable[Change]) -> tuple[str, ...]:
    """What the files that *changes* are of stand for after an undo, as a sentence."""
    names = [os.path.basename(change.path) for change in changes if change.kind != "touched"]
    if not names:
        return ()
    files = "the file is" if len(names) == 1 else "they are"
    return (f"The version before runs in {', '.join(names)} until {files} edited.",)


def _show_source(source: Source) -> None:
    """Let tracebacks and `inspect` show *source*, which runs, until its file is saved again.

    `linecache` trusts an entry for as long as the file has the size and mtime that stand in it.
    """
    if source.parts:
        return  # shown as its code was moved to their lines
    try:
        stat = os.stat(source.path)
    except OSError:
        return
    lines = source.text.splitlines(keepends=True)
    linecache.cache[source.path] = (stat.st_size, stat.st_mtime, lines, source.path)
