"""One holder at a time: what it holds of former objects becomes what stays in their place.

In come holders of all kinds. Those that can be changed are written to, through the transaction;
immutable ones (tuples, bound methods, ``list[A]``) are made anew, which makes them former objects
themselves.
"""

from __future__ import annotations

import functools
import gc
import sys
import types
import weakref
from collections import deque
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
from .inside import builtin_base, cells, read_cell, subclasses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .patcher import Patcher

__all__ = ["IMMUTABLE", "NOT_HOLDERS", "Redirection"]

# How many objects that the run has made are redirected inside.
_DEEP = 20_000

IMMUTABLE: tuple[type, ...] = (
    tuple,
    frozenset,
    types.MethodType,
    types.GenericAlias,
    types.UnionType,
)
# They hold a class because they belong to it, or hold what they run; neither is a reference of
# the user's that could be redirected.
NOT_HOLDERS: tuple[type, ...] = (
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
        if is_kind(value, *IMMUTABLE):
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
    elif not is_kind(value, *NOT_HOLDERS):
        yield from gc.get_referents(value)
        yield instance_dict(value)
