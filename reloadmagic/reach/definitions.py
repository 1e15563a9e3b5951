"""Functions and classes of the user's as they stand in the sources, found by name.

Only plain ones: bound once, and by no decorators but such as leave them what they are.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..source.scopes import decorator_of, dotted
from .summary import FACTORIES, Path
from .tokens import Entity, StatementId

if TYPE_CHECKING:
    from .index import Index

__all__ = ["OF_CLASSES", "Definitions", "nodes_of"]

OF_CLASSES = ("classmethod", "staticmethod")
"""Decorators of methods that are called of a class: the first one has them passed it."""

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PLAIN_BASES = frozenset({"object", "ABC", "Generic", "Protocol"})
_PLAIN_DECORATORS = frozenset({"cache", "lru_cache", "dataclass"})


class Definitions:
    """Finds what code calls, to be followed."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def function(self, place: Entity, kind: str = "") -> ast.FunctionDef | None:
        """The function of that module and qualname, None where it is no plain one, or of that *kind*."""
        node = self._find(place)
        return node if isinstance(node, ast.FunctionDef) and _is_plain(node, kind) else None

    def method_of_class(self, entity: Entity, name: str) -> tuple[Entity, str] | None:
        """What ``C.name`` is, and which of `OF_CLASSES`; None if it is neither."""
        for place in self.methods(entity, name)[:1]:
            for kind in OF_CLASSES:
                if self.function(place) is None and self.function(place, kind) is not None:
                    return place, kind
        return None

    def methods(self, entity: Entity, name: str) -> list[Entity]:
        """The methods of that name, by module and qualname, of a class and of what it derives from."""
        return [
            (module, f"{owner}.{name}")
            for module, owner in (entity, *self._index.names.bases_of(entity))
            if f"{owner}.{name}" in self._index.modules[module].functions
        ]

    def is_plain_class(self, entity: Entity) -> bool:
        """Is all the code known that runs when an object of the class is made?"""
        return not self.methods(entity, FACTORIES) and all(
            self._is_plain_class(owner) for owner in (entity, *self._index.names.bases_of(entity))
        )

    def _is_plain_class(self, entity: Entity) -> bool:
        node, info = self._find(entity), self._index.names.class_of(entity)
        if info is None or not isinstance(node, ast.ClassDef) or node.keywords:
            return False
        return _is_plain(node) and all(self._is_known(entity[0], path) for path in info.bases)

    def _is_known(self, module: str, base: Path) -> bool:
        return base[-1] in _PLAIN_BASES or any(
            not rest and self._index.names.class_of(entity) is not None
            for entity, rest in self._index.names.resolve(module, base)
        )

    def _find(self, place: Entity) -> ast.stmt | None:
        entry = self._index.modules[place[0]]
        first, *others = place[1].split(".")
        bindings = entry.bindings.get(first, ())
        if len(bindings) != 1:
            return None
        node, nodes = None, nodes_of(self._index, (place[0], bindings[0]))
        for name in (first, *others):
            named = [n for n in nodes if isinstance(n, _DEFINITIONS) and n.name == name]
            if len(named) != 1:
                return None
            node, nodes = named[0], named[0].body
        return node


def nodes_of(index: Index, statement: StatementId) -> list[ast.stmt]:
    """The nodes of a statement, which many ask for in a row; nobody changes them."""
    module, number = statement
    fragment = index.modules[module].source.statements[number].fragment
    return index.remembered(("nodes", statement), fragment.peek)


def _is_plain(node: ast.FunctionDef | ast.ClassDef, kind: str = "") -> bool:
    called = map(dotted, map(decorator_of, node.decorator_list))
    return all((path or ("",))[-1] in {*_PLAIN_DECORATORS, kind} for path in called)
