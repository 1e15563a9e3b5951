"""Where the live objects of a module are found, without a pass over the heap.

In come a namespace and names as the source spells them; out go functions and classes. Attributes
are read as ``vars()`` shows them: no code of the user's runs here.
"""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Any, TypeGuard

from .plain import is_atom

__all__ = [
    "OwnReference",
    "class_dict",
    "code_objects",
    "find_class",
    "find_functions",
    "functions_held",
    "functions_within",
    "hold",
    "is_class",
    "made_by_calls",
    "weakly_held",
]


SMALL = 1000
"""Containers with more entries than this are not looked through."""


class OwnReference(weakref.ref[Any]):
    """A weak reference of ours: for it alone, nobody notices that an object dies.

    CPython shares references of the plain type, so that one of the user's would be ours, too.
    """

    __slots__ = ()


def is_class(value: object) -> TypeGuard[type]:
    """Is *value* a class? Asks its type: an object can answer for its ``__class__``, or refuse to."""
    return issubclass(type(value), type)


def class_dict(cls: type) -> Any:
    """``vars(cls)``, whatever the metaclass makes of attribute access."""
    return type.__dict__["__dict__"].__get__(cls)


def nested_classes(cls: type) -> Iterator[tuple[str, type]]:
    """The classes, by attribute, that the body of *cls* has made.

    Not those that an attribute only mentions: two classes may mention each other.
    """
    module, prefix = class_dict(cls).get("__module__"), _qualname(cls) + "."
    for attr, value in list(class_dict(cls).items()):
        if is_class(value) and class_dict(value).get("__module__") == module:
            if _qualname(value).startswith(prefix):
                yield attr, value


def _qualname(cls: type) -> str:
    name: str = type.__dict__["__qualname__"].__get__(cls)
    return name


def hold(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, weakref.ref[Any]]:
    """What *names* are bound to, held weakly as far as that can be."""
    held: dict[str, weakref.ref[Any]] = {}
    for name in names:
        value = namespace.get(name)
        if is_atom(value) or issubclass(type(value), types.ModuleType):
            continue
        try:
            held[name] = OwnReference(value)
        except TypeError:
            continue
    return held


def find_class(namespace: dict[str, Any], qualname: str) -> type | None:
    """The live class of that qualname, None if something else stands there."""
    first, *rest = qualname.split(".")
    found = namespace.get(first)
    for name in rest:
        if not is_class(found):
            return None
        found = class_dict(found).get(name)
    return found if is_class(found) else None


def find_functions(namespace: dict[str, Any], qualname: str) -> list[types.FunctionType]:
    """The functions that stand under that qualname, out of their descriptors.

    A property has up to three, a plain function is the only one. Empty where a decorator of the
    user's made something else of the function.
    """
    owner, _, name = qualname.rpartition(".")
    if owner:
        cls = find_class(namespace, owner)
        return list(functions_within(class_dict(cls).get(name))) if cls is not None else []
    return list(functions_within(namespace.get(name)))


def functions_within(value: Any) -> Iterator[types.FunctionType]:
    """The function(s) that a descriptor of the standard library holds, or *value* itself."""
    kind = type(value)
    if kind is types.FunctionType:
        yield value
    elif kind is staticmethod or kind is classmethod:
        yield from functions_within(value.__func__)
    elif kind is property:
        for part in (value.fget, value.fset, value.fdel):
            yield from functions_within(part)
    elif kind is functools.cached_property or kind is functools.singledispatchmethod:
        yield from functions_within(vars(value).get("func"))


def code_objects(code: types.CodeType) -> Iterator[types.CodeType]:
    """All code objects nested in *code*, in order, *code* itself left out."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from code_objects(constant)


def own_functions(namespace: dict[str, Any]) -> Iterator[types.FunctionType]:
    """The functions of a module that can be reached from its names and its classes."""
    for found in reachable_definitions(namespace, {namespace.get("__name__")}):
        if isinstance(found, types.FunctionType) and found.__globals__ is namespace:
            yield found


def own_classes(namespace: dict[str, Any]) -> Iterator[type]:
    """The classes of a module that can be reached from its names."""
    home = {namespace.get("__name__")}
    for found in reachable_definitions(namespace, home):
        if not isinstance(found, types.FunctionType) and _is_of(found, home):
            yield found


def reachable_definitions(
    namespace: dict[str, Any], modules: Collection[Any]
) -> Iterator[types.FunctionType | type]:
    """The functions and classes that a module's names and small containers hold, whoever made them.

    Wrappers are looked through (``__wrapped__``, closures), and so are the classes that *modules*
    define; each function and class comes once.
    """
    seen: set[int] = set()
    todo = list(namespace.values())
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is types.FunctionType:
            yield value
            todo.extend(held_by_function(value))
            todo.extend(_default_functions(value))
        elif is_class(value):
            yield value
            if _is_of(value, modules):
                todo.extend(class_dict(value).values())
            # Decorators, of other modules perhaps, may have derived it.
            mro = type.__dict__["__mro__"].__get__(value)
            todo.extend(base for base in mro if _is_of(base, modules))
        else:
            todo.extend(_held(value))


def _is_of(cls: type, modules: Collection[Any]) -> bool:
    """Is the class one that one of *modules* defines?"""
    home = class_dict(cls).get("__module__")
    return type(home) is str and home in modules


def made_by_calls(value: Any, modules: Container[Any]) -> set[str]:
    """What of a value is code that was defined in a call of a function of *modules*.

    Of a class the names of such methods, ``""`` for any other value: closures, what decorators
    return, instances of such a class.
    """
    if is_class(value):
        parts = (
            item
            for base in type.__dict__["__mro__"].__get__(value)
            for item in class_dict(base).items()
        )
        return {
            attr
            for attr, part in parts
            if any(_is_inner(f, modules) for f in functions_within(part))
        }
    held = [value, *_held(value)]
    is_made = any(_is_inner(f, modules) for part in held for f in functions_within(part))
    return {""} if is_made or made_by_calls(type(value), modules) else set()


def _is_inner(function: types.FunctionType, modules: Container[Any]) -> bool:
    code = function.__code__
    is_generated = code.co_filename.startswith("<")  # as a dataclass's methods are
    inner = "<locals>" in code.co_qualname and not is_generated
    return inner and function.__globals__.get("__name__") in modules


def held_by_function(function: types.FunctionType) -> Iterator[Any]:
    """What a function closes over, and what it wraps."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue
    wrapped = function.__dict__.get("__wrapped__")
    if wrapped is not None:
        yield wrapped


def functions_held(value: Any, namespace: dict[str, Any]) -> Iterator[types.FunctionType]:
    """Functions of the module that *value* is or wraps."""
    todo = [value]
    seen: set[int] = set()
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if type(item) is types.FunctionType:
            if item.__globals__ is namespace:
                yield item
            todo.extend(held_by_function(item))
        else:
            todo.extend(functions_within(item))
            todo.extend(f for f in instance_values(item) if type(f) is types.FunctionType)


def _default_functions(function: types.FunctionType) -> Iterator[types.FunctionType]:
    """The functions among the defaults of a function."""
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        if type(default) is types.FunctionType:
            yield default


def _held(value: Any) -> Iterator[Any]:
    """Callables that a wrapper, a descriptor or a container holds, or small containers of such."""
    kind = type(value)
    if kind is functools.partial or kind is functools.partialmethod:
        yield value.func
    elif kind is functools.singledispatchmethod:
        yield vars(value).get("func")
        yield from vars(value)["dispatcher"].registry.values()
    elif kind is functools._lru_cache_wrapper:
        yield value.__dict__.get("__wrapped__")
    elif kind is types.MethodType:
        yield value.__func__
    elif kind is dict and len(value) <= SMALL:
        yield from filter(_may_lead_on, value.values())
    elif kind in (list, set, tuple) and len(value) <= SMALL:
        yield from filter(_may_lead_on, value)
    else:
        yield from functions_within(value)
        yield from filter(_may_lead_on, instance_values(value))


def _may_lead_on(part: Any) -> bool:
    """Is it callable, or a container of what is, as far as the first of its parts tells?"""
    if type(part) is dict:
        return callable(next(iter(part.values()), None))
    if type(part) in (list, set, tuple):
        return callable(next(iter(part), None))
    return callable(part)


def weakly_held(value: Any) -> Any:
    """What to remember *value* by: itself where it is plain, else not to keep it alive."""
    from .absent import ABSENT  # neither before it is asked for
    from .plain import is_plain

    if is_plain(value):
        return value
    try:
        return OwnReference(value)
    except TypeError:
        return ABSENT


def instance_values(value: Any) -> list[Any]:
    """What an instance's ``__dict__`` holds, read past the user's own attribute access."""
    return [part for _, part in instance_items(value)]


def instance_value(value: Any, name: str) -> Any:
    """One of them by name, None if there is none."""
    return dict(instance_items(value)).get(name)


def instance_items(value: Any) -> list[tuple[str, Any]]:
    """The attributes in an instance's ``__dict__``, read past the user's own attribute access."""
    own = instance_dict(value)
    return list(own.items()) if own is not None and len(own) <= SMALL else []


def instance_dict(value: Any) -> dict[str, Any] | None:
    """An instance's ``__dict__``, read past the user's own attribute access; None without one."""
    kind = type(value)
    if issubclass(kind, (type, types.ModuleType)):
        return None
    for base in type.__dict__["__mro__"].__get__(kind):
        slot = class_dict(base).get("__dict__")
        if type(slot) is types.GetSetDescriptorType:  # a property may stand before it
            own = slot.__get__(value)
            return own if type(own) is dict else None
    return None
