"""From what an edit changes to all the statements that may have to run.

Tokens (`reach.tokens`) come in and are followed: a statement that uses what one of them says is
planned, with the groups that it belongs to, and what may have changed once it has run is followed
in turn, until nothing is added. Out go the `ModulePlan`s, filled in place.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Collection, Container, Iterable, Mapping
from collections.abc import Set as AbstractSet

from ..modules import TrackedModule
from ..reach.index import Index
from ..reach.tokens import Entity, StatementId, Target, Token
from .groups import Groups, content_token
from .halfway import HalfFilled
from .keeping import keeps
from .order import Order
from .pins import Pins
from .produces import kept_names, produced, star_names
from .values import ADDED, Causes, Given, Grouped, Halfway, ModulePlan, Reason

__all__ = ["Propagation"]

WHOLE = "whole module"


class Propagation:
    """What is planned so far, by module, and what is yet to be followed.

    *ahead* holds the modules that are not loaded and that edited statements will import, which runs
    all of them.
    """

    def __init__(
        self,
        index: Index,
        tracked: Mapping[str, TrackedModule],
        *,
        ahead: Container[str],
        order: Order,
        pins: Pins,
    ) -> None:
        self.index = index
        self.tracked = tracked
        self.ahead = ahead
        self.order = order
        self.pins = pins
        self.groups = Groups(index, tracked)
        self._half_filled = HalfFilled(index, self.groups, order)
        self.plans: dict[str, ModulePlan] = {}
        # Modules that take off and set one attribute, which only makes sense together.
        self.tied: list[set[str]] = []
        self._tokens: deque[Token] = deque()
        # By token that was ever followed: the statement after which it holds, None for at once.
        self._producers: dict[Token, StatementId | None] = {}
        self.causes = Causes()

    def push(
        self, token: Token, producer: StatementId | None = None, *, by: Halfway | None = None
    ) -> None:
        """Follow *token*; only statements that run after *producer* can see what it says.

        *by* is the object whose content it is, where a group that runs again makes it come true.
        """
        self.causes.tokens.setdefault(token, set()).add(by or producer)
        if token not in self._producers:
            self._tokens.append(token)
            self._producers[token] = producer
            return
        known = self._producers[token]
        if known is not None and known != producer:
            if producer is None or self.order.before(producer, known):
                self._producers[token] = producer
                self._tokens.append(token)

    def push_content(
        self, target: Target, producer: StatementId | None = None, *, by: Halfway | None = None
    ) -> None:
        """Follow that a filled object holds other content, or that its name is bound anew."""
        self.push(content_token(target), producer, by=by)
        if target[:2] in self._rebound:
            self.push(("bind", *target[:2]), producer, by=by)

    def run(self) -> None:
        """Follow all tokens until nothing is added."""
        while True:
            while self._tokens:
                self._follow(self._tokens.popleft())
            if not self._reach_whole_modules():
                return

    def _follow(self, token: Token) -> None:
        """Reach what can see what *token* says.

        What has run by then may have made what sees it later: a decorated function, say.
        """
        producer = self._producers[token]
        fillers = self._fillers_of(token)
        todo = seen = self.index.reached(token)
        while todo:
            makers = []
            for statement in todo:
                is_past = producer is not None and self._is_past(statement, producer, token)
                if not is_past:
                    self.reach_at(statement, token)
                if is_past or any(self.order.before(statement, filler) for filler in fillers):
                    makers.append(statement)
            todo = set[StatementId]().union(*map(self.groups.users_of_made, makers)) - seen
            seen = seen | todo if todo else seen

    def _fillers_of(self, token: Token) -> AbstractSet[StatementId]:
        """The statements by which *token* may come true once more, each for those that follow it."""
        match token:
            case ("content", module, name):
                return self.groups.fillers((module, name, ""))
            case ("attr", module, name, attr):
                return self.groups.fillers((module, name, attr))
        return frozenset()

    def _is_past(self, statement: StatementId, producer: StatementId, token: Token) -> bool:
        """Has *statement* run for certain when *producer* has made *token* come true?

        What sets an attribute that *producer* sets, too, does not wait for it in what it calls.
        """
        if token[0] == "attr":
            _, module, name, attr = token
            if statement in self.index.filling.setters().get(((module, name), attr), ()):
                return self.order.before(statement, producer)
        return self.order.is_past(statement, producer)

    def _reach_whole_modules(self) -> bool:
        """Where it cannot be told what a module does, all of it runs if any of it does."""
        grew = False
        for name, plan in list(self.plans.items()):
            if not (plan.run or plan.patch or plan.drops) or not self.index.whole(name):
                continue
            reasons = set[Reason]().union(*plan.run.values())
            if plan.diff is not None or any(map(plan.in_any_case, plan.run)):
                reasons = {WHOLE}
            for number in range(len(plan.after.statements)):
                if reasons <= plan.run.get(number, set()) or self.pins.hold(plan, number):
                    continue
                grew = True
                plan.anew.add(number)
                if reasons == {WHOLE}:
                    self.reach(plan, number, WHOLE)
                else:
                    self._reach_with_others(plan, number, reasons)
            tokens = [("content", name, "__all__")]
            for used in self.index.used_names(name):
                tokens += ("bind", name, used), ("content", name, used)
            # Any statement that runs may bind names that none is known to, the first and the last too.
            for number in {min(plan.run, default=0), max(plan.run, default=0)}:
                for token in tokens:
                    self.push(token, (name, number))
        return grew

    def _reach_with_others(self, plan: ModulePlan, number: int, reasons: Iterable[Reason]) -> None:
        """Plan a statement that runs if all of its module does: groups in there are whole then."""
        me = (plan.name, number)
        plan.run.setdefault(number, set()).update(reasons)
        for token in produced(self.index, plan, number):
            self.push(token, me)
        seen = self._half_filled.seen_by(me)
        for target in [*(found for found, _ in self.groups.of(*me)), *seen]:
            _, name, attr = target
            members = self.groups.makers(target) | self.groups.fillers(target)
            if all(found == plan.name for found, _ in members):
                plan.filled.setdefault(name, set()).add(attr)
                continue
            self.force_group(target, "", me)
            if target in seen:
                plan.run[number].add(Halfway(target))

    def plan_of(self, module: str) -> ModulePlan:
        """The plan of a module, made if nothing of it was planned yet."""
        plan = self.plans.get(module)
        if plan is None:
            source = self.index.modules[module].source
            plan = self.plans[module] = ModulePlan(self.tracked[module], source, source)
        return plan

    def formerly(self, statement: StatementId) -> StatementId | None:
        """The statement of the sources before that *statement* stands for, None if it is new."""
        module, number = statement
        if module in self.ahead:
            return None
        plan = self.plans.get(module)
        partner = number if plan is None else plan.partner(number)
        return None if partner is None else (module, partner)

    def reach_at(self, statement: StatementId, reason: Reason) -> None:
        """`reach`, but for modules that are yet to be imported: those run anyway."""
        if statement[0] not in self.ahead:
            plan = self.plans.get(statement[0]) or self.plan_of(statement[0])
            self.reach(plan, statement[1], reason)

    def reach(self, plan: ModulePlan, number: int, reason: Reason, *, group: bool = True) -> None:
        """Plan a statement for *reason*, and what follows from that it runs."""
        known = plan.run.get(number)
        if known is None and self.pins.hold(plan, number) and reason != ADDED:
            plan.pinned.add(number)
            return
        self._follow_imports(plan, number, reason)
        if isinstance(reason, tuple) and plan.diff is None and self.index.whole(plan.name):
            self._reach_with_others(plan, number, {reason})
            return
        if known is not None:
            self._reach_once_more(plan, number, reason, group=group)
            if isinstance(reason, tuple) or not all(isinstance(r, tuple) for r in known - {reason}):
                return
        plan.run.setdefault(number, set()).add(reason)
        statement = plan.after.statements[number]
        if statement.fragment.kind == "import" and isinstance(reason, tuple):
            return
        for token in produced(self.index, plan, number):
            self.push(token, (plan.name, number))
        if group:
            self.force_groups_of(plan, number)
        self._read_half_filled(plan, number)
        self._force_bindings_read(plan, number)

    def _reach_once_more(
        self, plan: ModulePlan, number: int, reason: Reason, *, group: bool
    ) -> None:
        """A statement that is planned has one more *reason*, so that less of it may be kept."""
        plan.run[number].add(reason)
        statement = plan.after.statements[number]
        kind = statement.fragment.kind
        if isinstance(reason, tuple) and kind == "def":
            self.push(("code", plan.name, statement.binds[0]), (plan.name, number))
        if kind == "class":
            for token in produced(self.index, plan, number):
                self.push(token, (plan.name, number))
        if group and kind == "class":
            self.force_groups_of(plan, number)  # it may keep less of what others have filled

    # Imports ----------------------------------------------------------------------------------

    def _follow_imports(self, plan: ModulePlan, number: int, reason: Reason) -> None:
        """What a statement imports is what it is reached for, if *reason* says so."""
        if isinstance(reason, tuple) and reason[0] == "bind":
            for imported in self.index.modules[plan.name].summaries[number].imports:
                if imported.name in (reason[2], "*"):
                    bound = reason[2] if imported.name == "*" else imported.alias
                    self.push(("bind", plan.name, bound), (plan.name, number))
                    if self.index.modules[plan.name].builds_on(bound):
                        self.force_group((plan.name, bound, ""), "", (plan.name, number))
            if reason[1:] in self._rebound:
                self._read_half_filled(plan, number)
        if "*" in plan.after.statements[number].fragment.binds:
            # What a star-import of the module gives, with or without an __all__ of its own.
            self.push(("content", plan.name, "__all__"), (plan.name, number))
            self._follow_star(plan, number, reason)

    @functools.cached_property
    def _rebound(self) -> AbstractSet[Entity]:
        """The names that functions bind, or code of other modules."""
        return self.index.filling.rebound()

    def import_again(self, statement: StatementId, names: Collection[str], why: str) -> None:
        """Plan a star-import, of which *names* may come to be others or to be missing."""
        module, number = statement
        plan = self.plan_of(module)
        if self.pins.hold(plan, number):
            plan.pinned.add(number)
            return
        plan.run.setdefault(number, set()).add(Given(frozenset(names), why))
        for name in names:
            self.push(("bind", module, name), statement)

    def _follow_star(self, plan: ModulePlan, star: int, reason: Reason) -> None:
        """What a star-import is reached for may take names from it, or give it some.

        Where it no longer gives a name, what it hid of that name shows again, so that has to run.
        """
        partner = plan.partner(star)
        given = plan.tracked.stars.get(partner, frozenset()) if partner is not None else frozenset()
        if isinstance(reason, tuple) and reason[0] == "bind":
            given &= {reason[2]}
        bindings = self.index.modules[plan.name].bindings
        for name in given:
            stars = self.index.names.stars_with(plan.name, name)
            hidden = [n for n in (*bindings.get(name, ()), *stars) if n < star]
            if hidden:
                group = {(plan.name, number) for number in (*hidden, star)}
                why = f"{name} may be left to it"
                self.force_group((plan.name, name, ""), why, (plan.name, star), group)
        if isinstance(reason, tuple) and reason[2] == "__all__":
            for name in star_names(self.index, plan, star) - kept_names(self.index, plan, star):
                if self.index.is_used((plan.name, name)):
                    self.push(("bind", plan.name, name), (plan.name, star))

    # Groups -----------------------------------------------------------------------------------

    def _read_half_filled(self, plan: ModulePlan, number: int) -> None:
        """What a statement reads half filled is filled anew, and the statement runs in between."""
        for target in self.force_groups_read((plan.name, number)):
            reason = Halfway(target)
            if reason not in plan.run.get(number, ()):
                plan.anew.add(number)
                self.reach(plan, number, reason)

    def force_groups_read(self, me: StatementId) -> list[Target]:
        """A statement that reads objects before all their fillers have run sees them half filled."""
        half_filled = self._half_filled.seen_by(me)
        for target in half_filled:
            self.force_group(target, "it is read before it is filled", me)
        return half_filled

    def _force_bindings_read(self, plan: ModulePlan, number: int) -> None:
        """A statement that reads a name before it is bound for the last time sees what it was."""
        bindings = self.index.modules[plan.name].bindings
        why = "it is read before it is bound again"
        for name in self._half_filled.bound_behind((plan.name, number)):
            first = min(bindings[name])
            if first < number:
                self.force_group((plan.name, name, ""), why, (plan.name, number))
            elif first > number:
                for star in self.index.names.stars_with(plan.name, name):
                    if star < number:
                        self.reach(plan, star, why)
                        self.reach(plan, first, why)

    def force_groups_of(self, plan: ModulePlan, number: int) -> None:
        """All members of the groups run again that a statement belongs to."""
        for target, _ in self.groups.of(plan.name, number):
            if not keeps(self.index, plan, number, target):
                self.force_group(target, "", (plan.name, number))

    def force_group(
        self,
        target: Target,
        why: str,
        cause: StatementId | None = None,
        also: AbstractSet[StatementId] = frozenset(),
    ) -> None:
        """All members of the group run again, from the first one on, if *cause* runs.

        *also* are such as bound its name before the edit, or may do so now.
        """
        known = target in self.causes.groups
        self.causes.groups.setdefault(target, set()).add(cause)
        if known:
            return
        module, name, attr = target
        entry = self.index.modules.get(module)
        if entry is None:
            return
        makers = self.groups.makers(target)
        fillers = self.groups.fillers(target)
        if (attr or fillers or why) and module not in self.ahead:
            self.plan_of(module).filled.setdefault(name, set()).add(attr)
        members = makers | fillers | also
        if len(makers) < 2 and not fillers and not why:
            return
        shown = f"{name}.{attr}" if attr else name
        reason = Grouped(target, f"fills {shown}" if fillers else why or f"binds {shown}")
        for member in sorted(members, key=lambda m: (self.order.started(m[0]), m[1])):
            self.reach_at(member, reason)
        self.causes.members[target] = members
        self.push_content(target, by=Halfway(target))
