"""What names and paths mean, over all tracked modules.

In come the `ModuleEntry`s; out go entities: a name is followed through imports to what binds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..source import Source
from .entry import ModuleEntry
from .summary import ClassInfo, Path
from .tokens import Entity

__all__ = ["Names"]


class Names:
    """Resolves names; *modules* holds the entries of all tracked modules.

    *is_loaded* tells whether an absolute name is a loaded module, so that ``pkg.sub.f`` can be told
    from an attribute of an attribute. *names_of* gives the names that a star-import of a module
    binds which is none of the user's, None if it is not loaded.
    """

    def __init__(
        self,
        modules: Mapping[str, ModuleEntry],
        *,
        is_loaded: Callable[[str], bool],
        names_of: Callable[[str], frozenset[str] | None],
    ) -> None:
        self.modules = modules
        self._is_loaded = is_loaded
        self._names_of = names_of

    def is_module(self, name: str) -> bool:
        """Is it a module that is loaded, or about to be?"""
        return name in self.modules or self._is_loaded(name)

    def source_of(self, name: str) -> Source | None:
        """The current version of the module *name*, None for one that is not indexed."""
        entry = self.modules.get(name)
        return None if entry is None else entry.source

    def resolve(self, module: str, path: Path) -> list[tuple[Entity, Path]]:
        """The entities that *path* means in *module*, with what of the path is left.

        All that lie on the way are in it: a from-import is an entity of the importing module and
        one of the module imported from.
        """
        found: dict[tuple[Entity, Path], None] = {}
        self.resolve_into(module, path, found, [])
        return list(found)

    def resolve_into(
        self,
        module: str,
        path: Path,
        found: dict[tuple[Entity, Path], None],
        met: list[str],
        depth: int = 0,
    ) -> None:
        """Add to *found* what `resolve` returns, and to *met* the modules that *path* ends in.

        *depth* counts the modules on the way: imports may go in circles.
        """
        entry = self.modules.get(module)
        if depth > 16:
            return
        root = path[0]
        if root.startswith("@"):
            dots = len(root) - len(root[1:].lstrip(".")) - 1
            target = entry.absolute(root[1 + dots :], dots) if entry else root[1:]
            self._resolve_in(target, path[1:], found, met, depth)
            return
        here = ((module, root), path[1:])
        if here in found:
            return
        found[here] = None
        if entry is None:
            return
        for target, names in self._next(module, entry, path):
            self._resolve_in(target, names, found, met, depth)
        if depth and self.is_given(module, root):
            for where, names in self._given(module, entry, root):
                self.resolve_into(where, (*names, *path[1:]), found, met, depth + 1)

    def is_given(self, module: str, name: str) -> bool:
        """Is it ``__getattr__`` of *module* that gives others *name*?"""
        entry = self.modules.get(module)
        return (
            entry is not None and "__getattr__" in entry.bindings and not self.binds(module, name)
        )

    def origins_given(self, module: str, name: str) -> list[Entity]:
        """What others may get from ``__getattr__`` of *module* for *name*."""
        found: dict[tuple[Entity, Path], None] = {}
        self._resolve_in(module, (name,), found, [], 0)
        return [entity for entity, rest in found if not rest and entity != (module, name)]

    def _given(self, module: str, entry: ModuleEntry, name: str) -> Iterator[tuple[str, Path]]:
        """What ``__getattr__`` of a module may give others for *name*: paths in modules.

        What it names so, or what submodules bind so: which of them it imports, a table may say.
        """
        if name in entry.given:
            yield from ((module, path) for path in entry.given[name])
        elif entry.gives_any:
            for other, found in self.modules.items():
                if other.startswith(f"{module}.") and name in found.bindings:
                    yield other, (name,)

    def _next(self, module: str, entry: ModuleEntry, path: Path) -> Iterator[tuple[str, Path]]:
        """Where imports of *module* lead from *path*: modules, with what to look up in them."""
        root = path[0]
        binders = entry.bindings.get(root)
        for number in binders or ():
            for imported in entry.summaries[number].imports:
                if imported.alias == root:
                    target = entry.absolute(imported.module, imported.level)
                    yield target, path[1:] if imported.name is None else (imported.name, *path[1:])
        if not binders and self._is_submodule(module, root):
            yield f"{module}.{root}", path[1:]
        if not binders or entry.builds_on(root):
            for star in entry.stars:
                if star in self.modules and self.gives(star, root):
                    yield star, path

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
                self.resolve_into(target, names, found, met, depth + 1)
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
            self.gives(star, name, _seen | {module}) for star in entry.stars
        )

    def gives(self, module: str, name: str, _seen: frozenset[str] = frozenset()) -> bool:
        """May a star-import of *module* bind *name*?"""
        entry = self.modules.get(module)
        if name.startswith("_") and entry is not None and "__all__" not in entry.bindings:
            return False
        return self.binds(module, name, _seen) or self._is_submodule(module, name)

    def _is_submodule(self, package: str, name: str) -> bool:
        """Is it a submodule of *package* of that name? Importing it sets it there."""
        entry = self.modules.get(package)
        is_package = entry is not None and entry.package == package
        return is_package and self.is_module(f"{package}.{name}")

    def knows(self, module: str) -> bool:
        """Is it known which names a star-import of *module* may bind?"""
        return module in self.modules or self._names_of(module) is not None

    def star_sources(self, module: str) -> list[str]:
        """The modules that *module* has names from by star-imports, its own and theirs."""
        found: dict[str, None] = {}
        todo = [module]
        while todo:
            entry = self.modules.get(todo.pop())
            new = [star for star in entry.stars if star not in found] if entry else []
            found.update(dict.fromkeys(new))
            todo += new
        return list(found)

    def star_targets(self, module: str, number: int) -> list[str]:
        """The modules that a statement of *module* imports by star."""
        entry = self.modules[module]
        return [
            entry.absolute(imported.module, imported.level)
            for imported in entry.summaries[number].imports
            if imported.name == "*"
        ]

    def stars_with(self, module: str, name: str) -> Iterator[int]:
        """The star-imports of *module*, by position, that may bind *name*."""
        for number in self.modules[module].bindings.get("*", ()):
            if any(self.gives(target, name) for target in self.star_targets(module, number)):
                yield number

    def public_names(self, module: str, _seen: frozenset[str] = frozenset()) -> set[str]:
        """The names without a leading underscore that *module* binds, by star-imports too."""
        entry = self.modules.get(module)
        if entry is None:
            return set(self._names_of(module) or ())
        if module in _seen:
            return set()
        names = {name for name in entry.bindings if not name.startswith("_") and name != "*"}
        return names.union(*(self.public_names(star, _seen | {module}) for star in entry.stars))

    def attributes_set(self, module: str, path: Path) -> Iterator[tuple[Entity, str]]:
        """The objects, with the attribute, that setting *path* in *module* changes.

        One that has several names, as aliases were made of it, comes under each of them.
        """
        found: dict[tuple[Entity, str], None] = {}
        todo = [(module, path)]
        for where, what in todo:
            for (home, name), rest in self.resolve(where, what):
                entry = self.modules.get(home)
                if len(rest) != 1 or entry is None or entry.is_import(name):
                    continue
                if ((home, name), rest[0]) not in found:
                    found[(home, name), rest[0]] = None
                    summaries = [entry.summaries[n] for n in entry.bindings.get(name, ())]
                    aliases = [s.aliases[name] for s in summaries if name in s.aliases]
                    todo += [(home, (*alias, *rest)) for alias in aliases]
        yield from found

    # Classes ---------------------------------------------------------------------------------

    def class_of(self, entity: Entity) -> ClassInfo | None:
        """The class statement of that name, None if it is something else."""
        entry = self.modules.get(entity[0])
        found = entry.classes.get(entity[1]) if entry is not None else None
        return found[1] if found is not None else None

    def bases_of(self, entity: Entity) -> list[Entity]:
        """The classes of statements that the class *entity* is derived from, at any distance."""
        found: dict[Entity, None] = {}
        todo = self._bases(entity)
        while todo:
            module, path = todo.pop()
            for base, rest in self.resolve(module, path):
                if not rest and base not in found and base != entity:
                    found[base] = None
                    todo += self._bases(base)
        return [base for base in found if self.class_of(base) is not None]

    def _bases(self, entity: Entity) -> list[tuple[str, Path]]:
        """What a class is derived from; what an alias, ``Shape = shapes.Base``, stands for."""
        module, name = entity
        info, entry = self.class_of(entity), self.modules.get(module)
        if info is not None:
            return [(module, path) for path in info.bases]
        binders = entry.bindings.get(name, ()) if entry is not None else ()
        aliases = [entry.summaries[n].aliases.get(name) for n in binders] if entry else []
        return [(module, path) for path in aliases if path is not None]
