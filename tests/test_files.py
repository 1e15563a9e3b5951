"""Files as they really behave: half-written, gone for a moment, in odd encodings, edited meanwhile."""

from __future__ import annotations

import importlib
import importlib.util
import os
import py_compile
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from session import described, fresh, load, ran, statuses, unlike, watch


def put_back(path: Path, stat: os.stat_result, seconds: int = 0) -> None:
    """Give the file *path* the mtime of *stat*, moved by *seconds*."""
    stamp = stat.st_mtime_ns + seconds * 10**9
    os.utime(path, ns=(stamp, stamp))


# Times and sizes -----------------------------------------------------------------------------


def test_two_saves_of_equal_size_in_one_second_are_both_seen(project, reloader):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    values = []
    for number in (2, 3):
        stat = path.stat()
        path.write_text(f"A = {number}\n")
        stamp = stat.st_mtime_ns // 10**9 * 10**9 + number * 1000
        os.utime(path, ns=(stamp, stamp))
        reloader.reload()
        values.append(one.A)
    assert values == [2, 3]


@pytest.mark.skipif(sys.platform == "win32", reason="has no time of the last change")
def test_a_save_of_equal_size_that_keeps_the_mtime_is_seen(project, reloader):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    stat = path.stat()
    while path.stat().st_ctime_ns == stat.st_ctime_ns:  # until its clock ticks
        path.write_text("A = 2\n")
        put_back(path, stat)
    reloader.reload()
    assert one.A == 2


def test_edits_are_seen_from_wherever_the_session_works(
    project, tmp_path_factory, reloader, monkeypatch
):
    path = project.write("pkg/one.py", "A = 1\n")
    one = load("pkg.one")
    gone = tmp_path_factory.mktemp("gone")
    other = tmp_path_factory.mktemp("other")
    decoy = other / "one.py"
    shutil.copy2(path, decoy)
    folders = [path.parent, path.parent.parent, other, Path(path.anchor), gone, path.parent]
    values = []
    for number, folder in enumerate(folders):
        monkeypatch.chdir(folder)
        if folder == gone and os.name == "posix":
            gone.rmdir()
        assert not reloader.reload()
        path.write_text(f"A = {number + 10}\n")
        reloader.reload()
        values.append(one.A)
    assert values == [10, 11, 12, 13, 14, 15]


@pytest.mark.skipif(sys.platform == "win32", reason="a working folder cannot be moved")
@pytest.mark.parametrize("edited", ["one", "two"])
def test_edits_are_seen_in_a_folder_that_replaces_the_working_folder(
    project, tmp_path, reloader, edited
):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "A = 2\n")
    load("one", "two")
    reloader.reload()
    folder = project.path
    folder.rename(tmp_path / "moved")
    shutil.copytree(tmp_path / "moved", folder)
    (folder / f"{edited}.py").write_text("A = 3\n")
    reloader.reload()
    assert sys.modules[edited].A == 3


def test_bytecode_that_looks_valid_is_not_run_instead_of_the_source(project):
    path = project.write("one.py", "A = 1\n")
    stamp = 1_700_000_000 * 10**9
    os.utime(path, ns=(stamp, stamp))
    load("one")  # leaves bytecode
    path.write_text("A = 2\n")
    os.utime(path, ns=(stamp, stamp + 5))
    del sys.modules["one"]
    with watch() as reloader:
        assert load("one").A == 2
        assert reloader.tracked["one"].source.text == "A = 2\n"


def test_an_mtime_that_moves_backwards_is_a_change(project, reloader):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    stat = path.stat()
    path.write_text("A = 2\n")
    put_back(path, stat, -3600)
    reloader.reload()
    assert one.A == 2


def test_an_edit_of_another_size_with_the_old_mtime_is_a_change(project, reloader):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    stat = path.stat()
    path.write_text("A = 22\n")
    put_back(path, stat)
    reloader.reload()
    assert one.A == 22


def test_an_atomic_replacement_of_equal_size_and_mtime_is_a_change(project, reloader):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    new = project.write("one.tmp", "A = 2\n")
    put_back(new, path.stat())
    new.replace(path)
    reloader.reload()
    assert one.A == 2


def test_touching_a_file_is_nothing(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    project.touch("one.py")
    report = reloader.reload()
    assert (bool(report), reloader.tracked["one"].stale) == (False, False)


def test_an_edit_that_is_taken_back_before_the_reload_is_nothing(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    project.edit("one.py", "A = 2\n")
    reloader.changes()
    project.edit("one.py", "A = 1\n")
    assert not reloader.reload()


# Half-written, gone, back ---------------------------------------------------------------------


def test_a_half_written_file_keeps_the_old_version_until_it_is_whole(project, reloader):
    whole = "A = 2\n\ndef f():\n    return (A +\n            1)\n"
    project.write("one.py", "A = 1\n\ndef f():\n    return A\n")
    one = load("one")
    project.edit("one.py", whole[:30])
    first = reloader.reload().failed
    held = one.f()
    project.edit("one.py", whole)
    reloader.reload()
    assert (len(first), held, one.f()) == (1, 1, 3)


def test_a_file_that_is_empty_for_a_moment_is_what_it_says(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit("one.py", "")
    reloader.reload()
    gone = not hasattr(one, "A")
    project.edit("one.py", "A = 3\n")
    reloader.reload()
    assert (gone, one.A) == (True, 3)


def test_a_file_that_is_gone_for_a_moment_loses_nothing(project, reloader):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    text = path.read_bytes()
    project.delete("one.py")
    report = reloader.reload()
    path.write_bytes(text.replace(b"1", b"2"))
    reloader.reload()
    assert (bool(report.failed), one.A) == (False, 2)


def test_a_file_that_is_back_by_the_second_glance_was_not_deleted(project, reloader, monkeypatch):
    path = project.write("one.py", "A = 1\n")
    load("one")
    project.delete("one.py")
    with monkeypatch.context() as patch:
        patch.setattr("time.sleep", lambda _: path.write_text("A = 2\n", encoding="utf-8"))
        assert not reloader.reload()
    assert str(reloader.reload()).startswith("reloaded one.py (A)")


def test_a_module_whose_file_is_deleted_for_good_works_on(project, reloader):
    project.write("one.py", "def f(): return 1\n")
    project.write("two.py", "from one import f\nB = 1\n")
    one, two = load("one", "two")
    project.delete("one.py")
    project.edit("two.py", "from one import f\nB = f() + 1\n")
    report = reloader.reload()
    assert not report.failed
    assert (one.f(), two.B) == (1, 2)


def test_a_deleted_file_is_told_once(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    project.delete("one.py")
    reports = [str(reloader.reload()) for _ in range(4)]
    told, silence = "one.py is gone; what last ran stays", "nothing to reload"
    assert reports == [told, silence, silence, silence]


def test_files_that_are_deleted_together_are_told_together(project, reloader):
    for name in ("one", "two"):
        project.write(f"{name}.py", "A = 1\n")
        load(name)
        project.delete(f"{name}.py")
    assert str(reloader.reload()) == "one.py, two.py are gone; what last ran stays"


def test_a_deleted_file_that_came_back_is_told_again_once_it_is_gone_again(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    told = []
    for text in ("A = 2\n", "A = 3\n"):
        project.delete("one.py")
        told.append([bool(reloader.reload()) for _ in range(3)])
        project.write("one.py", text)
        reloader.reload()
    assert told == [[True, False, False]] * 2


def test_a_module_that_is_renamed_is_imported_under_its_new_name(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "import one\nB = one.A\n")
    two = load("one", "two")[1]
    (project.path / "one.py").rename(project.path / "uno.py")
    importlib.invalidate_caches()
    project.edit("two.py", "import uno\nB = uno.A + 1\n")
    assert not reloader.reload().failed
    assert (two.B, hasattr(two, "one")) == (2, False)


def test_a_body_that_is_edited_as_the_module_becomes_a_package_is_patched(project, reloader):
    project.write("one.py", "K = object()\ndef f():\n    return 1\n")
    one = load("one")
    f = one.f
    project.delete("one.py")
    path = project.write("one/__init__.py", "K = object()\ndef f():\n    return 2\n")
    reloader.reload()
    assert (f(), one.f is f, f.__code__.co_filename) == (2, True, str(path))


def test_a_module_that_becomes_a_package_follows(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    (project.path / "one").mkdir()
    (project.path / "one.py").rename(project.path / "one/__init__.py")
    project.write("one/__init__.py", "A = 2\n")
    report = reloader.reload()
    assert (one.A, reloader.tracked["one"].path) == (2, str(project.path / "one/__init__.py"))
    assert str(report).startswith("reloaded one/__init__.py (A) ")


def test_a_package_that_becomes_a_module_is_one_no_longer(project, reloader):
    project.write("one/__init__.py", "A = 1\n")
    one = load("one")
    project.delete("one")
    project.write("one.py", "A = 2\n1 / 0\n")
    assert reloader.reload().failed
    assert (one.A, one.__path__) == (1, [str(project.path / "one")])
    project.edit("one.py", "A = 2\n")
    assert not reloader.reload().failed
    assert (one.A, hasattr(one, "__path__")) == (2, False)


# Links ------------------------------------------------------------------------------------------


def test_an_edit_behind_a_symlink_is_seen(project, reloader, tmp_path):
    target = tmp_path / "elsewhere.py"
    target.write_text("A = 1\n")
    (project.path / "one.py").symlink_to(target)
    importlib.invalidate_caches()
    one = load("one")
    target.write_text("A = 22\n")
    reloader.reload()
    assert one.A == 22


def test_a_symlink_that_points_elsewhere_now_is_an_edit(project, reloader, tmp_path):
    for number in (1, 2):
        (tmp_path / f"v{number}.py").write_text(f"A = {number}\n")
    link = project.path / "one.py"
    link.symlink_to(tmp_path / "v1.py")
    importlib.invalidate_caches()
    one = load("one")
    link.unlink()
    link.symlink_to(tmp_path / "v2.py")
    reloader.reload()
    assert one.A == 2


def test_a_linked_folder_follows_its_target(project, reloader, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real/one.py").write_text("A = 1\n")
    (project.path / "linked").symlink_to(tmp_path / "real")
    importlib.invalidate_caches()
    one = load("linked.one")
    (tmp_path / "real/one.py").write_text("A = 22\n")
    reloader.reload()
    assert one.A == 22


# Permissions ------------------------------------------------------------------------------------


class Unreadable:
    """Root reads what no one may; so here the loader refuses in the place of the file system."""

    def __init__(self, monkeypatch, path):
        real = importlib.machinery.SourceFileLoader.get_data

        def get_data(loader, wanted):
            if self.refused and wanted == str(path):
                raise PermissionError(13, "Permission denied", wanted)
            return real(loader, wanted)

        self.refused = True
        monkeypatch.setattr(importlib.machinery.SourceFileLoader, "get_data", get_data)


def test_a_file_that_may_not_be_read_is_told_and_followed_once_it_may(
    project, reloader, monkeypatch
):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit("one.py", "A = 2\n")
    with monkeypatch.context() as patch:
        Unreadable(patch, path)
        (failed,) = reloader.reload().failed
        again = bool(reloader.reload())
    project.touch("one.py")
    reloader.reload()
    assert ("Permission denied" in str(failed.error), again, one.A) == (True, False, 2)


def test_a_file_that_may_be_read_again_is_followed_although_its_stamp_is_the_same(
    project, reloader, monkeypatch
):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit("one.py", "A = 2\n")
    with monkeypatch.context() as patch:
        Unreadable(patch, path)
        reloader.reload()
    reloader.reload()
    assert one.A == 2


def test_a_folder_in_place_of_the_file_is_not_the_end(project, reloader):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    path.unlink()
    path.mkdir()
    reloader.reload()
    assert one.A == 1


# Encodings and layout ----------------------------------------------------------------------------

SOURCES = {
    "latin-1 cookie": "# -*- coding: latin-1 -*-\nA = 'é'\nN = {}\n".encode("latin-1"),
    "bom": "\ufeffA = 'é'\nN = {}\n".encode(),
    "crlf": b"A = 'x'\r\nN = {}\r\ndef f():\r\n    return '''a\r\nb'''\r\n",
    "cr": b"A = 'x'\rN = {}\r",
    "form feed": b"A = 'x'\n\x0c\nN = {}\n\x0cdef f():\n    return 1\n",
    "no newline at the end": b"A = 'x'\nN = {}",
    "tabs": b"A = 'x'\nif A:\n\tN = {}\n",
    "line continuation": b"A = 'x'; \\\nN = {}\n",
    "only comments before": b"#!/usr/bin/python\n\n# x\nA = 'x'\nN = {}\n",
    "vertical tab and odd spaces in strings": "A = 'x\x0b\x85\u2028y'\nN = {}\n".encode(),
    "docstring": b"'''doc\n{}'''\nA = 'x'\nN = {}\n",
    "long line": b"A = '" + b"x" * 100_000 + b"'\nN = {}\n",
    "identifiers that are normalized": "ﬁ = 'x'\nN = {}\nA = ﬁ\n".encode(),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_sources_of_any_layout_follow_as_a_fresh_import_would_read_them(project, reloader, kind):
    path = project.path / "one.py"
    path.write_bytes(SOURCES[kind].replace(b"{}", b"1"))
    importlib.invalidate_caches()
    one = load("one")
    path.write_bytes(SOURCES[kind].replace(b"{}", b"22"))
    report = reloader.reload()
    assert not report.failed
    assert one.N == 22
    assert unlike(described("one"), fresh(project, "one")) == []


@pytest.mark.parametrize(
    "data",
    [
        b"A = '\xe9'\n",  # latin-1 without a cookie
        b"# coding: no-such-codec\nA = 2\n",
        b"A = 2\n\x00\n",
        b"# coding: utf-8\nA = '\xff'\n",
    ],
)
def test_bytes_that_are_no_source_are_told_and_the_old_version_stays(project, reloader, data):
    path = project.write("one.py", "A = 1\n")
    one = load("one")
    path.write_bytes(data)
    assert reloader.reload().failed
    assert one.A == 1


def test_a_changed_cookie_is_a_changed_text(project, reloader):
    path = project.path / "one.py"
    path.write_bytes(b"# coding: latin-1\nA = '\xc3\xa9'\n")
    importlib.invalidate_caches()
    one = load("one")
    path.write_bytes(b"# coding: utf-8\nA = '\xc3\xa9'\n")
    reloader.reload()
    assert one.A == "é"


def test_other_line_ends_alone_change_nothing(project, reloader):
    path = project.write("one.py", "A = []\ndef f():\n    return 1\n")
    one = load("one")
    kept = one.A
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert ran(reloader.reload()) == []
    assert one.A is kept


def test_a_large_file_follows_where_it_was_edited(project, reloader):
    text = "".join(f"def f{n}(x):\n    return x + {n}\n\n" for n in range(2000))
    project.write("one.py", text)
    one = load("one")
    project.edit("one.py", text.replace("return x + 1000\n", "return x - 1\n"))
    report = reloader.reload()
    assert ([d.name for d in report.outcomes[0].definitions], one.f1000(0)) == (["f1000"], -1)


def test_a_deeply_nested_expression_is_an_error_and_no_crash(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit("one.py", "A = " + "(" * 5000 + ")" * 5000 + "\n")
    assert reloader.reload().failed
    assert one.A == 1


# Edited at awkward moments -----------------------------------------------------------------------


def test_a_file_edited_while_it_is_imported_is_stale_afterwards(project, reloader):
    path = project.write(
        "one.py",
        """
        import os, pathlib
        A = 1
        here = pathlib.Path(__file__)
        if A == 1:
            here.write_text(here.read_text().replace("A = 1", "A = 22", 1))
        """,
    )
    one = load("one")
    first = one.A
    reloader.reload()
    assert (first, one.A) == (1, 22)
    assert path.read_text() == reloader.tracked["one"].source.text


def test_a_file_edited_while_it_is_reloaded_is_stale_afterwards(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit(
        "one.py",
        """
        import pathlib
        A = 2
        here = pathlib.Path(__file__)
        if A == 2:
            here.write_text(here.read_text().replace("A = 2", "A = 33", 1))
        """,
    )
    reloader.reload()
    first = one.A
    reloader.reload()
    assert (first, one.A) == (2, 33)


def test_an_edit_between_import_and_the_reloader_is_seen_by_its_bytecode(project):
    project.write("one.py", "A = 1\ndef f(): return 1\n")
    one = load("one")
    f = one.f
    project.edit("one.py", "A = 2\ndef f(): return 2\n")
    with watch() as reloader:
        reloader.reload()
    assert (one.A, one.f is f, f()) == (2, True, 2)


def test_an_edit_before_the_reloader_keeps_state_that_it_does_not_reach(project):
    project.write("one.py", "KEPT = []\ndef f(): return 1\n")
    one = load("one")
    one.KEPT.append(1)
    with watch() as reloader:
        project.edit("one.py", "KEPT = []\ndef f(): return 2\n")
        reloader.reload()
    assert (one.KEPT, one.f()) == ([1], 2)


def test_no_edit_before_the_reloader_runs_nothing(project):
    project.write("one.py", "A = []\n")
    one = load("one")
    kept = one.A
    with watch() as reloader:
        assert not reloader.reload()
    assert one.A is kept


def test_a_file_that_is_broken_when_the_reloader_comes_follows_when_mended(project):
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit("one.py", "A = (\n")
    with watch() as reloader:
        reloader.reload()
        project.edit("one.py", "A = 3\n")
        reloader.reload()
    assert one.A == 3


def test_a_file_that_is_gone_when_the_reloader_comes_does_not_stop_it(project):
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.delete("one.py")
    with watch() as reloader:
        assert not reloader.reload().failed
    assert one.A == 1


# What only a restart can load ---------------------------------------------------------------------


def test_a_module_in_a_zip_is_said_to_need_a_restart_once(project, reloader, monkeypatch):
    archive = project.path / "lib.zip"
    for number in (1, 2):
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("zipped.py", f"A = {number}\n" + "#" * number)
        if number == 1:
            monkeypatch.syspath_prepend(str(archive))
            zipped = load("zipped")
            reloader.reload()
    reports = [str(reloader.reload()) for _ in range(3)]
    assert reports == [
        "lib.zip changed, and only a restart can load a module in a zip file",
        *["nothing to reload"] * 2,
    ]
    assert zipped.A == 1


def test_a_module_without_source_is_said_to_need_a_restart_once(project, reloader):
    source = project.write("bare.py", "A = 1\n")
    py_compile.compile(str(source), cfile=str(project.path / "bare.pyc"))
    source.unlink()
    importlib.invalidate_caches()
    bare = load("bare")
    reloader.reload()
    project.touch("bare.pyc")
    reports = [str(reloader.reload()) for _ in range(3)]
    assert ["restart" in report for report in reports] == [True, False, False]
    assert bare.A == 1


def test_a_module_that_replaces_itself_is_said_to_need_a_restart_once(project, reloader):
    text = "import sys, types\nA = {n}\nsys.modules[__name__] = types.SimpleNamespace(A=A)\n"
    project.write("lazy.py", text.format(n=1))
    lazy = load("lazy")
    project.touch("lazy.py")
    assert not reloader.reload()
    project.edit("lazy.py", text.format(n=2))
    reports = [str(reloader.reload()) for _ in range(3)]
    assert ["restart" in report for report in reports] == [True, False, False]
    assert lazy.A == 1


def some_extension() -> tuple[str, Path]:
    """A small extension module of the standard library that is not built in."""
    for name in ("_heapq", "_bisect", "_json", "_random"):
        path = getattr(importlib.import_module(name), "__file__", None)
        if path is not None:
            return name, Path(path)
    pytest.skip("no extension module at hand")


def test_a_compiled_extension_is_said_to_need_a_restart_once(project, reloader):
    name, path = some_extension()
    project.write("fast/__init__.py", "")
    shutil.copy(path, project.path / "fast" / path.name)
    load(f"fast.{name}")
    reloader.reload()
    project.touch(f"fast/{path.name}")
    reports = [str(reloader.reload()) for _ in range(3)]
    assert ["restart" in report for report in reports] == [True, False, False]


def test_nothing_is_written_beside_the_users_files(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    project.edit("one.py", "A = 2\n")
    reloader.reload()
    found = {p.name for p in project.path.rglob("*") if not p.name.endswith(".pyc")}
    assert found <= {"one.py", "__pycache__"}


def test_an_edit_elsewhere_is_not_read_again_and_again(project, reloader, monkeypatch):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "B = 1\n")
    load("one", "two")
    reads = []
    real = importlib.machinery.SourceFileLoader.get_data
    monkeypatch.setattr(
        importlib.machinery.SourceFileLoader,
        "get_data",
        lambda loader, path: (reads.append(path), real(loader, path))[1],
    )
    project.edit("one.py", "A = 2\n")
    for _ in range(3):
        assert set(statuses(reloader.reload())) <= {"one"}
    assert [Path(path).name for path in reads] == ["one.py"]


# Packages that get an __init__.py -----------------------------------------------------------------


@pytest.fixture
def bare(project, reloader):
    project.write("bare/core.py", "def f(): return 1\n")
    load("bare.core")
    reloader.reload()
    return sys.modules["bare"]


def test_a_package_without_an_init_is_nothing_to_look_at(reloader, bare):
    assert reloader.look() == []
    assert "bare" not in reloader.tracked


def test_an_init_that_a_package_gets_comes_in(project, reloader, bare):
    project.write("bare/__init__.py", "from .core import f\nNAME = 'bare'\n")
    reloader.reload()
    assert (bare.NAME, bare.f, bare.__file__) == (
        "bare",
        bare.core.f,
        bare.core.__file__.replace("core", "__init__"),
    )
    project.edit("bare/__init__.py", "from .core import f\nNAME = f()\n")
    project.edit("bare/core.py", "def f(): return 2\n")
    reloader.reload()
    assert bare.NAME == 2


def test_an_empty_init_is_no_edit(project, reloader, bare):
    project.write("bare/__init__.py", "")
    assert not reloader.reload()
    project.edit("bare/__init__.py", "NAME = 1\n")
    reloader.reload()
    assert bare.NAME == 1


def test_an_init_that_fails_leaves_the_package_as_it_was(project, reloader, bare):
    before = dict(vars(bare))
    project.write("bare/__init__.py", "NAME = 1\nraise ValueError\n")
    assert statuses(reloader.reload()) == {"bare": "failed"}
    assert vars(bare) == before
    project.edit("bare/__init__.py", "NAME = 2\n")
    reloader.reload()
    assert bare.NAME == 2


def test_a_submodule_edited_to_use_the_new_init_comes_in_with_it(project, reloader, bare):
    project.write("bare/__init__.py", "NAME = 'bare'\n")
    project.edit("bare/core.py", "from . import NAME\ndef f(): return NAME\n")
    reloader.reload()
    assert bare.core.f() == "bare"
