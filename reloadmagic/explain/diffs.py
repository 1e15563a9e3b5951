"""The source that last ran against the file, for all that is stale or for what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..report.failures import error_text
from ..report.unified import unified_diff, with_cells
from ..report.words import change_text, place

if TYPE_CHECKING:
    from ..changes import Change
    from ..reloader import Reloader
    from ..source import Source

__all__ = ["SourceDiff", "source_diffs"]


@dataclass(frozen=True, slots=True)
class SourceDiff:
    """What is edited and has not run.

    Attributes:
        module: absolute name, with the definition's name if only that was asked for.
        path: the file.
        lines: a unified diff without file names; empty where there is nothing to compare.
        note: what is to be said besides, such as why the file cannot be parsed.
    """

    module: str
    path: str
    lines: tuple[str, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        head = f"{self.module} · {place(self.path, 0)}"
        return "\n".join([head, *([f"  {self.note}"] if self.note else []), *self.lines])


def source_diffs(
    reloader: Reloader, module: str | None = None, definition: str = ""
) -> tuple[SourceDiff, ...]:
    """One for each stale module, or for *module* alone, or for a top-level *definition* in it."""
    changes = reloader.changes()
    if module is not None:
        changes = tuple(change for change in changes if change.module == module)
    found = [
        _diff(change, definition, undone=change.module in reloader.undone)
        for change in changes
        if change.kind != "touched"
    ]
    return tuple(diff for diff in found if diff.lines or diff.note)


def _diff(change: Change, definition: str, *, undone: bool) -> SourceDiff:
    name = f"{change.module}.{definition}" if definition else change.module
    note = error_text(change.error) if change.error is not None else ""
    if undone:
        note = note or "undone: an older version runs than the one in the file"
    if change.before is None:
        note = note or _without_lines(change)
        return SourceDiff(name, change.path, note=note)
    after = _text(change)
    if after is None:
        return SourceDiff(name, change.path, note=note or _without_lines(change))
    if definition and change.after is not None:
        before_lines = _statement_lines(change.before, definition)
        after_lines = _statement_lines(change.after, definition)
    else:
        texts = change.before.text, after
        before_lines, after_lines = (text.removesuffix("\n").split("\n") for text in texts)
    lines = unified_diff(before_lines, after_lines)
    if not definition:
        lines = with_cells(lines, after)
    return SourceDiff(name, change.path, tuple(lines), note)


def _without_lines(change: Change) -> str:
    if change.before is None and change.kind == "modified":
        return "edited before it was first looked at"
    return change_text(change.kind)


def _text(change: Change) -> str | None:
    """The file's text, also where it cannot be parsed; None where it cannot be read.

    A notebook's is not in its file as it stands, so there is none before all cells parse.
    """
    if change.after is not None:
        return change.after.text
    if change.kind != "unreadable" or (change.before is not None and change.before.parts):
        return None
    try:
        with open(change.path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def _statement_lines(source: Source, definition: str) -> list[str]:
    """The lines of the statements that bind the definition's outermost name."""
    top = definition.partition(".")[0]
    texts = [s.fragment.text for s in source.statements if top in s.binds]
    return "\n".join(texts).splitlines()
