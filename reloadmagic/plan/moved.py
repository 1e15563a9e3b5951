"""Definitions that an edit took from one module to another.

In come the `ModulePlan`s of the edited modules and the sources of those that they import for the
first time; what one dropped and exactly one gained is noted as its origin, so that the live object
stays the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..diff import Diff
from ..reach.tokens import StatementId
from ..source import Source, Statement
from .values import ModulePlan

__all__ = ["pair_moved"]


def pair_moved(
    plans: Iterable[ModulePlan], ahead: Mapping[str, Source]
) -> dict[str, dict[int, StatementId]]:
    """Definitions that one edited module dropped and another gained are the same objects.

    Returns those that come to be in the modules *ahead*, which are not imported yet: by module and
    statement, where they are.
    """
    edited = [(plan, plan.diff) for plan in plans if plan.diff is not None]
    gone: dict[tuple[str, object], list[StatementId]] = {}
    for plan, diff in edited:
        for number in _lost(plan, diff):
            for key in _identities(plan.before.statements[number]):
                gone.setdefault(key, []).append((plan.name, number))
    if not gone:
        return {}
    for plan, diff in edited:
        for number in _gained(plan, diff):
            origin = _origin(plan.after.statements[number], gone, plan.name)
            if origin is not None:
                plan.origins[number] = origin
    arrivals = {name: _arrivals(source, gone) for name, source in ahead.items()}
    return {name: numbers for name, numbers in arrivals.items() if numbers}


def _arrivals(
    source: Source, gone: Mapping[tuple[str, object], list[StatementId]]
) -> dict[int, StatementId]:
    """Statements of a source that stand for one of those that are *gone*."""
    origins = ((n, _origin(s, gone)) for n, s in enumerate(source.statements))
    return {number: origin for number, origin in origins if origin is not None}


def _origin(
    statement: Statement, gone: Mapping[tuple[str, object], list[StatementId]], module: str = ""
) -> StatementId | None:
    """The one of those that are *gone*, from other modules than *module*, that it stands for."""
    for key in _identities(statement):
        found = [origin for origin in gone.get(key, ()) if origin[0] != module]
        if len(found) == 1:
            return found[0]
    return None


def _lost(plan: ModulePlan, diff: Diff) -> set[int]:
    """Statements of the source before that are gone, or leave their names to imports."""
    return set(diff.dropped).union(
        pair.old
        for pair in diff.edited
        if pair.how == "changed"
        and pair.old is not None
        and not _is_same_kind(plan, pair.old, pair.new)
        and not _still_binds(plan, pair.old, pair.new)
    )


def _still_binds(plan: ModulePlan, old: int, new: int) -> bool:
    """Does a statement of another kind, ``try: def f(): ...``, define what one did before?"""
    before, after = plan.before.statements[old], plan.after.statements[new]
    return after.fragment.kind != "import" and not {*before.binds}.isdisjoint(after.binds)


def _gained(plan: ModulePlan, diff: Diff) -> list[int]:
    """Statements of the new source that are new, or were of another kind."""
    return [
        pair.new
        for pair in diff.edited
        if pair.old is None or not _is_same_kind(plan, pair.old, pair.new)
    ]


def _is_same_kind(plan: ModulePlan, old: int, new: int) -> bool:
    before, after = plan.before.statements[old], plan.after.statements[new]
    return before.fragment.kind == after.fragment.kind


def _identities(statement: Statement) -> Iterator[tuple[str, object]]:
    """What makes a statement the same in another module, surest first."""
    kind = statement.fragment.kind
    if kind in {"def", "class"}:
        yield kind, statement.binds[0]
    elif kind == "assign" and len(statement.binds) == 1:
        yield kind, statement.fragment.key
        if statement.is_display:  # its object can be given other content
            yield "display", statement.binds[0]
