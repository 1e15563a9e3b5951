"""What the index asks about the running session, where sources alone do not tell.

In come names; out go answers about live modules and classes. No code of the user's runs here.
"""

from __future__ import annotations

import abc
import enum
import sys
import types
import typing
from collections.abc import Iterator, Mapping

from ..engine.stars import star_names
from ..live import class_dict, find_class, instance_items
from ..modules import TrackedModule, module_namespace
from ..notes import ATTRIBUTES, is_container
from ..patch.inside import calls_on_creation
from ..plain import is_data, is_plain
from .inherited import inherited_users

__all__ = [
    "holds_data",
    "holds_plain_value",
    "inherited",
    "is_loaded",
    "is_metaclass",
    "names_by_star",
    "shared_names",
]


def is_loaded(name: str) -> bool:
    """Is *name* a module that is loaded?"""
    return isinstance(sys.modules.get(name), types.ModuleType)


def names_by_star(name: str) -> frozenset[str] | None:
    """What a star-import of a module binds, None if it is not loaded."""
    namespace = module_namespace(sys.modules.get(name))
    return None if namespace is None else frozenset(star_names(namespace))


def holds_plain_value(tracked: Mapping[str, TrackedModule], module: str, name: str) -> bool:
    """Does a name of a module hold a number, a text or the like, which nothing can be put into?"""
    found = tracked.get(module)
    return found is not None and name in found.namespace and is_plain(found.namespace[name])


def holds_data(tracked: Mapping[str, TrackedModule], module: str, name: str) -> bool:
    """Does a name of a module hold data alone: a plain value, or containers of such?"""
    found = tracked.get(module)
    return found is not None and name in found.namespace and is_data(found.namespace[name])


def is_metaclass(tracked: Mapping[str, TrackedModule], module: str, name: str) -> bool | None:
    """Is the live class *name* a metaclass, or, as ``"type:NAME"``, is it made by one?

    So is a ``NamedTuple``, though the class that comes out does not tell. As ``"scan:NAME"``, is
    it made by one that might read all methods? As ``"enum:NAME"``, is it made with members? As
    ``"hooks:NAME"``, does making it call code of the user's? None where no such class is there.
    """
    asks, _, name = name.rpartition(":")
    found = tracked.get(module)
    cls = find_class(found.namespace, name) if found else None
    if cls is None:
        return None
    if asks == "hooks":
        return calls_on_creation(cls)
    if asks == "enum":
        return issubclass(type(cls), enum.EnumMeta)
    if asks == "scan":
        return not _ignores_methods(cls)
    bases = type.__dict__["__mro__"].__get__(cls)
    if asks == "type":
        return type(cls) is not type or (tuple in bases and "_fields" in class_dict(cls))
    return type in bases


def inherited(
    tracked: Mapping[str, TrackedModule], module: str, name: str, method: str
) -> frozenset[str]:
    """The methods that the live class *name* has from libraries and that call its *method*."""
    found = tracked.get(module)
    cls = find_class(found.namespace, name) if found else None
    return frozenset() if cls is None else inherited_users(cls, method, tracked)


def shared_names(
    tracked: Mapping[str, TrackedModule], module: str, name: str, attr: str | None
) -> Iterator[tuple[str, str]]:
    """The names, with their modules, of what an object holds under an attribute.

    Those that imports bind are left out, for None for *attr* all that are no container's. For a
    container in a small dict the dict's name is given; a bound method stands for its object.
    """
    home = tracked.get(module)
    value = home.namespace.get(name) if home is not None else None
    held = instance_items(value.__self__ if type(value) is types.MethodType else value)
    parts = {id(v) for a, v in held if (is_container(v) if attr is None else a == attr)}
    for other, found in tracked.items() if parts else ():
        for noted, note in found.noted.items():
            own, _, rest = noted.partition(".")
            value = found.namespace.get(own)
            if rest not in {"", ATTRIBUTES} or note.identity != id(value):
                continue
            within = value.values() if note.within and isinstance(value, dict) else ()
            if parts & {note.identity, *map(id, within)}:
                yield other, own


def _ignores_methods(cls: type) -> bool:
    """Is a class made by a metaclass that is known to take methods as they are?"""
    metaclass = type(cls)
    home = str(class_dict(metaclass).get("__module__"))
    return metaclass in {type, abc.ABCMeta, type(typing.Protocol)} or home.startswith("pydantic.")
