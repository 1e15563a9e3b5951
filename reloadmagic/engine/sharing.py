"""Containers within others: whether they are what names stand for, too.

``TABLE = [LIMITS, 7]`` holds the very object that ``LIMITS`` names. One that holds equal things
beside another list, or ``[[], 7]``, is not the same. And ``best = max(ROWS, key=score)`` names a
part of ``ROWS`` that it has not made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..notes import is_container
from ..patch.references import holders
from ..reach import summarize

if TYPE_CHECKING:
    from ..plan import ModulePlan
    from ..reach.tokens import Entity
    from .state import State

__all__ = ["is_part_of_read", "shares_otherwise"]

# How far up containers are looked for: a row in a list in a dict of tables.
_LAYERS = 3


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


def is_part_of_read(state: State, plan: ModulePlan, number: int, *containers: Any) -> bool:
    """Is one of *containers* a part of what a statement reads, or read before its edit?

    Then the statement has picked it and not made it, unless it puts things there itself.
    """
    layer: list[Any] = list(containers)
    seen: set[int] = set()
    for _ in range(_LAYERS):
        found = [h for h in holders(layer) if is_container(h) or type(h) is tuple]
        layer = [h for h in found if h is not plan.tracked.namespace and id(h) not in seen]
        seen.update(map(id, layer))
        if not layer:
            break
    own = {target[:2] for target in state.index.filling.filled_by((plan.name, number))}
    return any(_reads(state, plan, number, name) for name in _names_of(state, seen) - own)


def _names_of(state: State, ids: set[int]) -> set[Entity]:
    """The names that hold containers with one of *ids*, in their attributes maybe."""
    return {
        (tracked.name, name.partition(".")[0])
        for tracked in state.tracked.values()
        for name, note in tracked.noted.items()
        if note.identity in ids
    }


def _reads(state: State, plan: ModulePlan, number: int, entity: Entity) -> bool:
    """Does a statement, now or before its edit, use what the object of that name holds?"""
    if (plan.name, number) in state.index.reached(("content", *entity)):
        return True
    partner = plan.partner(number)
    if partner is None:
        return False
    paths = summarize(plan.before.statements[partner].fragment).now.paths
    return any(
        entity == found for path in paths for found, _ in state.index.names.resolve(plan.name, path)
    )
