"""Classes that ran again: which attributes keep their values, what others set or registered."""

from __future__ import annotations

import _abc
import types
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..live import class_dict, functions_within, nested_classes
from ..modules import TrackedModule
from ..notes import ABC, abc_registry, is_container
from ..patch import Kept
from ..patch.inside import calls_on_creation, qualname
from ..plain import is_plain
from ..plan import ModulePlan
from ..plan.keeping import kept_values
from ..transaction import mro
from .noting import note_registered, registered_with
from .redirecting import tell_at_once

if TYPE_CHECKING:
    from .state import State

__all__ = ["settle_class"]


def settle_class(
    state: State, plan: ModulePlan, number: int, name: str, old: type, new: type
) -> Any:
    """The class that stays: *old* with what *new* has, or *new* where CPython refuses."""
    if not state.patcher.is_made(new):
        return new
    noted = _class_notes(*_home_before(state, plan, number, name), qualname(old))
    if qualname(old) in noted:  # less what statements need not run again for
        noted[qualname(old)] -= state.index.filling.attributes_from_outside((plan.name, name))
        noted[qualname(old)] -= _counted_by_methods(state, plan, name)
    if "" in state.effects.filled(plan, name):
        _reset_registry(state, plan.tracked, name, old)
    _reset_subclasses(state, plan, name, old)
    _reset_inherited(state, old, new)
    state.containers.note_foreign(old, noted)
    kept = _kept_attributes(state, plan, number, name) - _filled_by_hooks(new)
    kept -= _decorated_otherwise(plan, number, old, new)
    kept |= _replaced_methods(state, plan, number, name, old, new)
    stays = state.patcher.merge(old, new, Kept(kept, noted))
    state.containers.pass_foreign(old, stays)
    for registered in abc_registry(new) or () if stays is old else ():
        _abc._abc_register(old, registered)  # by the statement itself
    note_registered(state, (plan.name, name), registered_with(new))
    state.edited_classes.append(stays)
    tell_at_once(state, old, stays)
    return stays


def _reset_subclasses(state: State, plan: ModulePlan, name: str, cls: type) -> None:
    """Take off subclasses what filling an attribute of *cls* has set on them instead.

    ``type(self).made += 1`` gives a subclass a count of its own, which is to begin again, too.
    """
    for attr in state.effects.filled(plan, name) - {""}:
        todo: list[type] = [cls]
        while todo:
            children: list[type] = type.__subclasses__(todo.pop())
            for child in children:
                todo.append(child)
                _take_off(state, child, attr)


def _reset_inherited(state: State, old: type, new: type) -> None:
    """`_reset_subclasses`, for a class of which the next version has other bases."""
    for base in mro(new)[1:]:
        work = state.work.get(str(class_dict(base).get("__module__")))
        for attr in state.effects.filled(work.plan, qualname(base)) if work is not None else ():
            _take_off(state, old, attr)


def _take_off(state: State, cls: type, attr: str) -> None:
    """Take an attribute off *cls* unless statements of its own, or others', set it there."""
    own = class_dict(cls)
    home = str(own.get("__module__")), qualname(cls)
    info = state.index.names.class_of(home)
    if attr not in own or info is None or attr in info.attrs:
        return
    if attr not in state.index.filling.attributes_from_outside(home):
        state.transaction.del_attr(cls, attr)


def _reset_registry(state: State, tracked: TrackedModule, name: str, cls: type) -> None:
    """Take out of an abstract class what statements registered; they are to run again.

    Which are, beside those noted, the classes of modules that register some, or did so before.
    """
    registered = abc_registry(cls)
    if registered is None:
        return
    note = tracked.noted.get(name + ABC)
    by_source = note.content if note is not None else frozenset()
    if note is not None:
        state.transaction.set_item(tracked.noted, name + ABC, note._replace(content=frozenset()))
    _restore_registry(cls, ())
    registering = {
        module for module, _ in state.index.filling.fillers().get((tracked.name, name, ""), ())
    }
    registering |= {n for n, work in state.work.items() if work.plan.diff is not None}
    others = [r for r in registered if id(r) not in by_source]
    others = [r for r in others if class_dict(r).get("__module__") not in registering]
    state.registered.append((cls, others))
    state.transaction.on_rollback(lambda: _restore_registry(cls, registered))


def _home_before(
    state: State, plan: ModulePlan, number: int, name: str
) -> tuple[TrackedModule, str]:
    """The module that a class comes from, and its name there."""
    origin = plan.origins.get(number)
    if origin is None:
        return plan.tracked, name
    module, old = origin
    return state.tracked[module], state.work[module].plan.before.statements[old].binds[0]


def _class_notes(tracked: TrackedModule, name: str, made_as: str) -> dict[str, frozenset[str]]:
    """By qualname, which names a class and those in it had when the module had run.

    *made_as* is the qualname of the class, which goes by *name*: a function may have made it.
    """
    return {
        made_as + key.removeprefix(name): note.content
        for key, note in tracked.noted.items()
        if (key == name or key.startswith(name + ".")) and isinstance(note.content, frozenset)
    }


def _kept_attributes(state: State, plan: ModulePlan, number: int, name: str) -> set[str]:
    """Class-level values that the edit does not reach: they keep their objects."""
    found = plan.class_diff(number)
    filled = state.effects.filled(plan, name)
    if found is None or number in plan.anew or "" in filled:
        return set()
    reached = state.effects.reached_values(plan, number)
    kept = kept_values(state.index, plan, number, found, reached)
    return {path for path in kept if path.rpartition(".")[2] not in filled}


def _decorated_otherwise(plan: ModulePlan, number: int, old: type, new: type) -> set[str]:
    """Values of which other decorators have made something else: a dataclass, of its fields."""
    found, partner = plan.class_diff(number), plan.partner(number)
    if found is None or partner is None or not found.head:
        return set()
    texts = (
        plan.before.statements[partner].fragment.text,
        plan.after.statements[number].fragment.text,
    )
    if not any(text.startswith("@") for text in texts):
        return set()
    before = class_dict(old)
    return {
        attr
        for attr, value in class_dict(new).items()
        if is_plain(value) or type(value) is not type(before.get(attr))
    }


def _counted_by_methods(state: State, plan: ModulePlan, name: str) -> set[str]:
    """Attributes that methods set on whatever class their object is of, and that are not to go.

    ``type(self).made += 1`` gives a subclass a count of its own.
    """
    filled = state.effects.filled(plan, name)
    if "" in filled:
        return set()
    owners = [(plan.name, name), *state.index.names.bases_of((plan.name, name))]
    return {
        attr
        for module, owner in owners
        for qualname, (_, unit) in state.index.modules[module].functions.items()
        if unit.fills_class and qualname.startswith(f"{owner}.")
        for attr in unit.fills_class - filled
    }


def _filled_by_hooks(cls: type, prefix: str = "") -> set[str]:
    """Containers of a class that what was called when it was made may have put something into.

    A metaclass may have, or ``__init_subclass__``, or ``__set_name__`` of a value in the body.
    """
    hooked = calls_on_creation(cls)
    found = {prefix + a for a, held in class_dict(cls).items() if hooked and is_container(held)}
    for attr, inner in nested_classes(cls):
        found |= _filled_by_hooks(inner, f"{prefix}{attr}.")
    return found


def _replaced_methods(
    state: State, plan: ModulePlan, number: int, name: str, old: type, new: type
) -> set[str]:
    """Methods that the edit leaves alone and that others had replaced on the class, to test it."""
    found = plan.class_diff(number)
    if found is None:
        return set()
    edited = found.attrs | found.bodies
    namespace = plan.tracked.namespace
    written = state.index.modules[plan.name].functions
    return {
        attr
        for attr, value in class_dict(new).items()
        if attr not in edited
        and f"{name}.{attr}" in written
        and type(value) is types.FunctionType
        and value.__globals__ is namespace
        and attr in class_dict(old)
        and not any(f.__globals__ is namespace for f in functions_within(class_dict(old)[attr]))
    }


def _restore_registry(cls: type, registered: Iterable[type]) -> None:
    """Have an abstract class know of *registered* and no others."""
    _abc._reset_registry(cls)
    _abc._reset_caches(cls)
    for other in registered:
        _abc._abc_register(cls, other)
