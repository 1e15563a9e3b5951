"""`Updater`: has the engine carry out plans, and settles what the files stand for afterwards.

In comes a plan; out go `Outcome`s, and phrases about files that nothing can be done about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..compiling import show_source
from ..errors import ReloadFailed

if TYPE_CHECKING:
    from ..changes import Change
    from ..engine import Engine, Outcome
    from ..errors import ReloadMagicError
    from ..plan import Plan
    from .attempts import Attempts
    from .edits import Edits
    from .namespaces import Namespaces
    from .tracking import Tracking

__all__ = ["Updater"]


class Updater:
    """Brings the session to what plans say. *install* has our finder stand first again."""

    def __init__(
        self,
        engine: Engine,
        tracking: Tracking,
        edits: Edits,
        attempts: Attempts,
        namespaces: Namespaces,
        install: Callable[[], object],
    ) -> None:
        self._engine = engine
        self._tracking = tracking
        self._edits = edits
        self._attempts = attempts
        self._namespaces = namespaces
        self._install = install
        # The modules that the last plan may have left with an error.
        self._tried: set[str] = set()

    def carry_out(self, plan: Plan) -> tuple[tuple[Outcome, ...], tuple[str, ...]]:
        """Run *plan*; its outcomes, and phrases about what cannot be reloaded.

        Raises:
            KeyboardInterrupt: what was about to be tried is still to be done.
        """
        for name in self._tried & self._tracking.modules.keys():
            self._tracking.modules[name].let_go_of_error()
        self._tried = plan.modules.keys() | {change.module for change in plan.changes}
        notes = self._settle_files(plan.changes)
        outcomes = [o for c in plan.changes if (o := self._unreadable(c)) is not None]
        self._attempts.begin(plan.changes)
        try:
            outcomes += self._engine.run(plan, self._namespaces.known)
        except BaseException:  # an interrupt, or a fault of our own
            self._attempts.give_back()
            raise
        failed = failures(outcomes)
        for change in plan.changes:
            if change.module in failed and change.before is not None:
                show_source(change.before)
        self._attempts.failed(
            plan, failed, self._engine.index.imports.by_module() if failed else {}
        )
        self._install()
        return tuple(outcomes), tuple(notes)

    def settle(self, plan: Plan, outcomes: Iterable[Outcome]) -> list[Change]:
        """Files whose source has run now are current; the changes that brought them."""
        failed = failures(outcomes)
        return self._edits.have_run(c for c in plan.changes if c.module not in failed)

    def refused(self, plan: Plan, outcomes: Iterable[Outcome]) -> tuple[Change, ...]:
        """The changes that failed as a library's object does not take what is put in that late.

        ``app`` has answered its first request, say, and a route comes behind the others: with all
        that was put in before it may go into an ``app`` that is made anew.
        """
        if not plan.alone:
            return ()
        failed = [o for o in outcomes if o.status == "failed"]
        if not any(o.module in plan.alone and self._is_by_library(o.error) for o in failed):
            return ()
        names = {o.module for o in failed}
        return tuple(change for change in plan.changes if change.module in names)

    def _is_by_library(self, error: ReloadMagicError | None) -> bool:
        """Was it code of none of the user's modules that raised?"""
        frames = error.frames if isinstance(error, ReloadFailed) else ()
        paths = {tracked.path for tracked in self._tracking.modules.values()}
        return bool(frames) and frames[-1].filename not in paths

    def _settle_files(self, changes: Iterable[Change]) -> list[str]:
        """Remember files that nothing can be done about, and say so, a phrase each."""
        found = [change for change in changes if change.kind in {"deleted", "opaque"}]
        known = [change for change in found if change.module in self._tracking.modules]
        if not known:
            return []
        from ..report.words import NAMES, listed, place

        notes = []
        gone = [change for change in known if change.kind == "deleted"]
        if gone:
            are = "is" if len(gone) == 1 else "are"
            files = listed([place(change.path, 0) for change in gone], NAMES)
            notes.append(f"{files} {are} gone; what last ran stays")
        opaque = [change for change in known if change.kind == "opaque"]
        return [*notes, *map(self._settle_opaque, opaque)]

    def _settle_opaque(self, change: Change) -> str:
        """Remember a file that only a restart can load; the phrase that says so."""
        from ..report.words import place

        tracked = self._tracking.modules[change.module]
        tracked.stamp = change.stamp
        self._tracking.expect(tracked)
        path = place(change.path, 0)
        return f"{path} changed, and only a restart can load a {tracked.opaque}"

    def _unreadable(self, change: Change) -> Outcome | None:
        tracked = self._tracking.modules.get(change.module)
        if change.kind != "unreadable" or tracked is None:
            return None
        from ..engine import Outcome

        tracked.failed, tracked.stale = change.error, True
        before = tracked.source.text if tracked.source is not None else None
        return Outcome(change.module, change.path, "failed", error=change.error, before=before)


def failures(outcomes: Iterable[Outcome]) -> set[str]:
    """The modules that failed."""
    return {outcome.module for outcome in outcomes if outcome.status == "failed"}
