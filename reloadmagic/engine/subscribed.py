"""What an object put into others when it was made, where another is made in its place.

``bus.subscribe(self.on)`` in a constructor: the new object does so again, so what modules had put
of the old one into the containers that other objects hold is to go. What came at run time stays.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..live import instance_items
from ..modules import TrackedModule
from ..notes import Note, is_container
from .contents import held_at, kind_of

if TYPE_CHECKING:
    from .state import State

__all__ = ["take_place"]

# Larger containers are not looked through.
_MOST = 1000


def take_place(state: State, old: Any, new: Any) -> None:
    """What is bound to *new* takes the place of what modules had put in of *old*, which goes."""
    for tracked in state.tracked.values():
        for name, note in list(tracked.noted.items()):
            container = _container(tracked, name, note) if note.inside else None
            if container is None:
                continue
            held = [(key, held_at(container, key), was) for key, was in note.within.items()]
            inner = [found for found in held if _is_alike(found[1], found[2])]
            changed = [_replace(state, part, was, old, new) for _, part, was in inner]
            if _replace(state, container, note.content, old, new) or any(changed):
                content = _still(container, note.content, new)
                within = {**note.within, **{k: _still(part, was, new) for k, part, was in inner}}
                noted = note._replace(content=content, within=within)
                state.transaction.set_item(tracked.noted, name, noted)


def _container(tracked: TrackedModule, key: str, note: Note) -> Any:
    """The container that an object of the module holds and *note* tells of; None if there is none."""
    name, _, attr = key.rpartition(".")
    held = dict(instance_items(tracked.namespace.get(name))).get(attr)
    return held if id(held) == note.identity and _is_alike(held, note.content) else None


def _is_alike(part: Any, noted: Any) -> bool:
    """Can *part* be held against what is *noted* of it? That is None where it was too large."""
    if not (is_container(part) and is_container(noted) and len(part) <= _MOST):
        return False
    return kind_of(part) is kind_of(noted)


def _values(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, Mapping) else container


def _is_of(owner: Any, value: Any) -> bool:
    """Is it the object, or a method bound to it?"""
    return value is owner or (type(value) is types.MethodType and value.__self__ is owner)


def _replace(state: State, part: Any, noted: Any, old: Any, new: Any) -> bool:
    """Take out of *part* what is noted of *old*, what is of *new* in its place; is there any?"""
    gone = {id(value) for value in _values(noted) if _is_of(old, value)}
    if gone.isdisjoint(map(id, _values(part))):
        return False
    content: Any
    if isinstance(part, dict):
        content = {k: v for k, v in part.items() if id(v) not in gone}
    elif isinstance(part, set):
        content = {v for v in part if id(v) not in gone}
    else:
        came = [value for value in part if _is_of(new, value)]
        others = [value for value in part if not _is_of(new, value)]
        content = []
        for value in others:
            like = next((v for v in came if _name(v) == _name(value)), None)
            if id(value) not in gone:
                content.append(value)
            elif like is not None:
                came.remove(like)
                content.append(like)
        content += came
    state.transaction.set_contents(part, content)
    return True


def _name(value: Any) -> str:
    return value.__func__.__name__ if type(value) is types.MethodType else ""


def _still(part: Any, noted: Any, new: Any) -> Any:
    """What *part* holds by now of what was *noted*, and what is of *new*."""
    if isinstance(part, dict):
        return {k: v for k, v in part.items() if k in noted or _is_of(new, v)}
    ids = set(map(id, noted))
    return type(noted)(v for v in part if id(v) in ids or _is_of(new, v))
