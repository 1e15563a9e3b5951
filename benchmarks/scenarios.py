"""The rows: each sets sessions up, lets them take turns, and holds the medians against each other."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from . import projects
from .clusters import on_workers
from .results import Check, Row, duration, median_of
from .sessions import Session, fresh_process, open_sessions, taking_turns
from .tools import BARE, NONE, OURS, THEIRS, TOOLS, Tool

__all__ = ["SCENARIOS", "Bench"]

RESTART = "fresh process"
DEPENDENTS = 10


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


# Nothing changed -----------------------------------------------------------------------------------


def users(count: int, lines: int = 40) -> dict[str, str]:
    return {f"mine_{n}.py": projects.small_module(lines, n) for n in range(count)}


def importing(files: Mapping[str, str]) -> str:
    return "\n".join(f"import {name.removesuffix('.py')}" for name in files)


def idle(bench: Bench) -> Iterator[Row]:
    """An idle cell with many modules of others, and what a further module of the user's adds."""
    few, many = users(10), users(bench.of(510, 110), lines=5)
    tools = [NONE, BARE, *(tool for tool in bench.tools if tool.idles)]
    makers: dict[tuple[str, str], Callable[[], Session]] = {}
    for tool in tools:
        for label, files in (("few", few), ("many", many)):
            if label == "many" and tool not in {NONE, BARE, OURS, THEIRS}:
                continue
            makers[tool.name, label] = partial(
                _idle_session, bench, tool, files, with_library=label == "few"
            )
    each = bench.of(15, 10)
    with open_sessions(makers) as sessions:
        for session in sessions.values():
            session.tell("cells", text="None", count=5)
        samples = taking_turns(
            {
                key: lambda _, s=session: median_of(
                    s.tell("cells", text="None", count=each)["spent"]
                )
                for key, session in sessions.items()
            },
            bench.of(15, 5),
        )
    found = medians(samples)
    cell = without_shell({tool: v for (tool, label), v in found.items() if label == "few"})
    yield Row(
        f"idle cell, {len(bench.library):,} library modules and 10 of the user's",
        cell,
        checks=(
            Check("≤ 0.001 × autoreload", 0.001, ratio(cell, OURS.name, THEIRS.name), THEIRS.name),
            Check(
                "≤ 1.1 × a bare `os.stat` loop", 1.1, ratio(cell, OURS.name, BARE.name), BARE.name
            ),
        ),
    )
    more = len(many) - len(few)
    base = without_shell({t: v for (t, label), v in found.items() if label == "many"})
    per = {t: base[t] / len(many) for t in base}
    del more
    yield Row(
        "idle, per further module of the user's",
        per,
        checks=(Check("≤ 1.3 × one `os.stat`", 1.3, ratio(per, OURS.name, BARE.name), BARE.name),),
    )


def _idle_session(
    bench: Bench, tool: Tool, files: Mapping[str, str], *, with_library: bool
) -> Session:
    """BARE looks at what is there when it is turned on, so modules come first."""
    session = bench.session(tool, files, with_library=with_library, turned_on=tool is not BARE)
    session.cell(importing(files))
    if tool is BARE:
        session.turn_on()
    return session


def system_calls(bench: Bench) -> Iterator[Row]:
    """System calls around an idle cell, counted by strace."""
    if shutil.which("strace") is None:
        return
    files = users(10)
    counts: dict[str, float] = {}
    for tool in (NONE, BARE, OURS, THEIRS):
        log = bench.folder / f"strace-{len(counts)}"
        with bench.session(
            tool,
            files,
            with_library=tool is not THEIRS or not bench.quick,
            turned_on=tool is not BARE,
            command=("strace", "-o", str(log)),
        ) as session:
            session.cell(importing(files))
            if tool is BARE:
                session.turn_on()
            session.tell("cells", text="None", count=3)
            session.tell("marked_cell", text="None")
        counts[tool.name] = _between_marks(log.read_text(errors="replace"))
    more = {name: count - counts[NONE.name] for name, count in counts.items() if name != NONE.name}
    yield Row(
        "system calls per idle cell, 10 modules of the user's",
        more,
        unit="calls",
        checks=(Check("≤ 1 per module of the user's, + 2", len(files) + 2, more[OURS.name]),),
    )


def _between_marks(log: str) -> int:
    lines = log.splitlines()
    first, last = (i for i, line in enumerate(lines) if "<mark>" in line)
    return sum(bool(re.match(r"\w+\(", line)) for line in lines[first + 1 : last])


# Edits ---------------------------------------------------------------------------------------------

HOLDERS = {
    "module attribute": "big.target() == {answer}",
    "name held from before": "target() == {answer} and held[0]() == {answer}",
    "old instance": "thing.ask() == {answer}",
    "dependent's from-import": "all(dep.call() == {answer} for dep in deps)",
}


def edit_project(lines: int, dependents: int) -> dict[str, str]:
    files = {"big.py": projects.big_module(lines)}
    files.update({f"dep_{n}.py": projects.dependent(n) for n in range(dependents)})
    return files


def edit_cells(dependents: int, instances: int = 1, heap: int = 0) -> tuple[str, ...]:
    return (
        "import big\nfrom big import Thing, target\nheld = [target]",
        "\n".join(f"import dep_{n}" for n in range(dependents)),
        f"deps = [{', '.join(f'dep_{n}' for n in range(dependents))}]",
        f"things = [Thing() for _ in range({instances})]\nthing = things[0]",
        f"heap = [[n] for n in range({heap})]",
        "import gc; gc.collect(); None",
    )


def edit(session: Session, number: int, lines: int) -> float:
    """Edit the function and run a cell."""
    session.edit("big.py", projects.big_module(lines, number + 1))
    return session.cell()


def edited(bench: Bench, lines: int, reach: float) -> Iterator[Row]:
    """One function edited."""
    files, cells = edit_project(lines, DEPENDENTS), edit_cells(DEPENDENTS)
    tools = [NONE, *bench.tools]
    makers = {tool.name: partial(bench.session, tool, files, cells=cells) for tool in tools}
    rounds = bench.of(20 if lines <= 1000 else 12, 5)
    with open_sessions(makers) as sessions:
        samples = taking_turns(
            {name: lambda n, s=session: edit(s, n, lines) for name, session in sessions.items()},
            rounds,
        )
        sees = {
            name: session.sees({k: v.format(answer=len(samples[name])) for k, v in HOLDERS.items()})
            for name, session in sessions.items()
            if name != NONE.name
        }
        project = sessions[NONE.name].project
        fresh = [fresh_process("\n".join(cells[:2]), project)[0] for _ in range(bench.of(5, 2))]
        touches: dict[str, list[float]] = {}
        if lines <= 1000:
            touches = taking_turns(
                {name: lambda _, s=session: touch(s) for name, session in sessions.items()},
                bench.of(9, 3),
            )
    found = without_shell(medians(samples))
    found[RESTART] = median_of(fresh)
    first = without_shell({name: rows[0] for name, rows in samples.items()})
    yield Row(
        f"one function edited in {lines:,} lines, {DEPENDENTS} dependents",
        found,
        checks=(
            Check(
                f"≤ {reach} × autoreload", reach, ratio(found, OURS.name, THEIRS.name), THEIRS.name
            ),
        ),
        note=f"the first edit: {duration(first[OURS.name])}, {duration(first[THEIRS.name])} in "
        f"{THEIRS.name}",
        details={"sees": sees, "samples": samples},
    )
    if touches:
        last = median_of(samples[OURS.name][-3:]) - median_of(samples[NONE.name])
        yield Row(
            "the 20th edit",
            {OURS.name: last},
            checks=(Check("≤ 1.2 × the first", 1.2, last / first[OURS.name], "the first"),),
        )
        touched = without_shell(medians(touches))
        yield Row(
            f"a file of {lines:,} lines touched, same bytes",
            touched,
            checks=(
                Check(
                    "≤ 0.01 × autoreload", 0.01, ratio(touched, OURS.name, THEIRS.name), THEIRS.name
                ),
            ),
        )


def touch(session: Session) -> float:
    session.touch("big.py")
    return session.cell()


# A package -----------------------------------------------------------------------------------------


def package_size(bench: Bench) -> tuple[int, int]:
    return bench.of(100, 30), bench.of(20_000, 6_000)


PACKAGE_CELLS = ("import pkg\nfrom pkg.root import SIZE\nfrom pkg.part_000 import target, Thing",)


def package_body(bench: Bench) -> Iterator[Row]:
    """A body edited in a package, against the same module alone."""
    count, lines = package_size(bench)
    files = projects.package(count, lines)
    alone = {"part_000.py": files["pkg/part_000.py"].replace("from .root", "from root")}
    alone["root.py"] = files["pkg/root.py"]
    makers = {
        ("none", "package"): partial(bench.session, NONE, files, cells=PACKAGE_CELLS),
        ("in", "package"): partial(bench.session, OURS, files, cells=PACKAGE_CELLS),
        ("in", "alone"): partial(
            bench.session,
            OURS,
            alone,
            cells=("import part_000\nfrom part_000 import target, Thing",),
        ),
        ("theirs", "package"): partial(bench.session, THEIRS, files, cells=PACKAGE_CELLS),
    }
    each = lines // (count - 2)

    def one(session: Session, name: str, number: int) -> float:
        text = projects.part(0, each, number + 1)
        session.edit(name, text if "/" in name else text.replace("from .root", "from root"))
        return session.cell()

    with open_sessions(makers) as sessions:
        samples = taking_turns(
            {
                key: lambda n, s=session, k=key: one(
                    s, "part_000.py" if k[1] == "alone" else "pkg/part_000.py", n
                )
                for key, session in sessions.items()
            },
            bench.of(15, 7),
        )
    found = {" ".join(key): median_of(rows) for key, rows in samples.items()}
    base = found.pop("none package")
    found = {key: v - base for key, v in found.items()}
    yield Row(
        f"one body edited in a package of {count} modules and {lines:,} lines",
        {OURS.name: found["in package"], THEIRS.name: found["theirs package"]},
        checks=(
            Check(
                "≤ 1.5 × the same edit in one module alone",
                1.5,
                found["in package"] / found["in alone"],
                "one module alone",
            ),
        ),
        note=f"alone: {duration(found['in alone'])}; first: "
        f"{duration(samples['in', 'package'][0] - base)}",
        details={"samples": {" ".join(k): v for k, v in samples.items()}},
    )


def package_constant(bench: Bench) -> Iterator[Row]:
    """A constant at the root of a package, against a fresh process that imports it."""
    count, lines = package_size(bench)
    files = projects.package(count, lines)
    tools = [NONE, *bench.tools]
    makers = {tool.name: partial(bench.session, tool, files, cells=PACKAGE_CELLS) for tool in tools}

    def one(session: Session, number: int) -> float:
        session.edit("pkg/root.py", projects.root(number + 6))
        return session.cell()

    rounds = bench.of(7, 4)
    alone: list[float] = []

    def fresh(session: Session, number: int) -> float:
        session.edit("pkg/root.py", projects.root(number + 6))
        code = "import time; t = time.perf_counter(); import pkg; print(time.perf_counter() - t)"
        whole, out = fresh_process(code, session.project)
        alone.append(float(out))
        return whole

    with open_sessions(makers) as sessions:
        restarted = sessions[NONE.name]
        fresh_process("import pkg", restarted.project)
        turns: dict[str, Callable[[int], float]] = {
            name: lambda n, s=session: one(s, n) for name, session in sessions.items()
        }
        del turns[NONE.name]
        turns[RESTART] = lambda n: fresh(restarted, n)
        samples = taking_turns(turns, rounds)
        sees = {
            name: session.sees(_holders_of_size(len(samples[name]) + 5, count - 3))
            for name, session in sessions.items()
            if name != NONE.name
        }
    found = medians(samples)
    yield Row(
        "a constant at the root of that package that reaches a statement in each module",
        found,
        checks=(Check("≤ 0.5 × a fresh process", 0.5, ratio(found, OURS.name, RESTART), RESTART),),
        note=f"the import alone takes the fresh process {duration(median_of(alone))}; first: "
        f"{duration(samples[OURS.name][0])}",
        details={"sees": sees, "samples": samples},
    )


def _holders_of_size(size: int, last: int) -> dict[str, str]:
    """Who sees that the root's constant is *size*; *last* is the number of a dependent."""
    return {
        "module attribute": f"pkg.root.SIZE == {size}",
        "name held from before": f"SIZE == {size}",
        "dependent's from-import": f"pkg.part_{last:03}.SIZE == {size}",
        "what is computed with it": f"pkg.part_{last:03}.WIDTH == {size * (last + 1)}",
    }


# Beginning -----------------------------------------------------------------------------------------


def import_time(bench: Bench) -> Iterator[Row]:
    """Importing the extension after IPython."""
    code = (
        "import IPython, time; t = time.perf_counter(); import reloadmagic; "
        "print(time.perf_counter() - t)"
    )
    times = [float(fresh_process(code, bench.folder)[1]) for _ in range(bench.of(9, 3))]
    took = median_of(times)
    yield Row(
        "`import reloadmagic` after IPython",
        {OURS.name: took},
        checks=(Check("≤ 5 ms", 0.005, took),),
    )


def loading(bench: Bench) -> Iterator[Row]:
    """Turning the tool on, and the first cell, in a large session."""
    files = users(10)
    samples: dict[str, list[float]] = {}
    tools = [NONE, OURS, THEIRS]
    for number in range(bench.of(7, 3)):
        for tool in tools[number % 3 :] + tools[: number % 3]:
            with bench.session(
                tool, files, cells=(importing(files),), with_library=True, turned_on=False
            ) as session:
                first = session.tell("cell", text=tool.first_cell or "None")
                second = session.tell("cell", text="None")
                samples.setdefault(tool.name, []).append(first["whole"] + second["whole"])
    found = without_shell(medians(samples))
    yield Row(
        f"`%load_ext` and first cell in a session with {len(bench.library):,} modules",
        found,
        checks=(
            Check("≤ 0.3 × autoreload", 0.3, ratio(found, OURS.name, THEIRS.name), THEIRS.name),
        ),
        details={"samples": samples},
    )


def memory(bench: Bench) -> Iterator[Row]:
    """Traced memory in that session, outside what is kept per line of the user's own code."""
    sizes = (20, 220)
    found: dict[str, dict[int, float]] = {}
    lines: dict[int, int] = {}
    for tool in (NONE, OURS, THEIRS):
        for size in sizes:
            files = users(10, lines=size)
            lines[size] = sum(text.count("\n") for text in files.values())
            with bench.session(
                tool, files, cells=(importing(files),), with_library=True, turned_on=False
            ) as session:
                session.tell("load", names=list(tool.packages))
                session.tell("trace", on=True)
                session.turn_on()
                session.tell("cells", text="None", count=3)
                found.setdefault(tool.name, {})[size] = session.tell("trace", on=False)["bytes"]
    small, large = sizes
    held, per_line = {}, {}
    for tool in (OURS, THEIRS):
        at = {size: found[tool.name][size] - found[NONE.name][size] for size in sizes}
        slope = (at[large] - at[small]) / (lines[large] - lines[small])
        per_line[tool.name] = max(slope, 0.0)
        held[tool.name] = at[small] - per_line[tool.name] * lines[small]
    yield Row(
        "traced memory in that session, outside what is kept per line of the user's code",
        held,
        unit="B",
        checks=(
            Check("≤ 0.1 × autoreload", 0.1, ratio(held, OURS.name, THEIRS.name), THEIRS.name),
        ),
        note=f"kept per line of the user's code: {per_line[OURS.name]:.0f} bytes",
    )


# Growth --------------------------------------------------------------------------------------------


GROWTHS: dict[
    str, tuple[str, tuple[int, int], Callable[[int], tuple[dict[str, str], tuple[str, ...]]]]
] = {
    "heap": (
        "objects on the heap",
        (100_000, 1_000_000),
        lambda n: (edit_project(1000, DEPENDENTS), edit_cells(DEPENDENTS, heap=n)),
    ),
    "instances": (
        "instances",
        (1, 100_000),
        lambda n: (edit_project(1000, DEPENDENTS), edit_cells(DEPENDENTS, instances=n)),
    ),
    "dependents": (
        "dependents",
        (10, 1_000),
        lambda n: (edit_project(1000, n), edit_cells(n)),
    ),
}


def growth(bench: Bench) -> Iterator[Row]:
    """How the cost of an edit grows with what is alive, beyond that of an idle cell there."""
    for what, (few, many), make in GROWTHS.values():
        few, many = bench.of(few, max(1, few // 10)), bench.of(many, many // 10)
        tools = (OURS,) if bench.quick else (OURS, THEIRS)
        makers = {
            (tool.name, size): partial(bench.session, tool, files, cells=cells)
            for tool in tools
            for size in (few, many)
            for files, cells in [make(size)]
        }
        with open_sessions(makers) as sessions:
            samples = taking_turns(
                {
                    key: lambda n, s=session: edit(s, n, 1000) - s.cell()
                    for key, session in sessions.items()
                },
                bench.of(12, 5),
            )
            answer = len(next(iter(samples.values())))
            assert all(
                session.sees({"edit": HOLDERS["dependent's from-import"].format(answer=answer)})[
                    "edit"
                ]
                for (tool, _), session in sessions.items()
                if tool == OURS.name
            )
        found = medians(samples)
        yield Row(
            f"the edit in 1,000 lines, {few:,} → {many:,} {what}, beyond an idle cell",
            {tool.name: found[tool.name, many] for tool in tools},
            checks=(
                Check(
                    "≤ 1.2 × growth",
                    1.2,
                    found[OURS.name, many] / found[OURS.name, few],
                    f"{few:,} {what}",
                ),
            ),
            note="with the fewer: "
            + ", ".join(f"{tool.name} {duration(found[tool.name, few])}" for tool in tools),
        )


SCENARIOS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "idle": idle,
    "calls": system_calls,
    "edit-1000": lambda bench: edited(bench, 1_000, 0.08),
    "edit-10000": lambda bench: edited(bench, 10_000, 0.02),
    "growth": growth,
    "package-body": package_body,
    "package-constant": package_constant,
    "import": import_time,
    "loading": loading,
    "memory": memory,
    "workers": lambda bench: on_workers(bench.folder, bench.of(15, 5)),
}
