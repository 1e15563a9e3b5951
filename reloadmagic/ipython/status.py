"""The answer of `%reload_status`: what is tracked, stale, failed, and what is left alone and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reloadmagic.report.failures import error_text
from reloadmagic.report.words import change_text, place

from .views import View, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reloadmagic.changes import Kind
    from reloadmagic.modules import TrackedModule
    from reloadmagic.reloader import Reloader

__all__ = ["ModuleState", "Status", "status"]


@dataclass(frozen=True, slots=True)
class ModuleState:
    """A tracked module at a glance.

    Attributes:
        name: absolute module name.
        path: its file.
        state: ``"failed"``, ``"stale"``, ``"undone"`` or ``"current"``.
        because: what failed, or what happened to the file; empty if current.
    """

    name: str
    path: str
    state: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class Status(View):
    """What is tracked, stale, failed, and what is left alone and why."""

    mode: str
    modules: tuple[ModuleState, ...]
    untracked: tuple[tuple[str, str], ...]

    def counts(self) -> str:
        """``2 modules tracked, 1 stale, 1 failed · mode auto``."""
        number = len(self.modules) or "no"
        parts = [f"{number} module{'' if number == 1 else 's'} tracked"]
        for state in ("stale", "undone", "failed"):
            found = sum(module.state == state for module in self.modules)
            parts += [f"{found} {state}"] if found else []
        return f"{', '.join(parts)} · mode {self.mode}"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.counts()
        yield from table((m.state, m.name, m.because or place(m.path, 0)) for m in self.modules)
        if self.untracked:
            yield "left alone"
            yield from table(self.untracked)

    def html(self) -> str:
        """A table of the modules; what is left alone opens on a click."""
        from html import escape

        from reloadmagic.report.html import disclosure, pre, rows

        tracked = rows((module.name, _state_html(module)) for module in self.modules)
        alone = rows((name, escape(why)) for name, why in self.untracked)
        aside = disclosure(f"{len(self.untracked)} left alone", alone) if alone else ""
        return f"<div>{escape(self.counts())}</div>{tracked or pre('')}{aside}"


def _state_html(module: ModuleState) -> str:
    from html import escape

    shown = module.state if module.state == "current" else f"<b>{module.state}</b>"
    return f"{shown} · {escape(module.because or place(module.path, 0))}"


def status(reloader: Reloader, mode: str) -> Status:
    """How things stand now, with a look at the files."""
    changed = {c.module: c.kind for c in reloader.changes() if c.kind != "touched"}
    states = [
        _state(module, changed.get(module.name), undone=module.name in reloader.undone)
        for module in reloader.tracked.values()
    ]
    order = {"failed": 0, "undone": 1, "stale": 2, "current": 3}
    states.sort(key=lambda state: (order[state.state], state.name))
    return Status(mode, tuple(states), tuple(sorted(reloader.untracked().items())))


_UNDONE = (
    "an older version runs until the file is edited; %reload_changed {name} loads what it holds"
)


def _state(module: TrackedModule, change: Kind | None, *, undone: bool) -> ModuleState:
    state, because = "current", ""
    if module.failed is not None:
        state, because = "failed", error_text(module.failed)
    elif undone:
        state, because = "undone", _UNDONE.format(name=module.name)
    elif change is not None or module.stale:
        state, because = "stale", change_text("opaque" if module.opaque else change)
    return ModuleState(module.name, module.path, state, because)
