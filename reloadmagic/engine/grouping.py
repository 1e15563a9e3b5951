"""`Grouping`: which of the groups that a plan names run again.

A group has to start with its first statement, before it shows what really changed for those that
come later. So it runs if there is a way from one for whose sake it is planned to something that has
changed, or that may have by then.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from ..plan import Given, Grouped, Halfway, ModulePlan
from ..plan.values import Reason
from ..reach.tokens import Entity, StatementId, Target, Token
from .cycles import order_known
from .replays import Replays, is_repeatable

if TYPE_CHECKING:
    from .state import State

__all__ = ["Grouping"]

CERTAIN = "it is certain"

_Why = tuple[Reason, StatementId | None]
"""A reason, and the statement that it is one for: what that has read by then no longer counts."""


class Grouping:
    """The groups of a plan.

    Attributes:
        decided: for each group of which a statement has had its turn, whether it runs.
        replays: those that run and have done nothing else than before so far.
    """

    def __init__(self, state: State) -> None:
        self.decided: dict[Target, bool] = {}
        self.replays = Replays(state)
        self._state = state
        self._causes = state.plan.causes

    def decide(self, plan: ModulePlan, number: int) -> None:
        """A statement has its turn: its groups run from here on, or they do not."""
        for reason in plan.run[number]:
            if isinstance(reason, Grouped) and reason.target not in self.decided:
                self.decided[reason.target] = self.runs(reason.target)
                if self.decided[reason.target]:
                    self.replays.begin(reason.target)

    def runs(self, target: Target) -> bool:
        """Does a group run again, or may it, where that is not decided yet?"""
        if target in self.decided:
            return self.decided[target]
        return target not in self._causes.groups or self._may_hold(Grouped(target, ""))

    def differs(self, target: Target, reader: StatementId) -> bool:
        """Does an object that a group fills hold other things than before, where *reader* stands?"""
        if target in self.decided:
            return self.decided[target] and not self.replays.finds_as_before(target)
        return self._may_hold(Halfway(target), reader)

    def _may_hold(self, reason: Reason, statement: StatementId | None = None) -> bool:
        """Has a reason come true, or may it yet, where it is *statement* that reads?"""
        todo: list[_Why] = [(reason, statement)]
        seen: set[_Why] = set()
        while todo:
            why = todo.pop()
            if why in seen:
                continue
            seen.add(why)
            known = self._known(why[0])
            if known:
                return True
            if known is None:
                todo += self._behind(*why)
        return False

    def _known(self, reason: Reason) -> bool | None:
        """Has a reason come true? None where that goes back to others."""
        if isinstance(reason, str | Given):
            return True
        if isinstance(reason, tuple):
            return self._state.effects.is_actual(reason) or None
        known = self.decided.get(reason.target)
        if known and isinstance(reason, Halfway) and self.replays.finds_as_before(reason.target):
            return None if self.replays.goes_on(reason.target) else False
        return known

    def _behind(self, reason: Reason, reader: StatementId | None) -> Iterable[_Why]:
        """The reasons that may yet make *reason* come true."""
        if isinstance(reason, Halfway):
            yield from self._behind_content(reason.target, reader)
        elif isinstance(reason, Grouped):
            for cause in self._causes.groups[reason.target]:
                yield from self._reasons_of(cause)
        else:
            assert isinstance(reason, tuple)
            for source in self._causes.tokens[reason]:
                if isinstance(source, Halfway):
                    yield source, reader
                else:
                    yield from self._reasons_of(source, reason)

    def _behind_content(self, target: Target, reader: StatementId | None) -> Iterable[_Why]:
        """Why a group may make something else of its object than before, for *reader* to see."""
        for cause in self._causes.groups[target]:
            if cause is None:
                yield from self._reasons_of(cause)
        if not self.replays.can_repeat(target):
            yield Grouped(target, ""), None
        for member in self._causes.members.get(target, ()):
            if reader is None or not self._is_past(reader, member):
                yield from self._reasons_of(member, ("content", *target))

    def _is_past(self, reader: StatementId, member: StatementId) -> bool:
        """Has *reader* run for certain when *member* puts in what it does?"""
        is_known = member[0] in self._state.index.modules
        return is_known and order_known(self._state).is_past(reader, member)

    def _reasons_of(
        self, statement: StatementId | None, token: Token | None = None
    ) -> Iterable[_Why]:
        """`_reasons`, with the statement for which they count."""
        for reason in self._reasons(statement, token):
            yield reason, statement if isinstance(reason, (tuple, Halfway)) else None

    def _reasons(
        self, statement: StatementId | None, token: Token | None = None
    ) -> Iterable[Reason]:
        """Why a statement may yet run; with *token*, why that may come true when it does."""
        if statement is None:
            return [CERTAIN]
        module, number = statement
        work = self._state.work.get(module)
        if work is None or (number in work.plan.patch and not work.patched):
            return [CERTAIN]
        if work.position > number:
            return ()
        reasons = work.plan.run.get(number, ())
        if token is None or not is_repeatable(self._state, work.plan, number):
            return reasons
        filled = {reason.target[:2] for reason in reasons if isinstance(reason, Grouped)}
        others = [reason for reason in reasons if not isinstance(reason, Grouped)]
        if work.plan.after.statements[number].fragment.kind not in {"def", "class"}:
            return others
        # What it is registered with may hold what it will: it is passed on.
        return [reason for reason in others if not self._says_of(reason, filled)]

    def _says_of(self, reason: Reason, objects: Container[Entity]) -> bool:
        """Is a reason that one of *objects* holds other things, under whatever name?"""
        if not isinstance(reason, tuple) or reason[0] not in {"bind", "content"}:
            return False
        entity = reason[1], reason[2]
        return entity in objects or any(o in objects for o in self._state.index.origins(entity))
