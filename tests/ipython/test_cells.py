"""What is read off a cell's text."""

from __future__ import annotations

import pytest

from reloadmagic.ipython.cells import (
    asks_for_no_reload,
    is_command,
    python_source,
    transform_header,
)

CALL = "get_ipython().run_cell_magic('reload_changed', {!r}, '\\n')\n"

HEADERS = [
    (["%%reload_changed\n", "x\n"], [CALL.format(""), "x\n"]),
    (["%%reload_changed  -v pkg.* \n", "x\n"], [CALL.format("-v pkg.*"), "x\n"]),
    (["%%reload_changed"], [CALL.format("")]),
    (["%%reload_changed it's\n"], [CALL.format("it's")]),
    (["%%no_reload\n", "x\n"], ["# %%no_reload\n", "x\n"]),
]
NOT_HEADERS = [
    [],
    ["%%reload_changed?\n"],
    ["%%reload_changed -v?\n"],
    ["%%reload_changedly\n"],
    ["%reload_changed\n"],
    ["x\n", "%%reload_changed\n"],
    ["%%time\n", "%%reload_changed\n"],
    ["%%no_reload what\n"],
]


@pytest.mark.parametrize(("lines", "expected"), HEADERS)
def test_a_header_becomes_a_line_and_the_body_stays(lines: list[str], expected: list[str]) -> None:
    assert transform_header(lines) == expected


@pytest.mark.parametrize("lines", NOT_HEADERS)
def test_anything_else_is_left_alone(lines: list[str]) -> None:
    assert transform_header(list(lines)) == lines


@pytest.mark.parametrize("lines", [lines for lines, _ in HEADERS])
def test_transforming_leaves_its_input_alone(lines: list[str]) -> None:
    before = list(lines)
    transform_header(lines)
    assert lines == before


COMMANDS = [
    "%reload_changed",
    "%reload_changed -n",
    "\n# now\n%reload_status\n",
    "report = %reload_changed",
    "reload_status",  # automagic
    "%%reload_changed\nx = 1",
    "%%no_reload\nx = 1",
    "%reload_changed?",
    "%unload_ext reloadmagic",
    "%config ReloadMagic.mode = 'off'",
]
NO_COMMANDS = [
    "",
    "# a comment",
    "x = 1",
    "x = 1\n%reload_changed",
    "%reload_ext other",
    "%time f()",
    "%%time\nf()",
    "reload_status = 3",
    "reload_now()",
    "%config InteractiveShell.colors = 'NoColor'",
]


@pytest.mark.parametrize("cell", COMMANDS)
def test_a_cell_of_commands_alone_is_told(cell: str) -> None:
    assert is_command(cell)


@pytest.mark.parametrize("cell", NO_COMMANDS)
def test_a_cell_with_other_code_is_not_a_command(cell: str) -> None:
    assert not is_command(cell)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%no_reload\nx", True),
        ("\n%%no_reload\nx", True),
        ("x", False),
        ("", False),
        ("x\n%%no_reload", False),
    ],
)
def test_a_cell_may_opt_out(cell: str, expected: bool) -> None:
    assert asks_for_no_reload(cell) is expected


SOURCES = [
    ("from m import K", None, "from m import K"),
    ("x = 1", None, "x = 1"),
    ("!pip install import", None, None),
    ("!ls\nfrom m import K", "ls()\nfrom m import K", "ls()\nfrom m import K"),
    ("%%time\nfrom m import K", "run()", "\nfrom m import K"),
    ("%%capture out\nfrom m import K", "run()", "\nfrom m import K"),
    # the body is written to a file, not run
    ("%%writefile m.py\nfrom m import K", "run('import')", "run('import')"),
    ("import (", None, None),
]


@pytest.mark.parametrize(("cell", "transformed", "expected"), SOURCES)
def test_python_with_imports_is_found_in_a_cell(
    cell: str, transformed: str | None, expected: str | None
) -> None:
    assert python_source(cell, transformed) == expected
