"""`Watch`: the containers of the user's modules, looked at whenever a module is imported.

What an import puts into containers of other modules is none of the run time's: it joins the notes
of what those modules' own execution left there.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Collection, Mapping, Sized
from typing import Any

from ..live import class_dict, is_class
from ..modules import TrackedModule
from ..notes import (
    SMALL,
    Note,
    content_of,
    is_container,
    is_hashable,
    noticed,
    own_names,
    take_notes,
)

__all__ = [
    "Watch",
    "grown",
    "grown_within",
    "has_replaced",
    "size_of",
    "sizes_within",
]


class Watch:
    """The containers under watch, and what each held when that was last looked at."""

    def __init__(self) -> None:
        self._importing = 0
        self._known: list[tuple[TrackedModule, str, Any]] = []
        # What tells the size of each, and the sizes: compared as lists, since there may be many.
        self._sized: list[Sized] = []
        self._sizes: list[int] = []
        # What the small ones hold: there items may be taken out, or put in place of others.
        self._contents: list[Any] = []
        self._within: list[dict[Any, tuple[int, int]]] = []

    def enter_import(self) -> None:
        """What came into the known containers until now came at run time, or by an import."""
        if self._importing:
            self._note_growth()
        else:
            self._look()
        self._importing += 1

    def leave_import(self) -> None:
        """What has come in since came by the import that ends."""
        self._importing -= 1
        self._note_growth()
        if not self._importing:
            self._note_replaced()

    def add(self, tracked: TrackedModule, names: dict[str, Any]) -> None:
        """Take notes of what a module has left in its containers, and watch these.

        *names* are those of its namespace that others have not made, as far as that is known.
        """
        tracked.noted = take_notes(names, tracked.name)
        for name, value in noticed(names, tracked.name):
            self._known.append((tracked, name, value))
            self._sized.append(_sized(value))
            self._sizes.append(size_of(value))
            self._contents.append(_small(value))
            self._within.append(sizes_within(value))

    def begin_again(self, tracked: Mapping[str, TrackedModule], names: Collection[str]) -> None:
        """After a reload the modules *names* may hold other containers: watch those from now on."""
        if not names:
            return
        self._known = [
            found
            for found in self._known
            if found[0].name not in names and tracked.get(found[0].name) is found[0]
        ]
        self._known += [
            (module, name, value)
            for module in tracked.values()
            if module.name in names and module.noted and module.source is not None
            for name, value in noticed(
                own_names(module.namespace, module.source, module.stars.values()), module.name
            )
        ]
        self._sized = [_sized(value) for _, _, value in self._known]
        self._look()

    def _look(self) -> None:
        self._sizes = list(map(len, self._sized))
        self._contents = [_small(value) for _, _, value in self._known]
        self._within = [sizes_within(value) for _, _, value in self._known]

    def _note_growth(self) -> None:
        sizes = list(map(len, self._sized))
        before, self._sizes = self._sizes, sizes
        if sizes == before:
            return
        for (tracked, name, value), was, size in zip(self._known, before, sizes, strict=True):
            note = _note_on(tracked, name, value) if size != was else None
            if note is not None:
                tracked.noted[name] = note._replace(content=grown(note.content, value, was))

    def _note_replaced(self) -> None:
        """Once the outermost import ends: what it and those within took out, or put in place of it.

        Or into containers that are items.
        """
        for (tracked, name, value), before in zip(self._known, self._contents, strict=True):
            is_other = before is not None and has_replaced(before, value)
            note = _note_on(tracked, name, value) if is_other else None
            if note is not None:
                from .contents import less_replaced

                content = less_replaced(note.content, before, value)
                tracked.noted[name] = note._replace(content=content)
        for (tracked, name, value), sizes in zip(self._known, self._within, strict=True):
            note = _note_on(tracked, name, value) if sizes != sizes_within(value) else None
            if note is not None:
                within = grown_within(note.within, value, sizes)
                tracked.noted[name] = note._replace(within=within)


def _note_on(tracked: TrackedModule, name: str, value: Any) -> Note | None:
    """The note on a container, None if there is none that says what it held."""
    note: Note | None = tracked.noted.get(name)
    is_of_it = note is not None and note.content is not None and note.identity == id(value)
    return note if is_of_it else None


def _small(value: Any) -> Any:
    """What a small container holds; None for all else."""
    return None if is_class(value) or len(value) > SMALL else content_of(value)


def has_replaced(before: Any, value: Any) -> bool:
    """Is any of the items that a container held *before* gone, or in another place?"""
    if len(before) > len(value):
        return True
    if isinstance(before, set):
        here = set(map(id, value))
        is_as_it_was = all(id(member) in here for member in before)
    else:
        is_as_it_was = all(map(operator.is_, before, value))
        if isinstance(before, dict):
            is_as_it_was = is_as_it_was and all(map(operator.is_, before.values(), value.values()))
    if is_as_it_was or not isinstance(before, dict | set):
        return not is_as_it_was
    from .contents import without_same  # not before there is something to compare

    return bool(without_same(before, value))


def _sized(value: Any) -> Sized:
    sized: Sized = class_dict(value) if is_class(value) else value
    return sized


def size_of(value: Any) -> int:
    """How many entries a container has, or how many attributes a class."""
    return len(_sized(value))


def sizes_within(value: Any) -> dict[Any, tuple[int, int]]:
    """The ``id`` and the size of each container that a small dict holds, by key."""
    if not issubclass(type(value), dict) or not 0 < len(value) <= SMALL:
        return {}
    parts = [(key, part) for key, part in dict.items(value) if is_container(part)]
    return {key: (id(part), len(part)) for key, part in parts if is_hashable(key)}


def grown_within(
    within: Mapping[Any, Any], value: Any, sizes: Mapping[Any, tuple[int, int]]
) -> dict[Any, Any]:
    """*within*, what containers in *value* held, with what came into them since they had *sizes*."""
    found = dict(within)
    parts = {id(key): part for key, part in dict.items(value)}
    for key, (identity, size) in sizes_within(value).items():
        before = sizes.get(key, (0, 0))
        part, known = parts[id(key)], found.get(key)
        if before[0] != identity or known is None:
            found[key] = content_of(part)
        elif before[1] != size:
            found[key] = grown(known, part, before[1])
    return found


def grown(content: Any, value: Any, size: int) -> Any:
    """*content* with what came into *value* since it held *size* entries."""
    if isinstance(content, frozenset):
        return content | set(list(class_dict(value))[size:])
    if isinstance(content, dict):
        return {**content, **dict(itertools.islice(value.items(), size, None))}
    if isinstance(content, set):
        return content | value if len(content) == size else content
    # Where all that was there is the source's own, so is what was put between.
    return list(value) if len(content) == size else [*content, *list(value)[size:]]
