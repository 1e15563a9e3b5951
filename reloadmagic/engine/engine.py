"""`Engine`: what importlib and the `Reloader` call, for first imports and for reloads."""

from __future__ import annotations

import functools
import gc
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import let_go_of_frames
from ..interrupts import interrupts_wait
from ..modules import TrackedModule, TrackedModules
from .marks import Marks
from .taking import Taken
from .watch import Watch

if TYPE_CHECKING:
    from ..loader import ReloadLoader
    from ..plan import Plan
    from ..reach.index import Index
    from ..reach.tokens import Token
    from ..stamps import Stamp
    from .names import Namespace
    from .outcome import Outcome
    from .progress import Slow
    from .run import Run

__all__ = ["Engine"]


class Engine:
    """Runs modules for the first time and again; there is one for a `Reloader`.

    *tracks* tells whether a module is the user's, *index* gives the one that plans are made by.

    Attributes:
        running: the reload under way.
        imported: first imports during a reload, in order: the module, the thread, the file and
            its stamp.
        marks: what decorators have set on functions.
        watch: the containers of the modules.
        retry: for dependents that failed, the changes for which they were to run.
        interrupted: of these, those that had not had their turn when an interrupt came.
        awaited: for modules that failed, the files of the new modules that they had imported.
        tell: is told, from another thread, of statements that take long.
    """

    def __init__(
        self,
        tracked: TrackedModules,
        index: Callable[[], Index],
        *,
        tracks: Callable[[str], bool],
    ) -> None:
        self.tracked = tracked
        self._index = index
        self.tracks = tracks
        self.running: Run | None = None
        self.imported: list[tuple[str, int, str, Stamp | None]] = []
        self.retry: dict[str, set[Token]] = {}
        self.interrupted: set[str] = set()
        self.awaited: dict[str, dict[str, Stamp | None]] = {}
        self.marks = Marks()
        self.tell: Callable[[Slow], object] | None = None
        self.watch = Watch()
        self._importing: Callable[..., Any] | None = None

    @property
    def index(self) -> Index:
        """Who uses what, made when it is first asked for."""
        return self._index()

    @contextmanager
    def executing(
        self, module: types.ModuleType, loader: ReloadLoader, order: int
    ) -> Iterator[Iterator[types.CodeType]]:
        """What importlib is to run of *module*: all of it, or nothing where a plan is carried out."""
        run = self.running
        if run is not None and run.wants(module):
            with interrupts_wait():
                run.rerun(module, loader)
            yield iter(())
        else:
            if self._importing is None:
                from .imports import importing  # not before something is imported

                self._importing = importing  # for good, as others may hook what imports us
            with self._importing(self, module, loader, order) as codes:
                yield codes

    def take(self, tracked: TrackedModule, namespace: dict[str, Any]) -> Taken:
        """Note what a module that was imported before holds; its source is to explain it."""
        return Taken(tracked, namespace, self.marks, self.watch, self.tracked.source_of)

    def run(self, plan: Plan, namespaces: Iterable[Namespace] = ()) -> tuple[Outcome, ...]:
        """Carry out *plan*; see `Run`."""
        run = _run_type()(self, plan, tuple(namespaces))
        self.running = run
        try:
            return run.carry_out()
        finally:
            self.running = None
            self.watch.begin_again(self.tracked, run.noted)
            dropped = run.state.has_dropped_class
            for error in run.errors:
                let_go_of_frames(error)
            run.state.let_go()
            del run
            if dropped:
                gc.collect()  # or __subclasses__() would go on listing what nobody holds


@functools.cache
def _run_type() -> type[Run]:
    from .run import Run  # which takes time to import: not before something is edited

    return Run
