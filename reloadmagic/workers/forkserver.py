"""The server that multiprocessing forks workers from: it may have imported modules of the user's."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

__all__ = ["renew_forkserver"]

_retired: list[int] = []


def renew_forkserver() -> None:
    """Have the next worker forked from a new server, if there is one.

    The old one ends by itself when its last worker has; waiting for it would wait for tasks.
    """
    module: Any = sys.modules.get("multiprocessing.forkserver")
    server = getattr(module, "_forkserver", None)
    if server is None or server._forkserver_pid is None:
        return
    with server._lock:
        _retired.append(server._forkserver_pid)
        with contextlib.suppress(OSError):
            os.close(server._forkserver_alive_fd)
        server._forkserver_address = None
        server._forkserver_alive_fd = None
        server._forkserver_pid = None
    for pid in list(_retired):
        with contextlib.suppress(ChildProcessError):
            if not os.waitpid(pid, os.WNOHANG)[0]:
                continue  # its workers have tasks
        _retired.remove(pid)
