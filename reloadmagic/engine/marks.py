"""`Marks`: the attributes that a module's own decorators have set on its functions.

A decorator that goes with an edit takes its marks with it; what others have set stays. So it has
to be known which is which, from the first import on.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ..live import class_dict, functions_within, is_class
from ..modules import Source, Statement, TrackedModule
from .dropping import attribute_targets

__all__ = ["Marks"]

NOTHING: frozenset[str] = frozenset()


class Marks:
    """For each decorated function, the names of the attributes that its own source has set."""

    def __init__(self) -> None:
        self.known: weakref.WeakKeyDictionary[types.FunctionType, frozenset[str]]
        self.known = weakref.WeakKeyDictionary()

    def note(
        self,
        tracked: TrackedModule,
        statements: Iterable[Statement],
        foreign: Mapping[types.FunctionType, Collection[str]],
    ) -> None:
        """Take note of what *statements* of a module, which have just run, left on functions.

        *foreign* holds, for functions that were there before, what others had set on them.
        """
        for statement in statements:
            if "@" not in statement.fragment.text or statement.fragment.kind not in DECORATED:
                continue
            name = statement.binds[0]
            for function in _functions(tracked.namespace.get(name), tracked.name):
                attributes = frozenset(vars(function))
                if not attributes:
                    self.known.pop(function, None)
                    continue
                others = {*foreign.get(function, ()), *_set_by_statements(tracked.source, name)}
                self.known[function] = attributes - others


DECORATED = frozenset({"def", "class"})


def _set_by_statements(source: Source | None, name: str) -> Iterator[str]:
    """The attributes that statements of their own, ``name.attr = value``, set."""
    for statement in source.statements if source is not None else ():
        for path in attribute_targets(statement):
            if path[0] == name and len(path) == 2:
                yield path[1]


def _functions(value: Any, module: str) -> Iterator[types.FunctionType]:
    """The functions that a definition consists of, those that they wrap included."""
    if is_class(value):
        if class_dict(value).get("__module__") == module:
            for part in list(class_dict(value).values()):
                yield from _functions(part, module)
        return
    for function in functions_within(value):
        seen: set[int] = set()
        wrapped: Any = function
        while type(wrapped) is types.FunctionType and id(wrapped) not in seen:
            seen.add(id(wrapped))
            yield wrapped
            wrapped = vars(wrapped).get("__wrapped__")
