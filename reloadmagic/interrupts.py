"""Ctrl-C waits while the session is between two states, and comes through while the user's code runs.

An interrupt may arrive after any instruction. Between a reload's first write and its last note,
that would leave objects changed that nothing remembers. So its handler is replaced by one that
notes it; it is called once that does no harm. Threads other than the main one get no interrupts.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # quicker by far: signal makes enum members
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["interrupts_pass", "interrupts_wait"]

_SIGINT = _signal.SIGINT

Handler = Callable[[int, Any], object] | int | None

# The handlers that are to be called, the last one by whoever has been entered last.
_former: list[Handler] = []
_arrived: list[tuple[int, Any]] = []


class interrupts_wait:  # noqa: N801  # as a function of `contextlib`, in fewer calls
    """Interrupts are put off until the end, or until `interrupts_pass`.

    Raises:
        KeyboardInterrupt: at the end, if one has arrived.
    """

    __slots__ = ("_puts_off",)

    def __enter__(self) -> None:
        handler = _handler()
        self._puts_off = handler is not None and handler is not _note
        if self._puts_off:
            _former.append(_signal.signal(_SIGINT, _note))

    def __exit__(self, *exception: object) -> None:
        if self._puts_off:
            _signal.signal(_SIGINT, _former.pop())
            if _arrived:
                _deliver()


@contextlib.contextmanager
def interrupts_pass() -> Iterator[None]:
    """Inside `interrupts_wait`: code of the user's runs, which may be interrupted.

    Raises:
        KeyboardInterrupt: at once, if one has arrived before.
    """
    if not _former or _handler() is None:
        yield
        return
    _signal.signal(_SIGINT, _former[-1])
    try:
        _deliver()
        yield
    finally:
        _former[-1] = _signal.signal(_SIGINT, _note)  # the code may have set another


def _handler() -> Handler:
    """What interrupts are handled by; None if they come to another thread, or Python cannot tell."""
    is_main = threading.get_ident() == threading.main_thread().ident
    handler: Handler = _signal.getsignal(_SIGINT) if is_main else None
    return handler


def _note(signum: int, frame: Any) -> None:
    _arrived.append((signum, frame))


def _deliver() -> None:
    handler = _signal.getsignal(_SIGINT)
    if _arrived and handler is not _note:
        signum, frame = _arrived[-1]
        _arrived.clear()
        if callable(handler):
            handler(signum, frame)
        else:
            _signal.raise_signal(signum)
