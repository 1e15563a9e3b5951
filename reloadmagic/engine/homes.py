"""The functions and classes of each module that names lead to, whichever modules hold them."""

from __future__ import annotations

import types
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..live import class_dict, reachable_definitions

if TYPE_CHECKING:
    from .state import State

__all__ = ["definitions_of", "functions_of"]


def functions_of(state: State, namespace: dict[str, Any]) -> Iterator[types.FunctionType]:
    """Functions of a module that others hold by their names, such as what it decorated."""
    for found in definitions_of(state, namespace):
        if type(found) is types.FunctionType and found.__globals__ is namespace:
            yield found


def definitions_of(state: State, namespace: dict[str, Any]) -> Iterator[types.FunctionType | type]:
    """Functions and classes of a module that any names lead to."""
    if state.definitions is None:
        state.definitions = _definitions_by_home(state)
    for reference in state.definitions.get(id(namespace), ()):
        found = reference()
        if found is not None:
            yield found


def _definitions_by_home(
    state: State,
) -> dict[int, list[weakref.ref[types.FunctionType | type]]]:
    """All functions and classes that can be reached by names, by the ``id`` of their namespaces.

    Weak, as what only we hold must not look as if it was held by others.
    """
    namespaces = {name: tracked.namespace for name, tracked in state.tracked.items()}
    homes = [*namespaces.values(), *(namespace.names for namespace in state.namespaces)]
    found: dict[int, dict[int, weakref.ref[types.FunctionType | type]]] = {}
    for home in homes:
        for value in reachable_definitions(home, namespaces):
            if isinstance(value, types.FunctionType):
                own = found.setdefault(id(value.__globals__), {})
            elif (
                type(module := class_dict(value).get("__module__")) is str and module in namespaces
            ):
                own = found.setdefault(id(namespaces[module]), {})
            else:
                continue
            own.setdefault(id(value), weakref.ref(value))
    return {home: list(values.values()) for home, values in found.items()}
