"""One module's turn: importlib runs it again, nested as imports are, by what its plan says."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import math
import os
import sys
import time
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import SourceError, describe, spoken_place
from ..hooks import BEFORE_HOOK, before_reload
from ..interrupts import interrupts_pass
from ..loader import ReloadLoader
from ..modules import is_importing
from ..plan import ModulePlan
from .annotations import annotate, order_annotations
from .bodies import patch_bodies
from .bound import loader_of
from .dropping import drop_names, drop_unexplained, hide_unexplained
from .failures import Failed, locate
from .late import at_imports
from .quiet import is_quiet, stands_alone
from .snapshots import snapshot_module, snapshot_reachable, snapshot_unshared
from .statements import run_quietly, run_statement
from .turns import awaited_by, awaits, begun_by, descents, descents_of_all, has_all_it_imports

if TYPE_CHECKING:
    from .state import State, Work

__all__ = ["reload_module", "rerun", "room_for"]

# How many frames one module takes that is reloaded by the import of another, and some to spare.
_FRAMES = 24
# What the C stack has room for in any case.
_DEEPEST = 200


@contextlib.contextmanager
def room_for(modules: int) -> Iterator[None]:
    """Let as many *modules* be nested on the stack as imported each other on their first import.

    That takes fewer frames than we do.
    """
    before = sys.getrecursionlimit()
    wanted = before + _FRAMES * min(modules, _DEEPEST)
    sys.setrecursionlimit(wanted)
    try:
        yield
    finally:
        if sys.getrecursionlimit() == wanted:  # else a module has set its own
            sys.setrecursionlimit(before)


def reload_module(state: State, name: str) -> None:
    """Reload a module, an edited one through importlib, unless it was reached already."""
    work = state.work[name]
    if work.started or name not in state.active:
        return
    module = work.plan.tracked.module
    if module is None:
        work.started = True
        return
    plan = work.plan
    if plan.diff is None:
        if is_importing(module):
            return  # in another thread: what it has yet to use, it finds edited
        if not (
            state.effects.may_run(plan) or descents_of_all(state, plan.name) or awaits(state, plan)
        ):
            plan.pass_by(for_good=has_all_it_imports(state, plan.name))
            return
    started = time.perf_counter()
    try:
        _reload(state, work, module)
    finally:
        work.seconds += time.perf_counter() - started


def _reload(state: State, work: Work, module: types.ModuleType) -> None:
    """Have *module* run by its plan, or be patched."""
    plan, name = work.plan, work.plan.name
    state.states[name] = None
    if BEFORE_HOOK in plan.tracked.namespace:
        snapshot_module(state, plan.tracked)
        state.states[name] = _handed_on(state, plan)
    if plan.only_patches:
        # Nothing of it runs, so there is nothing for importlib to see to.
        work.started = True
        patch_bodies(state, work)
        for _, targets in sorted(descents_of_all(state, plan.name).items()):
            for target in targets:
                reload_module(state, target)
        order_annotations(state, plan)
        return
    state.transaction.snapshot(plan.tracked.namespace)
    if any(state.work[name].is_loud for name in state.active):
        snapshot_unshared(state, [plan.tracked])
    if plan.diff is None or name == state.plan.again:
        # The file is as it was, so importlib would find what is there; or it is at it.
        rerun(state, name, loader_of(plan.tracked))
        return
    # importlib replaces __spec__ and its like before the loader is called.
    _keep_place(state)
    if plan.before.path != plan.after.path:
        # It may be a package no longer; if it is one, importlib says where.
        plan.tracked.namespace.pop("__path__", None)
    importlib.reload(module)
    # Where another finder stands before ours, its loader ran the module as a whole.
    work.started = True


def _handed_on(state: State, plan: ModulePlan) -> Any:
    """The state that the module's old code has for the new one.

    What is raised fails the reload, unless the edit is one of the hook: it may mend just that.
    """
    try:
        with interrupts_pass():
            return before_reload(plan.tracked.namespace)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # user code may raise anything
        failed = locate(error, plan, state.tracked, plan.before)
        if plan.diff is None or BEFORE_HOOK not in plan.diff.names():
            raise Failed(failed, error) from error
        at = os.path.basename(spoken_place(failed.path, failed.lineno))
        state.leftovers += (f"{at}: {BEFORE_HOOK} handed on no state: {describe(error)}",)
        return None


def _keep_place(state: State) -> None:
    """What importlib reloads it moves to the end of ``sys.modules``; a rollback moves it back."""
    names = list(sys.modules)

    def undo() -> None:
        current = dict(sys.modules)
        order = [n for n in names if n in current]
        known = set(names)
        order += [n for n in current if n not in known]
        for n in order:
            sys.modules[n] = sys.modules.pop(n)

    state.transaction.on_rollback(undo)


def rerun(state: State, name: str, loader: ReloadLoader) -> None:
    """Run what the plan says of module *name*; edited ones inside importlib's locks."""
    work = state.work[name]
    work.started = True
    patch_bodies(state, work)
    plan = work.plan
    drop_names(state, work)
    behind = descents(state, plan.name)
    begun = begun_by(state, plan.name)
    awaited = awaited_by(state, plan.name, begun)
    try:
        hide_unexplained(state, work)
        if state.index.whole(name) and not any(map(plan.in_any_case, plan.run)):
            _descend_until_due(state, plan, behind)
        for number in sorted({*plan.run, *plan.annotated, *behind, *begun}):
            for target in behind.get(number, ()):
                reload_module(state, target)
            if number in awaited and not state.effects.is_due(plan, number):
                # What the functions that it calls import may show that it is.
                late = itertools.chain(*awaited.pop(number).values())
                for target in late if number in plan.run else begun[number]:
                    reload_module(state, target)
            work.position = number
            if number in plan.run:
                state.effects.groups.decide(plan, number)
            if state.effects.is_due(plan, number):
                _run(state, work, number, loader, awaited.get(number, {}))
            elif number in plan.annotated:
                annotate(state, plan, number, loader)
        work.position = math.inf
        drop_unexplained(state, work)
    except (Failed, KeyboardInterrupt):
        raise
    except SourceError as error:
        raise Failed(error, error) from error
    except BaseException as error:  # user code may raise anything
        raise Failed(locate(error, plan, state.tracked), error) from error
    order_annotations(state, plan)


def _descend_until_due(state: State, plan: ModulePlan, behind: dict[int, list[str]]) -> None:
    """Reload what a module imports that runs as a whole or not at all, until it shows that it does.

    What is left in *behind* has its turn where it is imported.
    """
    for number in sorted(behind):
        if state.effects.may_run(plan):
            return
        for target in behind.pop(number):
            reload_module(state, target)


def _run(
    state: State,
    work: Work,
    number: int,
    loader: ReloadLoader,
    awaited: Mapping[str, Iterable[str]],
) -> None:
    """Run one statement, in the way that it asks for; `awaited_by` tells of *awaited*."""
    plan, replays = work.plan, state.effects.groups.replays
    state.caches.clear()
    state.caches.clear_ahead(plan, number)
    replays.begin_statement(plan, number)
    quiet = is_quiet(state, plan, number)
    if quiet and stands_alone(state, plan, number):
        run_quietly(state, work, number, loader)
    elif quiet:
        work.only_binds = False
        run_statement(state, work, number, loader)
    else:
        work.only_binds = False
        work.is_loud = True
        snapshot_reachable(state, plan.name, number)
        late = at_imports(awaited, partial(reload_module, state))
        with state.progress.of(plan.after, plan.after.statements[number]), late:
            run_statement(state, work, number, loader)
    replays.end_statement(plan, number)
