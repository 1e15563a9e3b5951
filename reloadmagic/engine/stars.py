"""What star-imports bind."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..absent import ABSENT
from ..live import class_dict, is_class
from ..modules import TrackedModule, module_namespace
from ..source import Source, Statement


def star_bindings(
    tracked: TrackedModule, source: Source, source_of: Callable[[str], Source | None]
) -> dict[int, frozenset[str]]:
    """By position of a star-import, the names that it has bound in the namespace of *tracked*.

    Without those that it gives back to the module, of which *source_of* gives those of the others.
    """
    namespace = tracked.namespace
    found: dict[int, frozenset[str]] = {}
    for number, statement in enumerate(source.statements):
        if "*" in statement.binds:
            from ..returned import gives_back  # not before there is such an import

            own = _bound_by_others(source, number)
            found[number] = frozenset(
                name
                for star in star_targets(statement, namespace)
                for name in star_names(star)
                # What it was bound to may have been bound anew since in the other module.
                if namespace.get(name, ABSENT) is star[name]
                or (name in namespace and name not in own)
                if name not in own or not gives_back(source_of, tracked.name, source, number, name)
            )
    return not_hidden(found)


def note_stars(
    tracked: TrackedModule, source: Source, source_of: Callable[[str], Source | None]
) -> None:
    """Note what the star-imports of *source* have bound, which is what no statement before them has."""
    namespace = tracked.namespace
    tracked.stars = star_bindings(tracked, source, source_of)
    for star, names in tracked.stars.items():
        for held in tracked.bound[:star]:
            for name in names.intersection(held):
                if not is_made_in(namespace.get(name), tracked):
                    del held[name]


def is_made_in(value: object, tracked: TrackedModule) -> bool:
    """Is *value* a function or class that the module has made?"""
    if type(value) is types.FunctionType:
        return value.__globals__ is tracked.namespace
    return is_class(value) and class_dict(value).get("__module__") == tracked.name


def _bound_by_others(source: Source, star: int) -> set[str]:
    """The names that a star-import may not have bound last, as other statements bind them, too.

    Imports before it are no such: what they bind, it binds again.
    """
    return {
        name
        for number, statement in enumerate(source.statements)
        if number > star or statement.fragment.kind != "import"
        for name in statement.binds
    }


def not_hidden(stars: Mapping[int, frozenset[str]]) -> dict[int, frozenset[str]]:
    """By position of a star-import, the names that it binds and no later one does."""
    found: dict[int, frozenset[str]] = {}
    hidden: frozenset[str] = frozenset()
    for number in sorted(stars, reverse=True):
        found[number] = stars[number] - hidden
        hidden |= stars[number]
    return found


def star_targets(statement: Statement, namespace: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The namespaces of the modules whose names a statement imports by star."""
    for node in statement.fragment.parse():
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            name = "." * node.level + (node.module or "")
            try:
                target = importlib.util.resolve_name(name, namespace.get("__package__"))
            except ImportError:
                continue
            yield module_namespace(sys.modules.get(target)) or {}


def star_names(namespace: Mapping[str, Any]) -> list[str]:
    """The names that a star-import of a module with that namespace binds."""
    listed = namespace.get("__all__")
    if isinstance(listed, list | tuple):
        return [name for name in listed if isinstance(name, str) and name in namespace]
    return public_names(namespace)


def public_names(namespace: Mapping[str, Any]) -> list[str]:
    """The names that a star-import binds where there is no ``__all__``."""
    return [name for name in namespace if not name.startswith("_")]
