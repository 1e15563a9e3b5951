"""What functions and classes say of themselves, and what other statements have set on them.

``HELP = f.__doc__`` is to run again when the docstring was edited, and ``f.mark = 2`` when the
decorator above ``f``, which runs again, has set another mark.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..live import class_dict, is_class
from ..patch.inside import qualname
from ..plain import same_value
from ..plan import ModulePlan
from ..reach.known import TRAITS
from ..transaction import ABSENT

if TYPE_CHECKING:
    from .state import State, Work

__all__ = ["Traits", "note_traits", "put_on_again", "take_off", "traits"]

Traits = Mapping[tuple[str, str], Any]
"""Attributes by the name of the function or class, and their own."""


def traits(state: State, plan: ModulePlan, number: int) -> Traits:
    """The attributes of what a statement has bound that others may read or set."""
    statement = plan.after.statements[number]
    if statement.fragment.kind == "import":
        return {}
    found: dict[tuple[str, str], Any] = {}
    for name in statement.binds:
        value = plan.tracked.namespace.get(name)
        attrs = set(state.index.filling.attributes_from_outside((plan.name, name)))
        if type(value) is types.FunctionType:
            attrs.update(TRAITS, state.index.attributes_used((plan.name, name)))
        found.update({(name, attr): _attribute(value, attr) for attr in attrs})
    return found


def note_traits(state: State, plan: ModulePlan, before: Traits) -> None:
    """A statement ran again: which attributes are others than *before*?"""
    for (name, attr), was in before.items():
        now = _attribute(plan.tracked.namespace.get(name), attr)
        if now is not ABSENT and not same_value(was, now):
            state.effects.add(("attr", plan.name, name, attr))


def take_off(state: State, work: Work, number: int, value: Any, *, decorated: bool = False) -> None:
    """Take off a function or class what is set on what others make of it, before they see it.

    Others are what binds its name next and, if it is yet to be *decorated*, its decorators.
    """
    plan, own = work.plan, _own(value)
    name = qualname(value) if own is not None else ""
    if own is None or name not in plan.after.statements[number].binds:
        return
    if decorated:
        attrs = state.index.filling.attributes_from_outside((plan.name, name))
    else:
        attrs = _set_behind(state, plan, name, number)
    info = state.index.modules[plan.name].summaries[number].classes.get(name)
    if info is not None:
        attrs -= info.attrs.keys()
    found = {attr: own[attr] for attr in attrs & own.keys()}
    for attr in found:
        state.transaction.del_attr(value, attr)
    if found:
        holder, others = work.taken_off.get(name, (None, {}))
        work.taken_off[name] = value, found if holder is not value else found | others


def put_on_again(state: State, work: Work, number: int) -> None:
    """What a name still holds, or holds again, has what was taken off it.

    But not yet what is set on what a later statement binds to the name.
    """
    plan = work.plan
    for name in work.taken_off.keys() & plan.after.statements[number].binds:
        holder, attributes = work.taken_off[name]
        if plan.tracked.namespace.get(name) is not holder:
            continue
        for attr in attributes.keys() - _set_behind(state, plan, name, number):
            value = attributes.pop(attr)
            if attr not in (_own(holder) or ()):
                state.transaction.set_attr(holder, attr, value)


def _set_behind(state: State, plan: ModulePlan, name: str, number: int) -> set[str]:
    """The attributes that are only set on a name once it is bound again behind a statement."""
    later = (n for n in state.index.modules[plan.name].bindings.get(name, ()) if n > number)
    first = next((n for n in later if state.effects.is_due(plan, n)), None)
    if first is None:
        return set()
    filling, entity = state.index.filling, (plan.name, name)
    return {
        attr
        for attr in filling.attributes_from_outside(entity)
        if all(m != plan.name or n > first for m, n in filling.setters()[entity, attr])
    }


def _own(value: Any) -> Mapping[str, Any] | None:
    """What a function or class has of its own; None for anything else."""
    if is_class(value):
        return class_dict(value)  # type: ignore[no-any-return]
    return vars(value) if type(value) is types.FunctionType else None


def _attribute(value: Any, attr: str) -> Any:
    if type(value) is types.FunctionType and attr in TRAITS:
        return getattr(value, attr)
    return (_own(value) or {}).get(attr, ABSENT)
