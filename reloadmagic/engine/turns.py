"""Which modules of a set have their turn where, as the import of another starts them.

In come the statements of a module; out go the modules that are waiting and that importing starts
there: by the statements themselves, or by functions that they call.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..plan.order import import_graph
from ..reach.walk import Walk
from .cycles import order_known

if TYPE_CHECKING:
    from ..plan import ModulePlan
    from ..reach.tokens import User
    from .state import Late, State

__all__ = ["awaited_by", "awaits", "begun_by", "descents", "descents_of_all", "has_all_it_imports"]


def descents(state: State, name: str) -> dict[int, list[str]]:
    """For each statement of a module, the modules of this set that imports run before it.

    Those that an import statement names behind one that is not loaded yet come after it.
    """
    waiting = _waiting_beside(state, name)
    if not waiting:
        return {}
    entry = state.index.modules[name]
    imports = state.index.imports.at_once()
    found: dict[int, list[str]] = {}
    for number, summary in enumerate(entry.summaries):
        if not summary.imports:
            continue
        targets = [
            target
            for target in state.index.imports.by_statement((name, number))
            # The packages that a module is in have been started, whatever they still wait for.
            if not f"{name}.".startswith(f"{target}.")
        ]
        new = (n for n, t in enumerate(targets) if t in imports and t not in sys.modules)
        first = next(new, len(targets)) + 1
        for place, named in ((number, targets[:first]), (number + 1, targets[first:])):
            behind = _waiting_behind(state, imports, name, named, waiting)
            if behind:
                found[place] = [*found.get(place, ()), *behind]
    return found


def begun_by(state: State, name: str) -> dict[int, list[str]]:
    """For each statement, the modules of this set of which it began the imports by what it called."""
    begun = state.index.imports.begun().get(name)
    if not begun:
        return {}
    waiting = _waiting_beside(state, name)
    if not waiting:
        return {}
    imports = state.index.imports.at_once()
    found: dict[int, list[str]] = {}
    for number, target in begun:
        behind = _waiting_behind(state, imports, name, [target], waiting)
        if behind:
            found.setdefault(number, []).extend(behind)
    return found


def descents_of_all(state: State, name: str) -> dict[int, list[str]]:
    """`descents`, and those that calls in statements of a module began before it."""
    found = descents(state, name)
    for number, behind in begun_by(state, name).items():
        found[number] = [*found.get(number, ()), *behind]
    return found


def has_all_it_imports(state: State, name: str) -> bool:
    """Has all that a module imports, at once or when called, had its turn? In a cycle it may not."""
    waiting = {n for n in state.active if not state.work[n].started}
    return import_graph(state.index).descendants(name).isdisjoint({name, *waiting})


def awaited_by(
    state: State, name: str, begun: Mapping[int, list[str]]
) -> dict[int, dict[str, list[str]]]:
    """For each statement, by module that functions import which it may call, what waits behind it.

    What it has *begun* and nobody names, it is to find as it is by then.
    """
    found: dict[int, dict[str, list[str]]] = {}
    waiting = _waiting_beside(state, name)
    if not waiting:
        return found
    for user, target, callers in _late(state):
        numbers = callers.get(name)
        if numbers and target in waiting and not f"{name}.".startswith(f"{target}."):
            imports = state.index.imports.at_once()
            behind = _waiting_behind(state, imports, name, [target], waiting)
            seen = "" if _imports_by_name(state, user) else target
            for number in numbers:
                if seen or _may_begin(state, name, number, target):
                    found.setdefault(number, {}).setdefault(seen, []).extend(behind)
    for number, behind in begun.items():
        known = found.setdefault(number, {})
        unnamed = set(behind).difference(*known.values())
        if unnamed:
            known[""] = [*known.get("", ()), *(n for n in behind if n in unnamed)]
    return found


def awaits(state: State, plan: ModulePlan) -> bool:
    """May a statement that is planned import what shows that it is due, by a function it calls?"""
    return not plan.run.keys().isdisjoint(awaited_by(state, plan.name, {}))


def _late(state: State) -> list[Late]:
    """The functions that import modules of this set, and the statements that may call them."""
    if state.late is None:
        state.late = []
        for user, target in state.index.imports.by_functions():
            if target in state.active:
                callers: dict[str, list[int]] = {}
                for module, number in Walk(state.index, calls_only=True).from_user(user):
                    callers.setdefault(module, []).append(number)
                state.late.append((user, target, callers))
    return state.late


def _may_begin(state: State, name: str, number: int, target: str) -> bool:
    """May a statement import *target* by a name that is worked out, as far as is known of others?

    Where it is noted which imports it began, or which began that one, no more is guessed.
    """
    begun = state.index.imports.begun()
    if (number, target) in begun.get(name, ()):
        return True
    is_known = any(target == other for pairs in begun.values() for _, other in pairs)
    return not is_known and all(number != other for other, _ in begun.get(name, ()))


def _imports_by_name(state: State, user: User) -> bool:
    """May a function import by ``importlib.import_module``, which nobody sees?"""
    entry = state.index.modules[user[0]]
    number, _ = entry.functions[user[2]]
    return "import_module" in entry.source.statements[number].fragment.text


def _waiting_beside(state: State, name: str) -> set[str]:
    """The modules of this set that have yet to start, but for the module *name*."""
    if state.active <= {name}:
        return set()
    return {n for n in state.active if n != name and not state.work[n].started}


def _waiting_behind(
    state: State,
    imports: Mapping[str, Iterable[tuple[int, str]]],
    importer: str,
    targets: Iterable[str],
    waiting: set[str],
) -> list[str]:
    """The waiting modules that importing *targets* in *importer* starts, in that order.

    What such a module imports itself has its turn within its own, what one imports that is not
    loaded yet has it while that is. Of modules that import each other the importer does not start
    the one that begins before it, where all is imported anew.
    """
    order = order_known(state)
    found: list[str] = []
    seen = {name for name, work in state.work.items() if work.started}
    todo = [(importer, target) for target in targets][::-1]
    while todo:
        importer, name = todo.pop()
        if name in seen or (
            importer in order.graph.descendants(name) and not order.run.starts(importer, name)
        ):
            continue
        seen.add(name)
        if name in waiting:
            found.append(name)
        elif name in sys.modules:
            todo += [(name, target) for _, target in imports.get(name, ())][::-1]
    return found
