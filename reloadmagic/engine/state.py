"""`State`: what a run knows and its parts share, from the plan to what was done so far."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..modules import TrackedModule
from ..patch import Made, Patcher
from ..plan import ModulePlan, Plan
from ..plan.order import Order
from ..reach.index import Index
from ..reach.tokens import User
from ..source import Source, Statement
from ..transaction import Transaction
from .caches import Caches
from .containers import Containers
from .effects import Effects
from .grouping import Grouping
from .marks import Marks
from .names import Namespace
from .outcome import Ran
from .progress import Progress

__all__ = ["Late", "State", "Work"]

Late = tuple[User, str, Mapping[str, Sequence[int]]]


@dataclass(slots=True)
class Work:
    """What a run has done to one module so far.

    Attributes:
        started: it has had its turn, or needs none.
        patched: its live functions have been given their new code.
        position: the statement that has its turn; all before it have had theirs.
        ran: statements that ran.
        bound: by statement, what it bound.
        last: by name that several statements bind, what it held before the first of them ran.
        origins: by statement, what it stands for anew: a definition that has come from another
            module, or that an edit took out earlier.
        taken: definitions taken from other modules, of which the files are gone.
        codes: by statement, the code that was compiled before anything ran.
        stars: by star-import, the names that it bound.
        taken_off: by name, a function or class with the attributes that later statements set on its
            name, and which it has again once they have bound that to it.
        hidden: names that the module had bound in ways that cannot be told, while it runs anew.
        holders: by dotted name of an attribute, what had it of statements that set another's now.
        only_binds: all that ran has bound names, and nothing was to be merged.
        is_loud: a statement ran that may have done more than bind names.
        is_noted: its containers were noted again, as it may hold others now.
    """

    plan: ModulePlan
    started: bool = False
    patched: bool = False
    position: float = -1
    ran: list[Ran] = field(default_factory=list)
    bound: dict[int, dict[str, Any]] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    origins: dict[int, Any] = field(default_factory=dict)
    taken: list[tuple[TrackedModule, Statement]] = field(default_factory=list)
    codes: dict[int, types.CodeType] = field(default_factory=dict)
    stars: dict[int, frozenset[str]] = field(default_factory=dict)
    taken_off: dict[str, tuple[Any, dict[str, Any]]] = field(default_factory=dict)
    hidden: dict[str, Any] = field(default_factory=dict)
    holders: dict[tuple[str, ...], Any] = field(default_factory=dict)
    only_binds: bool = True
    is_loud: bool = False
    is_noted: bool = False
    seconds: float = 0.0


class State:
    """What is shared while a plan is carried out.

    Attributes:
        effects: what has really changed so far.
        active: the modules of the set that is running.
        transaction, patcher: those of the set that is running.
        snapped: modules of that set of which a snapshot was taken.
        snapped_modules: one of ``sys.modules`` was taken.
        order: in which order statements run where all modules are imported anew, if that was asked
            for.
        late: functions with modules of that set that they import, and the statements that may call
            them by module, if that was asked for.
        states: by module, what its ``__before_reload__`` returned.
        registered: abstract classes, with what others registered with them at run time.
        edited_classes: classes of that set that got new attributes or new code.
        definitions: functions and classes that names lead to, by the ``id`` of the namespace of the
            module that they are of, as they were when that was first asked; None before.
        has_dropped_class: a class is gone, and ``__subclasses__()`` may still list it.
        leftovers: what could not follow, as sentences that no outcome has told yet.
    """

    def __init__(
        self,
        tracked: Mapping[str, TrackedModule],
        index: Index,
        tracks: Callable[[str], bool],
        plan: Plan,
        namespaces: tuple[Namespace, ...],
        marks: Marks,
        progress: Progress,
    ) -> None:
        self.tracked = tracked
        self.index = index
        self.plan = plan
        self.tracks = tracks
        self.namespaces = namespaces
        self.marks = marks
        self.progress = progress
        self.work = {name: Work(module_plan) for name, module_plan in plan.modules.items()}
        self.effects = Effects(index, Grouping(self))
        self.containers = Containers(self)
        self.caches = Caches(self)
        self.active: frozenset[str] = frozenset()
        self.made = Made()
        self.states: dict[str, Any] = {}
        self.registered: list[tuple[type, list[type]]] = []
        self.definitions: dict[int, list[weakref.ref[types.FunctionType | type]]] | None = None
        self.has_dropped_class = False
        self.leftovers: tuple[str, ...] = ()

    def source_of(self, name: str) -> Source | None:
        """The version of the module *name* that last ran, None for one that is not watched."""
        tracked = self.tracked.get(name)
        return None if tracked is None else tracked.source

    def let_go(self) -> None:
        """The run is over: what it knows goes now, and not with the next garbage collection."""
        vars(self).clear()  # some of it refers back to this

    def begin_set(self, names: tuple[str, ...]) -> None:
        """Start a transaction for a set of modules."""
        self.active = frozenset(names)
        self.snapped: set[str] = set()
        self.snapped_modules = False
        self.order: Order | None = None
        self.late: list[Late] | None = None
        self.edited_classes: list[type] = []
        self.transaction = Transaction(label=", ".join(names))
        self.patcher = Patcher(
            self.transaction,
            tracked=self.tracks,
            made=self.made,
            refill=self.containers.refill,
            marks=self.marks.known,
        )
        self.patcher.private += [self, self.__dict__, self.work]
        self.take_back_effects = self.effects.begin_set()
        self.containers.begin_set()
