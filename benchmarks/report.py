"""The table and the plot, as `benchmarks/results.md` and `results.svg`."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .results import Row, duration, figure
from .tools import OURS, TOOLS

__all__ = ["write_results"]

COMMAND = "python -m benchmarks"
OURS_COLOUR = "#d1495b"
COLOURS = (
    *("#30638e", "#edae49", "#66a182", "#8d6a9f", "#7a9cc6"),
    *("#222222", "#999999", "#a0522d", "#c0d860", "#cccccc"),
)
WIDTH, LEFT, TOP, LINE = 860, 330, 84, 30
A_ROW = 5  # names in a row of the legend


def write_results(rows: Sequence[Row], folder: Path, seconds: float) -> None:
    """Write both files into *folder*; *seconds* is what measuring took."""
    plotted = [row for row in rows if row.unit == "s" and len(row.figures) > 1]
    (folder / "results.svg").write_text(plot(plotted), encoding="utf-8")
    (folder / "results.md").write_text("\n".join(page(rows, seconds)) + "\n", encoding="utf-8")


def page(rows: Sequence[Row], seconds: float) -> Iterable[str]:
    """The lines of `results.md`."""
    yield "# What reloading costs"
    yield ""
    yield f"Written by `{COMMAND}`, which took {seconds / 60:.0f} minutes; {_machine()}."
    yield "What is timed is what a tool does around a cell, less what the shell does without one;"
    yield "the tools take turns, an edit or a cell each, and the figures are medians."
    yield ""
    yield "![Seconds by tool, on a logarithmic scale](results.svg)"
    yield ""
    yield "## Figures to reach"
    yield ""
    yield "| what | to reach | measured | |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        for check in row.checks:
            met = "reached" if check.met else "**missed**"
            yield f"| {row.what} | {check.reach} | {_measured(check.value, row)} | {met} |"
    yield ""
    yield "## By tool"
    yield ""
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    yield f"| | {' | '.join(names)} |"
    yield f"| --- |{' --- |' * len(names)}"
    for row in rows:
        cells = (figure(row.figures[n], row.unit) if n in row.figures else "" for n in names)
        yield f"| {row.what} | {' | '.join(cells)} |"
    yield ""
    yield from (f"- {row.what}: {row.note}." for row in rows if row.note)
    yield from _who_sees(rows)
    yield ""
    yield "## How each is driven"
    yield ""
    for tool in TOOLS:
        yield f"- **{tool.name}**{_version(tool.distribution)}: {tool.does}."


def _who_sees(rows: Sequence[Row]) -> Iterable[str]:
    """Which holders run or hold the new version: a fast tool that does less is not faster."""
    for row in rows:
        sees: Mapping[str, Mapping[str, bool]] = dict(row.details.get("sees", {}))  # type: ignore[call-overload]
        if not sees:
            continue
        holders = list(next(iter(sees.values())))
        yield ""
        yield f"## Who sees it: {row.what}"
        yield ""
        yield f"| | {' | '.join(holders)} |"
        yield f"| --- |{' --- |' * len(holders)}"
        for tool, found in sees.items():
            yield f"| {tool} | {' | '.join('yes' if found[h] else 'no' for h in holders)} |"


def _measured(value: float, row: Row) -> str:
    if any(check.value == value and not check.of for check in row.checks):
        return figure(value, row.unit)
    return f"{value:.2g} ×"


def _machine() -> str:
    system = f"{platform.system()} on {os.cpu_count()} cores"
    return f"Python {platform.python_version()}, IPython {version('ipython')}, {system}"


def _version(distribution: str) -> str:
    try:
        return f" {version(distribution)}" if distribution else ""
    except PackageNotFoundError:
        return ""


# The plot ------------------------------------------------------------------------------------------


def plot(rows: Sequence[Row]) -> str:
    """A line for each row, a dot for each tool, seconds on a logarithmic scale."""
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    names.sort(key=lambda name: name != OURS.name)
    others = zip(names[1:], COLOURS * 2, strict=False)
    colours = {names[0]: OURS_COLOUR, **dict(others)} if names else {}
    values = [v for row in rows for v in row.figures.values() if v > 0] or [1e-3]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    height = TOP + LINE * len(rows) + 40

    def x(value: float) -> float:
        share = (math.log10(max(value, 10**low)) - low) / (high - low)
        return LEFT + share * (WIDTH - LEFT - 30)

    frame = f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    for number, name in enumerate(names):
        at, y = 14 + number % A_ROW * (WIDTH - 28) / A_ROW, 16 + number // A_ROW * 22
        parts.append(f'<circle cx="{at:.0f}" cy="{y}" r="5" fill="{colours[name]}"/>')
        parts.append(f'<text x="{at + 9:.0f}" y="{y + 4}">{escape(name)}</text>')
    for power in range(low, high + 1):
        at = x(10.0**power)
        bottom = height - 34
        parts.append(f'<path d="M{at:.0f} {TOP - 16}V{bottom}" stroke="#ddd"/>')
        label = duration(10.0**power).replace(".00", "").replace(".0", "")
        parts.append(f'<text x="{at:.0f}" y="{height - 18}" text-anchor="middle">{label}</text>')
    for number, row in enumerate(rows):
        y = TOP + LINE * number
        for half, text in enumerate(_halves(row.what)):
            parts.append(f'<text x="8" y="{y + half * 13:.0f}" font-size="11">{text}</text>')
        for name, value in sorted(row.figures.items(), key=lambda item: item[0] == OURS.name):
            parts.append(
                f'<circle cx="{x(value):.1f}" cy="{y:.0f}" r="5.5" fill="{colours[name]}">'
                f"<title>{escape(name)}: {duration(value)}</title></circle>"
            )
    return "\n".join([*parts, "</svg>", ""])


def _halves(text: str) -> list[str]:
    """*text* on two lines if it is long, as SVG text."""
    text = text.replace("`", "")
    if len(text) <= 56:
        return [escape(text)]
    cut = text.rfind(" ", 0, 56)
    rest = text[cut + 1 :]
    return [escape(text[:cut]), escape(rest if len(rest) <= 58 else f"{rest[:57]}…")]
