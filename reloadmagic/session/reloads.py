"""`Reloads`: the ways to reload, each from what there is to do to a `Report`.

In come modules whose files look different, or what to go to instead; a plan is made, carried out and
settled. Whoever calls has seen to it that one reload runs at a time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from ..changes import change_to
from ..collector import collector_paused
from ..interrupts import interrupts_wait
from ..ownership import matches
from ..report import Report

if TYPE_CHECKING:
    from ..changes import Change, Stale
    from ..engine import Outcome
    from ..modules import TrackedModule
    from ..plan import Plan
    from .tracking import Tracking
    from .workshop import Workshop

__all__ = ["Reloads"]

Keep = tuple[str, ...]
"""``module:NAME`` patterns of values that are never made again."""


class Reloads:
    """Goes through the rooms of *work*; *find_spec* says where an import would find a module now."""

    def __init__(
        self, work: Workshop, tracking: Tracking, find_spec: Callable[[str], ModuleSpec | None]
    ) -> None:
        self._work = work
        self._tracking = tracking
        self._find_spec = find_spec

    def changes(self, names: Iterable[str] | None = None) -> tuple[Change, ...]:
        """What differs from what last ran; *names* are patterns that limit it."""
        found = self._find(self._tracking.stale())
        if names is not None:
            found = [change for change in found if matches(change.module, names)]
        self._work.undo.look(found)
        return tuple(found)

    def _find(self, stale: Stale) -> list[Change]:
        here = []
        for tracked, stamp in stale:
            if sys.modules.get(tracked.name) is None:
                self._work.forget(tracked.name)
            else:
                here.append((tracked, stamp))
        return self._work.edits.find(here)

    @collector_paused
    def plan(self, changes: tuple[Change, ...], keep: Keep) -> Plan:
        """What a reload would do about *changes*. Nothing runs."""
        return self._work.planning.plan(changes, keep=keep)

    @collector_paused  # until what plans and runs are made of is gone, so that it finds nothing
    def bring_in(self, plan: Plan | None, stale: Stale, keep: Keep) -> Report:
        """Carry out *plan*, or one for what is worth a try of the files of *stale* modules."""
        started = time.perf_counter()
        if plan is None:
            found = self._find(stale)
            self._work.undo.look(found)
            changes = self._work.attempts.worth_trying(
                change for change in found if change.module not in self._work.undo.held
            )
            if not changes and not self._work.attempts.interrupted:
                return Report()
            plan = self._work.planning.plan(changes, keep=keep)
        with interrupts_wait():
            outcomes, notes = self._carry_out(plan, keep)
        return Report(outcomes, notes, time.perf_counter() - started)

    def _carry_out(self, plan: Plan, keep: Keep) -> tuple[tuple[Outcome, ...], tuple[str, ...]]:
        """Run *plan*, and what cannot be put in alone with all that was put in before."""
        updater = self._work.updater
        outcomes, notes = updater.carry_out(plan)
        settled = updater.settle(plan, outcomes)
        refused = updater.refused(plan, outcomes)
        if refused:
            plan = self._work.planning.plan(refused, keep=keep, whole_groups=True)
            again, more = updater.carry_out(plan)
            settled += updater.settle(plan, again)
            outcomes = (*(o for o in outcomes if o.status != "failed"), *again)
            notes += more
        self._work.undo.note(settled, self._tracking.modules)
        return outcomes, notes

    @collector_paused
    def run_again(self, tracked: TrackedModule, keep: Keep) -> Report | None:
        """Run all of a module again, with the edit that its file holds; None if that cannot be."""
        started = time.perf_counter()
        found = self._find(self._tracking.stale())
        changes = [change for change in found if change.module == tracked.name]
        if tracked.source is None or any(c.kind not in {"modified", "touched"} for c in changes):
            return None
        edits = tuple(change for change in changes if change.kind == "modified")
        was = tracked.stale, tracked.failed
        plan = self._work.planning.plan(edits, keep=keep, again=tracked.name)
        with interrupts_wait():
            outcomes, notes = self._work.updater.carry_out(plan)
            self._note_undo(plan, outcomes)
        if not edits:  # what its file holds is what last ran, whether it can run once more or not
            tracked.stale, tracked.failed = was
        return Report(outcomes, notes, time.perf_counter() - started)

    def _note_undo(self, plan: Plan, outcomes: tuple[Outcome, ...]) -> None:
        done = self._work.updater.settle(plan, outcomes)
        self._work.undo.note(done, self._tracking.modules)

    def receive(self, sources: Mapping[str, bytes], keep: Keep) -> Report:
        """Bring those of the modules that are tracked to *sources*, bytes by module name."""
        started, modules = time.perf_counter(), self._tracking.modules
        self._tracking.scan()
        changes = tuple(
            change_to(modules[name], data, self._find_spec)
            for name, data in sources.items()
            if name in modules
        )
        # What has no baseline is planned by the source that it is to get.
        self._work.edits.put(changes)
        plan = self.plan(changes, keep)
        with interrupts_wait():
            outcomes, notes = self._work.updater.carry_out(plan)
            for change in self._work.updater.settle(plan, outcomes):
                modules[change.module].opaque = ""  # it has a source now
        self._work.edits.take_out(changes)
        return Report(outcomes, notes, time.perf_counter() - started)

    def go_back(self, keep: Keep) -> Report:
        """Reload the sources that ran before the last reload."""
        from ..report.words import hint_of_undone

        started, modules = time.perf_counter(), self._tracking.modules
        self._tracking.scan()
        back = self._work.undo.back(modules, self._find_spec)
        if not back:
            return Report(undo=True)
        before = [(t := modules[c.module], t.stale, t.failed) for c in back]
        plan = self.plan(tuple(back), keep)
        with interrupts_wait():
            outcomes, notes = self._work.updater.carry_out(plan)
            done = {change.module for change in self._work.updater.settle(plan, outcomes)}
            for tracked, stale, failed in before:
                if tracked.name not in done:  # it goes on with what it had
                    tracked.stale, tracked.failed = stale, failed
                    self._work.attempts.forget(tracked.name)
            if len(done) == len(back):
                self._work.undo.drop_last()
            now = [change for change in self.changes() if change.module in done]
            self._work.undo.hold(now)
        notes += hint_of_undone(now)
        return Report(outcomes, notes, time.perf_counter() - started, undo=True)
