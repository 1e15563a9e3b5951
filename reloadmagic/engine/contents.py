"""What containers hold: compared with what was noted, and put back behind what the source puts in.

In come dicts, lists and sets, with copies of what they held; nothing is written but by `add`. Keys
and members are told apart by identity, unless they are plain: of an object from before an edit the
new ``__hash__`` and ``__eq__`` may fail, or say something else than when it came in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ..absent import ABSENT
from ..plain import is_plain, same_value

__all__ = [
    "add",
    "extras",
    "held_at",
    "kind_of",
    "less_replaced",
    "like",
    "plainly",
    "without",
    "without_same",
]


class Among:
    """Is a value among others? Asked without running code of the user's."""

    def __init__(self, values: Iterable[object]) -> None:
        self._values = list(values)  # alive, so that the ids are their own
        self._ids = set(map(id, self._values))
        self._plain = {value for value in self._values if is_plain(value)}

    def __contains__(self, value: object) -> bool:
        return id(value) in self._ids or (is_plain(value) and value in self._plain)


def extras(container: Any, content: Any, stays: Callable[[Any], Any]) -> Any:
    """What *container* holds beyond *content*, what its module left in it.

    *stays* gives what takes the place of an object; that is meant in both, and given.
    """
    if isinstance(content, dict):
        known = Among(map(stays, content))
        items = [(stays(key), value) for key, value in container.items()]
        return {key: stays(value) for key, value in items if key not in known}
    if isinstance(content, set):
        known = Among(map(stays, content))
        return {value for value in map(stays, container) if value not in known}
    content = list(map(stays, content))
    waiting: dict[int, int] = defaultdict(int)
    for value in content:
        waiting[id(value)] += 1
    found = []
    for value in map(stays, container):
        if waiting[id(value)]:
            waiting[id(value)] -= 1
        elif not _is_among(value, content):
            found.append(value)
    return found


def _is_among(value: Any, content: Any) -> bool:
    return is_plain(value) and any(same_value(value, other) for other in content)


def held_at(table: Any, key: Any) -> Any:
    """What a dict holds for *key*, ``ABSENT`` if nothing or if the user's classes fail to tell."""
    try:
        return table.get(key, ABSENT)
    except Exception:  # noqa: BLE001 - __hash__ and __eq__ are the user's
        return ABSENT


def plainly(content: Any) -> Any:
    """A container as a plain dict, list or set, for comparison."""
    if isinstance(content, dict):
        return dict(content)
    return set(content) if isinstance(content, set) else list(content)


def like(container: Any, content: Any) -> Any:
    """*content* as a container of the type that *container* has."""
    if content is None or type(container) is type(content):
        return content
    copy = container.copy()
    copy.clear()
    if isinstance(content, dict):
        copy.update(content)
    else:
        copy.extend(content)
    return copy


def kind_of(container: Any) -> type:
    """Whether a container holds keys, a set of things or a row of them."""
    return next(kind for kind in (dict, set, object) if isinstance(container, kind))


def add(container: Any, found: Any) -> None:
    """Put *found*, which came at run time, into a container, behind what the source put in."""
    if isinstance(found, dict):
        for key, value in found.items():
            if key not in container:
                container[key] = value
    elif isinstance(found, set):
        container.update(found)
    else:
        container.extend(found)


def without(content: Any, found: Any) -> Any:
    """*content* less what came in at run time and was added at its end."""
    if isinstance(content, dict | set):
        others = Among(found)
        if isinstance(content, set):
            return {value for value in content if value not in others}
        return {key: value for key, value in content.items() if key not in others}
    return content[: len(content) - len(found)]


def without_same(content: Any, value: Any) -> list[Any]:
    """The keys or members of *content* that are gone from *value*, or hold another object there."""
    if isinstance(content, set):
        return list(without(content, value))
    now = {id(key): held for key, held in dict.items(value)}
    return [
        key
        for key, was in content.items()
        if (now[id(key)] if id(key) in now else held_at(value, key)) is not was
    ]


def less_replaced(content: Any, before: Any, value: Any) -> Any:
    """*content* without what went from *value* since it held *before*, with what took its place.

    What was added is in *content* already (`grown` of `watch`).
    """
    if isinstance(content, dict):
        others = Among(without_same(before, value))
        try:
            return {
                key: held_at(value, key) if key in others else held
                for key, held in content.items()
                if key not in others or held_at(value, key) is not ABSENT
            }
        except Exception:  # noqa: BLE001 - __hash__ and __eq__ are the user's
            return content
    if isinstance(content, set):
        return without(content, without_same(before, value)) | without(value, before)
    return list(value) if len(content) == len(value) else content
