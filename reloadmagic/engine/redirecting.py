"""Twins, and what was replaced, leave the places where later statements look."""

from __future__ import annotations

import _abc
from typing import TYPE_CHECKING, Any

from ..live import class_dict, instance_values, is_class
from ..notes import abc_registry, is_container
from ..reach.tokens import Target
from .snapshots import is_instance_of_users

if TYPE_CHECKING:
    from .state import State

__all__ = ["filled_object", "tell_at_once"]


def tell_at_once(state: State, old: Any, stays: Any) -> None:
    """Twins, and what was replaced, leave the places where later statements look."""
    places = _filled_containers(state)
    if stays is not old:
        namespaces = [tracked.namespace for tracked in state.tracked.values()]
        places += namespaces
        if is_class(old) and is_class(stays):
            places += [v for names in namespaces for v in names.values() if is_container(v)]
            state.patcher.move_in(old, stays, places)
    state.patcher.redirect_in(places)
    for target in state.index.filling.fillers():
        value = filled_object(state, target)
        if is_class(value):
            _tell_registry(state, value)


def _tell_registry(state: State, cls: type) -> None:
    """What stays is registered with an abstract class in place of its twin, which is to go."""
    for registered in abc_registry(cls) or ():
        stays = state.patcher.stand_in(registered)
        if stays is not registered:
            _abc._abc_register(cls, stays)


def filled_object(state: State, target: Target) -> Any:
    """What statements fill under that name, now; None if there is nothing."""
    module, name, attr = target
    tracked = state.tracked.get(module)
    value = tracked.namespace.get(name) if tracked is not None else None
    return class_dict(value).get(attr) if attr and is_class(value) else value


def _filled_containers(state: State) -> list[Any]:
    """Containers of the user's modules that statements fill."""
    found: list[Any] = []
    for target in state.index.filling.fillers():
        value = filled_object(state, target)
        if is_container(value):
            found.append(value)
        elif is_class(value):
            found += [v for v in class_dict(value).values() if is_container(v)]
        elif value is not None and is_instance_of_users(state, value):
            found += [v for v in instance_values(value) if is_container(v)]
    return found
