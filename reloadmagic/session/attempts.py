"""`Attempts`: versions that were tried and failed, and what gives reason to try them again.

In come changes, and what became of those that were tried; out go the changes that are worth a try:
an edit that failed is told once, and again when its file holds another version or when something
has changed that could mend it. Nothing runs here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from ..graph import ImportGraph
from ..modules import TrackedModule
from ..stamps import Stamp, stamp_of

if TYPE_CHECKING:
    from ..changes import Change
    from ..plan import Plan

__all__ = ["Attempts"]

AWAY = 0.05
"""Seconds for which a file is not there until it counts as deleted."""


class Attempts:
    """The versions that were tried last and have not come in.

    *tracked* are the modules by name, *find_spec* says where an import would find one now, and
    *awaited* gives, for modules that failed, the files of the new modules that they imported.

    Attributes:
        interrupted: dependents that an interrupt has kept from their turn.
    """

    def __init__(
        self,
        tracked: Mapping[str, TrackedModule],
        find_spec: Callable[[str], ModuleSpec | None],
        awaited: Mapping[str, Mapping[str, Stamp | None]],
        interrupted: Collection[str] = (),
    ) -> None:
        self._tracked = tracked
        self._find_spec = find_spec
        self._awaited = awaited
        self.interrupted = interrupted
        self._tried: dict[str, object] = {}
        self._before: dict[str, object] = {}
        # For modules that failed, those of which an edit could mend them.
        self._menders: dict[str, frozenset[str]] = {}
        # Modules that failed and whose files hold again what runs, which may mend others.
        self._taken_back: set[str] = set()

    def begin(self, changes: Iterable[Change]) -> None:
        """*changes* are about to be tried."""
        self._taken_back.clear()
        self._before = dict(self._tried)
        self._tried.update((change.module, _version(change)) for change in changes)

    def failed(self, plan: Plan, names: Collection[str], imports: dict[str, list[str]]) -> None:
        """The modules *names* have failed when *plan* was carried out, by which *imports* hold."""
        if not names:
            return
        graph = ImportGraph(imports)
        for name in names:
            self._menders[name] = graph.descendants(name) | graph.ancestors(name)
        for changeset in plan.sets:
            together = {*changeset.modules, *changeset.blocked}
            for name in together & {*names}:
                self._menders[name] |= together

    def forget(self, name: str) -> None:
        """What the file of *name* holds is not known to fail."""
        self._tried.pop(name, None)
        self._menders.pop(name, None)

    def give_back(self) -> None:
        """What was about to be tried is still to be done."""
        self._tried = self._before

    def take_back(self, name: str) -> None:
        """The file of *name* holds again what last ran."""
        if name in self._menders:
            self._taken_back.add(name)
        self.forget(name)

    def worth_trying(self, changes: Iterable[Change]) -> tuple[Change, ...]:
        """Those of *changes* that were not tried yet, and failed ones that those may mend.

        A file that is gone for a moment only is left for the next look.
        """
        new: list[Change] = []
        old: list[Change] = []
        gone: list[Change] = []
        for change in changes:
            is_new = self._tried.get(change.module) != _version(change)
            if change.kind in {"modified", "moved", "unreadable"}:
                (new if is_new else old).append(change)
            elif is_new and change.kind != "touched":
                (gone if change.kind == "deleted" else new).append(change)
        if gone:
            new += _still_gone(gone)
        # What may be mended is tried with what it is related to in turn: they share a transaction.
        while mendable := [c for c in old if self.may_be_mended(c.module, new)]:
            new += mendable
            old = [c for c in old if c not in mendable]
        return tuple(new)

    def may_be_mended(self, name: str, changes: Iterable[Change]) -> bool:
        """Could *changes*, or what has become of files since, mend the module *name*?"""
        if name in self.interrupted:
            return True
        cause = getattr(self._tracked[name].failed, "exception", None)
        missing = _missing(cause) if isinstance(cause, ImportError) else ""
        if missing and self._find_spec(missing) is not None:
            return True
        files = self._awaited.get(name, {})
        if any(stamp_of(path) != stamp for path, stamp in files.items()):
            return True
        others = self._taken_back.union(change.module for change in changes)
        return not others.isdisjoint(self._menders.get(name, ()))


def _missing(error: ImportError) -> str:
    """The module that an import did not find, ``""`` if it is not told."""
    if isinstance(error, ModuleNotFoundError):
        return error.name or ""
    found = re.match(
        r"cannot import name '(\w+)'", error.msg or ""
    )  # `name_from` is of Python 3.12
    return f"{error.name}.{found[1]}" if found and error.name else ""


def _still_gone(changes: list[Change]) -> list[Change]:
    """Those whose files stay away for a while: an editor that renames takes no longer."""
    time.sleep(AWAY)
    return [change for change in changes if stamp_of(change.path) is None]


def _version(change: Change) -> object:
    """What tells one attempt to load a file from the next."""
    return change.data if change.data is not None else change.stamp or "gone"
