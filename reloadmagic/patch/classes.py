"""Classes: the old one takes over what the new one has, and stays the class of its instances.

Attributes are carried over one by one, a function into the function of the same name and so on.
Where CPython refuses (another layout, another solid base, bases to or from plain ``object``), the
new class stays: it gets what has to survive of the old one, and instances, subclasses and all
other references are moved to it (`instances`, `references`).
"""

from __future__ import annotations

import abc
import inspect
import types
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ..transaction import ABSENT, is_exactly, is_kind, lookup_c, own_dict
from . import enums, models, validators
from .abstract import (
    forget_all_answers,
    forget_answers,
    registered_with,
    set_abstract,
    virtual_subclasses,
)
from .derived import beneath, merge_bases
from .inside import (
    bases,
    builtin_base,
    calls_on_creation,
    cells,
    functions_in,
    mro,
    qualname,
    read_cell,
)
from .values import same_plain

if TYPE_CHECKING:
    from .patcher import Patcher

__all__ = ["merge_class", "rescue_subclasses", "same_layout"]

# Made by type() for each class anew, or kept by the class for itself: never carried over.
_OWN = frozenset({"__dict__", "__weakref__", "_abc_impl", "__abstractmethods__"})
_LAYOUT = tuple(
    type.__dict__[f"__{name}__"]
    for name in ("basicsize", "itemsize", "dictoffset", "weakrefoffset")
)
# Kept there by others, who work it out again: what the attributes are by now may differ.
_CACHES = frozenset({"__annotations_cache__", "__slotnames__"})
# What a named tuple finds its fields by.
_FIELD: type = type(own_dict(inspect.ArgInfo)["args"])


def merge_class(
    patcher: Patcher,
    old: type,
    new: type,
    *,
    keep: Collection[str] = frozenset(),
    noted: Mapping[str, Collection[str]] | None = None,
) -> type:
    """Carry *new* into *old* if CPython lets us, or what is left of *old* into *new*."""
    if any(base is old for base in mro(new)):  # ``class A(A)``: the old one is needed as what it is
        return new
    if type(old) is not patcher.stand_in(type(new)):
        keep = frozenset()  # a metaclass has made the values what they are
    foreign = _foreign_names(old, new, noted)
    former_bases = bases(old)
    patcher.transaction.snapshot(old)
    has_members = enums.is_enum(old) and enums.is_enum(new)
    merge_bases(patcher, old, new, keep=keep, noted=noted)
    if not _becomes(patcher, old, new):
        if has_members:
            enums.redirect_members(patcher, old, new)
        return _replace_class(patcher, old, new, keep, noted, foreign)
    patcher.pair(new, old)
    if has_members:
        enums.pair_members(patcher, old, new)
    before, fields = set(own_dict(old)), models.field_names(old)
    _merge_beneath(patcher, old, new, keep, noted)
    attributes = _merge_attributes(patcher, old, new, keep, noted)
    _write_attributes(patcher, old, attributes, foreign)
    _name(patcher, old, new)
    _point_cells(new, attributes, old)
    if has_members:
        enums.settle_members(patcher, old, new)
    for name, value in zip(attributes, patcher.reach_into(attributes.values()), strict=True):
        patcher.transaction.set_own(old, name, value)
    set_abstract(patcher, old, new)
    validators.rebuild_models(patcher, old)
    patcher.added_fields(old, fields)
    forget_answers(patcher, old, before, moved=not _same_objects(former_bases, bases(old)))
    return old


# ------------------------------------------------------------------------- what stays, what goes


def _heads(names: Collection[str]) -> set[str]:
    return {name for name in names if "." not in name}


def _tails(names: Collection[str], head: str) -> frozenset[str]:
    return frozenset(n[len(head) + 1 :] for n in names if n.startswith(head + "."))


def _foreign_names(old: type, new: type, noted: Mapping[str, Collection[str]] | None) -> set[str]:
    """Names in *old* that neither its source nor the new one put there."""
    known = None if noted is None else noted.get(qualname(old))
    if known is None:
        return set()
    return {n for n in own_dict(old) if n not in known and n not in own_dict(new)} - _CACHES


def _carried(cls: type) -> dict[str, Any]:
    """The attributes of *cls* that can move to another class."""
    return {
        name: value
        for name, value in own_dict(cls).items()
        if name not in _OWN and name not in _CACHES and not _is_slot(cls, value)
    }


def _is_place(value: object) -> bool:
    """Is it where a class finds a part of its instances: a slot, a field of a named tuple?"""
    return is_exactly(value, types.MemberDescriptorType, _FIELD)


def _is_slot(cls: type, value: object) -> bool:
    return type(value) is types.MemberDescriptorType and value.__objclass__ is cls


def _merge_attributes(
    patcher: Patcher,
    old: type,
    new: type,
    keep: Collection[str],
    noted: Mapping[str, Collection[str]] | None,
) -> dict[str, Any]:
    """What the class that stays is to have, by name, in the new source's order."""
    former = {name: value for name, value in own_dict(old).items() if not _is_place(value)}
    hidden = beneath(old, new)
    if hidden is not None:
        former |= _carried(hidden)
    kept = _heads(keep)
    members = own_dict(new).get("_member_map_", ())
    merged: dict[str, Any] = {}
    for name, value in _carried(new).items():
        if type(value) is new and name in members:
            merged[name] = patcher.stand_in(value)  # not one of which the name was an alias
        elif name in kept and name in former:
            merged[name] = former[name]
        elif is_kind(value, type):
            merged[name] = patcher.merge_value(
                former.get(name, ABSENT), value, keep=_tails(keep, name), noted=noted
            )
        else:
            merged[name] = patcher.merge_value(former.get(name, ABSENT), value)
    return merged


def _merge_beneath(
    patcher: Patcher,
    old: type,
    new: type,
    keep: Collection[str],
    noted: Mapping[str, Collection[str]] | None,
) -> None:
    """Where a decorator has derived *new* from the next version of *old*: that gets what stays."""
    hidden = beneath(new, old)
    if hidden is not None and patcher.is_made(hidden):
        for name, value in _merge_attributes(patcher, old, hidden, keep, noted).items():
            patcher.transaction.set_own(hidden, name, value)


# ------------------------------------------------------------------------------- in place


def same_layout(old: type, new: type) -> bool:
    """Whether instances of the two look the same in memory, slot by slot."""
    return (
        _slots(old) == _slots(new)
        and all(slot.__get__(old) == slot.__get__(new) for slot in _LAYOUT)
        and builtin_base(old) is builtin_base(new)
    )


def _same_behind(old: type, new: type) -> bool:
    """Whether what an extension's metaclass has made of the two in C is the same, for all we know.

    That of ctypes lays out the instances by ``_fields_``, say, once and for all.
    """
    if lookup_c(type(old), "__setattr__") is type.__setattr__:
        return True
    ours, theirs = own_dict(old), own_dict(new)
    return all(_alike(ours[name], theirs[name]) for name in ours.keys() & theirs.keys())


def _alike(old: Any, new: Any) -> bool:
    if is_exactly(old, list, tuple) and type(old) is type(new):
        return len(old) == len(new) and all(map(_alike, old, new))
    if is_exactly(old, str, bytes, int, float, bool, type(None)) or is_kind(old, type):
        return old is new or same_plain(old, new)
    return type(old) is type(new)


def _slots(cls: type) -> list[str]:
    names = [name for name, value in own_dict(cls).items() if _is_slot(cls, value)]
    return sorted(names)


def _becomes(patcher: Patcher, old: type, new: type) -> bool:
    """Give *old* the metaclass and bases of *new*; False, with nothing changed, if it cannot."""
    if not same_layout(old, new) or not _same_behind(old, new):
        return False
    wanted = tuple(patcher.stand_in(base) for base in bases(new))
    metaclass = patcher.stand_in(type(new))
    former = type(old)
    try:
        if former is not metaclass:
            patcher.transaction.set_class(old, metaclass)
        if not _same_objects(bases(old), wanted):
            patcher.transaction.set_attr(old, "__bases__", wanted)
    except TypeError:
        if type(old) is not former:
            patcher.transaction.set_class(old, former)
        return False
    return True


def _same_objects(some: tuple[object, ...], others: tuple[object, ...]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


def _write_attributes(
    patcher: Patcher, old: type, attributes: dict[str, Any], stay: set[str]
) -> None:
    transaction = patcher.transaction
    for name in list(own_dict(old)):
        gone = name not in attributes and name not in stay and name not in _OWN
        if gone and not _is_slot(old, own_dict(old)[name]):
            transaction.set_own(old, name, ABSENT)
    for name, value in attributes.items():
        transaction.set_own(old, name, value)


def _name(patcher: Patcher, old: type, new: type) -> None:
    for name in ("__name__", "__qualname__"):
        value = type.__dict__[name].__get__(new)
        if type.__dict__[name].__get__(old) != value:
            patcher.transaction.set_attr(old, name, value)


# ------------------------------------------------------------------------- the new class stays


def _replace_class(
    patcher: Patcher,
    old: type,
    new: type,
    keep: Collection[str],
    noted: Mapping[str, Collection[str]] | None,
    foreign: set[str],
) -> type:
    """Let *new* take the place of *old*, with what has to survive of it."""
    transaction = patcher.transaction
    patcher.replace_class(old, new)
    _merge_beneath(patcher, old, new, keep, noted)
    attributes = _merge_attributes(patcher, old, new, keep, noted)
    attributes |= {name: own_dict(old)[name] for name in foreign if name not in _OWN}
    for name, value in attributes.items():
        transaction.set_own(new, name, value)
    for function in functions_in(attributes.values()):
        cell = cells(function).get("__class__")
        if cell is not None and read_cell(cell) is old:
            transaction.set_cell(cell, new)
    if "_abc_impl" in own_dict(old) and "_abc_impl" in own_dict(new):
        for registered in virtual_subclasses(old):
            abc.ABCMeta.register(new, registered)  # type: ignore[arg-type]
    for cls in registered_with(old):
        abc.ABCMeta.register(cls, new)
    _rebase_subclasses(patcher, old, new)
    forget_all_answers(patcher)
    return new


def _rebase_subclasses(patcher: Patcher, old: type, new: type) -> None:
    """Put *new* among the bases of the classes below *old*, wherever they were made."""
    children: list[type] = type.__subclasses__(old)
    for child in children:
        if child is new or patcher.stand_in(child) is not child:
            continue
        wanted = tuple(new if base is old else base for base in bases(child))
        try:
            patcher.transaction.set_attr(child, "__bases__", wanted)
        except TypeError:
            patcher.stuck_subclasses.append((child, old, new))


def rescue_subclasses(patcher: Patcher) -> None:
    """Make those subclasses anew that CPython keeps below a former class: the layout is inherited.

    Their bodies do not run again; where a hook of the user's would, the class is left behind.
    """
    while patcher.stuck_subclasses:
        child, old, new = patcher.stuck_subclasses.pop()
        if patcher.stand_in(child) is not child:
            continue
        hooked = calls_on_creation(child) or not is_exactly(new, type, abc.ABCMeta)
        clone = None if hooked else _clone(child, old, new)
        if clone is None:
            patcher.leftovers.append(
                f"{qualname(child)} still derives from the former class {qualname(old)}"
            )
            continue
        patcher.replace_class(child, clone)
        for function in functions_in(_carried(clone).values()):
            cell = cells(function).get("__class__")
            if cell is not None and read_cell(cell) is child:
                patcher.transaction.set_cell(cell, clone)
        _rebase_subclasses(patcher, child, clone)


def _clone(child: type, old: type, new: type) -> type | None:
    wanted = tuple(new if base is old else base for base in bases(child))
    namespace = _carried(child) | {"__qualname__": qualname(child)}
    try:
        return type(child)(type.__dict__["__name__"].__get__(child), wanted, namespace)
    except TypeError:
        return None


# --------------------------------------------------------------------------- __class__ cells


def _point_cells(former: type, attributes: dict[str, Any], stays: type) -> None:
    """Let ``super()`` in the methods that the run made speak of the class that *stays*.

    The methods of a class statement share one cell, so it does not matter which ones are found.
    It is written to directly: nothing but what this run made refers to it.
    """
    for function in functions_in(attributes.values()):
        cell = cells(function).get("__class__")
        if cell is not None and read_cell(cell) is former:
            cell.cell_contents = stays
