"""What all scenarios share: sizes, tools, sessions, and what is made of their samples."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import projects
from .results import Check, median_of
from .sessions import Session
from .tools import NONE, OURS, THEIRS, TOOLS, Tool

__all__ = ["RESTART", "Bench", "importing", "medians", "ratio", "users", "within", "without_shell"]

RESTART = "fresh process"


@dataclass
class Bench:
    """What all scenarios share.

    Attributes:
        folder: for projects.
        quick: fewer rounds, smaller sizes, our tool and the one compared with only.
    """

    folder: Path
    quick: bool = False
    seen: dict[str, dict[str, bool]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _library: list[str] = field(default_factory=list)

    def of(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @property
    def tools(self) -> tuple[Tool, ...]:
        return (OURS, THEIRS) if self.quick else TOOLS

    @property
    def library_folder(self) -> Path:
        return self.folder / "site-packages"

    @property
    def library(self) -> list[str]:
        """Names of the modules of others, which have cached bytecode."""
        if not self._library:
            self._library = projects.library(self.library_folder, self.of(4000, 1000))
            subprocess.run(
                [sys.executable, "-m", "compileall", "-q", "-j2", str(self.library_folder)],
                check=True,
            )
        return self._library

    def session(
        self,
        tool: Tool,
        files: Mapping[str, str],
        *,
        cells: tuple[str, ...] = (),
        with_library: bool = False,
        turned_on: bool = True,
        command: tuple[str, ...] = (),
    ) -> Session:
        """A session with a project of *files* in which *cells* have run."""
        folder = self.folder / f"session-{next(self._numbers)}"
        library = self.library_folder if with_library else None
        session = Session(tool, folder, files, library=library, command=command)
        if with_library:
            session.tell("load", names=self.library)
        if turned_on:
            session.turn_on()
        for cell in cells:
            session.cell(cell)
        return session


def medians(samples: Mapping[str, list[float]]) -> dict[str, float]:
    return {name: median_of(found) for name, found in samples.items()}


def without_shell(figures: Mapping[str, float]) -> dict[str, float]:
    """Figures less what the shell's events cost without any tool."""
    return {
        name: max(v - figures[NONE.name], 0.0) for name, v in figures.items() if name != NONE.name
    }


def ratio(figures: Mapping[str, float], of: str, to: str) -> float:
    return figures[of] / figures[to] if figures[to] else float("inf")


def within(reach: float, figures: Mapping[str, float]) -> Check:
    """Ours is to cost at most *reach* of what autoreload does."""
    measured = ratio(figures, OURS.name, THEIRS.name)
    return Check(f"≤ {reach} × autoreload", reach, measured, THEIRS.name)


def users(count: int, lines: int = 40) -> dict[str, str]:
    return {f"mine_{n}.py": projects.small_module(lines, n) for n in range(count)}


def importing(files: Mapping[str, str]) -> str:
    return "\n".join(f"import {name.removesuffix('.py')}" for name in files)
