"""Sources that came by message: modules are imported from them, without a file.

In come module names with bytes; out go specs whose loaders read these. A worker's disk may lack the
file or hold another version of it, and what is imported there is to be what the client runs.
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from typing import Any

from reloadmagic.loader import ReloadFinder
from reloadmagic.notebooks import NotebookFinder, installed
from reloadmagic.notebooks.loader import NotebookLoader
from reloadmagic.notebooks.settings import Settings

from .shown import show

__all__ = ["SentFinder", "Stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A module's source as it was sent.

    Attributes:
        origin: the client's file.
        package: it has submodules.
        digest: of *data*, in hexadecimal.
        data: the bytes.
    """

    origin: str
    package: bool
    digest: str
    data: bytes


class _Sent(SourceFileLoader):
    """Reads what was sent, in place of the module's own file."""

    finder_of_sent: SentFinder

    def get_data(self, path: Any) -> bytes:
        """The bytes sent for the module; those on disk for any other path."""
        stored = self.finder_of_sent.stored.get(self.name) if path == self.path else None
        if stored is not None:
            return stored.data
        return super().get_data(path)

    def create_module(self, spec: ModuleSpec) -> types.ModuleType | None:
        """As usual; a first import begins, of which tracebacks are to show what was sent."""
        show(self.path, self.get_data(self.path), self)
        return super().create_module(spec)

    def path_stats(self, path: str) -> Any:
        """Nothing, so that no cached bytecode is taken for what was sent, or made of it."""
        raise OSError(f"{path} was sent")


class _SentNotebookLoader(_Sent, NotebookLoader):
    """Loads a notebook that was sent."""


class SentFinder(MetaPathFinder):
    """Finds the modules that were sent, before any that are on disk.

    Attributes:
        stored: sources by absolute module name.
    """

    def __init__(self) -> None:
        self.stored: dict[str, Stored] = {}
        self._notebooks = NotebookFinder(Settings())

    def install(self) -> None:
        """Stand right behind the finder that watches imports, which asks this one."""
        if self not in sys.meta_path:
            ours = [n for n, f in enumerate(sys.meta_path) if isinstance(f, ReloadFinder)]
            sys.meta_path.insert(ours[-1] + 1 if ours else 0, self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of a module that was sent, or of a folder that such modules are in."""
        stored = self.stored.get(fullname)
        usual = self._usual_spec(fullname, path, target)
        if stored is None:
            return self._namespace_package(fullname) if usual is None else None
        origin = stored.origin
        if usual is not None and usual.origin and _same_name(usual.origin, origin):
            origin = usual.origin
        places = None
        if stored.package:
            places = (usual and usual.submodule_search_locations) or [os.path.dirname(origin)]
        loader = self._loader(fullname, origin)
        return spec_from_file_location(
            fullname, origin, loader=loader, submodule_search_locations=places
        )

    def _usual_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None
    ) -> ModuleSpec | None:
        finder = installed() or PathFinder
        return finder.find_spec(fullname, path, target) or PathFinder.find_spec(
            fullname, path, target
        )

    def _namespace_package(self, fullname: str) -> ModuleSpec | None:
        """A package without a file, if something that was sent lies in it."""
        if not any(name.startswith(f"{fullname}.") for name in self.stored):
            return None
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = []
        return spec

    def _loader(self, name: str, origin: str) -> _Sent:
        if origin.endswith(".ipynb"):
            finder = installed() or self._notebooks
            loader: _Sent = _SentNotebookLoader(name, origin, finder)
        else:
            loader = _Sent(name, origin)
        loader.finder_of_sent = self
        return loader

    def forget(self) -> None:
        """Have later imports take the files on disk again."""
        self.stored.clear()

    def __repr__(self) -> str:
        return f"<SentFinder modules={len(self.stored)}>"


def _same_name(one: str, other: str) -> bool:
    """Are these files of one name, whatever separates folders where they are?"""
    ends: Iterable[str] = (path.replace("\\", "/").rpartition("/")[2] for path in (one, other))
    return len(set(ends)) == 1
