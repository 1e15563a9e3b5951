"""What calls do beside reading what they call: fill objects, run what they are passed, import.

In comes a call, with the `Expressions` that met it; what it does is added to the `Unit` of the code
that it is in. Where the code that is called is the user's, that tells more (`index`); here the
names of functions and methods have to (`known`).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..source.scopes import dotted
from .held import read_held, read_stored
from .known import (
    BUILTIN,
    CHECKING,
    COPIED,
    COPYING,
    DYNAMIC,
    FILLING,
    FILLING_FUNCTIONS,
    GIVING,
    GIVING_NEW,
    GIVING_PLAIN,
    IMPORTING,
    KEEPING,
    LOOKING_THROUGH,
    LOOKING_UP,
    OWN_SCOPE,
    PASSING,
    SCANNING,
    SHOWING_CALLS,
    SHOWN,
)
from .summary import (
    CALL,
    CALLING,
    CALLING_NAMED,
    CHECKED,
    LOOKED_UP,
    MENTION,
    OPERATOR,
    TAKEN,
    USE,
    Argument,
    Path,
    Slot,
)
from .syntax import arguments, attribute_of, beginning, called_name, holder, imported_path, slots

if TYPE_CHECKING:
    from .expressions import Expressions

__all__ = ["read_call"]

_GIVING = GIVING_PLAIN | GIVING_NEW


def read_call(reader: Expressions, node: ast.Call, how: int) -> None:
    """Read a call, what is called and what it is passed."""
    if _sets_own(reader, node) or read_stored(reader, node):
        return
    scope, path = reader.scope, dotted(node.func)
    if path is not None:
        _note_names(reader, path, node)
        _note_filling(reader, path, node)
    elif isinstance(node.func, ast.Attribute) and node.func.attr in FILLING:
        _fill_held(reader, node.func.value)
    if path == ("str",) and scope.is_global("str") and all(map(scope.is_shown_plainly, node.args)):
        reader.unit.use(path, CALL)
        for argument in arguments(node):
            reader.read(argument, USE)
        return
    if called_name(node) in SHOWING_CALLS:
        reader.unit.attrs |= SHOWN
    if scope.itself and (path == (scope.itself,) or scope.is_own_class(node.func)):
        reader.unit.attrs |= {"__new__", "__init__", "__post_init__"}  # ``cls()``
    _note_callee(reader, node, path)
    if path != ("super",):
        reader.read(node.func, CALL if path is not None else USE | CALL)
    if how & TAKEN and isinstance(node.func, ast.Attribute) and node.func.attr in GIVING:
        reader.read(node.func.value, USE | how & TAKEN)  # what is called then may be held by it
    # `hasattr` looks in, but calls nothing.
    passing = called_name(node) in PASSING - {"hasattr"}
    callee = scope.resolve(path) if path is not None and scope.is_global(path[0]) else None
    _read_arguments(reader, node, callee, passing=passing)


def _note_callee(reader: Expressions, node: ast.Call, path: Path | None) -> None:
    """What is called may be an object that has ``__call__``, or call one that it is passed."""
    scope, unit, func = reader.scope, reader.unit, node.func
    if isinstance(func, ast.Attribute):
        if not (isinstance(func.value, ast.Call) and dotted(func.value.func) == ("super",)):
            unit.attrs.add(CALLING_NAMED + func.attr)
    elif path is None or not scope.is_global(path[0]):
        unit.attrs.add(CALLING)
    elif (node.args or node.keywords) and path[0] not in BUILTIN:
        unit.attrs.add(CALLING_NAMED + scope.resolve(path)[-1])


def _sets_own(reader: Expressions, node: ast.Call) -> bool:
    """``object.__setattr__(self, "x", value)`` does what ``self.x = value`` does, and no more.

    In ``__setattr__`` itself the name is what others set, and tell.
    """
    scope = reader.scope
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="object"), attr="__setattr__"),
            args=[holder, name, value],
            keywords=[],
        ) if scope.in_function and scope.is_itself(holder) and scope.is_global("object"):
            attr = name.value if isinstance(name, ast.Constant) else None
            if isinstance(attr, str):
                reader.unit.sets_own.add(attr)
            elif not scope.prefix.endswith("__setattr__.<locals>."):
                return False
            reader.read(name, MENTION)
            read_held(reader, value, attr if isinstance(attr, str) else "")
            return True
    return False


def _note_names(reader: Expressions, path: Path, node: ast.Call) -> None:
    """What calling *path* does to names: looks them up, binds or imports them."""
    scope, unit, name = reader.scope, reader.unit, path[-1]
    if len(path) == 1 and name in DYNAMIC and scope.is_global(name):
        if name not in OWN_SCOPE or (scope.at_top and not node.args):
            unit.dynamic = True
    if path == ("dir",) and not node.args and not scope.in_function and scope.is_global(name):
        unit.use(("*",), USE)
    if name in LOOKING_UP:
        named = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        unit.attrs.update(attr for n in named if isinstance(n, str) for attr in n.split("."))
    unit.attrs |= {LOOKED_UP + begins for begins in _looked_up(name, node)}
    imported = imported_path(node)
    begins = beginning(node.args[0]) if node.args else ""
    if imported is not None:
        unit.use(imported, MENTION)
    elif name in IMPORTING and node.args:
        unit.loads.add(begins)
    if imported is None and path[0] == "importlib":
        unit.dynamic |= name == "reload" or (name == "import_module" and not begins)
    unit.dynamic |= name in SCANNING  # new files may be there
    if path in CHECKING:
        unit.attrs |= {"__instancecheck__", "__subclasscheck__"}


def _looked_up(name: str, node: ast.Call) -> set[str]:
    """How the names begin of attributes which a call of this name reads, where they cannot be told."""
    if name in LOOKING_THROUGH:
        return {""} if node.args else set()
    if name not in LOOKING_UP - {"hasattr"}:
        return set()
    named = {"getattr": node.args[1:2], "methodcaller": node.args[:1]}.get(name, node.args)
    return {beginning(a) for a in named if not isinstance(a, ast.Constant)}


def _note_filling(reader: Expressions, path: Path, node: ast.Call) -> None:
    """What calling *path* fills: its object, its first argument, or what a method of its own does."""
    name = path[-1]
    if len(path) > 1 and name in FILLING:
        reader.fill(path[:-1])
    elif name in FILLING_FUNCTIONS and node.args:
        first = dotted(node.args[0])
        if first is not None:
            reader.fill(first)
    elif path[0] == "super" or (len(path) > 1 and path[0] == reader.scope.itself):
        reader.unit.attrs.add(name)
    if len(path) > 2 and path[0] == reader.scope.itself:
        reader.unit.delegates.add((path[1], name))


def _fill_held(reader: Expressions, node: ast.expr) -> None:
    """A method that fills is called of something held by another object."""
    held_by = dotted(holder(node))
    if reader.scope.is_own_class(node):
        reader.unit.fills_class.add(attribute_of(node))
    elif held_by is not None:
        reader.fill(held_by)
    else:
        reader.unit.fills_parameters |= reader.scope.in_function


def _read_arguments(
    reader: Expressions, node: ast.Call, callee: Path | None, *, passing: bool
) -> None:
    """What is passed to *callee*, None if it is no global one; it runs none if *passing*."""
    scope, unit = reader.scope, reader.unit
    if not passing and any(not isinstance(a, ast.Constant) for a in arguments(node)):
        if callee is not None:
            unit.operands.add(callee)
        else:
            unit.attrs.add(OPERATOR)
    for argument, slot in slots(node):
        if _hands_on(reader, called_name(node), argument, passing=passing):
            continue
        if callee is not None and _read_given(reader, argument, callee, slot, passing=passing):
            continue
        target = dotted(argument)
        if callee is not None and scope.in_function and callee[-1] not in _GIVING:
            unit.fills_parameters |= not isinstance(argument, ast.Constant)
        if target is not None and target[0] in scope.parameters and not passing:
            if not scope.is_global(target[0]):
                unit.calls_parameters.add(target[0])
        reader.read(argument, MENTION if passing else USE | CALL | MENTION)
    for keyword in node.keywords:
        if keyword.arg is None:
            reader.read(keyword.value, USE)


def _hands_on(reader: Expressions, callee: str, argument: ast.expr, *, passing: bool) -> bool:
    """Is a method of its own object passed to *callee*, which may do no more than keep it?"""
    method = reader.own_attribute(argument)
    if method and callee in KEEPING:
        reader.keep(method)
        return True
    if not method or not callee or passing:
        return False
    reader.unit.own.add(method)
    reader.unit.passed.add((callee, method))
    return True


def _read_given(
    reader: Expressions, node: ast.expr, callee: Path, slot: Slot, *, passing: bool
) -> bool:
    """Read what is passed to *callee* if that holds global names and no more: ``[clean, split]``.

    Or if it is taken out of what has such a name: ``LOSSES["mse"]``.
    """
    parts: list[ast.expr] | None = None
    match node:
        case ast.Name() | ast.Attribute():
            target = dotted(node)
            if target is not None and reader.scope.is_global(target[0]):
                _read_passed(reader, node, Argument(callee, target, slot), passing=passing)
                return True
        case ast.Subscript(value=table) if not passing:
            target = dotted(table)
            if target is not None and reader.scope.is_global(target[0]):
                reader.unit.attrs.add(OPERATOR)
                reader.read(node.slice, USE)
                argument = Argument(callee, target, slot)
                _read_passed(reader, table, argument, passing=False, used=reader.item)
                return True
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if not passing:
            pass
        case ast.Dict(keys=keys, values=parts) if None not in keys and not passing:
            for key in keys:
                reader.read(key, USE)  # type: ignore[arg-type]
        case ast.Call() if called_name(node) == "partial" and not passing:
            reader.read(node.func, MENTION)
            parts = arguments(node)
        case ast.Lambda() if not passing:
            _read_given_lambda(reader, node, callee, slot)
            return True
    for part in parts or ():
        if not _read_given(reader, part, callee, slot, passing=False):
            reader.read(part, USE | CALL)
    return parts is not None


def _read_given_lambda(reader: Expressions, node: ast.Lambda, callee: Path, slot: Slot) -> None:
    """What a lambda calls runs now only if *callee* calls it."""
    inner = reader.read_lambda_apart(node)
    for path, how in inner.paths.items():
        if not how & ~(CALL | MENTION):
            reader.unit.arguments.append(Argument(callee, path, slot))
            inner.paths[path] = MENTION | USE
    reader.unit.merge(inner)


def _read_passed(
    reader: Expressions, node: ast.expr, argument: Argument, *, passing: bool, used: int = USE
) -> None:
    """A global path is passed to a global callee, or what that takes out as *used* says."""
    path = reader.scope.resolve(argument.path)
    reader.unit.arguments.append(argument._replace(path=path))
    if argument.callee in CHECKING:
        reader.read(node, MENTION | CHECKED)
    else:
        reader.read(node, MENTION if passing else MENTION | used)
    if argument.callee[-1] in COPYING:
        for attr in COPIED:
            reader.unit.use((*path, attr), USE)
