"""Which of its parameters a function changes or returns, or passes on to others that may.

In comes a function's node, with the `Scope` of its body; out come `Change`s. Local names are followed
from what they are bound to: a name may stand for what was passed, or for a part of that, or for
something new that has such parts in it. ``out.append(x)`` changes nothing that was passed where
``out`` is a list made here, nor does ``df["x"] = 1`` after ``df = df.copy()``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..source.anatomy import FunctionNode
from ..source.scopes import child_nodes, dotted, scope_nodes
from .known import FILLING, FILLING_FUNCTIONS, GETTING, GIVING_NEW, GIVING_PLAIN
from .scope import Scope
from .summary import Change, Path, Signature, Slot, Through
from .syntax import called_name, slots

__all__ = ["follow", "returns_new", "signature"]


class _Part(NamedTuple):
    """What a value has to do with a parameter: it is that, or a part of it, or *holds* parts.

    It does if the call *through* which it went returns what it is passed.
    """

    parameter: str
    holds: bool = False
    through: Through | None = None

    def inner(self) -> _Part:
        """A part of it: for that, the call may also return what has it in it."""
        through = self.through
        if through is None or through.within:
            return _Part(self.parameter, False, through) if self.holds else self
        return _Part(self.parameter, False, Through(through.callee, through.slot, within=True))

    def returned(self, by: Through) -> _Part:
        """It as a call returns it: of all on the way the one that counts is a library's, if any."""
        known = self.through
        if known is not None and len(known.callee) >= len(by.callee):
            return self
        return self._replace(through=by)


_Parts = frozenset[_Part]
_NONE: _Parts = frozenset()

# Methods whose results are what their object holds.
_GETTING = (GETTING | {"pop", "popitem", "popleft"}) - {"items", "values"}
# What picks many of a table's or an array's rows or columns, into a new one: ``df[df.x > 0]``.
_PICKING = ast.Compare | ast.List | ast.BinOp | ast.UnaryOp


def signature(node: FunctionNode) -> Signature:
    """The parameters of a function."""
    args = node.args
    positional = tuple(arg.arg for arg in (*args.posonlyargs, *args.args))
    named = frozenset(arg.arg for arg in (*args.args, *args.kwonlyargs))
    rest = args.vararg.arg if args.vararg is not None else ""
    return Signature(positional, named, rest, args.kwarg.arg if args.kwarg is not None else "")


def follow(node: FunctionNode, scope: Scope) -> tuple[frozenset[Change], frozenset[str]]:
    """What a function may change of what it is passed, and which of its parameters it may return.

    *scope* is that of its body.
    """
    flow = _Flow(node, scope)
    flow.follow(node)
    return frozenset(flow.found), frozenset(flow.returned)


def returns_new(node: FunctionNode) -> bool:
    """Does a function certainly return nothing that it was passed?"""
    for inner in scope_nodes(node.body):
        if isinstance(inner, ast.Yield | ast.YieldFrom):
            return False
        if isinstance(inner, ast.Return) and not (inner.value is None or _is_new(inner.value)):
            return False
    return True


def _is_new(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        name = called_name(node)
        if isinstance(node.func, ast.Attribute):
            return name not in _GETTING
        return name in GIVING_PLAIN or name in GIVING_NEW
    return not isinstance(
        node, ast.Name | ast.Attribute | ast.Subscript | ast.IfExp | ast.BoolOp | ast.NamedExpr
    )


class _Flow:
    """Follows what was passed through the body of one function, and of those within it."""

    def __init__(self, node: FunctionNode, scope: Scope) -> None:
        self.found: set[Change] = set()
        self.returned: set[str] = set()
        self._scope = scope
        passed = [name for name in _parameters(node) if name != scope.itself]
        self._any = frozenset(map(_Part, passed))
        # By local name, what it may stand for at this point, and at any.
        self._names: dict[str, _Parts] = {name: frozenset({_Part(name)}) for name in passed}
        self._ever = dict(self._names)
        # How many branches, loops and the like this is in, which may not run or run again.
        self._depth = 0
        self._learned = False
        self._has_functions = False
        self._is_within = False

    def follow(self, node: FunctionNode) -> None:
        """Read the body; with functions in it, which may run at any time, until nothing is learned."""
        self._visit_all(node.body)
        if self._has_functions:
            self._depth, self._names = 1, self._ever
            self._repeat(node.body)

    def _repeat(self, nodes: list[ast.stmt]) -> None:
        """Read statements that may run in another order, or again, until nothing is learned."""
        self._depth += 1
        learned, self._learned = self._learned, True
        while self._learned:
            self._learned = False
            self._visit_all(nodes)
            learned |= self._learned  # for the loops around it
        self._learned = learned
        self._depth -= 1

    def _branch(self, node: ast.AST) -> None:
        """Read what may run or not."""
        self._depth += 1
        self._visit_all(child_nodes(node))
        self._depth -= 1

    # Statements -------------------------------------------------------------------------------

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            visit = _VISITS.get(type(node))
            if visit is not None:
                visit(self, node)
            elif isinstance(node, ast.expr):
                self._value(node)
            else:
                self._visit_all(child_nodes(node))

    def _assign(self, node: ast.Assign) -> None:
        parts = self._value(node.value)
        for target in node.targets:
            self._bind(target, parts)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._bind(node.target, self._value(node.value))

    def _augmented(self, node: ast.AugAssign) -> None:
        parts = self._value(node.value)
        if not isinstance(node.target, ast.Name):
            self._bind(node.target, parts)
        elif isinstance(node.value, ast.List | ast.ListComp):
            self._change(node.target)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self._depth += 1
        self._bind(node.target, _within(self._value(node.iter)))
        self._depth -= 1
        self._repeat([*node.body, *node.orelse])

    def _while(self, node: ast.While) -> None:
        self._value(node.test)
        self._repeat([*node.body, *node.orelse])

    def _withitem(self, node: ast.withitem) -> None:
        parts = self._value(node.context_expr)
        if node.optional_vars is not None:
            self._bind(node.optional_vars, parts)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                self._change(target.value)

    def _match(self, node: ast.Match) -> None:
        subject = self._value(node.subject)
        self._depth += 1
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    self._bind_name(name, subject | _within(subject))
            self._visit_all([*([case.guard] if case.guard else []), *case.body])
        self._depth -= 1

    def _return(self, node: ast.Return | ast.Yield | ast.YieldFrom) -> None:
        parts = self._value(node.value) if node.value is not None else _NONE
        if not self._is_within:
            self.returned |= {part.parameter for part in parts if not part.holds}

    def _function(self, node: FunctionNode | ast.Lambda) -> None:
        """A function within, which may be called later, and with anything."""
        self._has_functions = True
        before, self._is_within = self._is_within, True
        self._depth += 1
        for name in _parameters(node):
            self._bind_name(name, self._any)
        self._visit_all(node.body if isinstance(node.body, list) else [node.body])
        self._depth -= 1
        self._is_within = before

    # Names ------------------------------------------------------------------------------------

    def _bind(self, target: ast.expr, parts: _Parts) -> None:
        if isinstance(target, ast.Name):
            self._bind_name(target.id, parts)
        elif isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self._bind(element, _within(parts))
        elif isinstance(target, ast.Starred):
            self._bind(target.value, parts)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            self._change(target.value)
            self._put(target.value, parts)

    def _bind_name(self, name: str, parts: _Parts) -> None:
        if not self._depth:
            self._names[name] = _NONE
        self._add(name, parts)

    def _add(self, name: str, parts: _Parts) -> None:
        """What has that name may be this, too."""
        for names in (self._names, self._ever) if parts else ():
            known = names.get(name, _NONE)
            if not parts <= known:
                names[name] = known | parts
                self._learned = True

    def _put(self, node: ast.expr, parts: _Parts) -> None:
        """Something is put into what the expression gives, and so into what has a name here."""
        if parts:
            while isinstance(node, ast.Attribute | ast.Subscript):
                node = node.value
            if isinstance(node, ast.Name):
                self._add(node.id, _holding(parts))

    def _change(self, node: ast.expr) -> None:
        """What the expression gives is changed."""
        for part in self._value(node):
            if not part.holds:
                self.found.add(Change(part.parameter, through=part.through))

    # Expressions ------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> _Parts:
        """What the value of the expression has to do with what was passed."""
        value = _VALUES.get(type(node))
        return _holding(self._operands(node)) if value is None else value(self, node)

    def _operands(self, node: ast.AST) -> _Parts:
        parts = _NONE
        for child in child_nodes(node):
            parts |= self._value(child) if isinstance(child, ast.expr) else self._operands(child)
        return parts

    def _constant(self, _node: ast.Constant) -> _Parts:
        return _NONE

    def _name(self, node: ast.Name) -> _Parts:
        return self._names.get(node.id, _NONE)

    def _attribute(self, node: ast.Attribute) -> _Parts:
        return _within(self._value(node.value))

    def _subscript(self, node: ast.Subscript) -> _Parts:
        self._value(node.slice)
        parts = self._value(node.value)
        return _holding(parts) if isinstance(node.slice, _PICKING) else _within(parts)

    def _choice(self, node: ast.IfExp) -> _Parts:
        self._value(node.test)
        return self._value(node.body) | self._value(node.orelse)

    def _and_or(self, node: ast.BoolOp) -> _Parts:
        return _NONE.union(*map(self._value, node.values))

    def _named(self, node: ast.NamedExpr) -> _Parts:
        parts = self._value(node.value)
        self._add(node.target.id, parts)
        return parts

    def _passed_on(self, node: ast.Starred | ast.Await) -> _Parts:
        return self._value(node.value)

    def _plain(self, node: ast.Compare | ast.JoinedStr) -> _Parts:
        self._operands(node)
        return _NONE

    def _sent(self, node: ast.Yield | ast.YieldFrom) -> _Parts:
        self._return(node)
        return _NONE

    def _made(self, node: ast.Lambda) -> _Parts:
        self._function(node)
        return _NONE

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> _Parts:
        self._depth += 1
        for generator in node.generators:
            self._bind(generator.target, _within(self._value(generator.iter)))
            for condition in generator.ifs:
                self._value(condition)
        self._depth -= 1
        if isinstance(node, ast.DictComp):
            return _holding(self._value(node.key) | self._value(node.value))
        return _holding(self._value(node.elt))

    def _call(self, node: ast.Call) -> _Parts:
        func, name = node.func, called_name(node)
        given = [(parts, slot) for value, slot in slots(node) if (parts := self._value(value))]
        passed = _NONE.union(*(parts for parts, _ in given))
        if name in FILLING_FUNCTIONS and node.args:
            self._change(node.args[0])
            self._put(node.args[0], passed)
        path = dotted(func)
        if path is not None and path[0] not in self._names and self._scope.is_global(path[0]):
            return self._call_global(path, given, passed) if given else _NONE
        if not isinstance(func, ast.Attribute):
            return passed | self._value(func)
        held = self._value(func.value)
        if held and name in FILLING:
            self._change(func.value)
        self._put(func.value, passed)
        return _within(held) | passed if name in _GETTING else _holding(held | passed)

    def _call_global(self, path: Path, given: list[tuple[_Parts, Slot]], passed: _Parts) -> _Parts:
        if path[-1] in GIVING_PLAIN:
            return _NONE
        if path[-1] in GIVING_NEW:
            return _holding(passed)
        callee = self._scope.resolve(path)
        for parts, slot in given:
            self.found |= {Change(part.parameter, callee, slot, part.through) for part in parts}
        if callee[-1][:1].isupper():  # by convention a class
            return _holding(passed)
        return _NONE.union(*(_returned(parts, callee, slot) for parts, slot in given))


_VISITS: dict[type, Callable[[_Flow, Any], None]] = {
    ast.AnnAssign: _Flow._annotated,
    ast.Assign: _Flow._assign,
    ast.AsyncFor: _Flow._for,
    ast.AsyncFunctionDef: _Flow._function,
    ast.AugAssign: _Flow._augmented,
    ast.Delete: _Flow._delete,
    ast.ExceptHandler: _Flow._branch,
    ast.For: _Flow._for,
    ast.FunctionDef: _Flow._function,
    ast.If: _Flow._branch,
    ast.Match: _Flow._match,
    ast.Return: _Flow._return,
    ast.Try: _Flow._branch,
    ast.TryStar: _Flow._branch,
    ast.While: _Flow._while,
    ast.withitem: _Flow._withitem,
}
_VALUES: dict[type, Callable[[_Flow, Any], _Parts]] = {
    ast.Attribute: _Flow._attribute,
    ast.Await: _Flow._passed_on,
    ast.BoolOp: _Flow._and_or,
    ast.Call: _Flow._call,
    ast.Compare: _Flow._plain,
    ast.Constant: _Flow._constant,
    ast.DictComp: _Flow._comprehension,
    ast.GeneratorExp: _Flow._comprehension,
    ast.IfExp: _Flow._choice,
    ast.JoinedStr: _Flow._plain,
    ast.Lambda: _Flow._made,
    ast.ListComp: _Flow._comprehension,
    ast.Name: _Flow._name,
    ast.NamedExpr: _Flow._named,
    ast.SetComp: _Flow._comprehension,
    ast.Starred: _Flow._passed_on,
    ast.Subscript: _Flow._subscript,
    ast.Yield: _Flow._sent,
    ast.YieldFrom: _Flow._sent,
}


def _within(parts: _Parts) -> _Parts:
    """Parts of what a value has to do with."""
    return frozenset([part.inner() for part in parts]) if parts else parts


def _holding(parts: _Parts) -> _Parts:
    """Something new that has *parts* in it."""
    if all(part.holds for part in parts):
        return parts
    return frozenset(_Part(part.parameter, True, part.through) for part in parts)


def _returned(parts: _Parts, callee: Path, slot: Slot) -> _Parts:
    """What a function returns that was passed *parts* in *slot*."""
    step = Through(callee, slot)
    return frozenset(part.returned(step) for part in parts)


def _parameters(node: FunctionNode | ast.Lambda) -> list[str]:
    args = node.args
    given = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [arg.arg for arg in given if arg is not None]
