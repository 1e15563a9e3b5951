"""`Planning`: the index of what last ran, and plans made by it.

In come changes; out go `Plan`s. Planning reads: it never imports modules of the user's, runs or
writes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from ..compiling import read_source
from ..diff import Diff, Pair, diff_sources
from ..engine import is_patchable
from ..errors import SourceError
from ..plan import Planner
from ..reach.index import Index
from .answers import (
    holds_data,
    holds_plain_value,
    inherited,
    is_loaded,
    is_metaclass,
    names_by_star,
    shared_names,
)

if TYPE_CHECKING:
    from ..changes import Change
    from ..plan import Plan
    from ..reach.tokens import Token
    from ..source import Source
    from .attempts import Attempts
    from .tracking import Tracking

__all__ = ["Planning"]


class Planning:
    """Plans what to do about changes.

    *pending* are the changes that wait, by module; *retry* holds, for dependents that failed, the
    changes for which they were to run; *find_spec* says where an import would find a module now.
    """

    def __init__(
        self,
        tracking: Tracking,
        pending: Mapping[str, Change],
        retry: Mapping[str, set[Token]],
        attempts: Attempts,
        find_spec: Callable[[str], ModuleSpec | None],
    ) -> None:
        self._tracking = tracking
        self._pending = pending
        self._retry = retry
        self._attempts = attempts
        self._find_spec = find_spec
        # The index, and the version of the tracked modules that it held when it was last made to.
        self._synced: tuple[Index | None, int] = (None, 0)

    def plan(
        self,
        changes: tuple[Change, ...],
        *,
        keep: tuple[str, ...],
        again: str = "",
        whole_groups: bool = False,
    ) -> Plan:
        """What a reload would do about *changes*.

        *keep* are ``module:NAME`` patterns of values that are never made again. All of the module
        *again* is to run, edited or not. With *whole_groups* nothing is put into an object that is
        not filled anew.
        """
        try:
            self._sync()
            return self._plan(changes, keep, again, whole_groups=whole_groups)
        except BaseException:
            self._drop_index()
            raise

    def current_index(self) -> Index:
        """Who uses what, in the sources that last ran."""
        try:
            self._sync()
        except BaseException:
            self._drop_index()
            raise
        return self.index

    @functools.cached_property
    def index(self) -> Index:
        """The same, as the last plan has left it."""
        return Index(
            is_module=is_loaded,
            is_metaclass=functools.partial(is_metaclass, self._tracking.modules),
            names_of=names_by_star,
            shared=functools.partial(shared_names, self._tracking.modules),
            is_plain=functools.partial(holds_plain_value, self._tracking.modules),
            is_data=functools.partial(holds_data, self._tracking.modules),
            inherited=functools.partial(inherited, self._tracking.modules),
        )

    def forget(self, name: str) -> None:
        """Know no more of the module *name*."""
        if "index" in vars(self):
            self.index.drop(name)

    def _drop_index(self) -> None:
        """One that an interrupt may have left half made is made anew when it is next asked for."""
        vars(self).pop("index", None)

    def _sync(self) -> None:
        """Have the index hold what last ran, whatever a plan put there since."""
        # Invariant: a tracked module has another source only where plans have put it there before.
        tracked = self._tracking.modules
        now = self.index, tracked.version
        if now == self._synced:
            unsure = [*self.index.changed, *self._pending]
        else:
            unsure = [*tracked, *self.index.modules]
        for name in dict.fromkeys(unsure):
            if name not in tracked:
                self.index.drop(name)
                continue
            change = self._pending.get(name)
            source = tracked[name].source
            if source is None and change is not None:
                source = change.after
            if source is not None:
                self.index.put(name, source)
        self.index.changed.clear()
        self.index.look_again()
        self._synced = now

    def _plan(
        self,
        changes: tuple[Change, ...],
        keep: tuple[str, ...],
        again: str,
        *,
        whole_groups: bool,
    ) -> Plan:
        tracked = self._tracking.modules
        edited = {
            change.module: _diff(change)
            for change in changes
            if change.kind in {"modified", "moved"} and change.module in tracked
        }
        if again and again not in edited:
            source = tracked[again].source
            assert source is not None
            edited[again] = diff_sources(source, source)
        blocked = {
            change.module
            for change in changes
            if change.kind == "unreadable" and change.module in self.index.modules
        }
        retry = {
            name: tokens
            for name, tokens in self._retry.items()
            if name in tracked and self._attempts.may_be_mended(name, changes)
        }
        planner = Planner(
            self.index,
            tracked,
            patchable=is_patchable,
            keep=keep,
            findable=self._is_findable,
            source_of=self._source_to_import,
            whole_groups=whole_groups,
        )
        return planner.plan(changes, edited, retry, blocked, again)

    def _is_findable(self, name: str) -> bool:
        return self._find_spec(name) is not None

    def _source_to_import(self, name: str) -> Source | None:
        """What importing a module of the user's would run; None for others and what cannot be."""
        spec = self._find_spec(name)
        if spec is None or not spec.has_location or spec.origin is None:
            return None
        if not self._tracking.owns(name, spec.origin):
            return None
        try:
            return read_source(spec.loader, spec.origin)[1]
        except (OSError, SourceError):
            return None  # the import will say so


def _diff(change: Change) -> Diff:
    """What a change edits; all of its source where it is not known what ran."""
    assert change.after is not None
    if change.before is not None:
        return diff_sources(change.before, change.after)
    count = len(change.after.statements)
    pairs = tuple(Pair(number, number, "changed") for number in range(count))
    return Diff(change.after, change.after, 0, 0, pairs, (), ())
