"""What is kept of a set that succeeds: what ran is the baseline from now on."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Literal

from ..live import hold
from ..notes import unexplained
from .bound import note_gone, take_out
from .outcome import Outcome, definitions
from .quiet import bound_plainly
from .stars import not_hidden

if TYPE_CHECKING:
    from ..modules import TrackedModule
    from ..plan import ModulePlan
    from .state import State, Work

__all__ = ["commit_module"]

_BASELINE = ("failed", "gone", "noted", "owed", "source", "stale", "stars", "unexplained")
_baseline = operator.attrgetter(*_BASELINE)


def commit_module(state: State, name: str) -> Outcome | None:
    """Make the source that ran the baseline; the outcome, None if nothing happened."""
    work = state.work[name]
    plan, tracked = work.plan, work.plan.tracked
    _remember(state, tracked)
    for home, _ in work.taken:
        _remember(state, home)
    tracked.owed = _owed(plan)
    if not work.started and plan.diff is None:
        return None
    tracked.failed = None
    tracked.stale = False
    _carry_over(state, work)
    if plan.diff is not None:
        plan.before.codes.clear()
    plan.after.drop_tree()
    tracked.source = plan.after
    for home, statement in work.taken:
        take_out(home, statement)
        if home.source is not None:
            state.index.put(home.name, home.source)
    if plan.diff is None and not work.ran:
        return None
    leftovers, state.leftovers = state.leftovers, ()
    return Outcome(
        name,
        plan.after.path,
        _status(work),
        edited=plan.diff is not None,
        definitions=tuple(definitions(plan)),
        ran=tuple(work.ran),
        kept=tuple([plan.after.statements[n].label for n in sorted(plan.pinned)]),
        leftovers=leftovers,
        before=plan.before.text,
        after=plan.after.text,
        seconds=work.seconds,
    )


def _remember(state: State, tracked: TrackedModule) -> None:
    """What is known of a module is taken back with the rest, if that is."""
    was = *_baseline(tracked), list(tracked.bound)
    state.transaction.on_rollback(_put_back, tracked, was)


def _put_back(tracked: TrackedModule, was: tuple[Any, ...]) -> None:
    for name, value in zip((*_BASELINE, "bound"), was, strict=True):
        setattr(tracked, name, value)


def _owed(plan: ModulePlan) -> frozenset[int]:
    """Statements that are kept although they were to run, now or before."""
    owed = plan.tracked.owed
    if owed and plan.diff is not None:
        numbers = range(len(plan.after.statements))
        owed = frozenset(number for number in numbers if plan.partner(number) in owed)
    return (owed | plan.pinned) - plan.run.keys()


def _status(work: Work) -> Literal["reloaded", "patched", "touched"]:
    if work.ran or work.plan.drops:
        return "reloaded"
    return "patched" if work.plan.patch else "touched"


def _carry_over(state: State, work: Work) -> None:
    """What each statement bound, for those that did not run as before."""
    plan, tracked = work.plan, work.plan.tracked
    while len(tracked.bound) < len(plan.before.statements):
        tracked.bound.append({})
    if plan.diff is not None:
        note_gone(plan)
        plan.diff.carry(tracked.bound, {})
    for number, values in work.bound.items():
        tracked.bound[number] = hold(values, values)
    if tracked.stars:
        for number in range(len(plan.after.statements)):
            partner = plan.partner(number)
            if number not in work.stars and partner in tracked.stars:
                work.stars[number] = tracked.stars[partner]
    tracked.stars = not_hidden(work.stars) if work.stars else {}
    names = {name for values in work.bound.values() for name in values}
    if len(work.bound) == len(plan.after.statements):
        own = names | (work.hidden.keys() & tracked.namespace.keys())
        tracked.unexplained = unexplained(own, plan.after, tracked.stars.values())
    if work.bound:
        state.marks.note(
            tracked,
            plan.after,
            work.bound,
            state.patcher.foreign,
            lambda name: state.index.filling.attributes_from_outside((plan.name, name)),
        )
    if bound_plainly(work):
        noted = tracked.noted if names else ()
        gone = [key for key in noted if key.partition(".")[0] in names]
        work.is_noted = bool(gone)  # what is not there any longer is watched no more
        if gone:
            tracked.noted = {k: note for k, note in tracked.noted.items() if k not in gone}
    else:
        work.is_noted = True
        tracked.noted = state.containers.noted_again(tracked, plan.after, work.stars.values())
