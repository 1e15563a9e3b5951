"""`Effects`: what has really changed so far, which decides what is due.

The plan is pessimistic. Its reasons are tokens (see `reach.tokens`); here they are held against
what the statements that ran have in fact bound, filled and defined.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..notes import is_container
from ..plain import same_value
from ..plan import OWN_REASONS, Given, Grouped, Halfway, ModulePlan
from ..plan.keeping import values_behind_calls
from ..plan.values import Reason
from ..reach.index import Index
from ..reach.tokens import Entity, StatementId, Token
from .grouping import Grouping

__all__ = ["Effects"]


class Effects:
    """The tokens that have come true in a run.

    Attributes:
        actual: the tokens that were said.
        grown: those of them that say of a dict that it holds more, and what it held.
        contents: by the names of a container that was refilled, the container and what it held
            before: whether that is a change shows when all fillers have run.
        groups: which groups run.
    """

    def __init__(self, index: Index, groups: Grouping) -> None:
        self.index = index
        self.groups = groups
        self.actual: set[Token] = set()
        self.grown: set[Token] = set()
        self.contents: dict[tuple[str, ...], tuple[Any, Any]] = {}
        # By statement, the values in class bodies that tokens reach which came true at some time.
        self._values: dict[tuple[str, int], list[tuple[Token, str]]] = {}
        self._walked: set[Token] = set()
        # The tokens that this set of modules has put into *actual*, or taken out, once each time.
        self._changed: list[Token] = []

    def begin_set(self) -> Callable[[], None]:
        """A set of modules begins; what takes back all that is said from here on."""
        before = dict(self.contents), dict(self.groups.decided)
        grown, repeated = set(self.grown), set(self.groups.replays.repeated)
        changed = self._changed = []

        def take_back() -> None:
            for token in changed:
                self.actual ^= {token}
            self.contents, self.groups.decided = before
            self.grown = grown
            self.groups.replays.forget(repeated)

        return take_back

    def add(self, token: Token) -> None:
        """What *token* says has happened."""
        if token not in self.actual:
            self.actual.add(token)
            self._changed.append(token)
        self.grown.discard(token)

    def add_content(self, key: tuple[str, ...], value: Any, before: Any) -> None:
        """Something was put into *value*, by those names: a change, unless it is being refilled.

        *before* is what it held, None where that is not known.
        """
        known = next((found for found in self.contents.values() if found[0] is value), None)
        if known is None:
            self._add_grown(content_token(key), value, before)
        else:
            self.contents[key] = known  # which has one more name

    def _add_grown(self, token: Token, container: Any, before: Any) -> None:
        """`add` what a container holds now, as growth if it is no more than that."""
        has_grown = has_only_grown(container, before)
        if has_grown and (token not in self.actual or token in self.grown):
            self.add(token)
            self.grown.add(token)
        else:
            self.add(token)

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
        if not self.groups.replays and not (self.actual - self.grown).isdisjoint(reasons):
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
        if isinstance(reason, str | Given):
            return True
        if not self.is_actual(reason):
            return False
        return not self._has_only_grown(reason) or statement in self.index.reached(
            ("grown", *reason[1:])
        )

    def _has_only_grown(self, token: Token) -> bool:
        """Does *token* say of a dict that more was put in, and no more?"""
        if token in self.actual:
            return token in self.grown
        held = self.contents.get(token[1:]) if token[0] == "content" else None
        return held is not None and has_only_grown(*held)

    def filled(self, plan: ModulePlan, name: str) -> set[str]:
        """What is filled anew of the object of that name: class attributes, ``""`` for itself."""
        planned = plan.filled.get(name, ())
        return {attr for attr in planned if self.groups.runs((plan.name, name, attr))}

    def is_only_grouped(self, plan: ModulePlan, number: int) -> bool:
        """Does a statement run as others of its group do, and for no reason of its own?"""
        me = (plan.name, number)
        return not any(
            reason in OWN_REASONS if isinstance(reason, str) else self._holds(reason, me)
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
            isinstance(reason, tuple) and self._holds(reason, (plan.name, number))
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
            for key, (container, before) in self.contents.items():
                if not same_value(container, before):
                    self._add_grown(content_token(key), container, before)
            self.contents = {}

    def reached_values(self, plan: ModulePlan, number: int) -> set[str]:
        """The values, by qualname, in the class body of a statement that use what has changed."""
        tokens, me = self.tokens(), (plan.name, number)
        for token in tokens - self._walked:
            for found, statement, qualname in self.index.reached_values(token):
                self._values.setdefault((found, statement), []).append((token, qualname))
        self._walked |= tokens
        values = {qualname for token, qualname in self._values.get(me, ()) if token in tokens}
        reasons = tokens & plan.run.get(number, set())
        return values | values_behind_calls(self.index, me, reasons)


def content_token(key: tuple[str, ...]) -> Token:
    """The token that says that a container, by module, name and attribute, holds other things."""
    return ("attr" if len(key) > 2 else "content", *key)


def has_only_grown(container: Any, before: Any) -> bool:
    """Does a dict hold what it held, and more? Not to be told where it holds other containers.

    No key is looked up, as its hash is the user's.
    """
    if type(container) is not dict or type(before) is not dict or len(container) <= len(before):
        return False
    if any(map(is_container, container.values())):
        return False
    items = iter(container.items())
    return all(any(same_value(item, old) for item in items) for old in before.items())
