"""What a class is to have: attributes that are carried over, that stay, and that go.

In come two versions of a class; out go attributes by name, each merged into the one of before by
its kind.
"""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any

from ..transaction import ABSENT, is_exactly, is_kind, own_dict
from .derived import beneath
from .inside import qualname
from .layout import is_slot

if TYPE_CHECKING:
    from .kept import Kept
    from .patcher import Patcher

__all__ = [
    "OWN",
    "carried",
    "foreign_names",
    "merge_attributes",
    "merge_beneath",
    "write_attributes",
]

# Made by type() for each class anew, or kept by the class for itself: never carried over.
OWN = frozenset({"__dict__", "__weakref__", "_abc_impl", "__abstractmethods__"})
# Kept there by others, who work it out again: what the attributes are by now may differ.
_CACHES = frozenset({"__annotations_cache__", "__slotnames__"})
# What a named tuple finds its fields by.
_FIELD: type = type(own_dict(inspect.ArgInfo)["args"])


def foreign_names(old: type, new: type, kept: Kept) -> set[str]:
    """Names in *old* that neither its source nor the new one put there."""
    known = None if kept.noted is None else kept.noted.get(qualname(old))
    if known is None:
        return set()
    return {n for n in own_dict(old) if n not in known and n not in own_dict(new)} - _CACHES


def carried(cls: type) -> dict[str, Any]:
    """The attributes of *cls* that can move to another class."""
    return {
        name: value
        for name, value in own_dict(cls).items()
        if name not in OWN and name not in _CACHES and not is_slot(cls, value)
    }


def _is_place(value: object) -> bool:
    """Is it where a class finds a part of its instances: a slot, a field of a named tuple?"""
    return is_exactly(value, types.MemberDescriptorType, _FIELD)


def merge_attributes(patcher: Patcher, old: type, new: type, kept: Kept) -> dict[str, Any]:
    """What the class that stays is to have, by name, in the new source's order."""
    former = {name: value for name, value in own_dict(old).items() if not _is_place(value)}
    hidden = beneath(old, new)
    if hidden is not None:
        former |= carried(hidden)
    stay = kept.here()
    members = own_dict(new).get("_member_map_", ())
    merged: dict[str, Any] = {}
    for name, value in carried(new).items():
        if type(value) is new and name in members:
            merged[name] = patcher.stand_in(value)  # not one of which the name was an alias
        elif name in stay and name in former:
            merged[name] = former[name]
        elif is_kind(value, type):
            merged[name] = patcher.merge_value(former.get(name, ABSENT), value, kept.below(name))
        else:
            merged[name] = patcher.merge_value(former.get(name, ABSENT), value)
    return merged


def merge_beneath(patcher: Patcher, old: type, new: type, kept: Kept) -> None:
    """Where a decorator has derived *new* from the next version of *old*: that gets what stays."""
    hidden = beneath(new, old)
    if hidden is not None and patcher.is_made(hidden):
        for name, value in merge_attributes(patcher, old, hidden, kept).items():
            patcher.transaction.set_own(hidden, name, value)


def write_attributes(
    patcher: Patcher, old: type, attributes: dict[str, Any], stay: set[str]
) -> None:
    """Give *old* these *attributes* and no others but those of the names that *stay*."""
    transaction = patcher.transaction
    for name in list(own_dict(old)):
        gone = name not in attributes and name not in stay and name not in OWN
        if gone and not is_slot(old, own_dict(old)[name]):
            transaction.set_own(old, name, ABSENT)
    for name, value in attributes.items():
        transaction.set_own(old, name, value)
