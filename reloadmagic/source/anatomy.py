"""What a statement means: its functions, and all of it but their bodies.

In come the nodes of one statement; out goes its `Anatomy`, which is equal for statements that mean
the same, whatever their comments and layout.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..parsing import first_line, is_text
from .scopes import scope_nodes

__all__ = [
    "Anatomy",
    "FunctionNode",
    "FunctionPart",
    "dissect",
    "dump",
    "has_docstring",
    "qualified",
]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_DEEP = (ast.AST, list)


class FunctionPart(NamedTuple):
    """A function of a statement, in its scope or in that of its classes.

    Attributes:
        qualname: ``"Circle.grow"``.
        first, last: lines, the statement's own first line being 1; decorators included.
        body: equal for bodies that mean the same; the docstring is left out.
    """

    qualname: str
    first: int
    last: int
    body: str


class Anatomy(NamedTuple):
    """What a statement is made of: its functions, in order, and all but their bodies."""

    skeleton: str
    functions: tuple[FunctionPart, ...]


def dissect(nodes: Sequence[ast.stmt]) -> Anatomy:
    """Take a statement apart; *nodes* are as before afterwards."""
    functions: list[FunctionPart] = []
    bodies: list[tuple[FunctionNode, list[ast.stmt]]] = []
    for qualname, node in list(qualified(nodes)):
        kept = has_docstring(node)
        body = "\n".join(map(dump, node.body[kept:]))
        last = node.end_lineno or node.lineno
        functions.append(FunctionPart(qualname, first_line(node), last, body))
        bodies.append((node, node.body))
        node.body = node.body[:kept]
    skeleton = "\n".join(map(dump, nodes))
    for node, whole in bodies:
        node.body = whole
    return Anatomy(skeleton, tuple(functions))


def qualified(nodes: Iterable[ast.AST], prefix: str = "") -> Iterator[tuple[str, FunctionNode]]:
    """Functions of the module's scope and of its classes, in order, with their qualnames."""
    for node in scope_nodes(nodes):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from qualified(node.body, f"{prefix}{node.name}.")


def dump(node: object) -> str:
    """What is equal for trees that mean the same, wherever they stand; as `ast.dump`, but quick."""
    if isinstance(node, ast.AST):
        parts = []
        for name in node._fields:
            value = getattr(node, name, None)
            # Most lists are empty, and read the same either way.
            parts.append(dump(value) if value and isinstance(value, _DEEP) else repr(value))
        return f"{type(node).__name__}({','.join(parts)})"
    if isinstance(node, list):
        return f"[{','.join(map(dump, node))}]"
    return repr(node)


def has_docstring(node: FunctionNode) -> int:
    """1 if the function starts with a docstring, else 0."""
    return int(is_text(node.body[0]))
