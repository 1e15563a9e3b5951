"""Reads cells: what they import, define and use, as far as their text tells."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..parsing import parse
from ..reach import summarize
from ..reach.known import CONSTRUCTION
from ..reach.summary import CALL, Path, Summary, Unit
from ..source import Fragment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..reach.index import Index
    from .affected import Affected

__all__ = ["Cell", "Reader"]

_WORD = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Code:
    """What a cell's Python does.

    Attributes:
        summary: of all of it; empty where there is nothing that can be read.
        imports: by the name that it binds, the module, and the name there if one is imported.
        aliases: the names that are imported from modules, each with the one that it is bound to.
        stars: modules that it imports all names from.
        binds: names that it binds otherwise.
        paths: what it reads when it runs, imports left out, and how.
    """

    summary: Summary = field(default_factory=Summary)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    aliases: tuple[tuple[str, str], ...] = ()
    stars: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    paths: dict[Path, int] = field(default_factory=dict)


def read_code(text: str | None) -> Code:
    """What the Python *text* does; nothing if it is None or cannot be parsed."""
    try:
        fragment = Fragment(text or "", parse(text or "").body)
        summary = summarize(fragment)
    except (SyntaxError, ValueError, RecursionError):
        return Code()
    imports = {i.alias: (i.module, i.name) for i in summary.imports if i.name != "*"}
    return Code(
        summary,
        imports,
        aliases=tuple((i.name, i.alias) for i in summary.imports if i.name),
        stars=tuple(i.module for i in summary.imports if i.name == "*"),
        binds=tuple(name for name in fragment.binds if name not in imports),
        paths={p: how for p, how in summary.now.paths.items() if not p[0].startswith("@")},
    )


@dataclass(eq=False)
class Cell:
    """A cell that ran.

    Attributes:
        number: its execution count.
        key: the front end's id of it, ``""`` where it gives none.
        source: its text.
        python: gives its Python, None if it has none that can be read.
        used: what it used that has changed since, in the order in which it was found.
    """

    number: int
    key: str
    source: str
    python: Callable[[], str | None]
    used: dict[str, None] = field(default_factory=dict)

    @functools.cached_property
    def words(self) -> frozenset[str]:
        """All that could be a name in the cell's text."""
        return frozenset(_WORD.findall(self.source))

    @functools.cached_property
    def code(self) -> Code:
        """What its Python does, read when it is first asked for."""
        return read_code(self.python())


class Reader:
    """Reads cells in the order in which they ran: what they imported, defined and used."""

    def __init__(self, index: Index, affected: Affected, namespace: dict[str, Any]) -> None:
        self.index = index
        self.affected = affected
        self.namespace = namespace
        self.imports: dict[str, tuple[str, str | None]] = {}
        self.stars: list[str] = []
        self.functions: dict[str, Unit] = {}
        self.dirty: dict[str, str] = {}
        # Cells without any of these words are not parsed: that takes half a millisecond each.
        self.words = {"import", *affected.words}

    def read(self, cell: Cell) -> list[str]:
        """What *cell* used that changed."""
        if self.words.isdisjoint(cell.words):
            return []
        code = cell.code
        summary = code.summary
        self.imports.update(code.imports)
        self.stars += code.stars
        self.functions.update((n, u) for n, u in summary.functions.items() if "." not in n)
        used = dict.fromkeys(self._uses(summary.now, code.paths, set()))
        self.words.update(alias for name, alias in code.aliases if name in self.words)
        self.words.update(summary.functions)
        self.dirty = {n: label for n, label in self.dirty.items() if n not in code.imports}
        for name in code.binds:
            self.imports.pop(name, None)
            follows = name in summary.functions or name in summary.classes
            if used and not follows:
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
        return any(self.index.names.gives(star, root) for star in self.stars)

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
            for (module, name), rest in self.index.names.resolve("", target):
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
