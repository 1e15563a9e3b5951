"""What a statement has really changed: tokens for what was bound, defined, filled."""

from __future__ import annotations

import operator
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..live import class_dict, instance_items, is_class
from ..notes import ABC, Note, abc_registry, content_of, is_container
from ..plain import is_plain, same_value
from ..plan import ModulePlan
from ..plan.rebased import attributes_of_bases, is_derived_anew
from ..transaction import ABSENT, mro
from .contents import less_replaced
from .fingerprints import (
    fingerprint,
    fingerprints,
    same_docstrings,
    same_fingerprint,
)
from .redirecting import filled_object
from .snapshots import is_instance_of_users
from .watch import grown, grown_within, has_replaced, size_of, sizes_within

if TYPE_CHECKING:
    from .state import State

__all__ = [
    "definition_fingerprints",
    "fillable",
    "note_binding",
    "note_contents",
    "note_definition",
    "note_fills",
    "note_registered",
    "note_sets",
    "registered_with",
]


def note_binding(
    state: State, plan: ModulePlan, name: str, was: Any, value: Any, stays: Any, before: Any
) -> None:
    """A name was bound to *value*, for which *stays* stands now; it *was* something before.

    *before* is the fingerprint of what it was, if that was taken.
    """
    if stays is was:
        is_same = value is was or is_container(stays) or is_plain(stays)
        if value is was and before is not None and type(value) is types.FunctionType:
            # Where it was decorated, the function of before has had the new code from the start.
            is_same = value.__closure__ is not None
        if not is_same and not _is_as_before(before, stays):
            state.effects.add(("content", plan.name, name))  # merged in place
            if is_class(stays):
                state.effects.add(("head", plan.name, name))
    elif not is_plain(stays) or not same_value(was, stays):  # which one it is counts as well
        state.effects.add(("bind", plan.name, name))
        if was is not ABSENT:  # else nothing can hold it that does not run again for its name
            state.effects.add(("content", plan.name, name))


def definition_fingerprints(
    state: State, plan: ModulePlan, number: int, formerly: Mapping[str, Any]
) -> dict[str, Any]:
    """How the functions and values of a definition were before it ran again.

    Where others bind its name, too, what it had bound *formerly* is what counts.
    """
    statement = plan.after.statements[number]
    namespace = plan.tracked.namespace
    if statement.fragment.kind not in {"def", "class"}:
        values = ((name, namespace.get(name)) for name in statement.binds)
        return {n: fingerprint(v) for n, v in values if type(v) is types.FunctionType}
    name = statement.binds[0]
    value = namespace.get(name)
    if len(state.index.modules[plan.name].bindings[name]) > 1:
        value = formerly.get(name, value)
    return dict(fingerprints(name, value, plan.name))


def _is_as_before(before: Any, function: Any) -> bool:
    """Does a function that was merged do what it did? Not to be told where it is a closure."""
    if type(function) is not types.FunctionType or function.__closure__:
        return False
    return same_fingerprint(before, fingerprint(function))


def note_definition(state: State, plan: ModulePlan, number: int, before: dict[str, Any]) -> None:
    """A definition ran again: which of its functions and values are others than *before*?"""
    statement = plan.after.statements[number]
    if statement.fragment.kind not in {"def", "class"}:
        return
    name = statement.binds[0]
    is_one_of_several = len(state.index.modules[plan.name].bindings[name]) > 1
    if is_one_of_several and state.effects.is_replayed(plan, number):
        return  # it has made what it had made, which is not what the name holds in the end
    value = plan.tracked.namespace.get(name)
    after = dict(fingerprints(name, value, plan.name))
    others: set[str] = set()
    for qualname in {*before, *after}:
        if qualname not in before and _is_inherited(value, qualname.partition(".")[2]):
            continue
        kind, part = after.get(qualname, ("", None))
        is_refilled = kind == "value" and id(part) in state.containers.refilled
        first, _, rest = qualname.partition(".")
        is_other = is_refilled or not same_fingerprint(before.get(qualname), after.get(qualname))
        if is_other:
            others.add(qualname)
            state.effects.add(("code", plan.name, qualname))
        if rest and (is_other or not same_docstrings(before.get(qualname), after.get(qualname))):
            state.effects.add(("attr", plan.name, first, rest.partition(".")[0]))
    found = plan.class_diff(number) if statement.fragment.kind == "class" else None
    for attr in found.bodies if found is not None else ():
        # A decorator's function may hold the one that differs.
        state.effects.add(("code", plan.name, f"{name}.{attr}"))
        state.effects.add(("attr", plan.name, name, attr))
    partner = plan.partner(number)
    if (
        partner is not None
        and plan.before.statements[partner].fragment.kind == statement.fragment.kind
    ):
        state.effects.discard(("content", plan.name, name))
        state.effects.discard(("head", plan.name, name))
    if statement.fragment.kind == "class":
        kinds = {q for q in others if before.get(q, ("",))[0] != after.get(q, ("",))[0]}
        _note_class_shape(state, plan, number, name, others, kinds)
        abstract = f"{name}.__abstractmethods__"
        if bool(before.get(abstract, ("", ()))[1]) != bool(after.get(abstract, ("", ()))[1]):
            state.effects.add(("made", plan.name, name))  # it could not be made, or cannot now
    elif (
        "@" in statement.fragment.text
        and not _is_as_before(before.get(name), value)
        and not state.effects.is_replayed(plan, number)
    ):
        state.effects.add(("code", plan.name, name))
        state.effects.add(("content", plan.name, name))


def _is_inherited(value: Any, attr: str) -> bool:
    """Does a class hold just what its bases give it anyway? Metaclasses copy: those of flags do."""
    if not is_class(value) or attr not in class_dict(value):
        return False
    given = (class_dict(base) for base in mro(value)[1:])
    found = next((held[attr] for held in given if attr in held), ABSENT)
    return found is class_dict(value)[attr]


def _note_class_shape(
    state: State, plan: ModulePlan, number: int, name: str, others: set[str], kinds: set[str]
) -> None:
    """A class ran again: is it made otherwise, or are its instances?

    *others* are the qualnames of what differs from before, *kinds* those of them which came, went
    or became another kind of thing.
    """
    found = plan.class_diff(number)
    value = plan.tracked.namespace.get(name)
    head = found is None or name in others or _is_derived_anew(state, plan, number)
    if not is_class(value) and not is_plain(value):
        # Decorators have made something else of it.
        head = head or (found is not None and found.head)
    # Methods are no part of what an instance is made of.
    edited = {f"{name}.{attr}" for attr in found.attrs} if found is not None else set()
    functions = state.index.modules[plan.name].functions
    data = {q for q in others | edited if q not in functions and not q.endswith(GENERATED)} | kinds
    if head:
        state.effects.add(("head", plan.name, name))
        inherited = found and attributes_of_bases(state.index, plan, number, found)
        for (module, owner), attr in inherited or ():
            state.effects.add(("attr", module, owner, attr))
            state.effects.add(("code", module, f"{owner}.{attr}"))
    if f"{name}.__slots__" in edited:
        state.effects.add(("layout", plan.name, name))
    if head or data or (found is not None and found.names):
        state.effects.add(("shape", plan.name, name))
        if found is None or found.head or found.values or state.effects.is_reached(plan, number):
            state.effects.add(("made", plan.name, name))


def _is_derived_anew(state: State, plan: ModulePlan, number: int) -> bool:
    """Has a class a base that was worked out anew, of which the former one may have been kept?"""
    classes = state.index.modules[plan.name].summaries[number].classes.values()
    if not any(info.derived_by for info in classes):
        return False
    tokens = (reason for reason in plan.run.get(number, ()) if isinstance(reason, tuple))
    actual = [token for token in tokens if state.effects.is_actual(token)]
    return is_derived_anew(state.index, plan, number, actual)


# Made anew whenever a class is; what they say shows in the methods that are generated, too.
GENERATED = (".__annotations__", ".__dataclass_fields__", ".__dataclass_params__")


@dataclass(frozen=True, slots=True)
class Fillable:
    """An object that a statement may fill, as it was before.

    Attributes:
        key: module, name, and the attribute if it is one's.
        value: the object.
        size: how much it held, -1 for what has no size.
        content: what a container held; None for anything else, and where it is too large.
        within: of a small dict, the sizes of the containers that it held.
        registered: by ``id``, the classes registered with an abstract class.
    """

    key: tuple[str, ...]
    value: Any
    size: int
    content: Any = None
    within: Mapping[Any, tuple[int, int]] = field(default_factory=dict)
    registered: frozenset[int] = frozenset()

    def is_unchanged(self) -> bool:
        """Does the container certainly hold what it held?"""
        if self.content is None or any(map(is_container, _values(self.value))):
            return False
        now = content_of(self.value)
        return (
            len(now) == len(self.content)
            and all(map(operator.is_, now, self.content))
            and all(map(operator.is_, _values(now), _values(self.content)))
        )


def _values(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def fillable(state: State, where: str, number: int) -> list[Fillable]:
    """The objects that a statement of the module *where* may fill, as they are now."""
    found: list[Fillable] = []
    for module, name, attr in state.index.filling.filled_by((where, number)):
        if module not in state.tracked:
            continue
        value = filled_object(state, (module, name, attr))
        key = (module, name, attr) if attr else (module, name)
        if is_container(value):
            within = sizes_within(value)
            found.append(Fillable(key, value, size_of(value), content_of(value), within))
            continue
        if is_class(value):
            found.append(Fillable(key, value, size_of(value), registered=registered_with(value)))
            continue
        found.append(Fillable(key, value, -1))
        if value is not None and is_instance_of_users(state, value):
            parts = [(a, held) for a, held in instance_items(value) if is_container(held)]
            found += [
                Fillable((*key, part), held, size_of(held), within=sizes_within(held))
                for part, held in parts
            ]
    return found


def note_sets(state: State, where: str, number: int) -> None:
    """A statement of the module *where* has set attributes of objects."""
    for path in state.index.modules[where].summaries[number].now.sets:
        for (module, name), attr in state.index.names.attributes_set(where, path):
            state.effects.add(("attr", module, name, attr))


def note_contents(state: State, filled: list[Fillable]) -> None:
    """What was put into objects changes their content."""
    for fill in filled:
        key, value = fill.key, fill.value
        if len(key) == 2 and not same_value(value, filled_object(state, (*key, ""))):
            state.effects.add(("bind", *key))  # a name declared global in what it called
        elif is_plain(value):
            continue  # as it was: such a value is not filled but bound anew
        if key not in state.effects.contents and not fill.is_unchanged():
            state.effects.add_content(key, value, fill.content)


def note_fills(state: State, filled: list[Fillable]) -> None:
    """What a statement put into objects is the source's own, and changes their content."""
    note_contents(state, filled)
    for fill in {id(fill.value): fill for fill in filled}.values():  # some have two names
        value, size = fill.value, fill.size
        if is_class(value):
            note_registered(state, fill.key, registered_with(value) - fill.registered)
        if size < 0 or id(value) in state.containers.refilled:
            continue
        has_within = fill.within != sizes_within(value)
        is_other = fill.content is not None and has_replaced(fill.content, value)
        if size_of(value) == size and not has_within and not is_other:
            continue
        for noted, name, note in _notes_on(state, value):
            content = grown(note.content, value, size) if size_of(value) != size else note.content
            if is_other:
                content = less_replaced(content, fill.content, value)
            within = grown_within(note.within, value, fill.within) if has_within else note.within
            found = note._replace(content=content, within=within)
            state.transaction.set_item(noted, name, found)
            state.containers.note_again(found)


def registered_with(cls: type) -> frozenset[int]:
    """The classes registered with an abstract class, by ``id``; none with any other."""
    return frozenset(map(id, abc_registry(cls) or ()))


def note_registered(state: State, key: tuple[str, ...], new: frozenset[int]) -> None:
    """What a statement registered with the abstract class at *key*, by ``id``, is the source's own."""
    if new:
        noted, name = state.tracked[key[0]].noted, f"{'.'.join(key[1:])}{ABC}"
        known = noted.get(name)
        content = new if known is None else new | known.content
        state.transaction.set_item(noted, name, Note(0, content))


def _notes_on(state: State, value: Any) -> list[tuple[dict[str, Note], str, Note]]:
    """The notes on a container, under all names that modules have for it."""
    return [
        (tracked.noted, name, note)
        for tracked in state.tracked.values()
        for name, note in tracked.noted.items()
        if note.identity == id(value) and note.content is not None
    ]
