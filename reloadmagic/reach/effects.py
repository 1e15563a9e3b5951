"""Who runs code that has changed, or uses what it makes.

A call runs a function by its name, a method by the name of the attribute or by what Python itself
calls: construction, operators, the hooks of classes. What passes code around may hand it to others
that call it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..source.scopes import dotted
from .known import CLASS_HOOKS, CONSTRUCTION, MEMBER_HOOKS, METACLASS_HOOKS, SPELLED
from .lending import lent_by
from .summary import BASE, CALL, CALLING, KEPT, LAMBDAS, MENTION, RETURNED, SETTING, STORED
from .tokens import Entity, StatementId, Target, User
from .uses import Uses

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Effects"]


class Effects(Uses):
    """Finds who runs what, to be followed in turn."""

    def __init__(self, index: Index, *, calls_only: bool = False) -> None:
        super().__init__(index, calls_only=calls_only)
        # What was followed, and whether what it returns counts, too.
        self._followed: set[tuple[Entity, bool]] = set()
        # Functions that return it.
        self._giving: set[Entity] = set()
        # Attributes that hold it.
        self._keepers: set[tuple[Entity, str]] = set()
        # Likewise, of what may be an instance of a class.
        self._holders: set[tuple[Entity, str]] = set()
        # Names of what runs the code when it is called: closures, partials, bound methods.
        self._runners: set[Entity] = set()
        # Objects that hold what was followed, to be followed in the end.
        self._registries: list[Target] = []

    # By name ----------------------------------------------------------------------------------

    def _effect(self, entity: Entity, *, defines: bool = False) -> None:
        """What calling *entity* does has changed; with *defines*, or what it returns."""
        if (entity, defines) in self._followed:
            return
        self._followed.add((entity, defines))
        self._answered(entity)
        for module, number in self._in_module(entity):  # they run it, or get it from there
            if self.calls_only:
                self._handed_on((module, "s", number))
            else:
                self._mention((module, "s", number), MENTION, entity)
        for user, how, rest in self.index.users(entity):
            if rest:
                continue  # methods go by attribute
            if how & CALL:
                self.todo.append(user)
            if not self.calls_only:
                if how & MENTION:
                    self._mention(user, how, entity)
            elif how & CALL:
                if defines or self._is_passed(user, entity):
                    self._handed_on(user)
            elif how & MENTION or self._is_passed(user, entity):
                self._handed_on(user)

    def _answered(self, entity: Entity) -> None:
        """Is it ``__getattr__`` of a module? Then who asks for names that the module has not?

        What it names is followed from there, by who asks for that name.
        """
        module, name = entity
        entry = self.index.modules.get(module)
        if name == "__getattr__" and entry is not None and not self.calls_only:
            if self.start.partition(".")[0] not in entry.given:
                for asked in self.index.asked_for(module):
                    self.todo += (user for user, _, _ in self.index.users((module, asked)))

    def _mention(self, user: User, how: int, changed: Entity) -> None:
        """Code that passes *changed*, a function, around: who calls what it made runs it."""
        module, kind, key = user
        if kind == "f":
            if not (
                (how & STORED and self._stored(module, key, changed))
                or (how & RETURNED and self._returned(module, key))
            ):
                self.todo.append(user)
            return
        if kind == "v":
            owner, _, attr = key[1].rpartition(".")
            self._kept((module, owner.partition(".")[0]), attr)
            self._by_attribute((module, owner.partition(".")[0]), attr)
            return
        statement = self.index.modules[module].source.statements[key]
        if statement.fragment.kind not in {"import", "def", "class"}:
            for name in statement.binds:
                if not self.index.holds_data((module, name)):
                    self._effect((module, name))
            now = self.index.modules[module].summaries[key].now
            for path in now.fills:
                for entity, rest in self.index.names.resolve(module, path):
                    self._effect(entity)
                    self._registries += [(*entity, attr) for attr in rest[:1]]
            for path in now.sets:
                for entity, attr in self.index.names.attributes_set(module, path):
                    self._kept(entity, attr)
                    self._held_as(entity, attr)
            self._lent((module, key), changed)
            self._registered((module, key))

    def _lent(self, statement: StatementId, lent: Entity) -> None:
        """A statement passes *lent* to what may keep it: who reads the attributes may run it."""
        module, number = statement
        resolve = self.index.names.resolve
        for callee, path, _ in self.index.modules[module].summaries[number].now.arguments:
            if (lent, ()) in resolve(module, path):
                for (home, owner), attr in lent_by(self.index, statement, callee, path):
                    self._held_as((home, owner.partition(".")[0]), attr)

    def _held_as(self, entity: Entity, attr: str) -> None:
        """An attribute of a class, or of its instances, holds what is followed."""
        if (entity, attr) in self._holders:
            return
        self._holders.add((entity, attr))
        for name in (attr, KEPT + attr):
            self._by_attribute(entity, name)
        self._looked_up(entity, attr)

    def _kept(self, entity: Entity, attr: str) -> None:
        """The changed function is an attribute of what has that name: who calls it runs it."""
        if (entity, attr) in self._keepers:
            return
        self._keepers.add((entity, attr))
        for user, how, rest in self.index.users(entity):
            if rest == (attr,) and how & CALL:
                self.todo.append(user)
            elif rest == (attr,) and how & MENTION and not self.calls_only:
                self._mention(user, how, entity)

    def _stored(self, module: str, method: str, stored: Entity) -> bool:
        """A method puts *stored* into attributes of its object: who reads these may run it.

        False where putting it there may run it, or where that cannot be told.
        """
        unit = self.index.modules[module].functions[method][1]
        entity = module, method.rpartition(".")[0]
        if self.index.orders.gives_by_code(*stored):
            return False
        resolve = self.index.names.resolve
        attrs = {
            attr
            for attr, path in unit.stores
            if any(found == stored for found, _ in resolve(module, path))
        }
        entries = self.index.modules.values()
        if unit.defines or any(not unit.puts.isdisjoint(entry.callers[0]) for entry in entries):
            return False
        if not all(self.index.families.sets_plainly(entity, attr) for attr in attrs):
            return False
        owner = module, entity[1].partition(".")[0]
        for attr in (*attrs, "__dict__") if attrs else ():
            self._by_attribute(owner, attr)
        for attr in attrs:
            self._looked_up(owner, attr)
        return bool(attrs)

    def _returned(self, module: str, name: str) -> bool:
        """A function returns what is followed, and no more: who calls it may run that.

        False for others than plain functions, of which all callers are known by their name.
        """
        function = self.index.modules[module].functions.get(name)
        if self.calls_only or "." in name or function is None or function[1].decorated:
            return False
        entity = module, name
        if len(self.index.modules[module].bindings[name]) > 1:
            return False
        if entity in self._giving:
            return True
        self._giving.add(entity)
        for home, number in self._in_module(entity):
            self._mention((home, "s", number), MENTION, entity)
        for user, how, rest in self.index.users(entity):
            where, kind, key = user
            if rest:
                continue
            if how & CALL:
                is_kept = kind == "f" and (
                    (how & STORED and self._stored(where, key, entity))
                    or (how & RETURNED and self._returned(where, key))
                )
                if not is_kept:
                    self.todo.append(user)
            if how & MENTION or (how & CALL and kind == "s"):  # which may bind it
                self._mention(user, how, entity)
        return True

    def _is_passed(self, user: User, entity: Entity) -> bool:
        """Does code pass on what has that name, so that others may hold it?"""
        module, kind, key = user
        arguments = self.index.modules[module].summaries[key].now.arguments if kind == "s" else ()
        resolve = self.index.names.resolve
        return any((entity, ()) in resolve(module, a.path) for a in arguments)

    def _handed_on(self, user: User) -> None:
        """A statement binds what runs the code when it is called, or derived from."""
        module, kind, key = user
        if kind == "v":
            owner, _, attr = key[1].rpartition(".")
            self._by_attribute((module, owner.partition(".")[0]), attr)
        if kind != "s":
            return
        statement = self.index.modules[module].source.statements[key]
        if statement.fragment.kind in {"import", "def", "class"}:
            return
        now = self.index.modules[module].summaries[key].now
        for name in statement.binds:
            self._handed((module, name))
        for path in now.fills:
            for entity, _ in self.index.names.resolve(module, path):
                self._handed(entity)
        for path in now.sets:
            for entity, attr in self.index.names.attributes_set(module, path):
                self._by_attribute(entity, attr)

    def _handed(self, entity: Entity) -> None:
        if entity in self._runners:
            return
        self._runners.add(entity)
        for user, how, rest in self.index.users(entity):
            if rest:
                if how & CALL and self.index.orders.is_given(*entity, rest):
                    self.todo.append(user)
            elif how & (CALL | BASE):
                self.todo.append(user)
            elif how & MENTION:
                self._handed_on(user)

    def hold(self, user: User, attr: str) -> None:
        """A statement that gives the bound method *attr* a name binds what runs it, too."""
        module, kind, key = user
        if kind != "s":
            return
        summary = self.index.modules[module].summaries[key]
        found = [name for name, method in summary.methods.items() if method == attr]
        found += [n for n, path in summary.aliases.items() if path[-1] == attr and len(path) > 1]
        for name in found:
            self._handed((module, name))

    def taken_out(self, entity: Entity) -> None:
        """Code calls what an object of the user's holds, that *entity* names, or a method of it does.

        ``signal.send()`` calls its slots, and ``[f() for f in router.routes]`` takes them out.
        """
        orders = self.index.orders
        for user, how, rest in self.index.users(entity):
            if rest and orders.is_given(*entity, rest[:1]):
                unit = self.index.modules[user[0]].unit(user)
                calls = unit is not None and CALLING in unit.attrs
            else:
                calls = bool(rest and how & CALL) and orders.calls_held(*entity, rest[0])
            if calls:
                self.todo.append(user)

    # By definition ----------------------------------------------------------------------------

    def _function(self, module: str, qualname: str) -> None:
        owner, _, name = qualname.rpartition(".")
        if not owner:
            entry = self.index.modules[module]
            number, unit = entry.functions.get(qualname, (0, None))
            self._effect((module, qualname), defines=unit is not None and unit.defines)
            if entry.source.statements[number].fragment.kind == "def":
                self._registered((module, number))
            return
        number, info = self.index.modules[module].classes.get(owner, (0, None))
        if info is not None:
            held = info.lambdas if name == LAMBDAS else info.holders.get(name, ())
            self.todo += ((module, "f", f"{owner}.{other}") for other in held)
            if name in info.uses or self._is_member_hook(module, owner, name):
                self.todo.append((module, "s", number))
        self._method(module, owner, name)

    def _registered(self, statement: StatementId) -> None:
        """What a decorator or a hook of classes puts into an object is run by who takes it out."""
        module, number = statement
        now = self.index.modules[module].summaries[number].now
        if self.calls_only or not any(how & (BASE | CALL) for how in now.paths.values()):
            return  # nothing runs that could put it anywhere
        self._registries += self.index.filling.filled_by(statement)

    def _method(self, module: str, owner: str, method: str) -> None:
        entity = (module, owner.partition(".")[0])
        if self._is_member_hook(module, owner, method):
            self._derived(entity)
        elif method == "_missing_":
            self._effect(entity)  # of an enum, which is called with a value
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
        elif method in {"__getattr__", "__getattribute__"}:
            self._head(entity, method)  # which comes down to any use of what may be an instance
        is_special = method.startswith("__") and method.endswith("__")
        if self.calls_only and is_special and method not in SPELLED:
            return  # operators at large would make everything a filler
        self._by_attribute(entity, method)
        self._looked_up(entity, method)
        for holder in self.index.holders(method):
            self._by_attribute(entity, holder)
        if not self.calls_only:
            self._inherited(module, owner, method)
        function = self.index.modules[module].functions.get(f"{owner}.{method}")
        if function is None or function[1].decorated:
            for reads in (KEPT, SETTING):
                self._by_attribute(entity, reads + method)  # which runs a property

    def _inherited(self, module: str, owner: str, method: str) -> None:
        """Who calls methods that classes have from libraries runs what these call."""
        entity = (module, owner.partition(".")[0])
        for name in self.index.inherited(module, owner, method):
            if name in CONSTRUCTION:
                self._constructed(entity)
            elif name == "__call__":
                self._called(entity)
            self._by_attribute(entity, name)

    def _is_member_hook(self, module: str, owner: str, method: str) -> bool:
        """Does the method make the members of an enum?"""
        return method in MEMBER_HOOKS and self.index.is_metaclass(module, "enum:" + owner)

    def _described(self, entity: Entity) -> None:
        """Reading the attributes that instances of the class *entity* stand for has changed."""
        for cls in (entity, *self.index.families.subclasses(entity)):
            for (module, kind, key), _, _ in self.index.users(cls):
                if kind == "v":
                    owner, _, attr = key[1].rpartition(".")
                    self._attribute((module, owner.partition(".")[0]), attr)
                    self._by_attribute((module, owner.partition(".")[0]), SETTING + attr)

    def _constructed(self, entity: Entity) -> None:
        for cls in (entity, *self.index.families.subclasses(entity)):
            self._effect(cls)
            statement = self.index.families.statement_of(cls)
            if statement is not None:
                self._registered((statement[0], statement[2]))

    def _called(self, entity: Entity) -> None:
        """What calling instances of the class *entity* does has changed."""
        for user, how, rest in self.index.users(entity):
            if how & CALL and not rest and self._decorates(user, entity):
                self.todo.append(user)  # ``@Register("name")``
        for module, number in self.index.taint.tainted(entity):
            statement = self.index.modules[module].source.statements[number]
            if statement.fragment.kind not in {"class", "import"}:
                for name in statement.binds:
                    self._effect((module, name))

    def _decorates(self, user: User, entity: Entity) -> bool:
        """Does a statement decorate with what it makes of a class? ``@Counted`` makes it, and no more."""
        module, kind, key = user
        if kind != "s":
            return False
        fragment = self.index.modules[module].source.statements[key].fragment
        nodes = fragment.peek() if fragment.text.startswith("@") else []
        named = (
            dotted(part)
            for node in nodes
            for decorator in getattr(node, "decorator_list", ())
            if dotted(decorator) is None
            for part in ast.walk(decorator)
            if isinstance(part, ast.Name | ast.Attribute)
        )
        resolve = self.index.names.resolve
        return any((entity, ()) in resolve(module, path) for path in filter(None, named))

    def _derived(self, entity: Entity) -> None:
        families = self.index.families
        for cls in (entity, *families.subclasses(entity)):
            self.todo += (user for user, how, _ in self.index.users(cls) if how & BASE)
            statement = families.statement_of(cls)
            if statement is not None and families.is_derived_by_decorator(cls):
                self.todo.append(statement)
