"""What goes with an edit: names, attributes and annotations that no statement sets any longer."""

from __future__ import annotations

import ast
import os
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..absent import ABSENT
from ..live import class_dict, instance_dict, is_class
from ..modules import module_namespace
from ..patch.inside import qualname
from ..source import Statement
from ..source.scopes import dotted, scope_nodes
from .annotations import drop_annotations
from .recorder import Recorder

if TYPE_CHECKING:
    from ..plan import ModulePlan
    from ..reach.tokens import Entity
    from .state import State, Work

__all__ = [
    "attribute_targets",
    "drop_attributes",
    "drop_foreign",
    "drop_names",
    "drop_own_names",
    "drop_star",
    "drop_unexplained",
    "forget_unbound",
    "hide_unexplained",
    "note_holders",
]


def drop_names(state: State, work: Work) -> None:
    """Take out what the source no longer binds."""
    plan = work.plan
    if plan.diff is None:
        return
    namespace = plan.tracked.namespace
    for name in plan.dropped:
        if name == "__doc__":
            namespace[name] = None
        elif name in namespace and not _is_submodule(state, plan.name, name, namespace[name]):
            if is_class(namespace[name]):
                state.has_dropped_class = True
            del namespace[name]
        state.effects.add(("bind", plan.name, name))
    drop_annotations(state, plan)
    bound = {n for s in plan.after.statements for n in s.binds}
    for number in plan.dropped_statements:
        for name in plan.before.statements[number].binds:
            if name == "*":
                drop_star(state, work, plan.tracked.stars.get(number, ()))
            elif name in bound and (number, name) not in plan.returned:
                state.has_dropped_class |= is_class(namespace.get(name))
                state.effects.add(("bind", plan.name, name))


def note_holders(state: State, work: Work) -> None:
    """Note the objects on which statements set what they set on others once edits are in.

    The names that lead there may be bound to the others when the module has its turn. By then
    an object may have the attribute from statements that set it again: that is to stay.
    """
    for number in work.plan.unset:
        for target in attribute_targets(work.plan.before.statements[number]):
            value = _find(work.plan.tracked.namespace, target[:-1])
            if is_class(value):
                home = str(class_dict(value).get("__module__")), qualname(value)
            elif type(value) is types.FunctionType:
                home = value.__module__, value.__qualname__
            else:
                continue
            is_set = (home, target[-1]) in state.index.filling.setters()
            work.holders[target] = None if is_set else value


def drop_attributes(state: State, work: Work) -> None:
    """Take off objects and modules what code set on them that is gone, or sets others now.

    This comes before anything runs: what runs may set them, in whatever module.
    """
    plan = work.plan
    _unbind(state, plan.unbound)
    for (module, name), attr in plan.orphaned:
        own = instance_dict(state.tracked[module].namespace.get(name))
        if own is not None and attr in own:
            state.transaction.del_item(own, attr)
            state.effects.add(("attr", module, name, attr))
    gone = [*plan.dropped_statements, *plan.unset]
    if plan.diff is not None:
        gone += [p.old for p in plan.diff.edited if p.how == "changed" and p.old is not None]
    for number in gone:
        for *path, attr in attribute_targets(plan.before.statements[number]):
            for entity, _ in state.index.names.attributes_set(plan.name, (*path, attr)):
                state.effects.add(("attr", *entity, attr))
            if (*path, attr) in work.holders:
                value = work.holders[*path, attr]
            else:
                value = _find(plan.tracked.namespace, path)
            if type(value) is types.FunctionType:
                if value.__module__ in state.tracked and attr in value.__dict__:
                    state.transaction.del_item(value.__dict__, attr)
            elif is_class(value) and class_dict(value).get("__module__") in state.tracked:
                if attr in class_dict(value):
                    state.transaction.del_attr(value, attr)


def _find(namespace: dict[str, Any], path: Iterable[str]) -> Any:
    """What a dotted name stands for, by way of modules and classes; None if that cannot be told."""
    held: Mapping[str, Any] | None = namespace
    value = None
    for name in path:
        value = held.get(name) if held is not None else None
        held = class_dict(value) if is_class(value) else module_namespace(value)
    return value


def drop_star(state: State, work: Work, names: Iterable[str]) -> None:
    """Take out *names*, which only a star-import bound and which it binds no longer."""
    plan = work.plan
    bound = {n for s in plan.after.statements for n in s.binds}
    bound.update(*work.stars.values())  # by those that ran before it, and are hidden no longer
    _unbind(state, ((plan.name, name) for name in names if name not in bound))


def drop_own_names(state: State, plan: ModulePlan, number: int) -> None:
    """Let ``from . import name`` in a package find its submodule, as a first import would.

    What the name stood for in the session would be found first.
    """
    entry = state.index.modules[plan.name]
    namespace = plan.tracked.namespace
    for imported in entry.summaries[number].imports:
        name = imported.name
        if (
            name != imported.alias
            or entry.package != plan.name
            or entry.bindings.get(name, [None])[0] != number  # None where a class body imports it
        ):
            continue
        if entry.absolute(imported.module, imported.level) != plan.name or name not in namespace:
            continue
        if not _is_part_of_package(namespace[name]):
            del namespace[name]


def hide_unexplained(state: State, work: Work) -> None:
    """A module that runs as a whole has only those names of its own that it binds this time.

    They are gone while it runs, as what is bound again cannot be told from what stays.
    """
    plan = work.plan
    if len(plan.run) == len(plan.after.statements) and plan.tracked.unexplained:
        namespace = plan.tracked.namespace
        work.hidden = {
            name: namespace.pop(name)
            for name in plan.tracked.unexplained & namespace.keys()
            if not _is_submodule(state, plan.name, name, namespace[name])
        }


def drop_unexplained(state: State, work: Work) -> None:
    """Those of the hidden names that have not come back are gone, if all of the module has run."""
    if not work.hidden:
        return
    namespace, plan = work.plan.tracked.namespace, work.plan
    for name, value in work.hidden.items():
        if name in namespace:
            continue
        if len(work.bound) < len(plan.after.statements):
            namespace[name] = value
        else:
            state.effects.add(("bind", plan.name, name))


def _unbind(state: State, names: Iterable[Entity]) -> None:
    """Take *names* out of their modules."""
    for module, name in names:
        namespace = state.tracked[module].namespace
        if name in namespace and not _is_submodule(state, module, name, namespace[name]):
            state.transaction.del_item(namespace, name)
            state.effects.add(("bind", module, name))


def _is_submodule(state: State, package: str, name: str, value: Any) -> bool:
    """Is the name an attribute that importing a submodule sets, which has not been deleted?"""
    full = f"{package}.{name}"
    if value is None or sys.modules.get(full) is not value:
        return False
    if full not in state.tracked:
        return True
    plan = state.work[full].plan if full in state.work else None  # by which it may have moved
    return os.path.exists(state.tracked[full].path if plan is None else plan.after.path)


def drop_foreign(state: State, plan: ModulePlan, recorder: Recorder) -> None:
    """A star-import binds what the source of the module binds, not what others set on it."""
    names = state.index.names
    sources = names.star_sources(plan.name)
    if any(not names.knows(star) or state.index.whole(star) for star in sources):
        return
    stars = state.index.modules[plan.name].stars
    for name in list(recorder.bound):
        if any(names.gives(star, name) for star in stars):
            continue
        if not _is_part_of_package(recorder.namespace[name]):  # else the import system has set it
            recorder.give_back(name)


def _is_part_of_package(value: Any) -> bool:
    if type(value) is not types.ModuleType:
        return False
    name = vars(value).get("__name__")
    return isinstance(name, str) and "." in name and sys.modules.get(name) is value


def forget_unbound(
    state: State, work: Work, number: int, recorder: Recorder, before: Mapping[str, Any]
) -> None:
    """Names of a conditional statement that it bound before and did not bind this time."""
    plan = work.plan
    statement = plan.after.statements[number]
    if statement.fragment.kind != "other":
        return
    entry = state.index.modules[plan.name]
    # ``try: table / except NameError: table = {}`` keeps what it finds, as does
    # ``if "table" not in globals(): table = {}``.
    is_try = type(statement.fragment.parse()[0]).__name__.startswith("Try")
    reads = entry.summaries[number].now.paths if is_try else {}
    asks = entry.summaries[number].asks
    namespace = plan.tracked.namespace
    for name in statement.binds:
        if name in recorder.bound or before.get(name, ABSENT) is ABSENT:
            continue
        if name in recorder.deleted or name in asks or (name,) in reads:
            continue
        if len(entry.bindings[name]) > 1:
            continue
        if any(state.index.names.gives(star, name) for star in entry.stars):
            continue
        if name in namespace:
            del namespace[name]
            state.effects.add(("bind", plan.name, name))


def attribute_targets(statement: Statement) -> Iterator[tuple[str, ...]]:
    """The attributes, as dotted paths, that assignments set, in blocks too: ``("f", "mark")``."""
    if statement.fragment.kind not in {"assign", "other"} or "." not in statement.fragment.text:
        return
    for node in scope_nodes(statement.fragment.parse()):
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            path = dotted(target) if isinstance(target, ast.Attribute) else None
            if path is not None:
                yield path
