"""What tracebacks, `inspect`, debuggers and warnings see of a notebook."""

from __future__ import annotations

import inspect
import linecache
import os
import pdb  # noqa: T100
import traceback
import warnings
from io import StringIO
from typing import Any

import pytest

import reloadmagic.notebooks
from notebook_files import SHAPES, Write, places
from reloadmagic import Reloader
from session import load


def test_traceback_names_the_cell_and_its_lines(write: Write) -> None:
    write("shapes.ipynb", *SHAPES)
    with pytest.raises(ZeroDivisionError) as info:
        load("shapes").Circle().grow()
    found = places(info.value)
    assert (found[0], found[-1]) == (("shapes.ipynb, cell 3", 7), ("shapes.ipynb, cell 2", 2))
    shown = "".join(traceback.format_exception(info.value))
    assert 'shapes.ipynb, cell 2", line 2, in area\n    x = r / 0\n' in shown


def test_failing_import_shows_the_cell_and_nothing_of_ours(write: Write) -> None:
    write("failing_figures.ipynb", "K = 1", "L = 2\nM = K / 0")
    with pytest.raises(ZeroDivisionError) as info:
        import failing_figures  # noqa: F401
    frames = traceback.extract_tb(info.value.__traceback__)
    assert [frame.lineno for frame in frames[1:]] == [2]
    assert frames[1].line == "M = K / 0"


def test_failing_import_under_watch_shows_the_cell_alone(write: Write, reloader: Reloader) -> None:
    write("failing_plots.ipynb", "K = 1", "L = 2\nM = K / 0")
    with pytest.raises(ZeroDivisionError) as info:
        import failing_plots  # noqa: F401
    frames = traceback.extract_tb(info.value.__traceback__)
    assert [frame.line for frame in frames[1:]] == ["M = K / 0"]


def test_failing_await_under_watch_shows_the_cell_alone(write: Write, reloader: Reloader) -> None:
    write("failing_tables.ipynb", "import asyncio", "await asyncio.sleep(0)\n1 / 0")
    with pytest.raises(ZeroDivisionError) as info:
        import failing_tables  # noqa: F401
    assert len(traceback.extract_tb(info.value.__traceback__)) == 2


def test_next_mistake_in_a_notebook_is_shown_with_its_own_line(
    write: Write, shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    write("failing_sums.ipynb", "K = 1\nassert False")
    shell.run_cell("%load_ext reloadmagic\nimport failing_sums", store_history=True)
    write("failing_sums.ipynb", "K = 1\nL = (K")
    capsys.readouterr()
    shell.run_cell("import failing_sums", store_history=True)
    shown = capsys.readouterr().out
    assert "failing_sums.ipynb, cell 1" in shown
    assert "L = (K" in shown


def test_syntax_error_names_the_cell(write: Write) -> None:
    write("shapes.ipynb", "K = 1", "L = 2\nM = = 3")
    with pytest.raises(SyntaxError) as info:
        load("shapes")
    assert info.value.filename is not None
    assert (info.value.filename.rpartition(", ")[2], info.value.lineno) == ("cell 2", 2)


def test_statement_cannot_go_on_in_the_next_cell(write: Write) -> None:
    write("shapes.ipynb", "K = (1,", "2)")
    with pytest.raises(SyntaxError) as info:
        load("shapes")
    assert str(info.value.filename).endswith("cell 1")


def test_error_of_a_transform_names_the_cell(write: Write) -> None:
    def transform(cell: str) -> str:
        raise KeyError(cell)

    reloadmagic.notebooks.install(transform=transform)
    write("shapes.ipynb", "K = 1", "!ls")
    with pytest.raises(reloadmagic.notebooks.NotebookError, match="ipynb, cell 2: KeyError: '!ls'"):
        load("shapes")


def test_warnings_of_the_parser_are_shown_once_with_their_cell(
    write: Write, reloader: Reloader
) -> None:
    write("book.ipynb", "K = 1", r"L = '\d'")
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        load("book")
        write("book.ipynb", "K = 2", r"L = [K, '\d']")
        reloader.reload()
    assert [(w.filename[-20:], w.lineno) for w in shown] == [("t/book.ipynb, cell 2", 1)]


def test_error_of_the_compiler_names_the_cell(write: Write) -> None:
    write("shapes.ipynb", "K = 1", "L = 2\nreturn 3")
    with pytest.raises(SyntaxError, match="'return' outside function") as info:
        load("shapes")
    assert (str(info.value.filename)[-6:], info.value.lineno) == ("cell 2", 2)


def test_inspect_shows_the_cell_s_source(write: Write) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith('class Circle:\n    """Round."""')
    assert inspect.getsource(shapes.Circle.grow).startswith("    def grow(self):")
    assert inspect.getsource(shapes) == shapes.__spec__.loader.get_source("shapes")


def test_source_is_shown_after_linecache_was_checked(write: Write) -> None:
    path = write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    linecache.checkcache()
    os.utime(path)
    linecache.checkcache(str(path))
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")


def test_question_marks_show_the_source_and_the_cell(write: Write, shell: Any) -> None:
    write("shapes.ipynb", *SHAPES)
    shell.run_cell("import shapes")
    info = shell.object_inspect("shapes.area", detail_level=1)
    assert info["source"].startswith("def area(r):")
    assert info["file"].endswith("shapes.ipynb, cell 2")


def test_pdb_stops_and_lists_in_the_cell(write: Write) -> None:
    write("shapes.ipynb", "def half(n):\n    m = n / 2\n    return m")
    out = StringIO()
    debugger = pdb.Pdb(stdin=StringIO("b shapes.half\nc\nlist\nc\n"), stdout=out, nosigint=True)
    debugger.runcall(eval, "shapes.half(4)", {"shapes": load("shapes")})
    assert "shapes.ipynb, cell 1(2)half()" in out.getvalue()
    assert "->\t    m = n / 2" in out.getvalue()
