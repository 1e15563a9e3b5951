"""`Reloader`: the public face, which walks the rooms in order.

In come settings; out go changes, plans and reports. It works without IPython, in scripts and in
long-running processes; the extension is a thin layer above it.

Who does what for it: `Tracking` knows the modules and their files, `Importing` answers the import
system, `Edits` says what differs from what last ran, `Planning` what to do about it, `Updater` has
it done, `Attempts` and `Undo` hold back what is not to run by itself; `Reloads` goes through these
for each kind of reload.
"""

from __future__ import annotations

import builtins
import dataclasses
import linecache
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from importlib.machinery import ModuleSpec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from .engine import Engine
from .loader import MERGE_HOOK, ReloadFinder
from .modules import TrackedModule, TrackedModules
from .ownership import Ownership
from .session.importing import Importing
from .session.namespaces import Namespaces
from .session.tracking import Tracking

if TYPE_CHECKING:
    import types

    from .changes import Change, Stale
    from .engine import Slow
    from .engine.names import Namespace
    from .plan import Plan
    from .reach.index import Index
    from .report import Report
    from .session.workshop import Workshop
    from .workers import Attachment

__all__ = ["Reloader"]

_IMPORT = builtins.__import__


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
        self._attachments: tuple[Attachment, ...] = ()
        self._lock = threading.Lock()
        self._tracked = TrackedModules()
        self._engine = Engine(
            self._tracked, lambda: self._work.planning.index, tracks=self._tracked.__contains__
        )
        self._engine.tell = progress
        self._tracking = Tracking(self._tracked, Ownership(include, exclude), self._engine.take)
        # Invariant: a change stays here until the source it brings has run.
        self._pending: dict[str, Change] = {}
        self._finder = ReloadFinder(Importing(self, self._tracking, self._engine, self._pending))
        self._namespaces = Namespaces(namespaces)
        self._keep = tuple(keep)
        self._workshop: Workshop | None = None
        self._making = threading.Lock()
        self.install()
        self._namespaces.read_scripts()

    @property
    def _work(self) -> Workshop:
        """Who does the work, made when there is some."""
        if self._workshop is None:
            with self._making:
                if self._workshop is None:
                    from .session.workshop import Workshop

                    self._workshop = Workshop(
                        self._tracking, self._engine, self._namespaces, self._pending,
                        self.find_spec, self._finder.install,
                    )  # fmt: skip
        return self._workshop

    # Settings ------------------------------------------------------------------------------------

    @property
    def include(self) -> tuple[str, ...]:
        """Patterns of module names that are reloaded though they are installed."""
        return self._tracking.owns.include

    @property
    def exclude(self) -> tuple[str, ...]:
        """Patterns of module names that are left alone."""
        return self._tracking.owns.exclude

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
        owns = Ownership(
            self.include if include is None else include,
            self.exclude if exclude is None else exclude,
        )
        if keep is not None:
            self._keep = tuple(keep)
        for name, tracked in list(self._tracked.items()):
            if not owns(name, tracked.path):
                self._tracking.remember(tracked)  # it may come under watch again
                self.forget(name)
        self._tracking.scan_anew(owns)

    # What is watched -----------------------------------------------------------------------------

    def install(self) -> None:
        """Watch imports from now on, and take over what is imported already."""
        self._finder.install()
        self._tracking.scan()

    def close(self) -> None:
        """Stop watching imports, let go of workers. Nothing that was reloaded is undone; may be
        called again.
        """
        self.detach()
        self._finder.remove()
        for tracked in self._tracked.values():
            self._tracking.remember(tracked)
        vars(builtins).pop(MERGE_HOOK, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def tracked(self) -> Mapping[str, TrackedModule]:
        """The modules under watch, by name."""
        return MappingProxyType(self._tracked)

    def tracks(self, name: str, path: str) -> bool:
        """Is the module *name* with the file *path* one to reload?"""
        return self._tracking.owns(name, path)

    def untracked(self) -> dict[str, str]:
        """Modules of the session that a user might expect to be tracked, and why they are not."""
        return self._tracking.untracked()

    def why_untracked(self, name: str) -> str:
        """Why the loaded module *name* is left alone, as a person would say it.

        Empty for a module that is tracked or not loaded.
        """
        return self._tracking.why_untracked(name)

    def find_spec(self, name: str) -> ModuleSpec | None:
        """Where an import of *name* would find it now; None if nowhere or its package is not loaded."""
        return self._finder.usual_spec(name)

    def is_due(self, name: str) -> bool:
        """Is *name* a dependent that failed to follow an edit, to run again at the next one?"""
        return name in self._engine.retry

    def forget(self, name: str) -> None:
        """Know no more of the module *name*: what is imported by that name next is a first import."""
        self._work.forget(name)

    @property
    def namespaces(self) -> tuple[Namespace, ...]:
        """The user's namespaces, with what is known of how their names were imported."""
        return tuple(self._namespaces.known)

    def note_cell(self, source: str | Callable[[], str | None], namespace: dict[str, Any]) -> None:
        """Note which names of *namespace* the code *source*, about to run there, imports.

        *source* may be a function that gives the code when it is needed, None if there is none.
        Such a name is brought up to date by reloads for as long as it is what it was imported as.
        """
        self._namespaces.note_cell(source, namespace)

    def note_values(self, namespace: dict[str, Any]) -> None:
        """Note what the imports of code given to `note_cell` have bound, now that it has run.

        Names follow their modules from then on where these had bound them anew at run time, too.
        """
        self._namespaces.note_values(namespace)

    # Changes and plans ---------------------------------------------------------------------------

    def take_over_new(self) -> None:
        """Watch what was loaded past the import system too; its files are taken for what ran."""
        self._tracking.take_over_new()

    @property
    def look(self) -> Callable[[], Stale | None]:
        """A call of it tells what may have to be done, by one ``stat`` for each tracked module.

        It gives nothing else than that: an empty list if there is nothing to do; what there is, for
        `were_only_touched` and `reload` alone where they follow at once, not to look twice; None
        where modules have come or gone, so that more has to be looked at.
        """
        return self._tracking.look

    def were_only_touched(self, stale: Stale) -> bool:
        """Do *stale* files, as `look` gave them, hold what last ran?

        Then they are as good as before from now on.
        """
        if not self._lock.acquire(blocking=False):
            return False  # another thread reloads
        try:
            return self._work.edits.were_only_touched(stale, self._work.undo.held)
        finally:
            self._lock.release()

    def changes(self, names: Iterable[str] | None = None) -> tuple[Change, ...]:
        """What differs from what last ran; *names* are patterns that limit it.

        Files that were only touched are in it once. Nothing is imported or run.
        """
        return self._work.reloads.changes(None if names is None else tuple(names))

    def plan(self, changes: Iterable[Change] | None = None) -> Plan:
        """What a reload would do about *changes*, all there are by default. Nothing runs."""
        changes = self.changes() if changes is None else tuple(changes)
        return self._work.reloads.plan(changes, self._keep)

    @property
    def index(self) -> Index:
        """Who uses what, in the sources that last ran; to be read only, and until the next call."""
        return self._work.planning.current_index()

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
            return _report()
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
            return _report(undo=True)
        try:
            report = self._work.reloads.go_back(self._keep)
        finally:
            self._lock.release()
        return self._pass_on(report)

    def receive(self, sources: Mapping[str, bytes]) -> Report:
        """Bring loaded modules to *sources*, bytes by module name, whatever their files hold.

        It is one reload, as if the files had been edited so; one that is under way in another
        thread is waited for. Names that are not tracked are left out.
        """
        with self._lock:
            return self._work.reloads.receive(sources, self._keep)

    def run_again(self, module: types.ModuleType) -> bool:
        """Run all of a loaded module again, as somebody has called `importlib.reload` for it.

        What it defines stays the objects that they are, as in any reload; its other values are made
        anew. False if that cannot be: importlib is to run it as usual then.

        Raises:
            BaseException: what the module's code raises; the session is as it was before.
        """
        tracked = self._tracked.get(module.__name__)
        if tracked is None or tracked.reference() is not module:
            return False  # a first import
        if builtins.__import__ is not _IMPORT:
            return False  # IPython's deepreload would reload us, too
        if not self._lock.acquire(blocking=False):
            return False
        try:
            report = self._work.reloads.run_again(tracked, self._keep)
        finally:
            self._lock.release()
        if report is None:
            return False
        self._pass_on(report)
        for outcome in report.failed:
            if outcome.module == tracked.name and outcome.error is not None:
                linecache.cache.pop(tracked.path, None)  # its traceback is of what the file holds
                raise outcome.error.__cause__ or outcome.error
        return True

    @property
    def undone(self) -> frozenset[str]:
        """Modules that run an earlier version than their files hold, as `undo` left them."""
        return frozenset(self._work.undo.held)

    def _reload(self, plan: Plan | None, looked: Stale | None) -> Report:
        stale: Stale = []
        if plan is None:
            stale = self._tracking.stale() if looked is None else looked
            if not stale:
                return _report()
        return self._work.reloads.bring_in(plan, stale, self._keep)

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

    def __repr__(self) -> str:
        stale = sum(tracked.stale for tracked in self._tracked.values())
        return f"<Reloader tracked={len(self._tracked)} stale={stale}>"


def _report(*parts: Any, **named: Any) -> Report:
    from .report import Report  # which takes a while to import: not before there may be something

    return Report(*parts, **named)
