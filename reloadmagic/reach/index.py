"""Who uses what: a reverse index over the summaries of all tracked modules.

In come the current sources, a module at a time; out go answers to the questions that planning
asks: which statements does a change reach, which statements fill which object, which belong
together. All walks start from the change, so that they cost what it reaches and no more.

A *user* is a piece of code: ``(module, "s", index)`` for what runs with a statement,
``(module, "f", qualname)`` for a function's body, ``(module, "l", index)`` for the lambdas that a
statement leaves behind, ``(module, "v", (index, qualname))`` for a value in a class body. An
*entity* is ``(module, name)``.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..source import Source
from .known import (
    ADDING,
    CLASS_HOOKS,
    CONSTRUCTION,
    MEMBER_HOOKS,
    METACLASS_HOOKS,
    NO_OPERATORS,
    PASSING,
)
from .reading import summarize
from .summary import BASE, CALL, MENTION, OPERATOR, USE, ClassInfo, Path, Summary, Unit

__all__ = ["Entity", "Index", "Token", "User"]

T = TypeVar("T")
User = tuple[str, str, Any]
Entity = tuple[str, str]
StatementId = tuple[str, int]
ValueId = tuple[str, int, str]
Token = tuple[str, ...]
"""What an edit changes, as far as others can use it:

``("bind", module, name)``         the name is bound to another value
``("content", module, name)``      the object of that name holds other content
``("code", module, qualname)``     a function runs other code or has other defaults
``("attr", module, class, name)``  a class has another value under that name
``("shape", module, class)``       a class has other names, fields or members
``("head", module, class)``        a class has other bases, keywords or decorators
``("layout", module, class)``      a class has other slots, and with it those derived from it
"""

Target = tuple[str, str, str]
"""A filled object: module, name, and the class attribute if it is one (else ``""``)."""


@dataclass(slots=True)
class ModuleEntry:
    """What the index keeps of one version of one module."""

    source: Source
    package: str
    summaries: list[Summary]
    bindings: dict[str, list[int]] = field(default_factory=dict)
    functions: dict[str, tuple[int, Unit]] = field(default_factory=dict)
    classes: dict[str, tuple[int, ClassInfo]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    imports: list[str] | None = None
    at_once: list[tuple[int, str]] | None = None

    def is_import(self, name: str) -> bool:
        """Do import statements alone bind *name*? True for one that nothing binds."""
        return all(
            self.source.statements[number].fragment.kind == "import"
            for number in self.bindings.get(name, ())
        )


class Index:
    """The reverse index; see the module.

    *is_module* tells whether an absolute name is a loaded module, so that ``pkg.sub.f`` can be
    told from an attribute of an attribute. *is_metaclass* tells it of a class. *names_of* gives the
    names that a star-import of a module binds which is none of the user's, None if it is not loaded.
    """

    def __init__(
        self,
        *,
        is_module: Callable[[str], bool],
        is_metaclass: Callable[[str, str], bool] = lambda _module, _name: False,
        names_of: Callable[[str], frozenset[str] | None] = lambda _module: None,
    ) -> None:
        self._is_module = is_module
        self._names_of = names_of
        self.is_metaclass = is_metaclass
        # What was put or dropped since whoever keeps it up to date last cleared this.
        self.changed: dict[str, None] = {}
        # Modules whose texts speak of a cache.
        self.caching: set[str] = set()
        self.modules: dict[str, ModuleEntry] = {}
        self._users: dict[Entity, dict[str, list[tuple[User, int, Path]]]] = {}
        self._attrs: dict[str, dict[str, set[User]]] = {}
        self._touched: dict[str, tuple[list[Entity], list[str]]] = {}
        self._unlinked: set[str] = set()
        self._fill_cache: dict[Target, set[StatementId]] | None = None
        self._setter_cache: dict[tuple[Entity, str], set[StatementId]] | None = None
        self._tainted_cache: dict[Entity, set[StatementId]] = {}
        self._taint_cache: dict[Entity, tuple[set[StatementId], set[Entity]]] = {}
        self._attribute_cache: dict[tuple[str, bool, bool], set[Any]] = {}
        self._remembered: dict[object, Any] = {}
        # By module, the functions that may have decorators.
        self._decorated: dict[str, list[str]] = {}

    # Contents -------------------------------------------------------------------------------

    def put(self, name: str, source: Source) -> None:
        """Index *source* as the current version of the module *name*."""
        known = self.modules.get(name)
        if known is not None and known.source is source:
            return
        self.changed[name] = None
        (self.caching.add if "cache" in source.text else self.caching.discard)(name)
        is_package = os.path.basename(source.path).startswith("__init__.")
        postponed = bool(source.flags & _ANNOTATIONS)
        if known is not None and _is_alike(known, source, postponed=postponed):
            known.source = source
            return
        entry = ModuleEntry(
            source,
            name if is_package else name.rpartition(".")[0],
            [summarize(s.fragment, postponed=postponed) for s in source.statements],
        )
        for number, (statement, summary) in enumerate(
            zip(source.statements, entry.summaries, strict=True)
        ):
            for bound in statement.binds:
                entry.bindings.setdefault(bound, []).append(number)
            for bound in summary.now.binds_global:
                entry.bindings.setdefault(bound, []).append(number)
            for qualname, unit in summary.functions.items():
                entry.functions[qualname] = (number, unit)
            for qualname, info in summary.classes.items():
                entry.classes[qualname] = (number, info)
            for imported in summary.imports:
                if imported.name == "*":
                    entry.stars.append(self._absolute(entry, imported.module, imported.level))
        self._unlink(name)
        self._decorated.pop(name, None)
        decorated = [
            qualname
            for qualname, (number, _) in entry.functions.items()
            if "@" in source.statements[number].fragment.text
        ]
        if decorated:
            self._decorated[name] = decorated
        names_changed = known is None or known.bindings.keys() != entry.bindings.keys()
        self.modules[name] = entry
        if names_changed:
            # Resolution of others' paths may lead here now, or no longer.
            self._unlinked.update(self.modules)
        self._unlinked.add(name)
        self._forget_walks()

    def drop(self, name: str) -> None:
        """Forget the module *name*."""
        if name in self.modules:
            self.changed[name] = None
            self.caching.discard(name)
            self._unlink(name)
            del self.modules[name]
            self._decorated.pop(name, None)
            self._unlinked.discard(name)
            self._forget_walks()

    def _unlink(self, name: str) -> None:
        entities, attrs = self._touched.pop(name, ([], []))
        for entity in entities:
            self._users.get(entity, {}).pop(name, None)
        for attr in attrs:
            self._attrs.get(attr, {}).pop(name, None)

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
        self._touched[name] = (entities, attrs)
        for user, unit in units(name, entry):
            arguments = defaultdict(list)
            for callee, argument in unit.arguments:
                arguments[argument].append(callee)
            for path, how in unit.paths.items():
                for callee in arguments.get(path, ()):
                    if self._may_call(name, callee):
                        how |= CALL
                found: dict[tuple[Entity, Path], None] = {}
                met: list[str] = []
                self._resolve(name, path, found, met, 0)
                if how & USE:  # a module as a whole: all of its names count
                    found |= {((module, "*"), ()): None for module in met}
                for entity, rest in found:
                    by_module = self._users.setdefault(entity, {})
                    by_module.setdefault(name, []).append((user, how, rest))
                    entities.append(entity)
            known = unit.attrs
            if unit.operands and OPERATOR not in known:
                if any(self._is_foreign(name, callee) for callee in unit.operands):
                    known = {*known, OPERATOR}
            for attr in known:
                self._attrs.setdefault(attr, {}).setdefault(name, set()).add(user)
                attrs.append(attr)

    def _is_foreign(self, module: str, callee: Path) -> bool:
        """Is what *callee* names none of the user's, so that its code is not known here?"""
        for (found, name), rest in self.resolve(module, callee):
            entry = self.modules.get(found)
            if entry is not None and not entry.is_import(name):
                qualname = ".".join((name, *rest))
                if qualname in entry.functions or qualname in entry.classes:
                    return False
        return True

    def _may_call(self, module: str, callee: Path) -> bool:
        """May what *callee* names call what it is passed? Yes, unless it is known that not."""
        for (found, name), rest in self.resolve(module, callee):
            entry = self.modules.get(found)
            if entry is None:
                continue
            qualname = ".".join((name, *rest))
            if qualname in entry.functions:
                return entry.functions[qualname][1].calls_parameters
            if qualname in entry.classes:
                init = entry.functions.get(f"{qualname}.__init__")
                return init is not None and init[1].calls_parameters
        return callee[-1] not in PASSING

    def decorated(self) -> Iterator[Entity]:
        """The functions, by module and qualname, that may have decorators."""
        for name, found in self._decorated.items():
            for qualname in found:
                yield name, qualname

    def imports(self) -> dict[str, list[str]]:
        """For each module, the tracked modules that its code imports, parents included, in order."""
        return {name: self._imported(name, entry) for name, entry in self.modules.items()}

    def _imported(self, name: str, entry: ModuleEntry) -> list[str]:
        if entry.imports is None:
            targets = (target for _, target in self._imports(name, entry, "svfl"))
            entry.imports = list(dict.fromkeys(targets))
        return [found for found in entry.imports if found in self.modules]

    def imports_at_once(self) -> dict[str, list[tuple[int, str]]]:
        """What the statements of each module import themselves: where, and which modules."""
        found: dict[str, list[tuple[int, str]]] = {}
        for name, entry in self.modules.items():
            if entry.at_once is None:
                entry.at_once = list(self._imports(name, entry, "sv"))
            found[name] = [pair for pair in entry.at_once if pair[1] in self.modules]
        return found

    def _imports(self, name: str, entry: ModuleEntry, kinds: str) -> Iterator[tuple[int, str]]:
        """The modules that units of these *kinds* import, with the position of statements."""
        for (_, kind, key), unit in units(name, entry):
            if kind not in kinds:
                continue
            number = key[0] if kind == "v" else key
            for path in unit.paths:
                if path[0].startswith("@"):
                    for found in self.import_targets(name, path):
                        if found != name and not self._is_only_parent(name, path, found):
                            yield number, found

    def imported_by(self, statement: StatementId) -> Iterator[str]:
        """The modules, as it seems, that running a statement makes the import system load."""
        name, number = statement
        for path in self.modules[name].summaries[number].now.paths:
            if path[0].startswith("@"):
                yield from self.import_targets(name, path)

    def is_module(self, name: str) -> bool:
        """Is it a module that is loaded, or about to be?"""
        return name in self.modules or self._is_module(name)

    def missing_imports(self, name: str) -> list[str]:
        """What the module's code imports, as it seems, and is not loaded."""
        self._imported(name, self.modules[name])
        found = self.modules[name].imports or []
        return [target for target in found if not self.is_module(target)]

    def _is_only_parent(self, name: str, path: Path, found: str) -> bool:
        """Is *found* a package that *name* is in, on the way to something else of it?

        Such a package has been started when *name* is imported, so nothing waits for it.
        """
        if not name.startswith(found + "."):
            return False
        target = list(self.import_targets(name, path[:1]))[-1]
        return target != found or len(path) == 1 or self.is_module(f"{target}.{path[1]}")

    def import_targets(self, name: str, path: Path) -> Iterator[str]:
        """The modules that importing *path* in the module *name* makes the import system load."""
        root = path[0]
        dots = len(root) - len(root[1:].lstrip(".")) - 1
        target = self._absolute(self.modules[name], root[1 + dots :], dots)
        parts = target.split(".")
        for number in range(1, len(parts) + 1):
            yield ".".join(parts[:number])
        if len(path) > 1:
            yield f"{target}.{path[1]}"

    # Names ----------------------------------------------------------------------------------

    def absolute(self, name: str, module: str, level: int) -> str:
        """The module that an import of *module*, with *level* dots, means in the module *name*."""
        return self._absolute(self.modules[name], module, level)

    @staticmethod
    def _absolute(entry: ModuleEntry, module: str, level: int) -> str:
        if not level:
            return module
        package = entry.package
        for _ in range(level - 1):
            package = package.rpartition(".")[0]
        return f"{package}.{module}" if module and package else package or module

    def resolve(self, module: str, path: Path) -> list[tuple[Entity, Path]]:
        """The entities that *path* means in *module*, with what of the path is left.

        All that lie on the way are in it: a from-import is an entity of the importing module and
        one of the module imported from.
        """
        found: dict[tuple[Entity, Path], None] = {}
        self._resolve(module, path, found, [], 0)
        return list(found)

    def _resolve(
        self,
        module: str,
        path: Path,
        found: dict[tuple[Entity, Path], None],
        met: list[str],
        depth: int,
    ) -> None:
        """Add to *found* what `resolve` returns, and to *met* the modules that *path* ends in."""
        entry = self.modules.get(module)
        if depth > 16:
            return
        root = path[0]
        if root.startswith("@"):
            dots = len(root) - len(root[1:].lstrip(".")) - 1
            target = self._absolute(entry, root[1 + dots :], dots) if entry else root[1:]
            self._resolve_in(target, path[1:], found, met, depth)
            return
        here = ((module, root), path[1:])
        if here in found:
            return
        found[here] = None
        if entry is None:
            return
        for number in entry.bindings.get(root, ()):
            for imported in entry.summaries[number].imports:
                if imported.alias == root:
                    target = self._absolute(entry, imported.module, imported.level)
                    names = path[1:] if imported.name is None else (imported.name, *path[1:])
                    self._resolve_in(target, names, found, met, depth)
        binders = entry.bindings.get(root)
        if not binders and entry.package == module and self.is_module(f"{module}.{root}"):
            # Importing a submodule sets it on its package.
            self._resolve_in(f"{module}.{root}", path[1:], found, met, depth)
        if not binders or root in entry.summaries[binders[0]].augments:
            for star in entry.stars:
                if star in self.modules and self.binds(star, root):
                    self._resolve_in(star, path, found, met, depth)

    def _resolve_in(
        self,
        target: str,
        names: Path,
        found: dict[tuple[Entity, Path], None],
        met: list[str],
        depth: int,
    ) -> None:
        """Resolve attributes *names* of the module *target*."""
        while names:
            entry = self.modules.get(target)
            deeper = f"{target}.{names[0]}"
            if self.is_module(deeper) and (entry is None or entry.is_import(names[0])):
                if entry is not None and names[0] in entry.bindings:
                    found[((target, names[0]), names[1:])] = None
                target, names = deeper, names[1:]
            elif entry is not None:
                self._resolve(target, names, found, met, depth + 1)
                return
            else:
                found[((target, names[0]), names[1:])] = None
                return
        met.append(target)

    def binds(self, module: str, name: str, _seen: frozenset[str] = frozenset()) -> bool:
        """Does *module* bind *name*, itself or by a star-import?"""
        entry = self.modules.get(module)
        if entry is None:
            return name in (self._names_of(module) or ())
        if module in _seen:
            return False
        return name in entry.bindings or any(
            self.binds(star, name, _seen | {module}) for star in entry.stars
        )

    def knows(self, module: str) -> bool:
        """Is it known which names a star-import of *module* may bind?"""
        return module in self.modules or self._names_of(module) is not None

    def star_targets(self, module: str, number: int) -> list[str]:
        """The modules that a statement of *module* imports by star."""
        entry = self.modules[module]
        return [
            self._absolute(entry, imported.module, imported.level)
            for imported in entry.summaries[number].imports
            if imported.name == "*"
        ]

    def public_names(self, module: str, _seen: frozenset[str] = frozenset()) -> set[str]:
        """The names without a leading underscore that *module* binds, by star-imports too."""
        entry = self.modules.get(module)
        if entry is None:
            return set(self._names_of(module) or ())
        if module in _seen:
            return set()
        names = {name for name in entry.bindings if not name.startswith("_") and name != "*"}
        return names.union(*(self.public_names(star, _seen | {module}) for star in entry.stars))

    def users(self, entity: Entity) -> Iterator[tuple[User, int, Path]]:
        """Who uses *entity*, how, and which attributes of it."""
        self._link()
        for rows in list(self._users.get(entity, {}).values()):
            yield from rows

    def used_names(self, module: str) -> list[str]:
        """The names of *module* that any code uses, whether its statements bind them or not."""
        self._link()
        return [name for (found, name), rows in self._users.items() if found == module and rows]

    def asked_for(self, module: str) -> list[str]:
        """Names that code uses of *module* and its source does not bind: its ``__getattr__`` may."""
        self._link()
        return [
            name
            for (found, name), rows in self._users.items()
            if found == module and rows and name != "*" and not self.binds(module, name)
        ]

    def attr_users(self, attr: str) -> Iterator[User]:
        """Who reads an attribute of this name of whatever object."""
        self._link()
        for rows in list(self._attrs.get(attr, {}).values()):
            yield from rows

    # Reach ----------------------------------------------------------------------------------

    def _forget_walks(self) -> None:
        """Something was indexed anew: what was found by walking need not hold."""
        self._fill_cache = None
        self._setter_cache = None
        self._tainted_cache.clear()
        self._taint_cache.clear()
        self._attribute_cache.clear()
        self._remembered.clear()

    def remembered(self, key: object, find: Callable[[], T]) -> T:
        """What *find* returned for *key* since something was last indexed anew."""
        if key not in self._remembered:
            self._link()
            self._remembered[key] = find()
        found: T = self._remembered[key]
        return found

    def attribute_users(self, attr: str, operator: bool, calls_only: bool) -> set[Any]:
        """Statements and class-level values that use *attr* of any object, or call what does.

        Methods that use each other's names go in circles, so this is a fixed point: first one
        step of each attribute within reach, then the steps joined until nothing is added.
        """
        key = (attr, operator, calls_only)
        if key in self._attribute_cache:
            return self._attribute_cache[key]
        direct: dict[tuple[str, bool, bool], set[Any]] = {}
        nested: dict[tuple[str, bool, bool], set[tuple[Entity, str, bool]]] = {}
        todo = [key]
        while todo:
            step = todo.pop()
            if step in direct:
                continue
            if step in self._attribute_cache:
                direct[step], nested[step] = self._attribute_cache[step], set()
                continue
            walk = _Walk(self, calls_only=calls_only)
            walk.nested = nested[step] = set()
            walk.todo += set(self.attr_users(step[0]))
            if step[1]:
                walk.todo += set(self.attr_users(OPERATOR))
            direct[step] = {*walk.drain(), *walk.values}
            todo += [(a, o, calls_only) for _, a, o in nested[step]]
        followed_by = defaultdict(list)
        for step, uses in nested.items():
            for entity, a, o in uses:
                followed_by[a, o, calls_only].append((step, self.tainted(entity)))
        # What has come in and those that follow have not seen yet.
        fresh = {step: set(found) for step, found in direct.items()}
        while fresh:
            step, came = fresh.popitem()
            for following, tainted in followed_by[step]:
                added = {user for user in came if user[:2] in tainted} - direct[following]
                if added:
                    direct[following] |= added
                    fresh.setdefault(following, set()).update(added)
        self._attribute_cache.update(direct)
        return direct[key]

    def reached(self, token: Token) -> set[StatementId]:
        """The statements that use what *token* says has changed; not to be written to."""
        return self._walked(token).statements

    def _walked(self, token: Token) -> _Walk:
        """The walk from *token*, which ends in the same places until something is indexed anew."""
        return self.remembered(token, lambda: _Walk(self).run(token))

    def reached_values(self, token: Token) -> set[ValueId]:
        """The values in class bodies, by module, statement and qualname, that use what changed."""
        return self._walked(token).values

    def reached_functions(self, token: Token) -> set[Entity]:
        """The functions, by module and qualname, that run or read what has changed."""
        walk = self._walked(token)
        return {(module, key) for module, kind, key in walk.seen if kind == "f"}

    def tainted(self, entity: Entity) -> set[StatementId]:
        """The statements which might hold, directly or through others, something of *entity*."""
        self._link()
        if entity in self._tainted_cache:
            return self._tainted_cache[entity]
        statements = self._tainted_cache[entity] = set()
        seen: set[Entity] = set()
        todo = {entity}
        while todo:
            seen |= todo
            following: set[Entity] = set()
            for held in todo:
                users, entities = self._taints(held)
                statements |= users
                following |= entities
            todo = following - seen
        return statements

    def _taints(self, entity: Entity) -> tuple[set[StatementId], set[Entity]]:
        """One step of `tainted`: the statements that use *entity*, and what then holds of it."""
        found = self._taint_cache.get(entity)
        if found is None:
            found = self._taint_cache[entity] = set(), set()
            for user, _, _ in self.users(entity):
                if user[1] in "sl":
                    found[0].add((user[0], user[2]))
                found[1].update(self._tainted_by(user))
        return found

    def _tainted_by(self, user: User) -> list[Entity]:
        module, kind, key = user
        entry = self.modules[module]
        if kind == "v":
            return []  # its statement is a user, too
        if kind == "f":
            names = [key.partition(".")[0]]
        else:
            if entry.source.statements[key].fragment.kind == "import":
                return []  # who uses an imported name counts as a user of the original, too
            names = list(entry.source.statements[key].binds)
            names += [p[0] for p in entry.summaries[key].now.fills if not p[0].startswith("@")]
        entities: list[Entity] = [(module, name) for name in names]
        if kind == "s":
            for path in entry.summaries[key].now.fills:
                entities += [entity for entity, _ in self.resolve(module, path)]
            for callee, argument in entry.summaries[key].now.arguments:
                if self._fills_parameters(module, callee):
                    entities += [entity for entity, _ in self.resolve(module, argument)]
        return entities

    def _fills_parameters(self, module: str, callee: Path) -> bool:
        """May calling *callee* in *module* change what it is passed?"""
        key = ("fills parameters", module, callee)
        return self.remembered(key, lambda: self._may_fill_parameters(module, callee))

    def _may_fill_parameters(self, module: str, callee: Path) -> bool:
        for (found, name), rest in self.resolve(module, callee):
            entry = self.modules.get(found)
            if entry is None:
                continue
            qualname = ".".join((name, *rest))
            if qualname in entry.functions:
                return entry.functions[qualname][1].fills_parameters
            init = entry.functions.get(f"{qualname}.__init__")
            if init is not None:
                return init[1].fills_parameters
        return False

    # Filling --------------------------------------------------------------------------------

    def fillers(self) -> dict[Target, set[StatementId]]:
        """For each filled object, the statements that fill it when they run."""
        self._link()
        if self._fill_cache is None:
            found: dict[Target, set[StatementId]] = defaultdict(set)
            for name, entry in self.modules.items():
                for user, unit in units(name, entry):
                    if user[1] == "v":
                        continue
                    targets = set(self._targets(name, user, unit))
                    statements = self._run_by(user) if targets else set()
                    for target in targets:
                        found[target] |= statements
                for number, summary in enumerate(entry.summaries):
                    for path in summary.orders:
                        for target in self._order_targets(name, path):
                            found[target].add((name, number))
            self._fill_cache = {target: fillers for target, fillers in found.items() if fillers}
        return self._fill_cache

    def filled_by(self, statement: StatementId) -> list[Target]:
        """The objects that a statement fills."""
        return self.remembered("filled by", self._fills).get(statement, [])

    def filled_under(self, entity: Entity) -> list[Target]:
        """The filled objects that *entity* names, or whose class it does."""
        return self.remembered("filled under", self._filled_entities).get(entity, [])

    def _filled_entities(self) -> dict[Entity, list[Target]]:
        found: dict[Entity, list[Target]] = defaultdict(list)
        for target in self.fillers():
            found[target[:2]].append(target)
        return dict(found)

    def _fills(self) -> dict[StatementId, list[Target]]:
        found: dict[StatementId, list[Target]] = defaultdict(list)
        for target, statements in self.fillers().items():
            for statement in statements:
                found[statement].append(target)
        return dict(found)

    def _targets(self, name: str, user: User, unit: Unit) -> Iterator[Target]:
        """What *unit* itself fills."""
        for path in unit.sets:
            for (found, bound), attr in self.attributes_set(name, path):
                info = self.class_of((found, bound))
                if info is not None and attr in info.attrs:
                    yield (found, bound, attr)  # the class statement sets it back
            for (found, bound), rest in self.resolve(name, path):
                entry = self.modules.get(found)
                if not rest and found != name and entry is not None and bound in entry.bindings:
                    yield (found, bound, "")  # a name of another module
        for path in unit.fills:
            yield from self._target(name, path)
        for bound in unit.binds_global:
            yield (name, bound, "")
        for callee, argument in unit.arguments:
            if self._fills_parameters(name, callee):
                yield from self._target(name, argument)
        for path, how in unit.paths.items():
            if how & CALL:
                yield from self._stateful_targets(name, path)
                if len(path) > 1:
                    yield from self._class_targets(name, path)
        if user[1] == "f" and unit.fills_class:
            for attr in unit.fills_class:
                yield (name, user[2].rpartition(".")[0].partition(".")[0], attr)
        if user[1] == "f" and unit.fills_self:
            owner, _, method = user[2].rpartition(".")
            hook = method in CLASS_HOOKS or (
                method in METACLASS_HOOKS and self.is_metaclass(name, owner)
            )
            if owner and hook:
                for attr in unit.fills_self:
                    yield (name, owner, attr)

    def attributes_set(self, module: str, path: Path) -> Iterator[tuple[Entity, str]]:
        """The objects, with the attribute, that setting *path* in *module* changes."""
        for entity, rest in self.resolve(module, path):
            entry = self.modules.get(entity[0])
            if len(rest) == 1 and entry is not None and not entry.is_import(entity[1]):
                yield entity, rest[0]

    def class_of(self, entity: Entity) -> ClassInfo | None:
        """The class statement of that name, None if it is something else."""
        entry = self.modules.get(entity[0])
        found = entry.classes.get(entity[1]) if entry is not None else None
        return found[1] if found is not None else None

    def setters(self) -> dict[tuple[Entity, str], set[StatementId]]:
        """For each attribute of an object that statements set from outside, those statements."""
        self._link()
        if self._setter_cache is None:
            found: dict[tuple[Entity, str], set[StatementId]] = defaultdict(set)
            for name, entry in self.modules.items():
                for number, summary in enumerate(entry.summaries):
                    for path in summary.now.sets:
                        for target in self.attributes_set(name, path):
                            found[target].add((name, number))
            self._setter_cache = dict(found)
        return self._setter_cache

    def bases_of(self, entity: Entity) -> list[Entity]:
        """The classes of statements that the class *entity* is derived from, at any distance."""
        found: dict[Entity, None] = {}
        todo = [entity]
        while todo:
            current = todo.pop()
            info = self.class_of(current)
            for path in info.bases if info is not None else ():
                for base, rest in self.resolve(current[0], path):
                    if not rest and base not in found and self.class_of(base) is not None:
                        found[base] = None
                        todo.append(base)
        return list(found)

    def attributes_from_outside(self, entity: Entity) -> set[str]:
        """The attributes of *entity* that statements of the user's modules set."""
        return {attr for found, attr in self.setters() if found == entity}

    def _target(
        self, module: str, path: Path, seen: frozenset[Entity] = frozenset()
    ) -> Iterator[Target]:
        """What filling *path* in *module* fills, under all names that it has there."""
        for (found, name), rest in self.resolve(module, path):
            entry = self.modules.get(found)
            if entry is None or name not in entry.bindings:
                continue
            if entry.is_import(name):
                continue
            attr = rest[0] if rest and name in entry.classes else ""
            yield (found, name, attr)
            for number in entry.bindings[name]:
                alias = entry.summaries[number].aliases.get(name)
                if alias is not None and (found, name) not in seen:
                    yield from self._target(found, (*alias, *rest), seen | {(found, name)})

    def _stateful_targets(self, module: str, path: Path) -> Iterator[Target]:
        """Closures with state of their own, which calling them changes."""
        for (found, name), rest in self.resolve(module, path):
            entry = self.modules.get(found)
            if entry is None or rest:
                continue
            for number in entry.bindings.get(name, ()):
                if entry.source.statements[number].fragment.kind != "assign":
                    continue
                called = entry.summaries[number].now.paths.items()
                if any(how & CALL and self._is_stateful(found, p) for p, how in called):
                    yield (found, name, "")

    def _is_stateful(self, module: str, path: Path) -> bool:
        for (found, name), rest in self.resolve(module, path):
            entry = self.modules.get(found)
            function = entry.functions.get(name) if entry is not None and not rest else None
            if function is not None and function[1].stateful:
                return True
        return False

    def _class_targets(self, module: str, path: Path) -> Iterator[Target]:
        """Class attributes that a call of a class method fills."""
        for (found, name), rest in self.resolve(module, path):
            entry = self.modules.get(found)
            if entry is None or name not in entry.classes or len(rest) != 1:
                continue
            method = entry.functions.get(f"{name}.{rest[0]}")
            if method is not None:
                for attr in method[1].fills_self:
                    yield (found, name, attr)

    def _order_targets(self, module: str, path: Path) -> Iterator[Target]:
        """The objects that calling the method *path* for its effect alone fills.

        Where the class is the user's, its code tells; elsewhere the name of the method has to.
        """
        for (found, name), rest in self.resolve(module, path):
            entry = self.modules.get(found)
            if entry is None or not rest or entry.is_import(name) or name in entry.classes:
                continue
            known = self._methods(found, name, rest[0]) if len(rest) == 1 else []
            fills = map(self._fills_itself, known) if known else [rest[-1].startswith(ADDING)]
            if any(fills):
                yield (found, name, "")

    def _methods(self, module: str, name: str, method: str) -> list[tuple[str, str, str]]:
        """*method* as the user's classes define it from which *name* was made: module, class, method."""
        entry = self.modules[module]
        todo: list[tuple[str, Path]] = [
            (module, path)
            for number in entry.bindings.get(name, ())
            if entry.source.statements[number].fragment.kind == "assign"
            for path, how in entry.summaries[number].now.paths.items()
            if how & CALL
        ]
        found: dict[tuple[str, str, str], None] = {}
        for where, path in todo:
            for (home, owner), rest in self.resolve(where, path):
                info = None if rest else self.class_of((home, owner))
                if info is None:
                    continue
                if f"{owner}.{method}" in self.modules[home].functions:
                    found[home, owner, method] = None
                else:
                    todo += [(home, base) for base in info.bases if (home, base) not in todo]
        return list(found)

    def _fills_itself(self, method: tuple[str, str, str]) -> bool:
        """Does a method change what its object holds, itself or through others of its class?"""
        module, owner, _ = method
        functions = self.modules[module].functions
        names = [method[2]]
        for name in names:
            unit = functions[f"{owner}.{name}"][1]
            if unit.fills_self:
                return True
            names += [a for a in unit.attrs if f"{owner}.{a}" in functions and a not in names]
        return False

    def _run_by(self, user: User) -> set[StatementId]:
        """The statements that run *user*."""
        return _Walk(self, calls_only=True).from_user(user)

    def whole(self, module: str) -> bool:
        """Does code that cannot be told run with the module, so that all of it counts as one?"""
        return module in self.modules and self.remembered(
            ("whole", module), lambda: self._is_whole(module, self.modules[module])
        )

    def _is_whole(self, module: str, entry: ModuleEntry) -> bool:
        if any(s.now.dynamic for s in entry.summaries):
            return True
        for qualname, (_, unit) in entry.functions.items():
            if unit.dynamic and any(
                found == module for found, _ in self._run_by((module, "f", qualname))
            ):
                return True
        return False


_ANNOTATIONS = 0x1000000


def _is_alike(entry: ModuleEntry, source: Source, *, postponed: bool) -> bool:
    """Does *source* bind, use and fill the same, statement by statement, as what is indexed?"""
    before, after = entry.source, source
    if (
        before.path != after.path
        or before.flags != after.flags
        or len(before.statements) != len(after.statements)
    ):
        return False
    changed = [
        (number, new.fragment)
        for number, (old, new) in enumerate(zip(before.statements, after.statements, strict=True))
        if old.fragment is not new.fragment
    ]
    if any(
        before.statements[number].fragment.kind != fragment.kind
        or before.statements[number].binds != fragment.binds
        or entry.summaries[number] != summarize(fragment, postponed=postponed)
        for number, fragment in changed
    ):
        return False
    for number, fragment in changed:
        entry.summaries[number] = summarize(fragment, postponed=postponed)
    return True


def units(name: str, entry: ModuleEntry) -> Iterator[tuple[User, Unit]]:
    """All units of a module with their users; what a class body does comes twice."""
    for number, summary in enumerate(entry.summaries):
        yield (name, "s", number), summary.now
        for owner, info in summary.classes.items():
            for attr, unit in info.values.items():
                if f"{owner}.{attr}" not in summary.functions:
                    yield (name, "v", (number, f"{owner}.{attr}")), unit
        for qualname, unit in summary.functions.items():
            if qualname == "<lambda>":
                yield (name, "l", number), unit
            else:
                yield (name, "f", qualname), unit


def _looks_in(unit: Unit) -> bool:
    """Does code do more with what it names than pass it around?"""
    return bool(unit.attrs) or any(how & (CALL | USE | BASE) for how in unit.paths.values())


class _Walk:
    """One walk from a change to the statements that use it.

    With *calls_only* only those count that really run the code.
    """

    def __init__(self, index: Index, *, calls_only: bool = False) -> None:
        self.index = index
        self.calls_only = calls_only
        self.statements: set[StatementId] = set()
        self.values: set[ValueId] = set()
        self.seen: set[User] = set()
        self.effects: set[tuple[Entity, str]] = set()
        self.contents: set[Entity] = set()
        # Where not None: uses of attributes are noted here, to be followed by who asked.
        self.nested: set[tuple[Entity, str, bool]] | None = None
        self.todo: list[User] = []

    def run(self, token: Token) -> _Walk:
        kind, module, name = token[:3]
        entity = (module, name)
        if kind == "bind":
            self.bound(entity)
        elif kind == "content":
            self.content(entity)
        elif kind == "code":
            self.todo.append((module, "f", name))
        elif kind == "attr":
            self.attribute(entity, token[3])
        elif kind == "shape":
            self.shape(entity)
        elif kind == "head":
            self.head(entity)
        elif kind == "layout":
            self.derived(entity)
        self.drain()
        return self

    def from_user(self, user: User) -> set[StatementId]:
        self.todo.append(user)
        return self.drain()

    def drain(self) -> set[StatementId]:
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
                    self.effect((module, name))
            else:
                self.function(module, key)
        return self.statements

    # What has changed ------------------------------------------------------------------------

    def bound(self, entity: Entity) -> None:
        for user, _, _ in self.index.users(entity):
            self.todo.append(user)
        if not entity[1].startswith("_") or entity[1] == "__all__":
            for user, _, _ in self.index.users((entity[0], "*")):
                self.todo.append(user)

        self.listed(entity)

    def listed(self, entity: Entity) -> None:
        """A class came to be: who lists the subclasses of those that it is derived from?"""
        for base in self.index.bases_of(entity):
            for user, _, rest in self.index.users(base):
                if rest[:1] == ("__subclasses__",):
                    self.todo.append(user)
            self.by_name(base, "__subclasses__", operator=False)

    def content(self, entity: Entity) -> None:
        if entity in self.contents:
            return
        self.contents.add(entity)
        for user, how, rest in self.index.users(entity):
            if rest or how & ~MENTION:
                self.todo.append(user)
            else:
                self.held(user)
        if entity[1] == "__all__":
            for user, _, _ in self.index.users((entity[0], "*")):
                self.todo.append(user)

    def held(self, user: User) -> None:
        """Code that passes around an object of which the content has changed."""
        module, kind, key = user
        if kind == "f":
            self.todo.append(user)
        elif kind == "v":
            first, _, rest = key[1].partition(".")
            self.attribute((module, first), rest.partition(".")[0])
        elif kind == "s":
            statement = self.index.modules[module].source.statements[key]
            now = self.index.modules[module].summaries[key].now
            if statement.fragment.kind == "def":
                self.effect((module, statement.binds[0]))  # a default
            elif statement.fragment.kind not in {"class", "import"}:
                for name in statement.binds:
                    self.content((module, name))
                for path in now.fills | now.sets:
                    for other, _ in self.index.resolve(module, path):
                        self.content(other)

    def attribute(self, entity: Entity, attr: str) -> None:
        for module, number in self.index.setters().get((entity, attr), ()):
            self.todo.append((module, "s", number))  # those that come later set it again
        for user, _, rest in self.index.users(entity):
            if rest and rest[0] == attr:
                self.todo.append(user)
        for subclass in self.subclasses(entity):
            for user, _, rest in self.index.users(subclass):
                if rest and rest[0] == attr:
                    self.todo.append(user)
        self.by_attribute(entity, attr)

    def shape(self, entity: Entity) -> None:
        for user, how, rest in self.index.users(entity):
            if (how & USE and not rest) or (how & BASE and self.is_shaped(user)):
                self.todo.append(user)
        module, name = entity
        entry = self.index.modules.get(module)
        found = entry.classes.get(name) if entry is not None else None
        if found is not None and self.is_shaped((module, "s", found[0])):
            self.constructed(entity)  # construction is made of what the body holds

    def head(self, entity: Entity) -> None:
        for module, number in self.index.tainted(entity):
            summary = self.index.modules[module].summaries[number]
            if _looks_in(summary.now):
                self.todo.append((module, "s", number))
            for owner, info in summary.classes.items():
                for attr, unit in info.values.items():
                    if _looks_in(unit):
                        self.values.add((module, number, f"{owner}.{attr}"))

    def is_shaped(self, user: User) -> bool:
        """Does a class statement read what its bases hold, as decorators and metaclasses do?"""
        module, kind, key = user
        if kind != "s":
            return kind != "v"
        summary = self.index.modules[module].summaries[key]
        return any(
            info.decorated or self.index.is_metaclass(module, "type:" + name)
            for name, info in summary.classes.items()
        )

    # Who runs it ------------------------------------------------------------------------------

    def effect(self, entity: Entity, kind: str = "") -> None:
        """What calling *entity* does has changed."""
        if (entity, kind) in self.effects:
            return
        self.effects.add((entity, kind))
        for user, how, rest in self.index.users(entity):
            if rest:
                continue  # methods go by attribute
            if how & CALL:
                self.todo.append(user)
            elif how & MENTION and not self.calls_only:
                self.mention(user)

    def mention(self, user: User) -> None:
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
                self.effect((module, name))
            for path in self.index.modules[module].summaries[key].now.fills:
                for entity, _ in self.index.resolve(module, path):
                    self.effect(entity)

    def function(self, module: str, qualname: str) -> None:
        owner, _, method = qualname.rpartition(".")
        if not owner:
            self.effect((module, qualname))
            self.registered(module, qualname)
            return
        entity = (module, owner.partition(".")[0])
        is_enum = method in MEMBER_HOOKS and self.index.is_metaclass(module, "enum:" + owner)
        number, info = self.index.modules[module].classes.get(owner, (0, None))
        if info is not None and (is_enum or method in info.uses):
            self.todo.append((module, "s", number))
        if method in CLASS_HOOKS or is_enum:
            self.derived(entity)
            if method == "__set_name__":
                self.constructed(entity)
        elif method in METACLASS_HOOKS and self.index.is_metaclass(module, owner):
            self.derived(entity)
            self.effect(entity)
            if method == "__call__":
                self.constructed(entity)
        elif method in CONSTRUCTION:
            self.constructed(entity)
        elif method == "__call__":
            self.called(entity)
        elif method in {"__get__", "__set__", "__delete__"} and not self.calls_only:
            self.described(entity)
        elif method in {"__getattr__", "__getattribute__"} and not self.calls_only:
            self.head(entity)  # which comes down to any use of what may be an instance
        if self.calls_only and method.startswith("__") and method.endswith("__"):
            return  # operators at large would make everything a filler
        self.by_attribute(entity, method)

    def registered(self, module: str, name: str) -> None:
        """A function that was registered with another, as one of `singledispatch`, is run by it."""
        entry = self.index.modules[module]
        number, _ = entry.functions.get(name, (0, None))
        if self.calls_only or entry.source.statements[number].fragment.kind != "def":
            return
        for path in entry.summaries[number].now.fills:
            for (found, function), rest in self.index.resolve(module, path):
                home = self.index.modules.get(found)
                if home is not None and function in home.functions and not rest:
                    self.effect((found, function))

    def described(self, entity: Entity) -> None:
        """Reading the attributes that instances of the class *entity* stand for has changed."""
        for cls in (entity, *self.subclasses(entity)):
            for (module, kind, key), _, _ in self.index.users(cls):
                if kind == "v":
                    owner, _, attr = key[1].rpartition(".")
                    self.attribute((module, owner.partition(".")[0]), attr)

    def constructed(self, entity: Entity) -> None:
        self.effect(entity)
        for subclass in self.subclasses(entity):
            self.effect(subclass)

    def called(self, entity: Entity) -> None:
        """What calling instances of the class *entity* does has changed."""
        for module, number in self.index.tainted(entity):
            statement = self.index.modules[module].source.statements[number]
            if statement.fragment.kind not in {"class", "import"}:
                for name in statement.binds:
                    self.effect((module, name))

    def derived(self, entity: Entity) -> None:
        for user, how, _ in self.index.users(entity):
            if how & BASE:
                self.todo.append(user)
        for subclass in self.subclasses(entity):
            for user, how, _ in self.index.users(subclass):
                if how & BASE:
                    self.todo.append(user)

    def subclasses(self, entity: Entity) -> list[Entity]:
        """Classes derived from *entity* by statements, directly or through others."""
        found: dict[Entity, None] = {}
        todo = [entity]
        while todo:
            for user, how, _ in self.index.users(todo.pop()):
                if not how & BASE or user[1] != "s":
                    continue
                module, _, number = user
                for name in self.index.modules[module].summaries[number].classes:
                    subclass = (module, name.partition(".")[0])
                    if subclass not in found and subclass != entity:
                        found[subclass] = None
                        todo.append(subclass)
        return list(found)

    def by_attribute(self, entity: Entity, attr: str) -> None:
        """Code that uses *attr* of an object that may be an instance of the class *entity*."""
        operator = attr.startswith("__") and attr.endswith("__") and attr not in NO_OPERATORS
        if self.nested is not None:
            self.nested.add((entity, attr, operator))
            return
        self.by_name(entity, attr, operator=operator)

    def by_name(self, entity: Entity, attr: str, *, operator: bool) -> None:
        """`by_attribute`, where no other attribute is being followed."""
        users = self.index.attribute_users(attr, operator, self.calls_only)
        if users:
            tainted = self.index.tainted(entity)
            self.statements |= users & tainted
            self.values |= {user for user in users if len(user) > 2 and user[:2] in tainted}
