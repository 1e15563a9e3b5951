"""One function of a module edited, a file touched, and how the cost grows with what is alive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from . import projects
from .bench import RESTART, Bench, medians, within, without_shell
from .results import Check, Row, duration, median_of
from .sessions import Session, fresh_process, open_sessions, taking_turns
from .tools import NONE, OURS, THEIRS

__all__ = ["edited", "growth"]

DEPENDENTS = 10
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
    with open_sessions(makers) as sessions:
        samples = taking_turns(
            {name: lambda n, s=session: edit(s, n, lines) for name, session in sessions.items()},
            bench.of(20 if lines <= 1000 else 12, 5),
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
            turns = {name: lambda _, s=session: touch(s) for name, session in sessions.items()}
            touches = taking_turns(turns, bench.of(9, 3))
    found = {**without_shell(medians(samples)), RESTART: median_of(fresh)}
    first = without_shell({name: rows[0] for name, rows in samples.items()})
    yield Row(
        f"one function edited in {lines:,} lines, {DEPENDENTS} dependents",
        found,
        checks=(within(reach, found),),
        note=f"the first edit: {duration(first[OURS.name])}, {duration(first[THEIRS.name])} in "
        f"{THEIRS.name}",
        details={"sees": sees, "samples": samples},
    )
    if touches:
        yield _twentieth(samples, first[OURS.name])
        touched = without_shell(medians(touches))
        yield Row(
            f"a file of {lines:,} lines touched, same bytes",
            touched,
            checks=(within(0.01, touched),),
        )


def _twentieth(samples: Mapping[str, list[float]], first: float) -> Row:
    last = median_of(samples[OURS.name][-3:]) - median_of(samples[NONE.name])
    check = Check("≤ 1.2 × the first", 1.2, last / first, "the first")
    return Row("the 20th edit", {OURS.name: last}, checks=(check,))


def touch(session: Session) -> float:
    session.touch("big.py")
    return session.cell()


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
    """How the cost of an edit grows with what is alive, beyond that of an idle cell there.

    That has a turn of its own: right behind an edit the system has all at hand of the files that
    both look at, and of many that is a good part of what looking at them costs.
    """
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
            turns: dict[tuple[str, int, str], Callable[[int], float]] = {}
            for key, session in sessions.items():
                turns[*key, "edit"] = lambda n, s=session: edit(s, n, 1000)
            for key, session in sessions.items():
                turns[*key, "idle"] = lambda _, s=session: s.cell()
            samples = taking_turns(turns, bench.of(24, 5))
            answer = len(next(iter(samples.values())))
            assert all(
                session.sees({"edit": HOLDERS["dependent's from-import"].format(answer=answer)})[
                    "edit"
                ]
                for (tool, _), session in sessions.items()
                if tool == OURS.name
            )
        whole = medians(samples)
        found = {key: whole[*key, "edit"] - whole[*key, "idle"] for key in sessions}
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
