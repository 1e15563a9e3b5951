"""Parsing only what an edit has changed.

In come a text, the version before and its statements; out go the statements of the text, of which
those above and below the edit are the same objects as before.
"""

from __future__ import annotations

import ast
import bisect
import operator
from typing import NamedTuple

from ..parsing import parse
from .alike import common_prefix, common_suffix, line_start
from .statements import Statement, cut

__all__ = ["parse_between"]

Statements = tuple[Statement, ...]
_LINENO = operator.attrgetter("lineno")


def parse_between(
    old: str, statements: Statements, text: str
) -> tuple[Statements, int, int] | None:
    """Statements of *text*, taking over those of *old* before and after the first and last
    difference, and how many these are; None where only the whole text can tell.

    Sound because a statement that starts in column 0 and parses alone is the same statement in the
    whole: what could continue the one before it (``else``, an indented line, an open bracket) does
    not parse alone.
    """
    if old == text:
        return statements, len(statements), 0
    edit = _compare(old, text)
    head = bisect.bisect_left(statements, edit.first, key=_LINENO)
    if head and statements[head - 1].end_lineno >= edit.first:
        head -= 1
    tail = max(head, bisect.bisect_right(statements, edit.last, key=_LINENO))
    if head == 0:
        return None  # docstring, encoding cookie and future imports stand here
    above, below = statements[:head], statements[tail:]
    middle = edit.text_between(text, above[-1].end_lineno, below[0].lineno if below else None)
    if _goes_on(above[-1].fragment.text) or _goes_on(middle.rstrip()):
        return None
    code = middle.lstrip("\n")
    between = _parse(code, offset=above[-1].end_lineno + len(middle) - len(code))
    if between is None or (between and _goes_on(between[-1].fragment.text)):
        return None
    if edit.shift:
        below = tuple(Statement(s.fragment, s.lineno + edit.shift) for s in below)
    return (*above, *between, *below), len(above), len(below)


class _Edit(NamedTuple):
    """Where two texts differ.

    Attributes:
        start: how many characters they share from the start.
        end: how many at the end.
        first, last: 1-based, the lines of the old text that are not those of the new one.
        shift: how many lines lower the new text goes on as the old one.
    """

    start: int
    end: int
    first: int
    last: int
    shift: int

    def text_between(self, text: str, above: int, below: int | None) -> str:
        """What stands in *text*, the new one, between two lines of the old one, without both.

        They are equal in both; without *below*, all to the end.
        """
        begin = line_start(text, self.start, above + 1 - self.first)
        if below is None:
            return text[begin:]
        return text[begin : line_start(text, len(text) - self.end, below - self.last) - 1]


def _compare(old: str, text: str) -> _Edit:
    start = common_prefix(old, text)
    end = common_suffix(old, text, start)
    first = old.count("\n", 0, start) + 1
    lines = old.count("\n", start, len(old) - end)
    shift = text.count("\n", start, len(text) - end) - lines
    return _Edit(start, end, first, first + lines, shift)


def _goes_on(text: str) -> bool:
    """Does the line below belong to the end of *text*?"""
    return text.endswith("\\")


def _parse(middle: str, *, offset: int) -> Statements | None:
    """Statements of a piece of a text, *offset* lines below its start; None if it is not whole."""
    try:
        body = parse(middle).body
    except (SyntaxError, ValueError):
        return None
    if any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in body):
        return None
    return cut(middle, body, offset=offset)
