"""Back to the code before the last reload, and what that means for the files as they are."""

from __future__ import annotations

import inspect
import traceback

import pytest

from session import load, statuses

V1 = "WIDTH = 1\ndef area(): return WIDTH\n"
V2 = "WIDTH = 2\nEDGE = 5\ndef area(): return WIDTH * 10\n"


@pytest.fixture
def shapes(project, reloader):
    """A module that was edited and reloaded once."""
    project.write("shapes.py", V1)
    shapes = load("shapes")
    project.edit("shapes.py", V2)
    reloader.reload()
    return shapes


def test_what_ran_before_the_last_reload_runs_again(reloader, shapes):
    area = shapes.area
    reloader.undo()
    assert (area(), shapes.WIDTH, hasattr(shapes, "EDGE")) == (1, 1, False)


def test_dependents_and_imported_names_go_back_too(project, reloader):
    project.write("config.py", "K = 1\n")
    project.write("model.py", "from config import K\nWIDTH = K * 2\n")
    namespace = {}
    source = "from model import WIDTH"
    reloader.note_cell(source, namespace)
    exec(source, namespace)
    project.edit("config.py", "K = 5\n")
    reloader.reload()
    report = reloader.undo()
    assert (namespace["WIDTH"], statuses(report)) == (
        2,
        {"config": "reloaded", "model": "reloaded"},
    )


def test_values_that_neither_version_reaches_stay(project, reloader):
    project.write("shapes.py", "CACHE = {}\ndef area(): return 1\n")
    shapes = load("shapes")
    cache = shapes.CACHE
    cache["seen"] = 1
    project.edit("shapes.py", "CACHE = {}\ndef area(): return 2\n")
    reloader.reload()
    reloader.undo()
    assert (shapes.CACHE is cache, cache) == (True, {"seen": 1})


def test_the_file_is_not_loaded_again_by_itself(reloader, shapes):
    reloader.undo()
    assert (bool(reloader.reload()), shapes.area(), reloader.undone) == (False, 1, {"shapes"})


def test_an_edit_elsewhere_does_not_bring_it_back(project, reloader, shapes):
    project.write("user.py", "import shapes\nN = 1\n")
    user = load("user")
    reloader.undo()
    project.edit("user.py", "import shapes\nN = 2\n")
    reloader.reload()
    assert (user.N, shapes.area()) == (2, 1)


def test_touching_the_file_does_not_bring_it_back(project, reloader, shapes):
    reloader.undo()
    project.touch("shapes.py")
    reloader.reload()
    assert shapes.area() == 1


def test_the_next_edit_does(project, reloader, shapes):
    reloader.undo()
    project.edit("shapes.py", V2 + "N = 3\n")
    reloader.reload()
    assert (shapes.area(), shapes.N, reloader.undone) == (20, 3, frozenset())


def test_an_edit_and_its_reversal_do(project, reloader, shapes):
    reloader.undo()
    project.edit("shapes.py", "def area(:\n")
    reloader.reload()
    project.edit("shapes.py", V2)
    reloader.reload()
    assert shapes.area() == 20


def test_asking_for_it_does(reloader, shapes):
    reloader.undo()
    reloader.reload(names=["shapes"])
    assert (shapes.area(), reloader.undone, bool(reloader.changes())) == (20, frozenset(), False)


def test_a_file_put_back_as_it_was_is_current(project, reloader, shapes):
    reloader.undo()
    project.edit("shapes.py", V1)
    reloader.reload()
    assert (reloader.undone, reloader.tracked["shapes"].stale) == (frozenset(), False)


def test_the_module_is_stale_meanwhile(reloader, shapes):
    reloader.undo()
    change = next(iter(reloader.changes()))
    assert (change.module, change.kind) == ("shapes", "modified")
    assert (change.before.text, change.after.text) == (V1, V2)


def test_undoing_twice_goes_back_twice(project, reloader, shapes):
    project.edit("shapes.py", V2.replace("10", "100"))
    reloader.reload()
    reloader.undo()
    once = shapes.area()
    reloader.undo()
    assert (once, shapes.area(), reloader.undone) == (20, 1, {"shapes"})


def test_only_what_was_reloaded_last_goes_back(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "B = 1\n")
    one, two = load("one", "two")
    project.edit("one.py", "A = 2\n")
    reloader.reload()
    project.edit("two.py", "B = 2\n")
    reloader.reload()
    reloader.undo()
    assert (one.A, two.B) == (2, 1)


def test_a_failed_reload_in_between_does_not_count(project, reloader, shapes):
    project.edit("shapes.py", "1 / 0\n")
    reloader.reload()
    report = reloader.undo()
    tracked = reloader.tracked["shapes"]
    assert (shapes.area(), bool(report.failed), tracked.failed) == (1, False, None)
    assert not reloader.reload()


def test_a_version_that_cannot_run_any_more_leaves_all_as_it_is(project, reloader):
    project.write("part.py", "A = 1\n")
    project.write("shapes.py", "import part\ndef area(): return 1\n")
    shapes = load("shapes")
    project.edit("shapes.py", "def area(): return 2\n")
    reloader.reload()
    import sys

    del sys.modules["part"]
    project.delete("part.py")
    report = reloader.undo()
    assert (statuses(report), shapes.area(), reloader.undone) == (
        {"shapes": "failed"},
        2,
        frozenset(),
    )
    assert (reloader.tracked["shapes"].failed, reloader.changes()) == (None, ())
    assert str(report).startswith("not undone: shapes.py:1: ModuleNotFoundError")


def test_without_a_reload_there_is_nothing_to_undo(project, reloader):
    report = reloader.undo()
    assert (bool(report), str(report)) == (False, "nothing to undo")


def test_a_module_imported_anew_is_left_alone(project, reloader, shapes):
    import importlib
    import sys

    del sys.modules["shapes"]
    fresh = importlib.import_module("shapes")
    assert (bool(reloader.undo()), fresh.area()) == (False, 20)


def test_the_report_says_what_was_undone(reloader, shapes):
    line = str(reloader.undo()).splitlines()
    assert line[0].startswith("undid shapes.py (")
    assert line[1] == "the version before runs in shapes.py until the file is edited"


def test_an_undo_tells_files_of_packages_apart(project, reloader):
    project.write("shop/__init__.py", "")
    project.write("shop/prices.py", "WIDTH = 1\n")
    load("shop.prices")
    project.edit("shop/prices.py", "WIDTH = 2\n")
    reloader.reload()
    assert "the version before runs in shop/prices.py until" in str(reloader.undo())


def test_tracebacks_and_getsource_show_what_runs(project, reloader):
    project.write("shapes.py", "\f\ndef area():\n    return 1 / 0\n")  # a form feed ends no line
    shapes = load("shapes")
    project.edit("shapes.py", "# a line\n# another\ndef area():\n    return 2\n")
    reloader.reload()
    reloader.undo()
    with pytest.raises(ZeroDivisionError) as caught:
        shapes.area()
    assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "return 1 / 0"
    assert inspect.getsource(shapes.area) == "def area():\n    return 1 / 0\n"
    reloader.reload(names=["shapes"])
    assert inspect.getsource(shapes.area) == "def area():\n    return 2\n"


def test_encodings_and_line_ends_come_back_as_they_were(project, reloader):
    path = project.write("shapes.py", "")
    path.write_bytes("# coding: latin-1\r\nNAME = 'é'\r\n".encode("latin-1"))
    shapes = load("shapes")
    project.edit("shapes.py", "NAME = 'è'\n")
    reloader.reload()
    reloader.undo()
    assert (shapes.NAME, reloader.undone) == ("é", {"shapes"})


def test_a_file_that_was_empty_is_empty_again(project, reloader):
    project.write("shapes.py", "")
    shapes = load("shapes")
    project.edit("shapes.py", "NAME = 1\n")
    reloader.reload()
    reloader.undo()
    assert not hasattr(shapes, "NAME")
