"""Back to the code before a reload: what reloads replaced, and what stays undone.

In come the changes that reloads brought in; out go changes that lead back, which the engine runs
as it runs any edit. The files are not touched: a version that was undone is held back until its
file holds another one.
"""

from __future__ import annotations

import linecache
import weakref
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from .compiling import show_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from .changes import Change
    from .modules import TrackedModule

__all__ = ["Undo"]

MOST = 20
"""Reloads that can be undone, one after the other."""


class _Replaced(NamedTuple):
    """A version that a reload replaced: what its file held, and what it holds since.

    Bytes, as sources with all that is known of them would be much to keep.
    """

    module: weakref.ref[ModuleType]
    name: str
    data: bytes
    by: bytes


class Undo:
    """The versions that reloads replaced, and those that are held back.

    Attributes:
        held: by module, the version that was undone, which the file still holds; None if that
            cannot be read.
    """

    def __init__(self) -> None:
        self._done: deque[tuple[_Replaced, ...]] = deque(maxlen=MOST)
        self.held: dict[str, bytes | None] = {}

    def note(self, done: Iterable[Change], tracked: Mapping[str, TrackedModule]) -> None:
        """A reload has run the sources that *done* brought."""
        replaced = []
        for change in done:
            before, after = change.before, change.after
            self.held.pop(change.module, None)
            if after is not None and not after.parts:
                linecache.cache.pop(change.path, None)
            if before is not None and after is not None and (before.data or not before.text):
                module = tracked[change.module].reference
                replaced.append(_Replaced(module, change.module, before.data, after.data))
        if replaced:
            self._done.append(tuple(replaced))

    def look(self, changes: Iterable[Change]) -> None:
        """Files that hold another version than the one that was undone are held back no more."""
        for change in changes:
            known = self.held.get(change.module, change.data)
            if change.kind != "deleted" and known != change.data:
                del self.held[change.module]

    def back(
        self,
        tracked: Mapping[str, TrackedModule],
        find_spec: Callable[[str], ModuleSpec | None],
    ) -> tuple[Change, ...]:
        """The changes that lead back to before the last reload; empty if none is known.

        Modules that have gone or were imported anew since are left out. *find_spec* says where an
        import would find a module now.
        """
        from .changes import change_to

        while self._done:
            found = tuple(
                # Without a stamp: the file is to be looked at as one that does not hold this.
                change_to(tracked[version.name], version.data, find_spec)._replace(stamp=None)
                for version in self._done[-1]
                if version.name in tracked and _is_followed(version, tracked[version.name])
            )
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
                self.held[change.module] = change.data
            if change.before is not None:
                show_source(change.before)


def _is_followed(version: _Replaced, tracked: TrackedModule) -> bool:
    """Does the same module run what replaced *version*?"""
    return (
        tracked.reference() is version.module()
        and tracked.source is not None
        and tracked.source.data == version.by
    )
