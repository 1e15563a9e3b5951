"""Classes that a library builds from their annotations: dataclasses, attrs, pydantic.

As classes they are merged like any other. What is particular: an instance from before a field was
added gets the field's default.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ..transaction import ABSENT, instance_dict, is_kind, own_dict, slot_values
from .inside import type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


__all__ = ["attributes", "field_defaults", "field_names", "fill"]

_EMPTY_ONES: tuple[type[Any], ...] = (dict, list, set)
_REAL: object = vars(dataclasses)["_FIELD"]
_FIELDS = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")


# ------------------------------------------------------------------------- fields and defaults


def field_names(cls: type) -> frozenset[str]:
    """The fields of *cls*; empty if it is not built from its annotations."""
    return frozenset(name for name, _ in _fields(cls))


def field_defaults(cls: type) -> dict[str, Callable[[], Any]]:
    """What makes the default of each field, for instances from before there was the field.

    Only where no code of the user's runs: values, and factories of empty built-ins.
    """
    found: dict[str, Callable[[], Any]] = {}
    for name, field in _fields(cls):
        maker = _default(attributes(field))
        if maker is not None:
            found[name] = maker
    return found


def fill(target: Any, makers: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Those defaults that *target* lacks, by name."""
    there = {member.__name__ for member, _ in slot_values(target)}
    there |= (instance_dict(target) or {}).keys()
    return {name: make() for name, make in makers.items() if name not in there}


def _fields(cls: type) -> Iterator[tuple[str, object]]:
    for attribute in _FIELDS:
        fields: Any = own_dict(cls).get(attribute)
        if is_kind(fields, dict):
            yield from ((n, f) for n, f in dict.items(fields) if type(n) is str and _is_real(f))
        elif is_kind(fields, tuple):
            for field in tuple.__iter__(fields):
                name = attributes(field).get("name")
                if type(name) is str:
                    yield name, field


def _is_real(field: object) -> bool:
    """Has each instance the field? A ``ClassVar`` or ``InitVar`` is listed, but stays with its class."""
    return attributes(field).get("_field_type", _REAL) is _REAL


def _default(field: dict[str, Any]) -> Callable[[], Any] | None:
    default, factory = field.get("default", ABSENT), field.get("default_factory", ABSENT)
    if type_name(default) == "Factory":  # of attrs
        default, factory = ABSENT, attributes(default).get("factory", ABSENT)
    for empty in _EMPTY_ONES:
        if factory is empty:
            maker: Callable[[], Any] = empty
            return maker
    # Each library has its own mark for "no default".
    if default is ABSENT or default is ... or type_name(default) in _NO_DEFAULT:
        return None
    return lambda: default


_NO_DEFAULT = ("_MISSING_TYPE", "_Nothing", "PydanticUndefinedType")


def attributes(value: object) -> dict[str, Any]:
    """What *value* holds in its ``__dict__`` and slots, by name."""
    found = {member.__name__: content for member, content in slot_values(value)}
    return found | (instance_dict(value) or {})
