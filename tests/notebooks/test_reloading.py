"""Notebooks that are edited while they are loaded."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any

import pytest

import reloadmagic.notebooks
from notebook_files import SHAPES, Write, code, markdown, notebook, places
from reloadmagic import Reloader
from session import load
from support import Project


def test_outputs_metadata_and_counts_are_no_change(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "def f(): ...")
    book = load("book")
    before = vars(book).copy()
    cell = {**code("K = 1"), "outputs": [], "execution_count": 77}
    write("book.ipynb", markdown("new"), cell, "", code("def f(): ...", "tag"), author="me")
    report = reloader.reload()
    assert not report
    assert vars(book) == before
    assert not reloader.history


def test_held_function_and_instance_follow_an_edit(write: Write, reloader: Reloader) -> None:
    write(
        "book.ipynb", "K = 2", "def f(n):\n    return n * K", "class C:\n    def m(self): return 1"
    )
    book = load("book")
    f, c = book.f, book.C()
    write(
        "book.ipynb", "K = 3", "def f(n):\n    return n * K", "class C:\n    def m(self): return 2"
    )
    assert reloader.reload()
    assert (f(1), c.m(), f is book.f) == (3, 2, True)


def test_state_of_a_cell_that_the_edit_does_not_reach_stays(
    write: Write, reloader: Reloader
) -> None:
    write("book.ipynb", "model = object()", "def f(): return 1")
    book = load("book")
    model = book.model
    write("book.ipynb", "model = object()", "def f(): return 2")
    reloader.reload()
    assert (book.model is model, book.f()) == (True, 2)


def test_modules_and_notebooks_follow_each_other(
    project: Project, write: Write, reloader: Reloader
) -> None:
    project.write("config.py", "K = 1\n")
    write("book.ipynb", "from config import K", "L = K * 10")
    project.write("use.py", "import book\nM = book.L + 1\n")
    use = load("use")
    project.edit("config.py", "K = 2\n")
    reloader.reload()
    assert use.M == 21
    write("book.ipynb", "from config import K", "L = K * 100")
    reloader.reload()
    assert use.M == 201


def test_error_rolls_back_and_the_report_names_the_cell(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "L = K + 1")
    book = load("book")
    write("book.ipynb", "K = 2", "L = K + 1\nM = 1 / 0")
    report = reloader.reload()
    assert (book.K, book.L, hasattr(book, "M")) == (1, 2, False)
    assert "book.ipynb, cell 2, line 2: ZeroDivisionError" in str(report)
    assert "M = 1 / 0" in str(report)


def test_cell_that_does_not_parse_is_named(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "L = 2")
    book = load("book")
    write("book.ipynb", "K = 2", "L = 2\nM = =")
    report = reloader.reload()
    assert book.K == 1
    assert "book.ipynb, cell 2, line 2: SyntaxError" in str(report)


def test_file_that_is_half_written_is_said_and_then_mended(
    project: Project, write: Write, reloader: Reloader
) -> None:
    write("book.ipynb", "K = 1")
    book = load("book")
    project.edit("book.ipynb", notebook("K = 2")[:40])
    assert "not valid JSON" in str(reloader.reload())
    write("book.ipynb", "K = 2")
    reloader.reload()
    assert book.K == 2


def test_details_name_the_cells_that_ran(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "x = 0\nL = K + 1")
    load("book")
    write("book.ipynb", "K = 2", "x = 0\nL = K + 1")
    assert "cell 2, line 2: L" in reloader.reload().details()


def test_functions_move_with_their_cell(write: Write, reloader: Reloader) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    area, grow = shapes.area, shapes.Circle().grow
    write("shapes.ipynb", "NEW = 1", *SHAPES)
    reloader.reload()
    with pytest.raises(ZeroDivisionError) as info:
        grow()
    assert places(info.value)[-1] == ("shapes.ipynb, cell 3", 2)
    assert inspect.getsource(area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")


def test_splitting_a_cell_runs_nothing(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "seen = []\ndef f(): ...")
    book = load("book")
    seen, f = book.seen, book.f
    write("book.ipynb", "seen = []", "def f(): ...")
    report = reloader.reload()
    assert [outcome.ran for outcome in report.outcomes] == [()]
    assert (book.seen is seen, f.__code__.co_filename[-6:]) == (True, "cell 2")


def test_body_edit_patches_without_running_the_cell(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "def f(): return 1")
    f = load("book").f
    write("book.ipynb", "K = 1", "def f(): return 2")
    report = reloader.reload()
    assert [outcome.status for outcome in report.outcomes] == ["patched"]
    assert f() == 2


def test_awaiting_statement_runs_again(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "import asyncio\nK = 1", "L = await asyncio.sleep(0, K)")
    book = load("book")
    write("book.ipynb", "import asyncio\nK = 2", "L = await asyncio.sleep(0, K)")
    reloader.reload()
    assert book.L == 2


def test_notebook_imported_before_the_reloader_is_taken_over(write: Write) -> None:
    write("book.ipynb", "K = 1")
    book = load("book")
    with Reloader() as reloader:
        write("book.ipynb", "K = 2")
        reloader.reload()
    assert book.K == 2


def test_notebook_follows_its_edits_before_a_cell(write: Write, shell: Any) -> None:
    write("book.ipynb", "K = 1", "def f(): return K")
    shell.run_cell("%load_ext reloadmagic\nfrom book import f")
    write("book.ipynb", "K = 2", "def f(): return K")
    assert shell.run_cell("f()", store_history=True).result == 2


def test_notebook_stays_the_module_s_file_though_a_file_that_goes_first_appears(
    project: Project, write: Write, reloader: Reloader
) -> None:
    path = write("book.ipynb", "K = 1", "L = [K]")
    book = load("book")
    project.write("book.py", "K = 'other'\n")
    for number in (2, 3):
        write("book.ipynb", f"K = {number}", "L = [K]")
        reloader.reload()
    assert (book.L, book.__file__) == ([3], str(path))


def test_module_that_becomes_a_notebook_stays_the_same_module(
    project: Project, write: Write, reloader: Reloader
) -> None:
    project.write("book.py", "K = 1\ndef f(): return K\n")
    book = load("book")
    f = book.f
    project.delete("book.py")
    write("book.ipynb", "K = 2", "def f(): return K")
    reloader.reload()
    assert (f(), f.__code__.co_filename[-20:]) == (2, "t/book.ipynb, cell 2")


def test_command_runs_again_before_a_cell(write: Write, shell: Any) -> None:
    shell.run_cell("%load_ext reloadmagic")
    write("book.ipynb", "word = 'one'", "lines = list(x for x in [word])\nout = !echo {word}")
    shell.run_cell("import book")
    write("book.ipynb", "word = 'two'", "lines = list(x for x in [word])\nout = !echo {word}")
    assert shell.run_cell("list(book.out)", store_history=True).result == ["two"]


def test_source_is_shown_as_it_is_after_comments_moved_it(write: Write, reloader: Reloader) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    cells = [textwrap.dedent(cell).strip() for cell in SHAPES]
    write("shapes.ipynb", cells[0], f"# How much?\n{cells[1]}", f"# What?\n\n{cells[2]}")
    reloader.reload()
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle.grow).startswith("    def grow(self):")
    with pytest.raises(ZeroDivisionError) as info:
        shapes.area(1)
    assert places(info.value) == [("shapes.ipynb, cell 2", 3)]


def test_cells_cut_anew_on_the_same_lines_are_known(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "class A:\n    def f(self): return 1\n\ndef g(): return 2")
    book = load("book")
    write("book.ipynb", "class A:\n    def f(self): return 3", "def g(): return 2")
    assert reloader.reload().outcomes[0].ran == ()
    codes = [book.A.f.__code__, book.g.__code__]
    assert [(c.co_filename[-6:], c.co_firstlineno) for c in codes] == [("cell 1", 2), ("cell 2", 1)]


def test_dependent_notebook_that_cannot_follow_names_its_cell(
    project: Project, write: Write, reloader: Reloader
) -> None:
    project.write("config.py", "K = 1\n")
    write("book.ipynb", "from config import K", "# One each\nL = 1 / K")
    book = load("book")
    project.edit("config.py", "K = 0\n")
    report = str(reloader.reload())
    assert "book.ipynb could not follow the edit: book.ipynb, cell 2, line 2: Zero" in report
    assert book.L == 1


def test_error_in_a_function_of_another_notebook_names_both(
    write: Write, reloader: Reloader
) -> None:
    write("low.ipynb", "K = 1", "def check(n):\n    if not n:\n        raise ValueError('none')")
    write("high.ipynb", "import low", "L = 1\nlow.check(1)")
    load("high")
    write("high.ipynb", "import low", "L = 1\nlow.check(0)")
    report = reloader.reload()
    assert "not reloaded: high.ipynb, cell 2, line 2: ValueError: none" in str(report)
    assert 'low.ipynb, cell 2", line 3, in check' in report.details()


def test_notebook_that_is_renamed_within_its_name_stays_the_same_module(
    project: Project, write: Write, reloader: Reloader
) -> None:
    write("my book.ipynb", "model = object()", "def f(): return 1")
    book = load("my_book")
    model, f = book.model, book.f
    project.delete("my book.ipynb")
    path = write("my-book.ipynb", "model = object()", "def f(): return 2")
    reloader.reload()
    assert (book.model is model, f(), book.__file__) == (True, 2, str(path))
    assert f.__code__.co_filename == f"{path}, cell 2"


def test_notebook_that_becomes_a_module_stays_the_same_module(
    project: Project, write: Write, reloader: Reloader
) -> None:
    write("book.ipynb", "K = 1", "def f(): return K")
    f = load("book").f
    project.delete("book.ipynb")
    path = project.write("book.py", "K = 1\ndef f(): return K\n")
    reloader.reload()
    assert (f(), f.__code__.co_filename, f.__code__.co_firstlineno) == (1, str(path), 2)
    assert inspect.getsource(f) == "def f(): return K\n"


def test_what_only_others_hold_moves_with_the_file(
    project: Project, write: Write, reloader: Reloader
) -> None:
    text = "class A:\n    def f(self): return 1\nclass B(A): pass\nA = 5"
    write("book.ipynb", "# Two classes", text)
    b = load("book").B()
    project.delete("book.ipynb")
    path = project.write("book.py", text)
    reloader.reload()
    assert (b.f.__code__.co_filename, b.f.__code__.co_firstlineno) == (str(path), 2)


def test_notebook_whose_file_is_gone_still_follows_what_it_imports(
    project: Project, write: Write, reloader: Reloader
) -> None:
    project.write("config.py", "K = 1\n")
    write("book.ipynb", "import asyncio\nfrom config import K", "L = await asyncio.sleep(0, K)")
    book = load("book")
    project.delete("book.ipynb")
    project.edit("config.py", "K = 2\n")
    reloader.reload()
    assert book.L == 2


def test_source_that_runs_is_shown_after_a_failure(write: Write, reloader: Reloader) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    write("shapes.ipynb", "NEW = 1 / 0", *SHAPES)
    report = reloader.reload()
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")
    assert "NEW = 1 / 0" in report.details()


def test_looking_at_a_plan_leaves_what_is_shown(write: Write, reloader: Reloader) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    write("shapes.ipynb", "NEW = 1", SHAPES[0], SHAPES[1].replace("r / 0", "r / 1"), SHAPES[2])
    assert reloader.plan()
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")


def test_undone_edit_of_a_notebook_shows_the_source_that_runs(
    write: Write, reloader: Reloader
) -> None:
    write("shapes.ipynb", *SHAPES)
    shapes = load("shapes")
    write("shapes.ipynb", "NEW = 1", SHAPES[0], SHAPES[1].replace("def", "# How much?\ndef"))
    reloader.reload()
    reloader.undo()
    assert shapes.area.__code__.co_filename.endswith("shapes.ipynb, cell 2")
    assert inspect.getsource(shapes.area).startswith("def area(r):\n    x = r / 0\n")
    assert inspect.getsource(shapes.Circle).startswith("class Circle:")


def test_values_that_were_imported_from_a_notebook_follow(write: Write, shell: Any) -> None:
    write("book.ipynb", "K = 1", "L = K + 1")
    shell.run_cell("%load_ext reloadmagic\nfrom book import L", store_history=True)
    write("book.ipynb", "K = 5", "L = K + 1")
    assert shell.run_cell("L", store_history=True).result == 6


def test_packages_of_notebooks_follow(write: Write, reloader: Reloader) -> None:
    write("lab/__init__.ipynb", "from .parts import N\nM = N + 1")
    write("lab/parts.ipynb", "N = 3")
    lab = load("lab")
    write("lab/parts.ipynb", "N = 4")
    reloader.reload()
    assert (lab.N, lab.M) == (4, 5)


def test_notebooks_that_import_each_other_follow(write: Write, reloader: Reloader) -> None:
    write("one.ipynb", "K = 1", "import two", "def f(): return two.L")
    write("two.ipynb", "import one", "L = one.K * 10")
    one = load("one")
    write("one.ipynb", "K = 2", "import two", "def f(): return two.L + 1")
    reloader.reload()
    assert one.f() == 21


def test_new_notebook_that_an_edit_imports_is_imported(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1")
    book = load("book")
    write("more.ipynb", "N = 7")
    write("book.ipynb", "K = 1", "from more import N")
    reloader.reload()
    assert book.N == 7


def test_skipping_a_cell_by_a_tag_drops_what_it_bound(write: Write, reloader: Reloader) -> None:
    write("book.ipynb", "K = 1", "L = 2")
    book = load("book")
    write("book.ipynb", "K = 1", code("L = 2", "skip-import"))
    reloader.reload()
    assert not hasattr(book, "L")


def test_definitions_alone_are_reloaded_when_asked(write: Write, reloader: Reloader) -> None:
    reloadmagic.notebooks.install(notebook_import="definitions")
    write("book.ipynb", "seen = []", "seen.append(1)\ndef f(): return 1")
    book = load("book")
    write("book.ipynb", "seen = []", "seen.append(2)\ndef f(): return 2")
    reloader.reload()
    assert (book.seen, book.f()) == ([], 2)
