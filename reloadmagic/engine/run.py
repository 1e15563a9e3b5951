"""`Run`: the story of one reload, set after set of modules.

A set is what succeeds or fails together. It is prepared before anything runs, then its modules are
reloaded in the plan's order, then what is left is done, all in one `Transaction`: an error on the
way takes everything back, and the old versions stay in use.
"""

from __future__ import annotations

import _abc
import contextlib
import itertools
import linecache
import sys
import threading
import types
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..compiling import show_parts
from ..hooks import AFTER_HOOK, after_reload, after_reload_of_instances
from ..interrupts import interrupts_pass
from ..loader import ReloadLoader
from ..modules import TrackedModule
from ..patch import patch_closures
from ..plan import Changeset, Plan
from ..reach.tokens import StatementId, Token
from ..source import Source
from .arrivals import Arrival
from .bound import bound_before, follow_replaced, loader_of, returned
from .codes import same_code
from .commit import commit_module
from .dropping import drop_attributes, note_holders
from .failures import describe, failed_outcome, forget_imports, is_interrupt, reasons
from .hashes import put_tables_in_order
from .homes import functions_of
from .names import Namespace, namespaces_before, refresh
from .noting import note_contents, note_sets
from .outcome import Outcome
from .progress import Progress
from .reloading import reload_module, rerun, room_for
from .snapshots import (
    snapshot_imported,
    snapshot_instance,
    snapshot_module,
    snapshot_targets,
)
from .state import State
from .statements import compile_statement

if TYPE_CHECKING:
    from ..errors import ReloadMagicError
    from .engine import Engine

__all__ = ["Run"]


class Run:
    """One reload: carries out a plan."""

    def __init__(self, engine: Engine, plan: Plan, namespaces: tuple[Namespace, ...]) -> None:
        self.engine = engine
        self.plan = plan
        self.state = State(
            engine.tracked,
            engine.index,
            engine.tracks,
            plan,
            namespaces,
            engine.marks,
            Progress(engine.tell),
        )
        self.thread = threading.get_ident()
        # Where nothing runs, nothing is imported, bound or merged.
        self.runs = not all(module_plan.only_patches for module_plan in plan.modules.values())
        self.known = set(sys.modules) if self.runs else set()  # the modules loaded before
        # By module that runs for the first time: what it may fill, as that was before.
        self.met: dict[str, Arrival] = {}
        # Definitions that are to arrive in modules that run for the first time, by where they were.
        self.moved: dict[StatementId, Any] = {}
        self.errors: list[ReloadMagicError] = []
        # The namespaces that the user imported from, as they were when the run began.
        self.before = namespaces_before(namespaces)

    @property
    def noted(self) -> set[str]:
        """The modules that may hold other containers than before."""
        return {name for name, work in self.state.work.items() if work.is_noted}

    def wants(self, module: types.ModuleType) -> bool:
        """Is *module* one that this run is to execute by its plan?"""
        name = module.__name__
        return name in self.state.active and not self.state.work[name].started

    def path_of(self, name: str) -> str | None:
        """The file that this run takes the module *name* from, None if it is not to run it."""
        return self.state.work[name].plan.after.path if name in self.state.active else None

    def source_of(self, name: str) -> Source | None:
        """The source that this run takes the module *name* from, None if it is not to run it."""
        return self.state.work[name].plan.after if name in self.state.active else None

    def rerun(self, module: types.ModuleType, loader: ReloadLoader) -> None:
        """Run what the plan says of *module*; called by the loader, inside importlib's locks."""
        rerun(self.state, module.__name__, loader)

    def meet(self, tracked: TrackedModule) -> Arrival | None:
        """A module that was not loaded before is about to run, as an edited one imports it.

        None if this run has nothing to do with it.
        """
        if not self.state.active or threading.get_ident() != self.thread:
            return None
        name, source = tracked.name, tracked.source
        assert source is not None
        numbers = range(len(source.statements))
        self.state.index.put(name, source)
        package, _, attribute = name.rpartition(".")
        self.state.effects.add(("bind", package, attribute))  # which the import system sets
        self.state.order = self.state.late = None
        for other in self.state.tracked.values():
            self.state.transaction.snapshot(other.noted)  # which an import adds to
        for number in numbers:
            snapshot_targets(self.state, name, number)
        snapshot_imported(self.state, name)
        moved = {
            number: self.moved[origin]
            for number, origin in self.plan.arrivals.get(name, {}).items()
            if origin in self.moved and self._stands_for(source, number, origin)
        }
        arrival = self.met[name] = Arrival(self.state, tracked, moved)
        return arrival

    def _stands_for(self, source: Source, number: int, origin: StatementId) -> bool:
        """Does a statement of a new source bind what that at *origin* did? Files change at any time."""
        module, old = origin
        was, now = self.state.work[module].plan.before.statements[old], source.statements[number:]
        return bool(now) and (was.fragment.kind, was.binds) == (now[0].fragment.kind, now[0].binds)

    def leave(self, name: str, source: Source) -> None:
        """A module that was not loaded before has run: what has it changed of others?"""
        if name in self.met:
            note_contents(self.state, list(itertools.chain(*self.met.pop(name).filled.values())))
            for number in range(len(source.statements)):
                note_sets(self.state, name, number)

    def carry_out(self) -> tuple[Outcome, ...]:
        """Run all sets of the plan in order; the outcomes in the order of the modules.

        Raises:
            KeyboardInterrupt: it came while a module ran; that set is rolled back.
        """
        outcomes: list[Outcome] = []
        self.engine.interrupted.clear()  # the plan sees to them
        for work in self.state.work.values():
            note_holders(self.state, work)
        with self._watching() if self.runs else contextlib.nullcontext():
            for changeset in self.plan.sets:
                if changeset.blocked:
                    outcomes += self._held_back(changeset)
                else:
                    outcomes += self._run_set(changeset)
        return tuple(outcomes)

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        """What statements that run in it make is known, they are timed, and may nest."""
        largest = max((len(changeset.modules) for changeset in self.plan.sets), default=0)
        with self.state.made, self.state.progress, room_for(largest):
            yield

    def _held_back(self, changeset: Changeset) -> Iterator[Outcome]:
        """Edited modules that wait for one beside them that cannot be parsed."""
        for name in changeset.modules:
            plan = self.state.work[name].plan
            if plan.diff is not None:
                yield failed_outcome(plan, None)

    def _run_set(self, changeset: Changeset) -> list[Outcome]:
        state, names = self.state, changeset.modules
        plans = [state.work[name].plan for name in names]
        if not changeset.edited and not any(map(state.effects.may_run, plans)):
            return []
        leftovers = state.leftovers
        state.begin_set(names)
        imported = len(self.engine.imported)
        try:
            self._prepare(names)
            for name in names:
                reload_module(state, name)
            only_bound = not changeset.edited and all(state.work[n].only_binds for n in names)
            self._finish(only_bound=only_bound)
            self._call_hooks(names)
            outcomes = self._conclude(names, only_bound=only_bound)
        except BaseException as error:  # noqa: BLE001 - whatever user code raises, SystemExit included
            files = forget_imports(self.engine, self.known, imported)
            state.has_dropped_class |= any(map(self._has_made_class, names))
            self._roll_back()
            causes = reasons(state, names)
            state.take_back_effects()
            state.leftovers = leftovers
            if is_interrupt(error):
                self._leave_to_next(changeset, causes)
                raise KeyboardInterrupt from None
            self.engine.awaited |= dict.fromkeys(names, files)
            return list(self._failures(changeset, error, causes))
        # Invariant: nothing that may fail is left to do; what follows only forgets.
        state.transaction.commit()
        for name in names:
            if state.work[name].started or state.work[name].plan.diff is not None:
                self.engine.retry.pop(name, None)
                self.engine.awaited.pop(name, None)
        return outcomes

    def _prepare(self, names: tuple[str, ...]) -> None:
        """Compile what was edited, and find what moved definitions were, before anything runs."""
        for name in names:
            work = self.state.work[name]
            plan = work.plan
            if plan.diff is None:
                continue
            if not plan.after.parts:
                linecache.cache.pop(plan.after.path, None)  # what runs is what the file holds
            loader = loader_of(plan.tracked)
            for number, why in plan.run.items():
                if plan.partner(number) is None or "edited" in why:
                    work.codes[number] = compile_statement(plan, loader, number)
            for number, value, home in returned(plan, self.state.tracked):
                work.origins[number] = value
                if home is not None:
                    work.taken.append((home, plan.after.statements[number]))
            for number, (module, old) in plan.origins.items():
                statement = self.state.work[module].plan.before.statements[old]
                work.origins[number] = bound_before(
                    self.state.tracked[module], old, statement.binds[0], self.state.source_of
                )
        for module, old in {o for found in self.plan.arrivals.values() for o in found.values()}:
            if module in names:
                name = self.state.work[module].plan.before.statements[old].binds[0]
                self.moved[module, old] = bound_before(
                    self.state.tracked[module], old, name, self.state.source_of
                )
        for name in names:
            work = self.state.work[name]
            if work.plan.diff is not None or work.plan.unset:
                drop_attributes(self.state, work)

    def _finish(self, *, only_bound: bool) -> None:
        """What is left to do when all statements of a set have run, which *only_bound* names."""
        state = self.state
        if self.runs and not only_bound:
            self._bring_back()
        state.caches.clear()
        if not only_bound:
            self._follow()
        given = any(namespace.given for namespace in state.namespaces)
        if not only_bound or given or not state.active.isdisjoint(self.before):
            for namespace in state.namespaces:
                state.leftovers += tuple(
                    refresh(namespace, self.before, state.transaction, state.effects.answers_anew)
                )

    def _bring_back(self) -> None:
        """Bring in again what came at run time."""
        state = self.state
        state.effects.decide_contents()  # before what came at run time is put back
        state.containers.add_extras()
        for cls, registered in state.registered:
            for other in registered:
                _abc._abc_register(cls, other)
        state.registered = []

    def _follow(self) -> None:
        """Have all that lives follow what was merged, or got other code."""
        state = self.state
        closures = patch_closures(state.transaction, same_code, partial(functions_of, state))
        state.leftovers += tuple(closures)
        if self.runs:
            state.leftovers += tuple(state.patcher.finish())
            if state.edited_classes:
                state.made.collect()
        for name in state.active:
            plan = state.work[name].plan
            for path in {plan.before.path, plan.after.path}:
                linecache.checkcache(path)

    def _call_hooks(self, names: tuple[str, ...]) -> None:
        """What the user's modules and classes want to do now that the new code is in."""
        state = self.state
        hooked = [
            tracked
            for name in names
            if name in state.states
            and AFTER_HOOK in (tracked := state.work[name].plan.tracked).namespace
        ]
        if not hooked and not state.edited_classes:
            return
        with interrupts_pass():
            for tracked in hooked:
                snapshot_module(state, tracked)
                after_reload(tracked.namespace, state.states[tracked.name])
            after_reload_of_instances(state.edited_classes, partial(snapshot_instance, state))

    def _conclude(self, names: tuple[str, ...], *, only_bound: bool) -> list[Outcome]:
        """Make what ran the new baseline: the last that may fail, and is taken back then."""
        state = self.state
        if not only_bound:
            if self.runs:
                follow_replaced(state)
                state.containers.follow_replaced()
            state.leftovers += tuple(put_tables_in_order(state))
        outcomes = [commit_module(state, name) for name in names]
        state.containers.note_elsewhere()
        return [outcome for outcome in outcomes if outcome is not None]

    def _has_made_class(self, name: str) -> bool:
        """May class statements of the module have run?"""
        work = self.state.work[name]
        after = work.plan.after.statements
        return work.started and any(after[n].fragment.kind == "class" for n in work.plan.run)

    def _roll_back(self) -> None:
        """Undo all writes of the set."""
        self.state.transaction.rollback()
        for name in self.state.active:
            work = self.state.work[name]
            work.started, work.position = False, -1
            show_parts(work.plan.before.text, work.plan.before.path)
            module = work.plan.tracked.reference()
            if module is not None and sys.modules.get(name) is not module:
                sys.modules[name] = module

    def _leave_to_next(self, changeset: Changeset, causes: dict[str, set[Token]]) -> None:
        """Dependents that follow no more now do so at the next reload: of their own files, and of
        edits that are in, nothing tells that there is something to do.
        """
        later = self.plan.sets[self.plan.sets.index(changeset) + 1 :]
        for rest in later:
            causes = {**causes, **reasons(self.state, rest.modules)}
        for name, found in causes.items():
            plan = self.state.work[name].plan
            if plan.diff is None and (found or name in self.engine.retry):
                self.engine.retry.setdefault(name, set()).update(found)
                self.engine.interrupted.add(name)
                plan.tracked.stamp = None  # so that it is looked at
        self.engine.tracked.version += 1

    def _failures(
        self, changeset: Changeset, error: BaseException, causes: dict[str, set[Token]]
    ) -> Iterator[Outcome]:
        """The outcomes of a set that failed: of what was edited, or of the dependent it is."""
        cause = describe(error, self.state)
        self.errors.append(cause)
        plans = [self.state.work[name].plan for name in changeset.modules]
        if changeset.edited:
            plans = [plan for plan in plans if plan.diff is not None]
        at_fault = getattr(cause, "module", "")
        teller = next((plan for plan in plans if plan.name == at_fault), plans[0])
        for plan in plans:
            if not changeset.edited:
                self.engine.retry.setdefault(plan.name, set()).update(causes[plan.name])
            plan.tracked.failed = cause
            yield failed_outcome(plan, cause if plan is teller else None)
