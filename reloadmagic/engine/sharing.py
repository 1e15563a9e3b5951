"""Containers within others: whether they are what names stand for, too.

``TABLE = [LIMITS, 7]`` holds the very object that ``LIMITS`` names. One that holds equal things
beside another list, or ``[[], 7]``, is not the same. And ``best = max(ROWS, key=score)`` names a
part of ``ROWS`` that it has not made.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..notes import is_container, noticed
from ..reach import summarize

if TYPE_CHECKING:
    from ..plan import ModulePlan
    from ..reach.summary import Path, Summary
    from ..reach.tokens import Entity
    from .state import State

__all__ = ["is_part_of_read", "shares_otherwise"]

# How far down containers are looked for: a row in a list in a dict of tables.
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
    ids = set(map(id, containers))
    own = {target[:2] for target in state.index.filling.filled_by((plan.name, number))}
    for home, name in _named_by(state, plan, number) - own:
        namespace = state.tracked[home].namespace if home in state.tracked else {}
        if name in namespace and _reads(state, plan, number, (home, name)):
            tables = [table for _, table in noticed({name: namespace[name]}, home)]
            if any(is_container(table) and _holds(table, ids) for table in tables):
                return True
    return False


def _named_by(state: State, plan: ModulePlan, number: int) -> set[Entity]:
    """The names that a statement may use, or used before its edit, by what it calls as well."""
    partner = plan.partner(number)
    summaries = [summarize(plan.after.statements[number].fragment)]
    if partner is not None:
        summaries.append(summarize(plan.before.statements[partner].fragment))
    todo = [(plan.name, path) for summary in summaries for path in _paths(summary)]
    found: set[Entity] = set()
    while todo:
        for home, name in [entity for entity, _ in state.index.names.resolve(*todo.pop())]:
            entry = state.index.modules.get(home)
            if entry is None or (home, name) in found:
                continue
            found.add((home, name))
            for position in entry.bindings.get(name, ()):
                todo += [(home, path) for path in _paths(entry.summaries[position])]
    return found


def _paths(summary: Summary) -> Iterator[Path]:
    for unit in (summary.now, *summary.functions.values()):
        yield from unit.paths


def _holds(table: Any, ids: set[int]) -> bool:
    """Does *table*, or a container in it, hold an object with one of *ids*?"""
    layer = [table]
    for _ in range(_LAYERS):
        layer = gc.get_referents(*layer)
        if not ids.isdisjoint(map(id, layer)):
            return True
        layer = [held for held in layer if is_container(held) or type(held) is tuple]
    return False


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
