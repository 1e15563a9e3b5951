"""Modules that were imported before we were there: what they hold is noted, and read when needed.

In come such modules with their namespaces; at once goes down what may be another thing later on.
Which statement stands behind it their sources tell, which are parsed when something is edited.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from ..live import hold
from .marks import attributes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..modules import TrackedModule
    from ..source import Source
    from .marks import Marks
    from .watch import Watch

__all__ = ["Taken"]


class Taken:
    """What a module held when it was taken over: its names, containers and marks."""

    __slots__ = ("_attributes", "_held", "_marks", "_source_of", "_tracked")

    def __init__(
        self,
        tracked: TrackedModule,
        namespace: dict[str, Any],
        marks: Marks,
        watch: Watch,
        source_of: Callable[[str], Source | None],
    ) -> None:
        self._tracked = tracked
        self._source_of = source_of
        self._marks = marks
        self._held = hold(list(namespace), namespace)
        self._attributes: weakref.WeakKeyDictionary[Any, frozenset[str]]
        self._attributes = weakref.WeakKeyDictionary(attributes_of(namespace, tracked.name))
        watch.add(tracked, namespace)

    def explain_by(self, source: Source) -> None:
        """*source* is what ran: say which of its statements bound what, and what only imports did."""
        from ..notes import imported_names
        from .stars import note_stars

        tracked, namespace, held = self._tracked, self._tracked.namespace, self._held
        last = {n: i for i, s in enumerate(source.statements) for n in s.binds}
        tracked.bound = [
            {n: held[n] for n in s.binds if last[n] == i and n in held}
            for i, s in enumerate(source.statements)
        ]
        note_stars(tracked, source, self._source_of)
        others = imported_names(source, tracked.stars.values())
        tracked.noted = {
            key: note for key, note in tracked.noted.items() if key.partition(".")[0] not in others
        }
        foreign = {
            function: attributes - self._attributes.get(function, frozenset())
            for function, attributes in attributes_of(namespace, tracked.name).items()
        }
        self._marks.note(tracked, source, range(len(source.statements)), foreign)
