"""`Marks`: the attributes that a module's own decorators have set on its functions.

A decorator that goes with an edit takes its marks with it; what others have set stays. So it has
to be known which is which, from the first import on.
"""

from __future__ import annotations

import functools
import types
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..live import class_dict, functions_held, functions_within, is_class, nested_classes
from ..modules import TrackedModule

if TYPE_CHECKING:
    from ..source import Source

__all__ = ["Marks", "attributes_of"]

NOTHING: frozenset[str] = frozenset()


class Marks:
    """For each decorated function or cache, the names of the attributes that its source has set."""

    def __init__(self) -> None:
        self.known: weakref.WeakKeyDictionary[Any, frozenset[str]]
        self.known = weakref.WeakKeyDictionary()

    def note(
        self,
        tracked: TrackedModule,
        source: Source,
        numbers: Iterable[int],
        foreign: Mapping[Any, Collection[str]],
        outside: Callable[[str], Collection[str]] = lambda _name: (),
    ) -> None:
        """Take note of what definitions of a module left on functions.

        *numbers* are those statements of *source* that have just run.

        *foreign* holds, for functions that were there before, what others had set on them;
        *outside* gives, for a name, what statements of any module set on what it names.
        """
        statements = source.statements
        ran = [number for number in numbers if statements[number].fragment.kind in DEFINITIONS]
        if not ran:
            return
        counts = Counter(name for statement in statements for name in statement.binds)
        for number in ran:
            statement = statements[number]
            name = statement.binds[0]
            value = tracked.namespace.get(name)
            reference = tracked.bound[number].get(name)
            raw = reference() if reference is not None else value
            if "@" not in statement.fragment.text and counts[name] == 1:
                continue  # nothing has had it in hand
            others = frozenset((*_set_by_statements(source, name), *outside(name)))
            text = statement.fragment.text
            found = {f for v in (value, raw) for f in _functions(v, tracked.name, text)}
            if statement.fragment.kind == "def":  # an object may hold the one that was decorated
                held = functions_held(value, tracked.namespace)
                found.update(f for f in held if f.__code__.co_qualname == name)
            for function in found:
                attributes = frozenset(vars(function))
                self.known[function] = attributes - others - frozenset(foreign.get(function, ()))


DEFINITIONS = frozenset({"def", "class"})


def attributes_of(namespace: Mapping[str, Any], module: str) -> dict[Any, frozenset[str]]:
    """The names of their attributes, for the functions and caches of a module that have any."""
    return {
        function: frozenset(vars(function))
        for value in list(namespace.values())
        for function in _functions(value, module)
        if vars(function)
    }


def _set_by_statements(source: Source, name: str) -> Iterator[str]:
    """The attributes that statements of their own, ``name.attr = value``, set."""
    from .dropping import attribute_targets  # not before something is decorated

    for statement in source.statements:
        for path in attribute_targets(statement):
            if path[0] == name and len(path) == 2:
                yield path[1]


def _functions(value: Any, module: str, text: str | None = None) -> Iterator[Any]:
    """The functions and caches that a definition consists of, those that they wrap included.

    With the *text* of a class statement, only those that it defines: a class may hold others.
    """
    if is_class(value):
        if class_dict(value).get("__module__") == module:
            for name, part in list(class_dict(value).items()):
                if not is_class(part) and (text is None or f"def {name}" in text):
                    yield from _functions(part, module)
            for _, inner in nested_classes(value):
                yield from _functions(inner, module, text)
        return
    if type(value) is functools._lru_cache_wrapper:
        yield value
    for function in functions_within(value):
        seen: set[int] = set()
        wrapped: Any = function
        while type(wrapped) is types.FunctionType and id(wrapped) not in seen:
            seen.add(id(wrapped))
            yield wrapped
            wrapped = vars(wrapped).get("__wrapped__")
