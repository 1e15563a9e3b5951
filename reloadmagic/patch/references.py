"""References: who holds an object that another one has replaced is given the other.

First inside what the run has just made, then in the containers that the caller knows, then, at
the end of a reload and only if somebody still holds a former object, in the whole heap, once.
Immutable holders (tuples, bound methods, ``list[A]``) are made anew, which makes them former
objects themselves: their holders are looked for in the next round of the same pass.
"""

from __future__ import annotations

import gc
import types
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..transaction import ABSENT, is_kind
from . import instances
from .held import holders, still_held
from .inside import bases, mro, qualname, subclasses, type_name
from .redirection import IMMUTABLE, NOT_HOLDERS, Redirection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .patcher import Patcher

__all__ = ["redirect_everywhere", "redirect_in"]

# How many layers of immutable holders are made anew: a tuple in a tuple in a tuple.
_ROUNDS = 5
# Of how many objects that the run has made it is looked for what they hold.
_MOST = 100_000


def redirect_everywhere(patcher: Patcher) -> None:
    """The pass over the heap, if it is needed; what it leaves goes to ``patcher.leftovers``."""
    if not patcher.replaced and not patcher.filled_classes:
        return
    gc.collect(1)  # most twins are held by nobody but themselves
    poured = list(patcher.poured.values())
    patcher.poured = {id(pair[0]): pair for pair in still_held(patcher, poured)} if poured else {}
    del poured  # what they hold may have no other holder
    wanted = still_held(patcher, list(patcher.replaced.values()))
    filled = [cls for cls, _ in patcher.filled_classes]
    if not wanted and not filled:
        return
    redirection = Redirection(patcher, {id(pair[0]): pair for pair in wanted})
    classes = [pair for pair in wanted if is_kind(pair[0], type) and is_kind(pair[1], type)]
    mover = patcher.mover
    mover.expect(patcher, classes)
    skip = _bookkeeping(patcher, redirection)
    targets = [pair[0] for pair in wanted] + filled
    seen: set[int] = set()
    for _ in range(_ROUNDS):
        if not targets:
            break
        skip |= {id(targets), id(wanted), *map(id, redirection.former.values())}
        targets = _one_round(redirection, mover, targets, skip, seen)
    _say_leftovers(patcher, redirection)


def _one_round(
    redirection: Redirection,
    mover: instances.Mover,
    targets: list[Any],
    skip: set[int],
    seen: set[int],
) -> list[Any]:
    """Redirect all holders of *targets*; the former objects that came of it."""
    found: list[Any] = []
    anew: list[Any] = []
    for holder in holders(targets):
        if id(holder) in skip or is_kind(holder, *NOT_HOLDERS):
            continue
        mover.fill(redirection.patcher, holder)
        if mover.is_instance(holder) and redirection.stays(holder) is holder:
            twin = mover.move(redirection.patcher, holder)
            if twin is not None:
                redirection.former[id(holder)] = (holder, twin)
                found.append(holder)
        if not _holds_former(redirection, holder):
            continue
        if is_kind(holder, *IMMUTABLE):
            anew.append(holder)
        else:
            redirection.visit(holder)
            _check(redirection, holder)
    for holder in anew:
        if id(holder) not in seen:
            moved = redirection.stays(holder)  # an instance of a replaced class has a twin by now
            copy = redirection.made_anew(moved) if _holds_former(redirection, moved) else ABSENT
            if copy is not ABSENT:
                redirection.former[id(holder)] = (holder, copy)
                found.append(holder)
        seen.add(id(holder))
    return found


def _holds_former(redirection: Redirection, holder: object) -> bool:
    return any(redirection.stays(part) is not part for part in gc.get_referents(holder))


def _check(redirection: Redirection, holder: Any) -> None:
    """Note what *holder* still holds, if that is a class: an old function runs new code anyway."""
    if is_kind(holder, type):
        return
    for value in gc.get_referents(holder):
        former = redirection.stays(value) is not value and is_kind(value, type)
        if former and type(holder) is not value:
            redirection.stuck.append((value, f"an object of type {type_name(holder)}"))


def _bookkeeping(patcher: Patcher, redirection: Redirection) -> set[int]:
    """The ids of holders that are not the user's, or belong to a former class itself."""
    skip = {id(owned) for owned in (*patcher.transaction.owned(), *patcher.owned())}
    skip |= {id(redirection.former), id(redirection.stuck)}
    skip |= set(map(id, redirection.former.values()))
    for former, _ in list(redirection.former.values()):
        if is_kind(former, type):
            for cls in (former, *subclasses(former)):
                skip |= {id(mro(cls)), id(bases(cls))}
    return skip


def _say_leftovers(patcher: Patcher, redirection: Redirection) -> None:
    counted = Counter((id(former), kind) for former, kind in redirection.stuck)
    formers = {id(former): former for former, _ in redirection.stuck}
    for (key, kind), number in counted.items():
        former = formers[key]
        name = (
            f"the former class {qualname(former)}"
            if is_kind(former, type)
            else f"a former {type_name(former)} object"
        )
        times = "" if number == 1 else f" ({number} times)"
        patcher.leftovers.append(f"{name} is still held by {kind}{times}")


def redirect_in(patcher: Patcher, containers: Iterable[object]) -> None:
    """Redirect in *containers* and in what the run has put there, without a pass over the heap."""
    former = dict(patcher.replaced)
    if not former:
        return
    redirection = Redirection(patcher, former)
    ids = set(former)
    seen: dict[int, Any] = {}
    patcher.look()
    # Most hold neither: a table of a million rows is looked through by C code alone.
    held = [(container, gc.get_referents(container)) for container in containers]
    young = [patcher.young_among(parts) for _, parts in held]
    goes_on = _leads_to(patcher, [part for parts in young for part in parts], ids)
    for (container, parts), made in zip(held, young, strict=True):
        if made and goes_on:
            for part in made:
                redirection.reach_part(part, seen)
            redirection.visit(container)
        elif not ids.isdisjoint(map(id, parts)):
            redirection.visit(container)


def _leads_to(patcher: Patcher, values: list[Any], ids: set[int]) -> bool:
    """Does any of *values*, which the run made, hold one of *ids*, however deep?

    Where they need not be redirected inside, which is the rule, this tells so layer by layer, much
    sooner than `Redirection.reach` would. It may be True for nothing.
    """
    seen: set[int] = set()
    while values:
        layer = [v for v in values if id(v) not in ids and not is_kind(v, type, types.ModuleType)]
        parts = gc.get_referents(*layer)
        unseen = set(map(id, parts)) - seen
        if not ids.isdisjoint(unseen) or len(seen) > _MOST:
            return True
        seen |= unseen
        fresh = list({id(part): part for part in parts if id(part) in unseen}.values())
        values = patcher.young_among(fresh)
        values += [v for v in fresh if is_kind(v, *IMMUTABLE)]
    return False
