"""What of a class, or of an object, is not carried over as it is to stay what it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

__all__ = ["NOTHING_KEPT", "Kept"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays.

    Attributes:
        names: dotted names of attributes whose old objects stay.
        noted: by qualname, the names that each class's own execution left in it. Others in the old
            class were set from outside and stay. None: nothing was.
    """

    names: Collection[str] = frozenset()
    noted: Mapping[str, Collection[str]] | None = None

    def here(self) -> set[str]:
        """The attributes of the class itself, or of the object, that stay."""
        return {name for name in self.names if "." not in name}

    def below(self, attr: str) -> Kept:
        """What stays of the class that is the attribute *attr*."""
        names = [name[len(attr) + 1 :] for name in self.names if name.startswith(attr + ".")]
        return Kept(frozenset(names), self.noted)


NOTHING_KEPT = Kept()
