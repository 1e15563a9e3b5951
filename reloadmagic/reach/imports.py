"""Which modules import which, and where.

In come the `ModuleEntry`s, each of which keeps what it imports once it was asked for; out go names
of modules.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .entry import ModuleEntry
from .summary import Path
from .tokens import StatementId, User
from .walk import Walk

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Imports"]

_POSITION = operator.itemgetter(0)


class Imports:
    """Who imports whom, over all tracked modules."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._modules = index.modules
        self._names = index.names

    def by_module(self) -> dict[str, list[str]]:
        """For each module, the tracked modules that its code imports, parents included, in order."""
        by_module = {name: self._imported(name, entry) for name, entry in self._modules.items()}
        for target, users in self.loaders().items():
            for name in dict.fromkeys(user[0] for user in users):
                if target not in by_module[name]:
                    by_module[name].append(target)
        return by_module

    def loaders(self) -> dict[str, list[User]]:
        """By module, the code that may import it by a name which is worked out.

        Where nothing is known of that name, it may be any that was imported so.
        """
        return self._index.remembered("loaders", self._find_loaders)

    def _find_loaders(self) -> dict[str, list[User]]:
        entries = self._modules.values()
        loading = [(entry, *found) for entry in entries for found in entry.loads]
        begun = {
            target
            for entry in entries
            for targets in entry.source.began.values()
            for target, is_named in targets.items()
            if loading and not is_named
        }
        found: dict[str, list[User]] = {}
        for module in self._modules if loading else ():
            for entry, user, begins in loading:
                if user[0] != module:
                    if entry.may_load(begins, module) if begins else module in begun:
                        found.setdefault(module, []).append(user)
        return found

    def importers(self, name: str) -> set[str]:
        """The modules that import *name*, directly or through others, and itself."""
        by_module = self.by_module()
        found, new = set[str](), {name}
        while new:
            found |= new
            new = {n for n, targets in by_module.items() if n not in found and new & {*targets}}
        return found

    def _imported(self, name: str, entry: ModuleEntry) -> list[str]:
        if entry.imports is None:
            targets = (target for _, target in self._imports(name, entry, "svfl"))
            entry.imports = list(dict.fromkeys(targets))
        found = [target for target in entry.imports if target in self._modules]
        if entry.gives_any or entry.scans:
            found += (n for n in self._modules if n.startswith(f"{name}.") and n not in found)
        return found

    def at_once(self) -> dict[str, list[tuple[int, str]]]:
        """What the statements of each module import themselves: where, and which modules.

        And what they began to import in what they called when they last ran.
        """
        found: dict[str, list[tuple[int, str]]] = {}
        for name, entry in self._modules.items():
            if entry.at_once is None:
                entry.at_once = [
                    (key[0] if kind == "v" else key, target)
                    for (_, kind, key), target in self._imports(name, entry, "sv")
                ]
            found[name] = [pair for pair in entry.at_once if pair[1] in self._modules]
        for name, began in self.begun().items():
            found[name] = sorted((*found[name], *began), key=_POSITION)
        return found

    def begun(self) -> dict[str, list[tuple[int, str]]]:
        """What statements began to import in what they called, as far as they still may."""
        return self._index.remembered("begun", self._find_begun)

    def _find_begun(self) -> dict[str, list[tuple[int, str]]]:
        callers: dict[str, set[StatementId]] = {}
        found: dict[str, list[tuple[int, str]]] = {}
        for name, entry in self._modules.items():
            for number, targets in entry.source.began.items():
                for target, is_named in targets.items():
                    if is_named and target not in callers:
                        users = (user for user, other in self.by_functions() if other == target)
                        callers[target] = Walk(self._index, calls_only=True).from_user(*users)
                    may = not is_named or (name, number) in callers[target]
                    if may and target in self._modules:
                        found.setdefault(name, []).append((number, target))
        return found

    def _imports(self, name: str, entry: ModuleEntry, kinds: str) -> Iterator[tuple[User, str]]:
        """The code of these *kinds* that imports, with the modules that it imports."""
        for user, unit in entry.units(name):
            if user[1] not in kinds:
                continue
            for path in unit.paths:
                if path[0].startswith("@"):
                    for found in self.targets(name, path):
                        if found != name and not self._is_only_parent(name, path, found):
                            yield user, found

    def by_functions(self) -> list[tuple[User, str]]:
        """The functions that import when they are called, with the modules that they import."""
        return self._index.remembered("by functions", lambda: list(self._find_by_functions()))

    def _find_by_functions(self) -> Iterator[tuple[User, str]]:
        for name, entry in self._modules.items():
            if entry.late is None:
                entry.late = list(self._imports(name, entry, "f"))
            yield from entry.late
        for target, users in self.loaders().items():
            for user in users:
                # What the module imports by its name comes where that is written.
                if user[1] == "f" and target not in self._imported(user[0], self._modules[user[0]]):
                    yield user, target

    def by_statement(self, statement: StatementId) -> Iterator[str]:
        """The modules, as it seems, that running a statement makes the import system load."""
        name, number = statement
        for path in self._modules[name].summaries[number].now.paths:
            if path[0].startswith("@"):
                yield from self.targets(name, path)

    def missing(self, name: str) -> list[str]:
        """What the module's code imports, as it seems, and is not loaded."""
        self._imported(name, self._modules[name])
        found = self._modules[name].imports or []
        return [target for target in found if not self._names.is_module(target)]

    def _is_only_parent(self, name: str, path: Path, found: str) -> bool:
        """Is *found* a package that *name* is in, on the way to something else of it?

        Such a package has been started when *name* is imported, so nothing waits for it.
        """
        if not name.startswith(found + "."):
            return False
        target = list(self.targets(name, path[:1]))[-1]
        return target != found or (len(path) > 1 and self._names.is_module(f"{target}.{path[1]}"))

    def targets(self, name: str, path: Path) -> Iterator[str]:
        """The modules that importing *path* in the module *name* makes the import system load."""
        root = path[0]
        dots = len(root) - len(root[1:].lstrip(".")) - 1
        target = self._modules[name].absolute(root[1 + dots :], dots)
        parts = target.split(".")
        for number in range(1, len(parts) + 1):
            yield ".".join(parts[:number])
        if len(path) > 1:
            yield f"{target}.{path[1]}"
