"""Statements that do not run again by the user's word.

In comes a statement of a `ModulePlan`; out goes whether it ends in ``# reload: keep`` or binds a
name that one of the user's patterns matches.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from ..source import Source, Statement
from .values import ModulePlan

__all__ = ["Pins"]

PIN = "# reload: keep"


class Pins:
    """What is kept, by comments of its own or by *patterns* like ``"pkg.mod:NAME"``."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = tuple(patterns)

    def hold(self, plan: ModulePlan, number: int) -> bool:
        """Is a statement of the new source kept?"""
        statement = plan.after.statements[number]
        if _has_pin(plan.after, statement):
            return True
        return bool(self._patterns) and any(
            fnmatchcase(f"{plan.name}:{name}", pattern)
            for pattern in self._patterns
            for name in statement.binds
        )


def _has_pin(source: Source, statement: Statement) -> bool:
    """Does the statement's last line end in the comment that pins it?"""
    if not source.mentions(PIN):
        return False
    last = source.text.split("\n")[statement.end_lineno - 1]
    return last.rstrip().endswith(PIN)
