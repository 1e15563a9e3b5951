"""Whether two objects can be versions of one definition, by their names and kinds."""

from __future__ import annotations

import types
from collections import OrderedDict, defaultdict, deque
from typing import Any

from ..transaction import is_exactly, is_kind, own_dict
from .inside import functions_in, qualname

__all__ = ["home", "names_agree", "one_definition", "same_container", "wraps"]


def home(value: Any) -> str | None:
    """The module in which a function or class was defined, None of anything else."""
    if is_kind(value, type):
        found = own_dict(value).get("__module__")
    elif type(value) is types.FunctionType:
        found = value.__globals__.get("__name__")
    else:
        return None
    return found if type(found) is str else None


def names_agree(old: Any, new: Any) -> bool:
    """Whether a name of *old*, or of what it wraps, is one of *new*, or tells nothing."""
    names = _names(old)
    return bool(names & _names(new)) or any("<" in name for name in names)


def _names(value: Any) -> set[str]:
    """The qualnames under which *value*, or what it wraps, was defined."""
    found = {function.__qualname__ for function in functions_in([value])}
    return found | {qualname(value)} if is_kind(value, type) else found


def wraps(outer: object, inner: object) -> bool:
    """Whether a decorator has made *outer* of *inner*, which must not be made to call it then."""
    return any(function is inner for function in functions_in([outer]))


def one_definition(old: Any, new: Any) -> bool:
    """Whether the two can be versions of one ``def`` or ``class``.

    Two plain names that differ are two definitions, of which one was an alias of the other. What
    a decorator returned has its own name, so nothing follows from that.
    """
    names = [qualname(old), qualname(new)]
    return names[0] == names[1] or any("<" in name for name in names)


def same_container(old: object, new: object) -> bool:
    """Whether both are containers of one kind, so that *old* can be refilled with what *new* holds."""
    kinds = dict, list, set, OrderedDict, defaultdict, deque
    return type(old) is type(new) and is_exactly(new, *kinds)
