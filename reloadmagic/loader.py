"""Finder and loader: have what is imported compiled from source, run what they are told to.

`ReloadFinder` stands first on ``sys.meta_path``. It lets the other finders give the usual spec and
puts the project's own loader into it, a subclass of the loader that was found, so that everything
else about the module (resources, ``isinstance`` checks, import hooks that change the code) stays as
it was. The loader reads the source itself, as cached bytecode is validated by whole-second mtime
and size and can lag an edit, and hands it to an `Executor`. Which statements run is not decided
here.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import itertools
import os
import sys
import types
import weakref
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import ModuleSpec
from typing import Any, Protocol

from .modules import module_spec

__all__ = [
    "MERGE_HOOK",
    "Executor",
    "ReloadFinder",
    "ReloadLoader",
    "compiles_as_usual",
    "reads_as_usual",
]

# A name that no source can spell, so that it collides with none of the user's.
MERGE_HOOK = "<reloadmagic>"
# Frames in these files are ours, or run ours.
_OURS = (os.path.join(os.path.dirname(__file__), ""), contextlib.__file__)


class Executor(Protocol):
    """Runs a module's source in its namespace, for the first time or again."""

    def tracks(self, name: str, path: str) -> bool:
        """Is the module *name* with the file *path* one to be given the project's own loader?"""

    def spec_for(self, name: str, found: ModuleSpec | None) -> ModuleSpec | None:
        """The spec a loaded module is to be reloaded by, where the finders *found* that one."""

    def started(self, name: str, order: int) -> None:
        """The import of *name* begins; *order* counts the imports begun."""

    def executing(
        self, module: types.ModuleType, loader: ReloadLoader, order: int
    ) -> contextlib.AbstractContextManager[Iterator[types.CodeType]]:
        """What is to run of *module*: all of it on its first import.

        On a reload it is nothing: entering has run what the plan says.
        """


class ReloadLoader:
    """What an adopted loader adds to the class that was found, see `adopt`."""

    # Weak: a module's loader lives as long as the module, and its executor may be gone by then.
    executor: weakref.ref[Executor]
    order: int
    get_data: Callable[[str], bytes]  # of the class that was found

    def exec_module(self, module: types.ModuleType) -> None:
        """Run *module* through the executor while there is one, as usual afterwards."""
        error = self._failure_of(module)
        try:
            if error is not None:
                raise error
        finally:
            del error  # or it would hold this frame, which holds it

    # Named as importlib's own frames, of which an import statement cleans what its code raises.
    exec_module.__code__ = exec_module.__code__.replace(
        co_filename="<frozen importlib._bootstrap>",
        co_name="_call_with_frames_removed",
        co_qualname="_call_with_frames_removed",
    )

    def _failure_of(self, module: types.ModuleType) -> BaseException | None:
        """Run *module*; what it raised, with its traceback from the module's own code on."""
        executor = self.executor()
        try:
            if executor is None:
                super().exec_module(module)  # type: ignore[misc]
            else:
                # Modules that import each other nest, so the code runs right here: an import takes
                # no more frames than it does without us.
                with executor.executing(module, self, self.order) as codes:
                    for code in codes:
                        exec(code, vars(module))
        except BaseException as error:  # noqa: BLE001 - raised again by exec_module
            spec = module_spec(module)
            return error.with_traceback(_traceback_from(error, str(spec and spec.origin)))
        return None


def _traceback_from(error: BaseException, path: str) -> types.TracebackType | None:
    """The traceback of *error* from the first frame in the file *path* on; without one, our frames
    are left out.
    """
    found = error.__traceback__
    while found is not None and not found.tb_frame.f_code.co_filename.startswith(path):
        found = found.tb_next
    if found is None:
        found = error.__traceback__
        while found is not None and found.tb_frame.f_code.co_filename.startswith(_OURS):
            found = found.tb_next
    return found


_adopted: dict[type, type] = {}
_counter = itertools.count()


def adopt(loader: Any, executor: Executor, order: int) -> Any:
    """*loader* as one that runs modules through *executor*; a loader adopted before is taken over.

    Only instances of `SourceLoader` subclasses with the usual ``exec_module`` can be adopted;
    others are returned as they are.
    """
    kind = type(loader)
    if not isinstance(loader, ReloadLoader):
        if kind not in _adopted:
            # The standard loaders inherit exec_module from a base that importlib.abc only mirrors.
            usual = getattr(kind, "exec_module", None)
            if not hasattr(kind, "source_to_code"):
                return loader  # loads bytecode only
            if usual is not importlib.machinery.SourceFileLoader.exec_module:
                from importlib.abc import SourceLoader  # slow to import, and seldom needed

                if not isinstance(loader, SourceLoader) or usual is not SourceLoader.exec_module:
                    return loader
            bases = (ReloadLoader, kind)
            _adopted[kind] = type(kind.__name__, bases, {"__module__": kind.__module__})
        adopted: Any = object.__new__(_adopted[kind])
        adopted.__dict__.update(vars(loader))
    else:
        adopted = loader
    adopted.executor = weakref.ref(executor)
    adopted.order = order
    return adopted


def compiles_as_usual(loader: Any) -> bool:
    """Does the loader compile as importlib does?"""
    method = getattr(type(loader), "source_to_code", None)
    return method is importlib.machinery.SourceFileLoader.source_to_code


def reads_as_usual(get_data: Any) -> bool:
    """Does a loader with this method read files as importlib does? Not if somebody has replaced it."""
    code = getattr(get_data, "__code__", None)
    return code is not None and code.co_filename == "<frozen importlib._bootstrap_external>"


class ReloadFinder:
    """Gives the spec that the other finders give, with the project's own loader in it."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def install(self) -> None:
        """Stand before all other finders."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Stand aside; what was imported keeps its loader."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The usual spec, with our loader if the module is the user's; see importlib."""
        spec = self._usual_spec(fullname, path, target)
        if target is not None:
            spec = self.executor.spec_for(fullname, spec)
        if spec is None or not spec.has_location or spec.origin is None:
            return spec
        if spec.loader is not None and self.executor.tracks(fullname, spec.origin):
            order = next(_counter)
            spec.loader = adopt(spec.loader, self.executor, order)
            if target is None:
                self.executor.started(fullname, order)
        return spec

    def _usual_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None
    ) -> ModuleSpec | None:
        """What the finders after this one say; those before it were asked already."""
        finders = sys.meta_path
        after = finders[finders.index(self) + 1 :] if self in finders else finders
        for finder in after:
            find = getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find is not None else None
            if spec is not None:
                return spec  # type: ignore[no-any-return]
        return None

    def usual_spec(self, name: str) -> ModuleSpec | None:
        """Where an import of *name* would find it now; runs nothing, imports no parents.

        None too where a parent is not a package.
        """
        parent = name.rpartition(".")[0]
        path = None
        if parent:
            spec = module_spec(sys.modules.get(parent))
            path = getattr(spec, "submodule_search_locations", None)
            if path is None:  # it may have become a package since
                path = getattr(self.usual_spec(parent), "submodule_search_locations", None)
            if path is None:
                return None
        try:
            return self._usual_spec(name, path, None)
        except Exception:  # noqa: BLE001  # finders of others may raise anything; no spec is the safe answer
            return None
