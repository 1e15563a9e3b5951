"""Entries of the log: each knows how to undo one write."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

from ..absent import ABSENT
from .reading import (
    FUNCTION_SLOTS,
    instance_dict,
    is_python_slot,
    read_function_slots,
    read_slot,
    slot_values,
)
from .writing import (
    dict_type,
    fill_table,
    restore_class,
    write_attr,
    write_cell,
    write_contents,
    write_item,
    write_type,
)


class Entry:
    """One undo: ``undo(target, key, before)``.

    A class of its own, so that the pass over the heap can tell what the log holds from what the
    user's objects hold.
    """

    __slots__ = ("before", "key", "target", "undo")

    def __init__(
        self, undo: Callable[[Any, Any, Any], None], target: object, key: object, before: object
    ) -> None:
        self.undo = undo
        self.target = target
        self.key = key
        self.before = before

    def owned(self) -> Iterator[object]:
        """The entry itself and the containers that were made for it."""
        yield self
        if self.undo in _WITH_COPIES:
            yield self.before
        if self.undo in (undo_class, undo_instance, undo_function):
            yield from self.before  # type: ignore[misc]
        if self.undo is undo_instance:
            yield from self.before[2]  # type: ignore[index]
        if self.undo is undo_call and type(self.target) is types.FunctionType:
            yield self.target.__closure__
            yield from self.target.__closure__ or ()


def undo_item(target: Any, key: Any, before: object) -> None:
    """Give an item its former value, or take it out."""
    if before is not ABSENT:
        write_item(target, key, before)
    elif key in dict.keys(target):
        dict_type(target).__delitem__(target, key)


def undo_list_delete(target: Any, key: Any, before: object) -> None:
    """Put an item of a list back in its place."""
    list.insert(target, key, before)


def undo_contents(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    """Restore the whole content of a container."""
    write_contents(target, before)


def undo_filling(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    """Restore the content of a dict or set with the hashes that its keys had then."""
    fill_table(target, before)


def undo_hashes(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    """Give a dict its former keys, *before* in pairs with those that came for them, by their hashes."""
    former = {id(now): was for now, was in before}
    items = [(former.get(id(key), key), value) for key, value in dict.items(target)]
    fill_table(target, dict(items))


def undo_class(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    """Restore a class's own attributes, bases and names."""
    restore_class(target, before)


def undo_attr(target: Any, key: Any, before: object) -> None:
    """Give an attribute its former value, or take it out."""
    write_attr(target, key, before)


def undo_slot(target: Any, key: Any, before: object) -> None:
    """Give a slot its former value, or empty it."""
    if before is ABSENT:
        key.__delete__(target)
    else:
        key.__set__(target, before)


def undo_cell(target: Any, key: Any, before: object) -> None:  # noqa: ARG001
    """Restore what a cell held."""
    write_cell(target, before)


def undo_set_class(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    """Make an instance one of its former class."""
    write_type(target, before)


def undo_call(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    """Call what the caller wants called."""
    target(*before)


def undo_instance(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    """Restore class, ``__dict__`` and slots of an instance."""
    cls, namespace, slots = before
    if type(target) is not cls:
        write_type(target, cls)
    if namespace is not None:
        write_contents(instance_dict(target), namespace)
    filled = (member for member, _ in slot_values(target))
    now = {id(member): member for member in filled if is_python_slot(member)}
    for member, value in slots:
        now.pop(id(member), None)
        if read_slot(target, member) is not value:
            member.__set__(target, value)
    for member in now.values():
        member.__delete__(target)


def undo_function(target: Any, key: Any, before: Any) -> None:  # noqa: ARG001
    """Restore all that can be assigned to a function."""
    slots, namespace = before
    for name, now, value in zip(FUNCTION_SLOTS, read_function_slots(target), slots, strict=True):
        if now is not value:
            write_attr(target, name, value)
    write_contents(target.__dict__, namespace)


# Their `before` is a container made for the log.
_WITH_COPIES = (
    undo_contents,
    undo_filling,
    undo_hashes,
    undo_class,
    undo_instance,
    undo_function,
    undo_call,
)
