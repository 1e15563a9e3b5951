"""Looking inside functions, wrappers and classes without running any code of the user's."""

from __future__ import annotations

import abc
import functools
import types
from collections.abc import Iterable, Iterator
from typing import Any

from ..transaction import instance_dict, is_exactly, is_kind, mro, own_dict, read_cell

__all__ = [
    "bases",
    "builtin_base",
    "calls_on_creation",
    "cells",
    "class_cells",
    "functions_in",
    "hooks_subclasses",
    "mro",
    "qualname",
    "read_cell",
    "stands_for_function",
    "subclasses",
    "type_name",
    "wrapped_by",
]

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE


def bases(cls: type) -> tuple[type, ...]:
    """``cls.__bases__``, whatever the metaclass overrides."""
    return type.__dict__["__bases__"].__get__(cls)  # type: ignore[no-any-return]


def subclasses(cls: type) -> Iterator[type]:
    """All classes below *cls*, nearest first, each once."""
    seen = {id(cls)}
    queue = [cls]
    for parent in queue:
        children: list[type] = type.__subclasses__(parent)
        for child in children:
            if id(child) not in seen:
                seen.add(id(child))
                queue.append(child)
                yield child


def type_name(value: object) -> str:
    """The name of the type of *value*, whatever the metaclass overrides."""
    return type.__dict__["__name__"].__get__(type(value))  # type: ignore[no-any-return]


def qualname(value: Any) -> str:
    """``value.__qualname__`` of a class or function, whatever a metaclass overrides."""
    if is_kind(value, type):
        return type.__dict__["__qualname__"].__get__(value)  # type: ignore[no-any-return]
    return value.__qualname__  # type: ignore[no-any-return]


def builtin_base(cls: type) -> type:
    """The nearest base of *cls* that no class statement has made: what its instances are in C."""
    while type.__dict__["__flags__"].__get__(cls) & _HEAP_TYPE:
        cls = type.__dict__["__base__"].__get__(cls)
    return cls


def cells(function: types.FunctionType) -> dict[str, types.CellType]:
    """The closure of *function*, by the name of the free variable."""
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))


def class_cells(cls: type, values: Iterable[object]) -> Iterator[types.CellType]:
    """The cells by which ``super()`` in methods among *values* speaks of *cls*."""
    for function in functions_in(values):
        cell = cells(function).get("__class__")
        if cell is not None and read_cell(cell) is cls:
            yield cell


def functions_in(values: Iterable[object]) -> Iterator[types.FunctionType]:
    """All functions in *values*, through wrappers, closures and the attributes of wrapper objects.

    Nearest first, each once. Objects are looked into only as far as `wrapped_by` goes.
    """
    queue = list(values)
    seen: set[int] = set()
    for value in queue:
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is types.FunctionType:
            yield value
        queue.extend(wrapped_by(value))


def wrapped_by(value: Any) -> list[Any]:
    """What a function, or an object that stands for one, holds directly and may call."""
    if type(value) is types.FunctionType:
        inside = [read_cell(cell) for cell in value.__closure__ or ()]
        return [*inside, *dict.values(vars(value))]
    if is_kind(value, staticmethod, classmethod):
        inside = [value.__func__]
    elif is_kind(value, property):
        inside = [value.fget, value.fset, value.fdel]
    elif is_kind(value, functools.partial):
        inside = [value.func, *value.args, *value.keywords.values()]
    elif is_kind(value, types.MethodType):
        inside = [value.__func__]
    elif stands_for_function(value):
        inside = []
    else:
        return []
    return [*inside, *dict.values(instance_dict(value) or {})]


def stands_for_function(value: object) -> bool:
    """Whether *value* is called, or bound, in place of a function: what decorators return."""
    cls = type(value)
    if is_kind(value, type, types.ModuleType):
        return False
    return any(name in own_dict(base) for base in mro(cls) for name in ("__call__", "__get__"))


def hooks_subclasses(cls: type) -> bool:
    """Does making a class below *cls* call code of it that is not the standard library's?"""
    return not is_exactly(cls, type, abc.ABCMeta) or _calls_hook(mro(cls))


def _calls_hook(classes: Iterable[type]) -> bool:
    """Is the ``__init_subclass__`` that comes first in *classes* not the standard library's?"""
    init = next(base for base in classes if "__init_subclass__" in own_dict(base))
    return own_dict(init).get("__module__") not in (None, "typing", "abc")


def calls_on_creation(cls: type) -> bool:
    """Does making a class like *cls* call code that is not the standard library's?"""
    if not is_exactly(cls, type, abc.ABCMeta) or _calls_hook(mro(cls)[1:]):
        return True
    return any(
        "__set_name__" in own_dict(base)
        and own_dict(base).get("__module__", "functools") != "functools"
        for value in own_dict(cls).values()
        for base in mro(type(value))
    )
