"""Writing to live objects through the methods of the built-in types, and whole contents at once."""

from __future__ import annotations

import inspect
import itertools
import sys
import types
import warnings
from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Any

from ..absent import ABSENT, EMPTY
from .reading import (
    TYPE_SLOTS,
    data_slot,
    hashes_plainly,
    instance_dict,
    is_kind,
    lookup,
    lookup_c,
    mro,
    own_dict,
    raw_dict,
)

_IMMUTABLE_TYPE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE
_KINDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def write_attr(target: object, name: str, value: object) -> None:
    """Set the own attribute *name* of any object; ``ABSENT`` deletes it."""
    if is_kind(target, type):
        _write_class_attr(target, name, value)  # type: ignore[arg-type]
        return
    slot = data_slot(target, name)
    if slot is not ABSENT:
        if value is ABSENT:
            slot.__delete__(target)
        elif name == "__code__" and type(target) is types.FunctionType:
            write_code(target, value)  # type: ignore[arg-type]
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


def write_code(function: types.FunctionType, code: types.CodeType) -> None:
    """Give a function other code."""
    if (function.__code__.co_flags ^ code.co_flags) & _KINDS:
        # Deprecated since 3.13, but it works, and the user could not act on the warning.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            function.__code__ = code
    else:
        function.__code__ = code


def _write_class_attr(cls: type, name: str, value: object) -> None:
    if name in TYPE_SLOTS:
        type.__dict__[name].__set__(cls, value)
        return
    if name == "__module__" and "__firstlineno__" in own_dict(cls):
        # Setting __module__ drops the line number (3.13, Objects/typeobject.c).
        lineno = own_dict(cls)["__firstlineno__"]
        _write_plainly(cls, name, value)
        _set_plainly(cls, "__firstlineno__", lineno)
        return
    _write_plainly(cls, name, value)


def write_own(cls: type, name: str, value: object) -> None:
    """Set *name* in a class's own dictionary, where `type` may have a slot that it hides."""
    if name in TYPE_SLOTS:
        _write_raw(cls, name, value)
    else:
        _write_class_attr(cls, name, value)


def _write_plainly(cls: type, name: str, value: object) -> None:
    if not _metaclass_intercepts(cls, name):
        try:
            _set_plainly(cls, name, value)
        except (AttributeError, TypeError):
            if type.__dict__["__flags__"].__get__(cls) & _IMMUTABLE_TYPE:
                raise
    if own_dict(cls).get(name, ABSENT) is not value:
        _write_raw(cls, name, value)


def _set_plainly(cls: type, name: str, value: object) -> None:
    """Set an attribute of *cls* as C code does it, past what the user's metaclass overrides.

    A metaclass of an extension's (ctypes, PyQt) has its own way, and CPython refuses to go past it.
    """
    if value is ABSENT:
        lookup_c(type(cls), "__delattr__")(cls, name)
    else:
        lookup_c(type(cls), "__setattr__")(cls, name, value)


def _metaclass_intercepts(cls: type, name: str) -> bool:
    """Whether a data descriptor of the user's metaclass would take the write."""
    for meta in mro(type(cls)):
        if meta is type:
            return False
        found = own_dict(meta).get(name, ABSENT)
        if found is not ABSENT:
            return lookup(type(found), "__set__") is not ABSENT
    return False


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
    drop_lookup_caches(cls)


def drop_lookup_caches(cls: type) -> None:
    """Make the interpreter forget what it has looked up on *cls*."""
    _set_plainly(cls, "__reloadmagic__", None)
    _set_plainly(cls, "__reloadmagic__", ABSENT)


def dict_type(target: object) -> Any:
    """The type whose methods write to *target*."""
    # An OrderedDict links its keys on the side: dict's own methods would break the chain.
    return OrderedDict if is_kind(target, OrderedDict) else dict


def write_item(target: Any, key: Any, value: object) -> None:
    """``target[key] = value`` for a dict, list or deque."""
    if is_kind(target, list):
        list.__setitem__(target, key, value)
    elif is_kind(target, deque):
        deque.__setitem__(target, key, value)
    elif hashes_plainly(key) or not any(k is key for k in dict.keys(target)):
        dict_type(target).__setitem__(target, key, value)
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


def write_cell(cell: types.CellType, contents: object) -> None:
    """Fill *cell*; ``EMPTY`` empties it."""
    if contents is EMPTY:
        del cell.cell_contents
    else:
        cell.cell_contents = contents


def write_type(target: Any, cls: type) -> None:
    """Make *target* an instance of *cls*; raises TypeError where CPython refuses."""
    # The descriptor itself: object.__setattr__ refuses to work on classes.
    object.__dict__["__class__"].__set__(target, cls)


# ---------------------------------------------------------------------- whole contents and back


def copy_contents(target: Any) -> Any:
    """A private copy of what *target* holds, made by the built-in type's own methods."""
    if type(target) is dict:
        return target.copy()
    if is_kind(target, dict):
        if lookup(type(target), "__iter__") is dict.__iter__:
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


def write_contents(target: Any, contents: Any) -> None:
    """Make *contents* all that *target* holds."""
    if is_kind(target, dict):
        _write_dict(target, contents)
    elif is_kind(target, list):
        if len(contents) != list.__len__(target) or not _identical(list.__iter__(target), contents):
            list.__setitem__(target, slice(None), contents)
    elif is_kind(target, set):
        if len(contents) != set.__len__(target) or not _same_members(target, contents):
            fill_table(target, contents)
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
    kind = dict_type(target)
    if all(type(k) is str for k in dict.keys(target)) and all(type(k) is str for k in saved):
        for key in [k for k in dict.keys(target) if k not in saved]:
            kind.__delitem__(target, key)
        for key, value in saved.items():
            if dict.get(target, key, ABSENT) is not value:
                kind.__setitem__(target, key, value)
        write_order(target, saved)
        return
    fill_table(target, saved)


def fill_table(target: Any, contents: Any) -> None:
    """Make *contents* all that a dict or set holds, every key by the hash that it has in there."""
    kind: Any = set if is_kind(target, set) else dict_type(target)
    kind.clear(target)
    kind.update(target, contents)


def write_order(target: Any, saved: dict[Any, Any]) -> None:
    """Bring the keys of *target* into the order that they have in *saved*."""
    kind = dict_type(target)
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


def restore_class(cls: type, saved: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Bring *cls* back to what `class_state` has returned."""
    slots, attributes = saved
    for name in [n for n in own_dict(cls) if n not in attributes]:
        write_own(cls, name, ABSENT)
    for name, value in attributes.items():
        if own_dict(cls).get(name, ABSENT) is not value:
            write_own(cls, name, value)
    for name, value in slots.items():
        if type.__dict__[name].__get__(cls) is not value:
            type.__dict__[name].__set__(cls, value)
    if list(own_dict(cls)) != list(attributes):
        write_order(raw_dict(cls), attributes)
        drop_lookup_caches(cls)


def class_state(cls: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """A class's names and bases, and a copy of its own attributes in their order."""
    return {name: type.__dict__[name].__get__(cls) for name in TYPE_SLOTS}, dict(own_dict(cls))
