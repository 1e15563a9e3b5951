"""Plans one reload: from changes to a `Plan`, in the order in which it has to be found out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from ..changes import Change
from ..diff import Diff, Pair
from ..modules import TrackedModule
from ..reach.index import Index
from ..reach.tokens import StatementId, Token
from ..reach.walk import Walk
from ..returned import gives_back
from ..source import Source
from .before import Before
from .changesets import RETRIED, changesets
from .moved import pair_moved
from .order import Order
from .pins import Pins
from .propagation import Propagation
from .reordering import ImportOrder
from .seeds import Seeds
from .values import ModulePlan, Plan

__all__ = ["Planner"]

AGAIN = "importlib.reload was called"


class Planner:
    """Plans one reload.

    *patchable* tells of a module plan and a pair of which only bodies differ whether the live
    functions can be patched; *keep* are patterns ``"pkg.mod:NAME"``; *findable* tells whether an
    import would find a module that is not loaded, *source_of* what it would run if that is the
    user's. With *whole_groups* nothing is put into an object that is not filled anew.
    """

    def __init__(
        self,
        index: Index,
        tracked: Mapping[str, TrackedModule],
        *,
        patchable: Callable[[ModulePlan, Pair], bool],
        keep: Iterable[str] = (),
        findable: Callable[[str], bool] = lambda _: False,
        source_of: Callable[[str], Source | None] = lambda _: None,
        whole_groups: bool = False,
    ) -> None:
        self._index = index
        self._tracked = tracked
        self._findable = findable
        self._source_of = source_of
        # Modules that are not loaded and that edited statements will import, which runs all of them.
        self._ahead: dict[str, Source] = {}
        self._order = Order(index, tracked, self._ahead)
        self._propagation = Propagation(
            index, tracked, ahead=self._ahead, order=self._order, pins=Pins(keep)
        )
        self._seeds = Seeds(
            self._propagation, patchable=patchable, findable=findable, whole_groups=whole_groups
        )
        self._plans = self._propagation.plans

    def plan(
        self,
        changes: Iterable[Change],
        diffs: Mapping[str, Diff],
        retry: Mapping[str, Iterable[Token]],
        blocked: Iterable[str] = (),
        again: str = "",
    ) -> Plan:
        """The plan for *changes*; *diffs* holds the comparison of each modified module.

        All of the module *again* is to run, if that is one of these.

        *retry* holds, for dependents that failed, the tokens for which they were to run; *blocked*
        are modules that were edited and cannot be parsed.
        """
        changes = tuple(changes)
        for name, diff in diffs.items():
            plan = ModulePlan(self._tracked[name], diff.before, diff.after, diff)
            plan.returned = frozenset(_returned(self._index, name, diff))
            self._plans[name] = plan
        # Where only bodies differ, which do the same to others, those have nothing else to see.
        others = {} if self._only_bodies(diffs) else diffs
        before = Before(self._index, self._tracked, others, self._plans) if others else None
        import_order = ImportOrder(self._index, self._order, others)
        for name, diff in diffs.items():
            diff.carry_began()
            self._index.put(name, diff.after)
        self._look_ahead(diffs)
        for name in diffs:
            self._seeds.plant(self._plans[name])
        for number in range(len(diffs[again].after.statements) if again else 0):
            self._propagation.reach(self._plans[again], number, AGAIN)
        for name, source in self._ahead.items():
            self._seeds.comes_to_be(name, len(source.statements))
        import_order.follow(self._propagation)
        arrivals = pair_moved(self._plans.values(), self._ahead) if others else {}
        if before is not None:
            before.fill_again(self._propagation)
            before.set_again(self._propagation)
        self._retry(retry)
        self._propagation.run()
        sets = changesets(
            self._plans,
            diffs.keys(),
            frozenset(blocked),
            order=self._order,
            imports_new=self._imports_new,
            tied=[*self._propagation.tied, *import_order.tied({*diffs, *blocked})],
            setting=self._setting() if others else (),
        )
        causes = self._propagation.causes
        alone = frozenset(self._seeds.alone)
        return Plan(changes, dict(self._plans), tuple(sets), causes, arrivals, again, alone)

    def follow(self, tokens: Iterable[Token]) -> list[ModulePlan]:
        """What may run if *tokens* change, in the order in which the modules were imported."""
        for token in tokens:
            self._propagation.push(token)
        self._propagation.run()
        return sorted(self._plans.values(), key=lambda plan: plan.tracked.order)

    def _only_bodies(self, diffs: Mapping[str, Diff]) -> bool:
        """Is nothing edited but bodies of functions, and do these use and fill what they did?"""
        return all(
            not diff.dropped
            and all(pair.how == "body" for pair in diff.edited)
            and self._index.modules[name].changed_in(diff.after) is not None
            for name, diff in diffs.items()
        )

    def _look_ahead(self, diffs: Mapping[str, Diff]) -> None:
        """Index the modules that edited statements will import for the first time."""
        edited = {(name, pair.new) for name, diff in diffs.items() for pair in diff.edited}
        todo = [*edited]
        while todo:
            for name in self._index.imports.by_statement(todo.pop()):
                todo += self._ahead_of(name)
            for callers, name in () if todo else self._imported_in_calls(edited):
                found = self._ahead_of(name)
                if found:
                    todo += found
                    self._order.add_late(callers, name)

    def _ahead_of(self, name: str) -> list[StatementId]:
        """Index the module *name* if it is not loaded and can be; its statements."""
        source = None if self._index.names.is_module(name) else self._source_of(name)
        if source is None:
            return []
        self._index.put(name, source)
        self._ahead[name] = source
        return [(name, number) for number in range(len(source.statements))]

    def _imported_in_calls(
        self, edited: AbstractSet[StatementId]
    ) -> Iterator[tuple[set[StatementId], str]]:
        """What functions may import for the first time now, with the statements that call them.

        Of those that were not *edited*, some that call a function which was.
        """
        for user, name in self._index.imports.by_functions():
            if self._may_be_new(name):
                module, _, qualname = user
                home = module, self._index.modules[module].functions[qualname][0]
                callers = Walk(self._index, calls_only=True).from_user(user)
                callers = callers if home in edited else callers & edited
                if callers:
                    yield callers, name

    def _may_be_new(self, name: str) -> bool:
        """May it be a module of the user's that is not loaded?"""
        names, (package, _, _) = self._index.names, name.rpartition(".")
        if names.is_module(name):
            return False
        entry = self._index.modules.get(package)
        return entry.package == package if entry is not None else not names.is_module(package)

    def _retry(self, retry: Mapping[str, Iterable[Token]]) -> None:
        """Statements of dependents that were to run and failed are still to run."""
        for name, tokens in retry.items():
            if name not in self._index.modules:
                continue
            for token in tokens:
                for statement in self._index.reached(token):
                    if statement[0] == name:
                        self._propagation.reach_at(statement, RETRIED)

    def _setting(self) -> list[set[str]]:
        """For each attribute that planned statements of several modules set, these modules."""
        setters = self._index.filling.setters().values()
        found = [
            {m for m, n in of if m in self._plans and n in self._plans[m].run} for of in setters
        ]
        return [modules for modules in found if len(modules) > 1]

    def _imports_new(self, name: str) -> bool:
        """Does an edited module import one that is not loaded and that can be found?"""
        return any(map(self._findable, self._index.imports.missing(name)))


def _returned(index: Index, module: str, diff: Diff) -> Iterator[tuple[int, str]]:
    """The names that dropped imports had given a module back; *index* holds the old sources."""
    for number in diff.dropped:
        statement = diff.before.statements[number]
        for name in statement.binds if statement.fragment.kind == "import" else ():
            if gives_back(index.names.source_of, module, diff.before, number, name):
                yield number, name
