"""`Importing`: what the import system asks while a `Reloader` watches.

In come names and specs from our finder, and modules from our loader; out goes what is to run of
them, which the engine says.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from ..loader import ReloadFinder
from ..modules import module_spec

if TYPE_CHECKING:
    import types

    from ..changes import Change
    from ..engine import Engine
    from ..loader import ReloadLoader
    from ..reloader import Reloader
    from ..source import Source
    from .tracking import Tracking

__all__ = ["Importing", "watching"]

log = logging.getLogger(__name__)

# Whose frames stand between an import and what has asked for it.
_IMPORTING = ("<frozen importlib", os.path.join(os.path.dirname(os.path.dirname(__file__)), ""))


class Importing:
    """The `Executor` of a reloader. *pending* are the changes that wait for it, by module.

    Attributes:
        reloader: whom it serves.
    """

    def __init__(
        self, reloader: Reloader, tracking: Tracking, engine: Engine, pending: dict[str, Change]
    ) -> None:
        self.reloader = reloader
        self._tracking = tracking
        self._engine = engine
        self._pending = pending

    def tracks(self, name: str, path: str) -> bool:
        """Is the module *name* with the file *path* one to reload?"""
        return self._tracking.owns(name, path)

    def spec_for(self, name: str, found: ModuleSpec | None) -> ModuleSpec | None:
        """The spec *found*, unless there is none, or it is of another file than the one to run."""
        tracked = self._tracking.modules.get(name)
        running = self._engine.running
        planned = running.path_of(name) if running is not None else None
        if tracked is None or (found is not None and planned != tracked.path):
            return found
        if found is not None and found.origin == planned:
            return found
        places = tracked.namespace.get("__path__")
        # The module's own loader, as the file's name alone does not tell one that reads notebooks.
        return importlib.util.spec_from_file_location(
            name,
            tracked.path,
            loader=getattr(module_spec(tracked.reference()), "loader", None),
            submodule_search_locations=list(places) if places is not None else None,
        )

    def started(self, name: str, order: int) -> None:
        """An import begins."""
        log.debug("import %d: %s", order, name)
        self._note_beginning(name, _asking(sys._getframe(1)))

    def _note_beginning(self, name: str, asks: types.FrameType | None) -> None:
        """Note which statement has called what *asks* for the module *name*.

        What it imports itself its text tells.
        """
        caller = asks
        while caller is not None and caller.f_code.co_name != "<module>":
            caller = caller.f_back
        if asks is None or caller is None or caller is asks:
            return
        source = self._source_of(str(caller.f_globals.get("__name__")))
        if source is not None:
            lineno = source.line_at(caller.f_code.co_filename, caller.f_lineno)
            number = source.statement_at(lineno)
            if lineno and number >= 0:
                is_named = asks.f_code is not importlib.import_module.__code__
                source.began.setdefault(number, {})[name] = is_named

    def _source_of(self, name: str) -> Source | None:
        """The source of the module *name* that is running."""
        running, tracked = self._engine.running, self._tracking.modules.get(name)
        source = running.source_of(name) if running is not None else None
        return source if source is not None or tracked is None else tracked.source

    @contextmanager
    def executing(
        self, module: types.ModuleType, loader: ReloadLoader, order: int
    ) -> Iterator[Iterator[types.CodeType]]:
        """What importlib is to run of a module."""
        if self._engine.running is None and self.reloader.run_again(module):
            yield iter(())
            return
        with self._engine.executing(module, loader, order) as codes:
            yield codes
        self._pending.pop(module.__name__, None)


def _asking(frame: types.FrameType | None) -> types.FrameType | None:
    """The frame that asks the import system for a module."""
    while frame is not None and frame.f_code.co_filename.startswith(_IMPORTING):
        frame = frame.f_back
    return frame


def watching() -> list[Reloader]:
    """The reloaders that watch imports; first the one that is asked first."""
    executors = [found.executor for found in sys.meta_path if isinstance(found, ReloadFinder)]
    return [found.reloader for found in executors if isinstance(found, Importing)]
