"""What imports bind after an edit: in modules, by star, and in the user's own namespace."""

from __future__ import annotations

import sys

import pytest

from session import load, watch

MENTIONS = {
    "an import": "from lib import f, A, T",
    "an alias": "import lib\nf = lib.f\nA = lib.A\nT = lib.T",
    "a conditional import": "try:\n    from lib import f, A, T\nexcept ImportError:\n    f = A = T = 0",
}


@pytest.mark.parametrize("kind", MENTIONS)
def test_a_definition_in_place_of_a_mention_leaves_the_other_module_alone(project, reloader, kind):
    project.write("lib.py", "def f(): return 1\nclass A:\n    n = 1\nT = {'n': 1}\n")
    project.write("m.py", MENTIONS[kind] + "\n")
    m, lib = load("m", "lib")
    project.edit("m.py", "def f(): return 2\nclass A:\n    n = 2\nT = {'n': 2}\n")
    reloader.reload()
    assert (lib.f(), lib.A.n, lib.T) == (1, 1, {"n": 1})
    assert (m.f(), m.A.n, m.T) == (2, 2, {"n": 2})


ALL = {
    "grows": ("__all__ = ['a']", "__all__ = ['a', 'b']", {"a", "b"}),
    "shrinks": ("__all__ = ['a', 'b']", "__all__ = ['b']", {"b"}),
    "comes": ("", "__all__ = ['b']", {"b"}),
    "is computed": ("__all__ = dir()[-1:]", "__all__ = dir()[-2:]", {"a", "b"}),
}


@pytest.mark.parametrize("kind", ALL)
def test_star_imports_follow_all_along_a_chain_and_in_cells(project, reloader, kind):
    before, after, expected = ALL[kind]
    project.write("one.py", f"b = 2\na = 1\n{before}\n")
    project.write("two.py", "from one import *\n")
    project.write("three.py", "from two import *\n")
    names: dict = {}
    reloader.note_cell("from three import *\n", names)
    exec("from three import *\n", names)
    project.edit("one.py", f"b = 2\na = 1\n{after}\n")
    reloader.reload()
    assert {"a", "b"} & vars(sys.modules["three"]).keys() == expected
    assert {"a", "b"} & names.keys() == expected


@pytest.mark.parametrize(
    ("first", "then", "value"),
    [
        ("N = 5\n", "N = N + 1\n", 8),
        ("if True: N = 5\n", "if True: N = N + 1\n", 8),
        ("class C: n = 5\nN = C.n\n", "class C(C): n = 9\nN = C.n + C.kept\n", 12),
    ],
)
def test_a_statement_that_comes_to_use_what_a_star_import_gave_its_name_has_that(
    project, reloader, first, then, value
):
    project.write("one.py", "N = 7\nclass C: kept = 3\n")
    project.write("two.py", f"from one import *\n{first}")
    two = load("two")
    project.edit("two.py", f"from one import *\n{then}")
    reloader.reload()
    assert value == two.N


def test_all_that_is_computed_from_the_names_sees_new_ones(project, reloader):
    text = "def a(): return 1\n{}__all__ = [n for n in dir() if not n.startswith('_')]\n"
    project.write("one.py", text.format(""))
    project.write("two.py", "from one import *\n")
    two = load("two")
    project.edit("one.py", text.format("def b(): return 2\n"))
    reloader.reload()
    assert two.b() == 2


@pytest.mark.parametrize("first", ["gone", "lib"])
def test_names_that_a_cell_imports_under_a_condition_follow(project, reloader, first):
    project.write("lib.py", "K = 1\n")
    cell = f"try:\n    from {first} import K\nexcept ImportError:\n    from lib import K\n"
    names: dict = {}
    reloader.note_cell(cell, names)
    exec(cell, names)
    project.edit("lib.py", "K = 2\n")
    reloader.reload()
    assert names["K"] == 2


def test_a_submodule_that_was_deleted_goes_with_its_import(project, reloader):
    project.write("pkg/__init__.py", "from . import one, two\n")
    project.write("pkg/one.py", "")
    project.write("pkg/two.py", "")
    pkg = load("pkg")
    project.delete("pkg/two.py")
    project.edit("pkg/__init__.py", "from . import one\n")
    reloader.reload()
    assert {"one", "two"} & vars(pkg).keys() == {"one"}


def test_what_a_module_getattr_gives_follows_its_code(project, reloader):
    text = "def __getattr__(name):\n    if name == 'K': return {}\n    raise AttributeError(name)\n"
    project.write("lazy.py", text.format(1))
    project.write("m.py", "import lazy\nfrom lazy import K\nL = lazy.K * 10\n")
    m = load("m")
    project.edit("lazy.py", text.format(2))
    reloader.reload()
    assert (m.K, m.L) == (2, 20)


def test_what_a_module_getattr_gives_follows_where_it_comes_from(project, reloader):
    project.write(
        "pkg/__init__.py",
        """
        import importlib
        TABLE = {"K": "a", "Net": "a", "other": "b"}
        def __getattr__(name):
            return getattr(importlib.import_module("." + TABLE[name], __name__), name)
        """,
    )
    net = "class Net:\n    def __init__(self):\n        self.n = {}\n"
    project.write("pkg/a.py", "K = 1\n" + net.format(1))
    project.write("pkg/b.py", "K = 5\ndef other():\n    return 1\n")
    project.write("m.py", "import pkg\nfrom pkg import K\nnet = pkg.Net()\nN = pkg.other()\n")
    m = load("m")
    net_before = m.net
    project.edit("pkg/b.py", "K = 5\ndef other():\n    return 2\n")
    project.edit("pkg/a.py", "K = 2\n" + net.format(1))
    reloader.reload()
    assert (m.K, m.N) == (2, 2)
    assert m.net is net_before
    project.edit("pkg/a.py", "K = 2\n" + net.format(2))
    reloader.reload()
    assert m.net.n == 2
    project.replace("pkg/__init__.py", '"K": "a"', '"K": "b"')
    reloader.reload()
    assert m.K == 5


def test_a_package_that_goes_through_its_submodules_follows_what_it_takes_of_them(
    project, reloader
):
    project.write(
        "plugs/__init__.py",
        """
        import importlib, pkgutil
        TABLE = {}
        for info in pkgutil.iter_modules(__path__):
            found = importlib.import_module(f"{__name__}.{info.name}")
            TABLE[found.NAME] = found.run
        """,
    )
    text = "NAME = {!r}\ndef run():\n    return {}\n"
    project.write("plugs/one.py", text.format("one", 1))
    project.write("plugs/two.py", text.format("two", 2))
    plugs = load("plugs")
    table = plugs.TABLE
    project.edit("plugs/one.py", text.format("uno", 1))
    reloader.reload()
    assert {name: run() for name, run in table.items()} == {"uno": 1, "two": 2}
    assert plugs.TABLE is table


def test_a_package_that_only_imports_its_submodules_stays_for_edits_of_them(project, reloader):
    project.write(
        "plugs/__init__.py",
        """
        import importlib, pkgutil
        CONNECTION = object()
        for info in pkgutil.iter_modules(__path__):
            importlib.import_module(f"{__name__}.{info.name}")
        """,
    )
    project.write("plugs/one.py", "K = 1\n")
    plugs = load("plugs")
    connection = plugs.CONNECTION
    project.edit("plugs/one.py", "K = 2\n")
    reloader.reload()
    assert plugs.CONNECTION is connection
    assert plugs.one.K == 2


def test_what_a_class_getattr_gives_follows_its_code(project, reloader):
    text = "class Settings:\n    def __getattr__(self, name): return name + {!r}\nsettings = Settings()\n"
    project.write("conf.py", text.format("1"))
    project.write("m.py", "from conf import settings\nMODE = settings.mode\n")
    m = load("m")
    project.edit("conf.py", text.format("2"))
    reloader.reload()
    assert m.MODE == "mode2"


@pytest.mark.parametrize("is_late", [False, True])
def test_a_definition_that_a_star_import_hid_is_not_the_other_modules(project, is_late):
    text = "def f():\n    return {0!r}\nclass C:\n    v = {0!r}\n"
    project.write("one.py", "__all__ = ['f', 'C']\n" + text.format("one"))
    project.write("two.py", text.format("two") + "from one import *\n")
    if is_late:
        load("one", "two")
    with watch() as reloader:
        one, two = load("one", "two")
        f, cls = one.f, one.C
        project.edit("one.py", "__all__ = []\n" + text.format("one"))
        reloader.reload()
        assert (one.f(), one.C.v, two.f(), two.C.v) == ("one", "one", "two", "two")
        assert (one.f, one.C) == (f, cls)
        project.edit("one.py", "__all__ = ['f', 'C']\n" + text.format("one"))
        reloader.reload()
        assert (two.f, two.C) == (f, cls)


def test_a_star_import_of_another_module_reaches_who_imports_from_there(project, reloader):
    project.write("one.py", "K = 1\n")
    project.write("two.py", "K = 2\n")
    project.write("face.py", "from one import *\n")
    project.write("m.py", "from face import K\nimport face\nL = face.K * 10\n")
    m, _ = load("m", "two")
    project.edit("face.py", "from two import *\n")
    reloader.reload()
    assert (m.K, m.L) == (2, 20)


def test_a_definition_shows_again_when_the_star_import_over_it_goes(project, reloader):
    own = "def f(): return 'own'\n"
    project.write("other.py", "def f(): return 'star'\n")
    project.write("m.py", own)
    m, other = load("m", "other")
    shown = []
    for text in (own + "from other import *\n", own, own + "from other import *\n"):
        project.edit("m.py", text)
        reloader.reload()
        shown.append((m.f(), other.f()))
    assert shown == [("star", "star"), ("own", "star"), ("star", "star")]


def test_an_import_that_was_tried_in_vain_is_tried_again_once_the_module_is_there(
    project, reloader
):
    text = "try:\n    import fast\nexcept ImportError:\n    fast = None\nstate = []\n"
    project.write("m.py", text)
    m = load("m")
    state = m.state
    project.edit("m.py", text + "X = 1\n")
    reloader.reload()
    assert m.fast is None
    project.write("fast.py", "")
    project.edit("m.py", text + "X = 2\n")
    reloader.reload()
    assert m.fast is sys.modules["fast"]
    assert m.state is state


@pytest.mark.parametrize("line", ["from math import *", "from wave import *", "from new import *"])
def test_a_star_import_that_is_there_or_new_leaves_values_alone(project, reloader, line):
    """From a library that is loaded, one that is not, and from a file that is new."""
    sys.modules.pop("wave", None)
    project.write("m.py", "from string import *\nDATA = []\ndef f(): return digits\n")
    m = load("m")
    data = m.DATA
    project.write("new.py", "sqrt = Wave_read = abs\n")
    project.edit("m.py", f"from string import *\n{line}\nDATA = []\ndef f(): return 'f'\n")
    reloader.reload()
    assert m.DATA is data
    assert m.f() == "f"
    assert hasattr(m, "Wave_read") is ("math" not in line)


def test_what_a_new_star_import_binds_otherwise_reaches_who_uses_it(project, reloader):
    project.write("m.py", "from math import *\nROOT = sqrt(4)\nOTHER = []\n")
    m = load("m")
    other = m.OTHER
    project.edit("m.py", "from math import *\nfrom cmath import *\nROOT = sqrt(4)\nOTHER = []\n")
    reloader.reload()
    assert m.ROOT == 2 + 0j
    assert type(m.ROOT) is complex
    assert m.OTHER is other


HIDDEN = {
    "a definition": ("def f(): return 'other'\nfrom lib import *\n", "other"),
    "a constant": ("f = str\nfrom lib import *\n", ""),
    "another star-import": ("from other import *\nfrom lib import *\n", "other"),
}


@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("left", ["", "def f(): return 'lib'\n__all__ = []\n"])
def test_what_a_star_import_hid_shows_once_its_module_gives_the_name_no_longer(
    project, reloader, kind, left
):
    text, shown = HIDDEN[kind]
    project.write("lib.py", "def f(): return 'lib'\n")
    project.write("other.py", "def f(): return 'other'\n")
    project.write("m.py", text)
    project.write("user.py", "from m import f\n")
    m, user = load("m", "user")
    project.edit("lib.py", left)
    reloader.reload()
    assert (m.f(), user.f()) == (shown, shown)
    project.edit("lib.py", "def f(): return 'back'\n")
    reloader.reload()
    assert (m.f(), user.f()) == ("back", "back")


def test_a_hidden_star_import_that_loses_the_name_leaves_what_hides_it(project, reloader):
    project.write("one.py", "def f(): return 1\n")
    project.write("two.py", "def f(): return 2\n")
    project.write("m.py", "from one import *\nfrom two import *\n")
    m = load("m")
    f = m.f
    for text in ("def f(): return 3\nN = 1\n", "N = 2\n"):
        project.edit("one.py", text)
        reloader.reload()
        assert m.f is f
    assert (m.f(), m.N) == (2, 2)


def test_of_two_star_imports_in_cells_the_later_one_binds_what_both_give(project, reloader):
    project.write("one.py", "a = ['one']\nb = ['one']\n")
    project.write("two.py", "b = ['two']\n")
    names: dict = {"mine": 0}
    for cell in ("from one import *", "from two import *"):
        reloader.note_cell(cell, names)
        exec(cell, names)
    project.edit("two.py", "a = b = ['two']\nmine = 1\n")
    reloader.reload()
    assert (names["a"], names["b"], names["mine"]) == (["two"], ["two"], 0)
    project.edit("two.py", "b = ['two']\n")
    reloader.reload()
    assert names["a"] == ["one"]


CELLS = {
    "a later star-import": (("from one import *", "from two import *"), 1),
    "a later import by name": (("from one import *", "from two import N"), 1),
    "a later star-import than one by name": (("from one import N", "from two import *"), 1),
    "an earlier star-import": (("from two import *", "from one import *"), 2),
    "an earlier import by name": (("from two import N", "from one import *"), 2),
    "the user's own": (("from one import *", "N = 1"), 1),
}


@pytest.mark.parametrize(("cells", "expected"), CELLS.values(), ids=CELLS)
def test_of_equal_values_that_cells_bound_to_a_name_the_last_counts(
    project, reloader, cells, expected
):
    project.write("one.py", "N = 1\n")
    project.write("two.py", "N = 1\n")
    names: dict = {}
    load("one", "two")
    for cell in cells:
        reloader.note_cell(cell, names)
        exec(cell, names)
    project.edit("one.py", "N = 2\n")
    reloader.reload()
    assert names["N"] == expected


def test_a_function_of_a_package_becomes_a_submodule(project, reloader):
    project.write("pkg/__init__.py", "def tools(): return 'function'\ndef stays(): return 1\n")
    project.write("pkg/user.py", "from . import tools\n")
    pkg, user = load("pkg", "pkg.user")
    stays = pkg.stays
    project.write("pkg/tools.py", "def run(): return 'submodule'\n")
    project.edit("pkg/__init__.py", "def stays(): return 1\nfrom . import stays, tools\n")
    reloader.reload()
    assert (pkg.tools.run(), user.tools.run()) == ("submodule", "submodule")
    assert pkg.stays is stays


@pytest.mark.parametrize(
    "cell", ["from one import n", "from one import *", "from one import n as n"]
)
@pytest.mark.parametrize("value", ["2", "(2, 'a')", "lambda: 0"])
def test_names_follow_where_their_module_had_bound_its_own_anew(project, reloader, cell, value):
    project.write("one.py", f"n = {value}\ndef f():\n global n\n n = 4\n")
    names: dict[str, object] = {}
    reloader.note_cell(cell, names)
    exec(cell, names)
    reloader.note_values(names)
    load("one").f()
    project.edit("one.py", "n = 11\ndef f():\n global n\n n = 4\n")
    reloader.reload()
    assert names["n"] == 11
    load("one").f()
    project.edit("one.py", "n = 12\ndef f():\n global n\n n = 4\n")
    reloader.reload()
    assert names["n"] == 12


def test_names_stay_that_the_user_bound_or_whose_module_did_not_change(project, reloader):
    project.write("one.py", "n = 2\nm = 3\ndef f():\n global n, m\n n = m = 4\n")
    names: dict[str, object] = {}
    reloader.note_cell("from one import n, m", names)
    exec("from one import n, m", names)
    reloader.note_values(names)
    load("one").f()
    names["m"] = 5
    project.replace("one.py", "m = 3", "m = 6")
    reloader.reload()
    assert (names["n"], names["m"], load("one").n) == (2, 5, 4)
