"""A worker that is a bare Python process: it calls what it is sent, one call after the other.

It stands for any cluster in tests that are about what workers do, not about how they are reached.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

WITHOUT_RELOADMAGIC = """
import sys

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name == "reloadmagic":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Nowhere())
for name in [name for name in sys.modules if name.startswith("reloadmagic")]:
    del sys.modules[name]
"""
"""Code after which a process is as if reloadmagic was not installed there."""

LOOP = """
import pickle, sys
requests, replies = sys.stdin.buffer, sys.stdout.buffer
sys.stdout = sys.stderr
names = {}

def call(function, *args):
    return function(*args)

def run(code):
    *body, last = code.rstrip().rpartition("\\n")
    exec("".join(body), names)
    value = eval(last, names)
    return None if isinstance(value, type(sys)) else value

while True:
    size = int.from_bytes(requests.read(8), "big")
    if not size:
        break
    try:
        answer = run(data) if isinstance(data := pickle.loads(requests.read(size)), str) else call(*data)
        answer = pickle.dumps(answer)
    except Exception as error:
        answer = pickle.dumps(error)
    replies.write(len(answer).to_bytes(8, "big") + answer)
    replies.flush()
"""


class WorkerProcess:
    """A Python process; *folders* are on its ``sys.path``, *options* are the interpreter's."""

    def __init__(self, *folders: Path, options: Iterable[str] = ()) -> None:
        start = f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r}\n"
        self._process = subprocess.Popen(
            [sys.executable, *options, "-c", start + LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(sys.executable).anchor,  # on its path, where nothing of the project is
        )

    def _ask(self, request: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        data = pickle.dumps(request)
        self._process.stdin.write(len(data).to_bytes(8, "big") + data)
        self._process.stdin.flush()
        size = int.from_bytes(self._process.stdout.read(8), "big")
        return pickle.loads(self._process.stdout.read(size))

    def call(self, function: Callable[..., Any], *args: object) -> Any:
        """What ``function(*args)`` returns there, or the exception that it raises."""
        return self._ask((function, *args))

    def run(self, code: str) -> Any:
        """Run *code* in the worker's own names; the value of its last line, None for a module."""
        answer = self._ask(textwrap.dedent(code).strip())
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


class Workers:
    """Some of them behind a broadcast, as `Reloader.attach` takes it."""

    def __init__(self) -> None:
        self.processes: dict[str, WorkerProcess] = {}

    def start(self, *folders: Path, name: str = "", options: Iterable[str] = ()) -> WorkerProcess:
        """One more, with *folders* on its path."""
        process = WorkerProcess(*folders, options=options)
        self.processes[name or f"worker {len(self.processes)}"] = process
        return process

    def __call__(self, function: Callable[..., Any], payload: Any) -> dict[str, Any]:
        return {name: process.call(function, payload) for name, process in self.processes.items()}

    def close(self) -> None:
        """End all of them."""
        for process in self.processes.values():
            process.close()
