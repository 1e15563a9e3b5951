"""The README's first screen, typed into a real shell: what it shows is what there is to see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from support import Project

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")

SETTINGS = "VAT = 0.19\n"
SHOP = """\
from settings import VAT


class Basket:
    def __init__(self, prices):
        self.prices = prices

    def total(self):
        return sum(self.prices)


def describe(basket):
    return f"{len(basket.prices)} things for {basket.total():.2f}"
"""
EDITS = {
    "# in your editor, shop.py: Basket.total now adds the tax": (
        "return sum(self.prices)",
        "return sum(self.prices) * (1 + VAT)",
    ),
    "# in your editor: a parenthesis is missing": ("(1 + VAT)", "(1 + VAT"),
}


HELPERS = {
    "": ["import math", "def area(radius):\n    return math.pi * radius"],
    "# in another tab, saved: area squares the radius": [
        "import math",
        "def area(radius):\n    return math.pi * radius**2",
    ],
    "# a slip in a new cell": [
        "import math",
        "def area(radius):\n    return math.pi * radius**2",
        "# What one is\nUNIT = 1 / 0",
    ],
}


def blocks_of(number: int) -> list[list[str]]:
    """A session of the README's: blocks of lines, each a cell with its output, or a remark."""
    session = README.split("```text\n")[number].split("```", 1)[0]
    return [block.splitlines() for block in session.strip().split("\n\n")]


def first_screen() -> list[list[str]]:
    return blocks_of(1)


def cell_of(block: list[str]) -> str:
    """What was typed in a block of a session."""
    typed = [re.sub(r"^(In \[\d+\]|   \.\.\.): ?", "", line) for line in _input_lines(block)]
    return "\n".join(typed)


def _input_lines(block: list[str]) -> Iterator[str]:
    return (line for line in block if re.match(r"In \[\d+\]:|   \.\.\.:", line))


def without_time(text: str) -> str:
    return re.sub(r"\d+(\.\d+)? ms", "1 ms", text)


@pytest.mark.parametrize("block", [block for block in first_screen() if block[0].startswith("#")])
def test_every_remark_is_an_edit_that_the_test_makes(block: list[str]) -> None:
    assert block[0] in EDITS


def test_first_screen_is_what_a_shell_shows(
    project: Project, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    project.write("settings.py", SETTINGS)
    project.write("shop.py", SHOP)
    for block in first_screen():
        if block[0] in EDITS:
            project.replace("shop.py", *EDITS[block[0]])
            continue
        shell.run_cell(cell_of(block), store_history=True)
        shown = without_time(capsys.readouterr().out).strip().splitlines()
        assert [*_input_lines(block), *shown] == [without_time(line) for line in block]


def test_session_with_a_notebook_is_what_a_shell_shows(
    project: Project, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    def save(sources: list[str]) -> None:
        edit = project.edit if (project.path / "helpers.ipynb").exists() else project.write
        edit(
            "helpers.ipynb", nbformat.writes(new_notebook(cells=list(map(new_code_cell, sources))))
        )

    save(HELPERS[""])
    shell.run_cell("%load_ext reloadmagic", store_history=True)
    for block in blocks_of(2):
        if block[0] in HELPERS:
            save(HELPERS[block[0]])
            continue
        shell.run_cell(cell_of(block), store_history=True)
        shown = without_time(capsys.readouterr().out).strip().splitlines()
        assert [*_input_lines(block), *shown] == [without_time(line) for line in block]


def test_every_command_that_is_named_is_there(shell: InteractiveShell) -> None:
    shell.run_cell("%load_ext reloadmagic")
    named = set(re.findall(r"`(%%?)(\w+)", README)) - {("%", "load_ext"), ("%", "config")}
    kinds = {"%": "line", "%%": "cell"}
    missing = [mark + name for mark, name in named if shell.find_magic(name, kinds[mark]) is None]
    assert (missing, len(named) > 10) == ([], True)


def test_the_settings_that_are_shown_fit(project: Project) -> None:
    from reloadmagic.ipython.config import usable_config

    project.write("pyproject.toml", README.split("```toml\n", 1)[1].split("```", 1)[0])
    config, refused = usable_config({}, str(project.path))
    assert (refused, len(config["ReloadMagic"])) == ([], 11)


def test_every_file_that_is_linked_or_shown_is_there() -> None:
    named = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    named += re.findall(r'src(?:set)?="([^"]+)"', README)
    root = Path(__file__).parent.parent
    assert ([name for name in named if not (root / name).is_file()], len(named) > 5) == ([], True)
