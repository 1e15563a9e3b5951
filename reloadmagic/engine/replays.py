"""`Replays`: groups that run again and have done nothing else than before so far.

A group runs from its first statement on, if only since one of them, or what reads the object half
way, does. Until one of its statements does something else, as it was edited, or uses what has
changed, the others find what they found, and what reads the object has nothing new to see.
"""

from __future__ import annotations

import ast
import functools
import types
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..live import class_dict, is_class
from ..notes import content_of, is_container
from ..patch.inside import qualname
from ..plain import is_plain, same_value
from ..plan import Grouped, ModulePlan
from ..reach.known import CLASS_DECORATORS, KEEPING, PASSING
from ..reach.summary import CALL, Path
from ..reach.tokens import StatementId, Target, Token, said_of
from ..source.scopes import dotted
from ..transaction import lookup
from .redirecting import filled_object

if TYPE_CHECKING:
    from .state import State

__all__ = ["Replays", "is_repeatable"]

# Larger containers are not looked through.
_MOST = 10_000
# Of these a ``def`` that runs again leaves the object as it was.
_FUNCTIONS = (types.FunctionType, functools._lru_cache_wrapper)
# Builtins that give the same for the same, and hand out nothing of their own.
_PURE = frozenset(
    {
        *("abs", "all", "any", "bool", "bytes", "chr", "complex", "dict", "divmod", "enumerate"),
        *("float", "format", "frozenset", "int", "len", "list", "map", "max", "min", "ord", "pow"),
        *("range", "repr", "reversed", "round", "set", "sorted", "str", "sum", "tuple", "zip"),
    }
)
# What makes definitions of definitions, wherever it is from.
_DEFINING = (PASSING - KEEPING) | CLASS_DECORATORS | {"abstractmethod", "overload", "override"}


@dataclass(slots=True)
class _Was:
    """What a group had made before it ran again, and the statements that are yet to run.

    Attributes:
        named: the objects in it, by ``id``, that statements beside the group make and name.
    """

    value: Any
    content: Any
    named: frozenset[int]
    waiting: set[StatementId]


class Replays:
    """The groups that run again and of which nothing is known to differ.

    Attributes:
        repeated: those that have run and made what they had made before.
    """

    def __init__(self, state: State) -> None:
        self.repeated: set[Target] = set()
        self._state = state
        self._groups: dict[Target, _Was] = {}

    def __bool__(self) -> bool:
        return bool(self._groups)

    def begin(self, target: Target) -> None:
        """A group runs from here on."""
        causes, effects = self._state.plan.causes, self._state.effects
        if None in causes.groups[target] or any(t in effects.actual for t in said_of(target)):
            return
        value = filled_object(self._state, target)
        named = self._named_in(target)
        if named is not None:
            content = content_of(value) if is_container(value) else None
            self._groups[target] = _Was(value, content, named, set(causes.members[target]))

    def can_repeat(self, target: Target) -> bool:
        """Is what a group has made, as it is now, made again by it, and not something new like it?"""
        return self._named_in(target) is not None

    def _named_in(self, target: Target) -> frozenset[int] | None:
        """The objects, by ``id``, that a group has not made itself; None if it cannot repeat."""
        value = filled_object(self._state, target)
        if _is_repeated(value):
            return frozenset()
        if not is_container(value) or len(value) > _MOST:
            return None
        named = frozenset(_put_in_by_name(self._state, target))
        return named if named and _is_repeated(value, named) else None

    def goes_on(self, target: Target) -> bool:
        """Does a group run again that has done nothing else than before?"""
        return target in self._groups

    def finds_as_before(self, target: Target) -> bool:
        """Does a group run again, or has it, that has done nothing else than before?"""
        return target in self._groups or target in self.repeated

    def hides(self, token: Token) -> bool:
        """Is *token* said of an object that is only on the way to what it was?"""
        return _target(token) in self._groups

    def begin_statement(self, plan: ModulePlan, number: int) -> None:
        """A statement is about to run: the groups whose replay it may end, by what it reads, do end."""
        if not self._groups:
            return
        groups = self._groups_of(plan, number)
        if groups and self._state.effects.is_replayed(plan, number):
            return
        for target in groups:
            del self._groups[target]

    def end_statement(self, plan: ModulePlan, number: int) -> None:
        """A statement has run: is what it has made of its groups' objects of a kind to be the same?"""
        for target in self._groups_of(plan, number) if self._groups else ():
            was = self._groups[target]
            value = filled_object(self._state, target)
            if not _is_repeated(value, was.named) or not _calls_repeat(self._state, plan, number):
                del self._groups[target]
                continue
            was.waiting.discard((plan.name, number))
            if not was.waiting:
                self._end(target)

    def end(self) -> None:
        """All that was to run has."""
        for target in list(self._groups):
            self._end(target)

    def give_up(self, target: Target) -> None:
        """What is new is about to fill an object."""
        self._groups.pop(target, None)
        self.repeated.discard(target)

    def forget(self, repeated: set[Target]) -> None:
        """What has run was taken back, to when only *repeated* had."""
        self._groups.clear()
        self.repeated = repeated

    def _groups_of(self, plan: ModulePlan, number: int) -> list[Target]:
        reasons = plan.run.get(number, ())
        return [r.target for r in reasons if isinstance(r, Grouped) and r.target in self._groups]

    def _end(self, target: Target) -> None:
        """A group has run: what was said on the way has not happened if all is as it was."""
        was, effects = self._groups.pop(target), self._state.effects
        if self._is_as_before(target, was):
            self.repeated.add(target)
            for token in said_of(target):
                effects.discard(token)

    def _is_as_before(self, target: Target, was: _Was) -> bool:
        value = filled_object(self._state, target)
        if not is_container(value):
            return same_value(was.value, value)
        held = self._state.effects.contents.get(target[:2]) if not target[2] else None
        if held is not None:
            return same_value(*held)
        return value is was.value and same_value(was.content, content_of(value))


def is_repeatable(state: State, plan: ModulePlan, number: int) -> bool:
    """Does a statement that was not edited bind what it bound, where it uses what it used?"""
    statement, namespace = plan.after.statements[number], plan.tracked.namespace
    entry = state.index.modules[plan.name]
    if entry.summaries[number].now.sets:
        return False
    if statement.fragment.kind in {"def", "class"}:
        name = statement.binds[0]
        if len(entry.bindings[name]) > 1:
            return False  # it binds another object than the name has had at the end
        is_decorated = "@" in statement.fragment.text
        if is_decorated and not _is_definition(namespace.get(name), plan.name, name):
            return False
        return _calls_repeat(state, plan, number)
    if statement.fragment.kind == "import":
        return True
    values = (namespace.get(name) for name in statement.binds)
    return all(map(_is_repeated, values)) and _calls_repeat(state, plan, number)


def _is_definition(value: Any, module: str, name: str) -> bool:
    """Is it what a definition of that name makes, which decorators have passed on?"""
    if type(value) is types.FunctionType:
        return value.__qualname__ == name == value.__code__.co_qualname and (
            value.__globals__.get("__name__") == module
        )
    return (
        is_class(value)
        and class_dict(value).get("__module__") == module
        and qualname(value) == name
    )


def _is_repeated(value: Any, others: Container[int] = ()) -> bool:
    """Is it what a statement that runs again makes again, and not something new that is like it?

    *others* are the objects, by ``id``, that a container may hold as well.
    """
    if not is_container(value):
        return is_plain(value)
    if len(value) > _MOST:
        return False
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return all(_is_repeated_part(part, others) for part in parts)


def _put_in_by_name(state: State, target: Target) -> Iterator[int]:
    """The objects, by ``id``, that a group may put in and that a statement beside it has made.

    That calls their class, and gives them a name.
    """
    index, members = state.index, state.plan.causes.members.get(target, set())
    for module, number in members:
        for path in index.modules[module].summaries[number].now.paths:
            for (home, name), rest in index.names.resolve(module, path):
                if not rest and _is_made_beside(state, home, name, members):
                    yield id(state.tracked[home].namespace.get(name))


def _is_made_beside(state: State, module: str, name: str, members: Container[StatementId]) -> bool:
    """Does one statement that is not among *members* call a class to make what *name* holds?"""
    entry, tracked = state.index.modules.get(module), state.tracked.get(module)
    binders = entry.bindings.get(name, ()) if entry is not None else ()
    if entry is None or tracked is None or len(binders) != 1 or (module, binders[0]) in members:
        return False
    nodes = entry.source.statements[binders[0]].fragment.peek()
    match nodes:
        case [ast.Assign(value=ast.Call(func=func)) | ast.AnnAssign(value=ast.Call(func=func))]:
            path = dotted(func)
            found = state.index.names.resolve(module, path) if path is not None else ()
            classes = [e for e, rest in found if not rest and state.index.names.class_of(e)]
            cls = type(tracked.namespace.get(name))
            return bool(classes) and type(cls) is type and lookup(cls, "__new__") is object.__new__
    return False


def _is_repeated_part(value: Any, others: Container[int]) -> bool:
    """The same of what a container holds: functions and classes stay, in tuples as well."""
    if type(value) is tuple:
        return all(_is_repeated_part(part, others) for part in value)
    if id(value) in others:
        return True
    return is_plain(value) or is_class(value) or type(value) in _FUNCTIONS


def _calls_repeat(state: State, plan: ModulePlan, number: int) -> bool:
    """Does a statement call the user's own functions, and others that give the same for the same?"""
    index = state.index
    calls = (
        p for p, how in index.modules[plan.name].summaries[number].now.paths.items() if how & CALL
    )
    return all(_is_known(state, plan, path) for path in calls)


def _is_known(state: State, plan: ModulePlan, path: Path) -> bool:
    for (module, name), _ in state.index.names.resolve(plan.name, path):
        entry = state.index.modules.get(module)
        if entry is not None and name in entry.bindings and not entry.is_import(name):
            return True
    if path[-1] in _DEFINING:
        return True
    return len(path) == 1 and path[0] in _PURE and path[0] not in plan.tracked.namespace


def _target(token: Token) -> Target | None:
    """The object of which a token says that its content or its name has changed."""
    kind, module, name, *rest = token
    if kind == "attr":
        return module, name, rest[0]
    return (module, name, "") if kind in {"content", "bind"} else None
