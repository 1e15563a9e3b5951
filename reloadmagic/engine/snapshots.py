"""What is remembered before code of the user's runs, which may write without being asked.

A module is looked through from its names on, nearest first: containers, classes, objects of its
classes, what closures hold. Each is copied shallowly into the transaction, so that a rollback finds
all of it.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..live import SMALL, class_dict, is_class
from ..modules import TrackedModule
from ..patch import snapshot_registry
from ..plan.order import import_graph
from ..transaction import ABSENT, instance_dict, is_exactly, is_kind, read_cell, slot_values
from .loggers import snapshot_logger
from .quiet import reaches_out

if TYPE_CHECKING:
    from .state import State

__all__ = [
    "is_instance_of_users",
    "snapshot_imported",
    "snapshot_instance",
    "snapshot_module",
    "snapshot_reachable",
    "snapshot_targets",
    "snapshot_unshared",
]

# How far from a name what it leads to is looked at, and how much of that.
_DEPTH = 4
_MOST = 2000
# What nobody writes to, and what leads to nothing that is written to.
_ATOMS = frozenset(
    map(
        id,
        (
            *(str, int, float, bool, bytes, complex, range, types.NoneType, types.ModuleType),
            *(types.BuiltinFunctionType, types.GetSetDescriptorType, types.MemberDescriptorType),
            *(property, staticmethod, classmethod, types.CodeType),
        ),
    )
)
_CONTAINERS = (dict, list, set, deque, bytearray)
# Whose objects are looked into although the class is none of the user's: others are left alone, as
# what goes on in them may be more than what their attributes tell.
_HOMES = ("collections", "weakref", "_weakrefset")
_KINDS = (types.SimpleNamespace, functools.singledispatchmethod)


def snapshot_reachable(state: State, name: str, number: int) -> None:
    """Remember what a statement of module *name* may write to, itself or by what it calls.

    Dependents do what they did before, when they could do it: there, what the statement is seen to
    write to is enough.
    """
    started = [
        state.work[other].plan.tracked for other in state.active if state.work[other].started
    ]
    snapshot_unshared(state, started)
    snapshot_targets(state, name, number)
    is_edited = any(state.work[other].plan.diff is not None for other in state.active)
    if is_edited and reaches_out(state.index.modules[name].summaries[number]):
        snapshot_imported(state, name)


def snapshot_imported(state: State, name: str) -> None:
    """Remember the modules that module *name* imports, directly or through others."""
    if not state.snapped_modules:
        state.snapped_modules = True
        state.transaction.on_rollback(_restore_modules, dict(sys.modules))
    imported = import_graph(state.index).descendants(name) & state.tracked.keys()
    snapshot_unshared(state, [state.tracked[other] for other in imported])


def snapshot_unshared(state: State, modules: Iterable[TrackedModule]) -> None:
    """Remember what the names of *modules* lead to, unless another thread runs code of the user's.

    What that writes meanwhile is not to be lost.
    """
    modules = [tracked for tracked in modules if tracked.name not in state.snapped]
    if modules and not _others_run(state):
        for tracked in modules:
            snapshot_module(state, tracked)


def _others_run(state: State) -> bool:
    me = threading.get_ident()
    for thread, running in sys._current_frames().items():
        frame: types.FrameType | None = running if thread != me else None
        while frame is not None:
            name = frame.f_globals.get("__name__")
            if type(name) is str and (name == "__main__" or state.tracks(name)):
                return True
            frame = frame.f_back
    return False


def _restore_modules(before: dict[str, Any]) -> None:
    for name, module in before.items():
        if sys.modules.get(name, ABSENT) is not module:
            sys.modules[name] = module


def snapshot_targets(state: State, name: str, number: int) -> None:
    """Remember the modules, of the run or not, in whose objects the statement writes."""
    targets = {module for module, _, _ in state.index.filling.filled_by((name, number))}
    for path in state.index.modules[name].summaries[number].now.sets:
        targets.update(module for (module, _), _ in state.index.names.resolve(name, path))
    for module in targets & state.tracked.keys():
        snapshot_module(state, state.tracked[module])


def snapshot_module(state: State, tracked: TrackedModule) -> None:
    """Remember what the names of a module lead to."""
    if tracked.name not in state.snapped:
        state.snapped.add(tracked.name)
        _Look(state, tracked).through_all()


def snapshot_instance(state: State, value: object) -> None:
    """Remember an object of the user's and the containers in its attributes."""
    parts = (part for part in _attributes(value) if is_kind(part, *_CONTAINERS))
    for found in (value, *parts):
        state.transaction.snapshot(found)


class _Look:
    """Looks through a module, and remembers in the transaction what may be written to."""

    def __init__(self, state: State, tracked: TrackedModule) -> None:
        self.transaction = state.transaction
        self.tracks = state.tracks
        self.module = tracked.name
        self.namespace = tracked.namespace

    def through_all(self) -> None:
        """Remember the namespace and what its names lead to, nearest first."""
        namespace, covers = self.namespace, self.transaction.covers
        self.transaction.snapshot(namespace)
        annotations = namespace.get("__annotations__")
        if type(annotations) is dict:
            self.transaction.snapshot(annotations)
        values = [v for n, v in namespace.items() if n == "__all__" or not n.startswith("__")]
        todo = deque((value, _DEPTH) for value in values if id(type(value)) not in _ATOMS)
        seen: set[int] = set()
        most = len(todo) + _MOST
        while todo and len(seen) < most:
            value, depth = todo.popleft()
            if id(value) in seen or covers(value):
                continue
            seen.add(id(value))
            parts = self._remember(value)
            if depth:
                todo.extend((part, depth - 1) for part in parts if id(type(part)) not in _ATOMS)

    def _remember(self, value: Any) -> Iterable[Any]:
        """Snapshot one value, if that may be written to; what else it leads to."""
        if type(value) is types.FunctionType:
            return self._remember_function(value)
        if is_class(value):
            return self._remember_class(value)
        if is_kind(value, *_CONTAINERS):
            self.transaction.snapshot(value)
            return [*_items(value), *_attributes(value)]
        if is_kind(value, tuple):
            return tuple.__iter__(value) if tuple.__len__(value) <= SMALL else ()
        if snapshot_logger(self.transaction, value):
            return _attributes(value)
        home = _home(type(value))
        if home in _HOMES or self.tracks(home) or is_exactly(value, *_KINDS):
            self.transaction.snapshot(value)
            return [*_attributes(value), *(part for _, part in slot_values(value))]
        return ()

    def _remember_function(self, function: types.FunctionType) -> Iterable[Any]:
        if function.__globals__ is not self.namespace and not function.__closure__:
            return ()
        self.transaction.snapshot(function)
        parts = [*(function.__defaults__ or ()), *function.__dict__.values()]
        if function.__kwdefaults__:
            parts += function.__kwdefaults__.values()
        for cell in function.__closure__ or ():
            self.transaction.snapshot(cell)
            parts.append(read_cell(cell))
        return parts

    def _remember_class(self, cls: type) -> Iterable[Any]:
        if _home(cls) != self.module:
            return ()
        self.transaction.snapshot(cls)
        snapshot_registry(self.transaction, cls)
        return list(class_dict(cls).values())


def _items(container: Any) -> Iterable[Any]:
    """What a container holds, if that is not too much to look at."""
    if is_kind(container, dict):
        return dict.values(container) if dict.__len__(container) <= SMALL else ()
    if is_kind(container, list):
        return list.__iter__(container) if list.__len__(container) <= SMALL else ()
    if is_kind(container, deque):
        return deque.__iter__(container) if deque.__len__(container) <= SMALL else ()
    return ()


def _attributes(value: object) -> Iterable[Any]:
    own = instance_dict(value) or {}
    return list(own.values()) if len(own) <= SMALL else ()


def _home(cls: type) -> str:
    module = class_dict(cls).get("__module__")
    return module if type(module) is str else ""


def is_instance_of_users(state: State, value: Any) -> bool:
    """Is *value* an instance, with attributes of its own, of a class of the user's?"""
    module = class_dict(type(value)).get("__module__")
    return isinstance(module, str) and state.tracks(module) and instance_dict(value) is not None
