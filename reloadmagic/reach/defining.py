"""What definitions do when they run, and what is known of the functions and classes that they make.

In comes a ``def`` or ``class``, with the `Statements` that met it; what runs at once is added to the
`Unit` of the code that it is in, what waits for a call to one of its own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..source.anatomy import FunctionNode
from ..source.scopes import bound_names, decorator_of, dotted, registrars
from .changing import follow, returns_new, signature
from .known import OWN_SCOPE
from .scope import Scope
from .summary import (
    BASE,
    CALL,
    CALLING,
    FACTORIES,
    MENTION,
    OPERATOR,
    USE,
    Argument,
    ClassInfo,
    Path,
    Unit,
)
from .syntax import factories, lambda_in, stored

if TYPE_CHECKING:
    from .statements import Statements

__all__ = ["read_class", "read_function"]


def read_function(reader: Statements, node: FunctionNode) -> None:
    """Read a function: its decorators, defaults and annotations now, its body for when it is called."""
    scope = reader.scope
    qualname = scope.prefix + node.name
    for decorator in node.decorator_list:
        _read_decorator(reader, decorator)
        if not scope.in_function:
            _note_passed(reader, decorator, (qualname if scope.prefix else node.name,))
    reader.expressions.read_signature(node)
    reader.unit.defines |= scope.in_function
    if scope.in_function:
        _read_body(reader, node, reader.unit, scope.prefix)
    else:
        is_first = qualname not in reader.summary.functions
        unit = reader.summary.functions.setdefault(qualname, Unit())
        unit.decorated |= bool(node.decorator_list)
        inner = _read_body(reader, node, unit, f"{qualname}.<locals>.")
        _note_parameters(unit, node, inner, is_first=is_first)
        reader.inside(unit, scope).expressions.read_defaults(node.args)


def _note_parameters(unit: Unit, node: FunctionNode, inner: Scope, *, is_first: bool) -> None:
    """Note what the function, whose body has the scope *inner*, does with what it is passed."""
    unit.signature = unit.changes = unit.returns = None
    if is_first:
        unit.signature = signature(node)
        if not inner.parameters:
            unit.changes, unit.fills_parameters = frozenset(), False
        elif unit.fills_parameters:
            unit.changes, unit.returns = follow(node, inner)
            unit.fills_parameters = bool(unit.changes)
        elif returns_new(node):
            unit.returns = frozenset()
    if not unit.calls_parameters <= inner.parameters:
        unit.calls_parameters.add("")  # those of functions within it


def _read_decorator(reader: Statements, node: ast.expr) -> None:
    """A decorator runs; one that is a method of an object fills that object."""
    scope, path = reader.scope, dotted(decorator_of(node))
    reader.expressions.read(node, USE | CALL)
    if path is not None and len(path) > 1 and scope.is_global(path[0]):
        reader.expressions.fill(path[:-1])
    if scope.at_top:
        reader.order(decorator_of(node))
    if scope.in_function or scope.local:
        reader.unit.attrs |= {OPERATOR, CALLING}
    elif path is None:
        reader.unit.attrs.add(CALLING)


def _note_passed(reader: Statements, decorator: ast.expr, path: Path) -> None:
    """Note that *decorator* is passed the object at *path*."""
    target = dotted(decorator_of(decorator))
    if target is not None and reader.scope.is_global(target[0]):
        reader.unit.arguments.append(Argument(reader.scope.resolve(target), path, 0))


def _read_body(reader: Statements, node: FunctionNode, unit: Unit, prefix: str) -> Scope:
    """Read a function's body into *unit*; its scope."""
    scope = reader.scope.of_function(node, prefix)
    reader.inside(unit, scope).visit_all(node.body)
    unit.stateful |= bool(scope.outer)
    if scope.declared:
        unit.binds_global |= scope.declared & set(stored(node))
    return scope


def read_class(reader: Statements, node: ast.ClassDef) -> None:
    """Read a class: all but the bodies of its methods runs with the statement."""
    scope = reader.scope
    qualname = scope.prefix + node.name
    info = ClassInfo(decorated=bool(node.decorator_list or node.keywords))
    reader.unit.defines |= scope.in_function
    if not scope.in_function:
        reader.summary.classes[qualname] = info
    passed = [keyword.value for keyword in node.keywords if keyword.arg != "metaclass"]
    if passed:
        info.scanners.append(())
    for decorator in node.decorator_list:
        _read_decorator(reader, decorator)
        _note_passed(reader, decorator, (node.name,))
        path = dotted(decorator_of(decorator))
        known = path is not None and scope.is_global(path[0])
        info.scanners.append(scope.resolve(path) if path and known else ())
    for base in [*node.bases, *(k.value for k in node.keywords if k.arg == "metaclass")]:
        _read_base(reader, base, info)
    for value in passed:
        reader.expressions.read(value, USE)
    _read_members(reader, node, info, qualname)


def _read_base(reader: Statements, node: ast.expr, info: ClassInfo) -> None:
    """A base or a metaclass: what is derived from it depends on what it does."""
    while isinstance(node, ast.Subscript):
        reader.expressions.read(node.slice, MENTION)
        node = node.value
    path = dotted(node)
    if path is not None and reader.scope.is_global(path[0]):
        reader.unit.use(reader.scope.resolve(path), BASE | MENTION)
        info.bases.append(reader.scope.resolve(path))
        info.decorated |= path[-1] == "NamedTuple"
    else:
        unit = Unit()
        reader.inside(unit, reader.scope).expressions.read(node, USE | CALL)
        reader.unit.merge(unit)
        info.derived_by.update(unit.paths)


def _read_members(reader: Statements, node: ast.ClassDef, info: ClassInfo, qualname: str) -> None:
    """What the body of a class binds, and what it does for each of these names."""
    scope = reader.scope.of_class(qualname)
    for statement in node.body:
        unit = Unit()
        reader.inside(unit, scope).visit(statement)
        if any((name,) in unit.paths for name in OWN_SCOPE):  # it reads all that the body has bound
            for name in info.attrs:
                unit.use((name,), USE)
        for name in bound_names([statement], scope.text):
            _note_member(info, name, statement, unit, scope.text)
        reader.unit.merge(unit)
        info.uses |= {path[0] for path, how in unit.paths.items() if how & ~MENTION}
        for factory in factories(statement):
            reader.expressions.note_factory(factory, f"{qualname}.{FACTORIES}")
    uses = [name for name in info.attrs if name in info.uses]
    for name in uses:  # and what these were made of
        uses += {path[0] for path in info.values[name].paths if path[0] in info.attrs} - {*uses}
    info.uses = {*uses}


def _note_member(info: ClassInfo, name: str, statement: ast.stmt, unit: Unit, text: str) -> None:
    """A statement of a class body, which does what *unit* says, binds *name*."""
    has_lambda = lambda_in(statement, text)
    is_function = isinstance(statement, FunctionNode)
    info.attrs[name] = info.attrs.get(name) or ("" if is_function else has_lambda)
    info.lambdas |= {name} if has_lambda else set()
    info.values.setdefault(name, Unit()).merge(unit)
    for path in unit.paths:
        if path[0] in info.attrs and path[0] != name:
            info.holders.setdefault(path[0], set()).add(name)
    for other in registrars(statement) & info.attrs.keys() - {name}:
        info.holders.setdefault(name, set()).add(other)
