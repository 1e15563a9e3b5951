"""What is told about a reload: outcomes, the definitions edited, the statements run.

In come a plan and what was done by it; out go frozen values that a report is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from ..diff import ClassDiff
from ..errors import ReloadMagicError
from ..plan import ModulePlan
from ..source import Statement

__all__ = ["Definition", "Outcome", "Ran", "definitions"]


class Definition(NamedTuple):
    """A definition and what an edit did to it; *name* is its qualname."""

    name: str
    kind: Literal["changed", "added", "dropped", "moved"]

    def __str__(self) -> str:
        return f"{self.name} {self.kind}"


class Ran(NamedTuple):
    """A statement that ran again.

    Attributes:
        lineno: 1-based, in the new source; a notebook's is the text of all its cells.
        label: what a person would call it.
        because: why it ran.
        place: its line as a person would name it: ``line 3``, ``cell 3, line 2``.
        same, new: of an import, names that hold what they held, and names that were not there.
    """

    lineno: int
    label: str
    because: tuple[str, ...] = ()
    place: str = ""
    same: tuple[str, ...] = ()
    new: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.place or f'line {self.lineno}'} {self.label}"


class Outcome(NamedTuple):
    """What became of one module.

    Attributes:
        status: ``patched`` (only bodies), ``reloaded`` (statements ran), ``failed`` (rolled back)
            or ``touched`` (nothing that runs differs).
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
    status: Literal["reloaded", "patched", "failed", "touched"]
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


def definitions(plan: ModulePlan) -> Iterator[Definition]:
    """What the edit of a module did to its definitions."""
    if plan.diff is None:
        return
    for pair in plan.diff.edited:
        if pair.new in plan.pinned:
            continue
        statement = plan.after.statements[pair.new]
        if pair.how == "body":
            for edit in pair.bodies:
                yield Definition(edit.qualname, "changed")
        elif pair.how == "changed" and pair.old is not None:
            found = plan.class_diff(pair.new)
            yield from _changed(plan.before.statements[pair.old], statement, found)
        elif pair.how == "new":
            kind: Literal["moved", "added"] = "moved" if pair.new in plan.origins else "added"
            for name in _names(statement):
                yield Definition(name, kind)
    for name in plan.dropped:
        yield Definition(name, "dropped")


def _names(statement: Statement) -> tuple[str, ...]:
    if statement.fragment.kind in {"import", "future", "doc"}:
        return ()
    return statement.binds


def _changed(old: Statement, new: Statement, found: ClassDiff | None) -> Iterator[Definition]:
    """What an edit did to a statement, or, by what *found* says, to each member of a class."""
    if found is not None and not found.head and (found.bodies or found.attrs):
        for attr in sorted(found.bodies | found.attrs):
            yield Definition(f"{new.binds[0]}.{attr}", _how(attr, found))
        return
    for name in _names(new):
        yield Definition(name, "changed" if name in old.binds else "added")


def _how(attr: str, diff: ClassDiff) -> Literal["changed", "added", "dropped"]:
    """What an edit did to an attribute of a class."""
    if attr in diff.added:
        return "added"
    return "dropped" if attr in diff.dropped else "changed"
