"""The server that multiprocessing forks workers from: it may have imported modules of the user's."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["renew_forkserver"]

_retired: list[int] = []


def renew_forkserver() -> Callable[[], None]:
    """Have the next worker forked from a new server, if there is one.

    What is returned ends the old one, which tells how its workers end, so it is to be called when
    they have.
    """
    module: Any = sys.modules.get("multiprocessing.forkserver")
    server = getattr(module, "_forkserver", None)
    if server is None or server._forkserver_pid is None:
        return _nothing
    with server._lock:
        _retired.append(server._forkserver_pid)
        alive = server._forkserver_alive_fd
        server._forkserver_address = None
        server._forkserver_alive_fd = None
        server._forkserver_pid = None
    _reap()
    return functools.partial(os.close, alive)


def _nothing() -> None:
    """There was no server."""


def _reap() -> None:
    """Take note of servers that have ended, which the system keeps until somebody does."""
    for pid in list(_retired):
        with contextlib.suppress(ChildProcessError):
            if not os.waitpid(pid, os.WNOHANG)[0]:
                continue
        _retired.remove(pid)
