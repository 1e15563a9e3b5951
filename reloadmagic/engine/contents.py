"""What containers hold: compared with what was noted, and put back behind what the source puts in.

In come dicts, lists and sets, with copies of what they held; nothing is written but by `add`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ..plain import is_plain, same_value

__all__ = ["add", "extras", "kind_of", "like", "plainly", "without"]


def extras(container: Any, content: Any) -> Any:
    """What *container* holds beyond *content*, what its module left in it."""
    if isinstance(content, dict):
        return {key: value for key, value in container.items() if key not in content}
    if isinstance(content, set):
        return {value for value in container if value not in content}
    waiting: dict[int, int] = defaultdict(int)
    for value in content:
        waiting[id(value)] += 1
    found = []
    for value in container:
        if waiting[id(value)]:
            waiting[id(value)] -= 1
        elif not _is_among(value, content):
            found.append(value)
    return found


def _is_among(value: Any, content: Any) -> bool:
    return is_plain(value) and any(same_value(value, other) for other in content)


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
    if isinstance(content, dict):
        return {k: v for k, v in content.items() if k not in found}
    if isinstance(content, set):
        return content - set(found)
    return content[: len(content) - len(found)]
