"""Which modules are the user's.

In come the names of modules and their files; out goes whether they are to be reloaded, and why they
are left alone, as a person would say it. No file is opened.
"""

from __future__ import annotations

import os
import site
import sys
import types
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from importlib.machinery import ModuleSpec

__all__ = ["Ownership", "matches"]

_SESSION = frozenset({"__main__", "__mp_main__"})


class Ownership:
    """Decides which modules are the user's: with Python source, and not installed by others.

    *include* and *exclude* are patterns (`fnmatch`) on absolute module names; a pattern means the
    submodules of what it matches too. An answer is kept for the folder it was found for.
    """

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        self.include = tuple(include)
        self.exclude = tuple(exclude)
        self._folders: dict[str, bool] = {}
        # Top-level packages of others, all of which lies in one folder.
        self._packages: set[str] = set()
        # The standard library's two folders, which sysconfig knows too but takes long to say.
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        roots: set[str | None] = {
            os.path.dirname(os.__file__),
            os.path.join(sys.base_exec_prefix, sys.platlibdir, version),
        }
        roots.update(site.getsitepackages() if hasattr(site, "getsitepackages") else ())
        roots.add(site.getusersitepackages() if hasattr(site, "getusersitepackages") else None)
        self._foreign = tuple(
            os.path.join(os.path.realpath(root), "") for root in roots if root
        ) + tuple(os.path.join(root, "") for root in roots if root)
        self._own = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")

    def __call__(self, name: str, path: str) -> bool:
        """Is the module *name*, whose file is *path*, the user's?"""
        if name in _SESSION or name.partition(".")[0] == "reloadmagic":
            return False
        if self.exclude and matches(name, self.exclude):
            return False
        if self.include and matches(name, self.include):
            return True
        return self._in_users(os.path.dirname(path))

    def _in_users(self, folder: str) -> bool:
        answer = self._folders.get(folder)
        if answer is None:
            answer = self._folders[folder] = self._is_users(folder)
        return answer

    def candidates(self, modules: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
        """Those of *modules*, with their names, that may be the user's.

        Nearly all that is loaded lies in packages or folders known to be of others, and is told at
        a glance.
        """
        if self.include:
            yield from modules
            return
        for name, module in modules:
            package, dot, _ = name.partition(".")
            if not (dot and package in self._packages) and not self._is_others(name, module):
                self._packages.discard(name)
                yield name, module

    def _is_others(self, name: str, module: object) -> bool:
        """Does the module *name* certainly lie in a folder of others?"""
        if type(module) is not types.ModuleType:
            return False
        spec = module.__dict__.get("__spec__")
        if type(spec) is not ModuleSpec or type(spec.origin) is not str:
            return False
        folder = spec.origin.rpartition(os.sep)[0]
        if not folder or self._in_users(folder):
            return False
        if spec.submodule_search_locations == [folder] and "." not in name:
            self._packages.add(name)
        return True

    def _is_users(self, folder: str) -> bool:
        if not os.path.isabs(folder):
            return folder != "" or os.path.isdir(os.curdir)
        slashed = os.path.join(folder, "")
        parts = slashed.split(os.sep)
        return not (
            "site-packages" in parts
            or "dist-packages" in parts
            or slashed.startswith((*self._foreign, self._own))
        )

    def why_not(self, name: str, path: str) -> str:
        """Why the module is left alone, as a person would say it; ``""`` if it is not."""
        if self(name, path):
            return ""
        if why := self.why_never(name):
            return why
        if name.partition(".")[0] in sys.stdlib_module_names:
            return "part of Python's standard library"
        return "installed, and not under your own folders (include it to have it reloaded)"

    def why_never(self, name: str) -> str:
        """Why the module is left alone wherever its file is; ``""`` if that decides."""
        if name in _SESSION:
            return "the session itself"
        if name.partition(".")[0] == "reloadmagic":
            return "reloadmagic itself"
        return "excluded" if matches(name, self.exclude) else ""


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Does one of *patterns*, or a pattern for a package that *name* is in, match?"""
    return any(
        fnmatchcase(name, pattern) or fnmatchcase(name, pattern + ".*") for pattern in patterns
    )
