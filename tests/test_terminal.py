"""Terminal IPython, typed into through a pseudo-terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import pytest

from support import Project

pexpect = pytest.importorskip("pexpect", reason="pseudo-terminals are for POSIX systems")

if sys.platform == "win32":
    pytest.skip("pexpect.spawn needs a pseudo-terminal", allow_module_level=True)

SECONDS = 30


class Terminal:
    """One IPython session; each ``run`` types a line and gives what was printed before the next prompt."""

    def __init__(self, *arguments: str) -> None:
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--no-banner", "--colors=NoColor", "--simple-prompt", *arguments],
            encoding="utf-8",
            timeout=SECONDS,
            echo=False,
            dimensions=(60, 200),
        )
        self._number = 1
        self._child.expect_exact("In [1]: ")

    def run(self, line: str) -> str:
        self._child.sendline(line)
        self._number += 1
        self._child.expect_exact(f"In [{self._number}]: ")
        return str(self._child.before).replace("\r\n", "\n")

    def close(self) -> None:
        self._child.close(force=True)


@pytest.fixture
def terminal(project: Project) -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


SHAPES = """
class Circle:
    def __init__(self, radius):
        self.radius = radius

    def area(self):
        return 3 * self.radius


def describe(circle):
    return f"a circle of {circle.area()}"
"""


def test_next_line_runs_the_edited_code(project: Project, terminal: Terminal) -> None:
    project.write("shapes.py", SHAPES)
    terminal.run("%load_ext reloadmagic")
    terminal.run("from shapes import Circle, describe; circle = Circle(2)")
    assert "a circle of 6" in terminal.run("describe(circle)")
    project.replace("shapes.py", "3 * self.radius", "3 * self.radius ** 2")
    assert "a circle of 12" in terminal.run("describe(circle)")


def test_one_line_says_what_was_reloaded(project: Project, terminal: Terminal) -> None:
    project.write("shapes.py", SHAPES)
    terminal.run("%load_ext reloadmagic")
    terminal.run("import shapes")
    project.replace("shapes.py", "a circle of", "a disc of")
    printed = terminal.run("shapes.describe(shapes.Circle(1))")
    said = [line for line in printed.splitlines() if "shapes.py" in line]
    assert len(said) == 1, printed
    assert "describe" in said[0]


def test_nothing_is_said_when_nothing_happened(project: Project, terminal: Terminal) -> None:
    project.write("shapes.py", SHAPES)
    terminal.run("%load_ext reloadmagic")
    assert terminal.run("import shapes").strip() == ""
    project.touch("shapes.py")
    assert terminal.run("import shapes").strip() == ""


def test_broken_file_is_named_and_the_line_runs(project: Project, terminal: Terminal) -> None:
    project.write("shapes.py", SHAPES)
    terminal.run("%load_ext reloadmagic")
    terminal.run("import shapes; circle = shapes.Circle(2)")
    project.replace("shapes.py", "def area(self):", "def area(self)")
    printed = terminal.run("shapes.describe(circle)")
    assert "a circle of 6" in printed
    assert re.search(r"shapes\.py:5\b", printed), printed
    project.replace("shapes.py", "def area(self)", "def area(self):")
    project.replace("shapes.py", "3 * self.radius", "4 * self.radius")
    assert "a circle of 8" in terminal.run("shapes.describe(circle)")


def test_command_line_loads_and_configures_the_extension(project: Project) -> None:
    project.write("shapes.py", SHAPES)
    terminal = Terminal("--ext=reloadmagic")
    try:
        terminal.run("from shapes import describe, Circle")
        project.replace("shapes.py", "a circle of", "a disc of")
        assert "a disc of 3" in terminal.run("describe(Circle(1))")
    finally:
        terminal.close()


def test_an_edit_is_undone_and_loaded_again(project: Project, terminal: Terminal) -> None:
    project.write("shapes.py", SHAPES)
    terminal.run("%load_ext reloadmagic")
    terminal.run("from shapes import Circle, describe; circle = Circle(2)")
    project.replace("shapes.py", "a circle of", "a disc of")
    assert "a disc of 6" in terminal.run("describe(circle)")
    assert "undid shapes.py (describe)" in terminal.run("%reload_undo")
    assert "a circle of 6" in terminal.run("describe(circle)")
    assert "1 undone" in terminal.run("%reload_status")
    project.replace("shapes.py", "a disc of", "a wheel of")
    assert "a wheel of 6" in terminal.run("describe(circle)")


def test_a_slow_statement_is_named_on_a_line_that_is_written_over(
    project: Project, terminal: Terminal
) -> None:
    project.write("train.py", "import time\nN = 0\nMODEL = time.sleep(N)\n")
    terminal.run("%load_ext reloadmagic")
    terminal.run("import train; from reloadmagic.engine import progress; progress.AFTER = 0.01")
    project.replace("train.py", "N = 0", "N = 0.05")
    lines = terminal.run("train.N").split("\n")
    assert re.fullmatch(r"(\rtrain\.py:3 MODEL = time\.sleep\(N\)  0\.\d s *){2,}", lines[0])
