"""What objects put into their attributes, for others to run later: ``self.run = handler``.

In comes what is put there, with the `Expressions` that met it. What is only put away is added to the
`Unit` of the code that it is in as held by an attribute: who reads that may run it.
"""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING

from ..source.scopes import dotted
from .frames import one_to_one
from .known import COPYING_CONTAINERS, GETTING, STORING
from .summary import CALL, MENTION, OPERATOR, RETURNED, STORED, TAKEN, USE, Argument
from .syntax import arguments, called_name, holder

if TYPE_CHECKING:
    from .expressions import Expressions

__all__ = [
    "holding_attribute",
    "read_assigned",
    "read_held",
    "read_holder",
    "read_returned",
    "read_stored",
]


def read_assigned(reader: Expressions, value: ast.expr, targets: list[ast.expr]) -> None:
    """Read what is assigned to *targets*, of which some may be attributes of ``self``."""
    if not reader.scope.itself:
        reader.read(value, MENTION)
        return
    pairs = [pair for target in targets for pair in one_to_one(target, value)]
    if not any(holding_attribute(reader, target) for target, _ in pairs):
        reader.read(value, MENTION)
        return
    for target, part in pairs:
        read_held(reader, part, holding_attribute(reader, target))


def holding_attribute(reader: Expressions, node: ast.expr) -> str:
    """``kept`` of ``self.kept``, and of an item of it, in a function; else ``""``."""
    return reader.own_attribute(holder(node))


def read_stored(reader: Expressions, node: ast.Call) -> bool:
    """``self.kept.append(handler)`` puts its arguments into what ``self`` holds: is it such a call?"""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in STORING:
        return False
    attr = holding_attribute(reader, node.func.value)
    if not attr:
        return False
    read_holder(reader, node.func.value)
    reader.unit.attrs.add(node.func.attr)
    reader.unit.puts.add(node.func.attr)
    reader.unit.fills_self.add(attr)
    reader.unit.delegates.add((attr, node.func.attr))
    for argument in arguments(node):
        read_held(reader, argument, attr)
    return True


def read_holder(reader: Expressions, node: ast.expr) -> None:
    """Read an attribute of ``self``, or an item of it, which something is put into."""
    while True:
        match node:
            case ast.Subscript(value=inner, slice=key):
                reader.unit.attrs.add(OPERATOR)
                reader.read(key, USE)
            case ast.Call(func=ast.Attribute(value=inner, attr=attr)) if attr in GETTING:
                reader.unit.attrs.add(attr)
                for argument in arguments(node):
                    reader.read(argument, MENTION)
            case ast.Attribute(attr=attr):
                reader.keep(attr)
                return
            case _:
                return
        node = inner


def read_held(reader: Expressions, node: ast.expr, attr: str) -> None:
    """Read a value that the attribute *attr* of ``self`` is set to, ``""`` if that cannot be told.

    Methods of its own that are in it run when that attribute is used, not now.
    """
    method, path = reader.own_attribute(node), dotted(node)
    if attr:
        _note_lent(reader, node, attr)
    if method:
        reader.keep(method)
        reader.unit.holds.add((attr, method))
        return
    if attr and path is not None and reader.scope.is_global(path[0]):
        reader.unit.stores.add((attr, reader.scope.resolve(path)))
        reader.read(node, MENTION | STORED)
        return
    match node:
        case ast.IfExp() | ast.BoolOp():
            _read_choice(reader, node, attr)
        case ast.Tuple() | ast.List() | ast.Set():
            for element in node.elts:
                if isinstance(element, ast.Starred):
                    _read_copied(reader, element.value, attr)
                else:
                    read_held(reader, element, attr)
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    _read_copied(reader, value, attr)
                else:
                    reader.read(key, MENTION)
                    read_held(reader, value, attr)
        case ast.Lambda() if attr and reader.scope.in_function:
            _read_lambda(reader, node, attr)
        case ast.Subscript(value=table, slice=key) if attr and _is_global(reader, table):
            reader.read(key, USE)
            _read_copied(reader, table, attr, reader.item)
        case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[key, *others]) if (
            attr and _is_global(reader, table) and not node.keywords
        ):
            reader.read(node.func, CALL)
            reader.read(key, MENTION)
            _read_copied(reader, table, attr)
            for other in others:
                read_held(reader, other, attr)
        case ast.Call() if called_name(node) == "partial":
            reader.read(node.func, MENTION)
            for argument in arguments(node):
                read_held(reader, argument, attr)
        case ast.Call(func=ast.Name(id=name)) if name in COPYING_CONTAINERS:
            _read_copy(reader, node, attr)
        case ast.Call() if _gone_through(node) is not node:
            _read_copied(reader, node, attr)
        case (
            ast.ListComp(generators=[generator])
            | ast.SetComp(generators=[generator])
            | ast.DictComp(generators=[generator])
        ) if _picks(node):
            _read_copied(reader, generator.iter, attr)
            nothing = ast.comprehension(generator.target, ast.Tuple([]), generator.ifs, 0)
            picked = copy.copy(node)
            picked.generators = [nothing]
            reader.read(picked, MENTION)
        case ast.Call() if attr and _is_global(reader, node.func):
            reader.unit.stores.add((attr, reader.scope.resolve(dotted(node.func) or ())))
            _read_result(reader, node, STORED)
        case _:
            reader.read(node, MENTION)


def read_returned(reader: Expressions, node: ast.expr) -> None:
    """Read what a function returns, which its callers may run: ``return LOSSES[name]``."""
    match node:
        case ast.Name() | ast.Attribute() if _is_global(reader, node):
            reader.read(node, MENTION | RETURNED)
        case ast.Subscript(value=table, slice=key) if _is_global(reader, table):
            reader.unit.attrs.add(OPERATOR)
            reader.read(key, USE)
            reader.read(table, MENTION | reader.item | RETURNED)
        case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[key, *others]) if (
            _is_global(reader, table) and not node.keywords
        ):
            reader.read(node.func, CALL)
            reader.read(key, MENTION)
            reader.read(table, MENTION | USE | RETURNED)
            for other in others:
                read_returned(reader, other)
        case ast.Call():
            _read_result(reader, node, RETURNED)
        case _:
            reader.read(node, MENTION)


def _read_result(reader: Expressions, node: ast.Call, how: int) -> None:
    """Read a call of which the result is stored or returned, as *how* says, and no more."""
    callee = dotted(node.func)
    path = reader.scope.resolve(callee) if callee is not None else ()
    known = reader.unit.paths.get(path, how)
    reader.read(node, MENTION)
    if path in reader.unit.paths and (known & how or not known & TAKEN):
        inside = (inner for argument in arguments(node) for inner in ast.walk(argument))
        if not any(isinstance(n, ast.expr) and dotted(n) == callee for n in inside):
            reader.unit.paths[path] |= how


def _is_global(reader: Expressions, node: ast.expr) -> bool:
    path = dotted(node)
    return path is not None and reader.scope.is_global(path[0])


def _note_lent(reader: Expressions, node: ast.expr, attr: str) -> None:
    """Note what was passed, or has a local name, and is in a value that *attr* is set to."""
    scope = reader.scope
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and not scope.is_global(inner.id):
            if not scope.is_itself(inner):
                name = inner.id if inner.id in scope.parameters & scope.once else ""
                reader.unit.lends.add((attr, name))


def _read_choice(reader: Expressions, node: ast.IfExp | ast.BoolOp, attr: str) -> None:
    """``self.run = run or DEFAULT``: of all values but the last it counts if they are true."""
    reader.unit.attrs.add(OPERATOR)
    if isinstance(node, ast.IfExp):
        reader.read(node.test, USE)
        read_held(reader, node.body, attr)
        read_held(reader, node.orelse, attr)
    else:
        for value in node.values[:-1]:
            reader.read(value, MENTION | USE)
        read_held(reader, node.values[-1], attr)


def _read_copy(reader: Expressions, node: ast.Call, attr: str) -> None:
    """``self.handlers = dict(HANDLERS)``: whoever reads it may run what the other one holds."""
    reader.read(node.func, CALL)
    for argument in node.args:
        inner = argument.value if isinstance(argument, ast.Starred) else argument
        path = dotted(inner)
        if path is not None and reader.scope.is_global(path[0]):
            callee = reader.scope.resolve(dotted(node.func) or ())
            reader.unit.arguments.append(Argument(callee, reader.scope.resolve(path)))
        _read_copied(reader, inner, attr)
    for keyword in node.keywords:
        if keyword.arg is None:
            _read_copied(reader, keyword.value, attr)
        else:
            read_held(reader, keyword.value, attr)


def _read_copied(reader: Expressions, node: ast.expr, attr: str, how: int = USE) -> None:
    """What a container holds is put into what the attribute *attr* holds; it is used as *how* says."""
    reader.unit.attrs.add(OPERATOR)
    if isinstance(node, ast.Call):
        reader.unit.attrs.add(called_name(node))
        node = _gone_through(node)
    path = dotted(node)
    if attr and path is not None and reader.scope.is_global(path[0]):
        reader.unit.stores.add((attr, reader.scope.resolve(path)))
        reader.read(node, MENTION | how | STORED)
    elif isinstance(node, ast.Name | ast.Attribute):
        reader.read(node, USE)
    else:
        read_held(reader, node, attr)


def _picks(node: ast.ListComp | ast.SetComp | ast.DictComp) -> bool:
    """Does a comprehension call nothing, but for what it goes through?"""
    called = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call | ast.Await)]
    return called in ([], [node.generators[0].iter])


def _gone_through(node: ast.expr) -> ast.expr:
    """The container: ``REG`` of ``REG.values()``, which give all that it holds."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr="items" | "values" | "copy"), args=[]):
            return inner
    return node


def _read_lambda(reader: Expressions, node: ast.Lambda, attr: str) -> None:
    """``self.run = lambda: handler()``: what it calls runs when that attribute is used."""
    inner = reader.read_lambda_apart(node)
    inner.defines = False
    for path, how in inner.paths.items():
        if how & ~(CALL | MENTION):
            reader.unit.use(path, how)
        else:
            reader.unit.stores.add((attr, path))
            reader.unit.use(path, MENTION | STORED)
    # What is read by its name; operators, and names that are worked out, count as if run now.
    named = {name for name in inner.attrs if not name.startswith("<")}
    reader.unit.kept |= named
    reader.unit.holds |= {(attr, name) for name in named}
    inner.paths.clear()
    inner.attrs -= named
    inner.calls_parameters.clear()
    reader.unit.merge(inner)
