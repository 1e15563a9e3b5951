"""Whether CPython lets a class take over what another one is: how the two look in memory."""

from __future__ import annotations

import types
from typing import Any

from ..plain import same_plain
from ..transaction import is_exactly, is_kind, lookup_c, own_dict
from .inside import builtin_base

__all__ = ["is_slot", "same_behind", "same_layout"]

_LAYOUT = tuple(
    type.__dict__[f"__{name}__"]
    for name in ("basicsize", "itemsize", "dictoffset", "weakrefoffset")
)


def is_slot(cls: type, value: object) -> bool:
    """Is it where the instances of *cls* hold one of its own ``__slots__``?"""
    return type(value) is types.MemberDescriptorType and value.__objclass__ is cls


def same_layout(old: type, new: type) -> bool:
    """Whether instances of the two look the same in memory, slot by slot."""
    return (
        _slots(old) == _slots(new)
        and all(slot.__get__(old) == slot.__get__(new) for slot in _LAYOUT)
        and builtin_base(old) is builtin_base(new)
    )


def same_behind(old: type, new: type) -> bool:
    """Whether what an extension's metaclass has made of the two in C is the same, for all we know.

    That of ctypes lays out the instances by ``_fields_``, say, once and for all.
    """
    if lookup_c(type(old), "__setattr__") is type.__setattr__:
        return True
    ours, theirs = own_dict(old), own_dict(new)
    return all(_alike(ours[name], theirs[name]) for name in ours.keys() & theirs.keys())


def _alike(old: Any, new: Any) -> bool:
    if is_exactly(old, list, tuple) and type(old) is type(new):
        return len(old) == len(new) and all(map(_alike, old, new))
    if is_exactly(old, str, bytes, int, float, bool, type(None)) or is_kind(old, type):
        return old is new or same_plain(old, new)
    return type(old) is type(new)


def _slots(cls: type) -> list[str]:
    names = [name for name, value in own_dict(cls).items() if is_slot(cls, value)]
    return sorted(names)
