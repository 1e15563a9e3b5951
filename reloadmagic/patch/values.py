"""Plain values out of instances of classes that are derived from built-in types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["copy_value"]

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
