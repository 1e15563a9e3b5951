"""Values in class bodies that stay what they are where their class statement runs again.

A counter or a registry that others have filled need not be filled anew, then.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from ..diff import ClassDiff
from ..reach import summarize
from ..reach.index import Index
from ..reach.known import OWN_SCOPE
from ..reach.summary import TAKEN, ClassInfo
from ..reach.tokens import StatementId, Target, Token
from .values import ModulePlan

__all__ = ["keeps", "kept_values", "values_behind_calls", "values_that_stay"]


def kept_values(
    index: Index, plan: ModulePlan, number: int, found: ClassDiff, reached: Container[str]
) -> set[str]:
    """The values, by their path in the class, that the edit *found* and what has changed leave alone.

    *reached* are those, by qualname, that use something that has changed.
    """
    entry = index.modules[plan.name]
    filled = set(_filled_by(plan, number, found))
    changed = found.attrs | found.bodies
    kept: set[str] = set()
    name = entry.source.statements[number].binds[0]
    for owner, info in entry.summaries[number].classes.items():
        prefix = owner.removeprefix(name).lstrip(".")
        others = set(changed if not prefix else ())
        for attr, unit in info.values.items():
            path, qualname = f"{prefix}.{attr}" if prefix else attr, f"{owner}.{attr}"
            if path.partition(".")[0] in changed or path in filled:
                continue
            uses = {used[0] for used in unit.paths}
            reads_all = bool(others) and not uses.isdisjoint(OWN_SCOPE)
            if qualname in reached or reads_all or not uses.isdisjoint(others):
                others.add(attr)  # what follows in the body may be made of this one
            elif (
                qualname not in entry.functions
                and qualname not in entry.classes
                and "lambda" not in info.attrs[attr].lower()  # a function is merged, not kept
            ):
                kept.add(path)
    return kept


def _filled_by(plan: ModulePlan, number: int, found: ClassDiff) -> Iterator[str]:
    """The values of a class that what the edit changed in its body may fill, or has filled so far."""
    partner = plan.partner(number)
    statements = [plan.after.statements[number]]
    statements += [plan.before.statements[partner]] if partner is not None else []
    for statement in statements:
        summary = summarize(statement.fragment)
        info = summary.classes.get(statement.binds[0])
        if info is None:
            continue
        for attr in found.attrs:
            yield from _may_fill(info, attr)
        named = {path for unit in info.values.values() for path in unit.fills}
        yield from (path[0] for path in summary.now.fills - named if path[0] in info.values)


def _may_fill(info: ClassInfo, attr: str) -> Iterator[str]:
    """The names of a class body that what it binds as *attr* fills, or passes to what it calls."""
    unit = info.values.get(attr)
    if unit is None:
        return
    for path in (*unit.fills, *(argument.path for argument in unit.arguments)):
        if path[0] != attr and path[0] in info.values:
            yield path[0]


def values_that_stay(index: Index, plan: ModulePlan, number: int) -> set[str]:
    """The values that an edited class statement leaves what they are, if nothing else reaches it."""
    found, name = plan.class_diff(number), plan.after.statements[number].binds[0]
    info = index.modules[plan.name].summaries[number].classes.get(name)
    if found is None or found.head or info is None or info.decorated or number in plan.anew:
        return set()
    filled = plan.filled.get(name, set())
    if "" in filled or index.is_metaclass(plan.name, "hooks:" + name):
        return set()
    return kept_values(index, plan, number, found, ()) - filled


def keeps(index: Index, plan: ModulePlan, number: int, target: Target) -> bool:
    """Does a class statement that runs again leave an attribute that others fill what it is?"""
    fragment, (_, name, attr) = plan.after.statements[number].fragment, target
    if fragment.kind != "class" or fragment.binds[0] != name or not attr or number in plan.anew:
        return False
    found = plan.class_diff(number)
    info = index.modules[plan.name].summaries[number].classes.get(name)
    if found is None or found.head or info is None or info.decorated:
        return False
    if (plan.name, number) in index.filling.fillers().get(target, ()):
        return False
    if index.is_metaclass(plan.name, "hooks:" + name):
        return False
    if attr not in info.attrs:
        return attr not in found.attrs
    me = (plan.name, number)
    tokens = [token for token in plan.run.get(number, ()) if isinstance(token, tuple)]
    reached = {
        qualname
        for token in tokens
        for *statement, qualname in index.reached_values(token)
        if tuple(statement) == me
    }
    reached |= values_behind_calls(index, me, tokens)
    return attr in kept_values(index, plan, number, found, reached)


def values_behind_calls(index: Index, statement: StatementId, tokens: Iterable[Token]) -> set[str]:
    """The values, by qualname, in a class body that may call what is not known to use a change.

    They count where a class statement is planned for tokens that do not lead to it: what a call
    has made does, a closure, and which of the values runs that is not followed.
    """
    if all(statement in index.reached(token) for token in tokens):
        return set()
    module, number = statement
    return {
        f"{owner}.{attr}"
        for owner, info in index.modules[module].summaries[number].classes.items()
        for attr, unit in info.values.items()
        if unit.attrs or any(how & TAKEN for how in unit.paths.values())
    }
