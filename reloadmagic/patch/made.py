"""Which objects a run has made.

A class body or a closure made anew holds functions that the run made, which are carried into the
old ones, and objects that were there before, which are mere mentions and must not be touched. The
collector can tell: with its young generation emptied before the run and the collector paused, all
that is young was made since.
"""

from __future__ import annotations

import gc
from types import TracebackType
from typing import Any, Self

__all__ = ["Made"]

_MANY = 2000


class Made:
    """Pauses the collector and knows the objects made since; a context manager.

    Asked about functions, classes, wrappers and instances of Python classes only: a plain dict
    may become young when something is put into it.
    """

    def __init__(self) -> None:
        # Invariant: ids only ever join. What now lives at an id that was young is young itself,
        # as objects from before the run do not move.
        self._ids: set[int] = set()
        self._paused = False

    def __enter__(self) -> Self:
        self._paused = gc.isenabled()
        gc.disable()
        gc.collect(0)
        gc.callbacks.append(self._before_collection)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        gc.callbacks.remove(self._before_collection)
        self._ids.clear()
        if self._paused:
            gc.enable()

    def has(self, value: object) -> bool:
        """Whether *value* was made since."""
        if id(value) not in self._ids:
            self.look()
        return id(value) in self._ids

    def had(self, value: object) -> bool:
        """Whether *value* had been made when `look` was last called."""
        return id(value) in self._ids

    def among(self, values: list[Any]) -> list[Any]:
        """Those of *values* that had been made when `look` was last called."""
        ids = self._ids
        return [value for value in values if id(value) in ids]

    def collect(self) -> None:
        """Let go of what the run made and dropped, so that ``__subclasses__()`` is right."""
        gc.collect(1)

    def look(self) -> None:
        """Take note of what has been made by now."""
        young = gc.get_objects(generation=0)
        self._ids.update(map(id, young))
        if len(young) > _MANY:
            del young
            gc.collect(0)  # so that each object is looked at a few times only

    def _before_collection(self, phase: str, info: dict[str, Any]) -> None:  # noqa: ARG002
        # The run itself may collect: what survives is no longer young.
        if phase == "start":
            self._ids.update(map(id, gc.get_objects(generation=0)))
