"""What runs in the scope of a module, and the names that it binds there.

In come nodes; out go the nodes of their scope and names. Functions and classes are met, and what
is written inside them is another scope.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..parsing import parse

__all__ = [
    "bound_by_text",
    "bound_names",
    "child_nodes",
    "decorator_of",
    "dotted",
    "names_in_scope",
    "registrars",
    "scope_nodes",
    "scope_statements",
]


# Nothing in these runs in the scope or binds names there.
_LEAVES = frozenset({ast.Lambda, ast.Name, ast.Constant})


def scope_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes that run in the module's own scope: functions and classes are met, not entered.

    Comprehensions are entered, as names that ``:=`` binds in them belong to the scope.
    """
    todo = list(nodes)[::-1]
    while todo:
        node = todo.pop()
        yield node
        kind = type(node)
        if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
            todo.extend(node.decorator_list)  # type: ignore[attr-defined]
            args = node.args  # type: ignore[attr-defined]
            todo.extend(args.defaults)
            todo.extend(d for d in args.kw_defaults if d is not None)
        elif kind is ast.ClassDef:
            todo.extend(node.decorator_list)  # type: ignore[attr-defined]
            todo.extend(node.bases)  # type: ignore[attr-defined]
            todo.extend(k.value for k in node.keywords)  # type: ignore[attr-defined]
        elif kind not in _LEAVES:
            todo.extend(reversed(child_nodes(node)))


def child_nodes(node: ast.AST) -> list[ast.AST]:
    """`ast.iter_child_nodes`, three times as fast: reading sources is little else."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [child for child in value if isinstance(child, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


_BINDS_BY_TEXT = re.compile(r"globals\(\)|vars\(\)|exec\(")
_DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})
_CATCHES = frozenset({ast.ExceptHandler, ast.MatchAs, ast.MatchStar})
_BODY, _LOOP = ("body",), ("body", "orelse")
_TRY = ("body", "handlers", "orelse", "finalbody")
# By kind of statement, its parts that are statements of the same scope, or hold such.
_BLOCKS: dict[type, tuple[str, ...]] = {
    ast.If: _LOOP, ast.For: _LOOP, ast.AsyncFor: _LOOP, ast.While: _LOOP,
    ast.With: _BODY, ast.AsyncWith: _BODY, ast.Try: _TRY, ast.TryStar: _TRY,
    ast.ExceptHandler: _BODY, ast.Match: ("cases",), ast.match_case: _BODY,
}  # fmt: skip
# And the parts that bind or delete names.
_TARGETS: dict[type, str] = {
    ast.Assign: "targets", ast.Delete: "targets", ast.AnnAssign: "target", ast.AugAssign: "target",
    ast.For: "target", ast.AsyncFor: "target", ast.match_case: "pattern",
}  # fmt: skip


def bound_names(nodes: Iterable[ast.AST], text: str = ":=") -> Iterator[str]:
    """The names that *nodes* may bind or delete in their scope, ``*`` for a star-import.

    *text* is what they were parsed from, or more: where no ``:=`` is in it, expressions bind
    nothing, and nearly all nodes need not be looked at.
    """
    if ":=" in text:
        return names_in_scope(scope_nodes(nodes))
    return names_in_scope(
        found for node in scope_statements(nodes) for found in _binding_nodes(node)
    )


def bound_by_text(nodes: Iterable[ast.AST], text: str) -> Iterator[str]:
    """Names that statements of a module bind as texts: ``globals()["A"] = 1``, ``exec("A = 1")``."""
    if not _BINDS_BY_TEXT.search(text):
        return
    for node in nodes:
        match node:
            case ast.Assign(targets=targets):
                for target in targets:
                    match target:
                        case ast.Subscript(
                            value=ast.Call(func=ast.Name(id="globals" | "vars"), args=[]),
                            slice=ast.Constant(value=str(name)),
                        ):
                            yield name
            case ast.Expr(
                value=ast.Call(func=ast.Name(id="exec"), args=[ast.Constant(value=str(code))])
            ):
                with contextlib.suppress(SyntaxError, ValueError, RecursionError):
                    yield from bound_names(parse(code).body)


def scope_statements(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The statements of the scope of *nodes*: those in blocks too, but in no function or class."""
    todo = list(nodes)[::-1]
    while todo:
        node = todo.pop()
        yield node
        for block in reversed(_BLOCKS.get(type(node), ())):
            todo.extend(reversed(getattr(node, block)))


def _binding_nodes(statement: Any) -> Iterable[ast.AST]:
    """The nodes of a statement which may bind names, but for its blocks and ``:=``."""
    kind = type(statement)
    targets: Any
    if kind in _TARGETS:
        targets = getattr(statement, _TARGETS[kind])
    elif kind is ast.With or kind is ast.AsyncWith:
        targets = [item.optional_vars for item in statement.items if item.optional_vars]
    elif kind.__name__ == "TypeAlias":  # 3.12
        targets = statement.name
    else:
        return (statement,)
    nodes: list[ast.AST] = targets if type(targets) is list else [targets]
    return nodes if len(nodes) == 1 and type(nodes[0]) is ast.Name else scope_nodes(nodes)


def names_in_scope(scope: Iterable[Any]) -> Iterator[str]:
    """The names that are bound or deleted by *scope*, all nodes of one."""
    comprehension_targets: set[int] = set()
    for node in scope:
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is not ast.Load and id(node) not in comprehension_targets:
                yield node.id
        elif kind in _DEFINITIONS:
            yield node.name
        elif kind is ast.comprehension:
            comprehension_targets.update(id(child) for child in ast.walk(node.target))
        elif kind is ast.Import:
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif kind is ast.ImportFrom:
            for alias in node.names:
                yield alias.asname or alias.name
        elif kind in _CATCHES and node.name:
            yield node.name
        elif kind is ast.MatchMapping and node.rest:
            yield node.rest


def dotted(node: ast.expr) -> tuple[str, ...] | None:
    """``("a", "b", "c")`` for the expression ``a.b.c``, None for any other."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    names.append(node.id)
    return tuple(reversed(names))


def decorator_of(node: ast.expr) -> ast.expr:
    """The decorator itself: ``register`` of ``@register`` and of ``@register("name")``."""
    return node.func if isinstance(node, ast.Call) else node


def registrars(node: ast.AST) -> set[str]:
    """Names of a class body whose attributes decorate a method: ``run`` of ``@run.register``.

    They hold the method from then on, and run it.
    """
    called = map(dotted, map(decorator_of, getattr(node, "decorator_list", ())))
    return {path[0] for path in called if path is not None and len(path) > 1}
