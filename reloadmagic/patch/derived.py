"""Classes beneath those that decorators derive: the class of the statement is one of their bases.

A decorator may return a class derived from the one that it was given. The name holds the derived
one then, and the body of the statement is beneath it, with its methods and what its values hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..transaction import own_dict
from .inside import bases, mro, qualname
from .kept import Kept

if TYPE_CHECKING:
    from .patcher import Patcher

__all__ = ["beneath", "merge_bases"]


def merge_bases(patcher: Patcher, old: type, new: type, kept: Kept) -> None:
    """Carry those bases of *new* that the run made along with it into those that *old* has."""
    for base in bases(new):
        former = next((b for b in bases(old) if _is_version(b, base)), None)
        if former is not None and patcher.is_made(base):
            # What was noted of the class is about the derived one.
            inner = {n: names for n, names in (kept.noted or {}).items() if n != qualname(old)}
            patcher.merge(former, base, Kept(kept.names, inner))


def beneath(cls: type, other: type) -> type | None:
    """The class from which *cls* was derived if that, and not *cls*, is a version of *other*."""
    if _is_version(cls, other):
        return None
    return next((base for base in mro(cls)[1:] if _is_version(base, other)), None)


def _is_version(cls: type, other: type) -> bool:
    """Do both come of one class statement, by their names?"""
    return (
        cls is not other
        and qualname(cls) == qualname(other)
        and own_dict(cls).get("__module__") == own_dict(other).get("__module__")
    )
