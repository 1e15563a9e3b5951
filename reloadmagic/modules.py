"""The modules that are reloaded: what last ran of each, and how they are looked at.

In come live modules; out go their specs and namespaces, and `TrackedModule`s, which remember what
last ran. Modules may be lazy, hostile or none at all: no code of theirs runs here.
"""

from __future__ import annotations

import sys
import threading
import types
import weakref
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

from .errors import let_go

if TYPE_CHECKING:
    from .source import Source
    from .stamps import Stamp

__all__ = [
    "COMPILED",
    "REPLACED",
    "TrackedModule",
    "TrackedModules",
    "is_importing",
    "module_namespace",
    "module_spec",
    "spec_in",
]

COMPILED = "compiled extension"
REPLACED = "module that puts another object in its place"


def module_spec(module: object) -> ModuleSpec | None:
    """A module's spec, read without running any code of the module's own; None if it has none."""
    if type(module) is types.ModuleType:
        return spec_in(module.__dict__)  # as `module_namespace`, which is asked this most of all
    namespace = module_namespace(module)
    return spec_in(namespace) if namespace is not None else None


def is_importing(module: object) -> bool:
    """Is the first import of the module still under way?

    importlib says so in the spec, for its own locks (``importlib._bootstrap._load_unlocked``).
    """
    return getattr(module_spec(module), "_initializing", False) is True


def spec_in(namespace: dict[str, Any]) -> ModuleSpec | None:
    """The spec of the module whose namespace it is; None if it has none."""
    spec = namespace.get("__spec__")
    return spec if spec is not None and type(spec).__name__ == "ModuleSpec" else None


def module_namespace(module: object) -> dict[str, Any] | None:
    """``vars(module)`` of a real module, however hostile; None for what only poses as one."""
    if type(module) is types.ModuleType:
        return module.__dict__
    if not issubclass(type(module), types.ModuleType):
        return None
    try:
        namespace = types.ModuleType.__getattribute__(module, "__dict__")
    except Exception:  # noqa: BLE001  # a lazy module may have overridden even this
        return None
    return namespace if type(namespace) is dict else None


_reading = threading.RLock()


class TrackedModule:
    """A module of the user's and what last ran of it.

    Attributes:
        name: absolute module name.
        path: the file that is watched.
        stamp: of the file when its bytes were read; None while it is not there.
        bound: for each statement of *source* what it bound, as far as that can be held weakly.
        gone: functions and classes that edits took out, by kind of statement and name.
        stars: for star-imports, by position, the names that they bound and no later one does.
        unexplained: names that its execution bound and no statement does, through ``globals()`` say.
        noted: what the module's execution left in its containers, by dotted name.
        handlers: what the module's execution attached to loggers.
        order: when its first import started, as a running number.
        owed: statements of *source*, by position, that were kept by the user's word when they were
            to run.
        opaque: why it can only be restarted for (``"compiled extension"``), or ``""``.
    """

    __slots__ = (
        "_is_being_read", "_read", "_source", "bound", "failed", "gone", "handlers", "name", "noted", "opaque", "order",
        "owed", "path", "reference", "stale", "stamp", "stars", "unexplained",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        path: str,
        reference: weakref.ref[types.ModuleType],
        order: int,
        stamp: Stamp | None = None,
        source: Source | None = None,
    ) -> None:
        self.name = name
        self.path = path
        self.reference = reference
        self.order = order
        self.stamp = stamp
        self._source = source
        self._read: Callable[[], Source | None] | None = None
        self._is_being_read = False
        self.bound: list[dict[str, weakref.ref[Any]]] = []
        self.gone: dict[tuple[str, str], weakref.ref[Any]] = {}
        self.stars: dict[int, frozenset[str]] = {}
        self.unexplained: frozenset[str] = frozenset()
        self.noted: dict[str, Any] = {}
        self.handlers: list[weakref.ref[Any]] = []
        self.owed: frozenset[int] = frozenset()
        self.opaque = ""
        self.stale = False
        self.failed: Exception | None = None

    @property
    def source(self) -> Source | None:
        """The version that last ran; None for what cannot be reloaded from source.

        And for what is being read, to those that are read on the way.
        """
        if self._read is not None:
            with _reading:
                read = None if self._is_being_read else self._read
                if read is not None:
                    self._is_being_read = True
                    try:
                        self.source = read()
                    finally:
                        self._is_being_read = False
        return self._source

    @source.setter
    def source(self, source: Source | None) -> None:
        self._source, self._read = source, None

    def read_later(self, read: Callable[[], Source | None]) -> None:
        """The source is what *read* returns once somebody asks for it."""
        self._read = read

    @property
    def module(self) -> types.ModuleType | None:
        """The live module, None once ``sys.modules`` holds it no longer."""
        module = self.reference()
        return module if module is not None and sys.modules.get(self.name) is module else None

    @property
    def namespace(self) -> dict[str, Any]:
        """``vars`` of the module, empty once it is gone."""
        module = self.reference()
        if type(module) is types.ModuleType:
            return module.__dict__  # as `module_namespace`, which is asked this most of all
        found = module_namespace(module) if module is not None else None
        return {} if found is None else found

    def let_go_of_error(self) -> None:
        """Keep alive nothing that only the code which failed last held."""
        if self.failed is not None:
            let_go(self.failed)

    def __repr__(self) -> str:
        state = "failed" if self.failed else "stale" if self.stale else "current"
        return f"<TrackedModule {self.name} {state}>"


class TrackedModules(dict[str, TrackedModule]):
    """The modules under watch, by name; put in by item assignment, taken out by `forget` alone.

    Attributes:
        version: another number once other modules are in it.
    """

    version = 0

    def source_of(self, name: str) -> Source | None:
        """The version of the module *name* that last ran; None for one that is not watched."""
        tracked = self.get(name)
        return None if tracked is None else tracked.source

    def __setitem__(self, name: str, tracked: TrackedModule) -> None:
        super().__setitem__(name, tracked)
        self.version += 1

    def forget(self, name: str) -> None:
        """Know no more of the module *name*."""
        if self.pop(name, None) is not None:
            self.version += 1
