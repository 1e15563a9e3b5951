"""Nothing changed: what a cell costs then."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from .bench import Bench, importing, medians, ratio, users, within, without_shell
from .results import Check, Row, median_of
from .sessions import Session, open_sessions, taking_turns
from .tools import BARE, NONE, OURS, THEIRS, Tool

__all__ = ["idle", "system_calls"]


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
            within(0.001, cell),
            Check(
                "≤ 1.1 × a bare `os.stat` loop", 1.1, ratio(cell, OURS.name, BARE.name), BARE.name
            ),
        ),
    )
    base = without_shell({t: v for (t, label), v in found.items() if label == "many"})
    per = {t: base[t] / len(many) for t in base}
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
