"""Unified diffs of sources, with the cells of notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reloadmagic.source import Text
from reloadmagic.source.alike import common_prefix, common_start, common_suffix, line_start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadmagic.engine import Outcome

__all__ = ["diff_lines", "unified_diff", "with_cells"]

CONTEXT = 2  # lines around a hunk


def diff_lines(outcome: Outcome) -> list[str]:
    """The source that last ran against the one on disk, as a unified diff without file names."""
    if outcome.before is None or outcome.after is None or outcome.before == outcome.after:
        return []
    return with_cells(diff_of_texts(outcome.before, outcome.after), outcome.after)


def diff_of_texts(before: str, after: str) -> list[str]:
    """`unified_diff` of two texts: what they share at both ends is not even cut into lines."""
    start = common_prefix(before, after)
    end = common_suffix(before, after, start)
    begin = line_start(before, start, -CONTEXT)
    parts = [
        text[begin : _line_end(text, len(text) - end, CONTEXT)].split("\n")
        for text in (before, after)
    ]
    above = before.count("\n", 0, begin)
    return unified_diff(*parts, above=above)


def _line_end(text: str, at: int, lines: int) -> int:
    """Where the line ends that is *lines* below the one that *at* stands in, or the text."""
    for _ in range(lines + 1):
        found = text.find("\n", at)
        if found in (-1, len(text) - 1):
            return len(text) - text.endswith("\n")
        at = found + 1
    return at - 1


def unified_diff(before: list[str], after: list[str], *, above: int = 0) -> list[str]:
    """Hunks with two lines of context; *above* lines were cut off both before.

    Equal heads and tails are cut off first: difflib is slow on long files, edits are small.
    """
    head = max(0, common_start(before, after) - CONTEXT)
    before, after = before[head:], after[head:]
    tail = max(0, common_start(before[::-1], after[::-1]) - CONTEXT)
    before, after = before[: len(before) - tail], after[: len(after) - tail]
    hunks = (_hunk(group, before, after, above + head) for group in _groups(before, after))
    return [line for hunk in hunks for line in hunk]


_Opcodes = list[tuple[str, int, int, int, int]]


def _groups(before: list[str], after: list[str]) -> Iterable[_Opcodes]:
    """What to do to come from one to the other, with context, as difflib has it."""
    start = common_start(before, after)
    if len(before) == len(after) == start + 1 + common_start(before[::-1], after[::-1]):
        # One line for another, as most edits are: nothing to look for.
        rest = (start + 1, len(before))
        return [
            [
                ("equal", 0, start, 0, start),
                ("replace", start, start + 1, start, start + 1),
                ("equal", *rest, *rest),
            ]
        ]
    import difflib

    return difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(CONTEXT)


def _hunk(opcodes: _Opcodes, before: list[str], after: list[str], shift: int) -> list[str]:
    """A hunk of a unified diff, *shift* lines further down; no blank lines of context at its edges."""
    lines = []
    for tag, i1, i2, j1, j2 in opcodes:
        if tag == "equal":
            lines += [f" {line}" for line in before[i1:i2]]
        else:
            lines += [f"-{line}" for line in before[i1:i2]]
            lines += [f"+{line}" for line in after[j1:j2]]
    above = _blank_context(lines)
    lines = lines[above : len(lines) - _blank_context(lines[::-1])]
    removed = _range(opcodes[0][1] + above + shift, sum(line[0] != "+" for line in lines))
    added = _range(opcodes[0][3] + above + shift, sum(line[0] != "-" for line in lines))
    return [f"@@ -{removed} +{added} @@", *lines]


def _blank_context(lines: list[str]) -> int:
    """How many lines at the start are unchanged and blank."""
    return next((n for n, line in enumerate(lines) if line[0] != " " or line.strip()), len(lines))


def _range(start: int, length: int) -> str:
    """Lines as a hunk's header has them; *start* is 0-based."""
    if length == 1:
        return str(start + 1)
    return f"{start + bool(length)},{length}"


def with_cells(lines: list[str], after: str) -> list[str]:
    """A unified diff to *after* whose hunks say the notebook's cell that they begin in.

    ``@@ -1,4 +1,4 @@ cell 1``; any other text's hunks stay as they are.
    """
    if not isinstance(after, Text):
        return lines
    named, header, number = list(lines), -1, 0
    for position, line in enumerate(lines):
        if line.startswith("@@"):
            header, number = position, int(line.split("+")[1].split(",")[0].split()[0])
            continue
        part = after.part_at(number) if line[:1] in {"+", "-"} and header >= 0 else None
        if part is not None:
            named[header], header = f"{named[header]} {part.name}", -1
        number += line[:1] != "-"
    return named
