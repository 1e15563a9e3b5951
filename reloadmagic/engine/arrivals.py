"""The first run of a module that an edited one imports, while that edit is carried out.

It runs in parts, so that what arrives in it can be seen to at once, before later statements use it:
names of star-imports that are not there yet where all is imported anew, and definitions that an
edit took out of another module and that stay the objects they are. Between the parts, what it
imports and is stale has its turn, and within them what functions import that they call.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..diff import diff_sources
from ..plan import ModulePlan
from ..source import Source
from .cycles import give_back_later_names
from .late import at_imports
from .noting import Fillable, fillable
from .reloading import reload_module
from .settling import settle
from .state import Work
from .turns import awaited_by, descents

if TYPE_CHECKING:
    from ..modules import TrackedModule
    from ..notes import Note
    from .recorder import Recorder
    from .state import State

__all__ = ["Arrival"]


class Arrival:
    """A module that runs for the first time.

    *moved* are objects, by the position of the statement that defines them anew.

    Attributes:
        alone: positions of the statements that are parts of their own.
        filled: by statement, the objects that it may fill, as they are before it runs.
    """

    def __init__(self, state: State, tracked: TrackedModule, moved: Mapping[int, Any]) -> None:
        assert tracked.source is not None
        statements = tracked.source.statements
        self._state = state
        self._tracked = tracked
        self._moved = moved
        self._statements = len(statements)
        stars = {n for n, statement in enumerate(statements) if "*" in statement.binds}
        self._behind = descents(state, tracked.name)
        self._awaited = awaited_by(state, tracked.name, {})
        self.alone = frozenset(stars.union(moved, self._behind, self._awaited))
        self.filled: dict[int, list[Fillable]] = {}
        noted = (other.noted.values() for other in state.tracked.values()) if moved else ()
        self._noted: dict[int, Note] = {note.identity: note for note in chain(*noted)}
        self._expect(0)

    def reach(self, number: int) -> None:
        """The statement *number* is next: what it imports and is stale has its turn before it."""
        for target in self._behind.get(number, ()):
            self._reload(target, number)

    def running(self, number: int) -> AbstractContextManager[None]:
        """While the statement *number* runs, what functions import has its turn when they do."""
        return at_imports(self._awaited.get(number, {}), partial(self._reload, number=number))

    def _reload(self, target: str, number: int) -> None:
        """Have a stale module take its turn where the statement *number* imports it."""
        if not self._state.work[target].started:
            reload_module(self._state, target)
            self._expect(number)

    def _expect(self, number: int) -> None:
        """What the statements from *number* on may fill is as it is now, and will be another."""
        state, module = self._state, self._tracked.name
        for later in range(number, self._statements):
            self.filled[later] = fillable(state, module, later)
            for target in state.index.filling.filled_by((module, later)):
                state.effects.groups.replays.give_up(target)

    def see(self, number: int, recorder: Recorder) -> None:
        """The statement *number*, one of `alone`, has run; *recorder* has what it bound."""
        if number in self._moved:
            self._settle(number, recorder.namespace)
        else:
            give_back_later_names(self._state, self._tracked.name, number, recorder)

    def keep_notes(self) -> None:
        """What came at run time into an object that has moved here is no more the module's own."""
        statements = self._tracked.source.statements if self._tracked.source is not None else ()
        for number, old in self._moved.items():
            name = statements[number].binds[0]
            if self._tracked.namespace.get(name) is not old:
                continue
            for key, note in self._tracked.noted.items():
                known = self._noted.get(note.identity) if key.partition(".")[0] == name else None
                if known is not None and note.identity not in self._state.containers.refilled:
                    self._tracked.noted[key] = known

    def _settle(self, number: int, namespace: dict[str, Any]) -> None:
        """Have a definition that has come from another module stay the object that it is."""
        source = self._tracked.source
        assert source is not None
        nothing = Source.read(b"", source.path)
        plan = ModulePlan(self._tracked, nothing, source, diff_sources(nothing, source))
        name = source.statements[number].binds[0]
        old = self._moved[number]
        namespace[name] = settle(self._state, Work(plan), number, name, old, namespace[name])
        if source.statements[number].fragment.kind == "class":
            self._state.made.collect()  # or __subclasses__() would list twins
