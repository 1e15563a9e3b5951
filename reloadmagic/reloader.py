"""`Reloader`: the public face, which walks the rooms in order.

In come settings; out go changes, plans and reports. It works without IPython, in scripts and in
long-running processes; the extension is a thin layer above it.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import enum
import functools
import importlib.util
import itertools
import logging
import operator
import os
import sys
import threading
import time
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, cast

from .attempts import Attempts
from .bytecode import was_edited_since_import
from .changes import Change, Files, Stale, change_to, find_change, holds_what_ran
from .collector import collector_paused
from .engine import Engine
from .engine.names import Namespace
from .engine.stars import star_names
from .errors import SourceError
from .interrupts import interrupts_wait
from .live import class_dict, find_class
from .loader import MERGE_HOOK, ReloadFinder, read_source, show_source
from .modules import COMPILED, REPLACED, TrackedModule, module_namespace, module_spec, spec_in
from .ownership import Ownership, matches
from .report import Report
from .source import Source
from .source.parsing import parse
from .source.scopes import bound_names, scope_nodes
from .stamps import Stamp, stamp_of
from .undo import Undo, hint_of_undone

if TYPE_CHECKING:
    from .diff import Diff
    from .engine import Outcome, Slow
    from .plan import Plan
    from .reach.index import Index
    from .workers import Attachment

__all__ = ["Reloader"]

log = logging.getLogger(__name__)


class Reloader:
    """Reloads the user's edited modules in the running process.

    Args:
        include: patterns (`fnmatch`) of module names to track although they are installed.
        exclude: patterns of module names to leave alone.
        namespaces: dicts whose from-imported names are kept up to date, such as ``globals()``.
        keep: patterns ``"pkg.mod:NAME"`` of module-level names that keep their values.
        workers_timeout: how many seconds a reload waits for the workers that follow it.
        progress: is called, from another thread, with a `Slow` for each statement that has run
            for a second, again and again while it goes on, and once when it has ended.

    It watches from the moment it is made until `close`.
    """

    def __init__(
        self,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        namespaces: Iterable[dict[str, Any]] = (),
        keep: Iterable[str] = (),
        workers_timeout: float = 5.0,
        progress: Callable[[Slow], object] | None = None,
    ) -> None:
        self.workers_timeout = workers_timeout
        self.history: deque[Report] = deque(maxlen=100)
        self._tracked: dict[str, TrackedModule] = {}
        self._settle(include, exclude, keep)
        self._engine = Engine(self._tracked, lambda: self._index, tracks=self._is_tracked)
        self._engine.tell = progress
        self._finder = ReloadFinder(self)
        self._lock = threading.Lock()
        self._namespaces = [Namespace(names, {}, {}) for names in namespaces]
        # Invariant: a change stays here until the source it brings has run.
        self._pending: dict[str, Change] = {}
        self._attempts = Attempts(self._tracked, self.find_spec, self._engine.awaited)
        self._undo = Undo()
        self._attachments: tuple[Attachment, ...] = ()
        self._scanned: tuple[int, str | None] = (0, None)
        self._known: dict[str, None] = {}
        # What had last run, by names and sources, when the index held just that.
        self._synced: tuple[list[str], list[Source | None]] = ([], [])
        # Made anew once other modules are tracked, or in other files.
        self._files: Files | None = None
        self.install()
        for namespace in self._namespaces:
            self._read_main(namespace)

    # Settings ------------------------------------------------------------------------------------

    def _settle(self, include: Iterable[str], exclude: Iterable[str], keep: Iterable[str]) -> None:
        self._owns = Ownership(include, exclude)
        self._keep = tuple(keep)

    @property
    def include(self) -> tuple[str, ...]:
        """Patterns of module names that are reloaded though they are installed."""
        return self._owns.include

    @property
    def exclude(self) -> tuple[str, ...]:
        """Patterns of module names that are left alone."""
        return self._owns.exclude

    @property
    def keep(self) -> tuple[str, ...]:
        """``module:NAME`` patterns of values that are never made again."""
        return self._keep

    def configure(
        self,
        *,
        include: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        keep: Iterable[str] | None = None,
    ) -> None:
        """Change settings; those left out stay. Modules come under watch or leave it at once."""
        self._settle(
            self.include if include is None else include,
            self.exclude if exclude is None else exclude,
            self.keep if keep is None else keep,
        )
        for name, tracked in list(self._tracked.items()):
            if not self._owns(name, tracked.path):
                _ledger[id(tracked.reference())] = tracked  # it may come under watch again
                self.forget(name)
        self._scanned = (0, None)
        self._known.clear()
        self._scan()

    # The import system's side ----------------------------------------------------------------------

    def install(self) -> None:
        """Watch imports from now on, and take over what is imported already."""
        self._finder.install()
        self._scan()

    def close(self) -> None:
        """Stop watching imports, let go of workers. Nothing that was reloaded is undone; may be
        called again.
        """
        self.detach()
        self._finder.remove()
        for tracked in self._tracked.values():
            _ledger[id(tracked.reference())] = tracked
        vars(builtins).pop(MERGE_HOOK, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def tracks(self, name: str, path: str) -> bool:
        """Is the module *name* with the file *path* one to reload?"""
        return self._owns(name, path)

    def spec_for(self, name: str, found: ModuleSpec | None) -> ModuleSpec | None:
        """The spec *found*, unless there is none, or it is of another file than the one to run."""
        tracked = self._tracked.get(name)
        running = self._engine.running
        planned = running.path_of(name) if running is not None else None
        if tracked is None or (found is not None and planned != tracked.path):
            return found
        if found is not None and found.origin == planned:
            return found
        places = tracked.namespace.get("__path__")
        # The module's own loader, as the file's name alone does not tell one that reads notebooks.
        return importlib.util.spec_from_file_location(
            name,
            tracked.path,
            loader=getattr(module_spec(tracked.reference()), "loader", None),
            submodule_search_locations=list(places) if places is not None else None,
        )

    def started(self, name: str, order: int) -> None:
        """An import begins."""
        log.debug("import %d: %s", order, name)

    @contextmanager
    def executing(
        self, module: types.ModuleType, loader: Any, order: int
    ) -> Iterator[Iterator[types.CodeType]]:
        """What importlib is to run of a module."""
        with self._engine.executing(module, loader, order) as codes:
            yield codes
        self._files = None
        self._pending.pop(module.__name__, None)

    def _scan(self) -> None:
        """Take over modules that came to be without the finder: imported before, or put there."""
        last = next(reversed(sys.modules), None)
        if self._scanned == (len(sys.modules), last):
            return
        modules = dict(sys.modules)
        new = modules.keys() - self._known.keys()
        if new:
            unknown = [item for item in modules.items() if item[0] in new]
            order = -len(unknown)  # before those that the finder counts, from 0 on
            for name, module in self._owns.candidates(unknown):
                if name not in self._tracked:
                    self._take_over(name, module, order)
                order += 1
        self._known = dict.fromkeys(modules)
        self._scanned = (len(sys.modules), last)
        self._files = None

    def _take_over(self, name: str, module: object, order: int) -> None:
        namespace = module_namespace(module)
        spec = spec_in(namespace) if namespace is not None else None
        path = spec.origin if spec is not None else None
        if namespace is None or spec is None or type(path) is not str:
            return
        if not self._owns(name, path) or not spec.has_location or spec.name != name:
            return
        if namespace.get("__reload__") is False:
            return
        module = cast("types.ModuleType", module)
        known = _ledger.get(id(module))
        if known is not None and known.reference() is module:
            self._tracked[name] = known  # as another reloader left it
            return
        if type(spec.loader).__name__ == "zipimporter":
            path = archive_of(path)
        tracked = TrackedModule(name, path, weakref.ref(module), order, stamp_of(path))
        tracked.opaque = opaque_kind(path, spec)
        if not tracked.opaque:
            if getattr(spec.loader, "get_data", None) is None:
                return
            self._read_baseline(tracked, spec, namespace)
        self._tracked[name] = tracked

    def _read_baseline(
        self, tracked: TrackedModule, spec: ModuleSpec, namespace: dict[str, Any]
    ) -> None:
        """Take the file for what ran, unless its cached bytecode shows that it was edited since."""
        try:
            tracked.stamp, tracked.source = read_source(spec.loader, tracked.path)
            tracked.source.drop_tree()
        except (OSError, SourceError):
            tracked.stamp = None
            return
        self._engine.adopt(tracked, namespace)
        if was_edited_since_import(spec, tracked.stamp):
            tracked.source = None
            tracked.stamp = None

    # Names of the user's ---------------------------------------------------------------------------

    def note_cell(self, source: str, namespace: dict[str, Any]) -> None:
        """Note which names of *namespace* the code *source*, about to run there, imports.

        Such a name is brought up to date by reloads for as long as it is what it was imported as.
        """
        found = next((n for n in self._namespaces if n.names is namespace), None)
        if found is None:
            found = Namespace(namespace, {}, {})
            self._namespaces.append(found)
        try:
            nodes = parse(source).body
        except (SyntaxError, ValueError, RecursionError):
            return
        for statement in nodes:
            imports = [n for n in scope_nodes([statement]) if isinstance(n, ast.ImportFrom)]
            if not imports:
                for name in bound_names([statement]):
                    found.provenance.pop(name, None)
            for node in imports:
                found.note_import(node, is_certain=node is statement)

    def _read_main(self, namespace: Namespace) -> None:
        """The imports of a script whose globals are to be kept up to date."""
        path = namespace.names.get("__file__")
        if isinstance(path, str):
            try:
                _, source = read_source(_PlainReader(), path)
            except (OSError, SourceError):
                return
            self.note_cell(source.text, namespace.names)

    # What is tracked -------------------------------------------------------------------------------

    @property
    def tracked(self) -> Mapping[str, TrackedModule]:
        """The modules under watch, by name."""
        return MappingProxyType(self._tracked)

    @property
    def namespaces(self) -> tuple[Namespace, ...]:
        """The user's namespaces, with what is known of how their names were imported."""
        return tuple(self._namespaces)

    @functools.cached_property
    def _index(self) -> Index:
        from .reach.index import Index  # what plans an edit is imported with the first one

        return Index(is_module=_is_loaded, is_metaclass=self._is_metaclass, names_of=_names_by_star)

    @property
    def index(self) -> Index:
        """Who uses what, in the sources that last ran; to be read only, and until the next call."""
        with self._whole_index():
            self._sync()
        return self._index

    def untracked(self) -> dict[str, str]:
        """Modules of the session that a user might expect to be tracked, and why they are not."""
        return {
            name: self.why_untracked(name)
            for name, module in list(sys.modules.items())
            if name not in self._tracked and self._is_expected(name, module)
        }

    def _is_expected(self, name: str, module: object) -> bool:
        """Would the module be tracked but for what its author or the user said, or its loader?"""
        namespace, spec = module_namespace(module), module_spec(module)
        if namespace is None or spec is None or type(spec.origin) is not str:
            return False
        if matches(name, self.exclude) or namespace.get("__reload__") is False:
            return True
        return spec.has_location and self._owns(name, spec.origin)

    def why_untracked(self, name: str) -> str:
        """Why the loaded module *name* is left alone, as a person would say it.

        Empty for a module that is tracked or not loaded.
        """
        if name in self._tracked or name not in sys.modules:
            return ""
        module = sys.modules[name]
        namespace, spec = module_namespace(module), module_spec(module)
        if self._owns.why_never(name):
            return self._owns.why_never(name)
        if namespace is not None and namespace.get("__reload__") is False:
            return "opted out by __reload__ = False"
        origin = spec.origin if spec is not None and spec.has_location else None
        if namespace is None or type(origin) is not str:
            is_pythons = name.partition(".")[0] in sys.stdlib_module_names
            return "part of Python's standard library" if is_pythons else "it has no file"
        return self._owns.why_not(name, origin) or "its loader gives no source"

    def _is_tracked(self, name: str) -> bool:
        return name in self._tracked

    def _is_metaclass(self, module: str, name: str) -> bool:
        """Is the live class *name* a metaclass, or, as ``"type:NAME"``, is it made by one?

        So is a ``NamedTuple``, though the class that comes out does not tell. As ``"enum:NAME"``,
        is it made with members?
        """
        tracked = self._tracked.get(module)
        asks, _, name = name.rpartition(":")
        cls = find_class(tracked.namespace, name) if tracked else None
        if cls is None:
            return False
        if asks == "enum":
            return issubclass(type(cls), enum.EnumMeta)
        if asks == "type":
            is_tuple = tuple in type.__dict__["__mro__"].__get__(cls)
            return type(cls) is not type or (is_tuple and "_fields" in class_dict(cls))
        return type in type.__dict__["__mro__"].__get__(cls)

    def forget(self, name: str) -> None:
        """Know no more of the module *name*: what is imported by that name next is a first import."""
        self._files = None
        self._known.pop(name, None)
        self._tracked.pop(name, None)
        self._pending.pop(name, None)
        self._attempts.forget(name)
        self._engine.retry.pop(name, None)
        self._engine.awaited.pop(name, None)
        self._undo.held.pop(name, None)
        if "_index" in vars(self):
            self._index.drop(name)

    def look(self) -> Stale | None:
        """What may have to be done, by one ``stat`` for each tracked module and nothing else.

        It is empty if there is nothing to do, and for `reload` alone where it follows at once, not
        to look twice. A file that was saved again with the same bytes is as good as before from now
        on. None means that modules have come or gone, so that more has to be looked at.
        """
        files = self._files
        if files is None or self._scanned != (len(sys.modules), next(reversed(sys.modules), None)):
            return None
        stale = files.stale()
        return [] if stale and self._were_only_touched(stale) else stale

    def _were_only_touched(self, stale: Stale) -> bool:
        """Do *stale* files hold what last ran? Then their stamps are the ones to expect."""
        if not self._lock.acquire(blocking=False):
            return False  # another thread reloads
        try:
            for tracked, stamp in stale:
                if tracked.name in self._undo.held or not holds_what_ran(tracked, stamp):
                    return False
                self._note_touch(tracked, stamp)
            return True
        finally:
            self._lock.release()

    def _note_touch(self, tracked: TrackedModule, stamp: Stamp | None) -> None:
        tracked.stamp = stamp
        if tracked.name not in self._engine.retry:
            tracked.let_go_of_error()
            tracked.stale, tracked.failed = False, None
        self._expect_files()
        self._pending.pop(tracked.name, None)
        self._attempts.take_back(tracked.name)

    def _stale(self) -> Stale:
        """Tracked modules whose files are not as they were when they were last read."""
        if self._files is None:
            self._files = Files(self._tracked.values())
        return self._files.stale()

    # Changes ---------------------------------------------------------------------------------------

    def changes(self, names: Iterable[str] | None = None) -> tuple[Change, ...]:
        """What differs from what last ran; *names* are patterns that limit it.

        Files that were only touched are in it once. Nothing is imported or run.
        """
        self._scan()
        found = self._changes(self._stale())
        if names is not None:
            patterns = tuple(names)
            found = [change for change in found if matches(change.module, patterns)]
        self._undo.look(found)
        return tuple(found)

    def _changes(self, stale: Stale) -> list[Change]:
        return [change for t, stamp in stale if (change := self._change(t, stamp)) is not None]

    def _change(self, tracked: TrackedModule, stamp: object) -> Change | None:
        if sys.modules.get(tracked.name) is None:
            self.forget(tracked.name)
            return None
        known = self._pending.get(tracked.name)
        if known is not None and known.stamp == stamp and stamp is not None:
            if known.kind != "unreadable" or known.digest:
                return known  # what could not be opened may be open now
        change = find_change(tracked, self._finder.usual_spec)
        if change.kind == "touched":
            self._note_touch(tracked, change.stamp)
            return change
        if tracked.module is None and change.kind != "deleted":
            tracked.opaque = REPLACED
            change = Change(tracked.name, change.path, "opaque", stamp=change.stamp)
        tracked.stale = True
        if change.kind != "deleted":
            self._pending[tracked.name] = change
        return change

    # Plans -------------------------------------------------------------------------------------------

    @collector_paused()
    def plan(self, changes: Iterable[Change] | None = None) -> Plan:
        """What a reload would do about *changes*, all there are by default. Nothing runs."""
        found = self.changes() if changes is None else tuple(changes)
        with self._whole_index():
            return self._plan(found)

    @contextmanager
    def _whole_index(self) -> Iterator[None]:
        """An index that an interrupt has left half made is made anew when it is next asked for."""
        try:
            yield
        except BaseException:
            vars(self).pop("_index", None)
            raise

    def _plan(self, found: tuple[Change, ...]) -> Plan:
        self._sync()
        edited = {
            change.module: self._diff(change)
            for change in found
            if change.kind in {"modified", "moved"} and change.module in self._tracked
        }
        blocked = {
            change.module
            for change in found
            if change.kind == "unreadable" and change.module in self._index.modules
        }
        from .engine import is_patchable
        from .plan import Planner

        planner = Planner(
            self._index,
            self._tracked,
            patchable=is_patchable,
            keep=self._keep,
            findable=self._is_findable,
            source_of=self._source_of,
        )
        retry = {
            name: tokens
            for name, tokens in self._engine.retry.items()
            if name in self._tracked and self._attempts.may_be_mended(name, found)
        }
        return planner.plan(found, edited, retry, blocked)

    def _is_findable(self, name: str) -> bool:
        return self._finder.usual_spec(name) is not None

    def _source_of(self, name: str) -> Source | None:
        """What importing a module of the user's would run; None for others and what cannot be."""
        spec = self._finder.usual_spec(name)
        if spec is None or not spec.has_location or spec.origin is None:
            return None
        if not self.tracks(name, spec.origin):
            return None
        try:
            return read_source(spec.loader, spec.origin)[1]
        except (OSError, SourceError):
            return None  # the import will say so

    @staticmethod
    def _diff(change: Change) -> Diff:
        from .diff import Diff, Pair, diff_sources

        assert change.after is not None
        if change.before is not None:
            return diff_sources(change.before, change.after)
        count = len(change.after.statements)
        pairs = tuple(Pair(number, number, "changed") for number in range(count))
        return Diff(change.after, change.after, 0, 0, pairs, (), ())

    def _sync(self) -> None:
        """Have the index hold what last ran, whatever a plan put there since."""
        names, sources = list(self._tracked), list(map(_source_of, self._tracked.values()))
        known, synced = self._synced
        if names == known:
            others = itertools.compress(names, map(operator.is_not, sources, synced))
            unsure = [*others, *self._index.changed, *self._pending]
        else:
            unsure = [*names, *self._index.modules]
        for name in dict.fromkeys(unsure):
            tracked = self._tracked.get(name)
            if tracked is None:
                self._index.drop(name)
                continue
            change = self._pending.get(name)
            source = tracked.source
            if source is None and change is not None:
                source = change.after
            if source is not None:
                self._index.put(name, source)
        self._index.changed.clear()
        self._synced = names, sources

    # Reloads -----------------------------------------------------------------------------------------

    def reload(
        self,
        plan: Plan | None = None,
        *,
        names: Iterable[str] | None = None,
        looked: Stale | None = None,
    ) -> Report:
        """Bring the session up to date.

        *plan* limits it to what was planned, *names* to the modules that these patterns match, and
        what depends on them. Without either, versions that failed before or were undone are left
        until their files, or files that could mend them, are edited. *looked* is what `look` has
        just returned.

        Returns a report that is false where there was nothing to do or another thread reloads.

        Raises:
            KeyboardInterrupt: it came while a module ran; the modules of that transaction are as
                before.
        """
        if not self._lock.acquire(blocking=False):
            return Report()
        try:
            if plan is None and names is not None:
                plan = self.plan(self.changes(names))
            report = self._reload(plan, looked)
        finally:
            self._lock.release()
        return self._pass_on(report)

    def undo(self) -> Report:
        """Go back to the code before the last reload, by reloading the sources that ran then.

        The files stay as they are: what they hold is not loaded again by itself until they are
        edited; `reload` with a plan or names loads it. Undoing again goes back one reload more.

        Returns a report that is false where there was nothing to undo or another thread reloads.

        Raises:
            KeyboardInterrupt: as `reload`.
        """
        if not self._lock.acquire(blocking=False):
            return Report(undo=True)
        try:
            report = self._go_back()
        finally:
            self._lock.release()
        return self._pass_on(report)

    def receive(self, sources: Mapping[str, bytes]) -> Report:
        """Bring loaded modules to *sources*, bytes by module name, whatever their files hold.

        It is one reload, as if the files had been edited so; one that is under way in another
        thread is waited for. Names that are not tracked are left out.
        """
        with self._lock:
            started = time.perf_counter()
            self._scan()
            changes = [
                change_to(self._tracked[name], data, self._finder.usual_spec)
                for name, data in sources.items()
                if name in self._tracked
            ]
            # What has no baseline is planned by the source that it is to get.
            pending = {change.module: change for change in changes}
            self._pending.update(pending)
            plan = self.plan(changes)
            with interrupts_wait():
                outcomes, notes = self._carry_out(plan)
                for change in self._keep_stamps(plan, outcomes):
                    self._tracked[change.module].opaque = ""  # it has a source now
            for name, change in pending.items():
                if self._pending.get(name) is change:
                    del self._pending[name]
        return Report(outcomes, notes, time.perf_counter() - started)

    @property
    def undone(self) -> frozenset[str]:
        """Modules that run an earlier version than their files hold, as `undo` left them."""
        return frozenset(self._undo.held)

    def _reload(self, plan: Plan | None, looked: Stale | None) -> Report:
        started = time.perf_counter()
        if plan is None:
            self._scan()
            stale = self._stale() if looked is None or self._files is None else looked
            if not stale:
                return _NOTHING
            found = self._changes(stale)
            self._undo.look(found)
            changes = self._attempts.worth_trying(
                change for change in found if change.module not in self._undo.held
            )
            if not changes:
                return _NOTHING
            plan = self.plan(changes)
        with interrupts_wait():
            outcomes, notes = self._carry_out(plan)
            self._undo.note(self._keep_stamps(plan, outcomes), self._tracked)
        return Report(outcomes, notes, time.perf_counter() - started)

    def _go_back(self) -> Report:
        started = time.perf_counter()
        self._scan()
        back = self._undo.back(self._tracked, self._finder.usual_spec)
        if not back:
            return Report(undo=True)
        before = [(t := self._tracked[c.module], t.stale, t.failed) for c in back]
        plan = self.plan(back)
        with interrupts_wait():
            outcomes, notes = self._carry_out(plan)
            done = {change.module for change in self._keep_stamps(plan, outcomes)}
            for tracked, stale, failed in before:
                if tracked.name not in done:  # it goes on with what it had
                    tracked.stale, tracked.failed = stale, failed
                    self._attempts.forget(tracked.name)
            if len(done) == len(back):
                self._undo.drop_last()
            now = [change for change in self.changes() if change.module in done]
            self._undo.hold(now)
        notes += hint_of_undone(now)
        return Report(outcomes, notes, time.perf_counter() - started, undo=True)

    def _carry_out(self, plan: Plan) -> tuple[tuple[Outcome, ...], tuple[str, ...]]:
        """Run *plan*; its outcomes, and sentences about what cannot be reloaded."""
        for tracked in self._tracked.values():
            if tracked.failed is not None:
                tracked.let_go_of_error()
        notes = self._settle_files(plan.changes)
        outcomes = [o for c in plan.changes if (o := self._unreadable(c)) is not None]
        self._attempts.begin(plan.changes)
        try:
            outcomes += self._engine.run(plan, self._namespaces)
        except KeyboardInterrupt:
            self._attempts.interrupted()
            raise
        finally:
            self._expect_files()
        failed = {outcome.module for outcome in outcomes if outcome.status == "failed"}
        for change in plan.changes:
            if change.module in failed and change.before is not None:
                show_source(change.before)
        self._attempts.failed(plan, failed, self._index.imports() if failed else {})
        self._finder.install()
        return tuple(outcomes), tuple(notes)

    def _pass_on(self, report: Report) -> Report:
        """Have workers follow, outside the lock, as some may live in this process."""
        for attachment in self._attachments:
            said = attachment.follow()
            report = dataclasses.replace(
                report,
                notes=report.notes + said.notes,
                troubles=report.troubles + said.troubles,
            )
        if report:
            self.history.append(report)
        return report

    def _settle_files(self, changes: Iterable[Change]) -> list[str]:
        """Remember files that nothing can be done about, and say so, a phrase each."""
        found = [
            c for c in changes if c.kind in {"deleted", "opaque"} and c.module in self._tracked
        ]
        if not found:
            return []
        from .report.words import NAMES, listed, place

        gone = [place(change.path, 0) for change in found if change.kind == "deleted"]
        are = "is" if len(gone) == 1 else "are"
        notes = [f"{listed(gone, NAMES)} {are} gone; what last ran stays"] if gone else []
        for change in found:
            if change.kind == "opaque":
                tracked = self._tracked[change.module]
                tracked.stamp = change.stamp
                path = place(change.path, 0)
                notes.append(f"{path} changed, and only a restart can load a {tracked.opaque}")
        self._expect_files()
        return notes

    def _unreadable(self, change: Change) -> Outcome | None:
        if change.kind != "unreadable" or change.module not in self._tracked:
            return None
        tracked = self._tracked[change.module]
        tracked.failed, tracked.stale = change.error, True
        before = tracked.source.text if tracked.source is not None else None
        from .engine import Outcome

        return Outcome(change.module, change.path, "failed", error=change.error, before=before)

    def _keep_stamps(self, plan: Plan, outcomes: Iterable[Outcome]) -> list[Change]:
        """Files whose source has run now are current; the changes that brought them."""
        failed = {outcome.module for outcome in outcomes if outcome.status == "failed"}
        done = []
        for change in plan.changes:
            tracked = self._tracked.get(change.module)
            if tracked is None or change.module in failed:
                continue
            if change.kind in {"modified", "moved"} and tracked.source is change.after:
                if tracked.path != change.path:
                    self._files = None
                tracked.stamp, tracked.path = change.stamp, change.path
                tracked.stale, tracked.failed = False, None
                self._pending.pop(change.module, None)
                self._attempts.forget(change.module)
                done.append(change)
        self._expect_files()
        return done

    def _expect_files(self) -> None:
        if self._files is not None:
            self._files.expect()

    # Workers -----------------------------------------------------------------------------------------

    def attach(self, client: Any, *, name: str = "") -> Attachment:
        """Have the workers of *client* run what is loaded here, now and after each reload.

        *client* is a ``distributed.Client``, an ``ipyparallel.Client`` or ``DirectView``, a
        ``ProcessPoolExecutor``, an executor of loky's, ``joblib`` itself, or any callable
        ``broadcast(function, payload)`` that returns replies by worker. *name* is what reports
        call it. What is attached already stays as it is.

        Raises:
            WorkersError: it is none of these, or reloadmagic is missing on a worker.
        """
        from .workers import attach

        known = next((a for a in self._attachments if a.client is client), None)
        if known is None:
            known = attach(self, client, name)
            self._attachments += (known,)
        return known

    def detach(self, client: Any = None) -> None:
        """Let the workers of *client*, of all by default, go on with what they have."""
        gone = [a for a in self._attachments if client is None or client is a or client is a.client]
        self._attachments = tuple(a for a in self._attachments if a not in gone)
        for attachment in gone:
            attachment.close()

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What was attached, with the state of its workers."""
        return self._attachments

    def is_due(self, name: str) -> bool:
        """Is *name* a dependent that failed to follow an edit, to run again at the next one?"""
        return name in self._engine.retry

    def find_spec(self, name: str) -> ModuleSpec | None:
        """Where an import of *name* would find it now; None if nowhere or its package is not loaded."""
        return self._finder.usual_spec(name)

    def __repr__(self) -> str:
        stale = sum(tracked.stale for tracked in self._tracked.values())
        return f"<Reloader tracked={len(self._tracked)} stale={stale}>"


_NOTHING = Report()
_source_of = operator.attrgetter("source")

# What last ran of modules that are watched no more, by the module's id: for whoever watches them next.
_ledger: dict[int, TrackedModule] = {}


def archive_of(path: str) -> str:
    """The file that holds *path*, which lies in an archive."""
    while path and not os.path.isfile(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


class _PlainReader:
    """Reads files as a loader does."""

    @staticmethod
    def get_data(path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()


def _is_loaded(name: str) -> bool:
    return isinstance(sys.modules.get(name), types.ModuleType)


def _names_by_star(name: str) -> frozenset[str] | None:
    """What a star-import of a module binds, None if it is not loaded."""
    namespace = module_namespace(sys.modules.get(name))
    return None if namespace is None else frozenset(star_names(namespace))


def opaque_kind(path: str, spec: ModuleSpec) -> str:
    """Why a module can be loaded anew by a restart only; ``""`` if it has source to reload."""
    if path.endswith(tuple(EXTENSION_SUFFIXES)):
        return COMPILED
    if path.endswith(".pyc"):
        return "module without source"
    if type(spec.loader).__name__ == "zipimporter":
        return "module in a zip file"
    return ""
