"""Classes that a library builds from their annotations: dataclasses, attrs, pydantic.

As classes they are merged like any other. What is particular: a pydantic model's validators are
compiled for the class object and for the models it embeds, so they are compiled again; and an
instance from before a field was added gets the field's default.
"""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

from ..transaction import ABSENT, instance_dict, is_kind, own_dict, slot_values
from .inside import subclasses, type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .patcher import Patcher

__all__ = ["field_defaults", "field_names", "fill", "rebuild_models"]

_EMPTY_ONES: tuple[type[Any], ...] = (dict, list, set)
_FIELDS = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")
# How deep an annotation is looked into: ``dict[str, list[Item | None]]`` is 3.
_DEPTH = 8


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
        maker = _default(_state(field))
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
            yield from ((n, f) for n, f in dict.items(fields) if type(n) is str)
        elif is_kind(fields, tuple):
            for field in tuple.__iter__(fields):
                name = _state(field).get("name")
                if type(name) is str:
                    yield name, field


def _default(field: dict[str, Any]) -> Callable[[], Any] | None:
    default, factory = field.get("default", ABSENT), field.get("default_factory", ABSENT)
    if type_name(default) == "Factory":  # of attrs
        default, factory = ABSENT, _state(default).get("factory", ABSENT)
    for empty in _EMPTY_ONES:
        if factory is empty:
            maker: Callable[[], Any] = empty
            return maker
    # Each library has its own mark for "no default".
    if default is ABSENT or default is ... or type_name(default) in _NO_DEFAULT:
        return None
    return lambda: default


_NO_DEFAULT = ("_MISSING_TYPE", "_Nothing", "PydanticUndefinedType")


def _state(value: object) -> dict[str, Any]:
    found = {member.__name__: content for member, content in slot_values(value)}
    return found | (instance_dict(value) or {})


# ------------------------------------------------------------------------------------ pydantic


def rebuild_models(patcher: Patcher, cls: type) -> None:
    """Compile the validators of a pydantic model again, and of the models that embed it."""
    if "__pydantic_core_schema__" not in own_dict(cls) or "pydantic" not in sys.modules:
        return
    waiting = _embedding(cls)
    done = [cls]
    _rebuild(patcher, cls)
    while waiting:
        # First those that embed no other one that is still to come; then, in a cycle, any.
        ready = [m for m in waiting if not any(_mentions(m, [o]) for o in waiting if o is not m)]
        model = (ready or waiting)[0]
        waiting = [other for other in waiting if other is not model]
        _rebuild(patcher, model)
        done.append(model)


def _embedding(cls: type) -> list[type]:
    """The models that embed *cls*, directly or through others."""
    models = [model for model in _models() if model is not cls]
    found: list[type] = []
    reached = [cls]
    for target in reached:
        for model in models:
            if not any(model is known for known in found) and _mentions(model, [target]):
                found.append(model)
                reached.append(model)
    return found


def _models() -> Iterable[type]:
    base = vars(sys.modules["pydantic"]).get("BaseModel")
    if base is None:
        base = sys.modules["pydantic"].BaseModel  # imported when it is first asked for
    return subclasses(base)


def _mentions(model: type, targets: list[type]) -> bool:
    fields = own_dict(model).get("__pydantic_fields__") or {}
    return any(_names(_state(field).get("annotation"), targets) for field in fields.values())


def _names(annotation: Any, targets: list[type], depth: int = 0) -> bool:
    if any(annotation is target for target in targets):
        return True
    if depth > _DEPTH or is_kind(annotation, type):
        return False
    if is_kind(annotation, types.GenericAlias, types.UnionType):
        args = annotation.__args__
    else:
        args = _state(annotation).get("__args__")  # one of typing's
    return type(args) is tuple and any(_names(arg, targets, depth + 1) for arg in args)


def _rebuild(patcher: Patcher, model: type) -> None:
    from pydantic import BaseModel

    if not is_kind(model, type(BaseModel)):
        return
    patcher.transaction.snapshot(model)
    module = sys.modules.get(own_dict(model).get("__module__", ""))
    BaseModel.model_rebuild.__func__(  # type: ignore[attr-defined]
        model,
        force=True,
        raise_errors=False,
        _types_namespace={**vars(module)} if module is not None else None,
    )
