"""`Effects`: what has really changed so far, which decides what is due.

The plan is pessimistic. Its reasons are tokens (see `reach.tokens`); here they are held against
what the statements that ran have in fact bound, filled and defined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plain import same_value
from ..plan import OWN_REASONS, Given, Grouped, Halfway, ModulePlan
from ..plan.values import Reason
from ..reach.index import Index
from ..reach.tokens import Entity, StatementId, Token
from .grouping import Grouping

__all__ = ["Effects"]


class Effects:
    """The tokens that have come true in a run.

    Attributes:
        actual: the tokens that were said.
        contents: by the names of a container that was refilled, the container and what it held
            before: whether that is a change shows when all fillers have run.
        groups: which groups run.
    """

    def __init__(self, index: Index, groups: Grouping) -> None:
        self.index = index
        self.groups = groups
        self.actual: set[Token] = set()
        self.contents: dict[tuple[str, ...], tuple[Any, Any]] = {}
        # By statement, the values in class bodies that tokens reach which came true at some time.
        self._values: dict[tuple[str, int], list[tuple[Token, str]]] = {}
        self._walked: set[Token] = set()
        # The tokens that this set of modules has put into *actual*, or taken out, once each time.
        self._changed: list[Token] = []

    def begin_set(self) -> Callable[[], None]:
        """A set of modules begins; what takes back all that is said from here on."""
        before = dict(self.contents), dict(self.groups.decided)
        repeated = set(self.groups.replays.repeated)
        changed = self._changed = []

        def take_back() -> None:
            for token in changed:
                self.actual ^= {token}
            self.contents, self.groups.decided = before
            self.groups.replays.forget(repeated)

        return take_back

    def add(self, token: Token) -> None:
        """What *token* says has happened."""
        if token not in self.actual:
            self.actual.add(token)
            self._changed.append(token)

    def add_content(self, key: tuple[str, ...], value: Any) -> None:
        """Something was put into *value*, by those names: a change, unless it is being refilled."""
        known = next((found for found in self.contents.values() if found[0] is value), None)
        if known is None:
            self.add(content_token(key))
        else:
            self.contents[key] = known  # which has one more name

    def discard(self, token: Token) -> None:
        """What *token* says has not happened after all, or others say it better."""
        if token in self.actual:
            self.actual.remove(token)
            self._changed.append(token)

    def is_due(self, plan: ModulePlan, number: int) -> bool:
        """Has one of the reasons for which a statement is planned come true?"""
        reasons = plan.run.get(number)
        if not reasons:
            return False
        if not self.groups.replays and not self.actual.isdisjoint(reasons):
            return True  # most have come true as they stand, if any has
        return any(self._holds(reason, (plan.name, number)) for reason in reasons)

    def forced_names(self, plan: ModulePlan, number: int) -> set[str]:
        """For which names does a statement run, whatever has changed? ``""`` for all of them."""
        found: set[str] = set()
        for reason in plan.run.get(number, ()):
            if isinstance(reason, tuple) or not self._holds(reason, (plan.name, number)):
                continue
            if isinstance(reason, Given):
                found |= reason.names
            elif isinstance(reason, Grouped) and reason.target[0] == plan.name:
                found.add(reason.target[1])
            else:
                found.add("")
        return found

    def _holds(self, reason: Reason, statement: StatementId) -> bool:
        if isinstance(reason, Grouped):
            return self.groups.runs(reason.target)
        if isinstance(reason, Halfway):
            return self.groups.differs(reason.target, statement)
        return isinstance(reason, str | Given) or self.is_actual(reason)

    def filled(self, plan: ModulePlan, name: str) -> set[str]:
        """What is filled anew of the object of that name: class attributes, ``""`` for itself."""
        planned = plan.filled.get(name, ())
        return {attr for attr in planned if self.groups.runs((plan.name, name, attr))}

    def is_only_grouped(self, plan: ModulePlan, number: int) -> bool:
        """Does a statement run as others of its group do, and for no reason of its own?"""
        return not any(
            reason in OWN_REASONS if isinstance(reason, str) else self.is_actual(reason)
            for reason in plan.run.get(number, ())
            if isinstance(reason, str | tuple)
        )

    def is_replayed(self, plan: ModulePlan, number: int) -> bool:
        """Does a statement run as others of its group do, and find all that it uses as it was?"""
        me, reasons = (plan.name, number), plan.run.get(number, ())
        return not any(self._holds(r, me) for r in reasons if not isinstance(r, Grouped))

    def is_reached(self, plan: ModulePlan, number: int) -> bool:
        """Does a statement run as what it uses has changed, beside what its own text says?"""
        return number in plan.anew or any(
            isinstance(reason, tuple) and self.is_actual(reason)
            for reason in plan.run.get(number, ())
        )

    def may_run(self, plan: ModulePlan) -> bool:
        """Has a module anything to do, by what has changed so far?"""
        return any(self.is_due(plan, number) for number in plan.run)

    def is_actual(self, token: Token) -> bool:
        """Has what *token* says really happened?"""
        if self.groups.replays and self.groups.replays.hides(token):
            return False
        if token in self.actual:
            return True
        if token[0] == "bind" and self.index.names.is_given(*token[1:]):
            return self.answers_anew((token[1], token[2]))
        held = self.contents.get(token[1:]) if token[0] in {"content", "attr"} else None
        return held is not None and not same_value(held[0], held[1])

    def answers_anew(self, entity: Entity) -> bool:
        """May ``__getattr__`` of a module give others another value for a name than before?"""
        asked = (entity[0], "__getattr__")
        origins = self.index.names.origins_given(*entity)
        return any(self.is_actual(("bind", *origin)) for origin in origins) or any(
            token == ("bind", *asked) or asked in self.index.reached_functions(token)
            for token in self.tokens()
        )

    def tokens(self) -> set[Token]:
        """All that has really changed so far."""
        tokens = set(self.actual)
        for key, (container, before) in self.contents.items():
            if not same_value(container, before):
                tokens.add(content_token(key))
        replays = self.groups.replays
        return {t for t in tokens if not replays.hides(t)} if replays else tokens

    def decide_contents(self) -> None:
        """All fillers of a set have run: say which containers hold other things than before."""
        self.groups.replays.end()
        if self.contents:
            for token in self.tokens():
                self.add(token)
            self.contents = {}

    def reached_values(self, module: str, number: int) -> set[str]:
        """The values, by qualname, in the class body of a statement that use what has changed."""
        tokens = self.tokens()
        for token in tokens - self._walked:
            for found, statement, qualname in self.index.reached_values(token):
                self._values.setdefault((found, statement), []).append((token, qualname))
        self._walked |= tokens
        known = self._values.get((module, number), ())
        return {qualname for token, qualname in known if token in tokens}


def content_token(key: tuple[str, ...]) -> Token:
    """The token that says that a container, by module, name and attribute, holds other things."""
    return ("attr" if len(key) > 2 else "content", *key)
