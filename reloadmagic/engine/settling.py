"""What stays for a name: the old object with the new content where that can be, else the new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..live import class_dict, instance_items, is_class
from ..notes import ATTRIBUTES, is_container
from ..patch import Kept
from ..plain import same_value
from ..plan import ModulePlan
from ..transaction import ABSENT, mro
from .bound import is_alias
from .classes import settle_class
from .redirecting import tell_at_once
from .sharing import is_part_of_read, shares_otherwise
from .snapshots import is_instance_of_users

if TYPE_CHECKING:
    from .state import State, Work

__all__ = ["settle"]


def settle(state: State, work: Work, number: int, name: str, old: Any, new: Any) -> Any:
    """The object that stays: *old* with the new content where that can be, else *new*."""
    plan = work.plan
    kind = plan.after.statements[number].fragment.kind
    if old is ABSENT or old is new or kind == "import":
        if old is ABSENT and is_class(new) and kind != "import":
            state.patcher.claim(new)  # what is derived from it must not carry it into another
        return state.patcher.stand_in(new)
    new = state.patcher.stand_in(new)
    if old is new:
        return old
    if is_class(old) and not is_class(new):
        state.has_dropped_class = True
    if is_container(new) and type(old) is type(new):
        return _settle_container(state, plan, number, name, old, new)
    if same_value(old, new):
        shared = shares_otherwise(state, old, new, edited=_is_edited(plan, number))
        return new if shared else old
    if is_class(new) and is_class(old):
        return settle_class(state, plan, number, name, old, new)
    defines = kind in {"def", "class"}
    if (defines or state.patcher.can_merge(old, new)) and state.patcher.is_made(new):
        outside = state.index.filling.attributes_from_outside((plan.name, name))
        stays = state.patcher.merge(old, new, Kept(outside))
        if stays is not old:
            tell_at_once(state, old, stays)
        return stays
    if _is_filled(state, plan, name) and _is_refilled(state, old, new):
        keep = _set_by_others(state, plan, number, name, old)
        anew = {attr for attr, _ in instance_items(new)} - keep
        state.containers.keep_extras(plan.tracked, name, old, anew)
        return state.patcher.restate(old, new, keep=keep)
    state.patcher.claim(new)
    return new


def _settle_container(
    state: State, plan: ModulePlan, number: int, name: str, old: Any, new: Any
) -> Any:
    """`settle` for containers of one kind: the old one is refilled, if the statement made the new."""
    statement = plan.after.statements[number]
    if plan.name == state.plan.again:  # what somebody asked for by `importlib.reload`
        return new
    if is_alias(statement) or not state.containers.become(old, new):
        return new
    if state.containers.is_unchanged(old, new):
        if shares_otherwise(state, old, new, edited=_is_edited(plan, number)):
            state.effects.add(("content", plan.name, name))
        elif not _is_filled(state, plan, name):
            return old
    if _has_picked(state, plan, number, old, new):
        return new
    if not (statement.is_display or state.containers.is_made(new)):
        return new
    stays = state.containers.refill(old, new, (plan.name, name))
    if stays is old and not statement.is_display:  # which nobody else can hold
        state.patcher.pour(new, old)
        tell_at_once(state, old, stays)
    return stays


def _is_filled(state: State, plan: ModulePlan, name: str) -> bool:
    """Do statements fill the object of that name, or are they to?"""
    fillers = state.index.filling.fillers().get((plan.name, name, ""))
    return bool(fillers) or "" in state.effects.filled(plan, name)


def _is_edited(plan: ModulePlan, number: int) -> bool:
    """Has the text of a statement changed?"""
    partner = plan.partner(number)
    fragment = plan.after.statements[number].fragment
    return partner is None or plan.before.statements[partner].fragment.text != fragment.text


def _has_picked(state: State, plan: ModulePlan, number: int, old: Any, new: Any) -> bool:
    """Is one of two containers a part of another that the statement picked, now or earlier?"""
    partner = plan.partner(number)
    picked = [] if plan.after.statements[number].is_display else [new]
    if partner is not None and not plan.before.statements[partner].is_display:
        picked.append(old)
    return bool(picked) and is_part_of_read(state, plan, number, *picked)


def _is_refilled(state: State, old: Any, new: Any) -> bool:
    """Is it an object of the user's, made again for others to fill? Then the old one stays."""
    return (
        type(old) is type(new)
        and is_instance_of_users(state, new)
        and _is_all_in_sight(state, type(new))
        and state.patcher.is_made(new)
    )


def _is_all_in_sight(state: State, cls: type) -> bool:
    """Is all that an instance is made of in its attributes, which code of the user's has set?

    A thread or a dict, for one, is more than that, and may be in use.
    """
    homes = [class_dict(base).get("__module__") for base in mro(cls) if base is not object]
    return all(type(home) is str and (home in _PLAIN or state.tracks(home)) for home in homes)


_PLAIN = ("abc", "typing")  # ABC, Generic, Protocol


def _set_by_others(state: State, plan: ModulePlan, number: int, name: str, old: Any) -> set[str]:
    """Attributes of *old* that are not its maker's: statements set them, or code at run time."""
    keep = state.index.filling.attributes_from_outside((plan.name, name))
    if state.effects.is_only_grouped(plan, number):
        note = plan.tracked.noted.get(f"{name}.{ATTRIBUTES}")
        own = note.content if note is not None and note.identity == id(old) else frozenset()
        others = frozenset(attr for attr, _ in instance_items(old)) - own
        state.containers.foreign[id(old)] = others
        keep |= others
    return keep
