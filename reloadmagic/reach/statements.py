"""What statements do, with the functions and classes that they define.

In come the nodes of one statement; out goes what they do, in its `Summary` and in the `Unit` of the
code that they are in. Expressions are read by `expressions`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from ..source.anatomy import FunctionNode
from ..source.scopes import bound_names, child_nodes, dotted
from .expressions import Expressions
from .known import BINARY, CONTEXT
from .scope import Scope
from .summary import (
    BASE,
    CALL,
    FACTORIES,
    MENTION,
    OPERATOR,
    USE,
    ClassInfo,
    Import,
    Path,
    Summary,
    Unit,
)
from .syntax import (
    factories,
    imported_path,
    is_type_checking,
    lambda_in,
    method_path,
    stored,
)

__all__ = ["Statements"]


class Statements:
    """Reads statements that stand in *scope* into *unit*, and into the statement's *summary*."""

    def __init__(self, summary: Summary, unit: Unit, scope: Scope) -> None:
        self.summary = summary
        self.unit = unit
        self.scope = scope
        self.expressions = Expressions(summary, unit, scope)

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
            self._order(node.value.func)
        elif isinstance(node.value, ast.BinOp):
            self._operation(node.value)

    def _order(self, node: ast.expr, *method: str) -> None:
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
            self._order(operand, f"__{name}__")
            path = dotted(operand)
            given = [found for other in right if (found := dotted(other)) is not None]
            if path is not None:
                self.unit.arguments += [((*path, f"__{name}__"), other) for other in given]
        for operand in right:
            self._order(operand, f"__r{name}__")
        return left + right

    def _operands(self, node: ast.expr) -> list[ast.expr]:
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        return list(node.elts) if isinstance(node, ast.List | ast.Tuple) else [node]

    def _visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.expressions.read(node.value, MENTION)

    def _visit_Assign(self, node: ast.Assign) -> None:
        if self.scope.at_top:
            for target in node.targets:
                self._note_name(target, node.value)
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self.unit.attrs.add(OPERATOR)  # it is iterated over
        self.expressions.read(node.value, MENTION)
        path = imported_path(node.value)
        if path is not None and len(path) < 3:
            self.unit.use(path, MENTION)
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._note_import(path, target.id)
        for target in node.targets:
            self.expressions.store(target)

    def _visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if not self.scope.in_function:
            self.expressions.read_annotation(node.annotation)
            if isinstance(node.target, ast.Name) and not self.scope.prefix:
                self.summary.annotated.add(node.target.id)
        if node.value is not None:
            self.expressions.read(node.value, MENTION)
            self.expressions.store(node.target)
            if self.scope.at_top:
                self._note_name(node.target, node.value)

    def _note_name(self, target: ast.expr, value: ast.expr) -> None:
        """A global name may become another one for what has one, or for a method."""
        path = dotted(value)
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
        self.expressions.store(node.target)

    def _visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.unit.attrs.add(OPERATOR)
        self.expressions.read(node.iter, USE | CALL)
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
                    self._order(item.context_expr, method)
            if item.optional_vars is not None:
                self.expressions.store(item.optional_vars)
        self.visit_all(node.body)

    _visit_AsyncWith = _visit_With

    def _visit_If(self, node: ast.If) -> None:
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
        qualname = self.scope.prefix + node.name
        for decorator in node.decorator_list:
            self._decorator(decorator)
            if self.scope.in_function:
                continue
            self._passed(decorator, (node.name,) if not self.scope.prefix else (qualname,))
        self.expressions.read_signature(node)
        self.unit.defines |= self.scope.in_function
        if self.scope.in_function:
            self._enter(node, self.unit, self.scope.prefix)
        else:
            unit = self.summary.functions.setdefault(qualname, Unit())
            self._enter(node, unit, f"{qualname}.<locals>.")

    _visit_AsyncFunctionDef = _visit_FunctionDef

    def _decorator(self, node: ast.expr) -> None:
        """A decorator runs; one that is a method of an object fills that object."""
        self.expressions.read(node, USE | CALL)
        target = node.func if isinstance(node, ast.Call) else node
        path = dotted(target)
        if path is not None and len(path) > 1 and self.scope.is_global(path[0]):
            self.expressions.fill(path[:-1])
        if self.scope.at_top:
            self._order(target)
        if self.scope.in_function or self.scope.local:
            self.unit.attrs.add(OPERATOR)

    def _passed(self, decorator: ast.expr, path: Path) -> None:
        """Note that *decorator* is passed the object at *path*."""
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        target = dotted(called)
        if target is not None and self.scope.is_global(target[0]):
            self.unit.arguments.append((self.scope.resolve(target), path))

    def _enter(self, node: FunctionNode, unit: Unit, prefix: str) -> None:
        """Read a function's body into *unit*."""
        scope = self.scope.of_function(node, prefix)
        Statements(self.summary, unit, scope).visit_all(node.body)
        unit.stateful |= bool(scope.outer)
        if scope.declared:
            unit.binds_global |= scope.declared & set(stored(node))

    def _visit_ClassDef(self, node: ast.ClassDef) -> None:
        qualname = self.scope.prefix + node.name
        info = ClassInfo(decorated=bool(node.decorator_list or node.keywords))
        self.unit.defines |= self.scope.in_function
        if not self.scope.in_function:
            self.summary.classes[qualname] = info
        if any(keyword.arg != "metaclass" for keyword in node.keywords):
            info.scanners.append(())
        for decorator in node.decorator_list:
            self._decorator(decorator)
            self._passed(decorator, (node.name,))
            path = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
            known = path is not None and self.scope.is_global(path[0])
            info.scanners.append(self.scope.resolve(path) if path and known else ())
        for base in [*node.bases, *(k.value for k in node.keywords if k.arg == "metaclass")]:
            self._base(base, info)
        for keyword in node.keywords:
            if keyword.arg != "metaclass":
                self.expressions.read(keyword.value, USE)
        self._class_body(node, info, qualname)

    def _base(self, node: ast.expr, info: ClassInfo) -> None:
        """A base or a metaclass: what is derived from it depends on what it does."""
        while isinstance(node, ast.Subscript):
            self.expressions.read(node.slice, MENTION)
            node = node.value
        path = dotted(node)
        if path is not None and self.scope.is_global(path[0]):
            self.unit.use(self.scope.resolve(path), BASE | MENTION)
            info.bases.append(self.scope.resolve(path))
            info.decorated |= path[-1] == "NamedTuple"
        else:
            self.expressions.read(node, USE | CALL)

    def _class_body(self, node: ast.ClassDef, info: ClassInfo, qualname: str) -> None:
        """What the body binds, and what it does for each of these names."""
        scope = self.scope.of_class(qualname)
        for statement in node.body:
            unit = Unit()
            Statements(self.summary, unit, scope).visit(statement)
            is_function = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
            has_lambda = lambda_in(statement, scope.text)
            for name in bound_names([statement], scope.text):
                info.attrs[name] = info.attrs.get(name) or ("" if is_function else has_lambda)
                info.lambdas |= {name} if has_lambda else set()
                info.values.setdefault(name, Unit()).merge(unit)
                for path in unit.paths:
                    if path[0] in info.attrs and path[0] != name:
                        info.holders.setdefault(path[0], set()).add(name)
                for other in _registrars(statement) & info.attrs.keys() - {name}:
                    info.holders.setdefault(name, set()).add(other)
            self.unit.merge(unit)
            info.uses |= {path[0] for path, how in unit.paths.items() if how & ~MENTION}
            for factory in factories(statement):
                self.expressions.note_factory(factory, f"{qualname}.{FACTORIES}")
        uses = [name for name in info.attrs if name in info.uses]
        for name in uses:  # and what these were made of
            uses += {path[0] for path in info.values[name].paths if path[0] in info.attrs} - {*uses}
        info.uses = {*uses}


def _registrars(node: ast.stmt) -> set[str]:
    """Names of a class body whose attributes decorate a method: ``run`` of ``@run.register``.

    They hold the method from then on, and run it.
    """
    decorators = node.decorator_list if isinstance(node, FunctionNode) else []
    called = (d.func if isinstance(d, ast.Call) else d for d in decorators)
    return {path[0] for path in map(dotted, called) if path is not None and len(path) > 1}
