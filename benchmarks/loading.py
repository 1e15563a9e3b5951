"""Turning a tool on: import, first cell, memory."""

from __future__ import annotations

from collections.abc import Iterator

from .bench import Bench, importing, medians, users, within, without_shell
from .results import Check, Row, median_of
from .sessions import fresh_process
from .tools import NONE, OURS, THEIRS

__all__ = ["import_time", "loading", "memory"]


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
        checks=(within(0.3, found),),
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
        checks=(within(0.1, held),),
        note=f"kept per line of the user's code: {per_line[OURS.name]:.0f} bytes",
    )
