"""What to do to each module, in which order, and why.

In come `Change`s and the index of who uses what; out goes a `Plan`. Planning reads; it never
imports, runs or writes. It is pessimistic: a statement is planned if it *may* be reached, with the
tokens (`reach.index`) that would reach it. What runs in the end is decided by the engine, by what
really changed, except for groups: those are decided here, since a group has to start with its
first statement.
"""

from __future__ import annotations

import ast
import functools
import itertools
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from .changes import Change
from .diff import Diff, Pair, diff_class_texts
from .graph import ImportGraph, RunOrder
from .live import is_class
from .modules import TrackedModule
from .reach.index import Entity, Index, StatementId, Target, Token
from .reach.summary import Summary, summarize
from .source import Source, Statement

__all__ = ["Changeset", "ModulePlan", "Plan", "Planner", "Recoded", "Step"]

EDITED, ADDED, WHOLE = "edited", "added", "whole module"
OWN_REASONS = frozenset({EDITED, ADDED})
"""Words for why a statement runs that have to do with its own text; others are of its group."""
PIN = "# reload: keep"


@dataclass(frozen=True, slots=True)
class Recoded:
    """A function that is to get other code, as its body was edited or it stands elsewhere.

    Attributes:
        edited: its body differs, not only its place.
        lineno: 1-based line, in the old source, on which its code starts.
    """

    qualname: str
    edited: bool
    lineno: int
    code: types.CodeType


@dataclass(slots=True)
class ModulePlan:
    """What a reload may do to one module.

    Attributes:
        before, after: the source that last ran, and the one that is to run.
        diff: None for a module that was not edited.
        run: planned statements of *after*; the reasons are tokens, or words where it runs whatever
            else happens.
        patch: pairs of which only bodies differ and whose live functions can be patched.
        origins: for statements that define what another module defined before, where it is.
        dropped: names that the source no longer binds.
        pinned: statements that are kept by the user's word.
        anew: statements of which nothing is kept, whatever it was made of.
        recoded: for statements of *patch*, the functions that are to get other code.
    """

    tracked: TrackedModule
    before: Source
    after: Source
    diff: Diff | None = None
    run: dict[int, set[Token | str]] = field(default_factory=dict)
    patch: dict[int, Pair] = field(default_factory=dict)
    origins: dict[int, StatementId] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    dropped_statements: tuple[int, ...] = ()
    pinned: set[int] = field(default_factory=set)
    anew: set[int] = field(default_factory=set)
    filled: dict[str, set[str]] = field(default_factory=dict)
    recoded: dict[int, tuple[Recoded, ...]] = field(default_factory=dict)

    @property
    def drops(self) -> bool:
        """Whether statements are gone, and with them what they had bound, set or annotated."""
        return bool(self.dropped or self.dropped_statements)

    @property
    def name(self) -> str:
        """The module's absolute name."""
        return self.tracked.name

    def partner(self, number: int) -> int | None:
        """The statement of *before* that statement *number* of *after* stands for."""
        return self.diff.partner(number) if self.diff is not None else number

    def forced(self, number: int) -> bool:
        """Does the statement run whatever else happens?"""
        return any(isinstance(reason, str) for reason in self.run.get(number, ()))

    def why(self, number: int) -> tuple[str, ...]:
        """The reasons for which a statement is planned, for people."""
        return tuple(sorted({explain(reason) for reason in self.run.get(number, ())}))


def explain(reason: Token | str) -> str:
    """A reason as a person would say it."""
    if isinstance(reason, str):
        return reason
    kind, module, *names = reason
    name = ".".join(names)
    return f"uses {module}.{name}" if kind != "code" else f"calls {module}.{name}"


@dataclass(frozen=True, slots=True)
class Step:
    """What a plan does to a module.

    Attributes:
        action: ``skip`` (nothing that runs differs), ``patch`` (only bodies of functions differ),
            or ``reload`` (statements run again).
        because: reasons in words, the statements they hold for in front.
    """

    module: str
    path: str
    action: Literal["skip", "patch", "reload"]
    because: tuple[str, ...] = ()

    def __str__(self) -> str:
        reasons = f": {'; '.join(self.because)}" if self.because else ""
        return f"{self.action} {self.module}{reasons}"


@dataclass(frozen=True, slots=True)
class Changeset:
    """Modules that succeed or fail together: one transaction.

    Attributes:
        edited: one of them was edited at least; otherwise a dependent on its own.
        blocked: one of them cannot be parsed, so all keep their old versions.
    """

    modules: tuple[str, ...]
    edited: bool
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a reload would do, in order.

    Attributes:
        steps: a step a module.
        changes: what they answer to.
        modules: the details, by module.
        sets: which modules succeed or fail together, in the order in which they run.
    """

    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    modules: Mapping[str, ModulePlan] = field(default_factory=dict)
    sets: tuple[Changeset, ...] = ()

    def __bool__(self) -> bool:
        return any(step.action != "skip" for step in self.steps)

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps)) or "nothing to reload"


class Planner:
    """Plans one reload.

    *patchable* tells of a module plan and a pair of which only bodies differ whether the live
    functions can be patched; *keep* are patterns ``"pkg.mod:NAME"``; *findable* tells whether an
    import would find a module that is not loaded, *source_of* what it would run if that is the
    user's.
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
    ) -> None:
        self.findable = findable
        self.source_of = source_of
        self.index = index
        self.tracked = tracked
        self.patchable = patchable
        self.keep = tuple(keep)
        self.plans: dict[str, ModulePlan] = {}
        # Modules that are not loaded and that edited statements will import, which runs all of them.
        self.ahead: dict[str, Source] = {}
        self.tokens: deque[Token] = deque()
        self.known: set[Token] = set()
        self.grown: set[Target] = set()
        self.readers: dict[Target, set[StatementId]] = {}
        self.producers: dict[Token, StatementId | None] = {}

    def plan(
        self,
        changes: Iterable[Change],
        diffs: Mapping[str, Diff],
        retry: Mapping[str, Iterable[Token]],
        blocked: Iterable[str] = (),
    ) -> Plan:
        """The plan for *changes*; *diffs* holds the comparison of each modified module.

        *retry* holds, for dependents that failed, the tokens for which they were to run; *blocked*
        are modules that were edited and cannot be parsed.
        """
        changes = tuple(changes)
        for name, diff in diffs.items():
            self.plans[name] = ModulePlan(self.tracked[name], diff.before, diff.after, diff)
        refills = self._fills_before(diffs)
        filled = dict(self.index.fillers()) if self._fills_otherwise(diffs) else None
        lost = self._sets_before(diffs)
        before = self._run_order() if any(map(_edits_imports, diffs.values())) else None
        for name, diff in diffs.items():
            self.index.put(name, diff.after)
        self._look_ahead(diffs)
        for name in diffs:
            self._seed(self.plans[name])
        for name, source in self.ahead.items():
            for number in range(len(source.statements)):
                self._added(name, number)
        if before is not None:
            self._follow_order(before)
        self._pair_moved()
        if filled is not None:
            refills += self._filled_otherwise(filled)
        for target in refills:
            self._force_group(target, "a filler was changed or dropped")
        self._set_again(lost, diffs)
        self._retry(retry)
        self._propagate()
        sets = tuple(self._sets(set(diffs), frozenset(blocked)))
        return Plan(tuple(self._steps(changes)), changes, dict(self.plans), sets)

    def _retry(self, retry: Mapping[str, Iterable[Token]]) -> None:
        """Statements of dependents that were to run and failed are still to run."""
        for name, tokens in retry.items():
            if name not in self.index.modules:
                continue
            for token in tokens:
                for statement in self.index.reached(token):
                    if statement[0] == name:
                        self._reach_at(statement, "its last run failed")

    def follow(self, tokens: Iterable[Token]) -> list[ModulePlan]:
        """What may run if *tokens* change, in the order in which the modules were imported."""
        for token in tokens:
            self._push(token)
        self._propagate()
        return sorted(self.plans.values(), key=lambda plan: plan.tracked.order)

    # Seeds: what the edit itself says --------------------------------------------------------

    def _look_ahead(self, diffs: Mapping[str, Diff]) -> None:
        """Index the modules that edited statements will import for the first time."""
        todo = [(name, pair.new) for name, diff in diffs.items() for pair in diff.edited()]
        while todo:
            for name in self.index.imported_by(todo.pop()):
                if self.index.is_module(name):
                    continue
                source = self.source_of(name)
                if source is not None:
                    self.index.put(name, source)
                    self.ahead[name] = source
                    todo += [(name, number) for number in range(len(source.statements))]

    def _fills_before(self, diffs: Mapping[str, Diff]) -> list[Target]:
        """Objects filled by statements that an edit drops or changes, by the sources before."""
        gone = _gone(diffs)
        if not gone:
            return []
        targets = [t for t, found in self.index.fillers().items() if found & gone]
        for name, diff in diffs.items():
            entry = self.index.modules[name]
            for number in diff.dropped:
                targets += [
                    (name, bound, "")
                    for bound in diff.before.statements[number].binds
                    if len(entry.bindings.get(bound, ())) > 1
                ]
                targets += self._made_by_others(name, number)
        return targets

    def _fills_otherwise(self, diffs: Mapping[str, Diff]) -> bool:
        """Do functions come to fill other objects by the edit when they are called?"""
        for name, diff in diffs.items():
            before = self.index.modules[name].summaries
            if any(_fills(before[number]) for number in diff.dropped):
                return True
            for pair in diff.edited():
                if pair.old is not None:
                    was = before[pair.old]
                    fragment = diff.after.statements[pair.new].fragment
                    if _fills(was) != _fills(summarize(fragment, postponed=was.postponed)):
                        return True
        return False

    def _filled_otherwise(self, before: Mapping[Target, set[StatementId]]) -> Iterator[Target]:
        """Objects that statements which stay fill now and did not *before*, or the other way."""
        fillers = self.index.fillers()
        places = {
            name: {pair.old: pair.new for pair in plan.diff.pairs if pair.old is not None}
            for name, plan in self.plans.items()
            if plan.diff is not None
        }
        for target, members in before.items():
            stay = {
                (module, places[module].get(old) if module in places else old)
                for module, old in members
            }
            found = fillers.get(target, set())
            known = {member for member in found if self._formerly(member) is not None}
            if {member for member in stay if member[1] is not None} != known:
                yield target

    def _sets_before(self, diffs: Mapping[str, Diff]) -> list[tuple[Entity, str]]:
        """The attributes that statements had set which an edit drops or changes."""
        gone = _gone(diffs)
        return [found for found, setters in self.index.setters().items() if setters & gone]

    def _set_again(self, attributes: list[tuple[Entity, str]], diffs: Mapping[str, Diff]) -> None:
        """Where what set an attribute last is gone, what others set counts again."""
        edited = {(name, pair.new) for name, diff in diffs.items() for pair in diff.edited()}
        for attribute in attributes:
            setters = self.index.setters().get(attribute, set())
            if not setters & edited:
                for setter in setters:
                    self._reach_at(setter, f"what set {attribute[1]} later is gone")

    def _made_by_others(self, name: str, number: int) -> Iterator[Target]:
        """Instances of which a statement set an attribute: only their makers know what it was."""
        for path in self.index.modules[name].summaries[number].now.sets:
            for entity, _ in self.index.attributes_set(name, path):
                value = self.tracked[entity[0]].namespace.get(entity[1])
                if not is_class(value) and type(value) is not types.FunctionType:
                    yield (*entity, "")

    def _seed(self, plan: ModulePlan) -> None:
        diff = plan.diff
        assert diff is not None
        for pair in diff.edited():
            if pair.how == "body" and self.patchable(plan, pair):
                plan.patch[pair.new] = pair
                for edit in pair.bodies:
                    self._push(("code", plan.name, edit.qualname), (plan.name, pair.new))
                continue
            if self._is_pinned(plan, pair.new) and pair.old is not None:
                plan.pinned.add(pair.new)
                continue
            self._reach(plan, pair.new, ADDED if pair.how == "new" else EDITED, group=False)
            if pair.how == "new":
                self._added(plan.name, pair.new)
            else:
                self._force_groups_of(plan, pair.new)
        self._order_of_groups(plan)
        self._try_imports_again(plan)
        bound_now = self.index.modules[plan.name].bindings
        # What stands for itself at the start and the end binds what it bound.
        middle = plan.before.statements[diff.head : len(plan.before.statements) - diff.tail]
        gone = [n for s in middle for n in s.binds if n not in bound_now and n != "*"]
        gone = [n for n in gone if not self._comes_by_star(plan, n)]
        plan.dropped = tuple(dict.fromkeys(gone))
        plan.dropped_statements = diff.dropped
        for name in plan.dropped:
            self._push(("bind", plan.name, name))
        for number in diff.dropped:
            for name in plan.before.statements[number].binds:
                if name == "*":
                    for given in plan.tracked.stars.get(number, ()):
                        self._push(("bind", plan.name, given))
                        for binder in bound_now.get(given, ())[-1:]:
                            self._reach(plan, binder, f"{given} is left to it")
                    for star in self.index.modules[plan.name].bindings.get("*", ()):
                        self._reach(plan, star, "another star-import was dropped")
                elif name in bound_now:
                    self._push(("bind", plan.name, name))

    def _try_imports_again(self, plan: ModulePlan) -> None:
        """``try: import fast / except ImportError: ...`` runs again once there is a ``fast``."""
        for number, statement in enumerate(plan.after.statements):
            fragment = statement.fragment
            if fragment.kind != "other" or "import " not in fragment.text or number in plan.run:
                continue
            node = fragment.parse()[0]
            if not isinstance(node, ast.Try) or self._is_pinned(plan, number):
                continue
            missing = set(self.index.missing_imports(plan.name))
            for target in self._imported_by(plan, node.body):
                if target in missing and self.findable(target):
                    self._reach(plan, number, f"{target} can be imported now")

    def _imported_by(self, plan: ModulePlan, body: Iterable[ast.stmt]) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield self.index.absolute(plan.name, node.module or "", node.level)

    def _comes_by_star(self, plan: ModulePlan, name: str) -> bool:
        """Is a name that lost its own statement bound by a star-import now? Then that runs."""
        entry = self.index.modules[plan.name]
        if not any(self.index.binds(star, name) for star in entry.stars):
            return False
        for number in entry.bindings.get("*", ()):
            self._reach(plan, number, f"{name} is left to it")
        self._push(("bind", plan.name, name))
        return True

    def _added(self, module: str, number: int) -> None:
        """A new statement: groups run again unless it comes after all of theirs."""
        me = (module, number)
        for target, members in self._groups_of(module, number):
            others = members - {me}
            if any(not self._is_new(m) and not self._before(m, me) for m in others):
                self._force_group(target, "a filler was put between others")
            else:
                self._push_content(target, me)

    def _is_new(self, member: StatementId) -> bool:
        if member[0] in self.ahead:
            return True
        plan = self.plans.get(member[0])
        return plan is not None and plan.run.get(member[1], set()) == {ADDED}

    def _before(self, one: StatementId, other: StatementId) -> bool:
        """Does statement *one* run before *other*, as far as the order of imports tells?"""
        if one[0] == other[0]:
            return one[1] < other[1]
        return self.order.place(*one) < self.order.place(*other)

    def _is_past(self, statement: StatementId, producer: StatementId) -> bool:
        """Has *statement* run for certain when *producer* runs?"""
        if statement[0] == producer[0]:
            return statement[1] < producer[1]
        if producer[0] in self.graph.descendants(statement[0]):
            if producer[0] not in self.graph_at_once.descendants(statement[0]):
                return False  # a function imports it, whenever it is called
        return self._before(statement, producer)

    @functools.cached_property
    def graph(self) -> ImportGraph:
        """Who imports whom, by the sources that are to run."""
        return ImportGraph(self.index.imports())

    @functools.cached_property
    def graph_at_once(self) -> ImportGraph:
        """Whom the statements of each module import themselves."""
        imports = self.index.imports_at_once()
        return ImportGraph({n: [target for _, target in found] for n, found in imports.items()})

    @functools.cached_property
    def order(self) -> RunOrder:
        """In which order statements run where all is imported anew, by the sources that are to run."""
        return self._run_order()

    def _run_order(self) -> RunOrder:
        started = {name: self._started(name) for name in self.index.modules}
        return RunOrder(self.index.imports_at_once(), started)

    def _started(self, name: str) -> int:
        """In which order the imports of the modules began."""
        return sys.maxsize if name in self.ahead else self.tracked[name].order

    def _follow_order(self, before: RunOrder) -> None:
        """Where imports come in another order than *before*, so does what they fill and set."""
        if before.finished == [n for n in self.order.finished if n not in self.ahead]:
            return

        def moved(members: Iterable[StatementId]) -> bool:
            """Do statements that were there before run in another order?"""
            known = [(m, old) for m in members if (old := self._formerly(m)) is not None]
            known.sort(key=lambda pair: before.place(*pair[1]))
            places = [self.order.place(*new) for new, _ in known]
            return places != sorted(places)

        why = "the order of imports changed"
        for target, fillers in list(self.index.fillers().items()):
            if moved(fillers):
                self._force_group(target, why)
            for reader in self._users_of(target) - fillers - self._makers(target):
                if any(moved((reader, filler)) for filler in fillers if filler[0] != reader[0]):
                    self._plan_of(reader[0]).anew.add(reader[1])
                    self._reach_at(reader, why)
        for setters in self.index.setters().values():
            if moved(setters):
                for setter in setters:
                    self._reach_at(setter, why)

    def _formerly(self, statement: StatementId) -> StatementId | None:
        """The statement of the sources before that a statement stands for."""
        module, number = statement
        if module in self.ahead:
            return None
        plan = self.plans.get(module)
        partner = number if plan is None else plan.partner(number)
        return None if partner is None else (module, partner)

    def _order_of_groups(self, plan: ModulePlan) -> None:
        """Groups whose members stand in another order than before run again."""
        diff = plan.diff
        assert diff is not None
        olds = [pair.old for pair in diff.middle if pair.old is not None]
        if olds == sorted(olds):
            return
        for name, numbers in self.index.modules[plan.name].bindings.items():
            if len(numbers) > 1:
                self._if_reordered(plan, numbers, (plan.name, name, ""))
        for target, members in self.index.fillers().items():
            here = sorted(
                number
                for module, number in {*members, *self._makers(target)}
                if module == plan.name
            )
            self._if_reordered(plan, here, target)

    def _if_reordered(self, plan: ModulePlan, numbers: list[int], target: Target) -> None:
        """Run a group again of which members changed places, and what reads it elsewhere now."""
        olds = {n: old for n in numbers if (old := plan.partner(n)) is not None}
        if list(olds.values()) != sorted(olds.values()):
            self._force_group(target, "the order changed")
        for module, number in self._users_of(target):
            before = plan.partner(number) if module == plan.name else None
            if before is not None and number not in olds:
                if any((n < number) != (old < before) for n, old in olds.items()):
                    plan.anew.add(number)
                    self._reach(plan, number, f"it reads {target[1]} at another place")

    def _pair_moved(self) -> None:
        """Definitions that one edited module dropped and another gained are the same objects."""
        gone: dict[tuple[str, object], list[StatementId]] = {}
        edited = [(plan, plan.diff) for plan in self.plans.values() if plan.diff is not None]
        for plan, diff in edited:
            lost = set(diff.dropped)
            lost.update(
                pair.old
                for pair in diff.edited()
                if pair.how == "changed"
                and pair.old is not None
                and plan.before.statements[pair.old].fragment.kind
                != plan.after.statements[pair.new].fragment.kind
            )
            for number in lost:
                key = _identity(plan.before.statements[number])
                if key is not None:
                    gone.setdefault(key, []).append((plan.name, number))
        if not gone:
            return
        for plan, diff in edited:
            for pair in diff.edited():
                statement = plan.after.statements[pair.new]
                key = _identity(statement)
                old = None if pair.old is None else plan.before.statements[pair.old]
                if key is None or (
                    old is not None and old.fragment.kind == statement.fragment.kind
                ):
                    continue
                found = gone.get(key, [])
                found = [f for f in found if f[0] != plan.name]
                if len(found) == 1:
                    plan.origins[pair.new] = found[0]

    # Propagation -----------------------------------------------------------------------------

    def _push(self, token: Token, producer: StatementId | None = None) -> None:
        """Follow *token*; only statements that run after *producer* can see what it says."""
        if token not in self.known:
            self.known.add(token)
            self.tokens.append(token)
            self.producers[token] = producer
            return
        known = self.producers[token]
        if known is not None and known != producer:
            if producer is None or self._before(producer, known):
                self.producers[token] = producer
                self.tokens.append(token)

    def _push_content(self, target: Target, producer: StatementId | None = None) -> None:
        module, name, attr = target
        if attr:
            self._push(("attr", module, name, attr), producer)
        else:
            self._push(("content", module, name), producer)

    def _propagate(self) -> None:
        while True:
            while self.tokens:
                token = self.tokens.popleft()
                producer = self.producers[token]
                if token[0] == "code" and token[2] == "__getattr__":
                    for name in self.index.asked_for(token[1]):
                        self._push(("bind", token[1], name), producer)
                for statement in self.index.reached(token):
                    if producer is None or not self._is_past(statement, producer):
                        self._reach_at(statement, token)
            if not self._reach_whole_modules():
                return

    def _reach_whole_modules(self) -> bool:
        """Where it cannot be told what a module does, all of it runs if any of it may."""
        grew = False
        for name, plan in list(self.plans.items()):
            active = plan.run or plan.patch or plan.drops
            if active and self.index.whole(name):
                for number in range(len(plan.after.statements)):
                    if WHOLE not in plan.run.get(number, ()) and not self._is_pinned(plan, number):
                        grew = True
                        plan.anew.add(number)
                        self._reach(plan, number, WHOLE)
                for used in self.index.used_names(name):
                    self._push(("bind", name, used))
                    self._push(("content", name, used))
        return grew

    def _plan_of(self, module: str) -> ModulePlan:
        plan = self.plans.get(module)
        if plan is None:
            source = self.index.modules[module].source
            plan = self.plans[module] = ModulePlan(self.tracked[module], source, source)
        return plan

    def _reach_at(self, statement: StatementId, reason: Token | str) -> None:
        """`_reach`, but for modules that are yet to be imported: those run anyway."""
        if statement[0] not in self.ahead:
            self._reach(self._plan_of(statement[0]), statement[1], reason)

    def _reach(
        self, plan: ModulePlan, number: int, reason: Token | str, *, group: bool = True
    ) -> None:
        """Plan a statement for *reason*, and what follows from that it runs."""
        known = plan.run.get(number)
        if known is None and self._is_pinned(plan, number) and reason != ADDED:
            plan.pinned.add(number)
            return
        if isinstance(reason, tuple) and reason[0] == "bind":
            for name in self._imported_as(plan, number, reason[2]):
                self._push(("bind", plan.name, name), (plan.name, number))
        if "*" in plan.after.statements[number].binds:
            # What a star-import of the module gives, with or without an __all__ of its own.
            self._push(("content", plan.name, "__all__"), (plan.name, number))
        if known is not None:
            known.add(reason)
            if not isinstance(reason, str) or any(isinstance(r, str) for r in known - {reason}):
                return
        plan.run.setdefault(number, set()).add(reason)
        statement = plan.after.statements[number]
        if statement.fragment.kind == "import" and isinstance(reason, tuple):
            return
        for token in self._produces(plan, number):
            self._push(token, (plan.name, number))
        if group:
            self._force_groups_of(plan, number)
        self._force_groups_read(plan, number)

    def _force_groups_read(self, plan: ModulePlan, number: int) -> None:
        """A statement that reads an object before all its fillers have run sees it half filled."""
        me = (plan.name, number)
        for target, fillers in self.index.fillers().items():
            if me in fillers or me not in self._users_of(target) or me in self._makers(target):
                continue
            if any(self._is_past(me, filler) for filler in fillers):
                self._force_group(target, "it is read before it is filled")
                why = f"reads {target[1]} while it is filled"
                if why not in plan.run[number]:
                    plan.anew.add(number)
                    self._reach(plan, number, why)
        entry = self.index.modules[plan.name]
        for path in entry.summaries[number].now.paths:
            binders = entry.bindings.get(path[0], [])
            if entry.is_import(path[0]) or not binders or number >= max(binders):
                continue
            why = "it is read before it is bound again"
            if min(binders) < number:
                self._force_group((plan.name, path[0], ""), why)
            elif min(binders) > number:
                for star in self._stars_with(plan.name, path[0]):
                    if star < number:
                        self._reach(plan, star, why)
                        self._reach(plan, binders[0], why)

    def _stars_with(self, module: str, name: str) -> Iterator[int]:
        """The star-imports of *module* that bind *name*."""
        for number in self.index.modules[module].bindings.get("*", ()):
            targets = self.index.star_targets(module, number)
            if any(self.index.binds(target, name) for target in targets):
                yield number

    def _users_of(self, target: Target) -> set[StatementId]:
        """The statements that use what a filled object holds."""
        if target not in self.readers:
            module, name, attr = target
            token = ("attr", module, name, attr) if attr else ("content", module, name)
            self.readers[target] = self.index.reached(token)
        return self.readers[target]

    def _imported_as(self, plan: ModulePlan, number: int, name: str) -> Iterator[str]:
        """The names under which a statement imports *name* from another module."""
        for imported in self.index.modules[plan.name].summaries[number].imports:
            if imported.name == name:
                yield imported.alias
            elif imported.name == "*":
                yield name

    def _produces(self, plan: ModulePlan, number: int) -> Iterator[Token]:
        """What may have changed once the statement has run."""
        statement = plan.after.statements[number]
        partner = plan.partner(number)
        old = None if partner is None else plan.before.statements[partner]
        kind = statement.fragment.kind
        if old is not None and old.fragment.kind == kind == "class":
            yield from self._class_tokens(plan, number, old, statement)
        elif old is not None and old.fragment.kind == kind == "def":
            yield "code", plan.name, statement.binds[0]
            if "@" in old.fragment.text or "@" in statement.fragment.text:
                yield "bind", plan.name, statement.binds[0]
        else:
            for name in statement.binds:
                if name == "*":
                    for given in self._star_names(plan, number):
                        yield "bind", plan.name, given
                else:
                    yield "bind", plan.name, name
                    yield "content", plan.name, name
                    if kind != "import" and is_class(plan.tracked.namespace.get(name)):
                        yield "head", plan.name, name
        now = self.index.modules[plan.name].summaries[number].now
        for name in now.binds_global:
            yield "bind", plan.name, name
        for path in now.sets:
            for (module, name), attr in self.index.attributes_set(plan.name, path):
                yield "attr", module, name, attr

    def _star_names(self, plan: ModulePlan, number: int) -> set[str]:
        """What a star-import has bound and what it may bind now, from another module perhaps."""
        partner = plan.partner(number)
        names = set(plan.tracked.stars.get(partner, ()) if partner is not None else ())
        targets = self.index.star_targets(plan.name, number)
        if not all(map(self.index.knows, targets)):
            names.update(self.index.used_names(plan.name))
        return names.union(*map(self.index.public_names, targets))

    def _class_tokens(
        self, plan: ModulePlan, number: int, old: Statement, new: Statement
    ) -> Iterator[Token]:
        name = new.binds[0]
        diff = diff_class_texts(old.fragment.text, new.fragment.text)
        if diff is None:
            yield "head", plan.name, name  # several on one line
            return
        if diff.head:
            yield "head", plan.name, name
        elif "__slots__" in diff.attrs:
            yield "layout", plan.name, name
        if diff.head or diff.names or diff.attrs:
            yield "shape", plan.name, name
        for attr in diff.bodies:
            yield "code", plan.name, f"{name}.{attr}"
        info = self.index.modules[plan.name].summaries[number].classes.get(name)
        values = info.values if info is not None else {}
        for attr in {*diff.attrs, *(a for a, unit in values.items() if unit.paths)}:
            yield "attr", plan.name, name, attr
            yield "code", plan.name, f"{name}.{attr}"
        if info is not None and (info.decorated or info.bases):
            yield "shape", plan.name, name
            # What else others have put into it cannot be told, but what is used of it can.
            for attr in {rest[0] for _, _, rest in self.index.users((plan.name, name)) if rest}:
                yield "attr", plan.name, name, attr

    # Groups ----------------------------------------------------------------------------------

    def _makers(self, target: Target) -> set[StatementId]:
        module, name, _ = target
        entry = self.index.modules.get(module)
        if entry is None:
            return set()
        binders = entry.bindings.get(name, [])
        if binders and name in entry.summaries[binders[0]].augments:
            binders = [*entry.bindings.get("*", ()), *binders]
        return {(module, number) for number in binders}

    def _groups_of(self, module: str, number: int) -> Iterator[tuple[Target, set[StatementId]]]:
        """The groups that a statement belongs to, with their members."""
        me = (module, number)
        entry = self.index.modules[module]
        for name in entry.source.statements[number].binds:
            makers = self._makers((module, name, ""))
            kinds = {entry.source.statements[n].fragment.kind for _, n in makers}
            if len(makers) > 1 and kinds != {"import"}:
                yield (module, name, ""), makers
        fillers = self.index.fillers()
        bound = [*entry.source.statements[number].binds, *entry.summaries[number].now.binds_global]
        made = (self.index.filled_under((module, name)) for name in bound)
        for target in dict.fromkeys([*self.index.filled_by(me), *itertools.chain(*made)]):
            yield target, fillers[target] | self._makers(target)

    def _force_groups_of(self, plan: ModulePlan, number: int) -> None:
        for target, _ in self._groups_of(plan.name, number):
            self._force_group(target, "")

    def _force_group(self, target: Target, why: str) -> None:
        """All members of the group run again, from the first one on."""
        if target in self.grown:
            return
        self.grown.add(target)
        module, name, attr = target
        entry = self.index.modules.get(module)
        if entry is None:
            return
        makers = self._makers(target)
        fillers = self.index.fillers().get(target, set())
        if (attr or fillers or why) and module not in self.ahead:
            self._plan_of(module).filled.setdefault(name, set()).add(attr)
        members = makers | fillers
        if len(makers) < 2 and not fillers and not why:
            return
        shown = f"{name}.{attr}" if attr else name
        reason = f"fills {shown}" if fillers else why or f"binds {shown}"
        for member in sorted(members, key=lambda m: (self._started(m[0]), m[1])):
            self._reach_at(member, reason)
        self._push_content(target)

    # Pins --------------------------------------------------------------------------------------

    def _is_pinned(self, plan: ModulePlan, number: int) -> bool:
        statement = plan.after.statements[number]
        if has_pin(plan.after, statement):
            return True
        return any(
            fnmatchcase(f"{plan.name}:{name}", pattern)
            for pattern in self.keep
            for name in statement.binds
        )

    # Outcome -----------------------------------------------------------------------------------

    def _steps(self, changes: tuple[Change, ...]) -> Iterator[Step]:
        for change in changes:
            if change.module not in self.plans:
                yield Step(change.module, change.path, "skip", (change.kind,))
        for plan in sorted(self.plans.values(), key=lambda p: p.tracked.order):
            yield self._step(plan)

    @staticmethod
    def _step(plan: ModulePlan) -> Step:
        because = [
            f"{plan.after.statements[n].label} ({', '.join(plan.why(n))})" for n in sorted(plan.run)
        ]
        because += [f"{name} dropped" for name in plan.dropped]
        bodies = [edit.qualname for pair in plan.patch.values() for edit in pair.bodies]
        action: Literal["reload", "patch", "skip"]
        if plan.run or plan.drops:
            action = "reload"
        else:
            action = "patch" if bodies else "skip"
        return Step(plan.name, plan.tracked.path, action, (*bodies, *because))

    def _sets(self, edited: set[str], blocked: frozenset[str]) -> Iterator[Changeset]:
        """Edited modules that depend on each other, and what lies between, succeed together.

        So do modules of one group: its statements only make sense together.
        """
        core = edited | blocked
        core |= {name for name, plan in self.plans.items() if any(map(plan.forced, plan.run))}
        core -= {name for name in core - edited if self._only_retried(name)}
        if len(core) == 1 and core == self.plans.keys() and not blocked:
            yield Changeset(tuple(core), edited=True)
            return
        graph = self.graph
        together = {name: {name} for name in core}
        for name in sorted(core):
            for other in graph.descendants(name) & core - {name}:
                _union(together, name, other)
        for name, plan in self.plans.items():
            for origin, _ in plan.origins.values():
                _union(together, name, origin)
        for name in edited:
            if self._imports_new(name):  # which may import any of the others
                for other in edited:
                    _union(together, name, other)
        rest = [name for name in self.plans if name not in together]
        groups: list[set[str]] = []
        for group in {id(group): group for group in together.values()}.values():
            between = {
                name
                for name in rest
                if graph.descendants(name) & group and graph.ancestors(name) & group
            }
            groups.append(group | between)
            rest = [name for name in rest if name not in between]
        started = {name: self.tracked[name].order for name in (*self.plans, *blocked)}
        finished = {name: number for number, name in enumerate(self.order.finished)}
        groups.sort(key=lambda group: max(finished[name] for name in group))
        for group in groups:
            names = tuple(sorted(group - blocked, key=started.__getitem__))
            yield Changeset(names, edited=True, blocked=bool(group & blocked))
        for name in sorted(rest, key=finished.__getitem__):
            yield Changeset((name,), edited=False)

    def _imports_new(self, name: str) -> bool:
        """Does an edited module import one that is not loaded and that can be found?"""
        return any(map(self.findable, self.index.missing_imports(name)))

    def _only_retried(self, name: str) -> bool:
        """Is the module forced only by its own failure before?"""
        if name not in self.plans:
            return False
        reasons = {r for found in self.plans[name].run.values() for r in found}
        return {r for r in reasons if isinstance(r, str)} == {"its last run failed"}


def _gone(diffs: Mapping[str, Diff]) -> set[StatementId]:
    """The statements, of the sources before, that an edit drops or changes."""
    dropped = {(name, number) for name, diff in diffs.items() for number in diff.dropped}
    changed = {
        (name, pair.old)
        for name, diff in diffs.items()
        for pair in diff.edited()
        if pair.how == "changed" and pair.old is not None
    }
    return dropped | changed


def _fills(summary: Summary) -> set[tuple[str, object]]:
    """What the functions of a statement fill, by qualname."""
    return {
        (qualname, found)
        for qualname, unit in summary.functions.items()
        for found in (
            *unit.fills,
            *unit.sets,
            *unit.binds_global,
            *(("self", attr) for attr in unit.fills_self),
            *(("class", attr) for attr in unit.fills_class),
            *(["parameters"] if unit.fills_parameters else []),
        )
    }


def _edits_imports(diff: Diff) -> bool:
    """Does an edit touch statements that import?"""
    edited = [diff.after.statements[pair.new] for pair in diff.edited()]
    edited += [diff.before.statements[number] for number in diff.dropped]
    moved = [diff.after.statements[pair.new] for pair in diff.middle]
    return any("import" in statement.fragment.text for statement in (*edited, *moved))


def _identity(statement: Statement) -> tuple[str, object] | None:
    """What makes a statement the same in another module; None where nothing does."""
    kind = statement.fragment.kind
    if kind in {"def", "class"}:
        return kind, statement.binds[0]
    if kind == "assign" and len(statement.binds) == 1:
        return kind, statement.fragment.key
    return None


def _union(groups: dict[str, set[str]], one: str, other: str) -> None:
    merged = groups.setdefault(one, {one}) | groups.setdefault(other, {other})
    for name in merged:
        groups[name] = merged


def has_pin(source: Source, statement: Statement) -> bool:
    """Does the statement's last line end in the comment that pins it?"""
    if PIN not in source.text:
        return False
    last = source.text.split("\n")[statement.end_lineno - 1]
    return last.rstrip().endswith(PIN)
