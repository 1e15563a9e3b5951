"""The user's own namespaces: which of their names were imported, and from where.

In comes code that is about to run in a namespace, a cell's or a script's; out go `Namespace`s, whose
names reloads keep up to date.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from ..compiling import read_source
from ..engine.names import Namespace
from ..errors import SourceError
from ..source.parsing import parse
from ..source.scopes import bound_names, scope_nodes

__all__ = ["Namespaces"]


class Namespaces:
    """The namespaces that names are kept up to date in, *dicts* such as ``globals()`` at first.

    Attributes:
        known: what is known of each.
    """

    def __init__(self, dicts: Iterable[dict[str, Any]]) -> None:
        self.known = [Namespace(names) for names in dicts]

    def read_scripts(self) -> None:
        """Note the imports of scripts whose globals are to be kept up to date."""
        for names in [namespace.names for namespace in self.known]:
            path = names.get("__file__")
            if isinstance(path, str):
                try:
                    _, source = read_source(_PlainReader(), path)
                except (OSError, SourceError):
                    continue
                self.note_cell(source.text, names)

    def note_cell(self, source: str, names: dict[str, Any]) -> None:
        """Note which names of *names* the code *source*, about to run there, imports."""
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
        found = next((known for known in self.known if known.names is names), None)
        if found is None:
            found = Namespace(names)
            self.known.append(found)
        return found


class _PlainReader:
    """Reads files as a loader does."""

    @staticmethod
    def get_data(path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()
