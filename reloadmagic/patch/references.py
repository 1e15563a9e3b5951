"""References: who holds an object that another one has replaced is given the other.

First inside what the run has just made, then in the containers that the caller knows, then, at
the end of a reload and only if somebody still holds a former object, in the whole heap, once.
Immutable holders (tuples, bound methods, ``list[A]``) are made anew, which makes them former
objects themselves: their holders are looked for in the next round of the same pass.
"""

from __future__ import annotations

import functools
import gc
import sys
import types
import weakref
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from ..transaction import (
    ABSENT,
    Transaction,
    hashes_plainly,
    instance_dict,
    is_kind,
    own_dict,
    raw_dict,
    slot_values,
)
from . import instances, wrappers
from .inside import bases, builtin_base, cells, mro, qualname, read_cell, subclasses, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .patcher import Patcher

__all__ = ["Redirection", "holders", "live_functions", "redirect_everywhere", "redirect_in"]

# How many layers of immutable holders are made anew: a tuple in a tuple in a tuple.
_ROUNDS = 5
# From here on, one look at every object is quicker than get_referrers, which compares each
# reference of each object with each target.
_MANY = 100
# How many objects that the run has made are redirected inside, and looked at before that.
_DEEP, _MOST = 20_000, 100_000

_IMMUTABLE: tuple[type, ...] = (types.MethodType, types.GenericAlias, types.UnionType)
# They hold a class because they belong to it, or hold what they run; neither is a reference of
# the user's that could be redirected.
_NOT_HOLDERS: tuple[type, ...] = (
    types.FrameType,
    types.CodeType,
    types.ModuleType,
    types.TracebackType,
    types.GeneratorType,
    types.CoroutineType,
    types.AsyncGeneratorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.MappingProxyType,
    weakref.ref,
    instances.Retired,
    type(iter({})),
    type(iter({}.items())),
    type(iter([])),
    type(iter(())),
)


class Redirection:
    """One mapping of former objects to those that stay, applied to holder after holder.

    Attributes:
        former: id -> (former object, the one that stays). Grows where immutable holders are made
            anew.
        stuck: what could not be redirected: (former object, the kind of its holder).
    """

    def __init__(
        self,
        patcher: Patcher,
        former: dict[int, tuple[Any, Any]],
        transaction: Transaction | None = None,
    ) -> None:
        self.patcher = patcher
        self.transaction = patcher.transaction if transaction is None else transaction
        self.former = former
        self.stuck: list[tuple[Any, str]] = []
        self._class_dicts: dict[int, type] | None = None

    def stays(self, value: Any) -> Any:
        """What to hold in place of *value*."""
        found = self.former.get(id(value))
        return value if found is None or found[0] is not value else found[1]

    # -- mutable holders

    def visit(self, holder: Any) -> None:
        """Replace what *holder* holds directly, if it can be changed."""
        transaction = self.transaction
        if is_kind(holder, dict):
            self._visit_dict(holder)
        elif is_kind(holder, list, deque):
            base: Any = list if is_kind(holder, list) else deque
            for index, value in enumerate(list(base.__iter__(holder))):
                if self.stays(value) is not value:
                    transaction.set_item(holder, index, self.stays(value))
        elif is_kind(holder, set):
            self._visit_set(holder)
        elif type(holder) is types.CellType:
            content = read_cell(holder)
            if self.stays(content) is not content:
                transaction.set_cell(holder, self.stays(content))
        elif type(holder) is types.FunctionType:
            self._visit_function(holder)
        elif is_kind(holder, BaseException):
            args = own_dict(BaseException)["args"].__get__(holder)
            if self.stays(args) is not args:
                transaction.set_attr(holder, "args", self.stays(args))
        elif wrappers.is_restatable(holder):
            self._visit_wrapper(holder)
        if not is_kind(holder, type):
            self._visit_attributes(holder)

    def _visit_attributes(self, holder: Any) -> None:
        transaction = self.transaction
        for member, value in list(slot_values(holder)):
            if self.stays(value) is not value:
                transaction.set_slot(holder, member, self.stays(value))
        namespace = instance_dict(holder)
        if namespace is not None and type(holder) is not types.ModuleType:
            self._visit_dict(namespace)

    def _visit_dict(self, holder: dict[Any, Any]) -> None:
        owner = self._owner(holder)
        for key, value in list(dict.items(holder)):
            stays = self.stays(value)
            if stays is not value:
                if owner is None:
                    self.transaction.set_item(holder, key, stays)
                else:
                    self.transaction.set_attr(owner, key, stays)
        if any(self.stays(key) is not key for key in dict.keys(holder)):
            self._rekey(holder)

    def _rekey(self, holder: dict[Any, Any]) -> None:
        items = list(dict.items(holder))
        moved = [key for key, _ in items if self.stays(key) is not key]
        if not all(hashes_plainly(key) and hashes_plainly(self.stays(key)) for key in moved):
            self.patcher.unkeyed.append((holder, [(key, self.stays(key)) for key in moved]))
            return
        contents: dict[Any, Any]
        if all(hashes_plainly(key) for key, _ in items):
            # The place of the first, the value of the last: as if registered twice.
            contents = {}
            for key, value in items:
                contents[self.stays(key)] = value
        else:
            contents = dict.copy(holder)
            for key in moved:
                contents[self.stays(key)] = dict.pop(contents, key)
        self.transaction.set_contents(holder, contents)

    def _visit_set(self, holder: set[Any]) -> None:
        moved = [value for value in set.__iter__(holder) if self.stays(value) is not value]
        if not all(hashes_plainly(v) and hashes_plainly(self.stays(v)) for v in moved):
            self.patcher.unkeyed.append((holder, [(value, self.stays(value)) for value in moved]))
        elif moved:
            contents: set[Any] = set()
            set.update(contents, holder)
            contents -= set(moved)
            contents |= {self.stays(value) for value in moved}
            self.transaction.set_contents(holder, contents)

    def _visit_function(self, holder: types.FunctionType) -> None:
        transaction = self.transaction
        for name in ("__defaults__", "__type_params__"):
            value = getattr(holder, name, None)
            if self.stays(value) is not value:
                transaction.set_attr(holder, name, self.stays(value))
        if sys.version_info < (3, 14):
            # Until somebody asks, annotations are a tuple that only the function itself sees.
            self._visit_dict(holder.__annotations__)

    def _visit_wrapper(self, holder: Any) -> None:
        before = wrappers.state(holder)
        wanted = tuple(self.stays(part) for part in before)
        if any(a is not b for a, b in zip(before, wanted, strict=True)):
            wrappers.restate(self.transaction, holder, wanted)

    def _owner(self, holder: dict[Any, Any]) -> type | None:
        """The class whose own dictionary *holder* is: that is not written to directly."""
        if "__module__" not in dict.keys(holder) or "__doc__" not in dict.keys(holder):
            return None
        if self._class_dicts is None:
            self._class_dicts = {id(raw_dict(cls)): cls for cls in subclasses(object)}
        return self._class_dicts.get(id(holder))

    # -- immutable holders

    def made_anew(self, holder: Any) -> Any:
        """*holder* over again with what stays in it; ABSENT if it is not of an immutable kind."""
        if is_kind(holder, tuple):
            return self._new_tuple(holder)
        if is_kind(holder, frozenset):
            return self._new_frozenset(holder)
        if type(holder) is types.MethodType:
            return types.MethodType(self.stays(holder.__func__), self.stays(holder.__self__))
        if type(holder) is types.GenericAlias:
            origin, args = holder.__origin__, holder.__args__
            return types.GenericAlias(self.stays(origin), tuple(map(self.stays, args)))
        if type(holder) is types.UnionType:
            return functools.reduce(lambda a, b: a | b, map(self.stays, holder.__args__))
        return ABSENT

    def _new_tuple(self, holder: tuple[Any, ...]) -> Any:
        items = [self.stays(value) for value in tuple.__iter__(holder)]
        if type(holder) is tuple:
            return tuple(items)
        if builtin_base(type(holder)) is not tuple:
            return ABSENT  # a struct sequence
        copy = tuple.__new__(type(holder), items)
        ours, theirs = instance_dict(copy), instance_dict(holder)
        if ours is not None and theirs is not None:
            ours.update(theirs)
        return copy

    def _new_frozenset(self, holder: frozenset[Any]) -> Any:
        moved = [v for v in frozenset.__iter__(holder) if self.stays(v) is not v]
        if type(holder) is not frozenset or not all(map(hashes_plainly, moved)):
            return ABSENT
        return (holder - set(moved)) | {self.stays(value) for value in moved}

    # -- objects that the run has just made, however deep

    def reach(self, value: Any, seen: dict[int, Any]) -> Any:
        """Redirect inside *value* and all that the run made below it; what to hold in its place."""
        stays = self.stays(value)
        if stays is not value or id(value) in seen or len(seen) > _DEEP:
            return stays
        if self.stays(type(value)) is not type(value):
            self.transaction.set_class(value, self.stays(type(value)))
        if is_kind(value, tuple, frozenset, *_IMMUTABLE):
            seen[id(value)] = value
            return self._reach_immutable(value, seen)
        if is_kind(value, type, types.ModuleType) or not self.patcher.is_young(value):
            return value
        seen[id(value)] = value
        for part in list(_parts(value)):
            self.reach_part(part, seen)
        self.visit(value)
        return value

    def reach_part(self, part: Any, seen: dict[int, Any]) -> None:
        """`reach` for what a holder holds, noted for `visit` where it has to be replaced."""
        stays = self.reach(part, seen)
        if stays is not part:
            self.former[id(part)] = (part, stays)

    def _reach_immutable(self, value: Any, seen: dict[int, Any]) -> Any:
        parts = gc.get_referents(value)
        for part in parts:
            self.reach_part(part, seen)
        if all(self.stays(part) is part for part in parts):
            return value
        anew = self.made_anew(value)
        return value if anew is ABSENT else anew


def _parts(value: Any) -> Iterator[Any]:
    """What *value* holds, as far as `Redirection.visit` can change it."""
    if type(value) is types.FunctionType:
        yield from cells(value).values()
        yield value.__defaults__
        yield value.__kwdefaults__
        yield vars(value)
        if sys.version_info < (3, 14):
            yield value.__annotations__
    elif not is_kind(value, *_NOT_HOLDERS):
        yield from gc.get_referents(value)
        yield instance_dict(value)


# ----------------------------------------------------------------------------- the whole heap


def redirect_everywhere(patcher: Patcher) -> None:
    """The pass over the heap, if it is needed; what it leaves goes to ``patcher.leftovers``."""
    if not patcher.replaced and not patcher.filled_classes:
        return
    gc.collect(1)  # most twins are held by nobody but themselves
    poured = list(patcher.poured.values())
    patcher.poured = {id(pair[0]): pair for pair in _held(patcher, poured)} if poured else {}
    del poured  # what they hold may have no other holder
    wanted = _held(patcher, list(patcher.replaced.values()))
    filled = [cls for cls, _ in patcher.filled_classes]
    if not wanted and not filled:
        return
    redirection = Redirection(patcher, {id(pair[0]): pair for pair in wanted})
    classes = [pair for pair in wanted if is_kind(pair[0], type) and is_kind(pair[1], type)]
    mover = instances.Mover(patcher, classes)
    skip = _bookkeeping(patcher, redirection) | set(map(id, mover.owned()))
    targets = [pair[0] for pair in wanted] + filled
    seen: set[int] = set()
    for _ in range(_ROUNDS):
        if not targets:
            break
        skip |= {id(targets), id(wanted), *map(id, redirection.former.values())}
        targets = _one_round(redirection, mover, targets, skip, seen)
    mover.finish()
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
        if id(holder) in skip or is_kind(holder, *_NOT_HOLDERS):
            continue
        mover.fill(holder)
        if mover.is_instance(holder):
            twin = mover.move(holder)
            if twin is not None:
                redirection.former[id(holder)] = (holder, twin)
                found.append(holder)
        if not any(redirection.stays(part) is not part for part in gc.get_referents(holder)):
            continue
        if is_kind(holder, tuple, frozenset, *_IMMUTABLE):
            anew.append(holder)
        else:
            redirection.visit(holder)
            _check(redirection, holder)
    for holder in anew:
        if id(holder) not in seen:
            copy = redirection.made_anew(holder)
            if copy is not ABSENT:
                redirection.former[id(holder)] = (holder, copy)
                found.append(holder)
        seen.add(id(holder))
    return found


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


def _check(redirection: Redirection, holder: Any) -> None:
    """Note what *holder* still holds, if that is a class: an old function runs new code anyway."""
    if is_kind(holder, type):
        return
    for value in gc.get_referents(holder):
        former = redirection.stays(value) is not value and is_kind(value, type)
        if former and type(holder) is not value:
            redirection.stuck.append((value, f"an object of type {type_name(holder)}"))


def _held(patcher: Patcher, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
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


def live_functions(*namespaces: dict[str, Any]) -> list[types.FunctionType]:
    """All functions of these modules that are alive, closures wherever they are held included.

    A look at the whole heap, so once for all modules whose inner functions were edited.
    """
    return [f for f in gc.get_referrers(*namespaces) if type(f) is types.FunctionType]


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
        values += [v for v in fresh if is_kind(v, tuple, frozenset, *_IMMUTABLE)]
    return False
