"""What planning hands on: a `Plan` of `Step`s and `Changeset`s, with a `ModulePlan` for each module.

Values alone: who makes them is `planner`, who carries them out is the engine.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ..changes import Change
from ..diff import ClassDiff, Diff, Pair, diff_class_texts
from ..modules import TrackedModule
from ..reach.tokens import Entity, StatementId, Target, Token, said_of
from ..source import Source

__all__ = [
    "ADDED",
    "EDITED",
    "OWN_REASONS",
    "Causes",
    "Changeset",
    "Given",
    "Grouped",
    "Halfway",
    "ModulePlan",
    "Plan",
    "Reason",
    "Recoded",
    "Step",
]

EDITED, ADDED = "edited", "added"
OWN_REASONS = frozenset({EDITED, ADDED})
"""Words for why a statement runs that have to do with its own text; others are of its group."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """Why a statement runs that fills an object with others: because these do.

    Whether they do shows when the first of the group has its turn.
    """

    target: Target
    words: str = field(compare=False)

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Halfway:
    """Why a statement runs that reads an object between two that fill it: it holds other things."""

    target: Target

    def __str__(self) -> str:
        return f"reads {self.target[1]} while it is filled"


@dataclass(frozen=True, slots=True)
class Given:
    """Why a star-import runs in any case: the *names* that it gives may come to be others."""

    names: frozenset[str]
    words: str

    def __str__(self) -> str:
        return self.words


Reason = Token | str | Grouped | Halfway | Given
"""Why a statement is planned: what may have changed, its group, or words where it runs in any case."""
_TUPLE, _CHANGES = frozenset({tuple}), frozenset({tuple, Halfway})


@dataclass(slots=True)
class Causes:
    """What planned things go back to: statements if these run, groups if these do.

    None stands for what is certain, or cannot be told before it has happened.

    Attributes:
        tokens: by token, what may make it come true.
        groups: by group that may have to run again, for whose sake.
        members: the statements of each.
    """

    tokens: dict[Token, set[StatementId | Halfway | None]] = field(default_factory=dict)
    groups: dict[Target, set[StatementId | None]] = field(default_factory=dict)
    members: dict[Target, set[StatementId]] = field(default_factory=dict)


class Recoded(NamedTuple):
    """A function that is to get other code, as its body was edited or it stands elsewhere.

    Attributes:
        edited: its body differs, not only its place.
        lineno: 1-based line, in the old source, on which its code starts.
        owner: the code of the class statement that its ``def`` stands in, if in one.
    """

    qualname: str
    edited: bool
    lineno: int
    code: types.CodeType
    owner: types.CodeType | None


@dataclass(slots=True)
class ModulePlan:
    """What a reload may do to one module.

    Attributes:
        before, after: the source that last ran, and the one that is to run.
        diff: None for a module that was not edited.
        name: the module's absolute name.
        run: planned statements of *after*, with the reasons.
        patch: pairs of which only bodies differ and whose live functions can be patched.
        origins: for statements that define what another module defined before, where it is.
        dropped: names that the source no longer binds.
        returned: names that dropped imports had bound to what another statement gives them, with
            the positions of those imports.
        left: names that star-imports alone may bind now, which others bound before.
        dropped_statements: statements of *before* that are gone.
        unbound: names, by module, that only code which is gone bound: functions, other modules.
        annotated: statements of *after* of which only the annotation of a name differs.
        orphaned: objects, by module and name, with the attributes that only statements which are
            gone had set on them.
        filled: names of objects that are filled anew, with the class attributes, or ``""`` for the
            object itself.
        pinned: statements that are kept by the user's word.
        anew: statements of which nothing is kept, whatever it was made of.
        unset: statements of *before* that stay and set the attribute of another object now.
        recoded: for statements of *patch*, the functions that are to get other code.
    """

    tracked: TrackedModule
    before: Source
    after: Source
    diff: Diff | None = None
    name: str = field(init=False)
    run: dict[int, set[Reason]] = field(default_factory=dict)
    patch: dict[int, Pair] = field(default_factory=dict)
    origins: dict[int, StatementId] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    returned: frozenset[tuple[int, str]] = frozenset()
    left: frozenset[str] = frozenset()
    dropped_statements: tuple[int, ...] = ()
    unbound: tuple[Entity, ...] = ()
    annotated: set[int] = field(default_factory=set)
    orphaned: tuple[tuple[Entity, str], ...] = ()
    pinned: set[int] = field(default_factory=set)
    anew: set[int] = field(default_factory=set)
    filled: dict[str, set[str]] = field(default_factory=dict)
    unset: set[int] = field(default_factory=set)
    recoded: dict[int, tuple[Recoded, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = self.tracked.name

    @property
    def drops(self) -> bool:
        """Whether statements or annotations are gone, with what they had bound, set or annotated."""
        return bool(self.dropped or self.dropped_statements or self.annotated)

    @property
    def only_patches(self) -> bool:
        """Whether functions get other code and nothing else is to be done, by anybody."""
        is_edited = self.diff is not None and self.before.path == self.after.path
        return is_edited and not self.run and not self.drops

    def partner(self, number: int) -> int | None:
        """The statement of *before* that statement *number* of *after* stands for."""
        return self.diff.partner(number) if self.diff is not None else number

    def class_diff(self, number: int) -> ClassDiff | None:
        """How the class statement *number* of *after* differs from the one that it stands for.

        None unless both are class statements.
        """
        partner = self.partner(number)
        if partner is None:
            return None
        old, new = self.before.statements[partner].fragment, self.after.statements[number].fragment
        are_classes = old.kind == new.kind == "class"
        return diff_class_texts(old.text, new.text) if are_classes else None

    def pass_by(self, *, for_good: bool) -> None:
        """The module has had its turn: what comes into objects from here on it cannot see.

        Nor can it see anything else that changes yet, if it is *for_good*.
        """
        for number, reasons in self.run.items():
            halfway = [r for r in reasons if isinstance(r, Halfway)]
            unseen = {token for r in halfway for token in said_of(r.target)}
            self.run[number] = set() if for_good else reasons - unseen.union(halfway)

    def forced(self, number: int) -> bool:
        """Does the statement run for more than what may have changed: in any case, or if others do?"""
        return not _TUPLE.issuperset(map(type, self.run.get(number, ())))

    def in_any_case(self, number: int) -> bool:
        """Does the statement run whatever may have changed, or if others do?"""
        return not _CHANGES.issuperset(map(type, self.run.get(number, ())))

    def why(self, number: int) -> tuple[str, ...]:
        """The reasons for which a statement is planned, for people."""
        return tuple(sorted(set(map(reason_text, self.run.get(number, ())))))


def reason_text(reason: Reason) -> str:
    """A reason as a person would say it."""
    return _token_text(reason) if isinstance(reason, tuple) else str(reason)


@functools.lru_cache(1000)  # many statements have one reason
def _token_text(token: Token) -> str:
    return f"{'calls' if token[0] == 'code' else 'uses'} {'.'.join(token[1:])}"


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


def _step(plan: ModulePlan) -> Step:
    """What the plan of a module comes down to, in words."""
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


class Changeset(NamedTuple):
    """Modules that succeed or fail together: one transaction.

    Attributes:
        edited: one of them was edited at least; otherwise a dependent on its own, or several that
            import each other.
        blocked: those beside them that cannot be parsed, so that all keep their old versions.
    """

    modules: tuple[str, ...]
    edited: bool
    blocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a reload would do, in order.

    Attributes:
        changes: what it answers to.
        modules: the details, by module.
        sets: which modules succeed or fail together, in the order in which they run.
        causes: what the reasons to run go back to.
        arrivals: for modules that are to be imported for the first time, the statements that define
            what an edited module defined before, with where that is.
        again: the module of which all is to run, edited or not, as `importlib.reload` was called
            for it; ``""`` for none.
        alone: the modules of which new statements put something into objects that are not filled
            anew.
    """

    changes: tuple[Change, ...] = ()
    modules: Mapping[str, ModulePlan] = field(default_factory=dict)
    sets: tuple[Changeset, ...] = ()
    causes: Causes = field(default_factory=Causes)
    arrivals: Mapping[str, Mapping[int, StatementId]] = field(default_factory=dict)
    again: str = ""
    alone: frozenset[str] = frozenset()

    @property
    def steps(self) -> tuple[Step, ...]:
        """A step a module, in words: for people, made when they ask."""
        others = (change for change in self.changes if change.module not in self.modules)
        planned = sorted(self.modules.values(), key=lambda plan: plan.tracked.order)
        return (
            *(Step(change.module, change.path, "skip", (change.kind,)) for change in others),
            *map(_step, planned),
        )

    def __bool__(self) -> bool:
        return any(step.action != "skip" for step in self.steps)

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps)) or "nothing to reload"
