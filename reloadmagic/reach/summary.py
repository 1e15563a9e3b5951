"""What a statement binds, uses and fills, as its syntax alone tells.

A `Summary` holds a `Unit` for the code that runs with the statement and one for each function that
it defines, as a function's body counts only for those who call it. Names are resolved elsewhere
(`names`), since that takes the other modules. `reading` makes summaries.

A *path* is a tuple of names that starts at a global one, ``("np", "random", "rand")``. Where a
function imports for itself, the path starts with the absolute or relative target instead,
``("@.pkg.mod", "f")``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = [
    "BASE",
    "CALL",
    "CHECKED",
    "FACTORIES",
    "ITEM",
    "KEPT",
    "LAMBDAS",
    "LOOKED_UP",
    "MENTION",
    "MODULE",
    "OPERATOR",
    "RETURNED",
    "STORED",
    "TAKEN",
    "USE",
    "Argument",
    "Change",
    "ClassInfo",
    "Import",
    "Path",
    "Signature",
    "Slot",
    "Summary",
    "Through",
    "Unit",
]

Path = tuple[str, ...]

# How a path is used, as bits.
MENTION = 1  # passed around: the binding counts
USE = 2  # looked into: what the object holds counts too
CALL = 4  # run: the code behind it counts too
BASE = 8  # derived from: what runs when a subclass is made counts too
STORED = 16  # no more than put into attributes of ``self``, which the `Unit` names
CHECKED = 32  # no more than asked for its class, or whether it is one of another object
RETURNED = 64  # no more than returned
ITEM = 128  # no more than asked for an item by its key, which it is known to have
TAKEN = CALL | MENTION  # the ways in which what is taken out of an object may be run

OPERATOR = "<operator>"
# For those that call a local name, or what a container holds or a call returns: any object, that is.
CALLING = "<call>"
# In front of a name, of a function or an attribute: of those who call what has it.
CALLING_NAMED = "<call>."
# In front of an attribute: of those who set it, which may be a property.
SETTING = "<set>."
# In front of an attribute: of those who hand it to what keeps it, and do no more with it.
KEPT = "<kept>."
# Stands for a method of the class, of which the factories of its fields are what it calls.
FACTORIES = "<factories>"
# Stands for the lambdas that a statement or a class body leaves behind.
LAMBDAS = "<lambda>"
# In front of how names begin that are worked out, of attributes that are read by them.
LOOKED_UP = "<looked up>."
# Stands for a module as an object, which is passed around: who gets hold of it may use its names.
MODULE = "<module>"


Slot = int | str | None
"""Where a call passes something: by position or by name; None where that cannot be told."""


class Argument(NamedTuple):
    """A call of *callee* passes what has the *path*, or what holds that, in *slot*."""

    callee: Path
    path: Path
    slot: Slot = None


class Through(NamedTuple):
    """What was returned by *callee*, which was passed it in *slot*, or *within* what was returned."""

    callee: Path
    slot: Slot
    within: bool = False


class Change(NamedTuple):
    """A parameter that may be changed: here, or by the *callee* that it is passed to in *slot*.

    That is so if the call *through* which it went, where there is one, returns what it is passed.
    """

    parameter: str
    callee: Path = ()
    slot: Slot = None
    through: Through | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a function.

    Attributes:
        positional: those that can be passed by position, in order.
        named: those that can be passed by name.
        rest, named_rest: those that take all others, ``""`` where there are none.
    """

    positional: tuple[str, ...]
    named: frozenset[str]
    rest: str
    named_rest: str

    def parameter(self, slot: Slot, *, bound: bool) -> str | None:
        """The one that a call passes what is in *slot*, None where that cannot be told.

        With *bound*, the first one is passed otherwise.
        """
        if slot is None:
            return None
        if isinstance(slot, int):
            positional = self.positional[bound:]
            return positional[slot] if slot < len(positional) else self.rest or None
        return slot if slot in self.named else self.named_rest or None


@dataclass(slots=True)
class Unit:
    """What one piece of code does when it runs.

    Attributes:
        paths: global paths it reads, with the ways it uses them.
        checked: those of them that ``isinstance`` alone is passed.
        attrs: attributes that it reads of objects it got otherwise, `OPERATOR` for any operator.
        own: those of them that it reads of ``self`` or ``cls``; ``""`` where it does more with that
            than use its attributes.
        sets_own: attributes that it sets of ``self`` or ``cls``.
        kept: attributes of ``self`` or ``cls`` that it hands to what keeps them for later.
        holds: attributes that it sets of ``self`` or ``cls``, each with one that it keeps there.
        stores: attributes that it sets of ``self`` or ``cls``, each with a global path whose object
            it puts there.
        lends: attributes of ``self`` or ``cls`` into which it puts what it is passed, each with the
            parameter, or ``""`` for what a local name holds.
        puts: methods by which it does so, beside setting the attribute: ``self.all.append(handler)``.
        passed: methods that it calls, by name, each with an attribute of ``self`` that it passes.
        fills: paths of objects that it changes.
        sets: paths whose last name is an attribute that it sets, as it runs with a statement.
        arguments: for each call, what it passes.
        binds_global: names that it binds by ``global``.
        calls_parameters: those of what it is passed that it may call; ``""`` for any.
        fills_parameters: may it change what it is passed?
        changes: how it may do so; None where that cannot be told.
        returns: those of what it is passed that it may return; None where that cannot be told.
        signature: what it can be passed; None where that cannot be told.
        fills_self: attributes that it changes of ``self`` or ``cls``, or what they hold.
        fills_class: attributes that it changes of the class of ``self``.
        delegates: of what its object holds, the attribute and the method called:
            ``self.router.add(route)``.
        operands: paths called with arguments, on which operators may be used.
        stateful: does what it returns change when it is called (``nonlocal``)?
        dynamic: does it read or bind names that cannot be told?
        loads: how names begin, as far as that is known, of modules that it imports by names which
            are worked out; with dots in front for those of its own package.
        defines: does a function define others, or classes, which it may return?
        decorated: has a function decorators?
    """

    paths: dict[Path, int] = field(default_factory=dict)
    checked: set[Path] = field(default_factory=set)
    attrs: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    sets_own: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    holds: set[tuple[str, str]] = field(default_factory=set)
    stores: set[tuple[str, Path]] = field(default_factory=set)
    lends: set[tuple[str, str]] = field(default_factory=set)
    puts: set[str] = field(default_factory=set)
    passed: set[tuple[str, str]] = field(default_factory=set)
    fills: set[Path] = field(default_factory=set)
    sets: set[Path] = field(default_factory=set)
    arguments: list[Argument] = field(default_factory=list)
    binds_global: set[str] = field(default_factory=set)
    calls_parameters: set[str] = field(default_factory=set)
    fills_parameters: bool = False
    changes: frozenset[Change] | None = None
    returns: frozenset[str] | None = None
    signature: Signature | None = None
    stateful: bool = False
    fills_self: set[str] = field(default_factory=set)
    fills_class: set[str] = field(default_factory=set)
    delegates: set[tuple[str, str]] = field(default_factory=set)
    operands: set[Path] = field(default_factory=set)
    dynamic: bool = False
    loads: set[str] = field(default_factory=set)
    defines: bool = False
    decorated: bool = False

    def use(self, path: Path, how: int) -> None:
        """Note that *path* is read; *how* are flags, joined with what was known.

        Where one way to use it tells that no more is done with it, others that take it must, too;
        with `CALL`, that is what the call gives.
        """
        if not how & CHECKED:
            self.checked.discard(path)
        elif path not in self.paths:
            self.checked.add(path)
        how &= ~CHECKED
        known = self.paths.get(path, how)
        no_more = STORED | RETURNED
        for one in (known, how):
            if one & TAKEN:
                no_more &= one
        no_more |= known & how & ITEM
        self.paths[path] = (known | how) & (no_more | ~(STORED | RETURNED | ITEM))

    def may_call(self, slot: Slot, *, bound: bool) -> bool:
        """May it call what is passed in *slot*?"""
        if "" in self.calls_parameters or self.signature is None:
            return bool(self.calls_parameters)
        name = self.signature.parameter(slot, bound=bound)
        return bool(self.calls_parameters) if name is None else name in self.calls_parameters

    def merge(self, other: Unit) -> None:
        """Add all that *other* does."""
        for path, how in other.paths.items():
            self.use(path, how | CHECKED if path in other.checked else how)
        self.attrs |= other.attrs
        self.own |= other.own
        self.sets_own |= other.sets_own
        self.kept |= other.kept
        self.holds |= other.holds
        self.stores |= other.stores
        self.lends |= other.lends
        self.puts |= other.puts
        self.passed |= other.passed
        self.fills |= other.fills
        self.sets |= other.sets
        self.arguments += other.arguments
        self.binds_global |= other.binds_global
        self.calls_parameters |= other.calls_parameters
        self.fills_parameters |= other.fills_parameters
        self.stateful |= other.stateful
        self.fills_self |= other.fills_self
        self.fills_class |= other.fills_class
        self.delegates |= other.delegates
        self.operands |= other.operands
        self.dynamic |= other.dynamic
        self.loads |= other.loads
        self.defines |= other.defines


@dataclass(slots=True)
class ClassInfo:
    """A class statement: its head and the names that its body binds.

    Attributes:
        bases: paths of bases and of the metaclass.
        derived_by: paths of what works out others of them: ``namedtuple("P", FIELDS)``.
        decorated: has it decorators, keywords or a base like NamedTuple, which read the whole
            class?
        scanners: those of them that might read its methods, too, as paths; ``()`` for any that
            cannot be told.
        attrs: for each name that the body binds, ``"lambda"`` if it is bound with a lambda in it.
        lambdas: those of them whose statements have lambdas in them.
        values: for each name that the body binds, what those statements do.
        holders: for names of its own, the others which are made of them, ``also = run``, or which
            they are registered with, ``@run.register``.
        uses: names of its own that the body calls or looks into while it runs.
    """

    bases: list[Path] = field(default_factory=list)
    derived_by: set[Path] = field(default_factory=set)
    decorated: bool = False
    scanners: list[Path] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)
    attrs: dict[str, str] = field(default_factory=dict)
    lambdas: set[str] = field(default_factory=set)
    values: dict[str, Unit] = field(default_factory=dict)
    holders: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Import:
    """An import that runs with the statement.

    Attributes:
        module: as written, without the dots.
        level: how many dots.
        name: what is imported from it, None for ``import module``, ``"*"`` for all.
        alias: the name bound.
    """

    module: str
    level: int
    name: str | None
    alias: str


@dataclass(slots=True)
class Summary:
    """What a statement does.

    Attributes:
        now: the code that runs with it.
        functions: by qualname, what functions do that it defines, and `LAMBDAS`.
        classes: by qualname.
        imports: in order.
        deletes: names that it deletes.
        annotated: names it puts into ``__annotations__``.
        aliases: names that it binds to what a path names.
        methods: names that it binds to a method of what a call gives: ``add = Table().add``.
        builds_on: names that it binds by what they are before, or that it may leave as they are.
        asks: names of the module that it looks up by a string, as in ``"NAME" in globals()``.
        orders: methods that it calls for what they do alone: ``parser.add_argument(...)``, or names
            that may stand for such.
    """

    now: Unit = field(default_factory=Unit)
    functions: dict[str, Unit] = field(default_factory=dict)
    classes: dict[str, ClassInfo] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    deletes: set[str] = field(default_factory=set)
    annotated: set[str] = field(default_factory=set)
    builds_on: set[str] = field(default_factory=set)
    aliases: dict[str, Path] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    asks: set[str] = field(default_factory=set)
    orders: set[Path] = field(default_factory=set)
    postponed: bool = False
