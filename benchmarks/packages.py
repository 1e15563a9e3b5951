"""Edits in a package of many modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from . import projects
from .bench import RESTART, Bench, medians, ratio
from .results import Check, Row, duration, median_of
from .sessions import Session, fresh_process, open_sessions, taking_turns
from .tools import NONE, OURS, THEIRS

__all__ = ["package_body", "package_constant"]


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
