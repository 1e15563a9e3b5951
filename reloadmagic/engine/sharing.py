"""Containers within others: whether they are what names stand for, too.

``TABLE = [LIMITS, 7]`` holds the very object that ``LIMITS`` names. One that holds equal things
beside another list, or ``[[], 7]``, is not the same.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..notes import is_container

if TYPE_CHECKING:
    from .state import State

__all__ = ["shares_otherwise"]


def shares_otherwise(state: State, old: Any, new: Any, *, edited: bool) -> bool:
    """Does *new*, which is equal to *old*, hold containers that *old* does not share with names?

    Or the other way, where the statement that makes it was *edited*: else a name stands for a part
    of *old* as a later statement took it from there.
    """
    return any(_is_named(state, b) or (edited and _is_named(state, a)) for a, b in _apart(old, new))


def _apart(old: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """The containers within two values that are equal: those that are not one object."""
    todo = [(old, new)]
    while todo:
        a, b = todo.pop()
        if isinstance(a, dict):
            pairs = zip(a.values(), b.values(), strict=False)
        elif isinstance(a, list | tuple | deque):
            pairs = zip(a, b, strict=False)
        else:
            continue
        for pair in pairs:
            if pair[0] is not pair[1]:
                todo.append(pair)
                if is_container(pair[1]):
                    yield pair


def _is_named(state: State, container: Any) -> bool:
    """Does a module or a class hold the container under a name of its own?"""
    return state.containers.note_of(container) is not None or any(
        container is value
        for work in state.work.values()
        for bound in work.bound.values()
        for value in bound.values()
    )
