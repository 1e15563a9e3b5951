"""Loads a notebook: a loader of source files that decodes notebooks.

So everything which reads modules through their loaders sees Python.
"""

from __future__ import annotations

import ast
import types
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import TYPE_CHECKING, Any

from reloadmagic.compiling import show_parts
from reloadmagic.parsing import parse
from reloadmagic.source import Text

from .compiling import compile_cells
from .layout import lay_out
from .reading import read_cells

if TYPE_CHECKING:
    from .finder import NotebookFinder

__all__ = ["NotebookLoader"]


class NotebookLoader(SourceFileLoader):
    """Loads a notebook as a module.

    ``exec_module`` is the usual one: whoever adopts loaders of source files adopts this one, too.
    """

    def __init__(self, fullname: str, path: str, finder: NotebookFinder) -> None:
        super().__init__(fullname, path)
        self.finder = finder

    def create_module(self, spec: ModuleSpec) -> types.ModuleType | None:
        """A module whose namespace has what a notebook finds in its kernel."""
        module = types.ModuleType(spec.name)
        vars(module).update(self.finder.settings.names)
        return module

    def decode_source(self, data: bytes) -> Text:
        """The notebook's code as Python.

        Raises:
            NotebookError: *data* is no notebook of Python.
            SyntaxError: a cell does not parse.
        """
        return lay_out(read_cells(data, self.path), self.path, self.finder.settings)

    def get_source(self, fullname: str) -> str:
        """The code of all cells as Python, separated by ``# %%``.

        Raises:
            ImportError: the file cannot be read.
        """
        try:
            return self.decode_source(self.get_data(self.get_filename(fullname)))
        except OSError as error:
            raise ImportError("source not available through get_data()", name=fullname) from error

    def get_code(self, fullname: str) -> types.CodeType:
        """Code of the whole notebook, never from a cache."""
        path = self.get_filename(fullname)
        text = self.decode_source(self.get_data(path))
        show_parts(text, path)
        return self.source_to_code(text, path)

    def source_to_code(  # type: ignore[override]  # the base names its private arguments
        self, data: Any, path: str, **_: Any
    ) -> types.CodeType:
        """Code of *data*: the notebook's bytes, its text, or a tree that has its `Text`."""
        if isinstance(data, ast.Module):
            tree, text = data, getattr(data, "text", None)
        else:
            text = data if isinstance(data, Text) else self.decode_source(data)
            tree = parse(text, path)
        if not isinstance(text, Text):
            text = self.decode_source(self.get_data(self.path))
        return compile_cells(tree, text, self.path)
