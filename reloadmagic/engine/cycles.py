"""What star-imports see of modules that are still being imported, where modules import each other.

An import gives what the other module has bound until then. In a running session that module has
bound all of its names; those that it would bind later are taken out again.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..graph import RunOrder
from ..plan.order import Order
from .stars import public_names

if TYPE_CHECKING:
    from .recorder import Recorder
    from .state import State

__all__ = ["give_back_later_names", "order_known", "order_of"]


def give_back_later_names(state: State, module: str, number: int, recorder: Recorder) -> None:
    """Of what a star-import has bound, give back what is not there yet where all is imported anew."""
    order = order_of(state)
    place = order.place(module, number)
    for target in state.index.names.star_targets(module, number):
        if target not in state.tracked:
            continue
        is_done = order.place(target, sys.maxsize) < place
        namespace = state.tracked[target].namespace
        if (
            not is_done
            and "__all__" in namespace
            and not _is_bound(state, target, "__all__", place)
        ):
            for name in public_names(namespace):
                if name not in recorder.bound:
                    recorder[name] = namespace[name]
        for name in list(recorder.bound):
            if is_done and f"{target}.{name}" not in state.index.modules:
                continue  # but submodules may come to a package at any time
            is_of_target = recorder[name] is namespace.get(name)
            if is_of_target and not _is_bound(state, target, name, place):
                recorder.give_back(name)


def order_of(state: State) -> RunOrder:
    """In which order statements run where all modules are imported anew."""
    return order_known(state).run


def order_known(state: State) -> Order:
    """The same, with what can be asked beside which of two statements runs first."""
    if state.order is None:
        tracked = state.tracked
        state.order = Order(state.index, tracked, state.index.modules.keys() - tracked.keys())
    return state.order


def _is_bound(state: State, module: str, name: str, place: tuple[int, int]) -> bool:
    """Has *module* bound *name* when the statement at *place* runs?"""
    entry, order, names = state.index.modules.get(module), order_of(state), state.index.names
    if entry is None:
        return True
    binders = entry.bindings.get(name, [])
    if any(order.place(module, number) < place for number in binders):
        return True
    stars = [
        (star, order.place(module, number))
        for number in entry.bindings.get("*", ())
        for star in names.star_targets(module, number)
        if names.gives(star, name)
    ]
    if any(at < place and _is_bound(state, star, name, at) for star, at in stars):
        return True
    submodule = f"{module}.{name}"  # which the import system sets on its package in the end
    if names.is_module(submodule):
        return submodule not in state.index.modules or order.place(submodule, sys.maxsize) < place
    return not (binders or stars or name in _formerly_bound(state, module))


def _formerly_bound(state: State, module: str) -> Iterator[str]:
    """Names that *module* may hold yet although it is not to bind them any longer."""
    work = state.work.get(module)
    if work is not None:
        yield from work.plan.dropped
    yield from itertools.chain.from_iterable(state.tracked[module].stars.values())
