"""`Caches`: function caches are emptied when what they were computed by has changed."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..live import class_dict, find_class

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
        """The caches, with module and qualname: decorators make them."""
        for name, qualname in self.state.index.decorated():
            tracked = self.state.tracked.get(name)
            if tracked is None:
                continue
            owner, _, attr = qualname.rpartition(".")
            home: Any = tracked.namespace
            if owner:
                cls = find_class(home, owner)
                home = class_dict(cls) if cls is not None else {}
            value = home.get(attr)
            if type(value) is functools._lru_cache_wrapper:
                yield (name, qualname), value
