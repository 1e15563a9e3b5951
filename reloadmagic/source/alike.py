"""How far two texts, or two rows of items, are the same.

In come the two; out go counts. The looking is done by C code, as texts are long.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable

__all__ = ["common_prefix", "common_start", "common_suffix", "line_start"]

# Characters that are compared at once; halved where they differ.
_FIRST_STEP = 16384


def common_start(a: Iterable[object], b: Iterable[object]) -> int:
    """How many items *a* and *b* have in common from the start; looked at by C code alone."""
    found = [*map(operator.eq, a, b), False]
    return found.index(False)


def common_prefix(a: str, b: str) -> int:
    """How many characters *a* and *b* share from the start."""
    limit, at, step = min(len(a), len(b)), 0, _FIRST_STEP
    while step:
        while at + step <= limit and a.startswith(b[at : at + step], at):
            at += step
        step //= 2
    return at


def common_suffix(a: str, b: str, start: int) -> int:
    """How many characters *a* and *b* share at the end, those before *start* left out."""
    limit, at, step = min(len(a), len(b)) - start, 0, _FIRST_STEP
    while step:
        while at + step <= limit and a.endswith(
            b[len(b) - at - step : len(b) - at], 0, len(a) - at
        ):
            at += step
        step //= 2
    return at


def line_start(text: str, at: int, lines: int) -> int:
    """Where the line begins that is *lines* below the one that *at* stands in, or above."""
    if lines > 0:
        for _ in range(lines):
            at = text.index("\n", at) + 1
        return at
    at = text.rfind("\n", 0, at) + 1
    for _ in range(-lines):
        at = text.rfind("\n", 0, max(at - 1, 0)) + 1
    return at
