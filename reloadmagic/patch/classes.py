"""Classes: the old one takes over what the new one has, and stays the class of its instances.

Attributes are carried over one by one, a function into the function of the same name and so on
(`attributes`). Where CPython refuses (another `layout`, another solid base, bases to or from plain
``object``), the new class stays (`successors`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..transaction import own_dict
from . import enums, models, validators
from .abstract import forget_answers, set_abstract
from .attributes import foreign_names, merge_attributes, merge_beneath, write_attributes
from .derived import merge_bases
from .inside import bases, class_cells, mro
from .kept import Kept
from .layout import same_behind, same_layout
from .successors import replace_class

if TYPE_CHECKING:
    from .patcher import Patcher

__all__ = ["merge_class"]


def merge_class(patcher: Patcher, old: type, new: type, kept: Kept) -> type:
    """Carry *new* into *old* if CPython lets us, or what is left of *old* into *new*."""
    if any(base is old for base in mro(new)):  # ``class A(A)``: the old one is needed as what it is
        return new
    if type(old) is not patcher.stand_in(type(new)):
        kept = Kept(noted=kept.noted)  # a metaclass has made the values what they are
    foreign = foreign_names(old, new, kept)
    former_bases = bases(old)
    patcher.transaction.snapshot(old)
    has_members = enums.is_enum(old) and enums.is_enum(new)
    merge_bases(patcher, old, new, kept)
    if not _becomes(patcher, old, new):
        if has_members:
            enums.redirect_members(patcher, old, new)
        return replace_class(patcher, old, new, kept, foreign)
    patcher.pair(new, old)
    if has_members:
        enums.pair_members(patcher, old, new)
    before, fields = set(own_dict(old)), models.field_names(old)
    merge_beneath(patcher, old, new, kept)
    attributes = merge_attributes(patcher, old, new, kept)
    write_attributes(patcher, old, attributes, foreign)
    _name(patcher, old, new)
    for cell in class_cells(new, attributes.values()):
        cell.cell_contents = old  # for `super()`; directly, as only what the run made refers to it
    if has_members:
        enums.settle_members(patcher, old, new)
    for name, value in zip(attributes, patcher.reach_into(attributes.values()), strict=True):
        patcher.transaction.set_own(old, name, value)
    set_abstract(patcher, old, new)
    validators.rebuild_models(patcher, old)
    patcher.added_fields(old, fields)
    forget_answers(patcher, old, before, moved=not _same_objects(former_bases, bases(old)))
    return old


def _becomes(patcher: Patcher, old: type, new: type) -> bool:
    """Give *old* the metaclass and bases of *new*; False, with nothing changed, if it cannot."""
    if not same_layout(old, new) or not same_behind(old, new):
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


def _name(patcher: Patcher, old: type, new: type) -> None:
    for name in ("__name__", "__qualname__"):
        value = type.__dict__[name].__get__(new)
        if type.__dict__[name].__get__(old) != value:
            patcher.transaction.set_attr(old, name, value)
