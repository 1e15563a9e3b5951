"""Which of the cells that ran used what a reload changed.

In come cells as they run and reports as they are made; out go `StaleCell`s. It is read off the
cells' text, so it can err; it only hints, nothing runs because of it.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..modules import Fragment, parse
from ..reach.index import CONSTRUCTION
from ..reach.summary import CALL, Path, Summary, Unit, summarize
from ..report.names import changed_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..reach.index import Index
    from ..reloader import Reloader
    from ..report import Report

__all__ = ["CellLog", "StaleCell"]

MOST = 1000
"""Cells that are remembered."""
_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class StaleCell:
    """A cell whose results come of code or values that have changed since it ran.

    Attributes:
        number: its execution count, as in ``In [5]``.
        used: what it used that changed, such as ``"WIDTH"``; of another stale cell's names, with
            that cell: ``"w of [3]"``.
        source: its text.
    """

    number: int
    used: tuple[str, ...]
    source: str

    def __str__(self) -> str:
        first = next((line for line in self.source.splitlines() if line.strip()), "")
        return f"[{self.number}] used {', '.join(self.used)}: {first.strip()}"


@dataclass(slots=True, eq=False)
class _Cell:
    """A cell that ran. *python* gives its Python source, None if it has none that can be read."""

    number: int
    key: str
    source: str
    python: Callable[[], str | None]
    used: dict[str, None] = field(default_factory=dict)
    _summary: Summary = field(default_factory=Summary)
    _binds: tuple[str, ...] = ()
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    # The paths that its code reads, imports left out.
    paths: dict[Path, int] = field(default_factory=dict)
    _read: bool = False
    _words: frozenset[str] | None = None

    @property
    def words(self) -> frozenset[str]:
        """All that could be a name in the cell's text."""
        if self._words is None:
            self._words = frozenset(_WORD.findall(self.source))
        return self._words

    @property
    def summary(self) -> Summary:
        """What the cell's code does; empty where it cannot be read."""
        self._read_once()
        return self._summary

    def _read_once(self) -> None:
        text = None if self._read else self.python()
        self._read = True
        if text:
            try:
                fragment = Fragment(text, parse(text).body)
                self._summary, self._binds = summarize(fragment), fragment.binds
            except (SyntaxError, ValueError, RecursionError):
                return
            self._sort_names()

    def _sort_names(self) -> None:
        """Keep what the cell imports apart from what else it binds and reads."""
        for found in self._summary.imports:
            if found.name == "*":
                self.stars.append(found.module)
            else:
                self.imports[found.alias] = (found.module, found.name)
        self._binds = tuple(name for name in self._binds if name not in self.imports)
        paths = self._summary.now.paths.items()
        self.paths = {path: how for path, how in paths if not path[0].startswith("@")}

    @property
    def binds(self) -> tuple[str, ...]:
        """Names that the cell binds, those that it imports left out."""
        self._read_once()
        return self._binds


class CellLog:
    """The cells of a session as they last ran, in order, and which of them are stale."""

    def __init__(self) -> None:
        self._cells: list[_Cell] = []
        self._running: tuple[str, str] | None = None

    def starts(self, key: str, source: str) -> None:
        """A cell is about to run: no need to tell of it, as what it did is done again.

        *key* is the front end's id of the cell, ``""`` where it gives none: then an equal text is
        taken for the same cell.
        """
        self._running = (key, source)

    def ran(self, number: int, key: str, source: str, python: Callable[[], str | None]) -> None:
        """A cell has run as ``In [number]``; *python* gives its Python source when it is needed."""
        self._running = None
        self._cells = [c for c in self._cells if not _is_same(c, key, source)][-MOST:]
        self._cells.append(_Cell(number, key, source, python))

    def stale(self) -> tuple[StaleCell, ...]:
        """The cells that used what has changed since they ran."""
        return tuple(StaleCell(c.number, tuple(c.used), c.source) for c in self._cells if c.used)

    def note(
        self, reloader: Reloader, report: Report, namespace: dict[str, Any]
    ) -> tuple[StaleCell, ...]:
        """Mark the cells that used what *report* changed, and give those that did.

        *namespace* is the cells' own, by which an instance's class is known.
        """
        if not self._cells:
            return ()
        index = reloader.index
        affected = _Affected(index, report)
        if not affected:
            return ()
        reader = _Reader(index, affected, namespace)
        found = []
        for cell in self._cells:
            used = reader.read(cell)
            if used and not (self._running and _is_same(cell, *self._running)):
                cell.used.update(dict.fromkeys(used))
                found.append(StaleCell(cell.number, tuple(used), cell.source))
        return tuple(found)


def _is_same(cell: _Cell, key: str, source: str) -> bool:
    return cell.key == key if key and cell.key else cell.source == source


# What a report changed -------------------------------------------------------------------------------


class _Affected:
    """Full names that are or do something else now, each with the changed name that it comes of."""

    def __init__(self, index: Index, report: Report) -> None:
        self._found: list[tuple[str, frozenset[str]]] = []
        self.words: set[str] = set()
        for outcome in report.outcomes:
            if outcome.status in {"reloaded", "patched"}:
                for name in changed_names(outcome):
                    names, words = index.remembered(
                        ("cells", outcome.module, name),
                        functools.partial(_reached_names, index, outcome.module, name),
                    )
                    self._found.append((name, names))
                    self.words |= words

    def __bool__(self) -> bool:
        return bool(self._found)

    def labels(self, keys: set[str]) -> Iterator[str]:
        """The changed names that *keys*, full names, come of."""
        for key in sorted(keys):
            label = next((label for label, names in self._found if key in names), None)
            if label is not None:
                yield label


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
        near = {m for m, found in index.imports().items() if module in found} | {module}
        for where, kind, key in index.attr_users(attr):
            if kind == "f" and where in near:
                yield where, key


def _functions(
    index: Index, entity: tuple[str, str], is_use: Callable[[int, Path], Any]
) -> Iterator[tuple[str, str]]:
    for (where, kind, key), how, rest in index.users(entity):
        if kind == "f" and is_use(how, rest):
            yield where, key


# What a cell used ------------------------------------------------------------------------------------


class _Reader:
    """Reads cells in the order in which they ran: what they imported, defined and used."""

    def __init__(self, index: Index, affected: _Affected, namespace: dict[str, Any]) -> None:
        self.index = index
        self.affected = affected
        self.namespace = namespace
        self.imports: dict[str, tuple[str, str | None]] = {}
        self.stars: list[str] = []
        self.functions: dict[str, Unit] = {}
        self.dirty: dict[str, str] = {}
        # Cells without any of these words are not parsed: that takes half a millisecond each.
        self.words = {"import", *affected.words}

    def read(self, cell: _Cell) -> list[str]:
        """What *cell* used that changed."""
        if self.words.isdisjoint(cell.words):
            return []
        summary = cell.summary
        self.imports.update(cell.imports)
        self.stars += cell.stars
        self.functions.update(
            (name, unit) for name, unit in summary.functions.items() if "." not in name
        )
        used = dict.fromkeys(self._uses(summary.now, cell.paths, set()))
        self.words.update(i.alias for i in summary.imports if i.name in self.words)
        self.words.update(summary.functions)
        self.dirty = {n: label for n, label in self.dirty.items() if n not in cell.imports}
        for name in cell.binds:
            self.imports.pop(name, None)
            if name in summary.functions or name in summary.classes:
                self.dirty.pop(name, None)  # it follows by itself
            elif used:
                self.dirty[name] = f"{name} of [{cell.number}]"
                self.words.add(name)
            else:
                self.dirty.pop(name, None)
        return list(used)

    def _uses(self, unit: Unit, paths: dict[Path, int], seen: set[str]) -> Iterator[str]:
        """What *unit*, which reads *paths*, uses that changed."""
        keys: set[str] = set()
        for path, how in paths.items():
            root = path[0]
            if root.startswith("@"):
                continue
            if root in self.dirty:
                yield self.dirty[root]
            elif root in self.imports or root not in self.namespace or self._is_starred(root):
                keys |= self._imported(path, how)
            elif root in self.functions and how & CALL and root not in seen:
                seen.add(root)
                called = self.functions[root]
                yield from self._uses(called, called.paths, seen)
            elif len(path) > 1:
                keys |= _members(self.namespace[root], path[1])
        for attr in unit.attrs:
            keys |= {f"{key}.{attr}" for key in keys}
        yield from self.affected.labels(keys)

    def _is_starred(self, root: str) -> bool:
        return any(self.index.binds(star, root) for star in self.stars)

    def _imported(self, path: Path, how: int) -> set[str]:
        """Full names that a path through an imported name means."""
        root = path[0]
        targets: list[Path]
        if root in self.imports:
            module, name = self.imports[root]
            targets = [(f"@{module}", *([] if name is None else [name]), *path[1:])]
        else:
            targets = [(f"@{star}", *path) for star in self.stars]
        keys: set[str] = set()
        for target in targets:
            for (module, name), rest in self.index.resolve("", target):
                keys.add(f"{module}.{name}")
                if rest:
                    keys.add(f"{module}.{name}.{rest[0]}")
                elif how & CALL:
                    keys |= {f"{module}.{name}.{method}" for method in CONSTRUCTION}
        return keys


def _members(value: object, attr: str) -> set[str]:
    """Full names that *attr* of *value* may have in its class and bases; runs no code of theirs."""
    kind = type(value)  # isinstance() would ask a proxy for its __class__
    cls = value if issubclass(kind, type) else kind
    return {
        f"{type.__getattribute__(base, '__dict__').get('__module__')}"
        f".{type.__dict__['__qualname__'].__get__(base)}.{attr}"
        for base in type.__dict__["__mro__"].__get__(cls)
    }
