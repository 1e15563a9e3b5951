"""What people see in JupyterLab: a session in a real browser, in light and dark.

Screenshots of each scene go to ``build/screenshots``; ``RELOADMAGIC_GOLDEN=write`` rewrites what
the session has to read like, and the pictures of it that are in the README.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from browser.lab import HEIGHT, WIDTH, Lab, browser, server, write_notebook
from support import Project
from test_readme import SETTINGS, SHOP

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GOLDEN = HERE.parent / "golden" / "browser.txt"
PICTURES = ROOT / "docs"
SCREENSHOTS = ROOT / "build" / "screenshots"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
READABLE = 4.5  # what WCAG asks for text of this size

CELLS = {
    "load": "%load_ext reloadmagic",
    "import": "from shop import Basket, describe\n\nbasket = Basket([10, 20])\ndescribe(basket)",
    "method": "describe(basket)",
    "constant": "describe(basket)",
    "mistake": "describe(basket)",
    "status": "%reload_status",
    "diff": "%reload_diff",
    "graph": "%reload_graph",
    "mended": "describe(basket)",
    "undo": "%reload_undo",
    "undone": "describe(basket)",
    "explain": "%reload_explain Basket.total",
    "cells": "%reload_cells",
    "history": "%reload_history",
}
# What is done in an editor before a cell runs.
EDITS: dict[str, tuple[str, str, str]] = {
    "method": ("shop.py", "return sum(self.prices)", "return sum(self.prices) * (1 + VAT)"),
    "constant": ("settings.py", "0.19", "0.07"),
    "mistake": ("shop.py", "(1 + VAT)", "(1 + VAT"),
    "mended": ("shop.py", "(1 + VAT", "(1 + VAT) + 5"),
}
NUMBERS = {name: number for number, name in enumerate(CELLS)}
PICTURE = ("import", "mistake")  # the first and the last cell in the README's picture


@dataclass(frozen=True)
class Session:
    """A session that has run.

    Attributes:
        lab: the notebook, all of whose cells have run.
        seen: by cell, what was seen below it when it had run.
    """

    lab: Lab
    seen: dict[str, str]

    def output(self, name: str) -> Any:
        """What is below the cell *name*, on the page."""
        return self.lab.cell(NUMBERS[name]).locator(".jp-Cell-outputArea")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The session; its details are closed."""
    from playwright.sync_api import sync_playwright

    path = browser()
    assert path is not None, "there is no Chromium here"
    project = Project(tmp_path_factory.mktemp("project"))
    project.write("settings.py", SETTINGS)
    project.write("shop.py", SHOP)
    write_notebook(project.path / "story.ipynb", list(CELLS.values()))
    with (
        server(project.path, tmp_path_factory.mktemp("home")) as address,
        sync_playwright() as play,
    ):
        chromium = play.chromium.launch(executable_path=path)
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        lab = Lab(page, address, "story.ipynb")
        yield Session(lab, {name: _run(lab, project, name) for name in CELLS})
        chromium.close()


def _run(lab: Lab, project: Project, name: str) -> str:
    """Edit as `EDITS` says, run the cell *name*; what is seen below it."""
    if name in EDITS:
        project.replace(*EDITS[name])
    text = lab.run(NUMBERS[name]).replace(f"{project.path}{os.sep}", "")
    return re.sub(r"<?\d+(\.\d+)? ms", "1 ms", text)


@pytest.fixture
def details(session: Session) -> Iterator[Any]:
    """What the line after a method's edit opens to, open."""
    found = session.output("method").locator("details")
    found.locator("summary").first.click()
    yield found
    found.locator("summary").first.click()


def test_the_session_reads_as_its_golden_file(session: Session) -> None:
    text = "\n".join(f"# {CELLS[name]}\n{seen}\n" for name, seen in session.seen.items())
    if os.environ.get("RELOADMAGIC_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_next_cell_shows_what_the_edited_code_gives(session: Session) -> None:
    results = [session.seen[name].splitlines()[-1] for name in ("import", "method", "constant")]
    assert results == ["'2 things for 30.00'", "'2 things for 35.70'", "'2 things for 32.10'"]


def test_the_line_opens_to_what_was_done(session: Session, details: Any) -> None:
    shown = details.inner_text()
    assert details.locator("pre").is_visible()
    assert "changed\tBasket.total" in shown
    assert "+        return sum(self.prices) * (1 + VAT)" in shown


def test_it_is_closed_at_first(session: Session) -> None:
    assert not session.output("method").locator("details pre").is_visible()


def test_a_mistake_is_shown_with_its_line_above_the_result(session: Session) -> None:
    _, source, caret, _, result = session.seen["mistake"].splitlines()
    assert source[caret.index("^")] == "("
    assert result == "'2 things for 32.10'"


def test_the_graph_is_a_picture(session: Session) -> None:
    boxes = session.output("graph").locator("svg rect")
    tops = [boxes.nth(number).bounding_box()["y"] for number in range(boxes.count())]
    assert (len(tops), tops == sorted(set(tops))) == (2, True)


@pytest.mark.parametrize("theme", THEMES)
def test_all_of_it_can_be_read(session: Session, theme: str) -> None:
    session.lab.theme(THEMES[theme])
    with _all_open(session.lab):
        hard = session.lab.hard_to_read(".jp-OutputArea-output", READABLE)
    assert hard == []


def test_nothing_is_wider_than_the_page(session: Session) -> None:
    with _all_open(session.lab):
        assert session.lab.too_wide(".jp-OutputArea-output") == []


@pytest.mark.parametrize("theme", THEMES)
def test_screenshots_are_taken(session: Session, theme: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    lab = session.lab
    lab.theme(THEMES[theme])
    lab.select(NUMBERS["history"])  # a mark of the selected cell would be in the picture
    lab.open(session.output("method"), is_open=True)
    picture = SCREENSHOTS / f"session-{theme}.png"
    lab.picture(picture, NUMBERS[PICTURE[0]], NUMBERS[PICTURE[1]])
    lab.open(session.output("method"), is_open=False)
    if os.environ.get("RELOADMAGIC_GOLDEN") == "write":
        (PICTURES / f"jupyterlab-{theme}.png").write_bytes(picture.read_bytes())
    with _all_open(lab):
        lab.picture(SCREENSHOTS / f"everything-{theme}.png", 0, len(CELLS) - 1)
    assert all(path.stat().st_size > 10_000 for path in SCREENSHOTS.glob(f"*-{theme}.png"))


@contextlib.contextmanager
def _all_open(lab: Lab) -> Iterator[None]:
    """All details on the page open."""
    lab.open(lab.page.locator("body"), is_open=True)
    yield
    lab.open(lab.page.locator("body"), is_open=False)
