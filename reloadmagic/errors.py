"""What can go wrong, with the facts that are needed to mend it.

Every exception raised by this package on its own account derives from `ReloadMagicError` and
carries its facts as attributes; the message says what, where, what still holds and what next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import traceback
    import types

__all__ = [
    "InternalError",
    "NoSource",
    "NotTracked",
    "ReloadFailed",
    "ReloadMagicError",
    "SourceError",
]


_TRACEBACK = BaseException.__dict__["__traceback__"].__get__


class ReloadMagicError(Exception):
    """Base of all errors of this package."""


def spoken_place(path: str, lineno: int) -> str:
    """``shapes.py:12``; ``helpers.ipynb, cell 3, line 2`` for a cell; *path* alone for line 0."""
    if not lineno:
        return path
    return f"{path}, line {lineno}" if ".ipynb, cell " in path else f"{path}:{lineno}"


def frames_of(exception: BaseException) -> tuple[traceback.FrameSummary, ...]:
    """The frames of an exception's traceback, with the lines that their files hold now."""
    import traceback

    return tuple(traceback.extract_tb(exception.__traceback__))


class NotTracked(ReloadMagicError, LookupError):
    """A module was asked for that is not tracked.

    Attributes:
        name: the absolute module name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name} is not tracked: it was not imported, or it is not yours to reload."
        )


class NoSource(ReloadMagicError, ValueError):
    """What a loader raises for bytes that it can make no source text of.

    Attributes:
        reason: what is wrong.
        filename: the file, or the part of it that is wrong, as tracebacks would show it.
    """

    def __init__(self, reason: str, *, filename: str) -> None:
        self.reason = reason
        self.filename = filename
        super().__init__(f"{filename}: {reason}")


class SourceError(ReloadMagicError):
    """A file that cannot be read, decoded or parsed.

    Attributes:
        module: absolute name of the module, ``""`` if unknown.
        path: the file.
        lineno: 1-based line, 0 where the file as a whole is meant.
        colno: 1-based column, 0 if unknown.
        line: the offending source line, ``""`` if unknown.
        reason: what Python said of it, with the exception's name.
    """

    def __init__(
        self,
        reason: str,
        *,
        path: str,
        lineno: int = 0,
        colno: int = 0,
        line: str = "",
        module: str = "",
    ) -> None:
        self.reason = reason
        self.path = path
        self.lineno = lineno
        self.colno = colno
        self.line = line
        self.module = module
        place = spoken_place(path, lineno)
        super().__init__(f"{place}: {reason}. The version that last ran stays in use.")


class ReloadFailed(ReloadMagicError):
    """Code of an edited module, or of a dependent, raised while it ran.

    The exception that was raised is ``__cause__`` and `exception`.

    Attributes:
        module: absolute name of the module whose statement raised.
        path: its file.
        lineno: 1-based line of the innermost frame in *path*, 0 if there was none.
        line: the source line, ``""`` if unknown.
        raised_at: file, 1-based line and text of the innermost line of the user's, if that is in
            another module, which this one calls or imports.
        exception: what was raised.
        frames: of its traceback, with the lines that ran: files go on changing. The traceback
            itself is there until the next reload.
    """

    def __init__(
        self,
        exception: BaseException,
        *,
        module: str,
        path: str,
        lineno: int = 0,
        line: str = "",
        raised_at: tuple[str, int, str] | None = None,
        frames: tuple[traceback.FrameSummary, ...] | None = None,
    ) -> None:
        self.exception = exception
        self.frames = frames_of(exception) if frames is None else frames
        self.module = module
        self.path = path
        self.lineno = lineno
        self.line = line
        self.raised_at = raised_at
        place = spoken_place(path, lineno)
        super().__init__(f"{place}: {describe(exception)}. The version that last ran stays in use.")


def let_go(error: BaseException) -> None:
    """Take the tracebacks off *error* and the exceptions behind it.

    Their frames keep alive what the names of the code that failed held.
    """
    for found in _with_causes(error):
        BaseException.with_traceback(found, None)


def let_go_of_frames(error: BaseException) -> None:
    """Empty this package's own frames in the tracebacks of *error*: they hold all of a run.

    The user's frames keep their names. Frames that still run are left alone.
    """
    seen: set[types.FrameType] = set()
    for found in _with_causes(error):
        link: types.TracebackType | None = _TRACEBACK(found)
        while link is not None:
            frame: types.FrameType | None = link.tb_frame
            while frame is not None and frame not in seen:
                seen.add(frame)
                if str(frame.f_globals.get("__name__")).startswith(f"{__package__}."):
                    with contextlib.suppress(RuntimeError):
                        frame.clear()
                frame = frame.f_back
            link = link.tb_next


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """*error* and the exceptions behind it."""
    behind = [BaseException.__dict__[name].__get__ for name in ("__cause__", "__context__")]
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        found = todo.pop()
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            yield found
            todo += [get(found) for get in behind]


class InternalError(ReloadMagicError):
    """A broken invariant of this package: what the message names can no longer be trusted."""


def describe(exception: BaseException) -> str:
    """``"KeyError: 'x'"``; never raises, whatever the exception's own ``__str__`` does."""
    name = type.__getattribute__(type(exception), "__name__")
    try:
        text = str(exception)
    except Exception:  # noqa: BLE001  # a user's exception may have any __str__
        text = ""
    return f"{name}: {text}" if text else str(name)
