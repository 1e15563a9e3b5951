"""Texts that consist of parts, such as the cells of a notebook."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import NamedTuple, Self

__all__ = ["Part", "Text"]


class Part(NamedTuple):
    """Lines of a text that are shown as a file of their own, such as a notebook's cell.

    Attributes:
        name: what it is called within its file: ``cell 3``.
        filename: as tracebacks show it: ``/home/me/helpers.ipynb, cell 3``.
        lineno: 1-based, in the text, of its first line.
        length: in lines.
    """

    name: str
    filename: str
    lineno: int
    length: int


class Text(str):
    """A source made of parts, in order. Code bears the name of its part and counts its lines.

    A loader's ``decode_source`` may return one; to ``source_to_code`` it comes as the tree's
    ``text``.
    """

    __slots__ = ("parts",)

    parts: tuple[Part, ...]

    def __new__(cls, text: str, parts: Iterable[Part] = ()) -> Self:
        """*text*, which consists of *parts*."""
        self = super().__new__(cls, text)
        self.parts = tuple(parts)
        return self

    def part_at(self, lineno: int) -> Part | None:
        """The part that the line belongs to, None if it stands between parts."""
        index = bisect.bisect_right(self.parts, lineno, key=lambda part: part.lineno) - 1
        part = self.parts[index] if index >= 0 else None
        return part if part is not None and lineno < part.lineno + part.length else None
