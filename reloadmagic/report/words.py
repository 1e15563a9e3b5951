"""The words that reports and answers are made of: places, durations, reasons, lists of names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from reloadmagic.errors import spoken_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from reloadmagic.changes import Change, Kind
    from reloadmagic.engine import Outcome, Ran, Slow

__all__ = [
    "NAMES",
    "change_text",
    "column",
    "duration",
    "hint_of_undone",
    "listed",
    "module_file",
    "place",
    "ran_text",
    "reasons_text",
    "running_line",
]

T = TypeVar("T")

NAMES = 4  # shown of a list in the short form


def listed(items: Sequence[T], most: int, said: Callable[[T], str] = str) -> str:
    """The first *items*, *said* in words, and how many more there are."""
    if len(items) <= most + 1:  # "… 1 more" would be as long as the word itself
        return ", ".join(map(said, items))
    return f"{', '.join(map(said, items[:most]))} … {len(items) - most} more"


def duration(seconds: float) -> str:
    """``4 ms``, ``1.2 s``; under a millisecond, that it was."""
    if seconds < 0.001:
        return "<1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s"


def place(path: str, lineno: int) -> str:
    """``shapes.py:12``, from the working directory where *path* is below it, so that it is a link."""
    try:
        here = os.path.join(os.getcwd(), "")
        relative = path.removeprefix(here) if path.startswith(here) else os.path.relpath(path)
    except (OSError, ValueError):  # another drive, or a working directory that is gone
        relative = path
    shown = path if relative.startswith(os.pardir) else relative
    return spoken_place(shown, lineno)


def module_file(found: Outcome | Change) -> str:
    """The end of the path that tells the module from others: ``shapes.py``, ``shop/__init__.py``.

    As many parts as the module's name has, so the same on every machine and in every directory.
    """
    parts = found.path.replace(os.sep, "/").split("/")
    depth = found.module.count(".") + 1
    if parts[-1].startswith("__init__."):
        depth += 1
    return "/".join(parts[-depth:]) or found.module


def hint_of_undone(changes: Iterable[Change]) -> tuple[str, ...]:
    """What the files that *changes* are of stand for after an undo, as a phrase."""
    names = [module_file(change) for change in changes if change.kind != "touched"]
    if not names:
        return ()
    files = "the file is" if len(names) == 1 else "they are"
    return (f"the version before runs in {', '.join(names)} until {files} edited",)


def running_line(slow: Slow) -> str:
    """``train.py:12 MODEL = load(path)  3.2 s``."""
    return f"{place(slow.path, slow.lineno)} {slow.text}  {slow.seconds:.1f} s"


def ran_text(ran: Ran) -> str:
    """``line 3: WIDTH, because it uses config.K``."""
    because = f", because {reasons_text(ran.because)}" if ran.because else ""
    return f"{ran.place or f'line {ran.lineno}'}: {ran.label}{because}"


_REASONS = {
    "edited": "it was edited",
    "added": "it is new",
    "whole module": "it cannot be told what the module's code uses",
}


_VERBS = frozenset({"uses", "calls", "fills", "binds", "reads"})


def reasons_text(reasons: Iterable[str]) -> str:
    """A plan's reasons as the end of a sentence: ``it uses config.K and SIZE and it calls area``."""
    texts: dict[str, list[str]] = {}  # by "it uses", what
    for reason in reasons:
        verb, _, what = reason.partition(" ")
        if verb in _VERBS:
            texts.setdefault(f"it {verb}", []).append(what)
        else:
            texts[_REASONS.get(reason, reason)] = []
    return " and ".join(f"{start} {' and '.join(what)}".rstrip() for start, what in texts.items())


def column(title: str, rows: Iterable[str]) -> Iterator[str]:
    """*rows*, indented, with *title* in front of the first."""
    for row in rows:
        yield f"  {title:<8} {row}".rstrip()
        title = ""


_CHANGES: dict[Kind, str] = {
    "touched": "saved again with the same text",
    "deleted": "its file is gone; what last ran stays",
    "moved": "an import finds it in another file now",
    "opaque": "changed, and only a restart can load it",
    "unreadable": "edited since it last ran, and cannot be read or parsed",
}


def change_text(kind: Kind | None) -> str:
    """What has happened to a module's file, as it is said of the module."""
    return _CHANGES.get(kind or "modified", "edited since it last ran")
