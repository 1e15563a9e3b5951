"""Reading live objects without running any code of the user's."""

from __future__ import annotations

import enum
import gc
import operator
import sys
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

from ..absent import ABSENT, EMPTY

_ATOMS = (str, bytes, int, float, complex, bool, types.NoneType)
_HASHES = (
    *(kind.__hash__ for kind in (object, type, types.BuiltinFunctionType, int, str, float, bytes)),
    enum.Enum.__dict__["__hash__"],  # of the name
)
DATA_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType)
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
# Read and written through `type` itself: they are not in a class's own dictionary.
TYPE_SLOTS = ("__name__", "__qualname__", "__bases__")
FUNCTION_SLOTS = (
    "__code__",
    "__defaults__",
    "__kwdefaults__",
    "__doc__",
    "__name__",
    "__qualname__",
    "__module__",
    # Reading __annotations__ would evaluate them from 3.14 on; what evaluates them moves instead.
    "__annotate__" if sys.version_info >= (3, 14) else "__annotations__",
    *(("__type_params__",) if sys.version_info >= (3, 12) else ()),
)
read_function_slots = operator.attrgetter(*FUNCTION_SLOTS)


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


def mro(cls: type) -> tuple[type, ...]:
    """``cls.__mro__``, whatever the metaclass overrides."""
    return type.__dict__["__mro__"].__get__(cls)  # type: ignore[no-any-return]


def lookup(cls: type, name: str) -> Any:
    """What *name* is on *cls*, bases included, as it stands in their dictionaries; or ``ABSENT``."""
    for base in mro(cls):
        found = own_dict(base).get(name, ABSENT)
        if found is not ABSENT:
            return found
    return ABSENT


def lookup_c(cls: type, name: str) -> Any:
    """What C code has under the special *name* for instances of *cls*, whatever overrides it."""
    ways = (own_dict(base).get(name) for base in mro(cls))
    return next(way for way in ways if type(way) is types.WrapperDescriptorType)


def type_slot(cls: type, name: str) -> Any:
    """The C-level data descriptor for *name* on instances of *cls*, or ``ABSENT``.

    A subclass may shadow ``__dict__`` by a property; the descriptor below it is still the one
    that reads the object.
    """
    for base in mro(cls):
        found = own_dict(base).get(name, ABSENT)
        if is_exactly(found, *DATA_SLOTS):
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
    for base in mro(type(target)):
        if not type.__dict__["__flags__"].__get__(base) & _HEAP_TYPE:
            continue  # members of built-in types are not slots, and mostly cannot be set
        for member in list(own_dict(base).values()):
            if type(member) is types.MemberDescriptorType and member.__objclass__ is base:
                try:
                    yield member, member.__get__(target)
                except AttributeError:
                    continue


def is_python_slot(member: types.MemberDescriptorType) -> bool:
    """Is the slot one of a class's ``__slots__``? Those that C code declares may be read-only."""
    return "__slots__" in own_dict(member.__objclass__)


def read_attr(target: object, name: str) -> Any:
    """The own attribute *name* of *target*, or ``ABSENT``; classes, functions, modules, instances."""
    if is_kind(target, type):
        if name in TYPE_SLOTS:
            return type.__dict__[name].__get__(target)
        return own_dict(target).get(name, ABSENT)  # type: ignore[arg-type]
    slot = data_slot(target, name)
    if slot is not ABSENT:
        try:
            return slot.__get__(target)
        except AttributeError:
            return ABSENT
    return dict.get(instance_dict(target) or {}, name, ABSENT)


def data_slot(target: object, name: str) -> Any:
    """The C-level descriptor that takes writes of *name* to *target*, or ``ABSENT``."""
    if is_kind(target, types.ModuleType) and name != "__dict__":
        return ABSENT  # a module's attributes are its namespace, __annotations__ too
    found = lookup(type(target), name)
    return found if is_exactly(found, *DATA_SLOTS) else ABSENT


def hashes_plainly(key: object) -> bool:
    """Whether hashing *key* runs no code of the user's."""
    if is_exactly(key, *_ATOMS):
        return True
    if type(key) is tuple:
        return all(map(hashes_plainly, key))
    found = lookup(type(key), "__hash__")
    return any(found is known for known in _HASHES)


def raw_dict(cls: type) -> dict[str, Any]:
    """The dictionary itself behind ``cls.__dict__``: to recognise it, not to write to it."""
    return gc.get_referents(own_dict(cls))[0]  # type: ignore[no-any-return]


def read_slot(target: object, member: types.MemberDescriptorType) -> object:
    """What the slot *member* of *target* holds, or ``ABSENT``."""
    try:
        return member.__get__(target)
    except AttributeError:
        return ABSENT


def read_cell(cell: types.CellType) -> object:
    """What *cell* holds, or ``EMPTY``."""
    try:
        return cell.cell_contents
    except ValueError:
        return EMPTY


def read_item(target: Any, key: Any) -> object:
    """``target[key]`` of a dict, list or deque, or ``ABSENT``."""
    if is_kind(target, list):
        return list.__getitem__(target, key)
    if is_kind(target, deque):
        return deque.__getitem__(target, key)
    if hashes_plainly(key):
        return dict.get(target, key, ABSENT)
    return next((v for k, v in dict.items(target) if k is key), ABSENT)
