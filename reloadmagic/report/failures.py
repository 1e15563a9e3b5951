"""What failed, where and why, and what still holds."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from reloadmagic.errors import ReloadFailed, SourceError, describe

from .words import NAMES, listed, module_file, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reloadmagic.engine import Outcome

__all__ = ["STILL_HOLDS", "WAITS", "error_text", "failure_lines", "traceback_lines", "waits"]

STILL_HOLDS = "The version that last ran stays in use."
_OF = BaseException.__dict__  # asked by these, whatever a class of the user's makes of the names
MORE = 8  # lines of an error besides its first
WAITS = "Nothing is wrong here: it waits for the module that failed, so that both stay in step."


def failure_lines(outcome: Outcome, outcomes: Sequence[Outcome], *, undo: bool) -> Iterator[str]:
    """What failed, where, what still holds; then the source line with a caret under the place.

    What else there is to the error follows, a line each.
    """
    error = outcome.error
    if outcome.status != "failed" or error is None:
        return
    yield f"{_did_not(outcome, undo=undo)} {error_text(error)}. {still_holds(outcome, outcomes)}"
    yield from source_lines(error)
    more = list(_further(error))
    yield from more[:MORE]
    if len(more) > MORE:
        yield f"  … {len(more) - MORE} more lines"


def _did_not(outcome: Outcome, *, undo: bool) -> str:
    if outcome.edited:
        return "not undone:" if undo else "not reloaded:"
    return f"{module_file(outcome)} could not follow the edit:"


def reason(error: ReloadFailed | SourceError) -> str:
    """``SyntaxError: invalid syntax``, on one line and without a full stop."""
    return _said(error)[0].removesuffix(".")


def _said(error: ReloadFailed | SourceError) -> list[str]:
    """What the exception says, line by line, its name at the start."""
    said = error.reason if isinstance(error, SourceError) else describe(error.exception)
    first, *rest = [line.rstrip() for line in said.splitlines() if line.strip()]
    if rest and first.endswith(":"):
        first = f"{first} {rest.pop(0).strip()}"
    return [first, *rest]


def _further(error: Exception) -> Iterator[str]:
    """The other lines of what the exception says, its notes, what is in it and what it came from."""
    if not isinstance(error, ReloadFailed):
        return
    exception = error.exception
    for line in _said(error)[1:]:
        yield f"  {line}"
    notes = _OF["__dict__"].__get__(exception).get("__notes__", ())
    for note in notes if isinstance(notes, list) else ():
        if isinstance(note, str):
            yield from (f"  {line}" for line in note.splitlines())
    if isinstance(exception, BaseExceptionGroup):
        inside = BaseExceptionGroup.__dict__["exceptions"].__get__(exception)
        yield from (f"  {describe(inner)}" for inner in inside)
    cause = _OF["__cause__"].__get__(exception)
    if cause is not None:
        yield f"  from {describe(cause)}"


def error_text(error: Exception) -> str:
    """Place and reason on one line: ``shapes.py:12: SyntaxError: invalid syntax``."""
    if isinstance(error, ReloadFailed | SourceError):
        return f"{place(error.path, error.lineno)}: {reason(error)}"
    return describe(error)


def still_holds(outcome: Outcome, outcomes: Sequence[Outcome]) -> str:
    """What the user is left with after *outcome* failed."""
    if not outcome.edited:
        return "It keeps what it had."
    waiting = [module_file(other) for other in outcomes if waits(other)]
    if not waiting:
        return STILL_HOLDS
    return f"The version that last ran stays in use, and so do those of {listed(waiting, NAMES)}."


def waits(outcome: Outcome) -> bool:
    """Rolled back although nothing is wrong with it: it was edited together with what failed."""
    return outcome.status == "failed" and outcome.error is None


def source_lines(error: Exception) -> Iterator[str]:
    """The line at fault, indented, a caret under the expression, and where that was raised."""
    if not isinstance(error, ReloadFailed | SourceError):
        return
    text = error.line.rstrip()
    if text.strip():
        indent = len(text) - len(text.lstrip())
        yield f"    {text.strip()}"
        start, end = _columns(error)
        if indent <= start <= len(text):
            width = max(1, min(end, len(text)) - start)
            yield " " * (4 + start - indent) + "^" * width
    if isinstance(error, ReloadFailed) and error.raised_at is not None:
        path, lineno, line = error.raised_at
        yield f"  raised at {place(path, lineno)}"
        if line.strip():
            yield f"    {line.strip()}"


def _columns(error: ReloadFailed | SourceError) -> tuple[int, int]:
    """0-based start and end of the place within the line; ``(-1, -1)`` if unknown."""
    if isinstance(error, SourceError):
        return error.colno - 1, error.colno
    for frame in reversed(error.frames):
        if frame.filename == error.path and frame.lineno == error.lineno:
            if frame.colno is None or frame.end_colno is None or frame.end_lineno != frame.lineno:
                break
            whole = error.line.strip() == error.line[frame.colno : frame.end_colno].strip()
            return (-1, -1) if whole else (frame.colno, frame.end_colno)
    return -1, -1


def traceback_lines(error: Exception) -> list[str]:
    """Frames of the user's own code, then the exception; no frames for what never ran."""
    if not isinstance(error, ReloadFailed):
        return [error_text(error)]
    import traceback

    frames = [frame for frame in error.frames if not _is_machinery(frame.filename)]
    lines = [*traceback.format_list(frames), describe(error.exception)]
    return [line for text in lines for line in text.splitlines()]


_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _is_machinery(filename: str) -> bool:
    """Whether a frame is importlib's or this package's, of no use to whoever edits a module."""
    inside = PurePath(filename).parts[-2:-1]
    return filename.startswith((_HERE, "<frozen importlib")) or inside == ("importlib",)
