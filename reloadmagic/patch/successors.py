"""Classes that stay in place of former ones, where CPython does not let these take over.

The new class gets what has to survive of the old one; what was derived from that is put below it,
or made anew. Instances and all other references are moved at the end (`instances`, `references`).
"""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from ..notes import abc_registry
from ..transaction import own_dict
from .abstract import forget_all_answers, registered_with
from .attributes import OWN, carried, merge_attributes, merge_beneath
from .inside import bases, calls_on_creation, class_cells, hooks_subclasses, qualname

if TYPE_CHECKING:
    from .kept import Kept
    from .patcher import Patcher

__all__ = ["replace_class", "rescue_subclasses"]


def replace_class(patcher: Patcher, old: type, new: type, kept: Kept, foreign: set[str]) -> type:
    """Let *new* take the place of *old*, with what has to survive of it."""
    transaction = patcher.transaction
    patcher.replace_class(old, new)
    merge_beneath(patcher, old, new, kept)
    attributes = merge_attributes(patcher, old, new, kept)
    attributes |= {name: own_dict(old)[name] for name in foreign if name not in OWN}
    for name, value in attributes.items():
        transaction.set_own(new, name, value)
    for cell in class_cells(old, attributes.values()):
        transaction.set_cell(cell, new)
    if "_abc_impl" in own_dict(old) and "_abc_impl" in own_dict(new):
        for registered in abc_registry(old) or ():
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
        hooked = calls_on_creation(child) or hooks_subclasses(new)
        clone = None if hooked else _clone(child, old, new)
        if clone is None:
            patcher.leftovers.append(
                f"{qualname(child)} still derives from the former class {qualname(old)}"
            )
            continue
        patcher.replace_class(child, clone)
        for cell in class_cells(child, carried(clone).values()):
            patcher.transaction.set_cell(cell, clone)
        _rebase_subclasses(patcher, child, clone)


def _clone(child: type, old: type, new: type) -> type | None:
    """*child* made anew below *new*, with its own attributes alone, as if its bases had been set.

    What `typing.Generic` and its like give each class below them, the class statement is to bring:
    from nobody's statement it would stay for good.
    """
    wanted = tuple(new if base is old else base for base in bases(child))
    namespace = carried(child) | {"__qualname__": qualname(child)}
    try:
        clone = type(child)(type.__dict__["__name__"].__get__(child), wanted, namespace)
    except TypeError:
        return None
    for name in own_dict(clone).keys() - own_dict(child).keys() - OWN:
        type.__delattr__(clone, name)
    return clone
