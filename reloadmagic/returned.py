"""Imports that give a module a name back that it has bound itself, as modules import each other.

Where ``sub`` has ``from . import REGISTRY``, the ``from .sub import *`` of its package binds that
name to what it holds already. In come the sources that count, those that last ran or are to run.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator

from .modules import module_namespace
from .source import Source, Statement

__all__ = ["gives_back"]

Origin = tuple[str, str]
"""A module and a name in it."""


def gives_back(
    source_of: Callable[[str], Source | None], home: str, source: Source, number: int, name: str
) -> bool:
    """Does the import *number* of *source*, which is *home*'s, give *name* back as it was bound?

    *source_of* gives the sources of the other modules. False where that cannot be told, as several
    statements have bound the name or functions may have.
    """
    import_ = source.statements[number]
    own = [n for n, s in enumerate(source.statements) if _binds_itself(s, name)]
    if import_.fragment.kind != "import" or len(own) != 1 or number < own[0]:
        return False
    package = _package(home, source)
    if any(_origins(package, source.statements[: own[0]], name)):
        return False
    found = set(_origins(package, [import_], name))
    seen: set[str] = set()
    while len(found) == 1 and found != {(home, name)}:
        module, name_there = found.pop()
        there = source_of(module) if module not in seen else None
        if there is None or _may_rebind(there):
            return False
        if any(_binds_itself(statement, name_there) for statement in there.statements):
            return False
        seen.add(module)
        found = set(_origins(_package(module, there), there.statements, name_there))
    return len(found) == 1 and not _may_rebind(source)


def _binds_itself(statement: Statement, name: str) -> bool:
    """Does a statement bind *name* that is no import?"""
    return name in statement.binds and statement.fragment.kind != "import"


def _may_rebind(source: Source) -> bool:
    """May functions bind names of the module?"""
    return "global " in source.text or "globals()" in source.text


def _package(module: str, source: Source) -> str:
    """The package that relative imports of *module* start from."""
    is_package = os.path.basename(source.path).startswith("__init__.")
    return module if is_package else module.rpartition(".")[0]


def _origins(package: str, statements: Iterable[Statement], name: str) -> Iterator[Origin]:
    """Where imports among *statements* of a module in *package* take *name* from."""
    for statement in statements:
        if statement.fragment.kind != "import" or not {name, "*"}.intersection(statement.binds):
            continue
        for node in statement.fragment.peek():
            if not isinstance(node, ast.ImportFrom):
                yield "", name  # a module
                continue
            target = _target(package, node)
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    yield target, alias.name
                elif alias.name == "*" and _holds(target, name):
                    yield target, name


def _holds(module: str, name: str) -> bool:
    """Does a loaded module hold a name?"""
    return name in (module_namespace(sys.modules.get(module)) or ())


def _target(package: str, node: ast.ImportFrom) -> str:
    """The module that a from-import means; ``""`` if there can be none."""
    try:
        return importlib.util.resolve_name("." * node.level + (node.module or ""), package)
    except ImportError:
        return ""
