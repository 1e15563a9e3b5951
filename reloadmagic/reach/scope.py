"""Where code stands, and what its names mean there.

In come nodes of functions and classes; out go the `Scope`s of their bodies, which tell global names
from local ones.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from ..source.anatomy import FunctionNode
from ..source.scopes import dotted
from .summary import Path
from .syntax import counts, function_locals

__all__ = ["Scope"]


@dataclass(slots=True)
class Scope:
    """The scope of a statement, of a function's body or of a class's body.

    Attributes:
        text: of the statement that it is in.
        prefix: what a name bound here has in front in its qualname.
        local: names local to the enclosing functions.
        declared: names that the function declares ``global``.
        outer: names that the function declares ``nonlocal``.
        parameters: of the enclosing functions, ``self`` left out.
        itself: the first parameter of the enclosing method, ``""`` outside of methods.
        once: local names that a single place binds; for parameters, that is the call.
        aliases: by the local name, what the function imports for itself or has another name for.
        in_function: does the code here run when a function is called?
        function: the innermost function, if in one.
    """

    text: str
    prefix: str = ""
    local: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    itself: str = ""
    once: frozenset[str] = frozenset()
    aliases: dict[str, Path] = field(default_factory=dict)
    in_function: bool = False
    function: FunctionNode | ast.Lambda | None = None

    @property
    def at_top(self) -> bool:
        """Is it the module's own scope?"""
        return not (self.in_function or self.prefix)

    def of_function(self, node: FunctionNode | ast.Lambda, prefix: str) -> Scope:
        """The scope of a function's body, for a function that is defined here."""
        names, declared, outer, once = function_locals(node, self.text)
        args = node.args
        given = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        parameters = {a.arg for a in (*given, args.vararg, args.kwarg) if a is not None}
        is_method = not self.in_function and bool(self.prefix) and bool(given)
        itself = given[0].arg if is_method else self.itself
        local, own = frozenset(names), frozenset(parameters - {itself})
        return Scope(
            self.text,
            prefix,
            (self.local | local if self.in_function else local) - declared,
            frozenset(declared),
            frozenset(outer),
            self.parameters | own if self.in_function else own,
            itself,
            frozenset(once) if "nonlocal" not in self.text else frozenset(),
            {name: path for name, path in self.aliases.items() if name not in names},
            in_function=True,
            function=node,
        )

    def of_class(self, qualname: str) -> Scope:
        """The scope of a class's body, for a class that is defined here."""
        return Scope(
            self.text,
            qualname + ".",
            self.local,
            self.declared,
            frozenset(),
            self.parameters,
            self.itself,
            frozenset(),
            dict(self.aliases),
            self.in_function,
        )

    def is_global(self, name: str) -> bool:
        """Is it a global name here, or a local one for what has such a name?"""
        return name not in self.local or name in self.aliases

    def is_itself(self, node: ast.expr) -> bool:
        """Is it ``self`` or ``cls``, by whatever name?"""
        return isinstance(node, ast.Name) and node.id == self.itself

    def is_shown_plainly(self, node: ast.expr) -> bool:
        """Is it shown as text by nobody's ``__str__``, being a number of a loop or a name?

        As in ``f"layer{i}"`` for an ``i`` of ``enumerate(...)``, and in ``str(type(self).__name__)``.
        """
        match node:
            case ast.Constant():
                return True
            case ast.Attribute(attr="__name__" | "__qualname__"):
                return True
            case ast.FormattedValue(value=value, format_spec=None):
                return self.is_shown_plainly(value)
            case ast.JoinedStr(values=values):
                return all(map(self.is_shown_plainly, values))
            case ast.Name(id=name) if name in self.local and self.function is not None:
                return name not in self.parameters and counts(self.function, name)
        return False

    def resolve(self, path: Path) -> Path:
        """*path* with what has a global name in place of the function's own name for that."""
        target = self.aliases.get(path[0])
        return target + path[1:] if target is not None else path

    def is_own_class(self, node: ast.expr) -> bool:
        """Is it ``type(self)`` or ``self.__class__``, or an attribute of these?"""
        while isinstance(node, ast.Attribute) and node.attr != "__class__":
            node = node.value
        if isinstance(node, ast.Attribute):
            return bool(self.itself) and dotted(node) == (self.itself, "__class__")
        return (
            isinstance(node, ast.Call)
            and dotted(node.func) == ("type",)
            and len(node.args) == 1
            and dotted(node.args[0]) == (self.itself,)
        )
