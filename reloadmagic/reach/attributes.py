"""Who uses an attribute of this name of whatever object, directly or by calling what does.

Methods that use each other's names go in circles, so this is a fixed point: first one step of each
attribute within reach, then the steps joined until nothing is added.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from .known import BUILTIN, PASSING
from .summary import CALLING, CALLING_NAMED, OPERATOR, SETTING
from .tokens import Entity
from .walk import Walk

if TYPE_CHECKING:
    from .index import Index

__all__ = ["AttributeUsers"]

Key = tuple[str, bool, bool]
"""An attribute, whether operators stand for it, and whether only calls count."""

Use = tuple[Entity, str, bool]
"""Of a class, an attribute that is used, and whether operators stand for it."""


class AttributeUsers:
    """What was found so far, kept until something is indexed anew."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._found: dict[Key, set[Any]] = {}
        # Likewise, without what other attributes lead to.
        self._by_name: dict[Key, frozenset[Any]] = {}

    def forget(self) -> None:
        """Something was indexed anew."""
        self._found.clear()
        self._by_name.clear()

    def find(self, attr: str, *, operator: bool, calls_only: bool) -> set[Any]:
        """Who uses *attr* of any object, or calls what does.

        That is statements, class-level values, and functions of modules that speak of a cache.
        """
        key = (attr, operator, calls_only)
        if key not in self._found:
            direct, nested = self._steps(key)
            self._by_name[key] = frozenset(direct[key])
            self._join(direct, nested)
            self._found.update(direct)
        return self._found[key]

    def find_by_name(self, attr: str, *, calls_only: bool) -> frozenset[Any]:
        """Who uses *attr* by that name, or calls by its name what does."""
        key = (attr, False, calls_only)
        if key not in self._by_name:
            self._by_name[key] = frozenset(self._steps(key)[0][key])
        return self._by_name[key]

    def calls_of_objects(self) -> frozenset[str]:
        """How code is marked that may call an object which has ``__call__``, by no name of its own.

        Names that functions, methods and classes have, and that no attribute has, stand for those.
        """
        return self._index.remembered("calls of objects", self._find_calls_of_objects)

    def _find_calls_of_objects(self) -> frozenset[str]:
        defined = {*BUILTIN, *PASSING}
        others = {a.removeprefix(SETTING) for a in self._index.attributes_like(SETTING)}
        for entry in self._index.modules.values():
            defined.update(*entry.callers)
            for qualname, (_, info) in entry.classes.items():
                defined.add(qualname.rpartition(".")[2])
                others |= {a for a in info.attrs if f"{qualname}.{a}" not in entry.functions}
        known = {CALLING_NAMED + name for name in defined - others}
        return frozenset({CALLING, *self._index.attributes_like(CALLING_NAMED)} - known)

    def _steps(self, key: Key) -> tuple[dict[Key, set[Any]], dict[Key, set[Use]]]:
        """One step of each attribute within reach: who uses it, and what to follow from there."""
        direct: dict[Key, set[Any]] = {}
        nested: dict[Key, set[Use]] = {}
        todo = [key]
        while todo:
            step = todo.pop()
            if step in direct:
                continue
            if step in self._found:
                direct[step], nested[step] = self._found[step], set()
                continue
            attr, operator, calls_only = step
            walk = Walk(self._index, calls_only=calls_only)
            walk.nested = nested[step] = set()
            users = set(self._index.attr_users(attr))
            walk.todo += users
            if calls_only:
                for user in users:
                    walk.hold(user, attr)
            if attr == "__call__" and not calls_only:
                for mark in self.calls_of_objects():
                    walk.todo += self._index.attr_users(mark)
            if operator:
                walk.todo += set(self._index.attr_users(OPERATOR))
            direct[step] = {*walk.finish(), *walk.values}
            direct[step] |= {u for u in walk.seen if u[1] == "f" and u[0] in self._index.caching}
            todo += [(a, o, calls_only) for _, a, o in nested[step]]
        return direct, nested

    def _join(self, direct: dict[Key, set[Any]], nested: dict[Key, set[Use]]) -> None:
        """Add to each step what those add that it leads to."""
        followed_by = defaultdict(list)
        for step, uses in nested.items():
            for entity, a, o in uses:
                followed_by[a, o, step[2]].append((step, self._index.taint.places(entity)))
        # What has come in and those that follow have not seen yet.
        fresh = {step: set(found) for step, found in direct.items()}
        while fresh:
            step, came = fresh.popitem()
            inner = defaultdict(set)  # values and functions, by where they are
            for user in came:
                if len(user) > 2:
                    inner[user[:2]].add(user)
            for following, places in followed_by[step]:
                added = (came & places).union(*map(inner.__getitem__, inner.keys() & places))
                added -= direct[following]
                if added:
                    direct[following] |= added
                    fresh.setdefault(following, set()).update(added)
