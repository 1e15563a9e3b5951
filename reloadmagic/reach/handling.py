"""What code does with objects of some classes: make them and pass them on, or more than that.

``DBS = [Database(u) for u in URLS]`` and ``app = make_app()`` use nothing of what they make. Code is
followed into the functions that it calls; where that cannot be done, it counts as more.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ..source.scopes import dotted
from .definitions import Definitions
from .known import CONSTRUCTION, PASSING
from .summary import Path
from .tokens import Entity

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Handling", "Used"]

_STORING = frozenset({"append", "appendleft", "extend", "insert", "update", "setdefault", "add"})
_HASHING = frozenset({"update", "setdefault", "add"})
_GETATTR = frozenset({"__getattr__", "__getattribute__"})


class Used(Exception):
    """Code does more with the objects than make them and pass them on."""


@dataclass(slots=True)
class _Frame:
    """Code that runs: its module, its local names, and whether what they hold is in question.

    Attributes:
        itself: the name of the object whose method it is, and its class; None elsewhere.
        returns: may what it returns be, or hold, such an object?
    """

    module: str
    local: dict[str, bool]
    itself: tuple[str, Entity] | None = None
    returns: bool = False


@dataclass(frozen=True, slots=True)
class _Given:
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


class Handling:
    """Follows what code does with objects in question.

    *family* are their classes, *touches* tells whether a path in a module may lead to them, *attr*
    is what is not to be used of them, *does* whether a method of theirs, by its name, uses it.

    Attributes:
        made: those of the classes of which objects are made.
    """

    def __init__(
        self,
        index: Index,
        family: Iterable[Entity],
        attr: str,
        *,
        touches: Callable[[str, Path], bool],
        does: Callable[[str], bool | None],
    ) -> None:
        self._index = index
        self._definitions = Definitions(index)
        self._family = frozenset(family)
        self._attr = attr
        self._touches = touches
        self._does = does
        self._calls: list[tuple[Entity, _Given]] = []
        self.made: set[Entity] = set()

    def follow(self, module: str, nodes: Iterable[ast.stmt]) -> None:
        """Follow statements of the module *module*.

        Raises:
            Used: they may do more.
        """
        self._block(_Frame(module, {}), nodes)

    # Statements -------------------------------------------------------------------------------

    def _block(self, frame: _Frame, nodes: Iterable[ast.stmt]) -> None:
        for node in nodes:
            self._statement(frame, node)

    def _statement(self, frame: _Frame, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                held = self._value(frame, value)
                for target in targets:
                    self._store(frame, target, held)
            case ast.AnnAssign(target=target, value=value):
                self._store(frame, target, value is not None and self._value(frame, value))
            case ast.Return(value=value):
                frame.returns |= value is not None and self._value(frame, value)
            case ast.Expr(value=value):
                self._value(frame, value)
            case (
                ast.If(test=test, body=body, orelse=orelse)
                | ast.While(test=test, body=body, orelse=orelse)
            ):
                self._operate(frame, test)
                self._block(frame, [*body, *orelse])
            case ast.For(target=target, iter=source, body=body, orelse=orelse):
                self._operate(frame, source)
                self._store(frame, target, held=False)
                self._block(frame, [*body, *orelse])
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Global():
                pass
            case ast.Raise() | ast.Assert() | ast.AugAssign():
                self._operate(frame, *_expressions(node))
            case _:
                raise Used

    def _store(self, frame: _Frame, target: ast.expr, held: bool) -> None:
        match target:
            case ast.Name(id=name):
                if name in frame.local:
                    frame.local[name] |= held
            case ast.Tuple(elts=elements) | ast.List(elts=elements) if not held:
                for element in elements:
                    self._store(frame, element, held=False)
            case ast.Attribute(value=holder, attr=attr):
                if self._value(frame, holder) and not _is_itself(frame, holder):
                    if attr == self._attr:
                        raise Used
                self._put(frame, holder, held)
            case ast.Subscript(value=holder, slice=key):
                self._operate(frame, holder, key)
                self._put(frame, holder, held)
            case _:
                raise Used

    def _put(self, frame: _Frame, holder: ast.expr, held: bool) -> None:
        """Something is put into the object *holder*, which holds it from here on."""
        while isinstance(holder, ast.Attribute | ast.Subscript):
            holder = holder.value
        if held and isinstance(holder, ast.Name) and holder.id in frame.local:
            frame.local[holder.id] = True

    # Expressions ------------------------------------------------------------------------------

    def _operate(self, frame: _Frame, *nodes: ast.expr) -> None:
        """Operators, or code that is not known, are used on what the expressions give."""
        if self._any(frame, nodes):
            raise Used

    def _read(self, attr: str) -> None:
        """An attribute of an object in question is read."""
        missing = self._attr == "__getattr__" and self._does(attr) is None
        if attr == self._attr or missing or self._attr == "__getattribute__":
            raise Used

    def _hash(self, held: bool) -> None:
        if held and self._attr in {"__hash__", "__eq__"}:
            raise Used

    def _any(self, frame: _Frame, nodes: Iterable[ast.expr]) -> bool:
        """Follow all of the expressions. May one of them be, or hold, an object in question?"""
        return any(list(map(partial(self._value, frame), nodes)))

    def _value(self, frame: _Frame, node: ast.expr) -> bool:
        """Follow an expression. May its value be, or hold, an object in question?"""
        match node:
            case ast.Constant():
                return False
            case ast.Name(id=name):
                known = frame.local.get(name)
                return self._touches(frame.module, (name,)) if known is None else known
            case ast.Attribute(value=holder, attr=attr):
                path = dotted(node)
                if self._value(frame, holder):
                    if not _is_itself(frame, holder):
                        self._read(attr)
                    return True
                is_global = path is not None and path[0] not in frame.local
                return is_global and self._touches(frame.module, path or ())
            case ast.Call():
                return self._call(frame, node)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return self._any(frame, elements)
            case ast.Set(elts=elements):
                held = self._any(frame, elements)
                self._hash(held)
                return held
            case ast.Dict(keys=keys, values=values):
                if None in keys:
                    self._operate(frame, *values)
                self._hash(self._any(frame, [key for key in keys if key is not None]))
                return self._any(frame, values)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._comprehension(frame, node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._operate(frame, test)
                return self._any(frame, [body, orelse])
            case ast.BoolOp(values=[*tested, last]):
                self._operate(frame, *tested)
                return self._value(frame, last)
            case ast.Compare(ops=ops) if all(isinstance(op, ast.Is | ast.IsNot) for op in ops):
                for part in _expressions(node):
                    self._value(frame, part)
                return False
            case ast.Lambda() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.NamedExpr():
                raise Used
        self._operate(frame, *_expressions(node))
        return False

    def _comprehension(
        self, frame: _Frame, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> bool:
        inner = _Frame(frame.module, dict(frame.local), frame.itself)
        for part in node.generators:
            self._operate(inner, part.iter)
            inner.local |= dict.fromkeys(_stored([part.target]), False)
            self._operate(inner, *part.ifs)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        held = [self._value(inner, part) for part in parts]
        if not isinstance(node, ast.ListComp | ast.GeneratorExp):
            self._hash(held[0])
        return any(held)

    # Calls ------------------------------------------------------------------------------------

    def _call(self, frame: _Frame, node: ast.Call) -> bool:
        if any(keyword.arg is None for keyword in node.keywords):
            self._operate(frame, *(k.value for k in node.keywords if k.arg is None))
        given = _Given(
            frozenset(n for n, argument in enumerate(node.args) if self._value(frame, argument)),
            frozenset(k.arg for k in node.keywords if k.arg and self._value(frame, k.value)),
        )
        if given and any(isinstance(argument, ast.Starred) for argument in node.args):
            raise Used  # where it comes in cannot be told
        path = dotted(node.func)
        if path is not None and path[0] not in frame.local:
            for entity, rest in self._index.names.resolve(frame.module, path):
                entry = self._index.modules.get(entity[0])
                if entry is not None and not rest and not entry.is_import(entity[1]):
                    return self._run(entity, given=given)
        if isinstance(node.func, ast.Attribute):
            return self._method(frame, node.func, given=given)
        if path is None or path[0] in frame.local:
            self._operate(frame, node.func)
        if given and (path is None or path[-1] not in PASSING or self._attr in _GETATTR):
            raise Used
        return bool(given)

    def _method(self, frame: _Frame, node: ast.Attribute, *, given: _Given) -> bool:
        """A method of an object is called."""
        if frame.itself is not None and _is_itself(frame, node.value):
            return self._own_method(frame, frame.itself, node.attr, given=given)
        if self._value(frame, node.value):
            self._read(node.attr)
            does = self._does(node.attr)
            if does or (does is None and node.attr not in _STORING) or (given and does is not None):
                raise Used
            held = True
        elif given and node.attr not in _STORING:
            raise Used
        else:
            held = bool(given)
        if node.attr in _HASHING:
            self._hash(held)
        self._put(frame, node.value, held)
        return held

    def _own_method(
        self, frame: _Frame, itself: tuple[str, Entity], method: str, *, given: _Given
    ) -> bool:
        name, entity = itself
        if not self._definitions.methods(entity, method):
            raise Used
        held, returns = self._methods(entity, [method], given=given, held=frame.local[name])
        frame.local[name] |= held
        return returns

    def _run(self, entity: Entity, *, given: _Given) -> bool:
        """A function or a class of the user's is called."""
        if entity in self._family:
            if given:
                raise Used
            self.made.add(entity)
            return True
        module, name = entity
        if not given and not self._touches(module, (name,)):
            return False
        entry = self._index.modules[module]
        if len(entry.bindings.get(name, ())) != 1:
            raise Used
        if name in entry.functions:
            _, returns = self._function(entity, given=given)
            return returns
        if name not in entry.classes:
            raise Used
        return self._make(entity, given=given)

    def _make(self, entity: Entity, *, given: _Given) -> bool:
        """An object of a class that is not in question is made: may it hold one that is?"""
        if not self._definitions.is_plain_class(entity):
            raise Used
        held, _ = self._methods(entity, CONSTRUCTION, given=given, held=bool(given))
        return held

    def _methods(
        self, entity: Entity, names: Iterable[str], *, given: _Given, held: bool
    ) -> tuple[bool, bool]:
        """Methods run: may their object, and what they return, hold an object in question?"""
        returns = False
        for name in names:
            for method in self._definitions.methods(entity, name):
                found = self._function(method, given=given, itself=entity, held=held)
                held, returns = held or found[0], returns or found[1]
        return held, returns

    def _function(
        self,
        place: Entity,
        *,
        given: _Given,
        itself: Entity | None = None,
        held: bool = False,
    ) -> tuple[bool, bool]:
        """A function runs: may its object, and what it returns, hold an object in question?"""
        node = self._definitions.function(place)
        if node is None or (place, given) in self._calls:
            raise Used
        args = node.args
        parameters = given.parameters(args, bound=int(itself is not None))
        frame = _Frame(place[0], dict.fromkeys(_stored(node.body), False) | parameters)
        first = next(iter(parameters), None)
        if itself is not None:
            if first is None:
                raise Used
            frame.itself = (first, itself)
            frame.local[first] = held
        defaults = [d for d in (*args.defaults, *args.kw_defaults) if d is not None]
        if self._any(_Frame(place[0], {}), defaults):
            raise Used
        self._calls.append((place, given))
        before: dict[str, bool] = {}
        while before != frame.local:  # what a loop puts into a name counts for its beginning, too
            before = dict(frame.local)
            self._block(frame, node.body)
        self._calls.pop()
        return itself is not None and first is not None and frame.local[first], frame.returns


def _is_itself(frame: _Frame, node: ast.expr) -> bool:
    """Is it the object whose method runs? That is not in question itself, whatever it holds."""
    return isinstance(node, ast.Name) and frame.itself is not None and node.id == frame.itself[0]


def _stored(nodes: Iterable[ast.AST]) -> list[str]:
    """The names that code binds."""
    inner = (part for node in nodes for part in ast.walk(node))
    return [n.id for n in inner if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _expressions(node: ast.AST) -> list[ast.expr]:
    """The expressions right below a node."""
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
