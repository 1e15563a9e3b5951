"""What functions and classes say of themselves, and what other statements have set on them.

``HELP = f.__doc__`` is to run again when the docstring was edited, and ``f.mark = 2`` when the
decorator above ``f``, which runs again, has set another mark.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..live import class_dict, is_class
from ..plain import same_value
from ..plan import ModulePlan
from ..reach.known import TRAITS
from ..transaction import ABSENT

if TYPE_CHECKING:
    from .state import State

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


def take_off(state: State, plan: ModulePlan, number: int, function: Any) -> dict[str, Any]:
    """Take off a function, before decorators see it, what later statements set on its name.

    What decorators make of it may not be the function itself: then it is not to have that.
    """
    statement = plan.after.statements[number]
    if statement.fragment.kind != "def" or statement.binds != (function.__qualname__,):
        return {}
    attrs = state.index.filling.attributes_from_outside((plan.name, function.__qualname__))
    found = {attr: vars(function)[attr] for attr in attrs & vars(function).keys()}
    for attr in found:
        state.transaction.del_attr(function, attr)
    return found


def put_on_again(
    state: State,
    plan: ModulePlan,
    number: int,
    made: Mapping[str, Any],
    attributes: Mapping[str, Any],
) -> None:
    """Decorators have passed a function on: it keeps the *attributes* that were taken off it.

    *made* holds it, as in what statements have `bound`.
    """
    name = plan.after.statements[number].binds[0]
    function = made["@" + name]
    if plan.tracked.namespace.get(name) is function:
        for attr, value in attributes.items():
            if attr not in vars(function):
                state.transaction.set_attr(function, attr, value)


def _attribute(value: Any, attr: str) -> Any:
    if is_class(value):
        return class_dict(value).get(attr, ABSENT)
    if type(value) is not types.FunctionType:
        return ABSENT
    return getattr(value, attr) if attr in TRAITS else vars(value).get(attr, ABSENT)
