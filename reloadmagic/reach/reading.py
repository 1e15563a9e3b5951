"""From a statement's text to its `Summary`, once for each text."""

from __future__ import annotations

from dataclasses import fields

from ..source import Fragment
from .scope import Scope
from .statements import Statements
from .summary import ClassInfo, Summary, Unit

__all__ = ["summarize"]


def summarize(fragment: Fragment, *, postponed: bool = False) -> Summary:
    """The fragment's summary, made at the first call.

    *postponed*: annotations are not evaluated (``from __future__ import annotations``, 3.14).
    """
    found = fragment.summary
    if found is None or found.postponed != postponed:
        found = Summary(postponed=postponed)
        Statements(found, found.now, Scope(fragment.text)).visit_all(fragment.peek())
        found.builds_on |= _builds_on(fragment, found)
        _share_empty(found)
        fragment.summary = found  # now that it is whole: an interrupt may come at any time
    return found


def _builds_on(fragment: Fragment, summary: Summary) -> set[str]:
    """The names that a statement binds by what they are before, or in some cases only."""
    if fragment.kind == "other":
        return {name for name in fragment.binds if name != "*"}
    return {path[0] for path in summary.now.paths} & set(fragment.binds)


def _collections(kind: type[Summary | Unit | ClassInfo]) -> list[tuple[str, object]]:
    empty: dict[object, object] = {set: frozenset(), list: ()}
    known = ((field.name, field.default_factory) for field in fields(kind))
    return [(name, empty[make]) for name, make in known if make in empty]


# By kind of part, its sets and lists with what stands for them where they are empty.
_EMPTY = {kind: _collections(kind) for kind in (Summary, Unit, ClassInfo)}


def _share_empty(summary: Summary) -> None:
    """Let go of empty sets and lists, which nobody fills from here on: they are nearly all that a
    summary would be made of, and ten thousands of them keep the collector busy.
    """
    classes = summary.classes.values()
    values = [unit for info in classes for unit in info.values.values()]
    parts: list[Summary | Unit | ClassInfo] = [summary, summary.now, *classes, *values]
    parts += summary.functions.values()
    for part in parts:
        for name, empty in _EMPTY[type(part)]:
            if not getattr(part, name):
                setattr(part, name, empty)
