"""`importlib.reload` called by hand, as a habit from before: all of the module runs, in step."""

from __future__ import annotations

import builtins
import importlib
import traceback

import pytest

from session import load, statuses

SHAPES = """
    ITEMS = []
    SIDE = 1
    class Square:
        def area(self):
            return SIDE
    def make():
        return Square()
    """


@pytest.fixture
def shapes(project, reloader):
    project.write("shapes.py", SHAPES)
    return load("shapes")


def test_what_a_module_defines_stays_the_same_objects(shapes):
    before = shapes.Square, shapes.make
    importlib.reload(shapes)
    assert (shapes.Square, shapes.make) == before
    assert isinstance(shapes.make(), before[0])


def test_its_other_values_are_made_anew(shapes):
    items = shapes.ITEMS
    items.append(1)
    importlib.reload(shapes)
    assert (shapes.ITEMS, items) == ([], [1])


def test_an_edit_that_nobody_has_seen_yet_comes_in(project, reloader, shapes):
    square = shapes.make()
    project.replace("shapes.py", "return SIDE", "return SIDE + 10")
    assert importlib.reload(shapes) is shapes
    assert square.area() == 11
    assert not reloader.reload()


def test_edits_follow_afterwards(project, reloader, shapes):
    square, make = shapes.make(), shapes.make
    importlib.reload(shapes)
    project.edit("shapes.py", SHAPES.replace("SIDE = 1", "SIDE = 2").replace("Square()", "ITEMS"))
    reloader.reload()
    assert (square.area(), make()) == (2, [])


def test_who_imports_it_follows(project, reloader, shapes):
    project.write("model.py", "from shapes import ITEMS\n")
    model = load("model")
    importlib.reload(shapes)
    assert model.ITEMS is shapes.ITEMS


def test_what_others_fill_is_filled_again(project, reloader):
    project.write("registry.py", "REG = {}\ndef add(f):\n    REG[f.__name__] = f\n    return f\n")
    project.write("plugin.py", "from registry import add\n@add\ndef one(): return 1\n")
    registry, plugin = load("registry", "plugin")
    importlib.reload(registry)
    assert {"one": plugin.one} == registry.REG


@pytest.mark.parametrize("edit", ["raise ValueError\n", "SIDE = \n", "import nowhere\n"])
def test_an_edit_that_fails_raises_and_changes_nothing(project, reloader, shapes, edit):
    before = dict(vars(shapes))
    project.edit("shapes.py", "ITEMS = [2]\ndef make(): return 3\n" + edit)
    with pytest.raises((ValueError, SyntaxError, ImportError)):
        importlib.reload(shapes)
    assert {name: vars(shapes)[name] for name in ("ITEMS", "SIDE", "Square", "make")} == {
        name: before[name] for name in ("ITEMS", "SIDE", "Square", "make")
    }
    assert type(shapes.make()) is shapes.Square


def test_what_fails_is_raised_with_the_modules_own_frames(project, reloader, shapes):
    project.edit("shapes.py", "def f():\n    raise KeyError('k')\nf()\n")
    with pytest.raises(KeyError) as raised:
        importlib.reload(shapes)
    frames = traceback.extract_tb(raised.value.__traceback__)
    names = [frame.name for frame in frames if "reloadmagic" not in frame.filename]
    assert names[-2:] == ["<module>", "f"]
    assert frames[-1].line == "raise KeyError('k')"
    assert all("reloadmagic/engine" not in frame.filename for frame in frames)


def test_a_file_as_it_was_that_cannot_run_twice_stays_current(project, reloader):
    project.write("mod.py", "import sys\nassert not hasattr(sys, '_once')\nsys._once = 1\n")
    mod = load("mod")
    try:
        with pytest.raises(AssertionError):
            importlib.reload(mod)
    finally:
        del mod.sys._once
    assert not reloader.tracked["mod"].stale
    assert not reloader.reload()


def test_it_is_in_the_history(reloader, shapes):
    importlib.reload(shapes)
    assert statuses(reloader.history[-1]) == {"shapes": "reloaded"}


def test_it_is_left_to_importlib_where_imports_are_hooked(
    reloader, shapes, monkeypatch: pytest.MonkeyPatch
):
    usual = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", lambda *parts: usual(*parts))
    importlib.reload(shapes)
    monkeypatch.undo()
    assert not reloader.history


def test_a_package_and_its_submodule(project, reloader):
    project.write("pkg/__init__.py", "from .core import f\nNAME = 'pkg'\n")
    project.write("pkg/core.py", "def f(): return 1\n")
    pkg, core = load("pkg", "pkg.core")
    f = pkg.f
    importlib.reload(core)
    importlib.reload(pkg)
    assert (pkg.f, pkg.core.f, pkg.core) == (f, f, core)
