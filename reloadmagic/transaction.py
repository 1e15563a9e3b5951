"""The one way to write to live objects, and the way back.

In come single writes: to a namespace, a function, a class, an instance, a cell. Each is made at
once and what was there before goes into a log, so that `Transaction.rollback` leaves every object
as it was, by identity, content and order. What never happens here: a decision on what to write,
and a call of the user's ``__setattr__``, ``__eq__`` or ``__hash__``. Reads and writes go through
the methods of the built-in types, whatever a subclass or a metaclass overrides.
"""

from __future__ import annotations

import enum
import gc
import inspect
import itertools
import sys
import types
import warnings
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from .errors import InternalError

__all__ = [
    "ABSENT",
    "EMPTY",
    "Transaction",
    "hashes_plainly",
    "instance_dict",
    "is_exactly",
    "is_kind",
    "own_dict",
    "raw_dict",
    "read_attr",
    "slot_values",
    "type_slot",
]


class _Mark:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


ABSENT: Final = _Mark("ABSENT")
"""Stands for an attribute or a key that is not there."""

EMPTY: Final = _Mark("EMPTY")
"""Stands for the contents of an empty cell."""

_ATOMS = (str, bytes, int, float, complex, bool, types.NoneType)
_HASHES = (
    *(kind.__hash__ for kind in (object, type, types.BuiltinFunctionType, int, str, float, bytes)),
    enum.Enum.__dict__["__hash__"],  # of the name
)
_DATA_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType)
_IMMUTABLE_TYPE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
# Read and written through `type` itself: they are not in a class's own dictionary.
_TYPE_SLOTS = ("__name__", "__qualname__", "__bases__")
_FUNCTION_SLOTS = (
    "__code__",
    "__defaults__",
    "__kwdefaults__",
    "__doc__",
    "__name__",
    "__qualname__",
    "__module__",
    "__annotate__" if sys.version_info >= (3, 14) else "__annotations__",
    *(("__type_params__",) if sys.version_info >= (3, 12) else ()),
)


# ------------------------------------------------------------------ reading without user code


def is_kind(value: object, *kinds: type) -> bool:
    """Whether *value* is an instance of one of *kinds*, its own ``__class__`` property unasked."""
    return issubclass(type(value), kinds)


def is_exactly(value: object, *kinds: type) -> bool:
    """Whether the type of *value* is one of *kinds*.

    ``type(value) in kinds`` would compare types, which a metaclass can make run anything.
    """
    cls = type(value)
    return any(cls is kind for kind in kinds)


def own_dict(cls: type) -> types.MappingProxyType[str, Any]:
    """What ``cls.__dict__`` is, whatever the metaclass overrides."""
    return type.__dict__["__dict__"].__get__(cls)  # type: ignore[no-any-return]


def _mro(cls: type) -> tuple[type, ...]:
    return type.__dict__["__mro__"].__get__(cls)  # type: ignore[no-any-return]


def _lookup(cls: type, name: str) -> Any:
    for base in _mro(cls):
        found = own_dict(base).get(name, ABSENT)
        if found is not ABSENT:
            return found
    return ABSENT


def type_slot(cls: type, name: str) -> Any:
    """The C-level data descriptor for *name* on instances of *cls*, or ``ABSENT``.

    A subclass may shadow ``__dict__`` by a property; the descriptor below it is still the one
    that reads the object.
    """
    for base in _mro(cls):
        found = own_dict(base).get(name, ABSENT)
        if is_exactly(found, *_DATA_SLOTS):
            return found
    return ABSENT


def instance_dict(target: object) -> dict[str, Any] | None:
    """The own ``__dict__`` of *target*; None if it has none."""
    slot = type_slot(type(target), "__dict__")
    if slot is ABSENT:
        return None
    found = slot.__get__(target)
    return found if is_kind(found, dict) else None


def slot_values(target: object) -> Iterator[tuple[types.MemberDescriptorType, Any]]:
    """The filled ``__slots__`` of *target*, each with its descriptor."""
    for base in _mro(type(target)):
        if not type.__dict__["__flags__"].__get__(base) & _HEAP_TYPE:
            continue  # members of built-in types are not slots, and mostly cannot be set
        for member in list(own_dict(base).values()):
            if type(member) is types.MemberDescriptorType and member.__objclass__ is base:
                try:
                    yield member, member.__get__(target)
                except AttributeError:
                    continue


def read_attr(target: object, name: str) -> Any:
    """The own attribute *name* of *target*, or ``ABSENT``; classes, functions, modules, instances."""
    if is_kind(target, type):
        if name in _TYPE_SLOTS:
            return type.__dict__[name].__get__(target)
        return own_dict(target).get(name, ABSENT)  # type: ignore[arg-type]
    slot = _data_slot(target, name)
    if slot is not ABSENT:
        try:
            return slot.__get__(target)
        except AttributeError:
            return ABSENT
    return dict.get(instance_dict(target) or {}, name, ABSENT)


def _data_slot(target: object, name: str) -> Any:
    if is_kind(target, types.ModuleType) and name != "__dict__":
        return ABSENT  # a module's attributes are its namespace, __annotations__ too
    found = _lookup(type(target), name)
    return found if is_exactly(found, *_DATA_SLOTS) else ABSENT


def hashes_plainly(key: object) -> bool:
    """Whether hashing *key* runs no code of the user's."""
    if is_exactly(key, *_ATOMS):
        return True
    if type(key) is tuple:
        return all(map(hashes_plainly, key))
    found = _lookup(type(key), "__hash__")
    return any(found is known for known in _HASHES)


# --------------------------------------------------------------------------------- writing


def _write_attr(target: object, name: str, value: object) -> None:
    if is_kind(target, type):
        _write_class_attr(target, name, value)  # type: ignore[arg-type]
        return
    slot = _data_slot(target, name)
    if slot is not ABSENT:
        if value is ABSENT:
            slot.__delete__(target)
        elif name == "__code__":
            _write_code(slot, target, value)
        else:
            slot.__set__(target, value)
        return
    namespace = instance_dict(target)
    if namespace is None:
        raise TypeError(f"{type(target).__name__!r} object has no attribute {name!r} to write")
    if value is ABSENT:
        dict.pop(namespace, name, None)
    else:
        dict.__setitem__(namespace, name, value)


def _write_code(slot: types.GetSetDescriptorType, target: Any, code: Any) -> None:
    kinds = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
    if type(target) is types.FunctionType and (target.__code__.co_flags ^ code.co_flags) & kinds:
        # Deprecated since 3.13, but it works, and the user could not act on the warning.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            slot.__set__(target, code)
    else:
        slot.__set__(target, code)


def _write_class_attr(cls: type, name: str, value: object) -> None:
    if name in _TYPE_SLOTS:
        type.__dict__[name].__set__(cls, value)
        return
    if name == "__module__" and "__firstlineno__" in own_dict(cls):
        # Setting __module__ drops the line number (3.13, Objects/typeobject.c).
        lineno = own_dict(cls)["__firstlineno__"]
        _write_plainly(cls, name, value)
        type.__setattr__(cls, "__firstlineno__", lineno)
        return
    _write_plainly(cls, name, value)


def _write_plainly(cls: type, name: str, value: object) -> None:
    if not _metaclass_intercepts(cls, name):
        try:
            if value is ABSENT:
                type.__delattr__(cls, name)
            else:
                type.__setattr__(cls, name, value)
        except (AttributeError, TypeError):
            if type.__dict__["__flags__"].__get__(cls) & _IMMUTABLE_TYPE:
                raise
    if own_dict(cls).get(name, ABSENT) is not value:
        _write_raw(cls, name, value)


def _metaclass_intercepts(cls: type, name: str) -> bool:
    """Whether a data descriptor of the user's metaclass would take the write."""
    for meta in _mro(type(cls)):
        if meta is type:
            return False
        found = own_dict(meta).get(name, ABSENT)
        if found is not ABSENT:
            return _lookup(type(found), "__set__") is not ABSENT
    return False


def raw_dict(cls: type) -> dict[str, Any]:
    """The dictionary itself behind ``cls.__dict__``: to recognise it, not to write to it."""
    return gc.get_referents(own_dict(cls))[0]  # type: ignore[no-any-return]


def _write_raw(cls: type, name: str, value: object) -> None:
    """Write past a descriptor that stands between us and the class's own dictionary.

    `type` refuses to delete ``__doc__`` or ``__type_params__``, and a metaclass's property would
    run. None of these names has a slot, so dropping the lookup caches is all that is left to do.
    """
    raw = raw_dict(cls)
    if value is ABSENT:
        raw.pop(name, None)
    else:
        raw[sys.intern(name)] = value
    _drop_lookup_caches(cls)


def _drop_lookup_caches(cls: type) -> None:
    type.__setattr__(cls, "__reloadmagic__", None)
    type.__delattr__(cls, "__reloadmagic__")


def _dict_type(target: object) -> Any:
    # An OrderedDict links its keys on the side: dict's own methods would break the chain.
    return OrderedDict if is_kind(target, OrderedDict) else dict


def _write_item(target: Any, key: Any, value: object) -> None:
    if is_kind(target, list):
        list.__setitem__(target, key, value)
    elif is_kind(target, deque):
        deque.__setitem__(target, key, value)
    elif hashes_plainly(key) or not any(k is key for k in dict.keys(target)):
        _dict_type(target).__setitem__(target, key, value)
    else:
        dict.update(target, dict.fromkeys(_only(target, key), value))


def _only(target: dict[Any, Any], key: object) -> set[Any]:
    """``{key}`` for a key of *target*, made without hashing it.

    Set operations and ``dict.fromkeys`` take over the hashes that are stored in the table.
    """
    rest = set(target) if type(target) is dict else set(dict.copy(target))
    while True:
        before = rest.copy()
        if rest.pop() is key:
            return before - rest


def _read_slot(target: object, member: types.MemberDescriptorType) -> object:
    try:
        return member.__get__(target)
    except AttributeError:
        return ABSENT


def _write_cell(cell: types.CellType, contents: object) -> None:
    if contents is EMPTY:
        del cell.cell_contents
    else:
        cell.cell_contents = contents


def _read_cell(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return EMPTY


# ---------------------------------------------------------------------- whole contents and back


def _copy_contents(target: Any) -> Any:
    """A private copy of what *target* holds, made by the built-in type's own methods."""
    if is_kind(target, dict):
        if _lookup(type(target), "__iter__") is dict.__iter__:
            return dict.copy(target)  # takes the stored hashes over
        return dict(dict.items(target))
    if is_kind(target, list):
        return list.copy(target)
    if is_kind(target, set):
        copy: set[Any] = set()
        set.update(copy, target)
        return copy
    if is_kind(target, deque):
        return list(deque.__iter__(target))
    if is_kind(target, bytearray):
        return bytes(target)
    return None


def _write_contents(target: Any, contents: Any) -> None:
    if is_kind(target, dict):
        _write_dict(target, contents)
    elif is_kind(target, list):
        if len(contents) != list.__len__(target) or not _identical(list.__iter__(target), contents):
            list.__setitem__(target, slice(None), contents)
    elif is_kind(target, set):
        if len(contents) != set.__len__(target) or not _same_members(target, contents):
            set.clear(target)
            set.update(target, contents)
    elif is_kind(target, deque):
        if not _identical(deque.__iter__(target), contents):
            deque.clear(target)
            deque.extend(target, contents)
    elif is_kind(target, bytearray):
        bytearray.__setitem__(target, slice(None), contents)
    else:
        raise TypeError(f"{type(target).__name__!r} object is not a container")


def _identical(some: Iterator[object], others: Any) -> bool:
    return all(a is b for a, b in itertools.zip_longest(some, others, fillvalue=ABSENT))


def _same_members(some: Any, others: Any) -> bool:
    return set(map(id, set.__iter__(some))) == set(map(id, set.__iter__(others)))


def _write_dict(target: Any, saved: dict[Any, Any]) -> None:
    """Give *target* the items of *saved*, in their order.

    Where all keys are strings, as in a namespace, only what differs is touched, so that a thread
    that reads it meanwhile finds what it needs.
    """
    if _same_items(target, saved):
        return
    kind = _dict_type(target)
    if all(type(k) is str for k in dict.keys(target)) and all(type(k) is str for k in saved):
        for key in [k for k in dict.keys(target) if k not in saved]:
            kind.__delitem__(target, key)
        for key, value in saved.items():
            if dict.get(target, key, ABSENT) is not value:
                kind.__setitem__(target, key, value)
        _write_order(target, saved)
        return
    kind.clear(target)
    kind.update(target, saved)


def _write_order(target: Any, saved: dict[Any, Any]) -> None:
    kind = _dict_type(target)
    wanted = list(saved)
    first = next((i for i, k in enumerate(dict.keys(target)) if k != wanted[i]), len(wanted))
    for key in wanted[first:]:
        kind.__setitem__(target, key, kind.pop(target, key))


def _same_items(target: Any, saved: dict[Any, Any]) -> bool:
    if dict.__len__(target) != len(saved):
        return False
    return all(
        v is w and (k is q or (type(k) is type(q) is str and k == q))
        for (k, v), (q, w) in zip(dict.items(target), saved.items(), strict=True)
    )


def _restore_class(cls: type, saved: tuple[dict[str, Any], dict[str, Any]]) -> None:
    slots, attributes = saved
    for name in [n for n in own_dict(cls) if n not in attributes]:
        _write_class_attr(cls, name, ABSENT)
    for name, value in attributes.items():
        if own_dict(cls).get(name, ABSENT) is not value:
            _write_class_attr(cls, name, value)
    for name, value in slots.items():
        if type.__dict__[name].__get__(cls) is not value:
            type.__dict__[name].__set__(cls, value)
    if list(own_dict(cls)) != list(attributes):
        _write_order(raw_dict(cls), attributes)
        _drop_lookup_caches(cls)


def _class_state(cls: type) -> tuple[dict[str, Any], dict[str, Any]]:
    return {name: type.__dict__[name].__get__(cls) for name in _TYPE_SLOTS}, dict(own_dict(cls))


# ------------------------------------------------------------------------------- the log


class _Entry:
    """One undo: ``undo(target, key, before)``.

    A class of its own, so that the pass over the heap can tell what the log holds from what the
    user's objects hold.
    """

    __slots__ = ("before", "key", "target", "undo")

    def __init__(
        self, undo: Callable[[Any, Any, Any], None], target: object, key: object, before: object
    ) -> None:
        self.undo = undo
        self.target = target
        self.key = key
        self.before = before

    def owned(self) -> Iterator[object]:
        yield self
        if self.undo in _WITH_COPIES:
            yield self.before
        if self.undo in (_undo_class, _undo_instance, _undo_function):
            yield from self.before  # type: ignore[misc]
        if self.undo is _undo_instance:
            yield from self.before[2]  # type: ignore[index]
        if self.undo is _undo_call and type(self.target) is types.FunctionType:
            yield self.target.__closure__
            yield from self.target.__closure__ or ()


def _undo_item(target: Any, key: Any, before: object) -> None:
    if before is not ABSENT:
        _write_item(target, key, before)
    elif key in dict.keys(target):
        _dict_type(target).__delitem__(target, key)


def _undo_list_delete(target: Any, key: Any, before: object) -> None:
    list.insert(target, key, before)


def _undo_contents(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    _write_contents(target, before)


def _undo_class(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    _restore_class(target, before)


def _undo_attr(target: Any, key: Any, before: object) -> None:
    _write_attr(target, key, before)


def _undo_slot(target: Any, key: Any, before: object) -> None:
    if before is ABSENT:
        key.__delete__(target)
    else:
        key.__set__(target, before)


def _undo_cell(target: Any, key: Any, before: object) -> None:  # noqa: ARG001
    _write_cell(target, before)


def _undo_set_class(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    _write_type(target, before)


def _undo_call(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    target(*before)


def _undo_instance(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    cls, namespace, slots = before
    if type(target) is not cls:
        _write_type(target, cls)
    if namespace is not None:
        _write_contents(instance_dict(target), namespace)
    now = {id(member): member for member, _ in slot_values(target)}
    for member, value in slots:
        now.pop(id(member), None)
        if _read_slot(target, member) is not value:
            member.__set__(target, value)
    for member in now.values():
        member.__delete__(target)


def _undo_function(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    slots, namespace = before
    for name, value in slots.items():
        if read_attr(target, name) is not value:
            _write_attr(target, name, value)
    _write_contents(instance_dict(target), namespace)


def _write_type(target: Any, cls: type) -> None:
    # The descriptor itself: object.__setattr__ refuses to work on classes.
    object.__dict__["__class__"].__set__(target, cls)


# Their `before` is a container made for the log.
_WITH_COPIES = (_undo_contents, _undo_class, _undo_instance, _undo_function, _undo_call)


class Transaction:
    """Writes to live objects that stand or fall together.

    Args:
        label: whose writes these are, for messages and ``repr``.

    What has been snapshotted needs no further log: a write to it is not recorded again until the
    next savepoint.
    """

    def __init__(self, label: str = "") -> None:
        self.label = label
        self._log: list[_Entry] = []
        # Invariant: id -> position in the log of a snapshot of that object. The log keeps the
        # object alive, so the id is its own.
        self._covered: dict[int, int] = {}
        self._floor = 0

    def __repr__(self) -> str:
        return f"<Transaction {self.label or 'unnamed'} entries={len(self._log)}>"

    def __len__(self) -> int:
        return len(self._log)

    # -- single writes

    def set_item(self, target: Any, key: Any, value: object) -> None:
        """``target[key] = value`` for a dict, list or deque."""
        if not self._covers(target):
            self._record(_undo_item, target, key, _read_item(target, key))
        _write_item(target, key, value)

    def del_item(self, target: Any, key: Any) -> None:
        """``del target[key]`` for a dict or list; rollback restores the place of the key, too."""
        if is_kind(target, list):
            position = range(list.__len__(target))[key]
            if not self._covers(target):
                self._record(_undo_list_delete, target, position, target[position])
            list.__delitem__(target, position)
            return
        if not self._covers(target):
            self._record(_undo_contents, target, None, _copy_contents(target))
        _dict_type(target).__delitem__(target, key)

    def set_attr(self, target: object, name: str, value: object) -> None:
        """Set the own attribute *name* of a class, function, module or instance."""
        before = read_attr(target, name)
        if before is value:
            return
        if not self._covers(target):
            self._record(_undo_attr, target, name, before)
        _write_attr(target, name, value)

    def del_attr(self, target: object, name: str) -> None:
        """Delete the own attribute *name*; nothing happens where there is none."""
        before = read_attr(target, name)
        if before is ABSENT:
            return
        if not self._covers(target):
            self._record_deletion(target, name, before)
        _write_attr(target, name, ABSENT)

    def set_slot(self, target: object, member: types.MemberDescriptorType, value: object) -> None:
        """Fill the slot *member* of *target*; a slot of a base may be shadowed by another name."""
        self._record(_undo_slot, target, member, _read_slot(target, member))
        member.__set__(target, value)

    def set_cell(self, cell: types.CellType, value: object) -> None:
        """Change what a closure's cell holds; ``EMPTY`` empties it."""
        before = _read_cell(cell)
        if before is value:
            return
        if not self._covers(cell):
            self._record(_undo_cell, cell, None, before)
        _write_cell(cell, value)

    def set_class(self, instance: object, cls: type) -> None:
        """Make *instance* one of *cls*.

        Raises:
            TypeError: CPython refuses, as the two layouts differ. Nothing has changed then.
        """
        before = type(instance)
        _write_type(instance, cls)
        self._record(_undo_set_class, instance, None, before)

    def set_contents(self, container: Any, contents: Any) -> None:
        """Replace all that a dict, list, set, deque or bytearray holds, in place."""
        if not self._covers(container):
            self._record(_undo_contents, container, None, _copy_contents(container))
        _write_contents(container, contents)

    # -- what others write

    def snapshot(self, target: Any) -> None:
        """Remember all that *target* holds now, for writes that do not go through here.

        Containers, cells, classes (their own attributes), functions, and instances (their
        ``__dict__`` and slots; an instance of a container, both). Shallow.
        """
        if self._covers(target):
            return
        position = len(self._log)
        self._remember(target)
        self._covered[id(target)] = position

    def on_rollback(self, undo: Callable[..., object], *arguments: object) -> None:
        """Call ``undo(*arguments)`` on the way back."""
        self._record(_undo_call, undo, None, arguments)

    # -- the way back

    def savepoint(self) -> int:
        """Where the log stands, for `rollback`."""
        self._floor = len(self._log)
        return self._floor

    def rollback(self, to: int = 0) -> None:
        """Undo everything written since savepoint *to*, last first.

        Raises:
            InternalError: some entries could not be undone; all others were.
            KeyboardInterrupt: one arrived meanwhile; everything was undone before it passes on.
        """
        failed: list[tuple[_Entry, BaseException]] = []
        interrupt: KeyboardInterrupt | None = None
        while len(self._log) > to:
            entry = self._log[-1]
            try:
                entry.undo(entry.target, entry.key, entry.before)
            except KeyboardInterrupt as error:
                interrupt = error  # an undo can be done twice: the entry is still in the log
                continue
            except BaseException as error:  # noqa: BLE001 - every entry has its turn
                failed.append((entry, error))
            self._log.pop()
        self._covered = {i: at for i, at in self._covered.items() if at < to}
        self._floor = min(self._floor, to)
        if failed:
            raise _not_undone(failed) from failed[0][1]
        if interrupt is not None:
            raise interrupt

    def commit(self) -> None:
        """Let the writes stand and forget the way back."""
        self._log.clear()
        self._covered.clear()
        self._floor = 0

    def owned(self) -> Iterator[object]:
        """The objects of the log itself: references from these are not the user's."""
        yield self._log
        for entry in self._log:
            yield from entry.owned()

    # -- private

    def _covers(self, target: object) -> bool:
        return self._covered.get(id(target), -1) >= self._floor

    def _record(
        self, undo: Callable[[Any, Any, Any], None], target: object, key: object, before: object
    ) -> None:
        self._log.append(_Entry(undo, target, key, before))

    def _record_deletion(self, target: Any, name: str, before: object) -> None:
        """A name that comes back would go to the end, so the whole order is remembered."""
        if is_kind(target, type):
            self._record(_undo_class, target, None, _class_state(target))
        elif _data_slot(target, name) is not ABSENT:
            self._record(_undo_attr, target, name, before)
        else:
            namespace = instance_dict(target)
            self._record(_undo_contents, namespace, None, _copy_contents(namespace))

    def _remember(self, target: Any) -> None:
        if is_kind(target, type):
            self._record(_undo_class, target, None, _class_state(target))
            return
        if type(target) is types.CellType:
            self._record(_undo_cell, target, None, _read_cell(target))
            return
        if type(target) is types.FunctionType:
            slots = {name: read_attr(target, name) for name in _FUNCTION_SLOTS}
            namespace = _copy_contents(instance_dict(target))
            self._record(_undo_function, target, None, (slots, namespace))
            return
        contents = _copy_contents(target)
        if contents is not None:
            self._record(_undo_contents, target, None, contents)
            if is_exactly(target, dict, list, set, deque, bytearray, OrderedDict):
                return
        own = instance_dict(target)
        before = (type(target), None if own is None else dict(own), list(slot_values(target)))
        self._record(_undo_instance, target, None, before)


def _read_item(target: Any, key: Any) -> object:
    if is_kind(target, list):
        return list.__getitem__(target, key)
    if is_kind(target, deque):
        return deque.__getitem__(target, key)
    if hashes_plainly(key):
        return dict.get(target, key, ABSENT)
    return next((v for k, v in dict.items(target) if k is key), ABSENT)


def _not_undone(failed: list[tuple[_Entry, BaseException]]) -> InternalError:
    entry, error = failed[0]
    what = type(entry.target).__name__
    return InternalError(
        f"{len(failed)} of the changes could not be undone, the first in a {what} object "
        f"({type(error).__name__}). The session may be half reloaded: restart the kernel."
    )
