"""What code fills: objects that it changes and that it did not make.

In comes a `Unit`; out go `Target`s, under all names that they have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .known import CLASS_HOOKS, METACLASS_HOOKS
from .summary import CALL, Path, Unit
from .tokens import Entity, Target, User

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Targets"]


class Targets:
    """Tells what one piece of code fills."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._names = index.names
        self._orders = index.orders

    def of_unit(self, name: str, user: User, unit: Unit) -> Iterator[Target]:
        """What *unit* itself fills."""
        called: dict[Path, list[str]] = {}
        for path, how in unit.paths.items() if unit.fills else ():
            if how & CALL:
                called.setdefault(path[:-1], []).append(path[-1])
        for path in unit.sets:
            for (found, bound), attr in self._names.attributes_set(name, path):
                info = self._names.class_of((found, bound))
                if info is not None and attr in info.attrs:
                    yield (found, bound, attr)  # the class statement sets it back
                elif info is None:
                    yield from self._orders.setting(found, bound, attr)
            for (found, bound), rest in self._names.resolve(name, path):
                if not rest and found != name and found in self._index.modules:
                    yield (found, bound, "")  # a name of another module
        for path in unit.fills:
            yield from self._target(name, path)
            for method in called.get(path, ()):
                yield from self._orders.parts(name, (*path, method))
        for bound in unit.binds_global:
            yield (name, bound, "")
        for argument in unit.arguments:
            if self._index.taint.fills_argument(name, argument.callee, argument.slot):
                yield from self._target(name, argument.path)
                yield from self._orders.containers(name, argument.path)
        for path, how in unit.paths.items():
            if how & CALL:
                yield from self._stateful_targets(name, path)
                if len(path) > 1:
                    yield from self._class_targets(name, path)
        if user[1] == "f":
            yield from self._method_targets(name, user[2], unit)

    def _method_targets(self, module: str, qualname: str, unit: Unit) -> Iterator[Target]:
        """Class attributes that a method fills."""
        owner, _, method = qualname.rpartition(".")
        for attr in unit.fills_class:
            yield (module, owner.partition(".")[0], attr)
        if unit.fills_self and owner:
            hook = method in CLASS_HOOKS or (
                method in METACLASS_HOOKS and self._index.is_metaclass(module, owner)
            )
            for attr in unit.fills_self if hook else ():
                yield (module, owner, attr)

    def _target(
        self, module: str, path: Path, seen: frozenset[Entity] = frozenset()
    ) -> Iterator[Target]:
        """What filling *path* in *module* fills, under all names that it has there."""
        for (found, name), rest in self._names.resolve(module, path):
            entry = self._index.modules.get(found)
            if entry is None or name not in entry.bindings:
                continue
            if entry.is_import(name):
                continue
            attr = rest[0] if rest and name in entry.classes else ""
            yield (found, name, attr)
            for number in entry.bindings[name]:
                alias = entry.summaries[number].aliases.get(name)
                if alias is None or (found, name) in seen:
                    continue
                if rest or not self._index.holds_plain_value((found, name)):
                    yield from self._target(found, (*alias, *rest), seen | {(found, name)})

    def _stateful_targets(self, module: str, path: Path) -> Iterator[Target]:
        """Closures with state of their own, which calling them changes."""
        for (found, name), rest in self._names.resolve(module, path):
            entry = self._index.modules.get(found)
            if entry is None or rest:
                continue
            for number in entry.bindings.get(name, ()):
                if entry.source.statements[number].fragment.kind != "assign":
                    continue
                called = entry.summaries[number].now.paths.items()
                if any(how & CALL and self._is_stateful(found, p) for p, how in called):
                    yield (found, name, "")

    def _is_stateful(self, module: str, path: Path) -> bool:
        for (found, name), rest in self._names.resolve(module, path):
            entry = self._index.modules.get(found)
            function = entry.functions.get(name) if entry is not None and not rest else None
            if function is not None and function[1].stateful:
                return True
        return False

    def _class_targets(self, module: str, path: Path) -> Iterator[Target]:
        """Class attributes that a call of a class method fills."""
        for (found, name), rest in self._names.resolve(module, path):
            entry = self._index.modules.get(found)
            if entry is None or name not in entry.classes or len(rest) != 1:
                continue
            method = entry.functions.get(f"{name}.{rest[0]}")
            if method is not None:
                for attr in method[1].fills_self:
                    yield (found, name, attr)
