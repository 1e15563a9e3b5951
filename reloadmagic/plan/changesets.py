"""Which modules succeed or fail together.

In come the `ModulePlan`s; out go `Changeset`s in the order in which they run. Edited modules that
depend on each other, or did before, and what lies between, succeed together. So do modules of one
group: its statements only make sense together. Others are on their own, unless they import each
other: then each may need what the other has run so far.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from .order import Order
from .values import Changeset, ModulePlan

__all__ = ["RETRIED", "changesets"]

RETRIED = "its last run failed"


def changesets(
    plans: Mapping[str, ModulePlan],
    edited: AbstractSet[str],
    blocked: AbstractSet[str],
    *,
    order: Order,
    imports_new: Callable[[str], bool],
    tied: Iterable[AbstractSet[str]] = (),
    setting: Collection[AbstractSet[str]] = (),
) -> Iterator[Changeset]:
    """The changesets of *plans*.

    *blocked* are modules that were edited and cannot be parsed. *imports_new* tells whether an
    edited module imports one that is not loaded, which may import any of the others. Modules that
    are *tied* go together as well, and with any of those that are *setting* one attribute all of
    these, so that the last is the one that counts.
    """
    if len(plans) == 1 and plans.keys() == edited and not blocked:
        yield Changeset(tuple(edited), edited=True)
        return
    core = {*edited, *blocked}
    core |= {name for name, plan in plans.items() if any(map(plan.forced, plan.run))}
    core -= {name for name in core - edited if _only_retried(plans.get(name))}
    while joining := [name for names in setting if names & core for name in names - core]:
        core.update(joining)
    if len(core) == 1 and core == plans.keys() and not blocked:
        yield Changeset(tuple(core), edited=True)
        return
    together = _together(plans, core, order)
    for first, *others in (sorted(names & core) for names in (*tied, *setting) if names & core):
        for other in others:
            _union(together, first, other)
    # What no edited module imports any longer runs again for their edits all the same.
    alone = [name for name in core if not together[name] & (edited | blocked)]
    for name in (*alone, *filter(imports_new, edited)):
        for other in edited:
            _union(together, name, other)
    groups = _with_between(plans, together, order)
    finished = {name: number for number, name in enumerate(order.run.finished)}
    groups.sort(key=lambda group: max(finished[name] for name in group))
    for group in groups:
        names = tuple(sorted(group - blocked, key=order.run.began))
        yield Changeset(names, edited=True, blocked=frozenset(group & blocked))
    rest = plans.keys() - set[str]().union(*groups)
    cycles = {_cycle(name, rest, order): None for name in rest}
    for cycle in sorted(cycles, key=lambda cycle: max(finished[name] for name in cycle)):
        yield Changeset(tuple(sorted(cycle, key=order.run.began)), edited=False)


def _cycle(name: str, among: AbstractSet[str], order: Order) -> frozenset[str]:
    """The module *name* and those *among* others that it imports and that import it, at once."""
    graph = order.graph_at_once
    below = graph.descendants(name)
    if name not in below:
        return frozenset({name})
    return frozenset(n for n in below & among if name in graph.descendants(n))


def _together(
    plans: Mapping[str, ModulePlan], core: AbstractSet[str], order: Order
) -> dict[str, set[str]]:
    """For each module of *core*, those of which one imports the other or took definitions over."""
    together = {name: {name} for name in core}
    for name in sorted(core):
        for other in order.graph.descendants(name) & core - {name}:
            _union(together, name, other)
    for name, plan in plans.items():
        for origin, _ in plan.origins.values():
            _union(together, name, origin)
    return together


def _with_between(
    plans: Mapping[str, ModulePlan], together: Mapping[str, set[str]], order: Order
) -> list[set[str]]:
    """The groups of *together*, each with the planned modules that lie between its members."""
    graph = order.graph
    rest = plans.keys() - together.keys()
    groups: list[set[str]] = []
    for group in {id(group): group for group in together.values()}.values():
        below = set[str]().union(*map(graph.descendants, group))
        above = set[str]().union(*map(graph.ancestors, group))
        between = rest & below & above
        groups.append(group | between)
        rest -= between
    return groups


def _only_retried(plan: ModulePlan | None) -> bool:
    """Is the module forced only by its own failure before?"""
    if plan is None:
        return False
    reasons = {r for found in plan.run.values() for r in found}
    return {r for r in reasons if isinstance(r, str)} == {RETRIED}


def _union(groups: dict[str, set[str]], one: str, other: str) -> None:
    merged = groups.setdefault(one, {one}) | groups.setdefault(other, {other})
    for name in merged:
        groups[name] = merged
