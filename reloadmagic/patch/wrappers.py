"""Wrappers of the standard library: what `staticmethod`, `property`, `partial` and caches hold.

A wrapper that is held stays and is given the new contents; its function is merged like any other.
A cache cannot be given another function and forgets what the old code computed.
"""

from __future__ import annotations

import functools
import gc
import types
from typing import TYPE_CHECKING, Any

from ..transaction import ABSENT, instance_dict, is_exactly, is_kind, own_dict
from .inside import cells, mro, read_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..transaction import Transaction
    from .patcher import Patcher

__all__ = [
    "CACHE",
    "carry_attributes",
    "clear_cache",
    "dispatch_pairs",
    "is_restatable",
    "merge_wrapper",
    "restate",
    "state",
    "wrapper_kind",
]

CACHE: type = type(functools.lru_cache(lambda: None))
_KINDS = (staticmethod, classmethod, property, functools.partial, CACHE)
_DISPATCH = {
    id(constant)
    for constant in functools.singledispatch.__code__.co_consts
    if type(constant) is types.CodeType
}


def wrapper_kind(value: object) -> type | None:
    """The built-in wrapper type of which *value* is an instance; None if it is none of these.

    A subclass that overrides attribute assignment is not looked into: filling it would run it.
    """
    for kind in _KINDS:
        if is_kind(value, kind):
            plain = type(value) is kind or not _assigns_itself(type(value), kind)
            return kind if plain else None
    return None


def is_restatable(value: object) -> bool:
    """Whether *value* is a wrapper that `restate` can fill anew."""
    return wrapper_kind(value) not in (None, CACHE)


def _assigns_itself(cls: type, kind: type) -> bool:
    for base in mro(cls):
        if base is kind:
            return False
        if "__setattr__" in own_dict(base):
            return True
    return False


def merge_wrapper(patcher: Patcher, old: Any, new: Any) -> Any:
    """Carry *new* into *old*; *new* where the two cannot be one."""
    if wrapper_kind(new) is CACHE:
        return _merge_cache(patcher, old, new)
    patcher.pair(new, old)
    before, wanted = state(old), state(new)
    merged = tuple(_merge_part(patcher, a, b) for a, b in zip(before, wanted, strict=True))
    if any(a is not b for a, b in zip(before, merged, strict=True)):
        restate(patcher.transaction, old, merged)
    carry_attributes(patcher, old, new, stays=old)
    return old


def _merge_part(patcher: Patcher, old: Any, new: Any) -> Any:
    if type(old) is type(new) is tuple and len(old) == len(new):
        return tuple(patcher.merge_value(a, b) for a, b in zip(old, new, strict=True))
    if type(old) is type(new) is dict:
        return {name: patcher.merge_value(old.get(name, ABSENT), v) for name, v in new.items()}
    return patcher.merge_value(old, new)


def carry_attributes(patcher: Patcher, old: Any, new: Any, *, stays: Any) -> None:
    """Give the one of two versions that *stays* what *new* carries as attributes.

    What others have set on a function or cache stays, too. All goes by the dictionaries:
    ``functools.wraps`` of an object that is itself a wrapper leaves ``__name__`` and the like
    there, beside what a function keeps for itself.
    """
    own, fresh = instance_dict(old), instance_dict(new)
    if own is None or fresh is None or not (own or fresh):
        return
    gone = own.keys() - fresh.keys()
    if is_exactly(old, types.FunctionType, CACHE):
        gone &= {"__wrapped__", "__isabstractmethod__", *patcher.marks.get(old, ())}
        patcher.foreign[stays] = frozenset(own.keys() - gone - fresh.keys())
    kept = {name: value for name, value in own.items() if name not in gone}
    carried = {
        name: patcher.merge_value(own.get(name, ABSENT), value)
        for name, value in list(fresh.items())
    }
    patcher.transaction.set_contents(own if stays is old else fresh, kept | carried)


# ------------------------------------------------------------------------- what a wrapper holds


def state(wrapper: Any) -> tuple[Any, ...]:
    """What *wrapper* holds, in the form that `restate` takes."""
    kind = wrapper_kind(wrapper)
    if kind is property:
        return tuple(_member(property, n, wrapper) for n in ("fget", "fset", "fdel", "__doc__"))
    if kind is functools.partial:
        return tuple(_member(kind, name, wrapper) for name in ("func", "args", "keywords"))
    assert kind is not None
    return (_member(kind, "__func__", wrapper),)


def _member(kind: type, name: str, wrapper: object) -> Any:
    return own_dict(kind)[name].__get__(wrapper)


def restate(transaction: Transaction, wrapper: Any, wanted: tuple[Any, ...]) -> None:
    """Give *wrapper* other contents in place."""
    transaction.on_rollback(_restate, wrapper, *state(wrapper))
    _restate(wrapper, *wanted)


def _restate(wrapper: Any, *wanted: Any) -> None:
    kind = wrapper_kind(wrapper)
    own = instance_dict(wrapper)
    if kind is functools.partial:
        functools.partial.__setstate__(wrapper, (*wanted, own))  # type: ignore[attr-defined]
        return
    attributes = None if own is None else dict(own)
    initialise: Callable[..., None] = kind.__init__  # type: ignore[misc]
    initialise(wrapper, *wanted)
    if kind is property:  # else None stands for what the getter says, which may yet be undone
        own_dict(property)["__doc__"].__set__(wrapper, wanted[-1])
    if own is not None and attributes is not None and type(wrapper) is kind:
        # Initialising copies the function's attributes; the caller decides on these.
        own.clear()
        own.update(attributes)


# ---------------------------------------------------------------------------------- lru_cache


def _merge_cache(patcher: Patcher, old: Any, new: Any) -> Any:
    before = (instance_dict(old) or {}).get("__wrapped__")
    wrapped = (instance_dict(new) or {}).get("__wrapped__")
    merged = patcher.merge_value(before, wrapped)
    clear_cache(patcher, old)
    if merged is not before or _parameters(old) != _parameters(new):
        patcher.redirect(old, new)
        carry_attributes(patcher, old, new, stays=new)
        return new
    patcher.pair(new, old)
    carry_attributes(patcher, old, new, stays=old)
    return old


def _parameters(cache: Any) -> dict[str, Any]:
    tell = (instance_dict(cache) or {}).get("cache_parameters")
    if type(tell) is not types.FunctionType:
        return {}
    return {name: read_cell(cell) for name, cell in cells(tell).items()}


def clear_cache(patcher: Patcher, cache: Any) -> None:
    """Forget what *cache* has computed. Rolled back where it has no bound; a bounded one is not:
    what it held is computed again.
    """
    if _parameters(cache).get("maxsize", 0) is None:
        own = instance_dict(cache)
        for part in gc.get_referents(cache):
            if type(part) is dict and part is not own:
                patcher.transaction.snapshot(part)
    own_dict(CACHE)["cache_clear"].__get__(cache)()


# ------------------------------------------------------------------------------ singledispatch


def dispatch_pairs(patcher: Patcher, old: types.FunctionType, new: types.FunctionType) -> None:
    """Before two `functools.singledispatch` functions are merged: keep the registry's own object.

    Implementations that a cell or an installed package has registered stay; those of the user's
    modules are registered again by the statements that run again.
    """
    if not (id(old.__code__) in _DISPATCH and id(new.__code__) in _DISPATCH):
        return
    ours, theirs = _dispatch_parts(old), _dispatch_parts(new)
    if ours is None or theirs is None:
        return
    foreign = {k: f for k, f in ours["registry"].items() if not _is_ours(patcher, k, f)}
    fresh = {
        key: patcher.merge_value(ours["registry"].get(key, ABSENT), function)
        for key, function in theirs["registry"].items()
    }
    patcher.transaction.set_contents(ours["registry"], fresh | foreign)
    ours["dispatch_cache"].clear()
    patcher.transaction.on_rollback(ours["dispatch_cache"].clear)
    for name in ("registry", "dispatch_cache"):
        patcher.pair(theirs[name], ours[name])
    patcher.pair(vars(new)["registry"], vars(old)["registry"])


def _dispatch_parts(function: types.FunctionType) -> dict[str, Any] | None:
    dispatch = vars(function).get("dispatch")
    if type(dispatch) is not types.FunctionType:
        return None
    parts = {name: read_cell(cell) for name, cell in cells(dispatch).items()}
    return parts if type(parts.get("registry")) is dict and "dispatch_cache" in parts else None


def _is_ours(patcher: Patcher, key: object, function: object) -> bool:
    module = getattr(function, "__module__", None) if type(function) is types.FunctionType else None
    return key is object or (type(module) is str and patcher.tracked(module))
