"""Who holds an object, by a look at the heap or by counting references.

Both are CPython's: `gc.get_referrers` goes through all objects, `sys.getrefcount` is exact.
"""

from __future__ import annotations

import gc
import sys
import types
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..transaction import is_kind, own_dict
from .inside import mro

if TYPE_CHECKING:
    from .patcher import Patcher

__all__ = ["holders", "live_functions", "still_held"]

# From here on, one look at every object is quicker than get_referrers, which compares each
# reference of each object with each target.
_MANY = 100


def holders(targets: list[Any]) -> list[Any]:
    """What holds one of *targets* directly, by a look at the whole heap."""
    arguments = tuple(targets)  # by name, as it is among the referrers from 3.13 on
    if len(targets) <= _MANY:
        found = gc.get_referrers(*arguments)
    else:
        ids = set(map(id, targets))
        found = [
            candidate
            for candidate in gc.get_objects()
            if not ids.isdisjoint(map(id, gc.get_referents(candidate)))
        ]
    return [holder for holder in found if holder is not arguments and holder is not targets]


def live_functions(*namespaces: dict[str, Any]) -> list[types.FunctionType]:
    """All functions of these modules that are alive, closures wherever they are held included.

    A look at the whole heap, so once for all modules whose inner functions were edited.
    """
    return [f for f in gc.get_referrers(*namespaces) if type(f) is types.FunctionType]


def still_held(patcher: Patcher, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Those of *pairs* whose former object is held by others than the bookkeeping and itself.

    Counts references: exact, and quick where everything was patched in place, which is the rule.
    """
    # New tuples, so that each former object has the same number of references from here as the
    # probe has; no variable may hold one while they are counted.
    pairs = [(former, stays) for former, stays in [(object(), None), *pairs]]
    known = _known_references(patcher, pairs)
    counts = [sys.getrefcount(pair[0]) for pair in pairs]
    spare = counts[0]
    return [
        pair
        for pair, count in zip(pairs[1:], counts[1:], strict=True)
        if count - known[id(pair[0])] > spare
    ]


def _known_references(patcher: Patcher, pairs: list[tuple[Any, Any]]) -> Counter[int]:
    wanted = {id(pair[0]) for pair in pairs}
    known: Counter[int] = Counter()
    for owned in (*patcher.transaction.owned(), *patcher.owned()):
        known.update(i for i in map(id, gc.get_referents(owned)) if i in wanted)
    for former, _ in pairs:
        if is_kind(former, type):
            known[id(former)] += _held_by_itself(former)
    return known


def _held_by_itself(cls: type) -> int:
    """How many references a class has from its own parts."""
    parts = [mro(cls), *dict(own_dict(cls)).values()]
    return sum(value is cls for part in parts for value in _referents_of_part(part))


def _referents_of_part(part: object) -> list[Any]:
    if type(part) is tuple or is_kind(part, types.GetSetDescriptorType, types.MemberDescriptorType):
        return gc.get_referents(part)
    return []
