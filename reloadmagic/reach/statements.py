"""What statements do.

In come the nodes of one statement; out goes what they do, in its `Summary` and in the `Unit` of the
code that they are in. Expressions are read by `expressions`, functions and classes by `defining`.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable

from ..source.anatomy import FunctionNode
from ..source.scopes import child_nodes, dotted
from .defining import read_class, read_function
from .expressions import Expressions
from .held import read_assigned, read_returned
from .known import ADDING, BINARY, CONTEXT
from .scope import Scope
from .summary import (
    CALL,
    MENTION,
    OPERATOR,
    STORED,
    USE,
    Argument,
    Import,
    Path,
    Summary,
    Unit,
)
from .syntax import (
    imported_path,
    is_type_checking,
    method_path,
)

__all__ = ["Statements"]

_BUILTINS = frozenset(dir(builtins))


class Statements:
    """Reads statements that stand in *scope* into *unit*, and into the statement's *summary*."""

    def __init__(self, summary: Summary, unit: Unit, scope: Scope) -> None:
        self.summary = summary
        self.unit = unit
        self.scope = scope
        self.expressions = Expressions(summary, unit, scope)

    def inside(self, unit: Unit, scope: Scope) -> Statements:
        """Reads what stands in a function or a class of this statement."""
        return Statements(self.summary, unit, scope)

    def visit(self, node: ast.AST) -> None:
        """Read a statement, or a part of one."""
        method = getattr(self, f"_visit_{type(node).__name__}", None)
        if method is not None:
            method(node)
        elif isinstance(node, ast.expr):
            self.expressions.read(node, USE)
        else:
            for child in child_nodes(node):
                self.visit(child)

    def visit_all(self, nodes: Iterable[ast.AST]) -> None:
        """Read statements in order."""
        for node in nodes:
            self.visit(node)

    def _visit_Expr(self, node: ast.Expr) -> None:
        self.expressions.read(node.value, USE)
        if not self.scope.at_top:
            return
        if isinstance(node.value, ast.Call):
            self.order(node.value.func)
        elif isinstance(node.value, ast.BinOp):
            self._operation(node.value)

    def order(self, node: ast.expr, *method: str) -> None:
        """A method is called for what it does; that of *node* by this name, where it is given."""
        for name in method:
            node = ast.Attribute(node, name, ast.Load())
        path = method_path(node)
        if path is not None:
            self.summary.orders.add(path)

    def _operation(self, node: ast.BinOp) -> list[ast.expr]:
        """``extract >> load`` is there for what the operator does to either; all the operands."""
        name = BINARY[type(node.op)]
        self.unit.attrs |= {f"__{name}__", f"__r{name}__"}
        left, right = (self._operands(side) for side in (node.left, node.right))
        for operand in left:
            self.order(operand, f"__{name}__")
            path = dotted(operand)
            given = [found for other in right if (found := dotted(other)) is not None]
            if path is not None:
                callee = (*path, f"__{name}__")
                self.unit.arguments += [Argument(callee, other, 0) for other in given]
        for operand in right:
            self.order(operand, f"__r{name}__")
        return left + right

    def _operands(self, node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        return list(node.elts) if isinstance(node, ast.List | ast.Tuple) else [node]

    def _visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            read_returned(self.expressions, node.value)

    def _visit_Raise(self, node: ast.Raise) -> None:
        """What an exception is passed is shown, if anything: ``raise ValueError(sorted(LOSSES))``."""
        inner = Unit()
        expressions = Expressions(self.summary, inner, self.scope)
        for part in filter(None, (node.exc, node.cause)):
            expressions.read(part, USE)
        shown = self.expressions.item
        inner.paths = {p: h if h & CALL else h & ~MENTION | shown for p, h in inner.paths.items()}
        inner.arguments = [a for a in inner.arguments if a.callee[0] not in _BUILTINS]
        self.unit.merge(inner)

    def _visit_Assign(self, node: ast.Assign) -> None:
        if self.scope.once and self._names_anew(node):
            return
        if self.scope.at_top:
            self._addition(node.value)
            for target in node.targets:
                self._note_name(target, node.value)
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self.unit.attrs.add(OPERATOR)  # it is iterated over
        read_assigned(self.expressions, node.value, node.targets)
        path = imported_path(node.value)
        if path is not None and len(path) < 3:
            self.unit.use(path, MENTION)
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._note_import(path, target.id)
        for target in node.targets:
            self.expressions.store(target)

    def _names_anew(self, node: ast.Assign) -> bool:
        """``handler = HANDLER`` gives what has a global name a local one, too. Does it no more?"""
        scope = self.scope
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in scope.once:
                path = dotted(value)
                if path is not None and scope.is_global(path[0]):
                    self.expressions.read(value, MENTION | STORED)
                    scope.aliases[name] = scope.resolve(path)
                    return True
        return False

    def _visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if not self.scope.in_function:
            self.expressions.read_annotation(node.annotation)
            if isinstance(node.target, ast.Name) and not self.scope.prefix:
                self.summary.annotated.add(node.target.id)
        if node.value is not None:
            read_assigned(self.expressions, node.value, [node.target])
            self.expressions.store(node.target)
            if self.scope.at_top:
                self._addition(node.value)
                self._note_name(node.target, node.value)

    def _addition(self, node: ast.expr) -> None:
        """``run = commands.add_parser("run")`` puts something in, and gives it a name."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr.startswith(ADDING):
                self.order(node.func)

    def _note_name(self, target: ast.expr, value: ast.expr) -> None:
        """A global name may become another one for what has one, or for a method."""
        path = dotted(value)
        match target, value:
            case (ast.Tuple(elts=targets), ast.Tuple(elts=values)) if len(targets) == len(values):
                for each, part in zip(targets, values, strict=True):
                    self._note_name(each, part)
        if not isinstance(target, ast.Name):
            return
        if path is not None:
            self.summary.aliases[target.id] = path
        elif isinstance(value, ast.Attribute) and isinstance(value.value, ast.Call):
            self.summary.methods[target.id] = value.attr

    def _visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and self.scope.at_top:
            self.summary.builds_on.add(node.target.id)
        self.expressions.read(node.value, USE)
        self.unit.attrs.add(OPERATOR)
        path = dotted(node.target)
        if path is not None and path[0] in self.scope.declared:
            self.unit.use(path, USE)
        elif path is not None and self.scope.is_global(path[0]):
            self.unit.use(path, USE)
            self.expressions.fill(path)
            if len(path) > 1:
                return  # what it makes of the value depends on how often it has run
        elif path is not None and self.scope.itself and path[:-1] == (self.scope.itself,):
            self.unit.fills_self.add(path[1])
            self.unit.own.add(path[1])
        elif isinstance(node.target, ast.Name) and isinstance(node.value, ast.List | ast.ListComp):
            self.unit.fills_parameters |= self.scope.in_function
        self.expressions.store(node.target)

    def _visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.unit.attrs.add(OPERATOR)
        self.expressions.read(node.iter, USE | CALL | MENTION)
        self.expressions.store(node.target)
        self.visit_all([*node.body, *node.orelse])

    _visit_AsyncFor = _visit_For

    def _visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        self.unit.attrs.add(OPERATOR)
        self.unit.attrs |= CONTEXT
        for item in node.items:
            self.expressions.read(item.context_expr, USE | CALL)
            if self.scope.at_top:
                for method in CONTEXT:
                    self.order(item.context_expr, method)
            if item.optional_vars is not None:
                self.expressions.store(item.optional_vars)
        self.visit_all(node.body)

    _visit_AsyncWith = _visit_With

    def _visit_If(self, node: ast.If) -> None:
        match node:
            case ast.If(
                test=ast.Compare(left=left, ops=[ast.NotIn()], comparators=[table]),
                body=[*_, ast.Raise()],
            ) if dotted(table) is not None:  # it is no surprise later on that the key is there
                self.expressions.read(left, USE)
                self.expressions.read(table, self.expressions.item)
            case _:
                self.expressions.read(node.test, USE)
        self.unit.attrs.add(OPERATOR)
        if not is_type_checking(node.test):
            self.visit_all(node.body)
        self.visit_all(node.orelse)

    def _visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                if self.scope.is_global(target.id):
                    self.summary.deletes.add(target.id)
                    if self.scope.in_function:
                        self.unit.dynamic = True
            else:
                self.expressions.store(target)

    def _visit_Global(self, node: ast.Global) -> None:
        pass

    _visit_Nonlocal = _visit_Global

    def _visit_TypeAlias(self, node: ast.AST) -> None:
        pass  # evaluated on demand

    # Imports ----------------------------------------------------------------------------------

    def _visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            bound = alias.asname or alias.name.partition(".")[0]
            if self.scope.in_function:
                target = alias.name if alias.asname else bound
                self.scope.aliases[bound] = ("@" + target,)
                self.unit.use(("@" + alias.name,), MENTION)
            else:
                self.unit.use(("@" + alias.name,), MENTION)
                self.summary.imports.append(
                    Import(alias.name, 0, None, alias.asname or alias.name)
                    if alias.asname or "." not in alias.name
                    else Import(alias.name, 0, None, "")
                )
                if not alias.asname and "." in alias.name:
                    self.summary.imports.append(Import(bound, 0, None, bound))

    def _visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = "@" + "." * node.level + (node.module or "")
        for alias in node.names:
            bound = alias.asname or alias.name
            if alias.name == "*":
                self.unit.use((module, "*"), USE)
            else:
                self.unit.use((module, alias.name), MENTION)
            if self.scope.in_function:
                self.scope.aliases[bound] = (module, alias.name)
            else:
                self.summary.imports.append(
                    Import(node.module or "", node.level, alias.name, bound)
                )

    def _note_import(self, path: Path, bound: str) -> None:
        """``NAME = importlib.import_module("module").attribute``, with or without attribute."""
        if self.scope.in_function:
            self.scope.aliases[bound] = path
            return
        module = path[0].lstrip("@.")
        level = len(path[0]) - len(module) - 1
        name = path[1] if len(path) > 1 else None
        self.summary.imports.append(Import(module, level, name, bound))

    # Definitions ------------------------------------------------------------------------------

    def _visit_FunctionDef(self, node: FunctionNode) -> None:
        read_function(self, node)

    _visit_AsyncFunctionDef = _visit_FunctionDef

    def _visit_ClassDef(self, node: ast.ClassDef) -> None:
        read_class(self, node)
