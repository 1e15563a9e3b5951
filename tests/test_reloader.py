"""The public face: settings, what is tracked, and names imported into the user's namespaces."""

from __future__ import annotations

import builtins
import importlib
import sys
import textwrap
import types

import pytest

import reloadmagic
from reloadmagic import Reloader
from session import load, ran, watch


def cell(reloader, namespace: dict, source: str) -> None:
    """Run *source* as a notebook would."""
    reloader.note_cell(source, namespace)
    exec(source, namespace)


# Tracking ----------------------------------------------------------------------------------------


def test_modules_imported_before_and_after_are_tracked(project):
    project.write("before.py", "A = 1\n")
    project.write("after.py", "A = 1\n")
    load("before")
    with watch() as reloader:
        load("after")
        assert {"before", "after"} <= reloader.tracked.keys()


def test_function_put_in_place_of_another_after_watching_began_keeps_its_code(project):
    project.write("mine.py", "def f():\n    return 1\n")
    mine = load("mine")
    was = mine.f
    with watch() as reloader:
        mine.f = lambda: "patched"
        patched = mine.f
        project.edit("mine.py", "def f():\n    return 2\n")
        reloader.reload()
        assert (was(), patched()) == (2, "patched")


def test_attribute_set_after_watching_began_stays_when_the_decorator_goes(project):
    deco = "def mark(f):\n    f.mark = 1\n    return f\n\n"
    project.write("mine.py", deco + "@mark\ndef f():\n    return 1\n")
    mine = load("mine")
    with watch() as reloader:
        mine.f.seen = "by a cell"
        project.edit("mine.py", deco + "def f():\n    return 1\n")
        reloader.reload()
        assert vars(mine.f) == {"seen": "by a cell"}


def test_entries_put_into_an_imported_container_after_watching_began_stay(project):
    project.write("home.py", "TABLE = {'a': 1}\n")
    project.write("mine.py", "from home import TABLE\nOWN = [1]\n")
    mine, home = load("mine", "home")
    with watch() as reloader:
        mine.TABLE["cell"] = mine.OWN
        mine.OWN.append("cell")
        project.edit("home.py", "TABLE = {'a': 2}\n")
        project.edit("mine.py", "from home import TABLE\nOWN = [2]\n")
        reloader.reload()
        assert (home.TABLE, mine.OWN) == ({"a": 2, "cell": mine.OWN}, [2, "cell"])
        assert mine.TABLE is home.TABLE


def test_the_standard_library_installed_packages_and_reloadmagic_are_not_tracked(reloader):
    found = {name.partition(".")[0] for name in reloader.tracked}
    assert not found & {"json", "pytest", "reloadmagic", "IPython", "__main__"}


def test_include_and_exclude_overrule(project):
    project.write("one.py", "A = 1\n")
    with watch(include=["colorsys"], exclude=["one"]) as reloader:
        sys.modules.pop("colorsys", None)
        load("one", "colorsys")
        assert ("one" in reloader.tracked, "colorsys" in reloader.tracked) == (False, True)
        assert reloader.untracked()["one"] == "excluded"


def test_settings_can_change_while_it_watches(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    reloader.configure(exclude=[*reloader.exclude, "one"])
    project.edit("one.py", "A = 2\n")
    silent = reloader.reload()
    reloader.configure(exclude=["tests", "support", "session", "conftest"])
    project.edit("one.py", "A = 3\n")
    reloader.reload()
    assert (bool(silent), one.A) == (False, 3)


def test_a_module_opts_out(project, reloader):
    project.write("one.py", "__reload__ = False\nA = 1\n")
    one = load("one")
    project.edit("one.py", "__reload__ = False\nA = 2\n")
    reloader.reload()
    assert (one.A, reloader.untracked()["one"]) == (1, "opted out by __reload__ = False")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("json.decoder", "part of Python's standard library"),
        ("sys", "part of Python's standard library"),
        ("os", "part of Python's standard library"),
        ("pytest", "installed, and not under your own folders (include it to have it reloaded)"),
        ("conftest", "excluded"),
        ("__main__", "the session itself"),
        ("reloadmagic.plan", "reloadmagic itself"),
        ("made_up", "it has no file"),
        ("one", ""),  # it is tracked
        ("nowhere", ""),  # it is not loaded
    ],
)
def test_what_is_left_alone_has_a_reason(project, reloader, monkeypatch, name, why):
    project.write("one.py", "A = 1\n")
    load("one")
    for other in ("made_up", "conftest"):
        monkeypatch.setitem(sys.modules, other, types.ModuleType(other))
    assert reloader.why_untracked(name) == why


def test_reloading_by_name_leaves_other_edits_for_later(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "B = 1\n")
    one, two = load("one", "two")
    project.edit("one.py", "A = 2\n")
    project.edit("two.py", "B = 2\n")
    reloader.reload(names=["tw*"])
    by_name = one.A, two.B
    reloader.reload()
    assert (by_name, one.A) == ((1, 2), 2)


def test_modules_without_a_file_are_stepped_around(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "made_up", types.ModuleType("made_up"))
    monkeypatch.setitem(sys.modules, "none_at_all", None)
    with watch() as reloader:
        assert not reloader.tracked.keys() & {"made_up", "none_at_all"}


def test_tracked_is_read_only(project, reloader):
    with pytest.raises(TypeError):
        reloader.tracked["x"] = 1


def test_its_repr_counts(project):
    with Reloader(exclude=["*"]) as reloader:
        assert repr(reloader) == "<Reloader tracked=0 stale=0>"


# Walking the rooms -----------------------------------------------------------------------------------


def test_the_three_steps_can_be_taken_one_by_one(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit("one.py", "A = 2\n")
    changes = reloader.changes()
    plan = reloader.plan(changes)
    report = reloader.reload(plan)
    assert ([c.module for c in changes], ran(report), one.A) == (["one"], ["A"], 2)


def test_the_edit_that_the_package_follows_through_is_told_as_it_says(project, reloader):
    shown = reloadmagic.__doc__.split("``shop.py`` ::\n")[1].split("VAT becomes 0.2")[0]
    project.write("settings.py", "VAT = 0.19\n")
    project.write("shop.py", textwrap.dedent(shown))
    load("settings")
    shop = load("shop")
    project.edit("settings.py", "VAT = 0.2\n")
    told = str(reloader.reload()).partition(" · ")[0]
    assert (f"``{told}``" in reloadmagic.__doc__, shop.LABEL) == (True, "incl. 20% VAT")


def test_a_plan_limits_a_reload_to_what_was_planned(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "A = 1\n")
    one, two = load("one", "two")
    project.edit("one.py", "A = 2\n")
    project.edit("two.py", "A = 2\n")
    reloader.reload(reloader.plan(reloader.changes(["two"])))
    first = one.A, two.A
    reloader.reload()
    assert (first, one.A) == ((1, 2), 2)


def test_a_plan_that_is_only_looked_at_does_no_harm(project, reloader):
    project.write("one.py", "A = 1\nB = A\n")
    one = load("one")
    project.edit("one.py", "A = 2\nC = 1\n")
    reloader.plan()
    project.edit("one.py", "A = 3\nB = A\n")
    reloader.reload()
    assert (one.A, one.B, hasattr(one, "C")) == (3, 3, False)


def test_nothing_to_do_is_a_false_report(reloader):
    report = reloader.reload()
    assert (bool(report), str(report)) == (False, "nothing to reload")


def test_history_keeps_what_was_done_and_not_what_was_not(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    reloader.reload()
    project.edit("one.py", "A = 2\n")
    report = reloader.reload()
    reloader.reload()
    assert list(reloader.history) == [report]


def test_two_reloaders_one_after_the_other_see_the_same_modules(project):
    project.write("one.py", "A = 1\n")
    with watch():
        one = load("one")
    with watch() as second:
        project.edit("one.py", "A = 2\n")
        second.reload()
    assert one.A == 2


def test_an_edit_between_two_reloaders_is_seen_by_the_second(project):
    project.write("one.py", "A = 1\n")
    with watch():
        one = load("one")
    project.edit("one.py", "A = 2\n")
    with watch() as second:
        second.reload()
    assert one.A == 2


def test_closing_leaves_nothing_behind(project):
    finders, names = list(sys.meta_path), set(vars(builtins))
    with watch():
        project.write("one.py", "A = 1\n@staticmethod\ndef f(): pass\n")
        load("one")
    assert (sys.meta_path, set(vars(builtins))) == (finders, names)


def test_values_named_by_keep_are_kept(project):
    project.write("one.py", "A = 1\nDB = [A]\n")
    with watch(keep=["one:DB"]) as reloader:
        one = load("one")
        project.edit("one.py", "A = 2\nDB = [A]\n")
        reloader.reload()
    assert (one.A, one.DB) == (2, [1])


# Names of the user's ------------------------------------------------------------------------------------


def test_a_name_that_a_cell_imported_follows(project, reloader):
    project.write("one.py", "WIDTH = 1\ndef f(): return 1\n")
    names: dict = {}
    cell(reloader, names, "from one import WIDTH, f as g\n")
    project.edit("one.py", "WIDTH = 2\ndef f(): return 2\n")
    reloader.reload()
    assert (names["WIDTH"], names["g"]()) == (2, 2)


def test_a_name_that_the_user_rebound_is_theirs(project, reloader):
    project.write("one.py", "WIDTH = 1\nOTHER = 1\n")
    names: dict = {}
    cell(reloader, names, "from one import WIDTH, OTHER\n")
    cell(reloader, names, "WIDTH = 'mine'\n")
    names["OTHER"] = "mine too"
    project.edit("one.py", "WIDTH = 2\nOTHER = 2\n")
    reloader.reload()
    assert (names["WIDTH"], names["OTHER"]) == ("mine", "mine too")


def test_a_value_that_only_happens_to_be_the_same_is_not_touched(project, reloader):
    project.write("one.py", "WIDTH = 1\n")
    names: dict = {}
    cell(reloader, names, "import one\nw = one.WIDTH\n")
    project.edit("one.py", "WIDTH = 2\n")
    reloader.reload()
    assert (names["w"], names["one"].WIDTH) == (1, 2)


def test_a_name_whose_definition_is_gone_keeps_it_and_is_told_once(project, reloader):
    project.write("lib.py", "def area(): return 1\nK = 1\n")
    names: dict = {}
    cell(reloader, names, "from lib import area as f")
    project.edit("lib.py", "K = 1\n")
    told = reloader.reload().outcomes[0].leftovers
    project.edit("lib.py", "K = 2\n")
    told_again = reloader.reload().outcomes[0].leftovers
    assert (told, told_again) == (("lib.area is gone; f here keeps what it was",), ())
    assert names["f"]() == 1


def test_a_name_follows_when_its_definition_comes_back_after_a_failure(project, reloader):
    project.write("lib.py", "def area(): return 1\n")
    names: dict = {}
    cell(reloader, names, "from lib import area")
    for text in ("K = 1\n", "area = len\ndef __after_reload__(state): 1 / 0\n", "area = len\n"):
        project.edit("lib.py", text)
        reloader.reload()
    assert names["area"] is len


def test_names_imported_by_star_follow_come_and_go(project, reloader):
    project.write("one.py", "A = 1\nB = 1\n")
    names: dict = {}
    cell(reloader, names, "from one import *\n")
    project.edit("one.py", "A = 2\nC = 3\n")
    reloader.reload()
    assert ({k: names.get(k) for k in "ABC"}) == {"A": 2, "B": None, "C": 3}


def test_a_name_follows_through_a_module_that_hands_it_on(project, reloader):
    project.write("one.py", "K = 1\n")
    project.write("two.py", "from one import K\n")
    names: dict = {}
    cell(reloader, names, "from two import K\n")
    project.edit("one.py", "K = 5\n")
    reloader.reload()
    assert names["K"] == 5


def test_a_failed_reload_leaves_the_users_names(project, reloader):
    project.write("one.py", "K = 1\n")
    names: dict = {}
    cell(reloader, names, "from one import K\n")
    before = dict(names)
    project.edit("one.py", "K = 5\n1 / 0\n")
    reloader.reload()
    assert names == before


def test_a_name_that_a_module_getattr_gave_follows_and_one_bound_again_does_not(project, reloader):
    lazy = "def __getattr__(name):\n    import pkg.{} as part\n    return getattr(part, name)\n"
    project.write("pkg/__init__.py", lazy.format("a"))
    project.write("pkg/a.py", "K = 1\nL = 1\nM = 1\n")
    project.write("pkg/b.py", "K = 20\nL = 20\n")
    names = {}
    cell(reloader, names, "from pkg import K, L, M")
    project.edit("pkg/a.py", "K = 2\nL = 2\nM = 2\n")
    reloader.reload()
    assert (names["K"], names["L"], names["M"]) == (2, 2, 2)
    cell(reloader, names, "L = 'mine'")
    project.edit("pkg/__init__.py", lazy.format("b"))
    report = reloader.reload()
    assert (names["K"], names["L"], names["M"]) == (20, "mine", 2)
    assert "pkg.M is gone" in str(report)
    project.edit("pkg/__init__.py", "K = 3\n")
    reloader.reload()
    assert names["K"] == 3
    project.edit("pkg/__init__.py", lazy.format("a"))
    reloader.reload()
    assert (names["K"], names["M"]) == (2, 2)


def test_a_scripts_own_imports_follow(project):
    project.write("lib.py", "K = 1\n")
    path = project.write("script.py", "from lib import K\n")
    names = {"__file__": str(path)}
    exec(path.read_text(), names)
    with watch(namespaces=[names]) as reloader:
        project.edit("lib.py", "K = 2\n")
        reloader.reload()
    assert names["K"] == 2


@pytest.mark.parametrize("source", ["a = (", "%magic", "", "\x00", "x = " + "(" * 500])
def test_cells_that_are_no_python_import_nothing(reloader, source):
    namespace = {}
    reloader.note_cell(source, namespace)
    noted = next(known for known in reloader.namespaces if known.names is namespace)
    assert noted.provenance == {}


def test_importing_again_by_hand_changes_nothing(project, reloader):
    project.write("one.py", "A = []\n")
    one = load("one")
    kept = one.A
    importlib.import_module("one")
    assert (not reloader.reload(), one.A is kept) == (True, True)
