"""How two versions of a source differ, as a `Diff` of `Pair`s."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

from ..source import Source

__all__ = ["BodyEdit", "Diff", "Pair"]

T = TypeVar("T")


class BodyEdit(NamedTuple):
    """A function of which only the body differs.

    Attributes:
        qualname: ``"Circle.grow"``.
        before, after: 1-based lines on which its code starts, decorators included.
        path: position among the functions of the statement, in order.
    """

    qualname: str
    before: int
    after: int
    path: int


class Pair(NamedTuple):
    """A statement of the new source and the old one that it stands for.

    Attributes:
        new: position in the new source.
        old: position in the old source, None for an addition.
        how: ``same``, ``body`` (only bodies of functions differ), ``annotation`` (only that of the
            name assigned to differs), ``changed`` or ``new``.
        bodies: for ``body``, the functions that differ.
    """

    new: int
    old: int | None
    how: Literal["same", "body", "annotation", "changed", "new"]
    bodies: tuple[BodyEdit, ...] = ()


@dataclass(frozen=True)
class Diff:
    """Two versions, statement by statement.

    Most statements stand before the first edit or behind the last one: these are counted only.

    Attributes:
        head, tail: how many statements are the same at the start and at the end.
        middle: the pairs between, in the order of the new source.
        dropped: positions in the old source of statements that nothing stands for.
        moved: positions in the new source of statements that are the same on another line.
        edited: the pairs that differ in what runs, in the new order.
    """

    before: Source
    after: Source
    head: int
    tail: int
    middle: tuple[Pair, ...]
    dropped: tuple[int, ...]
    moved: tuple[int, ...]
    edited: list[Pair] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        edited = [pair for pair in self.middle if pair.how != "same"]
        object.__setattr__(self, "edited", edited)

    def __bool__(self) -> bool:
        """Does anything differ that runs?"""
        return bool(self.dropped or self.edited)

    @property
    def shift(self) -> int:
        """How many statements there are more than before."""
        return len(self.after.statements) - len(self.before.statements)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs, in the order of the new source."""
        behind = self.head + len(self.middle)
        return (
            *(Pair(number, number, "same") for number in range(self.head)),
            *self.middle,
            *(Pair(n, n - self.shift, "same") for n in range(behind, behind + self.tail)),
        )

    def names(self) -> set[str]:
        """The names bound by what differs, before or after."""
        before, after = self.before.statements, self.after.statements
        old = [*self.dropped, *(pair.old for pair in self.edited if pair.old is not None)]
        found = [*(before[number] for number in old), *(after[pair.new] for pair in self.edited)]
        return {name for statement in found for name in statement.binds}

    def partner(self, number: int) -> int | None:
        """The old statement that statement *number* of the new source stands for."""
        if number < self.head:
            return number
        at = number - self.head
        return self.middle[at].old if at < len(self.middle) else number - self.shift

    def carry_began(self) -> None:
        """Have the statements that stand for others have begun the imports which those began."""
        began = self.before.began
        if began and self.before is not self.after:
            places = {self.partner(n): n for n in range(len(self.after.statements))}
            self.after.began = {places[n]: found for n, found in began.items() if n in places}

    def carry(self, values: list[T], default: T) -> None:
        """Bring *values*, one for each old statement, into the order of the new ones."""
        middle = [default if pair.old is None else values[pair.old] for pair in self.middle]
        values[self.head : len(self.before.statements) - self.tail] = middle
