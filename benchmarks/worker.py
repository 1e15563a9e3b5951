"""A session's own process: an IPython shell that does what it is told, a line of JSON at a time.

Each line on the input is a command, ``{"do": name, ...}``; each answer is a line of JSON, too. What
cells print goes nowhere.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import sys
import time
import tracemalloc
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

# Wall time, or the CPU time of all threads where other work keeps the machine busy.
clock = time.process_time if os.environ.get("BENCHMARKS_CLOCK") == "cpu" else time.perf_counter


class Session:
    """The shell, and what its events have cost since they were last asked for."""

    def __init__(self, project: str) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.shell = InteractiveShell.instance(config=config)
        self.shell.edited = []
        self.shell.project = project
        self.shell.users_paths = lambda: [
            module.__file__
            for module in list(sys.modules.values())
            if str(getattr(module, "__file__", "")).startswith(project + os.sep)
        ]
        self.spent = 0.0
        self._trigger = self.shell.events.trigger
        self.shell.events.trigger = self._timed_trigger

    def _timed_trigger(self, event: str, *args: Any, **kwargs: Any) -> None:
        started = clock()
        self._trigger(event, *args, **kwargs)
        self.spent += clock() - started

    def cell(self, text: str) -> dict[str, Any]:
        """Run a cell; the seconds that the events took, and those that all of it took."""
        self.spent = 0.0
        out, err = io.StringIO(), io.StringIO()
        started = clock()
        with redirect_stdout(out), redirect_stderr(err):
            result = self.shell.run_cell(text, store_history=True)
        whole = clock() - started
        error = result.error_before_exec or result.error_in_exec
        return {
            "spent": self.spent,
            "whole": whole,
            "error": None if error is None else f"{error!r} {out.getvalue()[-2000:]}",
            "said": out.getvalue() + err.getvalue(),
        }

    def cells(self, text: str, count: int) -> dict[str, Any]:
        """Run a cell many times; the seconds that the events took, each time."""
        return {"spent": [self.cell(text)["spent"] for _ in range(count)]}

    def marked_cell(self, text: str) -> dict[str, Any]:
        """Run a cell between two calls that a trace of system calls shows."""
        self._mark()
        self.cell(text)
        self._mark()
        return {}

    @staticmethod
    def _mark() -> None:
        with contextlib.suppress(OSError):
            os.stat("<mark>")

    def stats(self, count: int) -> dict[str, Any]:
        """What the files of the user's cost to look at, with nothing around it."""
        paths = self.shell.users_paths()
        spent = []
        for _ in range(count):
            started = clock()
            for path in paths:
                os.stat(path)
            spent.append(clock() - started)
        return {"spent": spent}

    def write(self, path: str, text: str) -> dict[str, Any]:
        """Write a file, two seconds later than before on the file's own clock."""
        moved = os.stat(path).st_mtime_ns + 2_000_000_000 if os.path.exists(path) else 0
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if moved:
            os.utime(path, ns=(moved, moved))
            self.shell.edited.append(path)
        return {}

    def touch(self, path: str) -> dict[str, Any]:
        """Move a file's mtime."""
        moved = os.stat(path).st_mtime_ns + 2_000_000_000
        os.utime(path, ns=(moved, moved))
        self.shell.edited.append(path)
        return {}

    def load(self, names: list[str]) -> dict[str, Any]:
        """Import modules, as a library would: in no cell of the user's."""
        for name in names:
            importlib.import_module(name)
        gc.collect()
        return {"modules": len(sys.modules)}

    def see(self, expressions: dict[str, str]) -> dict[str, Any]:
        """Whether each expression is true in the notebook's namespace; no cell runs."""
        found = {}
        for name, expression in expressions.items():
            try:
                found[name] = bool(eval(expression, self.shell.user_ns))
            except Exception:
                found[name] = False
        return found

    def trace(self, on: bool) -> dict[str, Any]:
        """Bytes allocated since tracing began, as `tracemalloc` sees them."""
        if on:
            gc.collect()
            tracemalloc.start()
            return {}
        gc.collect()
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return {"bytes": size}

    def profile(self, text: str, top: int) -> dict[str, Any]:
        """What a cell's events spend their time on."""
        import cProfile
        import pstats

        profiler = cProfile.Profile()
        profiler.enable()
        self.cell(text)
        profiler.disable()
        out = io.StringIO()
        stats = pstats.Stats(profiler, stream=out).sort_stats("cumulative")
        stats.print_stats(top)
        stats.sort_stats("tottime").print_stats(top)
        return {"text": out.getvalue()}


def main() -> None:
    """Obey until the input ends."""
    project = sys.argv[1]
    commands = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.chdir(project)
    sys.path[:0] = [project, *sys.argv[2:]]
    sys.dont_write_bytecode = False
    session = Session(project)
    for line in commands:
        command = json.loads(line)
        method = command.pop("do")
        try:
            answer = getattr(session, method)(**command)
        except BaseException as error:
            answer = {"failed": repr(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
