"""`Caches`: what functions have remembered is forgotten when what it was computed by has changed.

That is what `functools.lru_cache` keeps, and `functools.cached_property` in each instance.
"""

from __future__ import annotations

import functools
import gc
import types
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..live import class_dict, find_class
from ..patch.inside import subclasses
from ..plan import OWN_REASONS
from ..plan.groups import content_token
from ..plan.produces import changed_outside
from ..transaction import instance_dict

if TYPE_CHECKING:
    from ..plan import ModulePlan
    from ..reach.tokens import Token
    from .state import State

__all__ = ["Caches"]


def _assigned(namespace: dict[str, Any]) -> Iterator[tuple[tuple[str, str], Callable[[], None]]]:
    """``cached = lru_cache(function)``: what empties it, with the place of the function."""
    for value in namespace.values():
        if type(value) is functools._lru_cache_wrapper:
            function = value.__dict__.get("__wrapped__")
            if type(function) is types.FunctionType:
                yield (function.__module__, function.__qualname__), value.cache_clear


class Caches:
    """The caches and cached properties of the user's modules, found when first asked for."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.cleared: set[Token] = set()
        self._found: list[tuple[tuple[str, str], Any]] | None = None

    def clear(self) -> None:
        """Empty the caches of functions which run, or read, something that has changed."""
        if self._is_needed():
            self._clear(self.state.effects.tokens())

    def clear_ahead(self, plan: ModulePlan, number: int) -> None:
        """Empty those of functions which read what a new or edited statement is about to fill or set.

        What the statement itself computes before stays in them.
        """
        if OWN_REASONS.isdisjoint(plan.run.get(number, ())) or not self._is_needed():
            return
        here, index = plan.name, self.state.index
        self._clear(map(content_token, index.filling.filled_by((here, number))))
        self._clear(changed_outside(index, (here, number)))

    def _is_needed(self) -> bool:
        """Are there any caches?"""
        if self._found is None:
            self._found = list(self._find())
        return bool(self._found)

    def _clear(self, tokens: Iterable[Token]) -> None:
        for token in set(tokens) - self.cleared:
            self.cleared.add(token)
            users = self.state.index.reached_functions(token)
            for place, clear in self._found or ():
                if place in users:
                    clear()
                    self.state.transaction.on_rollback(clear)  # of what new code has computed

    def _find(self) -> Iterator[tuple[tuple[str, str], Callable[[], None]]]:
        """What empties the caches, with module and qualname: decorators make them."""
        index = self.state.index
        for name, qualname in ((n, q) for n, found in index.decorated.items() for q in found):
            tracked = self.state.tracked.get(name)
            if tracked is None:
                continue
            owner, _, attr = qualname.rpartition(".")
            home: Any = tracked.namespace
            cls = None
            if owner:
                cls = find_class(home, owner)
                home = class_dict(cls) if cls is not None else {}
            value = home.get(attr)
            if type(value) is functools._lru_cache_wrapper:
                yield (name, qualname), value.cache_clear
            elif type(value) is functools.cached_property and cls is not None:
                yield (name, qualname), partial(self._forget, cls, attr)
        for name in sorted(index.caching):
            if name in self.state.tracked:
                yield from _assigned(self.state.tracked[name].namespace)

    def _forget(self, cls: type, name: str) -> None:
        """Drop what a cached property has left in the instances of *cls* and of classes below."""
        kinds = [cls, *subclasses(cls)]
        ids = set(map(id, kinds))
        for value in gc.get_referrers(*kinds):
            if id(type(value)) in ids and name in (instance_dict(value) or {}):
                self.state.transaction.del_attr(value, name)
