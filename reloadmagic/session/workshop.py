"""`Workshop`: who does the work of a `Reloader` once there is some.

Nearly all that a session imports of us comes with it, so it is made when a file first looks
different or somebody asks what an edit would do; most of that with its planning.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

from ..undo import Undo
from .attempts import Attempts
from .edits import Edits
from .updating import Updater

if TYPE_CHECKING:
    from ..changes import Change
    from ..engine import Engine
    from .namespaces import Namespaces
    from .planning import Planning
    from .reloads import Reloads
    from .tracking import Tracking

__all__ = ["Workshop"]


class Workshop:
    """The rooms that a reload goes through.

    *pending* are the changes that wait, by module; *find_spec* says where an import would find a
    module now; *install* has our finder stand first again.
    """

    def __init__(
        self,
        tracking: Tracking,
        engine: Engine,
        namespaces: Namespaces,
        pending: dict[str, Change],
        find_spec: Callable[[str], ModuleSpec | None],
        install: Callable[[], object],
    ) -> None:
        self.undo = Undo()
        self.attempts = Attempts(tracking.modules, find_spec, engine.awaited, engine.interrupted)
        self.edits = Edits(tracking, pending, find_spec, self.attempts, engine.retry)
        self.updater = Updater(engine, tracking, self.edits, self.attempts, namespaces, install)
        self._tracking = tracking
        self._engine = engine
        self._find_spec = find_spec
        self._planned_by = tracking, pending, engine.retry, self.attempts, find_spec

    @functools.cached_property
    def planning(self) -> Planning:
        """Who plans, once a file turns out to be more than touched."""
        from .planning import Planning

        return Planning(*self._planned_by)

    @functools.cached_property
    def reloads(self) -> Reloads:
        """Who goes through all of these."""
        from .reloads import Reloads

        return Reloads(self, self._tracking, self._find_spec)

    def forget(self, name: str) -> None:
        """Know no more of the module *name*."""
        self._tracking.forget(name)
        self._engine.retry.pop(name, None)
        self._engine.awaited.pop(name, None)
        self._engine.interrupted.discard(name)
        self.edits.forget(name)
        self.undo.held.pop(name, None)
        if "planning" in vars(self):
            self.planning.forget(name)
