"""Pydantic: what is compiled for a model class is compiled again when the class has changed.

A model's validator is made for the class object and with those of the models that it embeds; so is
that of a `TypeAdapter`, which FastAPI has for each parameter. ``Page[int]`` is a class of its own,
made once for all from what ``Page`` was then.
"""

from __future__ import annotations

import gc
import sys
import types
from typing import TYPE_CHECKING, Any

from ..transaction import is_kind, own_dict
from .inside import bases, qualname, subclasses
from .models import attributes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .patcher import Patcher

__all__ = ["rebuild_adapters", "rebuild_models"]

# How deep an annotation is looked into: ``dict[str, list[Item | None]]`` is 3.
_DEPTH = 8


def rebuild_models(patcher: Patcher, cls: type) -> None:
    """Compile the validators of a pydantic model again, and of the models that embed it."""
    if "__pydantic_core_schema__" not in own_dict(cls) or "pydantic" not in sys.modules:
        return
    waiting = _embedding(cls)
    _rebuild(patcher, cls)
    _parametrize(patcher, cls)
    while waiting:
        # First those that embed no other one that is still to come; then, in a cycle, any.
        ready = [m for m in waiting if not any(_mentions(m, [o]) for o in waiting if o is not m)]
        model = (ready or waiting)[0]
        waiting = [other for other in waiting if other is not model]
        _rebuild(patcher, model)


def rebuild_adapters(patcher: Patcher, models: list[type]) -> None:
    """Compile the validators of all `TypeAdapter`s again that are about *models*.

    They are found by a look at the whole heap, so this is for the end of a reload.
    """
    adapter_class = vars(sys.modules.get("pydantic.type_adapter", types)).get("TypeAdapter")
    if adapter_class is None or not models:
        return
    for adapter in gc.get_referrers(adapter_class):
        if type(adapter) is adapter_class and _names(attributes(adapter).get("_type"), models):
            patcher.transaction.snapshot(adapter)
            adapter.rebuild(force=True, raise_errors=False)


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
    return any(_names(attributes(field).get("annotation"), targets) for field in fields.values())


def _names(annotation: Any, targets: list[type], depth: int = 0) -> bool:
    if any(annotation is target for target in targets):
        return True
    if depth > _DEPTH or is_kind(annotation, type):
        return False
    if is_kind(annotation, types.GenericAlias, types.UnionType):
        args = annotation.__args__
    else:
        args = attributes(annotation).get("__args__")  # one of typing's
    return type(args) is tuple and any(_names(arg, targets, depth + 1) for arg in args)


def _parametrize(patcher: Patcher, cls: type) -> None:
    """Make ``cls[int]`` and the like again, and carry that into the classes that there are."""
    for former in _parametrized(cls):
        details = own_dict(former)["__pydantic_generic_metadata__"]
        body = {"__module__": own_dict(former)["__module__"], "__qualname__": qualname(former)}
        try:
            anew = type(former)(
                type.__dict__["__name__"].__get__(former),
                bases(former),
                body,
                __pydantic_generic_metadata__=details,
                __pydantic_reset_parent_namespace__=False,
            )
        except TypeError:  # no class can be made of it any more
            continue
        patcher.merge(former, anew)


def _parametrized(cls: type) -> list[type]:
    children: list[type] = type.__subclasses__(cls)
    details = [own_dict(child).get("__pydantic_generic_metadata__") for child in children]
    return [
        child
        for child, found in zip(children, details, strict=True)
        if type(found) is dict and found.get("origin") is cls
    ]


def _rebuild(patcher: Patcher, model: type) -> None:
    from pydantic import BaseModel

    if not is_kind(model, type(BaseModel)):
        return
    patcher.transaction.snapshot(model)
    patcher.rebuilt_models.append(model)
    module = sys.modules.get(own_dict(model).get("__module__", ""))
    BaseModel.model_rebuild.__func__(  # type: ignore[attr-defined]
        model,
        force=True,
        raise_errors=False,
        _types_namespace={**vars(module)} if module is not None else None,
    )
