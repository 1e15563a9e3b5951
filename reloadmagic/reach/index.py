"""Who uses what: a reverse index over the summaries of all tracked modules.

In come the current sources, a module at a time; out go answers to the questions that planning
asks: which statements does a change reach, which statements fill which object, which belong
together. All walks start from the change, so that they cost what it reaches and no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ..absent import ABSENT
from ..source import Source
from .attributes import AttributeUsers
from .entry import ModuleEntry, make_entry
from .families import Families
from .filling import Filling
from .imports import Imports
from .known import METACLASSES, PASSING, STORING, is_copying, is_showing
from .names import Names
from .orders import Orders
from .summary import CALL, KEPT, MENTION, MODULE, OPERATOR, USE, Path, Slot, Unit
from .taint import Taint
from .tokens import Entity, StatementId, Token, User, ValueId
from .walk import Walk

__all__ = ["Index"]

T = TypeVar("T")


class Index:
    """The reverse index.

    *is_module* tells whether an absolute name is a loaded module, so that ``pkg.sub.f`` can be
    told from an attribute of an attribute. *is_metaclass* tells it of a class, None if that is not
    there. *names_of* gives the names that a star-import of a module binds which is none of the
    user's, None if it is not loaded. *shared* gives the names of objects that an object, by module
    and name, holds under an attribute, or of the containers among them under any, for None.
    *is_plain* tells whether a name of a module holds a value that nothing can be put into, *is_data*
    whether it holds no code, *inherited* what classes have from libraries that calls a method.

    Attributes:
        modules: the entries of all tracked modules.
        names: what names mean.
        imports: who imports whom.
        families: what class statements say.
        orders: what methods fill that are called for their effect.
        filling: who fills what.
        taint: who might hold something of what.
        attributes: who uses which attributes of whatever object.
        changed: what was put or dropped since whoever keeps the index up to date last cleared this.
        caching: modules whose texts speak of a cache.
        decorated: by module, the functions that may have decorators, if there are any.
    """

    def __init__(
        self,
        *,
        is_module: Callable[[str], bool],
        is_metaclass: Callable[[str, str], bool | None] = lambda _module, _name: None,
        names_of: Callable[[str], frozenset[str] | None] = lambda _module: None,
        shared: Callable[[str, str, str | None], Iterable[Entity]] = lambda _m, _n, _a: (),
        is_plain: Callable[[str, str], bool] = lambda _module, _name: False,
        is_data: Callable[[str, str], bool] = lambda _module, _name: False,
        inherited: Callable[[str, str, str], Iterable[str]] = lambda _module, _class, _method: (),
    ) -> None:
        self._is_plain = is_plain
        self._is_data = is_data
        self._inherited = inherited
        # Whether names hold plain values, or data, as they did when that was asked.
        self._plain: dict[Entity, bool] = {}
        self._data: dict[Entity, bool] = {}
        self.shared = shared
        self._is_live_metaclass = is_metaclass
        self.changed: dict[str, None] = {}
        self.caching: set[str] = set()
        self.decorated: dict[str, list[str]] = {}
        self.modules: dict[str, ModuleEntry] = {}
        self.names = Names(self.modules, is_loaded=is_module, names_of=names_of)
        self.imports = Imports(self)
        self.families = Families(self)
        self.orders = Orders(self)
        self.filling = Filling(self)
        self.taint = Taint(self)
        self.attributes = AttributeUsers(self)
        # By what is used, and by the module of its users: who uses it, how, and what of it.
        self._users: dict[Entity, dict[str, list[tuple[User, int, Path]]]] = {}
        self._attrs: dict[str, dict[str, set[User]]] = {}
        # By module, where it is in the two above; those that are not are in the next.
        self._touched: dict[str, tuple[list[Entity], list[str], list[str]]] = {}
        # By method, and by the module of those who keep it: the attributes that it is kept in.
        self._holders: dict[str, dict[str, set[str]]] = {}
        self._unlinked: set[str] = set()
        self._remembered: dict[object, Any] = {}

    # Contents -------------------------------------------------------------------------------

    def put(self, name: str, source: Source) -> None:
        """Index *source* as the current version of the module *name*."""
        known = self.modules.get(name)
        if known is not None and known.source is source:
            return
        self.changed[name] = None
        if known is not None and known.adopt(source):
            if known.speaks_of_caches:
                self.caching.add(name)
            return
        entry = make_entry(name, source)
        (self.caching.add if entry.speaks_of_caches else self.caching.discard)(name)
        self._unlink(name)
        self.modules[name] = entry
        self.decorated.pop(name, None)
        if entry.decorated:
            self.decorated[name] = entry.decorated
        if (
            known is None
            or known.bindings.keys() != entry.bindings.keys()
            or (known.given, known.gives_any) != (entry.given, entry.gives_any)
            or known.scans != entry.scans
            or known.callers != entry.callers
        ):
            # Resolution of others' paths may lead here now, or no longer.
            self._unlinked.update(self._touched)
        self._unlinked.add(name)
        self._forget_walks()

    def drop(self, name: str) -> None:
        """Forget the module *name*."""
        if name in self.modules:
            self.changed[name] = None
            self.caching.discard(name)
            self.decorated.pop(name, None)
            self._unlink(name)
            del self.modules[name]
            self._unlinked.discard(name)
            self._forget_walks()

    def _unlink(self, name: str) -> None:
        entities, attrs, methods = self._touched.pop(name, ([], [], []))
        for entity in entities:
            self._users.get(entity, {}).pop(name, None)
        for attr in attrs:
            self._attrs.get(attr, {}).pop(name, None)
        for method in methods:
            self._holders.get(method, {}).pop(name, None)

    def _link(self) -> None:
        """Bring the reverse index up to date."""
        while self._unlinked:
            name = self._unlinked.pop()
            if name in self.modules:
                self._unlink(name)
                self._link_module(name, self.modules[name])

    def _link_module(self, name: str, entry: ModuleEntry) -> None:
        entities: list[Entity] = []
        attrs: list[str] = []
        methods: list[str] = []
        self._touched[name] = (entities, attrs, methods)
        for user, unit in entry.units(name):
            arguments = defaultdict(list)
            for callee, passed, slot in unit.arguments:
                arguments[passed].append((callee, slot))
            for path, how in unit.paths.items():
                for callee, slot in arguments.get(path, ()):
                    if self._may_call(name, callee, slot):
                        how |= CALL | MENTION  # and may return what holds it
                found: dict[tuple[Entity, Path], None] = {}
                met: list[str] = []
                self.names.resolve_into(name, path, found, met)
                if how & USE:  # a module as a whole: all of its names count
                    found |= {((module, "*"), ()): None for module in met}
                if met and not (user[1] == "s" and entry.imports_only(user[2])):
                    found |= {((module, MODULE), ()): None for module in met}
                for entity, rest in found:
                    by_module = self._users.setdefault(entity, {})
                    by_module.setdefault(name, []).append((user, how, rest))
                    entities.append(entity)
            known = unit.attrs
            if unit.operands and OPERATOR not in known:
                if any(self._is_foreign(name, callee) for callee in unit.operands):
                    known = {*known, OPERATOR}
            if user[1] == "s" and user[2] in entry.scans:
                entities += self._scanned(user)
            for holder, method in unit.holds:
                self._holders.setdefault(method, {}).setdefault(name, set()).add(holder)
                methods.append(method)
            for attr in (*known, *self._passed(unit)):
                self._attrs.setdefault(attr, {}).setdefault(name, set()).add(user)
                attrs.append(attr)

    def _scanned(self, user: User) -> list[Entity]:
        """Note that a statement uses all of all submodules, which are returned."""
        package = user[0]
        found = [(name, "*") for name in self.modules if name.startswith(f"{package}.")]
        for entity in found:
            self._users.setdefault(entity, {}).setdefault(package, []).append((user, USE, ()))
        return found

    def _passed(self, unit: Unit) -> set[str]:
        """Attributes that code hands on: `KEPT` where nobody runs them at once."""
        found = {KEPT + attr for attr in unit.kept}
        for callee, attr in unit.passed:
            found.add(KEPT + attr if self._may_call_by_name(callee) is False else attr)
        return found

    def _may_call_by_name(self, function: str) -> bool | None:
        """May functions or methods of the user's call what they are passed? None for no such name."""
        entries = self.modules.values()
        if any(function in entry.callers[0] for entry in entries):
            return True
        return False if any(function in entry.callers[1] for entry in entries) else None

    def _is_foreign(self, module: str, callee: Path) -> bool:
        """Is what *callee* names none of the user's, so that its code is not known here?"""
        for (found, name), rest in self.names.resolve(module, callee):
            entry = self.modules.get(found)
            if entry is not None and not entry.is_import(name):
                qualname = ".".join((name, *rest))
                if qualname in entry.functions or qualname in entry.classes:
                    return False
        return True

    def _may_call(self, module: str, callee: Path, slot: Slot) -> bool:
        """May what *callee* names call what is passed in *slot*? Yes, unless it is known that not."""
        for (found, name), rest in self.names.resolve(module, callee):
            entry = self.modules.get(found)
            if entry is None:
                continue
            qualname = ".".join((name, *rest))
            if qualname in entry.functions:
                unit = entry.functions[qualname][1]
                return unit.may_call(None if rest else slot, bound=False)
            if len(rest) == 1 and not entry.is_import(name) and name not in entry.classes:
                may_call = self._may_call_by_name(rest[0])
                if may_call is not None:
                    return may_call
            if qualname in entry.classes:
                init = entry.functions.get(f"{qualname}.__init__")
                return init is not None and init[1].may_call(slot, bound=True)
        keeps = callee[-1] in PASSING or callee[-1] in STORING
        return not (keeps or is_showing(callee) or is_copying(callee))

    def is_metaclass(self, module: str, name: str) -> bool:
        """Is the class *name* a metaclass? Told by its bases where an edit brings it."""
        is_live = self._is_live_metaclass(module, name)
        if is_live is not None or ":" in name:
            return bool(is_live)
        bases = [(module, name), *self.names.bases_of((module, name))]
        infos = filter(None, map(self.names.class_of, bases))
        return any(path[-1] in METACLASSES for info in infos for path in info.bases)

    # Users ----------------------------------------------------------------------------------

    def users(self, entity: Entity) -> Iterator[tuple[User, int, Path]]:
        """Who uses *entity*, how, and which attributes of it."""
        self._link()
        for rows in list(self._users.get(entity, {}).values()):
            yield from rows
        if entity[1] == MODULE:
            yield from ((user, MENTION, ()) for user in self.imports.loaders().get(entity[0], ()))

    def attributes_used(self, entity: Entity) -> set[str]:
        """The attributes of *entity* that code uses by its name."""
        return {rest[0] for _, _, rest in self.users(entity) if rest}

    def is_used(self, entity: Entity) -> bool:
        """Does any code use *entity*?"""
        return any(True for _ in self.users(entity))

    def origins(self, entity: Entity) -> list[Entity]:
        """What a name stands for in the modules that it is imported from, on its way."""
        module, name = entity
        return self.remembered(
            ("origins", entity),
            lambda: [e for e, _ in self.names.resolve(module, (name,)) if e != entity],
        )

    def used_names(self, module: str) -> list[str]:
        """The names of *module* that any code uses, whether its statements bind them or not."""
        self._link()
        return [name for (found, name), rows in self._users.items() if found == module and rows]

    def asked_for(self, module: str) -> list[str]:
        """Names that code uses of *module* and its source does not bind: its ``__getattr__`` may.

        Code of the module itself does not ask that.
        """
        self._link()
        return [
            name
            for (found, name), rows in self._users.items()
            if found == module and any(user != module and rows[user] for user in rows)
            if name != "*" and not self.names.binds(module, name)
        ]

    def attr_users(self, attr: str) -> Iterator[User]:
        """Who reads an attribute of this name of whatever object."""
        self._link()
        for rows in list(self._attrs.get(attr, {}).values()):
            yield from rows

    def attributes_like(self, begins: str) -> list[str]:
        """The attributes, as `attr_users` knows them, whose names begin so."""
        return [attr for attr in self._attrs if attr.startswith(begins)]

    def holders(self, method: str) -> set[str]:
        """The attributes in which objects keep a method of theirs of this name."""
        self._link()
        return set().union(*self._holders.get(method, {}).values())

    # Reach ----------------------------------------------------------------------------------

    def _forget_walks(self) -> None:
        """Something was indexed anew: what was found by walking need not hold."""
        self.taint.forget()
        self.attributes.forget()
        self._remembered.clear()

    def look_again(self) -> None:
        """The session has gone on: what was found by its objects need not hold."""
        plain, self._plain = self._plain, {}
        data, self._data = self._data, {}
        others = any(self.holds_plain_value(entity) != was for entity, was in plain.items())
        others |= any(self.holds_data(entity) != was for entity, was in data.items())
        if self.orders.look_again() or others:
            self._forget_walks()

    def holds_plain_value(self, entity: Entity) -> bool:
        """Does a name hold a number or the like? Then ``n = box.size`` and ``n += 1`` fill no box."""
        if entity not in self._plain:
            self._plain[entity] = self._is_plain(*entity)
        return self._plain[entity]

    def inherited(self, module: str, name: str, method: str) -> Iterable[str]:
        """The methods that a class has from libraries and that call its *method*."""
        key = ("inherited", module, name, method)
        return self.remembered(key, lambda: self._inherited(module, name, method))

    def calls_of_inherited(self, module: str, name: str) -> dict[str, list[str]]:
        """By methods that a class has from libraries, its own methods that these call."""

        def find() -> dict[str, list[str]]:
            found: dict[str, list[str]] = {}
            for qualname in self.modules[module].functions:
                owner, _, method = qualname.rpartition(".")
                for inherited in self.inherited(module, name, method) if owner == name else ():
                    found.setdefault(inherited, []).append(method)
            return found

        return self.remembered(("calls of inherited", module, name), find)

    def holds_data(self, entity: Entity) -> bool:
        """Does a name hold no code, nor anything that might lead to some?"""
        if entity not in self._data:
            self._data[entity] = self._is_data(*entity)
        return self._data[entity]

    def remembered(self, key: object, find: Callable[[], T]) -> T:
        """What *find* returned for *key* since something was last indexed anew."""
        found: Any = self._remembered.get(key, ABSENT)
        if found is ABSENT:
            self._link()
            found = self._remembered[key] = find()
        known: T = found
        return known

    def reached(self, token: Token) -> set[StatementId]:
        """The statements that use what *token* says has changed; not to be written to."""
        return self._walked(token).statements

    def _walked(self, token: Token) -> Walk:
        """The walk from *token*, which ends in the same places until something is indexed anew."""
        return self.remembered(token, lambda: Walk(self).run(token))

    def users_of_made(self, entity: Entity, attr: str) -> set[StatementId]:
        """The statements that may run code made by calls, as `Walk.from_made`; not to be written to."""
        key = ("users of made", *entity, attr)
        return self.remembered(key, lambda: Walk(self).from_made(entity, attr))

    def reached_values(self, token: Token) -> set[ValueId]:
        """The values in class bodies, by module, statement and qualname, that use what changed."""
        return self._walked(token).values

    def reached_functions(self, token: Token) -> set[Entity]:
        """The functions, by module and qualname, that run or read what has changed.

        Where they do so by a method's name, only those of modules that speak of a cache.
        """
        walk = self._walked(token)
        found = walk.seen | walk.functions
        return {(module, key) for module, kind, key in found if kind == "f"}

    def whole(self, module: str) -> bool:
        """Does code that cannot be told run with the module, so that all of it counts as one?"""
        entry = self.modules.get(module)
        return (
            entry is not None
            and entry.is_dynamic
            and self.remembered(("whole", module), lambda: self._is_whole(module, entry))
        )

    def _is_whole(self, module: str, entry: ModuleEntry) -> bool:
        if any(s.now.dynamic for s in entry.summaries):
            return True
        for qualname, (_, unit) in entry.functions.items():
            if unit.dynamic and any(
                found == module
                for found, _ in Walk(self, calls_only=True).from_user((module, "f", qualname))
            ):
                return True
        return False
