"""What is known while code is followed: which names and arguments hold objects in question.

In come nodes of functions and calls; out go `Frame`s and `Given`s, by which `handling` goes on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from .known import BINARY
from .summary import OPERATOR
from .tokens import Entity

__all__ = [
    "ANY_OPERATOR",
    "TRUTH",
    "Frame",
    "Given",
    "expressions",
    "is_collecting",
    "is_super",
    "one_to_one",
    "operators",
    "stored",
]

# Functions which go through what they are passed, and give what it holds.
_COLLECTING = frozenset({"list", "tuple", "iter", "enumerate", "zip", "reversed"})
_ORDERING = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot)
_COMPARING = frozenset({"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__"})
ANY_OPERATOR = frozenset({OPERATOR})
TRUTH = frozenset({"__bool__", "__len__"})
"""What tells whether an object counts as true."""


@dataclass(slots=True)
class Frame:
    """Code that runs: its module, its local names, and whether what they hold is in question.

    Attributes:
        itself: the name of the object whose method it is, and its class; None elsewhere.
        cls: the name of the class whose method it is, and that class; None elsewhere.
        returns: may what it returns be, or hold, such an object?
        plain: names that are known to hold tuples.
    """

    module: str
    local: dict[str, bool]
    itself: tuple[str, Entity] | None = None
    cls: tuple[str, Entity] | None = None
    returns: bool = False
    plain: frozenset[str] = frozenset()

    def is_itself(self, node: ast.expr) -> bool:
        """Is it the object whose method runs? That is not in question itself, whatever it holds."""
        return isinstance(node, ast.Name) and self.itself is not None and node.id == self.itself[0]

    def inner(self) -> Frame:
        """A frame inside this one, for the names of a comprehension."""
        return Frame(self.module, dict(self.local), self.itself, plain=self.plain)

    def is_plain(self, node: ast.expr) -> bool:
        """Is it known to be a list, a tuple or an iterator of Python's own?"""
        if isinstance(node, ast.Name):
            return node.id in self.plain
        return isinstance(node, ast.Tuple | ast.List | ast.ListComp) or is_collecting(node)

    def put(self, holder: ast.expr, held: bool) -> None:
        """Something is put into the object *holder*, which holds it from here on."""
        while isinstance(holder, ast.Attribute | ast.Subscript):
            holder = holder.value
        if held and isinstance(holder, ast.Name) and holder.id in self.local:
            self.local[holder.id] = True


@dataclass(frozen=True, slots=True)
class Given:
    """Which arguments of a call are, or hold, objects in question: by their place, by their name."""

    places: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.places or self.names)

    def parameters(self, args: ast.arguments, bound: int) -> dict[str, bool]:
        """The parameters of a function, of which the first so many are *bound*: what do they hold?"""
        positional = [a.arg for a in (*args.posonlyargs, *args.args)]
        places = {place + bound for place in self.places}
        found = {name: place in places for place, name in enumerate(positional)}
        found |= dict.fromkeys([a.arg for a in args.kwonlyargs], False)
        others = any(place >= len(positional) for place in places)
        found |= {a.arg: others for a in [args.vararg] if a is not None}
        found |= {a.arg: bool(self.names - found.keys()) for a in [args.kwarg] if a is not None}
        return {name: held or name in self.names for name, held in found.items()}


def stored(nodes: Iterable[ast.AST]) -> list[str]:
    """The names that code binds."""
    inner = (part for node in nodes for part in ast.walk(node))
    return [n.id for n in inner if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def is_collecting(node: ast.expr) -> bool:
    """Is it a call that goes through its arguments, and gives what they hold?"""
    match node:
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            return name in _COLLECTING
    return False


def is_super(node: ast.expr) -> bool:
    """Is it ``super()``?"""
    match node:
        case ast.Call(func=ast.Name(id="super"), args=[], keywords=[]):
            return True
    return False


def one_to_one(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Which target gets which value: ``a, b = x, y`` puts each value into a target of its own."""
    match target, value:
        case ast.Tuple(elts=targets) | ast.List(elts=targets), ast.Tuple(elts=values):
            starred = any(isinstance(element, ast.Starred) for element in (*targets, *values))
            if len(targets) == len(values) and not starred:
                pairs = zip(targets, values, strict=True)
                return [pair for one, other in pairs for pair in one_to_one(one, other)]
    return [(target, value)]


def operators(node: ast.expr) -> frozenset[str]:
    """The methods that an expression may call by its operator; `OPERATOR` where it may be any."""
    match node:
        case ast.BinOp(op=op):
            return frozenset({f"__{BINARY[type(op)]}__", f"__r{BINARY[type(op)]}__"})
        case ast.UnaryOp(op=ast.Not()):
            return TRUTH
        case ast.Compare(ops=ops) if all(isinstance(op, _ORDERING) for op in ops):
            return _COMPARING
    return ANY_OPERATOR


def expressions(node: ast.AST) -> list[ast.expr]:
    """The expressions right below a node."""
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
