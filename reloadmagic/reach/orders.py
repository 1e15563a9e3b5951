"""What methods fill that are called for their effect: ``app.include(router)``, ``@app.route``.

In come paths to methods; out go `Target`s: the object itself, with what it shares with others, as
its class holds that for all its instances, or as it was given something that has a name of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .known import ADDING, FILLING
from .summary import CALL, CALLING, MENTION, Path, Unit
from .tokens import Entity, Target

if TYPE_CHECKING:
    from .entry import ModuleEntry
    from .index import Index

__all__ = ["Orders"]

Method = tuple[str, str, str]
"""Module, class and name of a method."""

CALLED = "__call__"


class Orders:
    """Tells what methods fill, as the classes say of which their objects were made."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._names = index.names
        # What objects share by which attributes, as they did when that was asked.
        self._asked: dict[tuple[str, str, str | None], tuple[Entity, ...]] = {}

    def targets(self, module: str, path: Path) -> list[Target]:
        """The objects that calling the method *path* for its effect alone fills.

        Where the class is the user's, its code tells; elsewhere the name of the method has to.
        """
        key = ("ordered", module, path)
        return self._index.remembered(key, lambda: list(self._find(module, path, frozenset())))

    def parts(self, module: str, path: Path) -> Iterator[Target]:
        """What calling the method *path* fills that its object shares with others."""
        for (found, name), rest in self._objects(module, path):
            if len(rest) == 1:
                yield from self._parts(found, name, self.methods(found, name, rest[0]))

    def containers(self, module: str, path: Path) -> Iterator[Target]:
        """The containers that the object at *path* shares with others."""
        for (found, name), rest in self._objects(module, path):
            if not rest:
                yield from self._parts(found, name, [])

    def setting(self, module: str, name: str, attr: str) -> Iterator[Target]:
        """What setting *attr* of the object *name* fills, where that runs code of its class."""
        known = self.methods(module, name, attr) or self.methods(module, name, "__setattr__")
        if any(map(self._fills, known)):
            yield (module, name, "")
            yield from self._parts(module, name, known)

    def fills_operand(self, module: str, name: str, method: str) -> bool:
        """May the operator of that object change the other operand?"""
        return any(
            unit.fills_parameters
            for home, owner, found in self.methods(module, name, method)
            for unit in self._units(home, owner, found)
        )

    def gives_by_code(self, module: str, name: str) -> bool:
        """Does the user's code give out what the object of that name holds?"""
        return module in self._index.modules and any(
            self.methods(module, name, method) for method in ("__getitem__", "__missing__", "get")
        )

    def is_given(self, module: str, name: str, path: Path) -> bool:
        """Is *path* what the object of that name was given to hold, and no method of its class?"""
        entry = self._index.modules.get(module)
        if entry is None or len(path) > 1:
            return False
        texts = [entry.source.statements[n].fragment.text for n in entry.bindings.get(name, ())]
        if any(f"{path[0]}=" in text for text in texts):
            return True
        is_of_users = bool(self._made_of(module, name))
        return is_of_users and not self.methods(module, name, path[0])

    def calls_held(self, module: str, name: str, method: str) -> bool:
        """May a method of the object of that name call what it holds?"""
        return module in self._index.modules and any(
            CALLING in unit.attrs
            for home, owner, found in self.methods(module, name, method)
            for unit in self._units(home, owner, found)
        )

    def look_again(self) -> bool:
        """Do objects share others than when that was last asked?"""
        before, self._asked = self._asked, {}
        return any(self._shares(*key) != found for key, found in before.items())

    # The object -------------------------------------------------------------------------------

    def _find(
        self, module: str, path: Path, seen: frozenset[Entity], *, known_only: bool = False
    ) -> Iterator[Target]:
        """`targets`; with *known_only* names of methods tell nothing."""
        for (found, name), rest in self._objects(module, path):
            if (found, name) in seen:
                continue
            method = rest[:-1] if rest[1:] and rest[-1] == CALLED else rest or (CALLED,)
            within = seen | {(found, name)}
            if name in self._index.modules[found].classes:
                yield from self._in_class(found, name, method, within)
                continue
            for alias in self._aliases(found, name):
                yield from self._find(found, (*alias, *rest), within, known_only=known_only)
            for attrs in [method, *(self._bound(found, name) if method == (CALLED,) else ())]:
                known = self.methods(found, name, attrs[0]) if len(attrs) == 1 else []
                adds = attrs[-1] in FILLING or attrs[-1].startswith(ADDING)
                adds = adds or (len(attrs) > 1 and self._may_fill(attrs[-1]))
                if any(map(self._fills, known)) if known else adds and not known_only:
                    yield (found, name, "")
                    yield from self._parts(found, name, known)
                for held in () if known else self._held(found, name):
                    yield from self._find(found, (*held, *attrs), within, known_only=True)
                    if self.is_given(found, name, attrs):
                        yield from self._find(found, held, within, known_only=True)

    def _in_class(
        self, module: str, name: str, path: Path, seen: frozenset[Entity]
    ) -> Iterator[Target]:
        """What a method fills of what a class holds: ``Tables.users.put(...)``."""
        info = self._names.class_of((module, name))
        for home, owner in (module, name), *self._names.bases_of((module, name)):
            if len(path) == 1 and f"{owner}.{path[0]}" in self._index.modules[home].functions:
                for attr in self._fills((home, owner, path[0])):  # of an object without a name
                    yield from self._of_class(home, owner, attr)
        unit = info.values.get(path[0]) if info is not None else None
        if unit is None:
            return
        attrs = path[1:] or (CALLED,)
        known = self._defined(
            [(module, p) for p, how in unit.paths.items() if how & CALL], attrs[0]
        )
        if len(attrs) == 1 and any(map(self._fills, known)):
            yield (module, name, path[0])
        for held, how in unit.paths.items():
            if how & MENTION:
                yield from self._find(module, (*held, *attrs), seen, known_only=True)

    def _objects(self, module: str, path: Path) -> Iterator[tuple[Entity, Path]]:
        """The objects that *path* leads to, each in the module that binds its name."""
        for (found, name), rest in self._names.resolve(module, path):
            entry = self._index.modules.get(found)
            if entry is not None and not entry.is_import(name):
                yield (found, name), rest

    def _aliases(self, module: str, name: str) -> Iterator[Path]:
        """What a name is another one for: an object, or a method of one."""
        entry = self._index.modules[module]
        for number in entry.bindings[name]:
            alias = entry.summaries[number].aliases.get(name)
            if alias is not None:
                yield alias

    def _bound(self, module: str, name: str) -> list[Path]:
        """The methods, of objects without a name of their own, that a name stands for."""
        entry = self._index.modules[module]
        found = (entry.summaries[number].methods.get(name) for number in entry.bindings[name])
        return [(method,) for method in found if method is not None]

    def _held(self, module: str, name: str) -> list[Path]:
        """What the object of that name may hold, or return: it was mentioned as that was made."""
        key = ("held", module)
        found = self._index.remembered(key, lambda: self._find_held(self._index.modules[module]))
        return found.get(name, [])

    def _find_held(self, entry: ModuleEntry) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = defaultdict(list)
        for statement, summary in zip(entry.source.statements, entry.summaries, strict=True):
            if statement.fragment.kind == "assign":
                held = [path for path, how in summary.now.paths.items() if how & MENTION]
                held += [argument.path for argument in summary.now.arguments]
                names = {path[0] for path in (*summary.now.fills, *summary.now.sets)}
                for name in {*statement.binds, *names}:
                    found[name] += [path for path in held if path[0] != name]
        for name, (_, unit) in entry.functions.items():
            found[name] += [path for path, how in unit.paths.items() if how & MENTION]
        return found

    def _parts(
        self, module: str, name: str, methods: list[Method], seen: frozenset[Entity] = frozenset()
    ) -> Iterator[Target]:
        """What an object of that name shares with others, of what these methods fill.

        That is any container, where it is not known what they do.
        """
        for home, owner, method in methods:
            for attr, called in self._fills((home, owner, method)).items():
                yield from self._of_class(home, owner, attr)
                for shared in self._shares(module, name, attr):
                    yield (*shared, "")
                    within = [m for other in called for m in self.methods(*shared, other)]
                    if within and shared not in seen:
                        yield from self._parts(*shared, within, seen | {shared})
        if not methods:
            yield from ((*shared, "") for shared in self._shares(module, name, None))

    def _shares(self, module: str, name: str, attr: str | None) -> tuple[Entity, ...]:
        key = (module, name, attr)
        if key not in self._asked:
            self._asked[key] = tuple(self._index.shared(module, name, attr))
        return self._asked[key]

    def _of_class(self, module: str, owner: str, attr: str) -> Iterator[Target]:
        """The attribute of a class, or of one that it is derived from, which its objects share."""
        for cls in [(module, owner), *self._names.bases_of((module, owner))]:
            info = self._names.class_of(cls)
            if info is not None and attr in info.attrs:
                yield (*cls, attr)
                return

    # Its methods ------------------------------------------------------------------------------

    def methods(self, module: str, name: str, method: str) -> list[Method]:
        """*method* as the user's classes define it from which *name* was made."""
        key = ("methods of", module, name, method)
        return self._index.remembered(key, lambda: self._find_methods(module, name, method))

    def _find_methods(self, module: str, name: str, method: str) -> list[Method]:
        made_of = self._made_of(module, name)
        found = self._defined([*made_of], method)
        is_special = method.startswith("__") and method.endswith("__")
        return found or ([] if is_special else self._defined(made_of, "__getattr__"))

    def _made_of(self, module: str, name: str) -> list[tuple[str, Path]]:
        """What is called as the object of that name is made."""
        entry = self._index.modules[module]
        return [
            (module, path)
            for number in entry.bindings.get(name, ())
            if entry.source.statements[number].fragment.kind == "assign"
            for path, how in entry.summaries[number].now.paths.items()
            if how & CALL
        ]

    def _defined(self, todo: list[tuple[str, Path]], method: str) -> list[Method]:
        """*method* as the classes define it that are called, or by functions that are."""
        found: dict[Method, None] = {}
        for where, path in todo:
            for (home, owner), rest in self._names.resolve(where, path):
                if rest or home not in self._index.modules:
                    continue
                known = self._index.modules[home].functions
                info = self._names.class_of((home, owner))
                if info is not None and f"{owner}.{method}" in known:
                    found[home, owner, method] = None
                    continue
                if info is not None:
                    called = self._index.calls_of_inherited(home, owner).get(method, ())
                    found |= {(home, owner, own): None for own in called}
                following = info.bases if info is not None else ()
                if info is None and owner in known:  # which may return what it makes
                    following = [p for p, how in known[owner][1].paths.items() if how & CALL]
                todo += [(home, p) for p in following if (home, p) not in todo]
        return list(found)

    def _fills(self, method: Method) -> dict[str, set[str]]:
        """What a method changes of what its object holds, itself or through others of its class.

        By attribute, the methods that it calls of what that holds.
        """
        return self._index.remembered(("fills", *method), lambda: self._find_fills(*method))

    def _find_fills(self, module: str, owner: str, method: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for unit in self._units(module, owner, method):
            for attr in unit.fills_self:
                found.setdefault(attr, set())
            for attr, called in unit.delegates:
                if attr in unit.fills_self or self._may_fill(called):
                    found.setdefault(attr, set()).add(called)
        return found

    def _units(self, module: str, owner: str, method: str) -> Iterator[Unit]:
        """A method, and the others of its class that it may call."""
        functions = self._index.modules[module].functions
        names = [method]
        for name in names:
            unit = functions[f"{owner}.{name}"][1]
            yield unit
            names += [a for a in unit.attrs if f"{owner}.{a}" in functions and a not in names]

    def _may_fill(self, method: str) -> bool:
        """May calling a method of that name, of whatever object, change what this holds?"""
        filling = self._index.remembered("filling methods", self._find_filling)
        return method in filling or method.startswith(ADDING)

    def _find_filling(self) -> set[str]:
        """The names of methods of the user's which change what their objects hold."""
        found: set[str] = set()
        called: dict[str, set[str]] = defaultdict(set)
        for entry in self._index.modules.values():
            for qualname, (_, unit) in entry.functions.items():
                owner, _, method = qualname.rpartition(".")
                if owner and unit.fills_self:
                    found.add(method)
                for _, other in unit.delegates:
                    called[other].add(method)
        todo = list(found)
        while todo:
            new = called[todo.pop()] - found
            found |= new
            todo += new
        return found
