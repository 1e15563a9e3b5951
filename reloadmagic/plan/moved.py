"""Definitions that an edit took from one module to another.

In come the `ModulePlan`s of the edited modules; what one dropped and exactly one gained is noted
there as its origin, so that the live object stays the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..diff import Diff
from ..reach.tokens import StatementId
from ..source import Statement
from .values import ModulePlan

__all__ = ["pair_moved"]


def pair_moved(plans: Iterable[ModulePlan]) -> None:
    """Definitions that one edited module dropped and another gained are the same objects."""
    edited = [(plan, plan.diff) for plan in plans if plan.diff is not None]
    gone: dict[tuple[str, object], list[StatementId]] = {}
    for plan, diff in edited:
        for number in _lost(plan, diff):
            key = _identity(plan.before.statements[number])
            if key is not None:
                gone.setdefault(key, []).append((plan.name, number))
    if not gone:
        return
    for plan, diff in edited:
        for number in _gained(plan, diff):
            key = _identity(plan.after.statements[number])
            found = [] if key is None else [f for f in gone.get(key, []) if f[0] != plan.name]
            if len(found) == 1:
                plan.origins[number] = found[0]


def _lost(plan: ModulePlan, diff: Diff) -> set[int]:
    """Statements of the source before that are gone, or have become one of another kind."""
    return set(diff.dropped).union(
        pair.old
        for pair in diff.edited()
        if pair.how == "changed"
        and pair.old is not None
        and not _is_same_kind(plan, pair.old, pair.new)
    )


def _gained(plan: ModulePlan, diff: Diff) -> list[int]:
    """Statements of the new source that are new, or were of another kind."""
    return [
        pair.new
        for pair in diff.edited()
        if pair.old is None or not _is_same_kind(plan, pair.old, pair.new)
    ]


def _is_same_kind(plan: ModulePlan, old: int, new: int) -> bool:
    before, after = plan.before.statements[old], plan.after.statements[new]
    return before.fragment.kind == after.fragment.kind


def _identity(statement: Statement) -> tuple[str, object] | None:
    """What makes a statement the same in another module; None where nothing does."""
    kind = statement.fragment.kind
    if kind in {"def", "class"}:
        return kind, statement.binds[0]
    if kind == "assign" and len(statement.binds) == 1:
        return kind, statement.fragment.key
    return None
