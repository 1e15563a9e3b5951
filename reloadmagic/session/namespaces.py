"""The user's own namespaces: which of their names were imported, and from where.

In comes code that is about to run in a namespace, a cell's or a script's; out go `Namespace`s, whose
names reloads keep up to date.
"""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import SourceError
from ..live import weakly_held
from ..modules import module_namespace
from ..parsing import parse

if TYPE_CHECKING:
    from ..engine.names import Namespace

__all__ = ["Namespaces"]


@dataclass(slots=True)
class _Code:
    """Code that was noted: its text, or what gives it, where it runs, and what its imports bound."""

    source: str | Callable[[], str | None] | None
    names: dict[str, Any]
    imported: dict[str, Any] | None = None

    def text(self) -> str | None:
        """The code itself, None if it cannot be had; asked for once."""
        if callable(self.source):
            self.source = self.source()
        return self.source


class Namespaces:
    """The namespaces that names are kept up to date in, *dicts* such as ``globals()`` at first.

    Code that is noted is read when something is reloaded: most cells are never asked about.
    """

    def __init__(self, dicts: Iterable[dict[str, Any]]) -> None:
        self._dicts = list(dicts)
        self._known: list[Namespace] = []
        self._unread: deque[_Code] = deque()

    def read_scripts(self) -> None:
        """Note the imports of scripts whose globals are to be kept up to date."""
        for names in self._dicts:
            path = names.get("__file__")
            if isinstance(path, str):
                from ..compiling import read_source

                try:
                    _, source = read_source(_PlainReader(), path)
                except (OSError, SourceError):
                    continue
                self.note_cell(source.text, names)

    def note_cell(self, source: str | Callable[[], str | None], names: dict[str, Any]) -> None:
        """Note which names of *names* the code *source*, about to run there, imports.

        It may be given by a function, None if it cannot be.
        """
        self._unread.append(_Code(source, names))

    def note_values(self, names: dict[str, Any]) -> None:
        """Code that was noted has run in *names*: remember what its imports bound."""
        for code in self._unread:
            if code.names is names and code.imported is None:
                code.imported = dict(_bound_by_imports(code.text() or "", names))

    @property
    def known(self) -> list[Namespace]:
        """What is known of each."""
        for names in self._dicts:
            self._of(names)
        while self._unread:
            code = self._unread.popleft()
            text = code.text()
            if text is not None:
                self._read(text, code.names)
                self._of(code.names).imported |= code.imported or {}
        return self._known

    def _read(self, source: str, names: dict[str, Any]) -> None:
        from ..source.scopes import bound_names, scope_nodes

        found = self._of(names)
        try:
            nodes = parse(source).body
        except (SyntaxError, ValueError, RecursionError):
            return
        for statement in nodes:
            imports = [n for n in scope_nodes([statement]) if isinstance(n, ast.ImportFrom)]
            if not imports:
                for name in bound_names([statement]):
                    found.note_other(name)
            for node in imports:
                found.note_import(node, is_certain=node is statement)

    def _of(self, names: dict[str, Any]) -> Namespace:
        for known in self._known:
            if known.names is names:
                return known
        from ..engine.names import Namespace  # not before something is reloaded

        self._known.append(Namespace(names))
        return self._known[-1]


def _bound_by_imports(source: str, names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names that from-imports of *source* have bound in *names*, with what to know these by."""
    try:
        nodes = list(ast.walk(parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            there = module_namespace(sys.modules.get(node.module or "")) or {}
            aliases = [(alias.name, alias.asname or alias.name) for alias in node.names]
            for name, bound in zip(there, there, strict=True) if ("*", "*") in aliases else aliases:
                if name in there and bound in names and names[bound] is there[name]:
                    yield bound, weakly_held(there[name])


class _PlainReader:
    """Reads files as a loader does."""

    @staticmethod
    def get_data(path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()
