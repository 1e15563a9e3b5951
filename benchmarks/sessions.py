"""Sessions as the benchmark sees them: start one, tell it what to do, let several take turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from .tools import Tool

__all__ = ["Session", "fresh_process", "open_sessions", "taking_turns"]

HERE = Path(__file__).parent


def environment(home: Path) -> dict[str, str]:
    """Of child processes: they write bytecode and keep IPython's files in *home*."""
    names = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONSTARTUP"}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    return {
        **kept,
        "PYTHONPATH": str(HERE.parent),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONHASHSEED": "0",
    }


class Session:
    """One subprocess with one tool and one project; *files* maps names to texts."""

    def __init__(
        self,
        tool: Tool,
        folder: Path,
        files: Mapping[str, str],
        *,
        library: Path | None = None,
        command: tuple[str, ...] = (),
    ) -> None:
        self.tool = tool
        self.project = folder / "project"
        for name, text in files.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        paths = [str(self.project)] + ([str(library)] if library is not None else [])
        self._process = subprocess.Popen(
            [*command, sys.executable, str(HERE / "worker.py"), *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment(folder),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, do: str, **arguments: Any) -> dict[str, Any]:
        """The answer to a command; see `worker`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.tool.name}: the session died in {do}")
        answer: dict[str, Any] = json.loads(line)
        if answer.get("failed") or answer.get("error"):
            raise RuntimeError(f"{self.tool.name}: {do} {arguments} failed: {answer}")
        return answer

    def turn_on(self) -> None:
        """Run the tool's first cell."""
        if self.tool.first_cell:
            self.cell(self.tool.first_cell)

    def cell(self, text: str = "None") -> float:
        """Run a cell; the seconds that were spent around it."""
        return float(self.tell("cell", text=text)["spent"])

    def edit(self, name: str, text: str) -> None:
        """Write a file of the project; mtimes move by two seconds."""
        self.tell("write", path=str(self.project / name), text=text)

    def touch(self, name: str) -> None:
        self.tell("touch", path=str(self.project / name))

    def sees(self, expressions: Mapping[str, str]) -> dict[str, bool]:
        return self.tell("see", expressions=dict(expressions))

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


@contextmanager
def open_sessions(makers: Mapping[Any, Callable[[], Session]]) -> Iterator[dict[Any, Session]]:
    """Sessions by their keys, all closed at the end."""
    with ExitStack() as stack:
        yield {key: stack.enter_context(make()) for key, make in makers.items()}


PATIENCE = 15.0
"""Seconds that one tool may spend on a row; after that it has had its turns."""


def taking_turns(
    turns: Mapping[Any, Callable[[int], float]], rounds: int
) -> dict[Any, list[float]]:
    """What each callable returned in each round; who begins moves on by one each round.

    The first callable decides how many rounds there are; slow ones have two turns at least.
    """
    found: dict[Any, list[float]] = {key: [] for key in turns}
    keys = list(turns)
    for number in range(rounds):
        for key in keys[number % len(keys) :] + keys[: number % len(keys)]:
            if number < 2 or sum(found[key]) < PATIENCE:
                found[key].append(turns[key](number))
    return found


def fresh_process(code: str, project: Path) -> tuple[float, str]:
    """Seconds from start to end of a new interpreter that runs *code*, and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env=environment(project.parent),
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - started, done.stdout
