"""Abstract base classes and protocols: what is abstract, who is registered, what was remembered."""

from __future__ import annotations

import _abc
import abc
import types
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ..notes import abc_registry
from ..transaction import ABSENT, instance_dict, is_exactly, own_dict
from .inside import bases, mro, subclasses

if TYPE_CHECKING:
    from ..transaction import Transaction
    from .patcher import Patcher

__all__ = [
    "forget_all_answers",
    "forget_answers",
    "registered_with",
    "set_abstract",
    "snapshot_registry",
]

# No ``__subclasshook__`` looks for these.
_NOT_ASKED = {
    "__annotations__",
    "__annotate_func__",
    "__doc__",
    "__firstlineno__",
    "__static_attributes__",
    "__match_args__",
    "__orig_bases__",
    "__parameters__",
    "__type_params__",
}


def set_abstract(patcher: Patcher, old: type, new: type) -> None:
    """Abstract methods follow, in the classes below, too; registered subclasses stay."""
    names = own_dict(new).get("__abstractmethods__", ABSENT)
    before = own_dict(old).get("__abstractmethods__", ABSENT)
    if names is ABSENT:
        if before is not ABSENT:
            patcher.transaction.del_attr(old, "__abstractmethods__")
    elif before is ABSENT or before != names:
        patcher.transaction.set_attr(old, "__abstractmethods__", names)
    for child in subclasses(old):
        known = own_dict(child).get("__abstractmethods__", ABSENT)
        if known is not ABSENT and patcher.stand_in(child) is child:
            inherited = _abstract_names(child)
            if inherited != known:
                patcher.transaction.set_attr(child, "__abstractmethods__", inherited)


def _abstract_names(cls: type) -> frozenset[str]:
    names: set[str] = set(own_dict(cls))
    for base in bases(cls):
        names |= own_dict(base).get("__abstractmethods__", frozenset())
    return frozenset(name for name in names if _is_abstract(_attribute(cls, name)))


def _attribute(cls: type, name: str) -> Any:
    for base in mro(cls):
        if name in own_dict(base):
            return own_dict(base)[name]
    return ABSENT


def _is_abstract(value: Any) -> bool:
    if is_exactly(value, types.FunctionType, staticmethod, classmethod, property, type):
        return bool(getattr(value, "__isabstractmethod__", False))
    return bool((instance_dict(value) or {}).get("__isabstractmethod__", False))


def snapshot_registry(transaction: Transaction, cls: type) -> None:
    """Remember which classes are registered with *cls*, if that is an abstract class."""
    registered = abc_registry(cls)
    if registered is not None:
        transaction.on_rollback(_restore_registry, cls, registered)


def _restore_registry(cls: type, before: list[type]) -> None:
    if set(map(id, before)) != set(map(id, abc_registry(cls) or [])):
        _abc._reset_registry(cls)
        for registered in before:
            _abc._abc_register(cls, registered)
        _forget()


def registered_with(cls: type) -> list[Any]:
    """The abstract base classes of which *cls* is a registered, virtual subclass."""
    return [
        other
        for other in subclasses(object)
        if any(found is cls for found in abc_registry(other) or ())
    ]


def forget_answers(patcher: Patcher, cls: type, before: Collection[str], *, moved: bool) -> None:
    """What ``isinstance`` has found out about *cls*, or by it, is found out again.

    Abstract classes and protocols remember their answers, which a ``__subclasshook__`` or the
    protocol took from the names in a class. *before* are those that *cls* had; *moved* tells
    whether it has other bases now.
    """
    ours, theirs = set(own_dict(cls)) - _NOT_ASKED, set(before) - _NOT_ASKED
    if moved or theirs - ours or "__subclasshook__" in ours:  # which every protocol has
        forget_all_answers(patcher)
    elif ours != theirs:  # then only a "no" can have become wrong
        _age()
        patcher.transaction.on_rollback(_age)


def forget_all_answers(patcher: Patcher) -> None:
    """What ``isinstance`` has found out about any class is found out again."""
    _forget()
    patcher.transaction.on_rollback(_forget)


def _age() -> None:
    """Let all abstract classes forget what is no subclass of theirs, which CPython does at once."""
    _Anything.register(type("_", (), {}))


class _Anything(abc.ABC):  # noqa: B024 - it is there to be registered with
    pass


def _forget() -> None:
    for cls in subclasses(object):
        if "_abc_impl" in own_dict(cls):
            _abc._reset_caches(cls)
