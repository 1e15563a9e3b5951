"""Which modules are watched: those of the user's that ``sys.modules`` holds, and their files.

In come the modules of the session; out go `TrackedModule`s, what became of their files as far as a
``stat`` tells, and why other modules are left alone. Modules that were imported before are taken
over with what their files hold. Nothing is imported and nothing of the user's runs.
"""

from __future__ import annotations

import os
import sys
import types
import weakref
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from stat import ST_INO, ST_SIZE
from typing import TYPE_CHECKING, Any, cast

from ..bytecode import was_edited_since_import
from ..errors import SourceError
from ..loader import compiles_as_usual
from ..modules import (
    COMPILED,
    TrackedModule,
    TrackedModules,
    module_namespace,
    module_spec,
    spec_in,
)
from ..ownership import Ownership, matches
from ..stamps import stamp_of

if TYPE_CHECKING:
    from ..changes import Stale
    from ..engine.taking import Taken
    from ..source import Source

__all__ = ["Tracking"]

Expected = tuple[TrackedModule, bytes, int | None, int | None, int | None, int | None]
"""A module, its file, and the parts of the stamp that the file is to have."""

# What last ran of modules that are watched no more, by the module's id: for whoever watches them next.
_ledger: dict[int, TrackedModule] = {}


class Tracking:
    """The modules under watch.

    *take* notes what each module that was imported before holds, given its namespace.

    Attributes:
        modules: those under watch, by name; whoever runs one puts it there.
        owns: decides which are to be watched.
    """

    def __init__(
        self,
        modules: TrackedModules,
        owns: Ownership,
        take: Callable[[TrackedModule, dict[str, Any]], Taken],
    ) -> None:
        self.modules = modules
        self.owns = owns
        self._take = take
        # The modules of the session at the last scan: how many, the last of them, and all.
        self._count = 0
        self._last: str | None = None
        self._known: dict[str, None] = {}
        # What the file of each is to look like; made anew where other modules are tracked.
        self._expected: dict[str, Expected] = {}
        self._version = 0
        # The working folder, and how paths in it begin. Files there are looked for from there, as
        # the system then walks through fewer folders for each: all but one, the witness.
        self._folder = self._inside = self._witness = b""
        # Packages without an ``__init__.py``, by where one would be.
        self._bare: dict[str, types.ModuleType] = {}

    # Modules -------------------------------------------------------------------------------------

    def scan(self) -> None:
        """Take over modules that came to be without the finder: imported before, or put there."""
        count, last = len(sys.modules), next(reversed(sys.modules), None)
        if count != self._count or last != self._last:
            self.take_over_new()
            self._count, self._last = count, last  # what was imported meanwhile the next scan sees
        if self._bare:
            self._take_over_begun()
        if self.modules.version != self._version:
            self._version = self.modules.version
            self._expect_all()

    def take_over_new(self) -> None:
        """Take their files for what ran of modules that came since; to `look`, they still are new."""
        modules = dict(sys.modules)
        known = self._known
        unknown = [i for i in modules.items() if i[0] not in known] if known else modules.items()
        if unknown:
            order = -len(unknown)  # before those that the finder counts, from 0 on
            for name, module in self.owns.candidates(unknown):
                if name not in self.modules:
                    self._take_over(name, module, order)
                order += 1
        self._known = dict.fromkeys(modules)

    def _take_over_begun(self) -> None:
        """Packages that have got an ``__init__.py`` since are modules whose source was empty."""
        from ..source import Source

        for path, module in list(self._bare.items()):
            if stamp_of(path) is None:
                continue
            del self._bare[path]
            name = module.__name__
            inside = [t.order for other, t in self.modules.items() if other.startswith(f"{name}.")]
            order = min(inside, default=0) - 1  # its import began before theirs
            source = Source.read(b"", path)
            self.modules[name] = TrackedModule(name, path, weakref.ref(module), order, None, source)

    def scan_anew(self, owns: Ownership) -> None:
        """Have *owns* decide from now on, about all modules of the session."""
        self.owns = owns
        self._count, self._last = 0, None
        self._known.clear()
        self._bare.clear()
        self.scan()

    def forget(self, name: str) -> None:
        """Know no more of the module *name*."""
        self._known.pop(name, None)
        self._bare = {p: module for p, module in self._bare.items() if module.__name__ != name}
        self.modules.forget(name)

    def remember(self, tracked: TrackedModule) -> None:
        """Keep what last ran of a module for whoever watches it next."""
        _ledger[id(tracked.reference())] = tracked

    def _take_over(self, name: str, module: object, order: int) -> None:
        namespace = module_namespace(module)
        spec = spec_in(namespace) if namespace is not None else None
        path = spec.origin if spec is not None else None
        if namespace is None or spec is None or type(path) is not str:
            self._note_bare(name, module, spec)
            return
        if not self.owns(name, path) or not spec.has_location or spec.name != name:
            return
        if namespace.get("__reload__") is False:
            return
        module = cast("types.ModuleType", module)
        known = _ledger.get(id(module))
        if known is not None and known.reference() is module:
            self.modules[name] = known  # as another reloader left it
            return
        if type(spec.loader).__name__ == "zipimporter":
            path = archive_of(path)
        tracked = TrackedModule(name, path, weakref.ref(module), order, stamp_of(path))
        tracked.opaque = opaque_kind(path, spec)
        if not tracked.opaque:
            if getattr(spec.loader, "get_data", None) is None:
                return
            self._read_baseline(tracked, spec, namespace)
        self.modules[name] = tracked

    def _note_bare(self, name: str, module: object, spec: ModuleSpec | None) -> None:
        """Note a package of the user's without an ``__init__.py``, which may get one."""
        places = spec.submodule_search_locations if spec is not None else None
        if spec is None or spec.name != name or not places:
            return
        if type(spec.loader).__name__.lstrip("_") != "NamespaceLoader":
            return
        path = os.path.join(next(iter(places)), "__init__.py")
        if self.owns(name, path) and type(module) is types.ModuleType:
            self._bare[path] = module

    def _read_baseline(
        self, tracked: TrackedModule, spec: ModuleSpec, namespace: dict[str, Any]
    ) -> None:
        """Take the file for what ran, unless its cached bytecode shows that it was edited since."""
        loader: Any = spec.loader
        try:
            data = loader.get_data(tracked.path)
        except OSError:
            tracked.stamp = None
            return
        edited = was_edited_since_import(spec, tracked.stamp)
        taken = self._take(tracked, namespace)

        def read() -> Source | None:
            from ..compiling import source_of

            try:
                source = source_of(loader, data, tracked.path)
            except SourceError:
                return None
            source.drop_tree()
            taken.explain_by(source)
            return source

        if edited is False and compiles_as_usual(loader):
            tracked.read_later(read)  # nothing in it that cannot be parsed
            return
        tracked.source = read()
        if edited or tracked.source is None:
            tracked.source = None
            tracked.stamp = None

    # Their files ---------------------------------------------------------------------------------

    def look(self) -> Stale | None:
        """As `stale`, but None where modules have come or gone: there is more to look at."""
        # All cells wait for this, so it calls os.stat and little else. One that took a module out
        # and put another in its place, without an import, is seen by the next scan.
        if len(sys.modules) != self._count or self.modules.version != self._version:
            return None
        stat = os.stat
        found: Stale = []
        for tracked, path, mtime_ns, size, inode, ctime_ns in self._expected.values():
            try:
                now = stat(path)
                if (
                    now.st_mtime_ns == mtime_ns
                    and now.st_ctime_ns == ctime_ns
                    and now[ST_SIZE] == size  # by place, which takes half of the time
                    and now[ST_INO] == inode
                ):
                    continue
            except (OSError, ValueError):
                pass  # it may be gone
            # By the whole path: another thread may have gone to another folder meanwhile.
            found.append((tracked, stamp_of(tracked.path)))
        if found and self._has_moved():
            return self.look()
        if self._bare:
            for awaited in list(self._bare):
                try:
                    stat(awaited)
                except (OSError, ValueError):
                    continue
                return None  # the package has got one
        return found

    def _has_moved(self) -> bool:
        """Does the session work in another folder now? Then files are expected from there."""
        # Invariant: where it does, something looks different: in another folder the files that are
        # looked for from there, and the witness if this folder has another name now.
        if _working_folder() == self._folder:
            return False
        self._expect_all()
        return True

    def stale(self) -> Stale:
        """Tracked modules whose files are not as they were when they were last read."""
        while True:
            self.scan()
            found = self.look()
            if found is not None:  # no other thread has imported something meanwhile
                return found

    def expect(self, tracked: TrackedModule) -> None:
        """The file of *tracked* has been read: from now on it is as the module's stamp says."""
        was = self._expected.get(tracked.name)
        if was is None:
            return  # not to grow while another thread looks
        expected = self._expected_of(tracked)
        if expected[1] == was[1]:
            self._expected[tracked.name] = expected
        else:  # it is another file
            self._expect_all()

    def _expect_all(self) -> None:
        self._folder = _working_folder()
        self._inside = inside = os.path.join(self._folder, b"")
        tracked = list(self.modules.values())
        paths = [os.fsencode(t.path) for t in tracked]
        self._witness = next((path for path in paths if path.startswith(inside)), b"")
        self._expected = {t.name: self._expected_of(t) for t in tracked}

    def _expected_of(self, tracked: TrackedModule) -> Expected:
        path = os.fsencode(tracked.path)
        if path != self._witness:
            path = path.removeprefix(self._inside)
        return tracked, path, *(tracked.stamp or (None, None, None, None))

    # What is left alone --------------------------------------------------------------------------

    def untracked(self) -> dict[str, str]:
        """Modules of the session that a user might expect to be tracked, and why they are not."""
        return {
            name: self.why_untracked(name)
            for name, module in list(sys.modules.items())
            if name not in self.modules and self._is_expected(name, module)
        }

    def _is_expected(self, name: str, module: object) -> bool:
        """Would the module be tracked but for what its author or the user said, or its loader?"""
        namespace, spec = module_namespace(module), module_spec(module)
        if namespace is None or spec is None or type(spec.origin) is not str:
            return False
        if matches(name, self.owns.exclude) or namespace.get("__reload__") is False:
            return True
        return spec.has_location and self.owns(name, spec.origin)

    def why_untracked(self, name: str) -> str:
        """Why the loaded module *name* is left alone, as a person would say it.

        Empty for a module that is tracked or not loaded.
        """
        if name in self.modules or name not in sys.modules:
            return ""
        module = sys.modules[name]
        namespace, spec = module_namespace(module), module_spec(module)
        if self.owns.why_never(name):
            return self.owns.why_never(name)
        if namespace is not None and namespace.get("__reload__") is False:
            return "opted out by __reload__ = False"
        origin = spec.origin if spec is not None and spec.has_location else None
        if namespace is None or type(origin) is not str:
            is_pythons = name.partition(".")[0] in sys.stdlib_module_names
            return "part of Python's standard library" if is_pythons else "it has no file"
        return self.owns.why_not(name, origin) or "its loader gives no source"


def _working_folder() -> bytes:
    """The working folder, free of links; empty if it was removed."""
    try:
        return os.getcwdb()
    except OSError:
        return b""


def archive_of(path: str) -> str:
    """The file that holds *path*, which lies in an archive."""
    while path and not os.path.isfile(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def opaque_kind(path: str, spec: ModuleSpec) -> str:
    """Why a module can be loaded anew by a restart only; ``""`` if it has source to reload."""
    if path.endswith(tuple(EXTENSION_SUFFIXES)):
        return COMPILED
    if path.endswith(".pyc"):
        return "module without source"
    if type(spec.loader).__name__ == "zipimporter":
        return "module in a zip file"
    return ""
