"""README's table of what follows an edit: each row tried in a real session, with each tool."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEADER = "| what follows an edit |"
COLUMNS = (
    "reloadmagic", "autoreload 2", "autoreload 3", "jurigged", "liveimport", "hmr", "restart"
)  # fmt: skip
Results = dict[str, dict[str, bool]]


def tried(*columns: str) -> Results:
    """By column and behaviour, what was found in sessions of their own."""
    only = [word for column in columns for word in ("--only", column)]
    command = [sys.executable, "-m", "benchmarks.behaviours", "--json", *only]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: Results = json.loads(done.stdout)
    return found


def told() -> dict[str, list[bool]]:
    """By column, what README says, row by row."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(HEADER))
    rows = [line.strip("| ").split(" | ") for line in lines[start:]]
    table = rows[: next(n for n, line in enumerate(lines[start:]) if not line.startswith("|"))]
    return {
        name: [row[number] == "✓" for row in table[2:]]
        for number, name in enumerate(table[0])
        if number
    }


@pytest.fixture(scope="module")
def ours() -> dict[str, bool]:
    return tried("reloadmagic")["reloadmagic"]


BEHAVIOURS = (
    "function", "held", "decorated", "instance", "isinstance", "super", "enum", "constant",
    "dependent", "computed", "state", "registry", "dropped", "half-way", "second",
)  # fmt: skip


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_reloadmagic_does(ours: dict[str, bool], name: str) -> None:
    assert ours[name]


def test_every_row_is_tried(ours: dict[str, bool]) -> None:
    assert (tuple(ours), len(told()["reloadmagic"])) == (BEHAVIOURS, len(BEHAVIOURS))


def test_the_readme_has_every_column() -> None:
    assert tuple(told()) == COLUMNS


@pytest.mark.peers
@pytest.mark.parametrize("column", COLUMNS)
def test_the_readme_says_what_was_found(column: str) -> None:
    assert told()[column] == list(tried(column)[column].values())
