"""From a change to the statements that use it.

In comes a token, or a piece of code; out go the statements, functions and values in class bodies
that may notice. A walk costs what it reaches and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .effects import Effects
from .known import CONSTRUCTION
from .summary import BASE, CALL, ITEM, LOOKED_UP, MENTION, USE
from .syntax import catches
from .tokens import Entity, StatementId, Target, Token, User

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Walk"]


class Walk(Effects):
    """One walk from a change to the statements that use it.

    With *calls_only* only those count that really run the code.
    """

    def __init__(self, index: Index, *, calls_only: bool = False) -> None:
        super().__init__(index, calls_only=calls_only)
        # Objects of which the content was followed.
        self._contents: set[Entity] = set()

    def run(self, token: Token) -> Walk:
        """Walk from what *token* says."""
        kind, module, name = token[:3]
        entity = (module, name)
        self.start = name
        if kind == "bind":
            self._bound(entity)
        elif kind == "content":
            self._content(entity)
        elif kind == "grown":
            self._grown(entity)
        elif kind == "code":
            self.todo.append((module, "f", name))
        elif kind == "attr":
            self._attribute(entity, token[3])
        elif kind == "shape":
            self._shape(entity)
        elif kind == "made":
            self._made(entity)
        elif kind == "head":
            self._head(entity)
            if self.index.caching:
                self.functions |= self._constructing(entity)
        elif kind == "layout":
            self._derived(entity)
        self.finish()
        return self

    def from_user(self, *users: User) -> set[StatementId]:
        """The statements that run one of *users*, or use what it makes."""
        self.todo += users
        return self.drain()

    def from_made(self, entity: Entity, attr: str) -> set[StatementId]:
        """The statements that may run code which a call has made.

        That has a name, or is the method *attr* of the class of that name.
        """
        if attr:
            self._method(*entity, attr)
        else:
            for user, how, rest in self.index.users(entity):
                if how & CALL:
                    self.todo.append(user)
                elif how & MENTION and not rest:
                    self._mention(user, how, entity)
        return self.finish()

    def drain(self) -> set[StatementId]:
        """Walk on from all that is to do; the statements reached so far."""
        while self.todo:
            user = self.todo.pop()
            if user in self.seen:
                continue
            self.seen.add(user)
            module, kind, key = user
            if kind == "s":
                self.statements.add((module, key))
            elif kind == "v":
                self.values.add((module, *key))
            elif kind == "l":
                for name in self.index.modules[module].source.statements[key].binds:
                    self._effect((module, name))
            else:
                self._function(module, key)
        return self.statements

    def finish(self) -> set[StatementId]:
        """`drain`, and then on from who takes out of objects what was put into them.

        Statements that put something in are not reached by that: they do not run it.
        """
        followed: set[Target] = set()
        self.drain()
        while self._registries:
            target = self._registries.pop()
            if target in followed:
                continue
            followed.add(target)
            reached = set(self.statements)
            module, name, attr = target
            if attr:
                self._kept((module, name), attr)
                self._by_attribute((module, name), attr)
            else:
                self._effect((module, name))
                self.taken_out((module, name))
            self.drain()
            fillers = self.index.filling.fillers()
            for filled in {target, (module, name, "")}:
                self.statements -= fillers.get(filled, set()) - reached
        return self.statements

    # What has changed ------------------------------------------------------------------------

    def _bound(self, entity: Entity) -> None:
        for user, _, _ in self.index.users(entity):
            self.todo.append(user)
        if not entity[1].startswith("_") or entity[1] == "__all__":
            for user, _, _ in self.index.users((entity[0], "*")):
                self.todo.append(user)
        self._listed(entity)
        self._answered(entity)
        self._in_module(entity)

    def _listed(self, entity: Entity) -> None:
        """A class came to be: who lists the subclasses of those that it is derived from?"""
        for base in self.index.names.bases_of(entity):
            for user, _, rest in self.index.users(base):
                if rest[:1] == ("__subclasses__",):
                    self.todo.append(user)
            self._by_name(base, "__subclasses__", operator=False)

    def _content(self, entity: Entity, *, but_for: int = 0) -> None:
        """An object holds other content; those do not count who use it in the way *but_for* alone."""
        if entity in self._contents:
            return
        self._contents.add(entity)
        self._in_module(entity)
        for user, how, rest in self.index.users(entity):
            if how & but_for and not rest:
                continue
            if rest or how & ~MENTION:
                self.todo.append(user)
            else:
                self._held(user, entity)
        if entity[1] == "__all__":
            for user, _, _ in self.index.users((entity[0], "*")):
                self.todo.append(user)

    def _grown(self, entity: Entity) -> None:
        """A dict holds more. Who asks it for what it held gets that, and has not missed the rest."""
        self._content(entity, but_for=ITEM)
        others = Walk(self.index)
        others.start = self.start
        others.todo += (u for u, how, rest in self.index.users(entity) if how & ITEM and not rest)
        others.finish()
        if any(map(self._may_miss, others.seen)):
            self.statements |= others.statements
            self.values |= others.values

    def _may_miss(self, user: User) -> bool:
        """May code go on where a key is missing? Or others who call it, and cannot be told?"""
        module, kind, key = user
        entry = self.index.modules[module]
        if kind == "f":
            _, _, method = key.rpartition(".")
            if method != key and method not in CONSTRUCTION:
                return True
            number = entry.functions[key][0]
        else:
            number = key[0] if kind == "v" else key
        return catches(entry.source.statements[number].fragment.text)

    def _held(self, user: User, held: Entity) -> None:
        """Code that passes around an object, *held*, of which the content has changed."""
        module, kind, key = user
        if kind == "f":
            self.todo.append(user)
        elif kind == "v":
            first, _, rest = key[1].partition(".")
            self._attribute((module, first), rest.partition(".")[0])
        elif kind == "s":
            statement = self.index.modules[module].source.statements[key]
            now = self.index.modules[module].summaries[key].now
            if statement.fragment.kind == "def":
                self._effect((module, statement.binds[0]))  # a default
            elif statement.fragment.kind not in {"class", "import"}:
                for name in statement.binds:
                    self._content((module, name))
                for path in now.fills | now.sets:
                    others = [other for other, _ in self.index.names.resolve(module, path)]
                    for other in others if held not in others else ():
                        self._content(other)

    def _shape(self, entity: Entity) -> None:
        families = self.index.families
        for user in self._deriving(entity):
            if families.is_scanned(user) or families.is_protocol(user):
                self.todo.append(user)
        self.todo += (u for u, how, rest in self.index.users(entity) if how & USE and not rest)
        statement = families.statement_of(entity)
        if statement is not None and families.is_scanned(statement):
            self._constructed(entity)  # construction is made of what the body holds
        self._checked(entity)
        self._by_attribute(entity, LOOKED_UP)  # who lists its names

    def _checked(self, entity: Entity) -> None:
        """``isinstance`` asks of what may be an instance whether it has what a protocol says."""
        users = self.index.attributes.find(
            "__instancecheck__", operator=False, calls_only=self.calls_only
        )
        for found in users & self.index.taint.tainted(entity) if users else ():
            module, number = found
            paths = self.index.modules[module].summaries[number].now.paths
            named = (e for path in paths for e, _ in self.index.names.resolve(module, path))
            classes = filter(None, map(self.index.families.statement_of, named))
            if any(map(self.index.families.is_protocol, classes)):
                self.statements.add(found)

    def _constructing(self, entity: Entity) -> set[User]:
        """The functions that make instances of a class, or of one derived from it, or call such."""
        walk = Walk(self.index)
        walk._constructed(entity)
        walk.drain()
        return {user for user in walk.seen if user[1] == "f"}

    def _deriving(self, entity: Entity) -> Iterator[User]:
        """Who derives from a class, or from one that is derived from it: bases are read in depth."""
        for base in (entity, *self.index.families.subclasses(entity)):
            for user, how, _ in self.index.users(base):
                if how & BASE:
                    yield user

    def _made(self, entity: Entity) -> None:
        families = self.index.families
        self.todo += filter(families.is_shaped, self._deriving(entity))
        statement = families.statement_of(entity)
        if statement is not None and families.is_shaped(statement):
            self._constructed(entity)
