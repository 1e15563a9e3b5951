"""`Edits`: what the files of tracked modules hold that has not run yet.

In come modules whose files look different; out go `Change`s, each read once, however often it is
asked for. Files that were saved again with the same bytes are as good as before. Nothing is
imported and nothing runs.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from ..changes import Change, find_change, read_if_alike
from ..modules import REPLACED, TrackedModule

if TYPE_CHECKING:
    from ..changes import Stale
    from ..stamps import Stamp
    from .attempts import Attempts
    from .tracking import Tracking

__all__ = ["Edits"]


class Edits:
    """The changes that wait for a reload.

    *pending* are those, by module; *find_spec* says where an import would find a module now; *retry*
    are dependents that failed, which stay stale though their own files are as they were.
    """

    def __init__(
        self,
        tracking: Tracking,
        pending: dict[str, Change],
        find_spec: Callable[[str], ModuleSpec | None],
        attempts: Attempts,
        retry: Container[str],
    ) -> None:
        self._tracking = tracking
        self._pending = pending
        self._find_spec = find_spec
        self._attempts = attempts
        self._retry = retry
        # Of a module's file: what it looked like and held.
        self._known: dict[str, tuple[Stamp, bytes]] = {}

    def find(self, stale: Stale) -> list[Change]:
        """What became of the files of *stale* modules."""
        return [self._find(tracked, stamp) for tracked, stamp in stale]

    def _find(self, tracked: TrackedModule, stamp: Stamp | None) -> Change:
        known = self._pending.get(tracked.name)
        if known is not None and known.stamp == stamp and stamp is not None:
            if known.kind != "unreadable" or known.data is not None:
                return known  # what could not be opened may be open now
        read = self._known.pop(tracked.name, None)
        if read is not None and read[0] != stamp:
            read = None
        change = find_change(tracked, self._find_spec, read)
        if change.kind == "touched":
            self._note_touch(tracked, change.stamp)
            return change
        if tracked.module is None and change.kind != "deleted":
            tracked.opaque = REPLACED
            change = Change(tracked.name, change.path, "opaque", stamp=change.stamp)
        tracked.stale = True
        if change.kind == "deleted":
            if tracked.failed is not None and tracked.name not in self._retry:
                tracked.let_go_of_error()
                tracked.failed = None  # it was in the file
                self._attempts.forget(tracked.name)
        else:
            self._pending[tracked.name] = change
        return change

    def were_only_touched(self, stale: Stale, held: Container[str]) -> bool:
        """Do the files hold what last ran? Then their stamps are the ones to expect.

        Modules in *held* are to run another version than their files hold.
        """
        for tracked, stamp in stale:
            is_due = tracked.name in held or tracked.name in self._retry
            known = None if is_due else read_if_alike(tracked, stamp)
            if known is None:
                return False
            if tracked.source is None or known[1] != tracked.source.data:
                self._known = {tracked.name: known}  # not to be read again by `find`
                return False
            self._note_touch(tracked, stamp)
        return True

    def _note_touch(self, tracked: TrackedModule, stamp: Stamp | None) -> None:
        tracked.stamp = stamp
        self._tracking.expect(tracked)
        if tracked.name not in self._retry:
            tracked.let_go_of_error()
            tracked.stale, tracked.failed = False, None
        self._pending.pop(tracked.name, None)
        self._attempts.take_back(tracked.name)

    def put(self, changes: Iterable[Change]) -> None:
        """Have *changes* wait, whatever the files hold."""
        self._pending.update((change.module, change) for change in changes)

    def take_out(self, changes: Iterable[Change]) -> None:
        """Those of *changes* that still wait wait no more."""
        for change in changes:
            if self._pending.get(change.module) is change:
                del self._pending[change.module]

    def have_run(self, changes: Iterable[Change]) -> list[Change]:
        """Those of *changes* whose source has run: their modules are as their files now."""
        done = []
        for change in changes:
            tracked = self._tracking.modules.get(change.module)
            if tracked is None or change.kind not in {"modified", "moved"}:
                continue
            if tracked.source is not change.after:
                continue
            tracked.stamp, tracked.path = change.stamp, change.path
            self._tracking.expect(tracked)
            tracked.stale, tracked.failed = False, None
            self.forget(change.module)
            done.append(change)
        return done

    def forget(self, name: str) -> None:
        """Nothing waits for the module *name*, and nothing it holds is known to fail."""
        self._pending.pop(name, None)
        self._attempts.forget(name)
