"""Objects that decorators of a class, and hooks of its bases, fill when it is made.

``@register``, ``__init_subclass__`` and metaclasses put the class there, or what they make of it: who
takes things out of such an object may hold instances of the class.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .known import METACLASS_HOOKS
from .making import running
from .summary import BASE, CALL, Path, Unit
from .tokens import Entity

if TYPE_CHECKING:
    from .index import Index

__all__ = ["registries"]

Call = tuple[Entity, Path]
"""What is called: an attribute of what has a name, or just that."""

Does = tuple[list[Entity], list[Call]]
"""What code fills, and what it calls."""

_HOOKS = frozenset({"__init_subclass__", "__set_name__"})


def registries(index: Index, entity: Entity) -> list[Entity]:
    """What is filled by the code that the statement of the class *entity* runs besides its body."""
    entry = index.modules.get(entity[0])
    if entry is None or entity[1] not in entry.classes:
        return []
    number, info = entry.classes[entity[1]]
    body = {path for unit in info.values.values() for path in unit.paths}
    found: list[Entity] = []
    todo: list[Call] = []
    for path, how in entry.summaries[number].now.paths.items():
        for base, rest in index.names.resolve(entity[0], path) if how & (BASE | CALL) else ():
            if how & BASE:
                for filled, calls in _hooks(index, base):
                    found += filled
                    todo += calls
            elif path not in body:
                todo.append((base, rest))
    seen = {*todo}
    for call in todo:
        filled, calls = _does_at_once(index, call)
        found += filled
        new = [callee for callee in dict.fromkeys(calls) if callee not in seen]
        seen.update(new)
        todo += new
    return found


def _hooks(index: Index, base: Entity) -> Iterator[Does]:
    """What hooks of a base or metaclass, and of those that it is derived from, do."""
    for cls in (base, *index.names.bases_of(base)):
        if index.names.class_of(cls) is not None:
            names = METACLASS_HOOKS if index.is_metaclass(*cls) else _HOOKS
            for home, unit in running(index, cls, names):
                yield _does(index, base, home, unit)


def _does_at_once(index: Index, call: Call) -> Does:
    """What a call does itself."""

    def find() -> Does:
        does = [_does(index, call[0], home, unit) for home, unit in _run_by(index, *call)]
        return [f for filled, _ in does for f in filled], [c for _, calls in does for c in calls]

    return index.remembered(("does", call), find)


def _does(index: Index, of: Entity, home: str, unit: Unit) -> Does:
    """What code of the module *home* does that is called of *of*."""
    resolve = index.names.resolve
    found = [filled for path in unit.fills for filled, _ in resolve(home, path)]
    if unit.fills_self or unit.fills_class:
        found.append(of)
    return found, [c for p, how in unit.paths.items() if how & CALL for c in resolve(home, p)]


def _run_by(index: Index, entity: Entity, rest: Path) -> list[tuple[str, Unit]]:
    """The functions and methods of the user's, with their modules, that calling *rest* of it runs.

    An object that a class makes for the call is nobody else's, so its methods are not among them.
    """
    module, name = entity
    entry = index.modules.get(module)
    if entry is None or entry.is_import(name):
        return []
    qualname = ".".join((name, *rest))
    if qualname in entry.functions:
        return [(module, entry.functions[qualname][1])]
    if name in entry.classes and not rest:
        return []
    methods = index.orders.methods(module, name, (*rest, "__call__")[0])
    functions = {home: index.modules[home].functions for home, _, _ in methods}
    return [(home, functions[home][f"{owner}.{method}"][1]) for home, owner, method in methods]
