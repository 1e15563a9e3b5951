"""From a statement's text to its `Summary`, once for each text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields

from ..source import Fragment
from .scope import Scope
from .statements import Statements
from .summary import ClassInfo, Summary, Unit

__all__ = ["summarize"]


def summarize(
    fragment: Fragment, *, postponed: bool = False, like: Summary | None = None
) -> Summary:
    """The fragment's summary, made at the first call; *like* itself if it says the same.

    *postponed*: annotations are not evaluated (``from __future__ import annotations``, 3.14).
    """
    found = fragment.summary
    if found is None or found.postponed != postponed:
        found = Summary(postponed=postponed)
        Statements(found, found.now, Scope(fragment.text)).visit_all(fragment.peek())
        found.builds_on |= _builds_on(fragment, found)
        found = _shared(found, like)
        fragment.summary = found  # now that it is whole: an interrupt may come at any time
    return found


def _builds_on(fragment: Fragment, summary: Summary) -> set[str]:
    """The names that a statement binds by what they are before, or in some cases only."""
    if fragment.kind == "other":
        return {name for name in fragment.binds if name != "*"}
    return {path[0] for path in summary.now.paths} & set(fragment.binds)


Part = Summary | Unit | ClassInfo


def _made_by(make: object) -> dict[type[Part], list[str]]:
    """The fields of each kind of part that *make* makes."""
    kinds = (Summary, Unit, ClassInfo)
    return {kind: [f.name for f in fields(kind) if f.default_factory is make] for kind in kinds}


_LISTS, _SETS = _made_by(list), _made_by(set)


def _shared(summary: Summary, like: Summary | None) -> Summary:
    """*like* if that says the same; else *summary* without its empty sets and lists.

    Nobody fills these from here on, they are nearly all that a summary would be made of, and ten
    thousands of them keep the collector busy.
    """
    classes = summary.classes.values()
    values = [unit for info in classes for unit in info.values.values()]
    parts: list[Part] = [summary, summary.now, *classes, *values, *summary.functions.values()]
    _share_empty(parts, _LISTS, ())  # an empty tuple equals no list, but a frozen set other sets
    if summary == like:
        return like
    _share_empty(parts, _SETS, frozenset())
    return summary


def _share_empty(
    parts: Iterable[Part], names: Mapping[type[Part], Iterable[str]], empty: object
) -> None:
    for part in parts:
        for name in names[type(part)]:
            if not getattr(part, name):
                setattr(part, name, empty)
