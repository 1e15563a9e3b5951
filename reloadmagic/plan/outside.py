"""Attributes that statements had set on objects, and that an edit sets no longer.

In comes the index. Where making the object may have set the attribute itself, only its maker knows
what it was; else it is gone with the statement, and the object stays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..live import class_dict
from ..reach.entry import ModuleEntry
from ..reach.index import Index
from ..reach.making import sets_itself
from ..reach.summary import CALL, Path
from ..reach.tokens import Entity, StatementId
from ..source.scopes import dotted
from ..transaction import mro

__all__ = ["decorated_with", "is_from_outside"]

_PLAIN = ("abc", "typing")  # ABC, Generic, Protocol


def is_from_outside(index: Index, cls: type, attr: str) -> bool:
    """Can *attr* of instances of *cls* have been set by none but those that set it from outside?"""
    for base in mro(cls)[:-1]:
        attributes = class_dict(base)
        home, name = attributes.get("__module__"), type.__dict__["__qualname__"].__get__(base)
        if home in _PLAIN:
            continue
        if attr in attributes.get("__dataclass_fields__", ()):
            return False
        if any("__set__" in class_dict(kind) for kind in mro(type(attributes.get(attr)))):
            return False  # a slot, or a property
        entry = index.modules.get(home)
        if entry is None or name not in entry.classes or sets_itself(index, (home, name), attr):
            return False
    return True


def decorated_with(index: Index, entity: Entity, attr: str) -> Iterator[StatementId]:
    """The statements that bind *entity* by way of functions of the user's that mention *attr*.

    These are decorators, or what an assignment calls.
    """
    module, name = entity
    entry = index.modules.get(module)
    for number in entry.bindings.get(name, ()) if entry is not None else ():
        assert entry is not None
        if any(_mentions(index, module, path, attr) for path in _makers(entry, number)):
            yield module, number


def _makers(entry: ModuleEntry, number: int) -> Iterator[Path]:
    """What makes something else of a definition, or is called for a value."""
    fragment = entry.source.statements[number].fragment
    if fragment.kind == "assign":
        paths = entry.summaries[number].now.paths
        yield from (path for path, how in paths.items() if how & CALL)
    elif "@" in fragment.text:
        node = fragment.parse()[0]
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from filter(None, map(_path, node.decorator_list))


def _path(decorator: ast.expr) -> Path | None:
    while isinstance(decorator, ast.Call):
        decorator = decorator.func
    return dotted(decorator)


def _mentions(index: Index, module: str, path: Path, attr: str) -> bool:
    """Does what defines *path* have the attribute in its text?"""
    for (home, name), _ in index.names.resolve(module, path):
        entry = index.modules.get(home)
        for number in entry.bindings.get(name, ()) if entry is not None else ():
            assert entry is not None
            if f".{attr}" in entry.source.statements[number].fragment.text:
                return True
    return False
