"""Values that can be compared: those of built-in types, whose equality is no code of the user's.

In come two values; out goes whether they are the same, part by part. ``1`` is not ``True``, and
``-0.0`` is not ``0.0``.
"""

from __future__ import annotations

import types
from collections import OrderedDict, defaultdict, deque
from typing import Any

__all__ = ["is_atom", "is_data", "is_plain", "same_plain", "same_value"]

# By id, as a metaclass of the user's may have its own idea of equality.
_ATOMS = frozenset(
    map(
        id,
        (
            *(types.NoneType, str, bytes, int, bool, float, complex, range),
            *(types.EllipsisType, types.NotImplementedType),
        ),
    )
)
_HOLDERS = frozenset(map(id, (list, tuple, deque, set, frozenset, dict, OrderedDict)))
SMALL = 1000
"""Containers with more entries than this are not looked through for what is no data."""


def is_atom(value: object) -> bool:
    """Is *value* a number, a string or the like, to which there are no weak references?"""
    return id(type(value)) in _ATOMS


def is_plain(value: object) -> bool:
    """Is *value* of a built-in type whose equality is its own, a tuple or frozen set of such?"""
    kind = type(value)
    if id(kind) in _ATOMS:
        return True
    return (kind is tuple or kind is frozenset) and all(map(is_plain, value))  # type: ignore[call-overload]


def is_data(value: Any, *, depth: int = 8) -> bool:
    """Is *value* plain, or a built-in container of nothing else? False where it is a large one."""
    kind = type(value)
    if id(kind) in _ATOMS:
        return True
    if not depth or id(kind) not in _HOLDERS or len(value) > SMALL:
        return False
    if kind is dict or kind is OrderedDict:
        return all(
            is_data(k, depth=depth - 1) and is_data(v, depth=depth - 1) for k, v in value.items()
        )
    return all(is_data(part, depth=depth - 1) for part in value)


def same_value(old: Any, new: Any, *, depth: int = 8) -> bool:
    """Are both one object, or built-in values of one type that hold the same, part by part?"""
    if old is new:
        return True
    kind = type(old)
    if kind is not type(new) or not depth:
        return False
    if kind is float or kind is complex:
        return repr(old) == repr(new)
    if id(kind) in _ATOMS:
        return bool(old == new)
    if kind in (list, tuple, deque):
        return len(old) == len(new) and all(
            same_value(a, b, depth=depth - 1) for a, b in zip(old, new, strict=True)
        )
    if kind in (dict, OrderedDict, defaultdict):
        return _same_dict(old, new, depth)
    if kind is types.GenericAlias and old.__origin__ is not new.__origin__:
        return False
    if kind is types.GenericAlias or kind is types.UnionType:  # ``list[int]``, ``int | None``
        return same_value(old.__args__, new.__args__, depth=depth - 1)
    if kind in (set, frozenset):
        return len(old) == len(new) and all(
            any(same_value(a, b, depth=depth - 1) for b in new)
            if len(old) < 50
            else is_plain(a) and a in new
            for a in old
        )
    return False


def _same_dict(old: Any, new: Any, depth: int) -> bool:
    """Equal keys in the same order, with the same values."""
    if len(old) != len(new):
        return False
    if type(old) is defaultdict and old.default_factory is not new.default_factory:
        return False
    return all(
        same_value(a, b, depth=depth - 1) and same_value(v, w, depth=depth - 1)
        for (a, v), (b, w) in zip(old.items(), new.items(), strict=True)
    )


def same_plain(old: object, new: object) -> bool:
    """Are both plain, and the same?"""
    return is_plain(new) and same_value(old, new)
