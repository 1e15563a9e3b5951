"""What the index asks about the running session, where sources alone do not tell.

In come names; out go answers about live modules and classes. No code of the user's runs here.
"""

from __future__ import annotations

import abc
import enum
import sys
import types
import typing
from collections.abc import Mapping

from ..engine.stars import star_names
from ..live import class_dict, find_class
from ..modules import TrackedModule, module_namespace
from ..patch.inside import calls_on_creation

__all__ = ["is_loaded", "is_metaclass", "names_by_star"]


def is_loaded(name: str) -> bool:
    """Is *name* a module that is loaded?"""
    return isinstance(sys.modules.get(name), types.ModuleType)


def names_by_star(name: str) -> frozenset[str] | None:
    """What a star-import of a module binds, None if it is not loaded."""
    namespace = module_namespace(sys.modules.get(name))
    return None if namespace is None else frozenset(star_names(namespace))


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


def _ignores_methods(cls: type) -> bool:
    """Is a class made by a metaclass that is known to take methods as they are?"""
    metaclass = type(cls)
    home = str(class_dict(metaclass).get("__module__"))
    return metaclass in {type, abc.ABCMeta, type(typing.Protocol)} or home.startswith("pydantic.")
