"""Instances: objects that stand for a function, and those of a class that had to be replaced.

What a decorator makes of a function is one object before and after: it is given all that the new
one has. An instance of a replaced class is moved to the new one where CPython lets us; otherwise
a *twin* of it is made, with the same state and without running any code of the user's, and the
references to the instance are redirected to it.
"""

from __future__ import annotations

import types
import weakref
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ..live import OwnReference
from ..transaction import ABSENT, instance_dict, own_dict, slot_values, type_slot
from .inside import builtin_base, mro, qualname, stands_for_function
from .models import field_defaults, fill
from .values import copy_value
from .wrappers import CACHE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from .patcher import Patcher

__all__ = ["Mover", "Retired", "make_twin", "merge_instance", "stands_for_ours"]


def stands_for_ours(patcher: Patcher, value: object) -> bool:
    """Whether *value* is an object that wraps a function of the user's."""
    if builtin_base(type(value)) is not object or not stands_for_function(value):
        return False
    return any(_is_our_function(patcher, part) for _, part in _state(value))


def _is_our_function(patcher: Patcher, value: object) -> bool:
    if type(value) is CACHE:
        value = (instance_dict(value) or {}).get("__wrapped__")
    if type(value) is not types.FunctionType:
        return False
    module = value.__module__
    return type(module) is str and patcher.tracked(module)


def merge_instance(patcher: Patcher, old: Any, new: Any, keep: Collection[str]) -> Any:
    """Give *old* all that *new* has: it is what the decorator would make after a restart.

    *keep* are names of attributes that stay as they are.
    """
    patcher.pair(new, old)
    patcher.transaction.snapshot(old)
    ours, theirs = instance_dict(old), instance_dict(new)
    if ours is not None and theirs is not None:
        merged = {n: patcher.merge_value(ours.get(n, ABSENT), v) for n, v in theirs.items()}
        merged |= {n: v for n, v in ours.items() if n in keep}
        patcher.transaction.set_contents(ours, merged)
    before = {member.__name__: value for member, value in slot_values(old)}
    for member, value in slot_values(new):
        name = member.__name__
        patcher.transaction.set_attr(
            old, name, patcher.merge_value(before.get(name, ABSENT), value)
        )
    return old


# ------------------------------------------------------------- instances of a replaced class


class Retired:
    """A former self that must live as long as its twin does.

    A type of its own, so that the pass over the heap does not give it the twin, too.
    """

    __slots__ = ("former", "twin")

    def __init__(self, former: object, twin: weakref.ref[Any] | None) -> None:
        self.former = former
        self.twin = twin


_retired: dict[int, Retired] = {}


class Mover:
    """Moves the instances of replaced classes: some at once, others as the pass over the heap finds them."""

    def __init__(self) -> None:
        # By id: a metaclass may define equality.
        self._classes: dict[int, type] = {}
        self._lost: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._weak: defaultdict[str, int] = defaultdict(int)
        self._seen: dict[int, Any] = {}
        self._stuck: defaultdict[str, int] = defaultdict(int)
        self._twinned: dict[int, type] = {}
        self._fields: dict[int, dict[str, Callable[[], Any]]] = {}

    def expect(self, patcher: Patcher, classes: Iterable[tuple[type, type]]) -> None:
        """Instances of the first of each two *classes* are to become such of the other."""
        self._classes.update((id(old), new) for old, new in classes)
        self._fields = {id(cls): makers for cls, makers in patcher.filled_classes}

    def owned(self) -> Iterator[object]:
        """The bookkeeping's own objects."""
        yield from (self._classes, self._seen, self._twinned, self._fields)

    def is_instance(self, value: object) -> bool:
        """Whether *value* is of a replaced class and has not been moved yet."""
        return id(type(value)) in self._classes and id(value) not in self._seen

    def move(self, patcher: Patcher, instance: Any) -> Any:
        """Make *instance* one of the new class. Its twin where CPython refuses; None otherwise."""
        old = type(instance)
        new = self._classes[id(old)]
        self._seen[id(instance)] = instance
        try:
            patcher.transaction.set_class(instance, new)
            return None
        except TypeError:
            twin = make_twin(patcher, instance, new)
        if twin is None:
            self._stuck[qualname(old)] += 1
            return None
        self._twinned[id(old)] = old
        for name in _lost_names(instance, twin):
            self._lost[qualname(old), name] += 1
        if _retire(instance, twin):
            self._weak[qualname(old)] += 1
        return twin

    def fill(self, patcher: Patcher, value: Any) -> None:
        """Give an instance that stays what it lacks of its class's new fields."""
        makers = self._fields.get(id(type(value)))
        if makers is not None:
            for name, default in fill(value, makers).items():
                patcher.transaction.set_attr(value, name, default)

    def finish(self, patcher: Patcher) -> None:
        """Say what could not move, and keep finalizers from running on former selves."""
        for old in self._twinned.values():
            if any("__del__" in own_dict(base) for base in mro(old)):
                patcher.transaction.set_attr(old, "__del__", _leave_alone)
        say = patcher.leftovers.append
        for name, number in self._stuck.items():
            say(f"{_instances(number)} of {name} could not be moved to the new class")
        for (name, attribute), number in self._lost.items():
            say(f"{attribute} of {_instances(number)} of {name} has no place in the new class")
        for name, number in self._weak.items():
            say(f"weak references to {_instances(number)} of {name} lead to the former one")


def _instances(number: int) -> str:
    return "1 instance" if number == 1 else f"{number} instances"


def _leave_alone(self: object) -> None:
    """In place of ``__del__``: what it would release belongs to the twin now."""


def make_twin(patcher: Patcher, instance: Any, new: type) -> Any:
    """A copy of *instance* as one of *new*, its ``__dict__`` shared; None if there cannot be one."""
    base = builtin_base(new)
    if base is not builtin_base(type(instance)):
        return None
    try:
        twin = _allocate(instance, new, base)
    except TypeError:  # abstract by now, or of a kind that needs arguments we do not know
        return None
    state = dict(_state(instance))
    namespace = instance_dict(instance)
    if instance_dict(twin) is not None and namespace is not None:
        patcher.transaction.snapshot(namespace)
        type_slot(new, "__dict__").__set__(twin, namespace)
    _fill(twin, state)
    _fill(twin, fill(twin, field_defaults(new)))
    return twin


def _lost_names(instance: Any, twin: Any) -> set[str]:
    """Attributes for which the new class has no place."""
    return {name for name, _ in _state(instance)} - {name for name, _ in _state(twin)}


def _allocate(instance: Any, new: type, base: type) -> Any:
    if base is object:
        return object.__new__(new)
    copy = copy_value(base)
    if copy is not None:
        return base.__new__(new, copy(instance))
    if issubclass(base, BaseException):
        args = own_dict(BaseException)["args"].__get__(instance)
        twin: Any = base.__new__(new, *args)
        for name in ("__cause__", "__context__", "__suppress_context__", "__traceback__"):
            value = own_dict(BaseException)[name].__get__(instance)
            own_dict(BaseException)[name].__set__(twin, value)
        return twin
    if base is dict:
        twin = dict.__new__(new)
        dict.update(twin, dict.copy(instance))
        return twin
    if base is list:
        twin = list.__new__(new)
        list.extend(twin, list.__iter__(instance))
        return twin
    if base is set:
        twin = set.__new__(new)
        set.update(twin, instance)
        return twin
    raise TypeError


def _fill(twin: Any, state: dict[str, Any]) -> None:
    """Give *twin* the attributes in *state* for which it has a slot or a ``__dict__``."""
    namespace = instance_dict(twin)
    for name, value in state.items():
        slot = type_slot(type(twin), name)
        if type(slot) is types.MemberDescriptorType:
            slot.__set__(twin, value)
            if namespace is not None:
                namespace.pop(name, None)
        elif namespace is not None and name not in namespace:
            namespace[name] = value


def _retire(instance: Any, twin: Any) -> bool:
    """Keep *instance* alive with its *twin* if its death would be noticed; whether it would.

    A weak reference cannot be redirected; one with a callback, as `weakref.finalize` makes them,
    would release what now belongs to the twin.
    """
    if all(type(reference) is OwnReference for reference in weakref.getweakrefs(instance)):
        return False
    key = id(twin)
    retired = _retired  # the module may be gone when the callback comes
    try:
        reference = weakref.ref(twin, lambda _: retired.pop(key, None))
    except TypeError:
        reference = None
    _retired[key] = Retired(instance, reference)
    return True


def _state(value: object) -> Iterator[tuple[str, Any]]:
    yield from (instance_dict(value) or {}).items()
    for member, content in slot_values(value):
        yield member.__name__, content
