"""What code does with objects of some classes: make them and pass them on, or more than that.

``DBS = [Database(u) for u in URLS]`` and ``app = make_app()`` use nothing of what they make. Code is
followed into the functions that it calls; where that cannot be done, it counts as more.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import partial
from typing import TYPE_CHECKING

from ..source.scopes import dotted
from .definitions import Definitions
from .frames import (
    ANY_OPERATOR,
    TRUTH,
    Frame,
    Given,
    expressions,
    is_collecting,
    is_super,
    one_to_one,
    operators,
    stored,
)
from .known import CHECKING, CONSTRUCTION
from .question import Question, Used
from .tokens import Entity

if TYPE_CHECKING:
    from .index import Index

__all__ = ["Handling"]


class Handling:
    """Follows what code does with objects in question.

    Attributes:
        made: the classes in question of which objects are made.
    """

    def __init__(self, index: Index, question: Question) -> None:
        self._index = index
        self._question = question
        self._definitions = Definitions(index)
        self._calls: list[tuple[Entity, Given]] = []
        self.made: set[Entity] = set()

    def follow(self, module: str, nodes: Iterable[ast.stmt]) -> None:
        """Follow statements of the module *module*.

        Raises:
            Used: they may do more.
        """
        self._block(Frame(module, {}), nodes)

    # Statements -------------------------------------------------------------------------------

    def _block(self, frame: Frame, nodes: Iterable[ast.stmt]) -> None:
        for node in nodes:
            self._statement(frame, node)

    def _statement(self, frame: Frame, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._assign(frame, targets, value)
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
                self._operate(frame, test, by=TRUTH)
                self._block(frame, [*body, *orelse])
            case ast.For(target=target, iter=source, body=body, orelse=orelse):
                self._store(frame, target, self._iterate(frame, source))
                self._block(frame, [*body, *orelse])
            case ast.Pass() | ast.Break() | ast.Continue() | ast.Global():
                pass
            case ast.Raise() | ast.Assert() | ast.AugAssign():
                self._operate(frame, *expressions(node))
            case _:
                raise Used

    def _assign(self, frame: Frame, targets: list[ast.expr], value: ast.expr) -> None:
        pairs = [pair for target in targets for pair in one_to_one(target, value)]
        given = {value: self._value(frame, value) for _, value in pairs}  # before any is put away
        for one, its_value in pairs:
            self._store(frame, one, given[its_value])

    def _store(self, frame: Frame, target: ast.expr, held: bool) -> None:
        match target:
            case ast.Name(id=name):
                if name in frame.local:
                    frame.local[name] |= held
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                if held:
                    self._question.iterate(plain=False)
                for element in elements:
                    self._store(frame, element, held)
            case ast.Attribute(value=holder, attr=attr):
                if self._value(frame, holder) and not frame.is_itself(holder):
                    self._question.set(attr)
                frame.put(holder, held)
            case ast.Subscript(value=holder, slice=key):
                self._hashed(frame, [key])
                on = self._value(frame, holder)
                self._question.call("__setitem__", on=on, given=held)
                frame.put(holder, held)
            case _:
                raise Used

    # Expressions ------------------------------------------------------------------------------

    def _operate(self, frame: Frame, *nodes: ast.expr, by: AbstractSet[str] = ANY_OPERATOR) -> None:
        """Operators, or code that is not known, are used on what the expressions give."""
        self._question.operate(by, on=self._any(frame, nodes))

    def _iterate(self, frame: Frame, node: ast.expr) -> bool:
        """Code goes through what an expression gives. May that hold an object in question?"""
        held = self._value(frame, node)
        self._go_through(frame, node, held)
        return held

    def _go_through(self, frame: Frame, node: ast.expr, held: bool) -> None:
        """`_iterate`, where it is known whether that may hold an object in question."""
        if held:
            self._question.iterate(plain=frame.is_plain(node))
        else:
            self._question.operate(on=False)

    def _any(self, frame: Frame, nodes: Iterable[ast.expr]) -> bool:
        """Follow all of the expressions. May one of them be, or hold, an object in question?"""
        return any(list(map(partial(self._value, frame), nodes)))

    def _hashed(self, frame: Frame, nodes: Iterable[ast.expr]) -> bool:
        """`_any` for what becomes keys, or members of a set."""
        held = self._any(frame, nodes)
        if held:
            self._question.hash()
        return held

    def _value(self, frame: Frame, node: ast.expr) -> bool:
        """Follow an expression. May its value be, or hold, an object in question?"""
        match node:
            case ast.Constant():
                return False
            case ast.Name(id=name):
                known = frame.local.get(name)
                return self._question.touches(frame.module, (name,)) if known is None else known
            case ast.Attribute(value=holder, attr=attr):
                path = dotted(node)
                if self._value(frame, holder):
                    if not frame.is_itself(holder):
                        self._question.get(attr)
                    return True
                if not frame.is_itself(holder):
                    self._question.look_up(attr)
                is_global = path is not None and path[0] not in frame.local
                return is_global and self._question.touches(frame.module, path or ())
            case ast.Call():
                return self._call(frame, node)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return self._any(frame, elements)
            case ast.Set(elts=elements):
                return self._hashed(frame, elements)
            case ast.Dict(keys=keys, values=values):
                if None in keys:
                    self._operate(frame, *values)
                self._hashed(frame, [key for key in keys if key is not None])
                return self._any(frame, values)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._comprehension(frame, node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._operate(frame, test, by=TRUTH)
                return self._any(frame, [body, orelse])
            case ast.BoolOp(values=[*tested, last]):
                self._operate(frame, *tested, by=TRUTH)
                return self._value(frame, last)
            case ast.Compare(ops=ops) if all(isinstance(op, ast.Is | ast.IsNot) for op in ops):
                for part in expressions(node):
                    self._value(frame, part)
                return False
            case ast.Lambda() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.NamedExpr():
                raise Used
        self._operate(frame, *expressions(node), by=operators(node))
        return False

    def _comprehension(
        self, frame: Frame, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> bool:
        inner = frame.inner()
        for part in node.generators:
            held = self._iterate(inner, part.iter)
            inner.local |= dict.fromkeys(stored([part.target]), held)
            self._operate(inner, *part.ifs, by=TRUTH)
        match node:
            case ast.DictComp(key=key, value=value):
                return any([self._hashed(inner, [key]), self._value(inner, value)])
            case ast.SetComp(elt=element):
                return self._hashed(inner, [element])
            case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
                return self._value(inner, element)

    # Calls ------------------------------------------------------------------------------------

    def _call(self, frame: Frame, node: ast.Call) -> bool:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="object"), attr="__setattr__"),
                args=[holder, ast.Constant(value=str() as attr), value],
            ):  # as ``holder.attr = value``
                target = ast.Attribute(holder, attr, ast.Store())
                self._store(frame, target, self._value(frame, value))
                return False
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="object"), attr="__setattr__"),
                args=[holder, name, value],
            ) if frame.is_itself(holder) and not self._value(frame, name):
                frame.put(holder, self._value(frame, value))  # whatever it is called
                return False
        if any(keyword.arg is None for keyword in node.keywords):
            self._operate(frame, *(k.value for k in node.keywords if k.arg is None))
        given = Given(
            frozenset(n for n, argument in enumerate(node.args) if self._value(frame, argument)),
            frozenset(k.arg for k in node.keywords if k.arg and self._value(frame, k.value)),
        )
        if given and any(isinstance(argument, ast.Starred) for argument in node.args):
            raise Used  # where it comes in cannot be told
        path = dotted(node.func)
        if path is not None and frame.cls is not None and path == frame.cls[:1]:
            self._question.make()
            return self._run(frame.cls[1], given=given)
        if path is not None and path[0] not in frame.local:
            for entity, rest in self._index.names.resolve(frame.module, path):
                entry = self._index.modules.get(entity[0])
                if entry is not None and not rest and not entry.is_import(entity[1]):
                    return self._run(entity, given=given)
                if entity in self._question.family and len(rest) == 1:
                    method = self._definitions.method_of_class(entity, rest[0])
                    if method is not None:
                        return self._of_class(entity, *method, given=given)
        if isinstance(node.func, ast.Attribute):
            return self._method(frame, node.func, given=given)
        if path is None or path[0] in frame.local:
            self._operate(frame, node.func)
        if given and is_collecting(node) and path is not None and path[0] not in frame.local:
            for place, argument in enumerate(node.args):
                self._go_through(frame, argument, place in given.places)
        elif given:
            self._question.hand_out(path)
            if path in CHECKING:
                return False
        elif not all(isinstance(argument, ast.Constant) for argument in node.args):
            self._question.operate(on=False)  # as ``len`` and ``list`` do
        return bool(given)

    def _method(self, frame: Frame, node: ast.Attribute, *, given: Given) -> bool:
        """A method of an object is called."""
        if frame.itself is not None and frame.is_itself(node.value):
            return self._own_method(frame, frame.itself, node.attr, given=given)
        if frame.itself is not None and is_super(node.value):
            above = self._methods_above(frame.itself[1], node.attr)
            if above or node.attr in CONSTRUCTION:
                return self._run_own(frame, frame.itself, above, given=given)
        on = self._value(frame, node.value)
        self._question.call(node.attr, on=on, given=bool(given))
        held = on or bool(given)
        frame.put(node.value, held)
        return held

    def _own_method(
        self, frame: Frame, itself: tuple[str, Entity], method: str, *, given: Given
    ) -> bool:
        methods = self._definitions.methods(itself[1], method)
        if not methods:
            raise Used
        return self._run_own(frame, itself, methods, given=given)

    def _methods_above(self, entity: Entity, name: str) -> list[Entity]:
        """What ``super().name`` may be in the method that runs, of an object of the class *entity*."""
        module, qualname = self._calls[-1][0]
        owner = module, qualname.rpartition(".")[0]
        below = {entity, *self._index.families.subclasses(owner), owner}
        below -= {*self._index.names.bases_of(owner)}
        return [
            (home, method)
            for home, method in self._definitions.methods(entity, name)
            if (home, method.rpartition(".")[0]) not in below
        ]

    def _run_own(
        self, frame: Frame, itself: tuple[str, Entity], methods: list[Entity], *, given: Given
    ) -> bool:
        """Methods of the object whose method runs; may what they return be in question?"""
        name, entity = itself
        returns = False
        for method in methods:
            held, found = self._function(method, given=given, itself=entity, held=frame.local[name])
            frame.local[name] |= held
            returns |= found
        return returns

    def _run(self, entity: Entity, *, given: Given) -> bool:
        """A function or a class of the user's is called."""
        if entity in self._question.family:
            if given:
                self._make(entity, given=given)
            self.made.add(entity)
            return True
        module, name = entity
        if not given and not self._question.touches(module, (name,)):
            if self._question.looks(module, (name,)):
                raise Used
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

    def _of_class(self, entity: Entity, place: Entity, kind: str, *, given: Given) -> bool:
        """A method of a class in question is called of it, as those that make objects are."""
        self._question.read(place[1].rpartition(".")[2])
        cls = entity if kind == "classmethod" else None
        _, returns = self._function(place, given=given, kind=kind, cls=cls)
        return returns

    def _make(self, entity: Entity, *, given: Given) -> bool:
        """An object of a class is made: may it hold one that is in question?"""
        if not self._definitions.is_plain_class(entity):
            raise Used
        held, _ = self._methods(entity, CONSTRUCTION, given=given, held=bool(given))
        return held

    def _methods(
        self, entity: Entity, names: Iterable[str], *, given: Given, held: bool
    ) -> tuple[bool, bool]:
        """Methods run: may their object, and what they return, hold an object in question?"""
        returns, before = False, None
        while before != held:  # what one of them puts into it counts for all others, too
            before = held
            for name in names:
                for method in self._definitions.methods(entity, name):
                    found = self._function(method, given=given, itself=entity, held=held)
                    held, returns = held or found[0], returns or found[1]
        return held, returns

    def _function(
        self,
        place: Entity,
        *,
        given: Given,
        itself: Entity | None = None,
        held: bool = False,
        kind: str = "",
        cls: Entity | None = None,
    ) -> tuple[bool, bool]:
        """A function runs: may its object, and what it returns, hold an object in question?

        It may be of a *kind* among `OF_CLASSES`, and is passed *cls* then.
        """
        node = self._definitions.function(place, kind)
        if node is None or (place, given) in self._calls:
            raise Used
        args = node.args
        is_bound = itself is not None or cls is not None
        parameters = given.parameters(args, bound=int(is_bound))
        bound = self._index.remembered(("stored", place), lambda: stored(node.body))
        frame = Frame(place[0], dict.fromkeys(bound, False) | parameters)
        frame.plain = frozenset({args.vararg.arg} if args.vararg else ()) - {*bound}
        first = next(iter(parameters), None)
        if is_bound and first is None:
            raise Used
        if first is not None and itself is not None:
            frame.itself = (first, itself)
            frame.local[first] = held
        elif first is not None and cls is not None:
            frame.local[first] = True
            frame.cls = (first, cls) if first not in bound else None
        defaults = [d for d in (*args.defaults, *args.kw_defaults) if d is not None]
        if self._any(Frame(place[0], {}), defaults):
            raise Used
        self._calls.append((place, given))
        before: dict[str, bool] | None = None
        while before != frame.local:  # what a loop puts into a name counts for its beginning, too
            before = dict(frame.local)
            self._block(frame, node.body)
        self._calls.pop()
        return itself is not None and first is not None and frame.local[first], frame.returns
