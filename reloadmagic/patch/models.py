"""Classes that a library builds from their annotations: dataclasses, attrs, pydantic."""

from __future__ import annotations

from typing import Any

from reloadmagic.transaction import instance_dict, is_kind, own_dict, slot_values

__all__ = ["field_defaults"]

_EMPTY_ONES = (dict, list, set)


def field_defaults(cls: type) -> dict[str, Any]:
    """The defaults of a dataclass's or attrs class's fields, for instances from before a field.

    Only those that no code of the user's makes: values, and factories of empty built-ins.
    """
    fields = own_dict(cls).get("__dataclass_fields__")
    if is_kind(fields, dict):
        return _from_dataclass(dict.values(fields))
    attributes = own_dict(cls).get("__attrs_attrs__")
    if is_kind(attributes, tuple):
        return _from_attrs(tuple.__iter__(attributes))
    return {}


def _from_dataclass(fields: Any) -> dict[str, Any]:
    import dataclasses

    found: dict[str, Any] = {}
    for field in fields:
        if type(field) is not dataclasses.Field:
            continue
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif any(field.default_factory is empty for empty in _EMPTY_ONES):
            found[field.name] = field.default_factory()
    return found


def _from_attrs(attributes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attributes:
        state = _slots(attribute)
        default = state.get("default")
        name = state.get("name")
        if type(name) is not str:
            continue
        kind = type(default).__name__
        if kind == "Factory":
            factory = _slots(default).get("factory")
            if any(factory is empty for empty in _EMPTY_ONES):
                found[name] = factory()  # type: ignore[misc]
        elif kind != "_Nothing":
            found[name] = default
    return found


def _slots(value: object) -> dict[str, Any]:
    found = {member.__name__: content for member, content in slot_values(value)}
    return found | (instance_dict(value) or {})
