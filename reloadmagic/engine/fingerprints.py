"""What a definition is made of, before it ran again and after, and whether that is the same."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from typing import Any

from ..live import class_dict, functions_within, instance_value, is_class
from ..patch.inside import qualname
from ..plain import same_value
from ..transaction import mro, slot_values
from .codes import docstring_of, same_when_called

__all__ = [
    "fingerprint",
    "fingerprints",
    "same_docstrings",
    "same_fingerprint",
]


def fingerprints(name: str, value: Any, module: str) -> Iterator[tuple[str, Any]]:
    """What a definition of *module* is made of, function by function and value by value.

    Where a decorator has derived the class, what the statement defines is in the one beneath.
    """
    if is_class(value):
        yield name, ("class", (value, type(value), *_bases(value)))
        stated: dict[str, Any] = {}
        for cls in reversed(mro(value)):
            if cls is value or _is_of_statement(cls, name, module):
                stated.update(class_dict(cls))
        for attr, part in stated.items():
            if attr in IGNORED:
                continue
            if is_class(part):
                yield f"{name}.{attr}", ("value", part)
            elif attr in OF_DATACLASSES:
                yield f"{name}.{attr}", ("value", _spelled_out(part))
            else:
                yield f"{name}.{attr}", fingerprint(part)
        members = class_dict(value).get("_member_map_")
        if type(members) is dict:  # of an enum, which stay the same objects with other contents
            for attr, member in members.items():
                parts = instance_value(member, "_name_"), instance_value(member, "_value_")
                yield f"{name}.{attr}", ("value", parts)
    else:
        yield name, fingerprint(value)


def _is_of_statement(cls: type, name: str, module: str) -> bool:
    return qualname(cls) == name and class_dict(cls).get("__module__") == module


def _bases(cls: type) -> tuple[type, ...]:
    """The bases of a class, whatever its metaclass makes of attribute access."""
    bases: tuple[type, ...] = type.__dict__["__bases__"].__get__(cls)
    return bases


IGNORED = frozenset(
    {"__dict__", "__weakref__", "__module__", "__firstlineno__", "__static_attributes__",
     "__annotate_func__", "__annotations_cache__", "_abc_impl"}
)  # fmt: skip


# What the decorator says of a dataclass, in objects that it makes anew each time.
OF_DATACLASSES = frozenset({"__dataclass_fields__", "__dataclass_params__"})


def _spelled_out(part: Any) -> Any:
    """What such an object says, value by value."""
    if type(part) is dict:
        return {name: _spelled_out(field) for name, field in part.items()}
    return type(part), {member.__name__: value for member, value in slot_values(part)}


def fingerprint(value: Any) -> tuple[str, Any]:
    """What a function or value is: the code and defaults of what it holds, else itself."""
    functions = [(type(value), f) for f in functions_within(value)]
    if not functions:
        return "value", value
    if type(value) is functools.singledispatchmethod:
        registry = vars(value)["dispatcher"].registry.items()
        functions += [(kind, f) for kind, held in registry for f in functions_within(held)]
    return "functions", [
        (kind, f.__code__, f.__defaults__, f.__kwdefaults__) for kind, f in functions
    ]


def same_fingerprint(old: Any, new: Any) -> bool:
    """Do both do the same, or are they one value?"""
    if old is None or new is None or old[0] != new[0]:
        return False
    if old[0] == "class":
        return len(old[1]) == len(new[1]) and all(map(operator.is_, old[1], new[1]))
    if old[0] != "functions":
        return same_value(old[1], new[1])
    return len(old[1]) == len(new[1]) and all(
        a[0] is b[0]
        and same_when_called(a[1], b[1])
        and same_value(a[2], b[2])
        and same_value(a[3], b[3])
        for a, b in zip(old[1], new[1], strict=True)
    )


def same_docstrings(old: Any, new: Any) -> bool:
    """Do the functions in two fingerprints, which are the same else, say the same of themselves?"""
    if old is None or new is None or old[0] != "functions":
        return True
    return all(
        docstring_of(a[1]) == docstring_of(b[1]) for a, b in zip(old[1], new[1], strict=True)
    )
