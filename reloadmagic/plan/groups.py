"""Statements that make and fill one object, and those that read it.

A *group* is what binds a name and what puts something into the object that it names: its statements
only make sense together, from the first one on. In comes the index; nothing is planned here.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping

from ..live import made_by_calls
from ..modules import TrackedModule
from ..plain import is_data
from ..reach.index import Index
from ..reach.tokens import StatementId, Target, Token

__all__ = ["Groups", "content_token"]


def content_token(target: Target) -> Token:
    """What it means for others that a filled object holds other content."""
    module, name, attr = target
    return ("attr", module, name, attr) if attr else ("content", module, name)


class Groups:
    """The groups by the sources that are to run; *tracked* holds what the former ones have made."""

    def __init__(self, index: Index, tracked: Mapping[str, TrackedModule]) -> None:
        self._index = index
        self._tracked = tracked
        self._users: dict[Target, set[StatementId]] = {}
        # By statement, what `used_by` tells of it; None until it is asked for.
        self._used: dict[StatementId, list[Target]] | None = None

    def fillers(self, target: Target) -> set[StatementId]:
        """The statements that fill an object."""
        return self._index.filling.fillers().get(target, set())

    def makers(self, target: Target) -> set[StatementId]:
        """The statements that bind the name of a filled object."""
        module, name, _ = target
        entry = self._index.modules.get(module)
        if entry is None:
            return set()
        binders = entry.bindings.get(name, [])
        stars = entry.bindings.get("*", []) if binders else []
        if stars:
            # One that gives the name binds it again, or what it gives is built on, or filled.
            counts = entry.builds_on(name) or self.fillers(target)
            first = 0 if counts else min(binders)
            stars = [n for n in self._index.names.stars_with(module, name) if n >= first]
        return {(module, number) for number in (*stars, *binders)}

    def of(self, module: str, number: int) -> Iterator[tuple[Target, set[StatementId]]]:
        """The groups that a statement belongs to, with their members."""
        me = (module, number)
        entry = self._index.modules[module]
        for name in entry.source.statements[number].fragment.binds:
            if len(entry.bindings.get(name, ())) > 1 or "*" in entry.bindings:
                makers = self.makers((module, name, ""))
                if len(makers) > 1 and not entry.is_import(name):
                    yield (module, name, ""), makers
        fillers = self._index.filling.fillers()
        if not fillers:
            return
        bound = [*entry.source.statements[number].binds, *entry.summaries[number].now.binds_global]
        made = (self._index.filling.filled_under((module, name)) for name in bound)
        for target in dict.fromkeys([*self._index.filling.filled_by(me), *itertools.chain(*made)]):
            yield target, fillers[target] | self.makers(target)

    def users(self, target: Target) -> set[StatementId]:
        """The statements that use what a filled object holds, or a name that is bound anew.

        And those that call what others made of it.
        """
        if target not in self._users:
            self._users[target] = self._find_users(target)
        return self._users[target]

    def _find_users(self, target: Target) -> set[StatementId]:
        found = set(self._index.reached(content_token(target)))
        if target[:2] in self._index.filling.rebound():
            found |= self._index.reached(("bind", *target[:2]))
        todo = list(found - self.fillers(target))  # what puts something in need not be a reader
        while todo:
            module, number = todo.pop()
            fragment = self._index.modules[module].source.statements[number].fragment
            if fragment.kind == "assign" or (fragment.kind == "def" and "@" in fragment.text):
                names = (n for n in fragment.binds if not self._is_data(module, n, fragment.text))
                callers = self.users_of_made((module, number)).union(
                    *(self._index.reached(("code", module, name)) for name in names)
                )
                todo += callers - found
                found |= callers
        return found

    def _is_data(self, module: str, name: str, text: str) -> bool:
        """Did the statement *text* bind *name* to data when it last ran, which has no code to call?

        Where it is another value by now, whoever uses the name runs again for that.
        """
        tracked = self._tracked.get(module)
        if tracked is None or tracked.source is None or name not in tracked.namespace:
            return False
        if not is_data(tracked.namespace[name]):
            return False
        entry = self._index.modules[module]
        if tracked.source is entry.source:
            return len(entry.bindings[name]) == 1
        texts = (s.fragment.text for s in tracked.source.statements if name in s.fragment.binds)
        return set(texts) == {text}

    def users_of_made(self, statement: StatementId) -> set[StatementId]:
        """The statements that may run code of what *statement* made by calls, when it last ran."""
        found: set[StatementId] = set()
        module, number = statement
        source = self._index.modules[module].source
        if module not in self._tracked or source.statements[number].fragment.kind == "import":
            return found
        for name in source.statements[number].binds:
            value = self._tracked[module].namespace.get(name)
            for attr in made_by_calls(value, self._tracked):
                found |= self._index.users_of_made((module, name), attr)
        return found

    def used_by(self, statement: StatementId) -> list[Target]:
        """The filled objects of which a statement uses what they hold, being no part of the group."""
        if self._used is None:
            self._used = defaultdict(list)
            for target, fillers in self._index.filling.fillers().items():
                for user in self.users(target) - fillers - self.makers(target):
                    self._used[user].append(target)
        return self._used.get(statement, [])
