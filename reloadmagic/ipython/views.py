"""Answers of the commands that look on: values with a text and an HTML form.

Made of what the `Reloader` tells; nothing is reloaded or changed by looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reloadmagic.report.text import error_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reloadmagic.plan import Plan
    from reloadmagic.reloader import Reloader

__all__ = ["DryRun", "ModuleState", "Status", "View", "status"]


class View:
    """Something to show: `str()` is the text, which HTML front ends get in a fixed-width block."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002
        printer.text(str(self))

    def html(self) -> str:
        """The text as it stands; kinds of views that have more to show override this."""
        from reloadmagic.report.html import pre

        return pre(str(self))

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:  # noqa: ARG002
        return {"text/plain": str(self), "text/html": self.html()}


@dataclass(frozen=True, slots=True)
class DryRun(View):
    """What a reload would do now."""

    plan: Plan

    def __bool__(self) -> bool:
        return bool(self.plan)

    def __str__(self) -> str:
        return f"would do, nothing done yet:\n{self.plan}" if self.plan else "nothing to reload"


@dataclass(frozen=True, slots=True)
class ModuleState:
    """A tracked module at a glance.

    Attributes:
        name: absolute module name.
        path: its file.
        state: ``"failed"``, ``"stale"`` or ``"current"``.
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
        number = len(self.modules)
        parts = [f"{number} module{'' if number == 1 else 's'} tracked"]
        for state in ("stale", "failed"):
            found = sum(module.state == state for module in self.modules)
            parts += [f"{found} {state}"] if found else []
        return f"{', '.join(parts)} · mode {self.mode}"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.counts()
        yield from table((m.state, m.name, m.because or m.path) for m in self.modules)
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


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with *rows*' cells in columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _state_html(module: ModuleState) -> str:
    from html import escape

    shown = module.state if module.state == "current" else f"<b>{module.state}</b>"
    return f"{shown} · {escape(module.because or module.path)}"


def status(reloader: Reloader, mode: str) -> Status:
    """How things stand now, with a look at the files."""
    changed = {c.module: c.kind for c in reloader.changes() if c.kind != "touched"}
    states = [
        _state(module.name, module.path, module.failed, module.stale, changed.get(module.name))
        for module in reloader.tracked.values()
    ]
    order = {"failed": 0, "stale": 1, "current": 2}
    states.sort(key=lambda state: (order[state.state], state.name))
    return Status(mode, tuple(states), _sorted_items(reloader.untracked().items()))


def _sorted_items(items: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(items))


_STALE = {
    "deleted": "its file is gone",
    "moved": "an import finds it in another file now",
    "opaque": "changed, and only a restart can load it",
    "unreadable": "edited since it last ran, and cannot be read or parsed",
}


def _state(
    name: str, path: str, failed: Exception | None, stale: bool, change: str | None
) -> ModuleState:
    if failed is not None:
        return ModuleState(name, path, "failed", error_text(failed))
    if change is not None or stale:
        return ModuleState(
            name, path, "stale", _STALE.get(change or "", "edited since it last ran")
        )
    return ModuleState(name, path, "current")
