"""Which files differ from what last ran: by stamp, then by bytes, then by text."""

from __future__ import annotations

import importlib
import os
import sys

import pytest

from reloadmagic.changes import find_change
from reloadmagic.stamps import stamp_of
from session import load


def kinds(reloader) -> list[tuple[str, str]]:
    return [(change.module, change.kind) for change in reloader.changes()]


def set_up(project):
    project.write("one.py", "A = 1\n")
    return load("one")


EDITS = {
    "nothing": (lambda p: None, []),
    "an edit": (lambda p: p.edit("one.py", "A = 2\n"), [("one", "modified")]),
    "a touch": (lambda p: p.touch("one.py"), [("one", "touched")]),
    "a comment": (lambda p: p.edit("one.py", "# c\nA = 1\n"), [("one", "modified")]),
    "a deletion": (lambda p: p.delete("one.py"), [("one", "deleted")]),
    "a syntax error": (lambda p: p.edit("one.py", "A = (\n"), [("one", "unreadable")]),
    "an edit of another file": (lambda p: p.write("two.py", "B = 1\n"), []),
    "a module that became a package": (
        lambda p: (p.delete("one.py"), p.write("one/__init__.py", "A = 2\n")),
        [("one", "moved")],
    ),
}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_is_a_change_of_its_kind(project, reloader, kind):
    set_up(project)
    edit, expected = EDITS[kind]
    edit(project)
    assert kinds(reloader) == expected


def test_looking_for_changes_changes_nothing(project, reloader):
    one = set_up(project)
    project.edit("one.py", "A = 2\nimport sys\nsys.ran_by_changes = True\n")
    first, second = reloader.changes(), reloader.changes()
    assert (one.A, hasattr(sys, "ran_by_changes")) == (1, False)
    assert first == second


def test_a_touched_file_is_told_once(project, reloader):
    set_up(project)
    project.touch("one.py")
    assert [kinds(reloader), kinds(reloader)] == [[("one", "touched")], []]


def test_a_change_holds_both_sources(project, reloader):
    set_up(project)
    project.edit("one.py", "A = 2\n")
    (change,) = reloader.changes()
    assert (change.before.text, change.after.text) == ("A = 1\n", "A = 2\n")
    assert str(change) == "one modified (one.py)"


def test_an_unreadable_file_says_what_is_wrong_with_it(project, reloader):
    set_up(project)
    project.edit("one.py", "A = 1\nB = (\n")
    (change,) = reloader.changes()
    assert (change.error.module, change.error.lineno, change.after) == ("one", 2, None)


def test_an_edit_stays_a_change_until_it_has_run(project, reloader):
    set_up(project)
    project.edit("one.py", "A = 2\n")
    before = kinds(reloader), kinds(reloader)
    reloader.reload()
    assert (before, kinds(reloader)) == (([("one", "modified")],) * 2, [])


def test_the_baseline_is_what_last_ran_and_not_what_was_last_seen(project, reloader):
    set_up(project)
    project.edit("one.py", "A = 2\n")
    reloader.changes()
    project.edit("one.py", "A = 3\n")
    (change,) = reloader.changes()
    assert (change.before.text, change.after.text) == ("A = 1\n", "A = 3\n")


def test_an_edit_that_was_taken_back_is_only_a_touch(project, reloader):
    set_up(project)
    project.edit("one.py", "A = 2\n")
    reloader.changes()
    project.edit("one.py", "A = 1\n")
    assert kinds(reloader) == [("one", "touched")]


def test_names_limit_what_is_looked_at(project, reloader):
    for name in ("one", "two", "pkg/__init__", "pkg/mod"):
        project.write(f"{name}.py", "A = 1\n")
    load("one", "two", "pkg.mod")
    for name in ("one", "two", "pkg/mod"):
        project.edit(f"{name}.py", "A = 2\n")
    assert [change.module for change in reloader.changes(["pkg", "tw*"])] == ["two", "pkg.mod"]


def test_nothing_is_read_where_no_stamp_differs(project, reloader):
    set_up(project)
    tracked = reloader.tracked["one"]
    reloader.changes()
    assert reloader.look() == []
    project.touch("one.py")
    assert reloader.look() == [(tracked, stamp_of(tracked.path))]


def test_a_change_is_found_where_an_import_would_find_the_module_now(project, reloader, tmp_path):
    set_up(project)
    tracked = reloader.tracked["one"]
    project.delete("one.py")
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("A = 5\n")
    spec = importlib.util.spec_from_file_location("one", elsewhere)
    change = find_change(tracked, lambda name: spec)
    assert (change.kind, change.path, change.after.text) == ("moved", str(elsewhere), "A = 5\n")


def test_a_new_inode_of_equal_size_and_time_is_looked_into(project, reloader):
    set_up(project)
    path = project.path / "one.py"
    stat = path.stat()
    new = project.write("new.tmp", "A = 1\n")
    os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    new.replace(path)
    assert kinds(reloader) == [("one", "touched")]


def test_a_module_that_was_taken_out_of_sys_modules_is_forgotten(project, reloader):
    set_up(project)
    del sys.modules["one"]
    project.edit("one.py", "A = 2\n")
    assert (kinds(reloader), "one" in reloader.tracked) == ([], False)
