"""Enums: the class and its members stay, matched by name; values, new and dropped ones follow.

A member that *is* its value (`IntEnum`, `StrEnum`) cannot take another one: the new member stays
and references to the old one are redirected.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from ..plain import same_plain
from ..transaction import ABSENT, Transaction, instance_dict, is_kind, own_dict
from .inside import builtin_base
from .values import copy_value

if TYPE_CHECKING:
    from .patcher import Patcher

__all__ = ["is_enum", "pair_members", "redirect_members", "settle_members"]

_MAPS = ("_member_map_", "_value2member_map_")


def is_enum(cls: type) -> bool:
    """Whether *cls* is made by the enum metaclass and has members of its own to match."""
    return is_kind(cls, enum.EnumMeta) and "_member_map_" in own_dict(cls)


def pair_members(patcher: Patcher, old: type, new: type) -> None:
    """Before *new* goes into *old*: which members are which."""
    former, members = _members(old), _members(new)
    for name, member in members.items():
        before = former.get(name, ABSENT)
        if before is ABSENT:
            continue
        if _name(member) != name or _name(before) != name:
            # An alias, now or before; the names were one member or are one now.
            if _name(before) == name or _name(before) not in members:
                patcher.redirect(before, patcher.stand_in(member))
        elif _same_value_inside(before, member):
            patcher.pair(member, before)
        else:
            patcher.redirect(before, member)
    for name in _MAPS:
        patcher.pair(own_dict(new)[name], own_dict(old)[name])


def redirect_members(patcher: Patcher, old: type, new: type) -> None:
    """*new* takes the place of *old*: each member takes the place of the one of its name."""
    members = _members(new)
    for name, member in _members(old).items():
        if name in members and _name(member) == name:
            patcher.redirect(member, members[name])


def settle_members(patcher: Patcher, old: type, new: type) -> None:
    """After *new* has gone into *old*: give members their state, and the maps their members."""
    young = Transaction()  # what the run made needs no way back
    for member in _canonical(new):
        stays = patcher.stand_in(member)
        state = instance_dict(member) or {}
        wanted = {name: patcher.stand_in(value) for name, value in state.items()}
        if stays is member:
            young.set_class(member, old)
            young.set_contents(state, wanted)
        else:
            patcher.transaction.set_contents(instance_dict(stays), wanted)
    pseudo = _pseudo_members(old, new)
    for name in _MAPS:
        table = own_dict(new)[name]
        for key, member in list(dict.items(table)):
            if patcher.stand_in(member) is not member:
                young.set_item(table, key, patcher.stand_in(member))
        patcher.transaction.set_contents(own_dict(old)[name], table)
    for value, member in pseudo.items():
        patcher.transaction.set_item(own_dict(old)["_value2member_map_"], value, member)


def _members(cls: type) -> dict[str, Any]:
    return dict(dict.items(own_dict(cls)["_member_map_"]))


def _canonical(cls: type) -> list[Any]:
    return [member for name, member in _members(cls).items() if _name(member) == name]


def _name(member: object) -> Any:
    return (instance_dict(member) or {}).get("_name_")


def _same_value_inside(before: Any, member: Any) -> bool:
    """Whether the two are the same built-in value, apart from what ``__dict__`` says."""
    base = builtin_base(type(member))
    if base is object:
        return True
    if base is not builtin_base(type(before)):
        return False
    copy = copy_value(base)
    return copy is not None and same_plain(copy(before), copy(member))


def _pseudo_members(old: type, new: type) -> dict[int, Any]:
    """Combinations of flags that were made by using them, and still mean the same flags."""
    if not issubclass(old, enum.Flag):
        return {}
    before, after = _bits(old), _bits(new)
    named = {id(member) for member in _members(old).values()}
    known = own_dict(new)["_value2member_map_"]
    return {
        value: member
        for value, member in dict.items(own_dict(old)["_value2member_map_"])
        if type(value) is int
        and value not in known
        and id(member) not in named
        and all(before.get(bit) == after.get(bit) for bit in before | after if bit & value)
    }


def _bits(cls: type) -> dict[int, str]:
    """Name by value for the flags of a single bit."""
    found = {}
    for name, member in _members(cls).items():
        value = (instance_dict(member) or {}).get("_value_")
        if type(value) is int and value > 0 and not value & (value - 1) and _name(member) == name:
            found[value] = name
    return found
