"""Runs a `Plan`: statements through importlib, results into live objects, all or nothing.

In comes a plan; out go `Outcome`s. Modules run through ``importlib.reload`` and the project's own
loader, nested where they import each other, one statement at a time. Each result is merged at once
into what the statement bound before, so that later statements see the object that stays. Whether a
planned statement runs is decided when its turn comes, by what really changed until then.
"""

from __future__ import annotations

import _abc
import ast
import builtins
import contextlib
import functools
import gc
import importlib
import importlib.util
import linecache
import logging
import sys
import threading
import time
import types
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .diff import Pair, diff_classes, first_line, qualified
from .errors import ReloadFailed, ReloadMagicError, SourceError, describe
from .hooks import after_reload, after_reload_of_instances, before_reload
from .live import (
    class_dict,
    code_objects,
    find_class,
    find_functions,
    functions_within,
    held_by_function,
    instance_values,
    own_functions,
    reachable_functions,
)
from .loader import (
    MERGE_HOOK,
    ReloadLoader,
    compile_statements,
    compile_tree,
    insert_merge_hook,
    read_source,
)
from .modules import Source, Statement, TrackedModule, module_namespace, module_spec
from .notes import Note, abc_registry, containers, content_of, extras, is_container, same_value, take_notes
from .patch import Made, Patcher, live_functions, patch_closures
from .plan import Changeset, ModulePlan, Plan
from .reach.index import Index, Token
from .reach.summary import dotted, summarize
from .transaction import Transaction, instance_dict

__all__ = ["Definition", "Engine", "Outcome", "Ran"]

log = logging.getLogger(__name__)
ABSENT = object()


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition and what an edit did to it; *name* is its qualname."""

    name: str
    kind: Literal["changed", "added", "dropped", "moved"]

    def __str__(self) -> str:
        return f"{self.name} {self.kind}"


@dataclass(frozen=True, slots=True)
class Ran:
    """A statement that ran again.

    Attributes:
        lineno: 1-based, in the new source.
        label: what a person would call it.
        because: why it ran.
    """

    lineno: int
    label: str
    because: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"l. {self.lineno} {self.label}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one module.

    Attributes:
        status: ``patched`` (only bodies), ``reloaded`` (statements ran), ``failed`` (rolled back),
            ``touched`` (nothing that runs differs) or ``forgotten``.
        edited: its file changed; False for dependents.
        definitions: what the edit did to its definitions.
        ran: statements that ran.
        kept: values kept by the user's word.
        leftovers: what could not follow, as sentences.
        error: why it failed.
        before, after: source texts, None if unknown.
        seconds: that it took.
    """

    module: str
    path: str
    status: Literal["reloaded", "patched", "failed", "touched", "forgotten"]
    edited: bool = True
    definitions: tuple[Definition, ...] = ()
    ran: tuple[Ran, ...] = ()
    kept: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    error: ReloadMagicError | None = None
    before: str | None = None
    after: str | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.module} {self.status}"


class Recorder(MutableMapping[str, Any]):
    """The local names of a running statement: all of them the module's.

    Those that it binds are noted down, with what they were bound to before.
    """

    __slots__ = ("bound", "deleted", "namespace")

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.bound: dict[str, Any] = {}
        self.deleted: dict[str, None] = {}

    def __getitem__(self, name: str) -> Any:
        return self.namespace[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.bound.setdefault(name, self.namespace.get(name, ABSENT))
        self.namespace[name] = value
        self.deleted.pop(name, None)

    def __delitem__(self, name: str) -> None:
        del self.namespace[name]
        self.bound.pop(name, None)
        self.deleted[name] = None

    def __iter__(self) -> Iterator[str]:
        return iter(self.namespace)

    def __len__(self) -> int:
        return len(self.namespace)


class Engine:
    """Runs modules for the first time and again; there is one for a `Reloader`.

    *tracks* tells whether a module is the user's, *index* is the one that plans are made by.
    """

    def __init__(
        self,
        tracked: dict[str, TrackedModule],
        index: Index,
        *,
        tracks: Callable[[str], bool],
    ) -> None:
        self.tracked = tracked
        self.index = index
        self.tracks = tracks
        self.running: Run | None = None
        self.imported: list[tuple[str, int]] = []
        self.retry: dict[str, set[Token]] = {}
        self._importing = 0
        # The containers under watch, and what each held when that was last looked at.
        self._known: list[tuple[TrackedModule, str, Any]] = []
        self._sizes: list[int] = []

    def execute(self, module: types.ModuleType, loader: ReloadLoader, order: int) -> None:
        """Run *module* for importlib: by the plan if one is being carried out, else all of it."""
        run = self.running
        if run is not None and run.wants(module):
            run.rerun(module, loader)
        else:
            self.import_module(module, loader, order)

    # First imports ---------------------------------------------------------------------------

    def import_module(self, module: types.ModuleType, loader: ReloadLoader, order: int) -> None:
        """Run all of *module* and remember what ran and what it left behind.

        Raises:
            whatever reading, compiling or running the module raises, as an import would.
        """
        name, namespace = module.__name__, module_namespace(module)
        spec = module_spec(module)
        assert namespace is not None
        assert spec is not None
        path = str(spec.origin)
        try:
            stamp, source = read_source(loader, path)
        except SourceError as error:
            raise _as_import_error(error) from None
        tracked = TrackedModule(name, path, weakref.ref(module), order, stamp, source)
        self._enter_import()
        was = self.tracked.get(name)
        self.tracked[name] = tracked
        self.imported.append((name, threading.get_ident()))
        try:
            self._run_first(tracked, source, loader, namespace)
        except BaseException:
            if was is None:
                self.tracked.pop(name, None)
            else:
                self.tracked[name] = was
            raise
        finally:
            self._leave_import()
        if namespace.get("__reload__") is False:
            self.tracked.pop(name, None)
            return
        tracked.stars = star_bindings(source, namespace)
        self._know(tracked, namespace)

    def _run_first(
        self,
        tracked: TrackedModule,
        source: Source,
        loader: ReloadLoader,
        namespace: dict[str, Any],
    ) -> None:
        """Run a whole source, stopping where a name is bound that will be bound again."""
        counts: dict[str, int] = {}
        for statement in source.statements:
            for name in statement.binds:
                counts[name] = counts.get(name, 0) + 1
        stops = [
            number
            for number, statement in enumerate(source.statements)
            if statement.fragment.kind != "import"
            and any(counts[name] > 1 for name in statement.binds)
        ]
        bound: list[dict[str, weakref.ref[Any]]] = [{} for _ in source.statements]
        raw: dict[int, Any] = {}

        def made(function: Any) -> Any:
            raw[function.__code__.co_firstlineno] = function
            return function

        try:
            if not stops:
                with hooked(namespace, made):
                    exec(_whole_code(loader, source), namespace)
            else:
                start = 0
                for stop in [*stops, len(source.statements) - 1]:
                    part = source.statements[start : stop + 1]
                    if part:
                        code = compile_statements(loader, source, part, merge_hook=True)
                        with hooked(namespace, made):
                            exec(code, namespace)
                    for number in range(start, stop + 1):
                        bound[number] = hold(source.statements[number].binds, namespace)
                    start = stop + 1
        except SourceError as error:
            raise _as_import_error(error) from None
        if not stops:
            bound = [hold(statement.binds, namespace) for statement in source.statements]
        for held, statement in zip(bound, source.statements, strict=True):
            if raw and "@" in statement.fragment.text:
                for line in range(statement.lineno, statement.end_lineno + 1):
                    if line in raw:
                        held["@" + raw[line].__qualname__] = weakref.ref(raw[line])
        tracked.bound = bound

    def adopt(self, tracked: TrackedModule, namespace: dict[str, Any]) -> None:
        """Take over a module that was imported before; what it bound is what its names hold."""
        assert tracked.source is not None
        last = {n: i for i, s in enumerate(tracked.source.statements) for n in s.binds}
        tracked.bound = [
            hold([n for n in s.binds if last[n] == i], namespace)
            for i, s in enumerate(tracked.source.statements)
        ]
        tracked.stars = star_bindings(tracked.source, namespace)
        self._know(tracked, namespace)

    def _enter_import(self) -> None:
        """What came into the known containers until now came at run time, or by an import."""
        if self._importing:
            self._note_growth()
        self._importing += 1
        self._sizes = [_size(value) for _, _, value in self._known]

    def _leave_import(self) -> None:
        self._importing -= 1
        self._note_growth()

    def _know(self, tracked: TrackedModule, namespace: dict[str, Any]) -> None:
        """Take notes of what a module has left in its containers, and watch these."""
        tracked.noted = take_notes(namespace, tracked.name)
        for name, value in containers(namespace, tracked.name):
            self._known.append((tracked, name, value))
            self._sizes.append(_size(value))

    def forget_containers(self) -> None:
        """After a reload names may hold other containers: watch those from now on."""
        self._known = [
            (tracked, name, value)
            for tracked in self.tracked.values()
            if tracked.noted
            for name, value in containers(tracked.namespace, tracked.name)
        ]
        self._sizes = [_size(value) for _, _, value in self._known]

    def _note_growth(self) -> None:
        """What an import put into containers of other modules is none of the run time's."""
        for place, (tracked, name, value) in enumerate(self._known):
            size, was = _size(value), self._sizes[place]
            if size == was:
                continue
            self._sizes[place] = size
            note = tracked.noted.get(name)
            if note is not None and note.content is not None and note.identity == id(value):
                tracked.noted[name] = Note(note.identity, _grown(note.content, value, was))

    # Reloads -----------------------------------------------------------------------------------

    def run(self, plan: Plan, namespaces: Iterable[Namespace] = ()) -> tuple[Outcome, ...]:
        """Carry out *plan*; see `Run`."""
        run = Run(self, plan, tuple(namespaces))
        self.running = run
        try:
            return run.carry_out()
        finally:
            self.running = None
            if run.ran_anything:
                self.forget_containers()
            dropped = run.has_dropped_class
            del run
            if dropped:
                gc.collect()  # or __subclasses__() would go on listing what nobody holds


def _as_import_error(error: SourceError) -> BaseException:
    cause = error.__cause__
    return cause if cause is not None else error


def _size(value: Any) -> int:
    return len(class_dict(value)) if isinstance(value, type) else len(value)


def _grown(content: Any, value: Any, size: int) -> Any:
    """*content* with what came into *value* since it held *size* entries."""
    if isinstance(content, frozenset):
        return content | set(list(class_dict(value))[size:])
    if isinstance(content, dict):
        return {**content, **{key: value[key] for key in list(value)[size:]}}
    if isinstance(content, set):
        return content | value if len(content) == size else content
    return [*content, *list(value)[size:]]


def hold(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, weakref.ref[Any]]:
    """What *names* are bound to, held weakly as far as that can be."""
    held: dict[str, weakref.ref[Any]] = {}
    for name in names:
        value = namespace.get(name, ABSENT)
        if value is ABSENT or issubclass(type(value), types.ModuleType):
            continue
        try:
            held[name] = weakref.ref(value)
        except TypeError:
            continue
    return held


def _whole_code(loader: ReloadLoader, source: Source) -> types.CodeType:
    tree = source.take_tree()
    if "@" in source.text:
        insert_merge_hook(tree.body)
    return compile_tree(loader, tree, source.path, 0)


_hooks: dict[int, Callable[[Any], Any]] = {}


def _call_hook(function: Any) -> Any:
    """The innermost decorator of decorated functions: tells whoever runs their module of them."""
    hook = _hooks.get(id(getattr(function, "__globals__", None)))
    return function if hook is None else hook(function)


@contextlib.contextmanager
def hooked(namespace: dict[str, Any], hook: Callable[[Any], Any]) -> Iterator[None]:
    """Have *hook* called with each raw function that a decorated ``def`` of *namespace* makes.

    The name that the code looks up lies among the builtins, so that no module ever shows it.
    """
    before = _hooks.get(id(namespace))
    vars(builtins)[MERGE_HOOK] = _call_hook
    _hooks[id(namespace)] = hook
    try:
        yield
    finally:
        if before is None:
            del _hooks[id(namespace)]
        else:
            _hooks[id(namespace)] = before


@dataclass(slots=True)
class Namespace:
    """A namespace of the user's: a notebook's, a script's.

    Attributes:
        names: the live dict.
        provenance: for names that an import bound, the module and the name there.
        stars: modules whose names were imported by star.
        orphans: values that names still hold although their modules dropped them.
    """

    names: dict[str, Any]
    provenance: dict[str, tuple[str, str]]
    stars: dict[str, None]
    orphans: dict[str, Any] = field(default_factory=dict)


class _Failed(BaseException):
    """Carries a failure out through importlib's frames, whatever the module's code catches."""

    def __init__(self, error: ReloadMagicError, exception: BaseException) -> None:
        super().__init__(str(error))
        self.error = error
        self.exception = exception


@dataclass(slots=True)
class Work:
    """What a run has done to one module so far."""

    plan: ModulePlan
    started: bool = False
    ran: list[Ran] = None  # type: ignore[assignment]
    bound: dict[int, dict[str, Any]] = None  # type: ignore[assignment]
    origins: dict[int, Any] = None  # type: ignore[assignment]
    codes: dict[int, types.CodeType] = None  # type: ignore[assignment]
    stars: dict[int, frozenset[str]] = None  # type: ignore[assignment]
    patched: bool = False
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.ran, self.bound, self.origins, self.codes, self.stars = [], {}, {}, {}, {}


class Run:
    """One reload: carries out a plan and knows what has really changed so far."""

    def __init__(self, engine: Engine, plan: Plan, namespaces: tuple[Namespace, ...]) -> None:
        self.engine = engine
        self.plan = plan
        self.namespaces = namespaces
        self.work = {name: Work(module_plan) for name, module_plan in plan.modules.items()}
        self.actual: set[Token] = set()
        self.contents: dict[tuple[str, ...], tuple[Any, Any]] = {}
        self.extras: list[tuple[Any, Any]] = []
        self.active: frozenset[str] = frozenset()
        self.transaction = Transaction()
        self.made = Made()
        self.patcher: Patcher = self._patcher()
        self.notes: dict[int, Note] | None = None
        self.snapped: set[str] = set()
        self.leftovers: tuple[str, ...] = ()
        # By id: names in classes that others set there, and containers that were given new content.
        self.foreign: dict[int, frozenset[str]] = {}
        self.refilled: set[int] = set()
        self.has_dropped_class = False
        # What ``__before_reload__`` of modules returned.
        self.states: dict[str, Any] = {}
        self.registered: list[tuple[type, list[type]]] = []
        self.caches: list[tuple[tuple[str, str], Any]] | None = None
        self.cleared: set[Token] = set()
        self.values: dict[Token, set[tuple[str, int, str]]] = {}
        self.edited_classes: list[type] = []

    @property
    def ran_anything(self) -> bool:
        return any(work.ran or work.plan.dropped for work in self.work.values())

    def wants(self, module: types.ModuleType) -> bool:
        """Is *module* one that this run is to execute by its plan?"""
        name = module.__name__
        return name in self.active and not self.work[name].started

    def carry_out(self) -> tuple[Outcome, ...]:
        """Run all sets of the plan in order; the outcomes in the order of the modules.

        Raises:
            KeyboardInterrupt: it came while a module ran; that set is rolled back.
        """
        outcomes: list[Outcome] = []
        self.remember_namespaces()
        with self.made:
            for changeset in self.plan.sets:
                if changeset.blocked:
                    outcomes += self._held_back(changeset)
                else:
                    outcomes += self._run_set(changeset)
        return tuple(outcomes)

    def _held_back(self, changeset: Changeset) -> Iterator[Outcome]:
        """Edited modules that wait for one beside them that cannot be parsed."""
        for name in changeset.modules:
            plan = self.work[name].plan
            if plan.diff is not None:
                plan.tracked.stale = True
                yield Outcome(
                    name,
                    plan.tracked.path,
                    "failed",
                    before=plan.before.text,
                    after=plan.after.text,
                )

    # Sets ----------------------------------------------------------------------------------------

    def _patcher(self) -> Patcher:
        return Patcher(
            self.transaction, tracked=self.engine.tracks, made=self.made, refill=self._refill
        )

    def _run_set(self, changeset: Changeset) -> list[Outcome]:
        names = list(changeset.modules)
        if not changeset.edited and not self._may_run(names[0]):
            return []
        self.active = frozenset(names)
        self.transaction = Transaction(label=", ".join(names))
        self.patcher = self._patcher()
        self.patcher.private += [self, self.__dict__, self.contents, self.extras, self.work]
        self.extras, self.contents, self.edited_classes = [], dict(self.contents), []
        self.snapped = set()
        before = set(self.actual)
        known = set(sys.modules)
        imported = len(self.engine.imported)
        try:
            self._prepare(names)
            for name in names:
                self._reload(name)
            self._finish(names)
            self._call_hooks(names)
        except BaseException as error:  # whatever user code raises, SystemExit included
            self._roll_back(known, imported)
            reasons = self._reasons(names)
            self.actual = before
            if isinstance(error, KeyboardInterrupt) or (
                isinstance(error, _Failed) and isinstance(error.exception, KeyboardInterrupt)
            ):
                raise KeyboardInterrupt from None
            return list(self._failures(names, error, reasons, changeset))
        self.transaction.commit()
        outcomes = [self._commit(name) for name in names]
        self._after(names)
        return [outcome for outcome in outcomes if outcome is not None]

    def _may_run(self, name: str) -> bool:
        """Has a dependent anything to do, by what has changed so far?"""
        plan = self.work[name].plan
        return any(self._is_due(plan, number) for number in plan.run)

    def _reasons(self, names: Iterable[str]) -> dict[str, set[Token]]:
        """The changes for which modules were to run: what mends a failure may not repeat them."""
        return {
            name: {
                reason
                for reasons in self.work[name].plan.run.values()
                for reason in reasons
                if isinstance(reason, tuple) and self._is_actual(reason)
            }
            for name in names
        }

    def _prepare(self, names: Iterable[str]) -> None:
        """Compile what was edited, and find what moved definitions were, before anything runs."""
        for name in names:
            work = self.work[name]
            plan = work.plan
            loader = _loader(plan.tracked)
            for number in plan.run:
                if plan.diff is not None and plan.partner(number) is None or EDITED(plan, number):
                    work.codes[number] = self._compile(plan, loader, number)
            for number, (module, old) in plan.origins.items():
                statement = self.work[module].plan.before.statements[old]
                work.origins[number] = self._bound_before(
                    self.engine.tracked[module], old, statement.binds[0]
                )

    @staticmethod
    def _compile(plan: ModulePlan, loader: Any, number: int) -> types.CodeType:
        statement = plan.after.statements[number]
        hook = "@" in statement.fragment.text
        try:
            return compile_statements(loader, plan.after, [statement], merge_hook=hook)
        except SourceError as error:
            error.module = plan.name
            raise

    def _roll_back(self, known: set[str], imported: int) -> None:
        """Undo all writes of the set, and the first imports that it caused."""
        me = threading.get_ident()
        for name, thread in self.engine.imported[imported:]:
            if name not in known and thread == me:
                self.engine.tracked.pop(name, None)
                sys.modules.pop(name, None)
        del self.engine.imported[imported:]
        self.transaction.rollback()
        for name in self.active:
            self.work[name].started = False
            module = self.work[name].plan.tracked.reference()
            if module is not None and sys.modules.get(name) is not module:
                sys.modules[name] = module

    def _failures(
        self,
        names: list[str],
        error: BaseException,
        reasons: dict[str, set[Token]],
        changeset: Changeset,
    ) -> Iterator[Outcome]:
        cause = self._describe(error)
        for name in names:
            plan = self.work[name].plan
            tracked = plan.tracked
            if plan.diff is None and not changeset.edited:
                self.engine.retry.setdefault(name, set()).update(reasons[name])
            if plan.diff is not None or not changeset.edited:
                tracked.failed = cause
                tracked.stale = True
                yield Outcome(
                    name,
                    tracked.path,
                    "failed",
                    edited=plan.diff is not None,
                    error=cause,
                    before=plan.before.text,
                    after=plan.after.text,
                )

    def _describe(self, error: BaseException) -> ReloadMagicError:
        if isinstance(error, _Failed):
            return error.error
        if isinstance(error, ReloadMagicError):
            return error
        name = next(iter(self.active))
        path = self.work[name].plan.tracked.path
        failed = ReloadFailed(error, module=name, path=path)
        failed.__cause__ = error
        return failed

    def _finish(self, names: list[str]) -> None:
        """What is left to do when all statements of a set have run."""
        for container, found in self.extras:
            self._add_extras(container, found)
        for cls, registered in self.registered:
            for other in registered:
                _abc._abc_register(cls, other)
        self.registered = []
        self._clear_caches()
        closures = patch_closures(self.transaction, same_code)
        self.leftovers = (*closures, *self.patcher.finish())
        if self.edited_classes:
            self.made.collect()
        self._refresh_namespaces(names)
        linecache.checkcache()

    def _call_hooks(self, names: list[str]) -> None:
        """What the user's modules and classes want to do now that the new code is in."""
        for name in names:
            if name in self.states:
                after_reload(self.work[name].plan.tracked.namespace, self.states.pop(name))
        after_reload_of_instances(self.edited_classes)

    def _commit(self, name: str) -> Outcome | None:
        """Make the source that ran the baseline; the outcome, None if nothing happened."""
        work = self.work[name]
        plan, tracked = work.plan, work.plan.tracked
        if not work.started and plan.diff is None:
            return None
        tracked.failed = None
        tracked.stale = False
        self.engine.retry.pop(name, None)
        self._carry_over(work)
        tracked.source = plan.after
        status: Literal["reloaded", "patched", "touched"] = "touched"
        definitions = tuple(self._definitions(plan))
        if work.ran or plan.dropped:
            status = "reloaded"
        elif plan.patch:
            status = "patched"
        if plan.diff is None and not work.ran:
            return None
        leftovers, self.leftovers = self.leftovers, ()
        return Outcome(
            name,
            tracked.path,
            status,
            edited=plan.diff is not None,
            definitions=definitions,
            ran=tuple(work.ran),
            kept=tuple(plan.after.statements[n].label for n in sorted(plan.pinned)),
            leftovers=leftovers,
            before=plan.before.text,
            after=plan.after.text,
            seconds=work.seconds,
        )

    def _carry_over(self, work: Work) -> None:
        """What each statement bound, for those that did not run as before."""
        plan, tracked = work.plan, work.plan.tracked
        bound: list[dict[str, weakref.ref[Any]]] = []
        for number in range(len(plan.after.statements)):
            if number in work.bound:
                bound.append(hold_values(work.bound[number]))
                continue
            partner = plan.partner(number)
            held = tracked.bound[partner] if partner is not None else {}
            bound.append(held)
        tracked.bound = bound
        for number, statement in enumerate(plan.after.statements):
            partner = plan.partner(number)
            if "*" in statement.binds and number not in work.stars and partner is not None:
                work.stars[number] = tracked.stars.get(partner, frozenset())
        tracked.stars = work.stars
        if work.ran or plan.dropped:
            tracked.noted = self._noted_again(tracked)

    def _noted_again(self, tracked: TrackedModule) -> dict[str, Note]:
        """Notes after a reload: what came at run time is still none of the module's own."""
        extra = {id(container): found for container, found in self.extras}
        found: dict[str, Note] = {}
        for name, note in take_notes(tracked.namespace, tracked.name).items():
            known = tracked.noted.get(name)
            if known is None or known.identity != note.identity:
                found[name] = note
            elif isinstance(note.content, frozenset):
                foreign = self.foreign.get(note.identity)
                found[name] = (
                    known if foreign is None else Note(note.identity, note.content - foreign)
                )
            elif note.identity in self.refilled and note.content is not None:
                content = _without(note.content, extra.get(note.identity, ()))
                found[name] = Note(note.identity, content)
            else:
                found[name] = known
        return found

    def _definitions(self, plan: ModulePlan) -> Iterator[Definition]:
        if plan.diff is None:
            return
        for pair in plan.diff.pairs:
            statement = plan.after.statements[pair.new]
            if pair.how == "body":
                for edit in pair.bodies:
                    yield Definition(edit.qualname, "changed")
            elif pair.how == "changed" and pair.old is not None:
                yield from _changed(plan.before.statements[pair.old], statement)
            elif pair.how == "new":
                kind: Literal["moved", "added"] = "moved" if pair.new in plan.origins else "added"
                for name in _names(statement):
                    yield Definition(name, kind)
        for name in plan.dropped:
            yield Definition(name, "dropped")

    # Modules -------------------------------------------------------------------------------------

    def _reload(self, name: str) -> None:
        """Reload a module through importlib, unless it was reached already."""
        work = self.work[name]
        if work.started or name not in self.active:
            return
        module = work.plan.tracked.module
        if module is None:
            work.started = True
            return
        plan = work.plan
        if plan.diff is None and not self._may_run(name) and not self._descents(plan):
            return
        self.states[name] = before_reload(plan.tracked.namespace)
        is_moved = plan.before.path != plan.after.path
        if not plan.run and not plan.dropped and plan.diff is not None and not is_moved:
            # Nothing runs, so there is nothing for importlib to see to.
            work.started = True
            self._timed(work, lambda: self._patch(work))
            return
        # importlib replaces __spec__ and its like before the loader is called.
        self._snapshot(plan.tracked)
        self._keep_place(name)
        started = time.perf_counter()
        try:
            importlib.reload(module)
        finally:
            work.seconds += time.perf_counter() - started
        if not work.started:
            # Another finder stands before ours; its loader ran the module as a whole.
            work.started = True

    @staticmethod
    def _timed(work: Work, call: Callable[[], None]) -> None:
        started = time.perf_counter()
        try:
            call()
        finally:
            work.seconds += time.perf_counter() - started

    def _keep_place(self, name: str) -> None:
        """importlib moves what it reloads to the end of ``sys.modules``; a rollback moves it back."""
        names = list(sys.modules)

        def undo() -> None:
            current = dict(sys.modules)
            order = [n for n in names if n in current]
            order += [n for n in current if n not in set(names)]
            for n in order:
                sys.modules[n] = sys.modules.pop(n)

        self.transaction.on_rollback(undo)

    def _snapshot(self, tracked: TrackedModule) -> None:
        """Remember what the code that is going to run may write to without being asked."""
        if tracked.name in self.snapped:
            return
        self.snapped.add(tracked.name)
        namespace = tracked.namespace
        snapshot = self.transaction.snapshot
        snapshot(namespace)
        for value in list(namespace.values()):
            if is_container(value):
                snapshot(value)
            elif isinstance(value, type):
                self._snapshot_class(value, tracked.name)
            elif type(value) is types.FunctionType:
                if value.__globals__ is namespace:
                    snapshot(value)
            elif self._is_instance_of_users(value):
                snapshot(value)
                for part in instance_values(value):
                    if is_container(part):
                        snapshot(part)
        annotations = namespace.get("__annotations__")
        if type(annotations) is dict:
            snapshot(annotations)

    def _snapshot_class(self, cls: type, module: str) -> None:
        attributes = class_dict(cls)
        if attributes.get("__module__") != module:
            return
        self.transaction.snapshot(cls)
        for value in list(attributes.values()):
            if is_container(value):
                self.transaction.snapshot(value)
            elif isinstance(value, type) and value is not cls:
                self._snapshot_class(value, module)

    def _is_instance_of_users(self, value: Any) -> bool:
        module = class_dict(type(value)).get("__module__")
        return (
            isinstance(module, str)
            and self.engine.tracks(module)
            and instance_dict(value) is not None
        )

    def rerun(self, module: types.ModuleType, loader: ReloadLoader) -> None:
        """Run what the plan says of *module*; called by the loader, inside importlib's locks."""
        work = self.work[module.__name__]
        work.started = True
        self._patch(work)
        plan = work.plan
        self._drop_names(work)
        descents = self._descents(plan)
        try:
            for number in sorted({*plan.run, *descents}):
                for target in descents.get(number, ()):
                    self._reload(target)
                if number in plan.run and self._is_due(plan, number):
                    self._clear_caches()
                    self._run_statement(work, number, loader)
        except _Failed:
            raise
        except KeyboardInterrupt:
            raise
        except SourceError as error:
            raise _Failed(error, error) from error
        except BaseException as error:  # user code may raise anything
            raise _Failed(self._locate(error, plan), error) from error

    def _locate(self, error: BaseException, plan: ModulePlan) -> ReloadFailed:
        """The failure with its place: the innermost line of the module that was running."""
        lineno, traceback = 0, error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == plan.after.path:
                lineno = traceback.tb_lineno
            traceback = traceback.tb_next
        lines = plan.after.text.split("\n")
        line = lines[lineno - 1] if 0 < lineno <= len(lines) else ""
        failed = ReloadFailed(
            error, module=plan.name, path=plan.tracked.path, lineno=lineno, line=line
        )
        failed.__cause__ = error
        return failed

    def _descents(self, plan: ModulePlan) -> dict[int, list[str]]:
        """For each import statement, the modules of this set that an import would run first."""
        waiting = {n for n in self.active if n != plan.name and not self.work[n].started}
        if not waiting:
            return {}
        entry = self.engine.index.modules[plan.name]
        found: dict[int, list[str]] = {}
        for number, summary in enumerate(entry.summaries):
            if not summary.imports:
                continue
            targets = [
                target
                for path in summary.now.paths
                if path[0].startswith("@")
                for target in self.engine.index.import_targets(plan.name, path)
                if target in waiting
            ]
            if targets:
                found[number] = list(dict.fromkeys(targets))
        return found

    def _is_due(self, plan: ModulePlan, number: int) -> bool:
        return any(
            isinstance(reason, str) or self._is_actual(reason)
            for reason in plan.run.get(number, ())
        )

    def _is_actual(self, token: Token) -> bool:
        """Has what *token* says really happened?"""
        if token in self.actual:
            return True
        held = self.contents.get(token[1:]) if token[0] in {"content", "attr"} else None
        return held is not None and not same_value(held[0], held[1])

    def _drop_names(self, work: Work) -> None:
        """Take out what the source no longer binds."""
        plan = work.plan
        namespace = plan.tracked.namespace
        for name in plan.dropped:
            if name == "__doc__":
                namespace[name] = None
            elif name in namespace and not self._is_submodule(plan.name, name, namespace[name]):
                if isinstance(namespace[name], type):
                    self.has_dropped_class = True
                del namespace[name]
            self.actual.add(("bind", plan.name, name))
        if plan.diff is None:
            return
        self._drop_annotations(plan)
        self._drop_attributes(plan)
        bound = {n for s in plan.after.statements for n in s.binds}
        for number in plan.dropped_statements:
            for name in plan.before.statements[number].binds:
                if name == "*":
                    self._drop_star(work, plan.tracked.stars.get(number, ()))
                elif name in bound:
                    self.actual.add(("bind", plan.name, name))

    def _drop_attributes(self, plan: ModulePlan) -> None:
        """Take off functions and classes what statements set on them that are gone."""
        assert plan.diff is not None
        gone = list(plan.dropped_statements)
        gone += [p.old for p in plan.diff.pairs if p.how == "changed" and p.old is not None]
        for number in gone:
            for *path, attr in attribute_targets(plan.before.statements[number]):
                for (module, name), rest in self.engine.index.resolve(plan.name, tuple(path)):
                    tracked = self.engine.tracked.get(module)
                    value = tracked.namespace.get(name) if tracked and not rest else None
                    if type(value) is types.FunctionType:
                        if attr in value.__dict__:
                            self.transaction.del_item(value.__dict__, attr)
                    elif isinstance(value, type) and attr in class_dict(value):
                        self.transaction.del_attr(value, attr)

    def _drop_annotations(self, plan: ModulePlan) -> None:
        """Take out of ``__annotations__`` what the source no longer annotates."""
        annotations = plan.tracked.namespace.get("__annotations__")
        if type(annotations) is not dict:
            return
        for source in (plan.before, plan.after):
            for statement in source.statements:
                if ":" in statement.fragment.text and statement.fragment.summary is None:
                    summarize(statement.fragment)
        gone, stays = (
            {name for s in source.statements if s.fragment.summary for name in s.fragment.summary.annotated}
            for source in (plan.before, plan.after)
        )
        for name in gone - stays:
            annotations.pop(name, None)
        if gone and not stays and not annotations:
            del plan.tracked.namespace["__annotations__"]

    def _drop_star(self, work: Work, names: Iterable[str]) -> None:
        """Take out *names*, which only a star-import bound and which it binds no longer."""
        plan = work.plan
        namespace = plan.tracked.namespace
        bound = {n for s in plan.after.statements for n in s.binds}
        for name in names:
            if name not in bound and name in namespace:
                del namespace[name]
                self.actual.add(("bind", plan.name, name))

    @staticmethod
    def _is_submodule(package: str, name: str, value: Any) -> bool:
        return sys.modules.get(f"{package}.{name}") is value

    # Bodies --------------------------------------------------------------------------------------

    def _patch(self, work: Work) -> None:
        """New code for functions of which only the body differs, right lines for the others."""
        plan = work.plan
        if plan.diff is None or work.patched:
            return
        work.patched = True
        self._move_lines(plan)
        loader = _loader(plan.tracked)
        for number, pair in plan.patch.items():
            for edit, functions, code in patches(plan, loader, pair):
                for function in functions:
                    if self._recode(plan, function, code) and edit is not None:
                        self.actual.add(("code", plan.name, edit))
                        self._note_class(plan, edit)
            work.bound.pop(number, None)

    def _note_class(self, plan: ModulePlan, qualname: str) -> None:
        owner = qualname.rpartition(".")[0]
        cls = find_class(plan.tracked.namespace, owner) if owner else None
        if cls is not None and cls not in self.edited_classes:
            self.edited_classes.append(cls)

    def _recode(
        self, plan: ModulePlan, function: types.FunctionType, code: types.CodeType
    ) -> bool:
        return self.patcher.patch_code(function, code)

    def _move_lines(self, plan: ModulePlan) -> None:
        """Functions that only moved get the lines that they stand on now."""
        diff = plan.diff
        assert diff is not None
        shifts: dict[int, tuple[int, int]] = {}
        again: list[int] = []
        for number in diff.moved:
            partner = plan.partners[number]
            old, new = plan.before.statements[partner], plan.after.statements[number]
            if old.fragment.text == new.fragment.text:
                delta = new.lineno - old.lineno
                for line in range(old.lineno, old.end_lineno + 1):
                    shifts[line] = (delta, new.lineno)
            else:
                again.append(number)
        tracked = plan.tracked
        self._move_file(plan)
        again += self._compiled_otherwise(plan, again)
        # Before any line moves, as the old code objects are known by their lines.
        moved = self._recode_moved(plan, again) if again else set()
        if shifts:
            has_inner = False
            for function in self._live_functions(tracked):
                if id(function) in moved:
                    continue
                moved.add(id(function))
                has_inner = self._shift(plan, function, shifts) or has_inner
            if has_inner:
                for function in self._closures(tracked.namespace):
                    if id(function) not in moved:
                        moved.add(id(function))
                        self._shift(plan, function, shifts)
            self._move_classes(plan)

    @staticmethod
    def _compiled_otherwise(plan: ModulePlan, known: list[int]) -> list[int]:
        """Statements that are the same, but whose code is not, as other names are imported now.

        CPython compiles ``m.f()`` otherwise where the module imports ``m``.
        """
        diff = plan.diff
        assert diff is not None
        names = imported_names(plan.before) ^ imported_names(plan.after)
        if not names:
            return []
        return [
            pair.new
            for pair in diff.pairs
            if pair.how == "same"
            and pair.new not in known
            and plan.after.statements[pair.new].fragment.kind in {"def", "class", "other", "assign"}
            and any(f"{name}." in plan.after.statements[pair.new].fragment.text for name in names)
        ]

    def _recode_moved(self, plan: ModulePlan, numbers: list[int]) -> set[int]:
        """Statements that mean the same but are laid out otherwise: their code, line for line.

        The ``id`` of each function that has got other code.
        """
        loader = _loader(plan.tracked)
        old = [plan.before.statements[plan.partners[number]] for number in numbers]
        new = [plan.after.statements[number] for number in numbers]
        codes = code_pairs(
            compile_statements(loader, plan.before, old),
            compile_statements(loader, plan.after, new),
        )
        recoded: set[int] = set()
        functions = {id(f): f for f in self._live_functions(plan.tracked)}
        functions.update((id(f), f) for f in self._closures(plan.tracked.namespace))
        for function in functions.values():
            code = codes.get(_place(function.__code__))
            if code is not None and code.co_freevars == function.__code__.co_freevars:
                self.transaction.set_attr(function, "__code__", code)
                recoded.add(id(function))
        return recoded

    def _shift(
        self,
        plan: ModulePlan,
        function: types.FunctionType,
        shifts: Mapping[int, tuple[int, int]],
    ) -> bool:
        """Move a function's code to its line; is there code nested in it?"""
        code = function.__code__
        found = shifts.get(code.co_firstlineno)
        if found is None or code.co_filename != plan.after.path:
            return False
        self.transaction.set_attr(function, "__code__", shifted(code, found[0]))
        return any(isinstance(constant, types.CodeType) for constant in code.co_consts)

    def _closures(self, namespace: dict[str, Any]) -> Iterator[types.FunctionType]:
        """Functions of a module that others hold by their names, such as what it decorated."""
        homes = [tracked.namespace for tracked in self.engine.tracked.values()]
        homes += [found.names for found in self.namespaces]
        for home in homes:
            for function in reachable_functions(home):
                if function.__globals__ is namespace:
                    yield function

    def _move_file(self, plan: ModulePlan) -> None:
        """Functions name the file that they are in now."""
        before, after = plan.before.path, plan.after.path
        if before == after:
            return
        for function in live_functions(plan.tracked.namespace):
            if function.__code__.co_filename == before:
                self.transaction.set_attr(function, "__code__", refiled(function.__code__, after))

    def _move_classes(self, plan: ModulePlan) -> None:
        if sys.version_info < (3, 13):
            return
        assert plan.diff is not None
        for number in plan.diff.moved:
            old, new = plan.before.statements[plan.partners[number]], plan.after.statements[number]
            if new.fragment.kind == "class":
                self._move_class(plan.tracked.namespace.get(new.binds[0]), new.lineno - old.lineno)

    def _move_class(self, cls: Any, delta: int) -> None:
        if isinstance(cls, type):
            line = class_dict(cls).get("__firstlineno__")
            if type(line) is int:
                self.transaction.set_attr(cls, "__firstlineno__", line + delta)
            for value in list(class_dict(cls).values()):
                if isinstance(value, type) and value.__qualname__.startswith(cls.__qualname__ + "."):
                    self._move_class(value, delta)

    @staticmethod
    def _live_functions(tracked: TrackedModule) -> Iterator[types.FunctionType]:
        namespace = dict(tracked.namespace)
        seen: set[int] = set()
        for function in own_functions(tracked.namespace):
            seen.add(id(function))
            yield function
        for held in tracked.bound:
            for name, reference in held.items():
                value = reference()
                if value is None or value is namespace.get(name):
                    continue
                for function in functions_within(value):
                    if id(function) not in seen and function.__globals__ is tracked.namespace:
                        seen.add(id(function))
                        yield function

    # Statements ----------------------------------------------------------------------------------

    def _run_statement(self, work: Work, number: int, loader: Any) -> None:
        plan = work.plan
        statement = plan.after.statements[number]
        namespace = plan.tracked.namespace
        code = work.codes.get(number)
        if code is None:
            code = self._compile(plan, loader, number)
        fingerprints = self._fingerprints(plan, number)
        filled = self._fill_sizes(plan, number)
        before = {name: namespace.get(name, ABSENT) for name in statement.binds}
        olds = self._olds(work, number)
        recorder = Recorder(namespace)
        work.ran.append(Ran(statement.lineno, statement.label, plan.why(number)))
        result: dict[str, Any] = {}

        def made(function: Any) -> Any:
            stays = self._merge_early(plan, number, function)
            result["@" + stays.__qualname__] = stays
            return stays

        with hooked(namespace, made):
            exec(code, namespace, recorder)
        if "*" in statement.binds:
            self._drop_foreign(plan, number, recorder)
            partner = plan.partner(number)
            before_names = plan.tracked.stars.get(partner, ()) if partner is not None else ()
            self._drop_star(work, [n for n in before_names if n not in recorder.bound])
            work.stars[number] = frozenset(recorder.bound)
        for name, was in recorder.bound.items():
            value = namespace[name]
            known = name in statement.binds or plan.partner(number) is None
            old = olds.get(name, ABSENT) if known else was
            stays = self._settle(work, number, name, old, value)
            if stays is not value:
                namespace[name] = stays
            result[name] = stays
            self._note_binding(plan, name, was, value, stays)
            del value  # a twin must not outlive its merge
        self._forget_unbound(work, number, recorder, before)
        work.bound[number] = result
        self._note_definition(plan, number, fingerprints)
        self._note_fills(plan, number, filled)
        if statement.fragment.kind == "class":
            self.made.collect()  # or __subclasses__() would list twins

    def _drop_foreign(self, plan: ModulePlan, number: int, recorder: Recorder) -> None:
        """A star-import binds what the source of the module binds, not what others set on it."""
        entry = self.engine.index.modules[plan.name]
        index = self.engine.index
        stars = [star for star in entry.stars if star in index.modules and not index.whole(star)]
        if len(stars) != len(entry.stars):
            return
        for name, was in list(recorder.bound.items()):
            if any(self.engine.index.binds(star, name) for star in stars):
                continue
            del recorder.bound[name]
            if was is ABSENT:
                del recorder.namespace[name]
            else:
                recorder.namespace[name] = was

    def _olds(self, work: Work, number: int) -> dict[str, Any]:
        """What the statement that this one stands for had bound."""
        plan = work.plan
        if number in work.origins and work.origins[number] is not ABSENT:
            return {plan.after.statements[number].binds[0]: work.origins[number]}
        partner = plan.partner(number)
        if partner is None:
            return {}
        names = plan.before.statements[partner].binds
        return {
            name: value
            for name in names
            if (value := self._bound_before(plan.tracked, partner, name, plan.before))
            is not ABSENT
        }

    @staticmethod
    def _bound_before(
        tracked: TrackedModule, number: int, name: str, source: Source | None = None
    ) -> Any:
        source = source or tracked.source
        assert source is not None
        reference = tracked.bound[number].get(name) if number < len(tracked.bound) else None
        value = reference() if reference is not None else None
        if value is not None:
            return value
        binders = [n for n, s in enumerate(source.statements) if name in s.binds]
        if binders and binders[-1] == number:
            return tracked.namespace.get(name, ABSENT)
        return ABSENT

    def _merge_early(self, plan: ModulePlan, number: int, function: Any) -> Any:
        """The old function, carrying the new code, for decorators to see."""
        if type(function) is not types.FunctionType:
            return function
        old = self._raw_before(plan, number, function.__qualname__)
        return function if old is None else self.patcher.merge_early(old, function)

    def _raw_before(
        self, plan: ModulePlan, number: int, qualname: str
    ) -> types.FunctionType | None:
        """The function that the old statement's ``def`` made, out of whatever wraps it."""
        partner = plan.partner(number)
        if partner is None or "." in qualname:
            return None
        reference = plan.tracked.bound[partner].get("@" + qualname)
        raw = reference() if reference is not None else None
        if raw is None and "@" not in plan.before.statements[partner].fragment.text:
            return None  # decorators are new: what holds the function is to get what they make
        if raw is not None:
            return raw  # type: ignore[no-any-return]
        old = plan.before.statements[partner]
        value = self._bound_before(plan.tracked, partner, qualname, plan.before)
        if value is ABSENT:
            return None
        lines = range(old.lineno, old.end_lineno + 1)
        for function in own_functions_of(value, plan.tracked.namespace):
            code = function.__code__
            if code.co_qualname == qualname and (
                code.co_firstlineno in lines or function.__qualname__ == qualname
            ):
                return function
        return None

    def _settle(self, work: Work, number: int, name: str, old: Any, new: Any) -> Any:
        """The object that stays: *old* with the new content where that can be, else *new*."""
        plan = work.plan
        statement = plan.after.statements[number]
        if old is ABSENT or old is new or statement.fragment.kind == "import":
            return self.patcher.stand_in(new)
        new = self.patcher.stand_in(new)
        if old is new:
            return old
        if is_container(new) and type(old) is type(new):
            note = self._note_of(old)
            if note is not None and note.content is not None:
                if same_value(_plainly(note.content), _plainly(new)):
                    return old
            elif same_value(old, new):
                return old
            if _is_display(statement) or self._is_made_container(new):
                return self._refill(old, new, (plan.name, name))
            return new
        if same_value(old, new):
            return old
        if isinstance(new, type) and isinstance(old, type):
            return self._settle_class(plan, number, name, old, new)
        defines = statement.fragment.kind in {"def", "class"}
        if (defines or self.patcher.can_merge(old, new)) and self.patcher.is_made(new):
            stays = self.patcher.merge(old, new)
            if stays is not old:
                self._tell_at_once(old, stays)
            return stays
        self.patcher.settle(new)
        return new

    def _settle_class(
        self, plan: ModulePlan, number: int, name: str, old: type, new: type
    ) -> Any:
        if not self.patcher.is_made(new):
            return new
        noted = self._class_notes(plan.tracked, name, old)
        if "" in plan.filled.get(name, ()):
            self._reset_registry(plan.tracked, name, old)
        self._foreign_names(old, noted)
        stays = self.patcher.merge(
            old, new, keep=self._kept_attributes(plan, number, name), noted=noted
        )
        self.edited_classes.append(stays)
        self._tell_at_once(old, stays)
        return stays

    def _tell_at_once(self, old: Any, stays: Any) -> None:
        """Twins, and what was replaced, leave the places where later statements look."""
        places = self._filled_containers()
        if stays is not old:
            places += [tracked.namespace for tracked in self.engine.tracked.values()]
        self.patcher.redirect_in(places)

    def _reset_registry(self, tracked: TrackedModule, name: str, cls: type) -> None:
        """Take out of an abstract class what statements registered; they are to run again."""
        registered = abc_registry(cls)
        if registered is None:
            return
        note = tracked.noted.get(f"{name}.<abc>")
        by_source = note.content if note is not None else frozenset()
        _abc._reset_registry(cls)
        _abc._reset_caches(cls)
        self.registered.append((cls, [r for r in registered if id(r) not in by_source]))
        self.transaction.on_rollback(lambda: _restore_registry(cls, registered))

    def _foreign_names(self, cls: type, noted: Mapping[str, frozenset[str]]) -> None:
        qualname = type.__dict__["__qualname__"].__get__(cls)
        if qualname in noted:
            self.foreign[id(cls)] = frozenset(class_dict(cls)) - noted[qualname]

    @staticmethod
    def _class_notes(
        tracked: TrackedModule, name: str, cls: type
    ) -> dict[str, frozenset[str]]:
        """By qualname, which names a class and those in it had when the module had run."""
        return {
            key: note.content
            for key, note in tracked.noted.items()
            if (key == name or key.startswith(name + ".")) and isinstance(note.content, frozenset)
        }

    def _kept_attributes(self, plan: ModulePlan, number: int, name: str) -> set[str]:
        """Class-level values that the edit does not reach: they keep their objects."""
        partner = plan.partner(number)
        entry = self.engine.index.modules[plan.name]
        if partner is None:
            return set()
        old, new = plan.before.statements[partner].parse()[0], plan.after.statements[number].parse()[0]
        if not isinstance(old, ast.ClassDef) or not isinstance(new, ast.ClassDef):
            return set()
        if "whole module" in plan.run[number]:
            return set()
        found = diff_classes(old, new)
        changed = found.attrs | found.bodies
        filled = plan.filled.get(name, set())
        reached = self._reached_values()
        kept: set[str] = set()
        for qualname, info in entry.summaries[number].classes.items():
            prefix = qualname.removeprefix(name).lstrip(".")
            for attr in info.values:
                dotted = f"{prefix}.{attr}" if prefix else attr
                if dotted.partition(".")[0] in changed or attr in filled or "" in filled:
                    continue
                if f"{qualname}.{attr}" in entry.functions or f"{qualname}.{attr}" in entry.classes:
                    continue
                if (plan.name, number, f"{qualname}.{attr}") in reached:
                    continue
                if "lambda" in info.attrs[attr].lower():
                    continue  # a function is merged, not kept
                kept.add(dotted)
        return kept

    def _reached_values(self) -> set[tuple[str, int, str]]:
        """The values in class bodies that use what has changed so far."""
        found: set[tuple[str, int, str]] = set()
        for token in self._tokens():
            if token not in self.values:
                self.values[token] = self.engine.index.reached_values(token)
            found |= self.values[token]
        return found

    def _tokens(self) -> set[Token]:
        """All that has really changed so far."""
        tokens = set(self.actual)
        for key, (container, before) in self.contents.items():
            if not same_value(container, before):
                tokens.add(("attr" if len(key) > 2 else "content", *key))
        return tokens

    def _filled_containers(self) -> list[Any]:
        """Containers of the user's modules that statements fill."""
        found: list[Any] = []
        for (module, name, attr), _ in self.engine.index.fillers().items():
            tracked = self.engine.tracked.get(module)
            if tracked is None:
                continue
            value = tracked.namespace.get(name)
            if attr and isinstance(value, type):
                value = class_dict(value).get(attr)
            if is_container(value):
                found.append(value)
            elif isinstance(value, type):
                found += [v for v in class_dict(value).values() if is_container(v)]
            elif value is not None and self._is_instance_of_users(value):
                found += [v for v in instance_values(value) if is_container(v)]
        return found

    def _forget_unbound(
        self, work: Work, number: int, recorder: Recorder, before: Mapping[str, Any]
    ) -> None:
        """Names of a conditional statement that it bound before and did not bind this time."""
        plan = work.plan
        statement = plan.after.statements[number]
        if statement.fragment.kind != "other":
            return
        entry = self.engine.index.modules[plan.name]
        # ``try: table / except NameError: table = {}`` keeps what it finds.
        is_try = type(statement.fragment.parse()[0]).__name__.startswith("Try")
        reads = entry.summaries[number].now.paths if is_try else {}
        namespace = plan.tracked.namespace
        for name in statement.binds:
            if name in recorder.bound or before.get(name, ABSENT) is ABSENT:
                continue
            if name in recorder.deleted or (name,) in reads or len(entry.bindings[name]) > 1:
                continue
            if name in namespace:
                del namespace[name]
                self.actual.add(("bind", plan.name, name))

    # Containers ----------------------------------------------------------------------------------

    def _note_of(self, container: Any) -> Note | None:
        """What the container's module had left in it."""
        if self.notes is None:
            self.notes = {}
            for tracked in self.engine.tracked.values():
                for note in tracked.noted.values():
                    self.notes[note.identity] = note
        return self.notes.get(id(container))

    def _is_made_container(self, value: Any) -> bool:
        """Was the container made by this run? A dict may look so once it is written to."""
        if self._note_of(value) is not None:
            return False
        return type(value) is dict or self.made.has(value)

    def _refill(self, old: Any, new: Any, key: tuple[str, ...] = ()) -> Any:
        """Give *old* what *new* holds; what came into it at run time is added at the end."""
        if not is_container(new) or self._note_of(new) is not None:
            return new
        note = self._note_of(old)
        before = note.content if note is not None else None
        if before is not None and same_value(_plainly(before), _plainly(new)) and not key:
            return old
        if before is not None:
            found = extras(old, before)
            if found:
                self.extras.append((old, found))
        if key:
            snapshot = before if before is not None else content_of(old)
            self.contents[key] = (old, _like(old, snapshot))
        self.refilled.add(id(old))
        self.transaction.set_contents(old, self._merged_contents(old, new))
        return old

    def _merged_contents(self, old: Any, new: Any) -> Any:
        """What *new* holds, functions and classes carried into those that *old* holds."""
        merge = self._merge_part
        if isinstance(new, dict):
            content = type(new)(new) if type(new) is not type(old) else new.copy()
            for key, value in new.items():
                if key in old:
                    content[key] = merge(old[key], value)
            return content
        if isinstance(new, set):
            return set(new)
        parts = list(new)
        for number, (was, value) in enumerate(zip(old, parts, strict=False)):
            parts[number] = merge(was, value)
        return parts

    def _merge_part(self, old: Any, new: Any) -> Any:
        if is_container(new) or not self.patcher.can_merge(old, new):
            return self.patcher.stand_in(new)
        return self.patcher.merge(old, new) if self.patcher.is_made(new) else new

    def _add_extras(self, container: Any, found: Any) -> None:
        if isinstance(found, dict):
            for key, value in found.items():
                if key not in container:
                    container[key] = value
        elif isinstance(found, set):
            container.update(found)
        else:
            container.extend(found)

    # What really changed -------------------------------------------------------------------------

    def _note_binding(
        self, plan: ModulePlan, name: str, was: Any, value: Any, stays: Any
    ) -> None:
        """A name was bound to *value*, for which *stays* stands now; it *was* something before."""
        if stays is was:
            if value is not was and not is_container(stays):
                self.actual.add(("content", plan.name, name))  # merged in place
                if isinstance(stays, type):
                    self.actual.add(("head", plan.name, name))
        elif not same_value(was, stays):
            self.actual.add(("bind", plan.name, name))
            self.actual.add(("content", plan.name, name))

    def _fingerprints(self, plan: ModulePlan, number: int) -> dict[str, Any]:
        """How the functions and values of a definition were before it ran again."""
        statement = plan.after.statements[number]
        if statement.fragment.kind not in {"def", "class"}:
            return {}
        value = plan.tracked.namespace.get(statement.binds[0])
        return dict(fingerprints(statement.binds[0], value))

    def _note_definition(self, plan: ModulePlan, number: int, before: dict[str, Any]) -> None:
        statement = plan.after.statements[number]
        if statement.fragment.kind not in {"def", "class"}:
            return
        name = statement.binds[0]
        value = plan.tracked.namespace.get(name)
        after = dict(fingerprints(name, value))
        for qualname in {*before, *after}:
            if not same_fingerprint(before.get(qualname), after.get(qualname)):
                self.actual.add(("code", plan.name, qualname))
                owner, _, attr = qualname.rpartition(".")
                if owner:
                    first, _, rest = qualname.partition(".")
                    self.actual.add(("attr", plan.name, first, rest.partition(".")[0]))
                del owner, attr
        self.actual.discard(("content", plan.name, name))
        self.actual.discard(("head", plan.name, name))
        if statement.fragment.kind == "class":
            self._note_class_shape(plan, number, name, set(before) != set(after))
        elif "@" in statement.fragment.text:
            self.actual.add(("code", plan.name, name))
            self.actual.add(("content", plan.name, name))

    def _note_class_shape(
        self, plan: ModulePlan, number: int, name: str, names_differ: bool
    ) -> None:
        partner = plan.partner(number)
        head = partner is None
        shape = names_differ
        if partner is not None:
            old = plan.before.statements[partner].parse()[0]
            new = plan.after.statements[number].parse()[0]
            if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef):
                found = diff_classes(old, new)
                head, shape = found.head, shape or found.names or bool(found.attrs)
            else:
                head = True
        entry = self.engine.index.modules[plan.name]
        info = entry.summaries[number].classes.get(name)
        if head:
            self.actual.add(("head", plan.name, name))
        if head or shape or (info is not None and (info.decorated or info.bases)):
            self.actual.add(("shape", plan.name, name))

    def _fill_sizes(
        self, plan: ModulePlan, number: int
    ) -> list[tuple[tuple[str, ...], Any, int]]:
        """The objects that a statement may fill, with how much they hold now."""
        found: list[tuple[tuple[str, ...], Any, int]] = []
        for (module, name, attr), members in self.engine.index.fillers().items():
            if (plan.name, number) not in members or module not in self.engine.tracked:
                continue
            value = self.engine.tracked[module].namespace.get(name)
            if attr and isinstance(value, type):
                value = class_dict(value).get(attr)
            key = (module, name, attr) if attr else (module, name)
            sized = is_container(value) or isinstance(value, type)
            found.append((key, value, _size(value) if sized else -1))
        return found

    def _note_fills(
        self, plan: ModulePlan, number: int, filled: list[tuple[tuple[str, ...], Any, int]]
    ) -> None:
        """What a statement put into objects is the source's own, and changes their content."""
        for key, value, size in filled:
            if key not in self.contents:
                self.actual.add(("attr" if len(key) > 2 else "content", *key))
            tracked = self.engine.tracked[key[0]]
            dotted = ".".join(key[1:])
            note = tracked.noted.get(dotted)
            if size < 0 or note is None or note.content is None or note.identity != id(value):
                continue
            if id(value) not in self.refilled and _size(value) != size:
                grown = Note(note.identity, _grown(note.content, value, size))
                self.transaction.set_item(tracked.noted, dotted, grown)

    # Caches --------------------------------------------------------------------------------------

    def _clear_caches(self) -> None:
        """Empty the caches of functions which run, or read, something that has changed."""
        if self.caches is None:
            self.caches = list(self._find_caches())
        if not self.caches:
            return
        for token in self._tokens() - self.cleared:
            self.cleared.add(token)
            users = self.engine.index.reached_functions(token)
            for place, cache in self.caches:
                if place in users:
                    cache.cache_clear()

    def _find_caches(self) -> Iterator[tuple[tuple[str, str], Any]]:
        """The `functools.lru_cache` objects of the user's modules, with module and qualname."""
        for name, tracked in self.engine.tracked.items():
            for key, value in list(tracked.namespace.items()):
                if type(value) is functools._lru_cache_wrapper:
                    yield (name, key), value
                elif isinstance(value, type) and class_dict(value).get("__module__") == name:
                    for attr, part in list(class_dict(value).items()):
                        if type(part) is functools._lru_cache_wrapper:
                            yield (name, f"{key}.{attr}"), part

    # Namespaces ----------------------------------------------------------------------------------

    def _refresh_namespaces(self, names: Iterable[str]) -> None:
        """Bring names of the user's namespaces up to date that still are what they imported."""
        for namespace in self.namespaces:
            for name, (module, attr) in list(namespace.provenance.items()):
                new = self._value_now(module, attr)
                old = namespace.names.get(name, ABSENT)
                was = self._value_before(module, attr)
                if was is ABSENT:
                    was = namespace.orphans.get(name, ABSENT)
                if was is ABSENT or old is not was:
                    continue
                if new is ABSENT:
                    namespace.orphans[name] = old
                elif new is not old:
                    self.transaction.set_item(namespace.names, name, new)
                    namespace.orphans.pop(name, None)
            for module in namespace.stars:
                self._refresh_star(namespace, module)

    def _refresh_star(self, namespace: Namespace, module: str) -> None:
        now = module_namespace(sys.modules.get(module)) or {}
        before = self.before.get(module)
        if before is None:
            return
        names = namespace.names
        for name in star_names(now):
            old = names.get(name, ABSENT)
            was = before.get(name, ABSENT)
            if old is not now[name] and (old is was):
                self.transaction.set_item(names, name, now[name])
        for name in star_names(before):
            if name not in now and name in names and names[name] is before[name]:
                self.transaction.del_item(names, name)

    def _value_now(self, module: str, attr: str) -> Any:
        found = module_namespace(sys.modules.get(module))
        return ABSENT if found is None else found.get(attr, ABSENT)

    def _value_before(self, module: str, attr: str) -> Any:
        return self.before.get(module, {}).get(attr, ABSENT)

    @property
    def before(self) -> dict[str, dict[str, Any]]:
        """The namespaces that the user imported from, as they were when the run began."""
        return self.__dict__["_before"]  # type: ignore[no-any-return]

    def remember_namespaces(self) -> None:
        """Note what the user's names may have been imported as."""
        modules = {m for ns in self.namespaces for m, _ in ns.provenance.values()}
        modules.update(m for ns in self.namespaces for m in ns.stars)
        self.__dict__["_before"] = {
            module: dict(found)
            for module in modules
            if (found := module_namespace(sys.modules.get(module))) is not None
        }

    def _after(self, names: Iterable[str]) -> None:
        """Nothing yet."""


def EDITED(plan: ModulePlan, number: int) -> bool:
    return "edited" in plan.run[number]


def _restore_registry(cls: type, registered: list[type]) -> None:
    _abc._reset_registry(cls)
    _abc._reset_caches(cls)
    for other in registered:
        _abc._abc_register(cls, other)


def hold_values(values: Mapping[str, Any]) -> dict[str, weakref.ref[Any]]:
    return hold(values, values)


def _plainly(content: Any) -> Any:
    """A container as a plain dict, list or set, for comparison."""
    if isinstance(content, dict):
        return dict(content)
    return set(content) if isinstance(content, set) else list(content)


def _like(container: Any, content: Any) -> Any:
    """*content* as a container of the type that *container* has."""
    if content is None or type(container) is type(content):
        return content
    copy = container.copy()
    copy.clear()
    if isinstance(content, dict):
        copy.update(content)
    else:
        copy.extend(content)
    return copy


def _without(content: Any, found: Any) -> Any:
    if isinstance(content, dict):
        return {k: v for k, v in content.items() if k not in found}
    if isinstance(content, set):
        return content - set(found)
    return content[: len(content) - len(found)]


def _is_display(statement: Statement) -> bool:
    """Is the statement an assignment of a display or comprehension, which makes its object?"""
    nodes = statement.fragment.parse()
    value = getattr(nodes[0], "value", None) if len(nodes) == 1 else None
    return isinstance(
        value, ast.Dict | ast.List | ast.Set | ast.ListComp | ast.SetComp | ast.DictComp
    )


def _names(statement: Statement) -> tuple[str, ...]:
    if statement.fragment.kind in {"import", "future", "doc"}:
        return ()
    return statement.binds


def _changed(old: Statement, new: Statement) -> Iterator[Definition]:
    """What an edit did to one statement, the members of a class one by one."""
    if old.fragment.kind == new.fragment.kind == "class":
        before, after = old.parse()[0], new.parse()[0]
        if isinstance(before, ast.ClassDef) and isinstance(after, ast.ClassDef):
            found = diff_classes(before, after)
            if not found.head and (found.bodies or found.attrs):
                for attr in sorted(found.bodies | found.attrs):
                    yield Definition(f"{new.binds[0]}.{attr}", "changed")
                return
    for name in _names(new):
        yield Definition(name, "changed" if name in old.binds else "added")


def imported_names(source: Source) -> frozenset[str]:
    """The names that a source's import statements bind."""
    return frozenset(
        alias.asname or alias.name.partition(".")[0]
        for node in source.imports()
        for alias in node.names  # type: ignore[attr-defined]
    )


def attribute_targets(statement: Statement) -> Iterator[tuple[str, ...]]:
    """The attributes, as dotted paths, that a plain assignment sets: ``("f", "mark")``."""
    if statement.fragment.kind != "assign" or "." not in statement.fragment.text:
        return
    for node in statement.fragment.parse():
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Attribute):
                path = dotted(target)
                if path is not None:
                    yield path


def star_bindings(source: Source, namespace: Mapping[str, Any]) -> dict[int, frozenset[str]]:
    """By position of a star-import, the names that it has bound in *namespace*."""
    found: dict[int, frozenset[str]] = {}
    for number, statement in enumerate(source.statements):
        if "*" in statement.binds:
            found[number] = frozenset(
                name
                for star in star_targets(statement, namespace)
                for name in star_names(star)
                if namespace.get(name, ABSENT) is star[name]
            )
    return found


def star_targets(statement: Statement, namespace: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The namespaces of the modules whose names a statement imports by star."""
    for node in statement.fragment.parse():
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            name = "." * node.level + (node.module or "")
            try:
                target = importlib.util.resolve_name(name, namespace.get("__package__"))
            except ImportError:
                continue
            yield module_namespace(sys.modules.get(target)) or {}


def star_names(namespace: Mapping[str, Any]) -> list[str]:
    """The names that a star-import of a module with that namespace binds."""
    listed = namespace.get("__all__")
    if isinstance(listed, list | tuple):
        return [name for name in listed if isinstance(name, str) and name in namespace]
    return [name for name in namespace if not name.startswith("_")]


def _loader(tracked: TrackedModule) -> Any:
    spec = module_spec(tracked.reference())
    return spec.loader if spec is not None else None


def shifted(code: types.CodeType, delta: int) -> types.CodeType:
    """*code* and all code nested in it, *delta* lines further down."""
    constants = tuple(
        shifted(constant, delta) if isinstance(constant, types.CodeType) else constant
        for constant in code.co_consts
    )
    return code.replace(co_firstlineno=code.co_firstlineno + delta, co_consts=constants)


def refiled(code: types.CodeType, path: str) -> types.CodeType:
    """*code* and all code nested in it, as if it stood in the file *path*."""
    constants = tuple(
        refiled(constant, path) if isinstance(constant, types.CodeType) else constant
        for constant in code.co_consts
    )
    return code.replace(co_filename=path, co_consts=constants)


def _place(code: types.CodeType) -> tuple[str, int, tuple[int | None, ...]]:
    """Where a code object stands: its name, its line and the position it starts from."""
    first = next((p for p in code.co_positions() if p[2] is not None), (None,) * 4)
    return code.co_qualname, code.co_firstlineno, first


def code_pairs(
    old: types.CodeType, new: types.CodeType
) -> dict[tuple[str, int, tuple[int | None, ...]], types.CodeType]:
    """For the place of each code object nested in *old*, the one that stands for it in *new*.

    Both must be compiled from the same tree, laid out in two ways.
    """
    pairs = zip(code_objects(old), code_objects(new), strict=False)
    return {_place(was): now for was, now in pairs if was.co_qualname == now.co_qualname}


def patches(
    plan: ModulePlan, loader: Any, pair: Pair
) -> Iterator[tuple[str | None, list[types.FunctionType], types.CodeType]]:
    """For the functions of a statement: whose body was edited, who lives, and the code to get.

    Functions whose body is the same but that stand elsewhere come without a name.
    """
    assert pair.old is not None
    old, new = plan.before.statements[pair.old], plan.after.statements[pair.new]
    before, after = list(qualified(old.parse())), list(qualified(new.parse()))
    edits = {edit.path: edit for edit in pair.bodies}
    wanted: list[tuple[int, int, int, str]] = []
    for number, ((_, was), (qualname, now)) in enumerate(zip(before, after, strict=True)):
        same_place = first_line(was) == first_line(now) and ast.dump(
            was, include_attributes=True
        ) == ast.dump(now, include_attributes=True)
        if not same_place:
            wanted.append((number, first_line(was), first_line(now), qualname))
    if not wanted:
        return
    codes = {
        (code.co_qualname, code.co_firstlineno): code
        for code in code_objects(compile_statements(loader, plan.after, [new]))
    }
    namespace = plan.tracked.namespace
    for number, was_line, now_line, qualname in wanted:
        code = codes.get((qualname, now_line))
        functions = [
            function
            for function in _candidates(plan, pair.old, namespace, qualname)
            if function.__code__.co_firstlineno == was_line
        ]
        if code is not None:
            yield (qualname if number in edits else None), functions, code


def _candidates(
    plan: ModulePlan, number: int, namespace: dict[str, Any], qualname: str
) -> list[types.FunctionType]:
    """Live functions that a ``def`` of an old statement may have made."""
    found = find_functions(namespace, qualname)
    if "." not in qualname and number < len(plan.tracked.bound):
        for key in (qualname, "@" + qualname):
            reference = plan.tracked.bound[number].get(key)
            value = reference() if reference is not None else None
            found += [f for f in functions_within(value) if all(f is not g for g in found)]
    return found


def is_patchable(plan: ModulePlan, pair: Pair) -> bool:
    """Can the live functions of a statement be given new code, so that it need not run?

    Not where a decorator of the user's made something else of the function, and not where its
    free variables differ.
    """
    loader = _loader(plan.tracked)
    if loader is None or not plan.tracked.bound:
        return False
    try:
        found = list(patches(plan, loader, pair))
    except SourceError:
        return False
    named = {edit.qualname for edit in pair.bodies}
    for qualname, functions, code in found:
        if qualname is None:
            continue
        named.discard(qualname)
        if not functions and not _is_elsewhere(plan, pair, qualname):
            return False
        if any(f.__code__.co_freevars != code.co_freevars for f in functions):
            return False
        if not _is_registered(plan, pair, qualname, functions):
            return False
    return not named


def _is_registered(
    plan: ModulePlan, pair: Pair, qualname: str, functions: list[types.FunctionType]
) -> bool:
    """Does the name hold the function itself, so that a decorator can only have registered it?"""
    if "." in qualname:
        return True
    assert pair.old is not None
    reference = plan.tracked.bound[pair.old].get(qualname)
    value = reference() if reference is not None else plan.tracked.namespace.get(qualname)
    return value is None or any(f in functions for f in functions_within(value))


def _is_elsewhere(plan: ModulePlan, pair: Pair, qualname: str) -> bool:
    """Does the name hold a function of another branch, so that this one is not in use?"""
    assert pair.old is not None
    if plan.before.statements[pair.old].fragment.kind != "other":
        return False
    return "." in qualname or bool(find_functions(plan.tracked.namespace, qualname))


def own_functions_of(value: Any, namespace: dict[str, Any]) -> Iterator[types.FunctionType]:
    """Functions of the module that *value* is or wraps."""
    todo = [value]
    seen: set[int] = set()
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if type(item) is types.FunctionType:
            if item.__globals__ is namespace:
                yield item
            todo.extend(held_by_function(item))
        else:
            todo.extend(functions_within(item))
            todo.extend(f for f in instance_values(item) if type(f) is types.FunctionType)


def fingerprints(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What a definition is made of, function by function and value by value."""
    if isinstance(value, type):
        yield name, ("class", value)
        for attr, part in list(class_dict(value).items()):
            if attr in IGNORED:
                continue
            if isinstance(part, type):
                yield f"{name}.{attr}", ("value", part)
            else:
                yield f"{name}.{attr}", fingerprint(part)
    else:
        yield name, fingerprint(value)


IGNORED = frozenset(
    {"__dict__", "__weakref__", "__module__", "__firstlineno__", "__static_attributes__",
     "__annotate_func__", "__annotations_cache__", "_abc_impl"}
)  # fmt: skip


def fingerprint(value: Any) -> tuple[str, Any]:
    functions = list(functions_within(value))
    if not functions:
        return "value", value
    return "functions", [
        (type(value), f.__code__, f.__defaults__, f.__kwdefaults__) for f in functions
    ]


def same_fingerprint(old: Any, new: Any) -> bool:
    if old is None or new is None or old[0] != new[0]:
        return False
    if old[0] != "functions":
        return same_value(old[1], new[1])
    return len(old[1]) == len(new[1]) and all(
        a[0] is b[0]
        and same_code(a[1], b[1])
        and same_value(a[2], b[2])
        and same_value(a[3], b[3])
        for a, b in zip(old[1], new[1], strict=True)
    )


def same_code(old: types.CodeType, new: types.CodeType) -> bool:
    """Do both do the same? Positions do not count."""
    if old is new:
        return True
    return (
        old.co_code == new.co_code
        and old.co_names == new.co_names
        and old.co_varnames == new.co_varnames
        and old.co_freevars == new.co_freevars
        and old.co_cellvars == new.co_cellvars
        and old.co_flags == new.co_flags
        and (old.co_argcount, old.co_posonlyargcount, old.co_kwonlyargcount)
        == (new.co_argcount, new.co_posonlyargcount, new.co_kwonlyargcount)
        and len(old.co_consts) == len(new.co_consts)
        and all(
            same_code(a, b)
            if isinstance(a, types.CodeType) and isinstance(b, types.CodeType)
            else same_value(a, b)
            for a, b in zip(old.co_consts, new.co_consts, strict=True)
        )
    )
