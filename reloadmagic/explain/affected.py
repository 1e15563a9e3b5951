"""What a reload changed, and all that does something else because of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from ..reach.known import CONSTRUCTION
from ..reach.summary import CALL, Path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..reach.index import Index

__all__ = ["Affected"]


class Affected:
    """Full names that are or do something else now, each with the changed name that it comes of.

    *changed* holds names by module.
    """

    def __init__(self, index: Index, changed: Mapping[str, Iterable[str]]) -> None:
        self._found: list[tuple[str, frozenset[str]]] = []
        self._all: set[str] = set()
        self.words: set[str] = set()
        for module, edited in changed.items():
            for name in edited:
                names, words = index.remembered(
                    ("cells", module, name),
                    functools.partial(_reached_names, index, module, name),
                )
                self._found.append((name, names))
                self._all |= names
                self.words |= words

    def __bool__(self) -> bool:
        return bool(self._found)

    def labels(self, keys: set[str]) -> Iterator[str]:
        """The changed names that *keys*, full names, come of."""
        for key in sorted(self._all & keys):
            yield next(label for label, names in self._found if key in names)


def _reached_names(index: Index, module: str, name: str) -> tuple[frozenset[str], frozenset[str]]:
    """Full names of what does something else where *name* of *module* does, and their parts."""
    found: set[str] = set()
    todo = [(module, name)]
    while todo:
        module, name = todo.pop()
        if f"{module}.{name}" not in found:
            found.add(f"{module}.{name}")
            todo += _callers(index, module, name)
    words = (part for full in found for part in full.split(".")[1:])
    return frozenset(found), frozenset(words)


def _callers(index: Index, module: str, name: str) -> Iterator[tuple[str, str]]:
    """Functions that use *name* of *module*, a method by its attribute name."""
    owner, _, attr = name.rpartition(".")
    top = name.partition(".")[0]
    if attr in CONSTRUCTION and owner:
        yield from _functions(index, (module, top), lambda how, rest: how & CALL and not rest)
        return
    yield from _functions(index, (module, top), lambda _, rest: not owner or rest[:1] == (attr,))
    if owner:
        near = {m for m, found in index.imports.by_module().items() if module in found} | {module}
        for where, kind, key in index.attr_users(attr):
            if kind == "f" and where in near:
                yield where, key


def _functions(
    index: Index, entity: tuple[str, str], is_use: Callable[[int, Path], Any]
) -> Iterator[tuple[str, str]]:
    for (where, kind, key), how, rest in index.users(entity):
        if kind == "f" and is_use(how, rest):
            yield where, key
