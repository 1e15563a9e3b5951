"""From a statement's text to its `Summary`, once for each text."""

from __future__ import annotations

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
        Statements(found, found.now, Scope(fragment.text)).visit_all(fragment.parse())
        _share_empty(found)
        fragment.summary = found  # now that it is whole: an interrupt may come at any time
    return found


_EMPTY: dict[type, object] = {set: frozenset(), list: ()}


def _share_empty(summary: Summary) -> None:
    """Let go of empty sets and lists, which nobody fills from here on: they are nearly all that a
    summary would be made of, and ten thousands of them keep the collector busy.
    """
    classes = summary.classes.values()
    values = [unit for info in classes for unit in info.values.values()]
    parts: list[Summary | Unit | ClassInfo] = [summary, summary.now, *classes, *values]
    parts += summary.functions.values()
    for part in parts:
        for name in part.__slots__:
            value = getattr(part, name)
            if not value and type(value) in _EMPTY:
                setattr(part, name, _EMPTY[type(value)])
