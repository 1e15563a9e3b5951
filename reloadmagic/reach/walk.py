"""From a change to the statements that use it.

In comes a token, or a piece of code; out go the statements, functions and values in class bodies
that may notice. A walk costs what it reaches and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .known import (
    CLASS_DECORATORS,
    CLASS_HOOKS,
    CONSTRUCTION,
    MEMBER_HOOKS,
    METACLASS_HOOKS,
    NO_OPERATORS,
)
from .making import only_makes
from .summary import BASE, CALL, LAMBDAS, MENTION, USE, Path, Unit
from .tokens import Entity, StatementId, Token, User, ValueId

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Walk"]


def _looks_in(unit: Unit) -> bool:
    """Does code do more with what it names than pass it around?"""
    return bool(unit.attrs) or any(how & (CALL | USE | BASE) for how in unit.paths.values())


class Walk:
    """One walk from a change to the statements that use it.

    With *calls_only* only those count that really run the code.
    """

    def __init__(self, index: Index, *, calls_only: bool = False) -> None:
        self.index = index
        self.calls_only = calls_only
        self.statements: set[StatementId] = set()
        self.values: set[ValueId] = set()
        # Those that use attributes by name; of modules that speak of a cache only.
        self.functions: set[User] = set()
        self.seen: set[User] = set()
        self.effects: set[tuple[Entity, bool]] = set()
        # Names of what runs the code when it is called: closures, partials, bound methods.
        self.handed: set[Entity] = set()
        self.contents: set[Entity] = set()
        # Where not None: uses of attributes are noted here, to be followed by who asked.
        self.nested: set[tuple[Entity, str, bool]] | None = None
        self.todo: list[User] = []

    def run(self, token: Token) -> Walk:
        """Walk from what *token* says."""
        kind, module, name = token[:3]
        entity = (module, name)
        if kind == "bind":
            self._bound(entity)
        elif kind == "content":
            self._content(entity)
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
        elif kind == "layout":
            self._derived(entity)
        self.drain()
        return self

    def from_user(self, user: User) -> set[StatementId]:
        """The statements that run *user*, or use what it makes."""
        self.todo.append(user)
        return self.drain()

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

    # What has changed ------------------------------------------------------------------------

    def _bound(self, entity: Entity) -> None:
        for user, _, _ in self.index.users(entity):
            self.todo.append(user)
        if not entity[1].startswith("_") or entity[1] == "__all__":
            for user, _, _ in self.index.users((entity[0], "*")):
                self.todo.append(user)
        self._listed(entity)

    def _listed(self, entity: Entity) -> None:
        """A class came to be: who lists the subclasses of those that it is derived from?"""
        for base in self.index.names.bases_of(entity):
            for user, _, rest in self.index.users(base):
                if rest[:1] == ("__subclasses__",):
                    self.todo.append(user)
            self._by_name(base, "__subclasses__", operator=False)

    def _content(self, entity: Entity) -> None:
        if entity in self.contents:
            return
        self.contents.add(entity)
        for user, how, rest in self.index.users(entity):
            if rest or how & ~MENTION:
                self.todo.append(user)
            else:
                self._held(user, entity)
        if entity[1] == "__all__":
            for user, _, _ in self.index.users((entity[0], "*")):
                self.todo.append(user)

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

    def _attribute(self, entity: Entity, attr: str) -> None:
        for module, number in self.index.filling.setters().get((entity, attr), ()):
            self.todo.append((module, "s", number))  # those that come later set it again
        for user, _, rest in self.index.users(entity):
            if rest and rest[0] == attr:
                self.todo.append(user)
        for subclass in self._subclasses(entity):
            for user, _, rest in self.index.users(subclass):
                if rest and rest[0] == attr:
                    self.todo.append(user)
        self._by_attribute(entity, attr)

    def _shape(self, entity: Entity) -> None:
        for user, how, rest in self.index.users(entity):
            if (how & USE and not rest) or (
                how & BASE and (self._is_scanned(user) or self._is_protocol(user))
            ):
                self.todo.append(user)
        statement = self._class_statement(entity)
        if statement is not None and self._is_scanned(statement):
            self._constructed(entity)  # construction is made of what the body holds
        self._checked(entity)

    def _checked(self, entity: Entity) -> None:
        """``isinstance`` asks of what may be an instance whether it has what a protocol says."""
        users = self.index.attributes.find(
            "__instancecheck__", operator=False, calls_only=self.calls_only
        )
        for found in users & self.index.taint.tainted(entity) if users else ():
            module, number = found
            paths = self.index.modules[module].summaries[number].now.paths
            named = (e for path in paths for e, _ in self.index.names.resolve(module, path))
            if any(
                self._is_protocol(user) for user in filter(None, map(self._class_statement, named))
            ):
                self.statements.add(found)

    def _made(self, entity: Entity) -> None:
        for user, how, _ in self.index.users(entity):
            if how & BASE and self._is_shaped(user):
                self.todo.append(user)
        statement = self._class_statement(entity)
        if statement is not None and self._is_shaped(statement):
            self._constructed(entity)

    def _class_statement(self, entity: Entity) -> User | None:
        entry = self.index.modules.get(entity[0])
        found = entry.classes.get(entity[1]) if entry is not None else None
        return (entity[0], "s", found[0]) if found is not None else None

    def _head(self, entity: Entity, method: str = "") -> None:
        """Any use of what may be an instance; with *method*, such as uses that."""
        tainted = self.index.taint.tainted(entity)
        family = {entity, *self._subclasses(entity)} if method else set()
        for found in tainted:
            module, number = found
            summary = self.index.modules[module].summaries[number]
            if _looks_in(summary.now):
                if not (method and only_makes(self.index, found, family, tainted, method)):
                    self.todo.append((module, "s", number))
            for owner, info in summary.classes.items():
                for attr, unit in info.values.items():
                    if _looks_in(unit):
                        self.values.add((module, number, f"{owner}.{attr}"))

    def _is_shaped(self, user: User) -> bool:
        """Does a class statement read what its bases hold, as decorators and metaclasses do?"""
        module, kind, key = user
        if kind != "s":
            return kind != "v"
        summary = self.index.modules[module].summaries[key]
        return any(
            info.decorated or self.index.is_metaclass(module, "type:" + name)
            for name, info in summary.classes.items()
        )

    def _is_scanned(self, user: User) -> bool:
        """Does a class statement read the methods of its bases, too, by code that is not known?"""
        module, kind, key = user
        if kind != "s":
            return kind != "v"
        summary = self.index.modules[module].summaries[key]
        return any(
            any(self._scans(module, path) for path in info.scanners)
            or self.index.is_metaclass(module, "scan:" + name)
            for name, info in summary.classes.items()
        )

    def _is_protocol(self, user: User) -> bool:
        """Does a class statement make a protocol, which asks for the methods of its bases, too?"""
        module, kind, key = user
        classes = self.index.modules[module].summaries[key].classes if kind == "s" else {}
        return any(path[-1] == "Protocol" for info in classes.values() for path in info.bases)

    def _scans(self, module: str, decorator: Path) -> bool:
        """May a decorator read all methods of a class? Yes, but for some that are known."""
        if not decorator or decorator[-1] not in CLASS_DECORATORS:
            return True
        for (found, name), _ in self.index.names.resolve(module, decorator):
            entry = self.index.modules.get(found)
            if entry is not None and not entry.is_import(name):
                return True
        return False

    # Who runs it ------------------------------------------------------------------------------

    def _effect(self, entity: Entity, *, defines: bool = False) -> None:
        """What calling *entity* does has changed; with *defines*, or what it returns."""
        if (entity, defines) in self.effects:
            return
        self.effects.add((entity, defines))
        for user, how, rest in self.index.users(entity):
            if rest:
                continue  # methods go by attribute
            if how & CALL:
                self.todo.append(user)
                if defines and self.calls_only:
                    self._handed_on(user)
            elif how & MENTION and self.calls_only:
                self._handed_on(user)
            elif how & MENTION:
                self._mention(user)

    def _handed_on(self, user: User) -> None:
        """A statement binds what runs the code when it is called, or derived from."""
        module, kind, key = user
        if kind != "s":
            return
        statement = self.index.modules[module].source.statements[key]
        if statement.fragment.kind in {"import", "def", "class"}:
            return
        for name in statement.binds:
            self._handed((module, name))

    def _handed(self, entity: Entity) -> None:
        if entity in self.handed:
            return
        self.handed.add(entity)
        for user, how, rest in self.index.users(entity):
            if not rest and how & (CALL | BASE):
                self.todo.append(user)
            elif not rest and how & MENTION:
                self._handed_on(user)

    def hold(self, user: User, attr: str) -> None:
        """A statement that gives the bound method *attr* a name binds what runs it, too."""
        module, kind, key = user
        aliases = self.index.modules[module].summaries[key].aliases if kind == "s" else {}
        for name, path in aliases.items():
            if path[-1] == attr and len(path) > 1:
                self._handed((module, name))

    def _mention(self, user: User) -> None:
        """Code that passes a changed function around: who calls what it made runs it."""
        module, kind, key = user
        if kind == "f":
            self.todo.append(user)
            return
        if kind == "v":
            return
        statement = self.index.modules[module].source.statements[key]
        if statement.fragment.kind not in {"import", "def", "class"}:
            for name in statement.binds:
                self._effect((module, name))
            for path in self.index.modules[module].summaries[key].now.fills:
                for entity, _ in self.index.names.resolve(module, path):
                    self._effect(entity)

    def _function(self, module: str, qualname: str) -> None:
        owner, _, name = qualname.rpartition(".")
        if not owner:
            _, unit = self.index.modules[module].functions.get(qualname, (0, None))
            self._effect((module, qualname), defines=unit is not None and unit.defines)
            self._registered(module, qualname)
            return
        number, info = self.index.modules[module].classes.get(owner, (0, None))
        if info is not None:
            held = info.lambdas if name == LAMBDAS else info.holders.get(name, ())
            self.todo += ((module, "f", f"{owner}.{other}") for other in held)
            if name in info.uses or self._is_member_hook(module, owner, name):
                self.todo.append((module, "s", number))
        self._method(module, owner, name)

    def _is_member_hook(self, module: str, owner: str, method: str) -> bool:
        """Does the method make the members of an enum?"""
        return method in MEMBER_HOOKS and self.index.is_metaclass(module, "enum:" + owner)

    def _method(self, module: str, owner: str, method: str) -> None:
        entity = (module, owner.partition(".")[0])
        if self._is_member_hook(module, owner, method):
            self._derived(entity)
        elif method in CLASS_HOOKS:
            self._derived(entity)
            if method == "__set_name__":
                self._constructed(entity)
        elif method in METACLASS_HOOKS and self.index.is_metaclass(module, owner):
            self._derived(entity)
            self._effect(entity)
            if method == "__call__":
                self._constructed(entity)
        elif method in CONSTRUCTION:
            self._constructed(entity)
        elif method == "__call__":
            self._called(entity)
        elif method in {"__get__", "__set__", "__delete__"} and not self.calls_only:
            self._described(entity)
        elif method in {"__getattr__", "__getattribute__"} and not self.calls_only:
            self._head(entity, method)  # which comes down to any use of what may be an instance
        if self.calls_only and method.startswith("__") and method.endswith("__"):
            return  # operators at large would make everything a filler
        self._by_attribute(entity, method)

    def _registered(self, module: str, name: str) -> None:
        """A function that was registered with another, as one of `singledispatch`, is run by it."""
        entry = self.index.modules[module]
        number, _ = entry.functions.get(name, (0, None))
        if self.calls_only or entry.source.statements[number].fragment.kind != "def":
            return
        for path in entry.summaries[number].now.fills:
            for (found, function), rest in self.index.names.resolve(module, path):
                home = self.index.modules.get(found)
                if home is not None and function in home.functions and not rest:
                    self._effect((found, function))

    def _described(self, entity: Entity) -> None:
        """Reading the attributes that instances of the class *entity* stand for has changed."""
        for cls in (entity, *self._subclasses(entity)):
            for (module, kind, key), _, _ in self.index.users(cls):
                if kind == "v":
                    owner, _, attr = key[1].rpartition(".")
                    self._attribute((module, owner.partition(".")[0]), attr)

    def _constructed(self, entity: Entity) -> None:
        self._effect(entity)
        for subclass in self._subclasses(entity):
            self._effect(subclass)

    def _called(self, entity: Entity) -> None:
        """What calling instances of the class *entity* does has changed."""
        for user, how, rest in self.index.users(entity):
            if how & CALL and not rest and self._is_decorated(user):
                self.todo.append(user)  # ``@Register("name")``
        for module, number in self.index.taint.tainted(entity):
            statement = self.index.modules[module].source.statements[number]
            if statement.fragment.kind not in {"class", "import"}:
                for name in statement.binds:
                    self._effect((module, name))

    def _is_decorated(self, user: User) -> bool:
        module, kind, key = user
        if kind != "s":
            return False
        return self.index.modules[module].source.statements[key].fragment.text.startswith("@")

    def _derived(self, entity: Entity) -> None:
        for user, how, _ in self.index.users(entity):
            if how & BASE:
                self.todo.append(user)
        for subclass in self._subclasses(entity):
            for user, how, _ in self.index.users(subclass):
                if how & BASE:
                    self.todo.append(user)

    def _subclasses(self, entity: Entity) -> list[Entity]:
        """Classes derived from *entity* by statements, directly or through others, and aliases."""
        found: dict[Entity, None] = {}
        todo = [entity]
        while todo:
            for user, how, rest in self.index.users(todo.pop()):
                if user[1] != "s":
                    continue
                module, _, number = user
                summary = self.index.modules[module].summaries[number]
                aliases = () if rest else summary.aliases
                for name in summary.classes if how & BASE else aliases:
                    subclass = (module, name.partition(".")[0])
                    if subclass not in found and subclass != entity:
                        found[subclass] = None
                        todo.append(subclass)
        return list(found)

    def _by_attribute(self, entity: Entity, attr: str) -> None:
        """Code that uses *attr* of an object that may be an instance of the class *entity*."""
        operator = attr.startswith("__") and attr.endswith("__") and attr not in NO_OPERATORS
        if self.nested is not None:
            self.nested.add((entity, attr, operator))
            return
        self._by_name(entity, attr, operator=operator)

    def _by_name(self, entity: Entity, attr: str, *, operator: bool) -> None:
        """`by_attribute`, where no other attribute is being followed."""
        users = self.index.attributes.find(attr, operator=operator, calls_only=self.calls_only)
        if users:
            tainted = self.index.taint.tainted(entity)
            reached = users & tainted
            family = {entity, *self._subclasses(entity)} if reached else set()
            self.statements |= {
                found
                for found in reached
                if not only_makes(self.index, found, family, tainted, attr)
            }
            places = self.index.taint.places(entity)
            for user in users:
                if len(user) > 2 and user[:2] in places:
                    (self.functions if user[1] == "f" else self.values).add(user)
