"""`Caches`: function caches are emptied when what they were computed by has changed."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..live import class_dict

if TYPE_CHECKING:
    from ..reach.index import Token
    from .state import State

__all__ = ["Caches"]


class Caches:
    """The `functools.lru_cache` objects of the user's modules, found when first asked for."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.cleared: set[Token] = set()
        self._found: list[tuple[tuple[str, str], Any]] | None = None

    def clear(self) -> None:
        """Empty the caches of functions which run, or read, something that has changed."""
        if self._found is None:
            self._found = list(self._find())
        if not self._found:
            return
        for token in self.state.effects.tokens() - self.cleared:
            self.cleared.add(token)
            users = self.state.index.reached_functions(token)
            for place, cache in self._found:
                if place in users:
                    cache.cache_clear()

    def _find(self) -> Iterator[tuple[tuple[str, str], Any]]:
        """The caches, with module and qualname."""
        for name, tracked in self.state.tracked.items():
            for key, value in list(tracked.namespace.items()):
                if type(value) is functools._lru_cache_wrapper:
                    yield (name, key), value
                elif isinstance(value, type) and class_dict(value).get("__module__") == name:
                    for attr, part in list(class_dict(value).items()):
                        if type(part) is functools._lru_cache_wrapper:
                            yield (name, f"{key}.{attr}"), part
