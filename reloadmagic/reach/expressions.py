"""What expressions read, call and change.

In comes an expression, with the way in which its value is used; what it does is added to the `Unit`
of the code that it is in.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from ..source.anatomy import FunctionNode
from ..source.scopes import child_nodes, dotted
from .calls import read_call
from .held import holding_attribute, read_holder
from .known import SHOWING_BUILTINS, SHOWN
from .scope import Scope
from .summary import (
    CALL,
    ITEM,
    LAMBDAS,
    MENTION,
    OPERATOR,
    SETTING,
    TAKEN,
    USE,
    Path,
    Summary,
    Unit,
)
from .syntax import asked_name, attribute_of, catches, is_formatting

__all__ = ["Expressions"]


class Expressions:
    """Reads expressions that stand in *scope* into *unit*, and into the statement's *summary*."""

    def __init__(self, summary: Summary, unit: Unit, scope: Scope) -> None:
        self.summary = summary
        self.unit = unit
        self.scope = scope

    # What is changed --------------------------------------------------------------------------

    def fill(self, path: Path) -> None:
        """The object at *path* is changed."""
        if self.scope.is_global(path[0]):
            self.unit.fills.add(self.scope.resolve(path))
        elif path[:2] == (self.scope.itself, "__class__") and self.scope.itself:
            self.unit.fills_class.add(path[2] if len(path) > 2 else "")
        elif path[0] == self.scope.itself:
            self.unit.fills_self.add(path[1] if len(path) > 1 else "")
        elif self.scope.in_function:
            self.unit.fills_parameters = True

    def store(self, target: ast.expr) -> None:
        """A target of an assignment: a name is bound, anything else changes an object."""
        if isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self.store(element)
        elif isinstance(target, ast.Starred):
            self.store(target.value)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            path = dotted(target)
            if isinstance(target, ast.Attribute):
                self.unit.attrs.add(SETTING + target.attr)
            if path is not None and self.scope.is_global(path[0]) and self.scope.at_top:
                # What comes of what it was depends on how often the statement has run.
                changed = self.fill if path in self.unit.paths else self.unit.sets.add
                self.read(target.value, MENTION)
                changed(path)
            else:
                self._store_in(target)

    def _store_in(self, target: ast.Attribute | ast.Subscript) -> None:
        """An attribute or an item of an object is set."""
        value = target.value
        if isinstance(target, ast.Subscript):
            self.read(target.slice, USE)
            self.unit.attrs.add(OPERATOR)
        if isinstance(target, ast.Attribute) and self.scope.is_itself(value):
            self.unit.sets_own.add(target.attr)
        elif isinstance(target, ast.Subscript) and holding_attribute(self, value):
            self.unit.puts.add("__setitem__")
            read_holder(self, value)
        else:
            self.read(value, USE)
        while isinstance(value, ast.Subscript):
            value = value.value
        path = dotted(value)
        if self.scope.is_own_class(value):
            self.unit.fills_class.add(attribute_of(target))
        elif isinstance(target, ast.Attribute) and path is not None and len(path) == 1:
            if path[0] == self.scope.itself:
                return  # its own attribute
            if not self.scope.is_global(path[0]):
                self.unit.fills_parameters |= path[0] in self.scope.parameters
                return
        if path is not None:
            self.fill(path)
        else:
            self.unit.fills_parameters |= self.scope.in_function

    @property
    def item(self) -> int:
        """How an object is used of which an item is read by its key."""
        return USE if catches(self.scope.text) else USE | ITEM

    # What is read -----------------------------------------------------------------------------

    def own_attribute(self, node: ast.expr) -> str:
        """The name if it is an attribute of ``self`` or ``cls`` in a function, else ``""``."""
        if self.scope.in_function and isinstance(node, ast.Attribute):
            if self.scope.is_itself(node.value):
                return node.attr
        return ""

    def keep(self, method: str) -> None:
        """A method of its own object is handed to what keeps it."""
        self.unit.own.add(method)
        self.unit.kept.add(method)

    def read(self, node: ast.expr, how: int) -> None:
        """Read an expression whose value is used in the way *how*."""
        if type(node) in _ASKING:
            name = asked_name(node, own_scope=self.scope.at_top)
            if name is not None:
                self.summary.asks.add(name)
                self.unit.use((name,), USE | how & TAKEN)
                if isinstance(node, ast.Call):
                    for argument in node.args[1:]:
                        self.read(argument, MENTION)
                return
        method = _READERS.get(type(node))
        if method is not None:
            method(self, node, how)
            return
        self.unit.attrs.add(OPERATOR)
        if is_formatting(node) or (
            isinstance(node, ast.JoinedStr) and not self.scope.is_shown_plainly(node)
        ):
            self.unit.attrs |= SHOWN
        # ``ALL = OURS + THEIRS`` holds what they do.
        used = USE | how & MENTION if isinstance(node, ast.BinOp) else USE
        for child in child_nodes(node):
            if isinstance(child, ast.expr):
                self.read(child, used)

    def _read_constant(self, node: ast.Constant, how: int) -> None:
        pass

    def _read_name(self, node: ast.Name, how: int) -> None:
        if self.scope.is_itself(node):
            self.unit.own.add("")
        if self.scope.is_global(node.id):
            self.unit.use(self.scope.resolve((node.id,)), how)
            if node.id in SHOWING_BUILTINS:
                self.unit.attrs |= SHOWN
        elif how & CALL and node.id in self.scope.parameters:
            self.unit.calls_parameters.add(node.id)

    def _read_elements(self, node: ast.Tuple | ast.List | ast.Set, how: int) -> None:
        for element in node.elts:
            self.read(element, how)

    def _read_dict(self, node: ast.Dict, how: int) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                self.read(key, how)
            self.read(value, how if key is not None else USE | how)  # ``{**value}``

    def _read_starred(self, node: ast.Starred, how: int) -> None:
        self.unit.attrs.add(OPERATOR)
        self.read(node.value, USE | how)

    def _read_subscript(self, node: ast.Subscript, how: int) -> None:
        self.unit.attrs.add(OPERATOR)
        used = USE if dotted(node.value) is None else self.item
        self.read(node.value, used | how & TAKEN)  # what is called may be held by it
        self.read(node.slice, USE)

    def _read_choice(self, node: ast.IfExp, how: int) -> None:
        self.read(node.test, USE)
        self.unit.attrs.add(OPERATOR)
        self.read(node.body, how)
        self.read(node.orelse, how)

    def _read_and_or(self, node: ast.BoolOp, how: int) -> None:
        for value in node.values:
            self.read(value, how | USE)
        self.unit.attrs.add(OPERATOR)

    def _read_named(self, node: ast.NamedExpr, how: int) -> None:
        self.read(node.value, how)

    def _read_await(self, node: ast.Await | ast.Yield | ast.YieldFrom, how: int) -> None:
        self.unit.attrs.add(OPERATOR)
        if node.value is not None:
            self.read(node.value, how | USE)

    def _read_attribute(self, node: ast.Attribute, how: int) -> None:
        path = dotted(node)
        if path is None:
            self.unit.attrs.add(node.attr)
            if isinstance(node.value, ast.Call) and dotted(node.value.func) == ("super",):
                self.unit.own.add(node.attr)
            self.read(node.value, USE)
        elif self.scope.is_global(path[0]):
            path = self.scope.resolve(path)
            self.unit.use(path, how)
            self.unit.attrs.update(path[1:])
            if path[:2] == ("sys", "modules"):
                self.unit.dynamic = True
        else:
            self.unit.attrs.update(path[1:])
            if path[0] == self.scope.itself:
                self.unit.own.add(path[1])

    def _read_comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
        how: int,
    ) -> None:
        self.unit.attrs.add(OPERATOR)
        names = frozenset(
            name.id
            for generator in node.generators
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name)
        )
        outer = self.scope.local
        for index, generator in enumerate(node.generators):
            self.read(generator.iter, USE | CALL | how & MENTION)
            if not index:
                self.scope.local = outer | names
            for condition in generator.ifs:
                self.read(condition, USE)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self.read(part, MENTION)
        self.scope.local = outer

    # Functions --------------------------------------------------------------------------------

    def _read_lambda(self, node: ast.Lambda, how: int) -> None:
        self.read_signature(node)
        self.unit.defines |= self.scope.in_function
        if self.scope.in_function or how & (USE | CALL):
            self.enter_lambda(node, self.unit, self.scope.prefix)
        else:
            qualname = self.scope.prefix + LAMBDAS
            unit = self.summary.functions.setdefault(qualname, Unit())
            self.enter_lambda(node, unit, f"{qualname}.<locals>.")

    def read_lambda_apart(self, node: ast.Lambda) -> Unit:
        """Read a lambda; what its body does, which is not added to what is done here."""
        self.read_signature(node)
        inner = Unit(defines=self.scope.in_function)
        self.enter_lambda(node, inner, self.scope.prefix)
        return inner

    def enter_lambda(self, node: ast.Lambda, unit: Unit, prefix: str) -> None:
        """Read a lambda's body into *unit*."""
        scope = self.scope.of_function(node, prefix)
        Expressions(self.summary, unit, scope).read(node.body, MENTION)
        if unit is not self.unit:
            Expressions(self.summary, unit, self.scope).read_defaults(node.args)

    def read_defaults(self, args: ast.arguments) -> None:
        """The names that stand as defaults: code that is passed nothing else uses what they hold."""
        positional = [*args.posonlyargs, *args.args]
        named = [*positional[len(positional) - len(args.defaults) :], *args.kwonlyargs]
        called = self.unit.calls_parameters
        for arg, default in zip(named, [*args.defaults, *args.kw_defaults], strict=True):
            path = dotted(default) if default is not None else None
            if path is not None and self.scope.is_global(path[0]):
                how = CALL | MENTION if not called.isdisjoint({arg.arg, ""}) else MENTION
                self.unit.use(self.scope.resolve(path), how)

    def read_signature(self, node: FunctionNode | ast.Lambda) -> None:
        """Defaults and annotations, which are evaluated where the function is defined."""
        args = node.args
        for default in [*args.defaults, *args.kw_defaults]:
            if default is not None:
                self.read(default, MENTION)
        if isinstance(node, ast.Lambda):
            return
        for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]:
            if arg is not None and arg.annotation is not None:
                self.read_annotation(arg.annotation)
        if node.returns is not None:
            self.read_annotation(node.returns)

    def read_annotation(self, node: ast.expr) -> None:
        """An annotation, unless those are evaluated on demand."""
        if not self.summary.postponed:
            self.read(node, MENTION)

    def note_factory(self, factory: ast.expr, qualname: str) -> None:
        """``field(default_factory=...)``: making an instance calls it."""
        if self.scope.in_function:
            return
        unit = self.summary.functions.setdefault(qualname, Unit())
        path = dotted(factory)
        if path is not None and self.scope.is_global(path[0]):
            unit.use(self.scope.resolve(path), CALL)
        elif isinstance(factory, ast.Lambda):
            self.enter_lambda(factory, unit, f"{qualname}.<locals>.")


# What `asked_name` can tell.
_ASKING = frozenset({ast.Compare, ast.Call, ast.Subscript})
_READERS: dict[type, Callable[[Expressions, Any, int], None]] = {
    ast.Attribute: Expressions._read_attribute,
    ast.Await: Expressions._read_await,
    ast.BoolOp: Expressions._read_and_or,
    ast.Call: read_call,
    ast.Constant: Expressions._read_constant,
    ast.Dict: Expressions._read_dict,
    ast.DictComp: Expressions._read_comprehension,
    ast.GeneratorExp: Expressions._read_comprehension,
    ast.IfExp: Expressions._read_choice,
    ast.Lambda: Expressions._read_lambda,
    ast.List: Expressions._read_elements,
    ast.ListComp: Expressions._read_comprehension,
    ast.Name: Expressions._read_name,
    ast.NamedExpr: Expressions._read_named,
    ast.Set: Expressions._read_elements,
    ast.SetComp: Expressions._read_comprehension,
    ast.Starred: Expressions._read_starred,
    ast.Subscript: Expressions._read_subscript,
    ast.Tuple: Expressions._read_elements,
    ast.Yield: Expressions._read_await,
    ast.YieldFrom: Expressions._read_await,
}
"""By kind of expression; what is in any other is used by an operator."""
