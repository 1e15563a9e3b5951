"""What stays in place of what, as far as one reload has come.

A pair is a new object and the old one that it goes into. While a statement is merged all pairs of it
are held, so that ids stay theirs; from then on twins are held weakly, or they would outlive the run.
"""

from __future__ import annotations

import contextlib
import types
from collections.abc import Callable, Iterator
from typing import Any

from ..live import OwnReference
from .versions import same_container

__all__ = ["Partners"]


class Partners:
    """Objects of the run and those that stay for them.

    Attributes:
        poured: containers whose content went into others, as `replaced`: strong, as nothing can
            hold them weakly. When the run ends, those that nobody else holds go first.
    """

    def __init__(self) -> None:
        # While one statement is merged: id -> (twin, what stays). Strong, so that ids hold.
        self._pairs: dict[int, tuple[object, object]] = {}
        # Those that stay, and others into which nothing is to go.
        self._claimed: dict[int, object] = {}
        self._cells: dict[int, tuple[types.CellType, types.CellType]] = {}
        # For the whole reload. Invariant: twins are held weakly, or they would outlive the run.
        self._twins: dict[int, tuple[Callable[[], object], object]] = {}
        self._redirects: dict[int, tuple[object, object]] = {}
        self.poured: dict[int, tuple[object, object]] = {}

    def claim(self, value: object) -> None:
        """*value* is bound to a name of its own: elsewhere it is a mention, not a new version."""
        self._claimed[id(value)] = value

    def is_claimed(self, value: object) -> bool:
        """Whether *value* stays for another, or is bound to a name of its own."""
        return id(value) in self._claimed

    def pair(self, new: object, old: object) -> None:
        """*new* goes into *old*: whatever refers to *new* gets *old* from now on."""
        self._pairs[id(new)] = (new, old)
        self._claimed[id(old)] = old

    def pair_cells(self, new: types.CellType, old: types.CellType) -> None:
        """*old* stays for *new* in the functions that share the variable."""
        self._cells[id(new)] = (new, old)

    def stand_in_cells(self, closure: tuple[types.CellType, ...]) -> tuple[types.CellType, ...]:
        """What stays in place of the cells of a function that this statement has made."""
        return tuple(self._cells.get(id(cell), (cell, cell))[1] for cell in closure)

    def redirect(self, former: object, stays: object) -> None:
        """References to *former*, into which nothing goes then, are to become those to *stays*."""
        self._redirects[id(former)] = (former, stays)
        self._claimed |= {id(former): former, id(stays): stays}

    def pour(self, new: object, old: object) -> None:
        """The container *old* has got what *new* holds: whoever holds *new* is to get *old*."""
        self.poured[id(new)] = (new, old)

    def stand_in(self, value: Any) -> Any:
        """What stays in place of *value*: itself, unless it is a twin or was replaced."""
        for table in (self._pairs, self._redirects, self.poured):
            found = table.get(id(value)) if table else None
            if found is not None and found[0] is value:
                return found[1]
        twin = self._twin(value) if self._twins else None
        return value if twin is None else twin

    def _twin(self, value: object) -> object | None:
        found = self._twins.get(id(value))
        return found[1] if found is not None and found[0]() is value else None

    @property
    def replaced(self) -> dict[int, tuple[object, object]]:
        """Redirects wanted: id -> (former object, the one that stays)."""
        found = {**self.poured, **self._redirects, **self._pairs}
        for key, (twin, stays) in self._twins.items():
            former = twin()
            if former is not None:
                found[key] = (former, stays)
        return found

    @property
    def has_redirects(self) -> bool:
        """Whether any object stays in place of one from before the run."""
        return bool(self._redirects)

    def owned(self) -> Iterator[object]:
        """The bookkeeping's own objects: references from these are not the user's."""
        yield self._claimed
        table: dict[int, Any]
        for table in (self._pairs, self._cells, self._twins, self._redirects, self.poured):
            yield table
            yield from table.values()

    def forget_statement(self) -> None:
        """Keep of a statement's pairs what later ones need, without keeping twins alive."""
        for key, (new, old) in self._pairs.items():
            if same_container(old, new):
                self.pour(new, old)
                continue
            with contextlib.suppress(TypeError):  # a property: nobody holds these
                self._twins[key] = (OwnReference(new), old)
        self._pairs.clear()
        self._cells.clear()
