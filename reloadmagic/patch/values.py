"""Plain values: the only ones that are ever compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..transaction import is_exactly

__all__ = ["copy_value", "same_plain"]

_COPIES: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
    frozenset: frozenset.copy,
}


def copy_value(base: type) -> Callable[[Any], Any] | None:
    """What makes a plain *base* of an instance of a subclass of it; None for mutable ones."""
    return next((copy for kind, copy in _COPIES.items() if kind is base), None)


def same_plain(old: Any, new: Any) -> bool:
    """Whether both are plain values, of the same types and equal: ``1`` is not ``True``."""
    if type(old) is not type(new):
        return False
    if type(new) is tuple:
        return len(old) == len(new) and all(map(same_plain, old, new))
    if is_exactly(new, float, complex):
        return repr(old) == repr(new)  # -0.0 is not 0.0
    return new is None or (is_exactly(new, str, bytes, int, bool) and bool(old == new))
