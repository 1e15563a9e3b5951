"""What is remembered of a module before its code runs, which may write without being asked."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from ..live import class_dict, instance_values, is_class, nested_classes
from ..modules import TrackedModule
from ..notes import is_container
from ..transaction import instance_dict

if TYPE_CHECKING:
    from .state import State

__all__ = ["is_instance_of_users", "snapshot_module", "snapshot_targets"]


def snapshot_module(state: State, tracked: TrackedModule) -> None:
    """Remember what the code that is going to run may write to without being asked."""
    if tracked.name in state.snapped:
        return
    state.snapped.add(tracked.name)
    namespace = tracked.namespace
    snapshot = state.transaction.snapshot
    snapshot(namespace)
    for value in list(namespace.values()):
        if is_container(value):
            snapshot(value)
        elif is_class(value):
            _snapshot_class(state, value, tracked.name)
        elif type(value) is types.FunctionType:
            if value.__globals__ is namespace:
                snapshot(value)
        elif is_instance_of_users(state, value):
            snapshot(value)
            for part in instance_values(value):
                if is_container(part):
                    snapshot(part)
    annotations = namespace.get("__annotations__")
    if type(annotations) is dict:
        snapshot(annotations)


def snapshot_targets(state: State, name: str, number: int) -> None:
    """Remember the modules, of the run or not, in whose objects the statement writes."""
    targets = {module for module, _, _ in state.index.filled_by((name, number))}
    for path in state.index.modules[name].summaries[number].now.sets:
        targets.update(module for (module, _), _ in state.index.resolve(name, path))
    for module in targets & state.tracked.keys():
        snapshot_module(state, state.tracked[module])


def _snapshot_class(state: State, cls: type, module: str) -> None:
    attributes = class_dict(cls)
    if attributes.get("__module__") != module:
        return
    state.transaction.snapshot(cls)
    for value in list(attributes.values()):
        if is_container(value):
            state.transaction.snapshot(value)
    for _, inner in nested_classes(cls):
        _snapshot_class(state, inner, module)


def is_instance_of_users(state: State, value: Any) -> bool:
    """Is *value* an instance, with attributes of its own, of a class of the user's?"""
    module = class_dict(type(value)).get("__module__")
    return isinstance(module, str) and state.tracks(module) and instance_dict(value) is not None
