"""Finds notebooks by module names.

`NotebookFinder` is asked before the finder of files, and looks into folders' listings only; where
it knows a notebook, it asks the finders after it, and what they find goes before. What loads a
notebook is imported with the first one.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import time
import types
import unicodedata
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, all_suffixes
from importlib.util import spec_from_file_location

from reloadmagic.modules import module_spec

from .settings import Settings

__all__ = ["NotebookFinder"]

SUFFIX = ".ipynb"
INIT = "__init__" + SUFFIX
_MACHINERY = (
    "<frozen importlib",
    os.path.join(os.path.dirname(importlib.__file__), ""),
    os.path.join(os.path.dirname(os.path.dirname(__file__)), ""),
)
MODULES = tuple(all_suffixes())
SETTLED = 2.0
"""Seconds after which a folder's mtime tells of every change: file systems count coarsely."""


class Listing:
    """The notebooks of a folder, and its folders, by the names that they are imported by."""

    def __init__(self, mtime_ns: int) -> None:
        self.mtime_ns = mtime_ns
        self.files: dict[str, list[str]] = {}
        self.folders: dict[str, list[str]] = {}


class NotebookFinder:
    """Finds notebooks where no other finder finds a module; see `install`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._listings: dict[str, Listing] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of the notebook *fullname*, or what the finders after this one say of it.

        Raises:
            ImportError: several notebooks could be meant.
        """
        name = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            found = self._candidate(folder, name)
            if not found:
                continue
            loaded = getattr(module_spec(target), "origin", None)
            if loaded in found:  # a reload, of that one
                return self._notebook(fullname, loaded)
            usual = self._usual_spec(fullname, path, target)
            if usual is not None and _goes_before(usual, found[0]):
                return usual
            if path is None and _is_asked_by_installed_code(name):
                return usual
            if len(found) > 1:
                several = " or ".join(repr(os.path.basename(place)) for place in found)
                message = f"{fullname} could be {several}: rename all but one"
                raise ImportError(message, name=fullname)
            return self._notebook(fullname, found[0])
        return None

    def invalidate_caches(self) -> None:
        """Forget the listings of folders, see importlib."""
        self._listings.clear()

    def _candidate(self, folder: object, name: str) -> list[str]:
        """The notebook, or the folder of notebooks, in *folder* that *name* means.

        Several where it cannot be told which.
        """
        folder = folder or os.getcwd()
        listing = self._listing(folder) if isinstance(folder, str) else None
        if listing is None:
            return []
        files = _meant(listing.files.get(name, ()), name + SUFFIX)
        folders = _meant(listing.folders.get(name, ()), name)
        return [os.path.join(str(folder), file) for file in files] or [
            place
            for found in folders
            if self._is_package(place := os.path.join(str(folder), found), found == name)
        ]

    def _is_package(self, place: str, is_importable: bool) -> bool:
        """Is the folder *place* ours to import? A plain folder of that name is so without us."""
        if os.path.isfile(os.path.join(place, INIT)):
            return True
        inside = None if is_importable else self._listing(place)
        return inside is not None and bool(inside.files)

    def _notebook(self, fullname: str, path: str) -> ModuleSpec | None:
        places = None
        if not path.endswith(SUFFIX):
            places, path = [path], os.path.join(path, INIT)
            if not os.path.isfile(path):
                package = ModuleSpec(fullname, None, is_package=True)
                package.submodule_search_locations = places
                return package
        from .loader import NotebookLoader

        loader = NotebookLoader(fullname, path, self)
        return spec_from_file_location(
            fullname, path, loader=loader, submodule_search_locations=places
        )

    def _listing(self, folder: str) -> Listing | None:
        """What is in *folder*, None if it is none."""
        try:
            mtime_ns = os.stat(folder).st_mtime_ns
            known = self._listings.get(folder)
            if known is not None and known.mtime_ns == mtime_ns:
                return known
            listing = Listing(mtime_ns)
            with os.scandir(folder) as entries:
                for entry in entries:
                    _enter(listing, entry)
        except (OSError, ValueError):
            return None
        if time.time() - mtime_ns / 1e9 > SETTLED:
            self._listings[folder] = listing
        return listing

    def _usual_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None
    ) -> ModuleSpec | None:
        """What the finders after this one say."""
        finders = sys.meta_path
        for finder in finders[finders.index(self) + 1 :] if self in finders else ():
            find = getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find is not None else None
            if spec is not None:
                return spec  # type: ignore[no-any-return]
        return None

    def __repr__(self) -> str:
        return f"<NotebookFinder folders={len(self._listings)}>"


def _enter(listing: Listing, entry: os.DirEntry[str]) -> None:
    if entry.name.startswith("."):
        return
    stem, suffix = os.path.splitext(entry.name)
    if suffix == SUFFIX:
        for name in _names(stem):
            listing.files.setdefault(name, []).append(entry.name)
    elif not entry.name.startswith("__") and not suffix and entry.is_dir():
        for name in _names(entry.name):
            listing.folders.setdefault(name, []).append(entry.name)


def _names(stem: str) -> Iterable[str]:
    """What a file or folder can be imported as: ``2 plots-v2`` as ``_2_plots_v2``, too."""
    plain = re.sub(r"\W", "_", unicodedata.normalize("NFKC", stem))
    return dict.fromkeys((stem, plain, f"_{plain}" if plain[:1].isdigit() else plain))


def _meant(found: Iterable[str], name: str) -> list[str]:
    """Which of the files *found* are meant: the one that is spelled like the module, if any."""
    files = sorted(found)
    return [name] if name in files else files


def _goes_before(usual: ModuleSpec, found: str) -> bool:
    """Does what others found stand before the notebook *found*? Not a mere folder without modules."""
    if usual.loader is not None or usual.origin is not None:
        return True
    places = usual.submodule_search_locations or ()
    return found.endswith(SUFFIX) and any(_has_python(place) for place in places)


def _is_asked_by_installed_code(name: str) -> bool:
    """Is it a package's own import of *name*, and not one for whoever uses the package?

    Packages try to import others that may be missing, after which people like to name notebooks:
    to run one of those because of that would be a surprise.
    """
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_MACHINERY):
        frame = frame.f_back
    if frame is None:
        return False
    code = frame.f_code
    parts = code.co_filename.split(os.sep)
    is_installed = "site-packages" in parts or "dist-packages" in parts
    # An import statement has the name among the code's names, a call has it as a string.
    return is_installed and (name in code.co_names or name in code.co_consts)


def _has_python(folder: str, depth: int = 3) -> bool:
    """Are there modules in *folder*, or in folders in it, as in ``google/cloud/storage``?"""
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
        inside = [entry.path for entry in found if depth > 1 and entry.is_dir()]
    except OSError:
        return False
    return any(entry.name.endswith(MODULES) for entry in found) or any(
        _has_python(place, depth - 1) for place in inside
    )
