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
from ..plan import OWN_REASONS, Halfway
from ..plan.groups import content_token
from ..plan.produces import changed_outside
from ..reach.tokens import Entity, said_of
from ..transaction import instance_dict

if TYPE_CHECKING:
    from ..modules import TrackedModule
    from ..plan import ModulePlan
    from ..reach.tokens import Token
    from .state import State

__all__ = ["Caches"]

_Cache = tuple[Entity, Callable[[], None]]
"""A function, by module and qualname, with what empties its cache."""


def _assigned(tracked: TrackedModule) -> Iterator[_Cache]:
    """``cached = lru_cache(function)``: what empties it, with the place of the function."""
    for value in tracked.namespace.values():
        if type(value) is functools._lru_cache_wrapper:
            function = value.__dict__.get("__wrapped__")
            if type(function) is types.FunctionType:
                yield (function.__module__, function.__qualname__), value.cache_clear


class Caches:
    """The caches and cached properties of the user's modules, found when first asked for."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.cleared: set[Token] = set()
        # By what is to change, those that were emptied before it did.
        self._ahead: set[tuple[Token, Entity]] = set()
        self._found: list[_Cache] | None = None

    def clear(self) -> None:
        """Empty the caches of functions which run, or read, something that has changed."""
        if self._all():
            for token in self.state.effects.tokens() - self.cleared:
                self.cleared.add(token)
                if not self._is_of_new_class(token):
                    self._clear(token, self._all())

    def clear_ahead(self, plan: ModulePlan, number: int) -> None:
        """Empty those that a new or edited statement may use, of what was computed later on before.

        Their functions read what the statement fills or sets itself, or what is yet to be filled.
        What it has computed stays in them.
        """
        reasons = plan.run.get(number, set())
        if OWN_REASONS.isdisjoint(reasons) or not self._all():
            return
        me, index = (plan.name, number), self.state.index
        used = [found for found in self._all() if me in index.reached(("code", *found[0]))]
        if not used:
            return
        tokens = {*map(content_token, index.filling.filled_by(me)), *changed_outside(index, me)}
        tokens.update(t for r in reasons if isinstance(r, Halfway) for t in said_of(r.target))
        for token in tokens - self.cleared:
            self._ahead.update((token, place) for place in self._clear(token, used))

    def _all(self) -> list[_Cache]:
        """What empties each cache, with the place of the function."""
        if self._found is None:
            self._found = list(self._find())
        return self._found

    def _is_of_new_class(self, token: Token) -> bool:
        """Is a method of a class that nothing can have used so far, as the edit brought it?"""
        kind, module, name, *_ = token
        name = name.partition(".")[0]
        work = self.state.work.get(module)
        if kind not in {"code", "attr"} or work is None or work.plan.diff is None:
            return False
        is_class = name in self.state.index.modules[module].classes
        return is_class and all(name not in s.binds for s in work.plan.before.statements)

    def _clear(self, token: Token, caches: Iterable[_Cache]) -> list[Entity]:
        """Empty those of *caches* of which the functions run or read what *token* says; which."""
        users = self.state.index.reached_functions(token)
        places = []
        for place, clear in caches:
            if place in users and (token, place) not in self._ahead:
                clear()
                self.state.transaction.on_rollback(clear)  # of what new code has computed
                places.append(place)
        return places

    def _find(self) -> Iterator[_Cache]:
        """What empties the caches, with module and qualname: decorators make them."""
        index, tracked = self.state.index, self.state.tracked
        for name, qualname in ((n, q) for n, found in index.decorated.items() for q in found):
            if name not in tracked:
                continue
            owner, _, attr = qualname.rpartition(".")
            home: Any = tracked[name].namespace
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
            for place, clear in _assigned(self.state.tracked[name]) if name in tracked else ():
                if place[0] in tracked:  # else nothing in there is the user's
                    yield place, clear

    def _forget(self, cls: type, name: str) -> None:
        """Drop what a cached property has left in the instances of *cls* and of classes below."""
        kinds = [cls, *subclasses(cls)]
        ids = set(map(id, kinds))
        for value in gc.get_referrers(*kinds):
            if id(type(value)) in ids and name in (instance_dict(value) or {}):
                self.state.transaction.del_attr(value, name)
