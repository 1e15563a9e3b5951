"""Attributes that statements had set on objects, and that an edit sets no longer.

In comes the index of the sources before. Where making the object may have set the attribute itself,
only its maker knows what it was; else it is gone with the statement, and the object stays.
"""

from __future__ import annotations

from ..live import class_dict
from ..reach.index import Index
from ..reach.making import sets_itself
from ..transaction import mro

__all__ = ["is_from_outside"]

_PLAIN = ("abc", "typing")  # ABC, Generic, Protocol


def is_from_outside(index: Index, cls: type, attr: str) -> bool:
    """Can *attr* of instances of *cls* have been set by none but those that set it from outside?"""
    for base in mro(cls)[:-1]:
        attributes = class_dict(base)
        home, name = attributes.get("__module__"), type.__dict__["__qualname__"].__get__(base)
        if home in _PLAIN:
            continue
        if attr in attributes or attr in attributes.get("__dataclass_fields__", ()):
            return False
        entry = index.modules.get(home)
        if entry is None or name not in entry.classes or sets_itself(index, (home, name), attr):
            return False
    return True
