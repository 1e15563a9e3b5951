"""What really runs, what stays the same object, and what a reload is said to have done."""

from __future__ import annotations

import copyreg
import gc
import sys
import weakref

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from session import described, differences, fresh, load, picture, ran, statuses, unlike, watch


def edit(project, reloader, before: str, after: str):
    """The module and the report, after an edit of ``m.py``."""
    project.write("m.py", before)
    module = load("m")
    project.edit("m.py", after)
    return module, reloader.reload()


# Before, after, and the statements that ran.
RUNS = {
    "a body": ("def f(): return 1\nx = []\n", "def f(): return 2\nx = []\n", []),
    "a comment": ("x = []\n", "# c\nx = []\n", []),
    "an equal value": ("a = 1 + 1\nb = a * 2\n", "a = 2\nb = a * 2\n", ["a"]),
    "an unequal type": ("a = 1\nb = a\n", "a = True\nb = a\n", ["a", "b"]),
    "an equal list": ("a = [1, 1]\nb = len(a)\n", "a = [1] * 2\nb = len(a)\n", ["a"]),
    "a value through a function": (
        "def f(): return 1\nx = f()\ny = x + 1\n",
        "def f(): return 2\nx = f()\ny = x + 1\n",
        ["x", "y"],
    ),
    "a value through a function that gives the same": (
        "def f(): return 1\nx = f()\ny = x + 1\n",
        "def f(): return 2 - 1\nx = f()\ny = x + 1\n",
        ["x"],
    ),
    "an addition": ("a = []\n", "a = []\nb = 2\n", ["b"]),
    "an exchanged order": ("a = []\nb = []\n", "b = []\na = []\n", []),
    "a dict unpacked into another": (
        "a = {1: 1}\nb = {**a}\nc = dict(**{}, k=a)\n",
        "a = {1: 2}\nb = {**a}\nc = dict(**{}, k=a)\n",
        ["a", "b", "c"],
    ),
    "what makes a field": (
        (
            "from dataclasses import dataclass, field\ndef f(): return [1]\n"
            "@dataclass\nclass A:\n x: list = field(default_factory=f)\na = A()\nb = A\n"
        ),
        (
            "from dataclasses import dataclass, field\ndef f(): return [2]\n"
            "@dataclass\nclass A:\n x: list = field(default_factory=f)\na = A()\nb = A\n"
        ),
        ["a"],
    ),
    "an enum's values alone": (
        "import enum\nclass E(enum.Flag):\n A = enum.auto()\n B = enum.auto()\nx = E.A | E.B\n",
        (
            "import enum\nclass E(enum.Flag):\n Z = enum.auto()\n A = enum.auto()\n"
            " B = enum.auto()\nx = E.A | E.B\n"
        ),
        ["class E", "x"],
    ),
    "what a class method constructs": (
        (
            "class A:\n def __init__(self): self.x = 1\n @classmethod\n def make(cls): return cls()\n"
            "a = A.make()\nb = A\n"
        ),
        (
            "class A:\n def __init__(self): self.x = 2\n @classmethod\n def make(cls): return cls()\n"
            "a = A.make()\nb = A\n"
        ),
        ["a"],
    ),
    "a list of subclasses": (
        "class A: pass\nx = A.__subclasses__()\ny = []\n",
        "class A: pass\nclass B(A): pass\nx = A.__subclasses__()\ny = []\n",
        ["class B", "x"],
    ),
    "a list in a class": (
        "class A:\n s = [1]\n t = [1]\na = len(A.s)\nb = len(A.t)\n",
        "class A:\n s = [1, 2]\n t = [1]\na = len(A.s)\nb = len(A.t)\n",
        ["class A", "a"],
    ),
    "a method that no value was computed through": (
        "class A:\n def f(self): return 1\na = A()\n",
        "class A:\n def f(self): return 2\na = A()\n",
        [],
    ),
}


@pytest.mark.parametrize("kind", RUNS)
def test_a_statement_runs_only_when_what_it_uses_really_changed(project, reloader, kind):
    before, after, expected = RUNS[kind]
    _, report = edit(project, reloader, before, after)
    assert ran(report) == expected
    assert unlike(described("m"), fresh(project, "m")) == []


# Statements of which a random module is made; versions of one place stand together.
VERSIONS = [
    ["A = 1", "A = 2", "A = [1]", "A = 'x'"],
    ["def f(x=0):\n    return x", "def f(x=1):\n    return x", "def f(x=0):\n    return (x, 1)", "f = len"],
    ["class C:\n    y = A\n    def m(self): return 1", "class C:\n    def m(self): return 2",
     "class C(dict):\n    y = 3", "class C:\n    z = [A]\n    @property\n    def m(self): return 3"],
    ["B = A * 2", "B = (A, A)", "B = f", "B = f([])"],
    ["L = []", "L = [A]", "L = {}"],
    ["for i in range(2): K = i", "K = 3", "K: int = 4", "K = C"],
    ["D = C()", "D = [C()]", "D = C.__name__"],
    ["import os", "import os.path as os", "from os import path as os"],
]  # fmt: skip
MODULES = st.tuples(*(st.sampled_from([*versions, ""]) for versions in VERSIONS))


@given(st.lists(MODULES, min_size=2, max_size=3))
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_reloaded_namespace_is_that_of_a_fresh_import(project, versions):
    texts = ["\n".join(filter(None, version)) + "\n" for version in versions]
    sys.modules.pop("m", None)
    project.write("m.py", "")
    with watch() as reloader:
        load("m")
        for text in texts:
            before = picture(project)
            project.edit("m.py", text)
            reloader.reload()
            if reloader.tracked["m"].failed:
                assert differences(before, picture(project)) == []
            else:
                assert unlike(described("m"), fresh(project, "m")) == []


def test_objects_that_exist_before_and_after_stay_the_same(project, reloader):
    text = "import enum\ndef f(x={0}): pass\nclass A:\n x = {0}\nclass E(enum.Enum):\n M = {0}\nL = [{0}]\n"
    project.write("m.py", text.format(1))
    m = load("m")
    held = [m, m.f, m.A, m.E, m.E.M, m.L]
    project.edit("m.py", text.format(2))
    reloader.reload()
    assert all(a is b for a, b in zip(held, [m, m.f, m.A, m.E, m.E.M, m.L], strict=True))
    assert (m.f.__defaults__, m.A.x, m.E.M.value, m.L) == ((2,), 2, 2, [2])


def test_state_that_the_edit_does_not_reach_is_kept(project, reloader):
    project.write("m.py", "CACHE = {}\nclass A:\n    made = []\n    x = 1\ndef f(): return 1\n")
    m = load("m")
    m.CACHE["k"] = m.A.made.append(1)
    project.edit("m.py", "CACHE = {}\nclass A:\n    made = []\n    x = 2\ndef f(): return 2\n")
    reloader.reload()
    assert (m.CACHE, m.A.made, m.A.x, m.f()) == ({"k": None}, [1], 2, 2)


def test_what_others_put_into_a_remade_container_stays_at_the_end(project, reloader):
    project.write("m.py", "D = {'a': 1}\nL = [1]\nS = {1}\n")
    m = load("m")
    m.D["mine"], m.L[1:], kept = 0, [9], (m.D, m.L)
    m.S.add(9)
    project.edit("m.py", "D = {'a': 2, 'b': 3}\nL = [1, 2]\nS = {2}\n")
    reloader.reload()
    assert (list(m.D.items()), m.L, m.S) == ([("a", 2), ("b", 3), ("mine", 0)], [1, 2, 9], {2, 9})
    assert kept[0] is m.D
    assert kept[1] is m.L


def test_names_set_from_outside_stay_and_names_no_longer_bound_go(project, reloader):
    project.write("m.py", "A = 1\nB = 1\nclass C:\n    x = 1\n    y = 1\n")
    m = load("m")
    m.outside = m.C.outside = 1
    project.edit("m.py", "A = 1\nclass C:\n    y = 1\n")
    reloader.reload()
    assert (m.outside, m.C.outside, hasattr(m, "B"), hasattr(m.C, "x")) == (1, 1, False, False)


def test_registrations_are_neither_doubled_nor_left_behind(project, reloader):
    text = "R = []\ndef reg(f):\n    R.append(f.__name__)\n    return f\n@reg\ndef a(): pass\n@reg\ndef {}(): pass\n"
    module, _ = edit(project, reloader, text.format("b"), text.format("c"))
    assert module.R == ["a", "c"]


def test_a_class_registered_at_run_time_stays_so_when_a_registration_is_dropped(project, reloader):
    text = "from abc import ABC\nclass Drawn(ABC):\n    def draw(self): return {}\n"
    project.write("shapes.py", text.format(1))
    project.write("ext.py", "from shapes import Drawn\nclass A: pass\nDrawn.register(A)\n")
    shapes, ext = load("shapes", "ext")
    mine = shapes.Drawn.register(type("Mine", (), {}))
    project.edit("shapes.py", text.format(2) + "    def more(self): pass\n")
    assert not reloader.reload().failed
    assert issubclass(ext.A, shapes.Drawn)
    assert issubclass(mine, shapes.Drawn)
    project.replace("ext.py", "Drawn.register(A)\n", "")
    assert not reloader.reload().failed
    assert not issubclass(ext.A, shapes.Drawn)
    assert issubclass(mine, shapes.Drawn)


CLASS_FILLED = {
    "a decorator that is passed a list": "    @note(seen)\n    def {0}(self): pass\n",
    "a method of a list": "    @seen.append\n    def {0}(self): pass\n",
    "a call": "    {0} = note(seen)(lambda self: 0)\n",
    "a call that binds nothing": "    seen.append('{0}')\n",
}


@pytest.mark.parametrize("kind", CLASS_FILLED)
def test_a_list_that_decorators_in_a_class_body_fill_holds_what_they_put_in(
    project, reloader, kind
):
    line = CLASS_FILLED[kind]
    text = (
        "def note(into):\n    def put(f):\n        into.append(f)\n        return f\n    return put\n"
        "class Model:\n    seen = []\n    kept = []\n"
    )
    project.write("m.py", text + line.format("a"))
    m = load("m")
    seen, kept = m.Model.seen, m.Model.kept
    seen.append("mine")
    for names in ("ab", "b", "bc", "", "a"):
        project.edit("m.py", text + "".join(map(line.format, names)) + f"    n = {len(names)}\n")
        assert not reloader.reload().failed
        assert (m.Model.seen is seen, m.Model.kept is kept) == (True, True)
        assert len(seen) == len(names) + 1
        assert seen[-1] == "mine"


def test_a_class_registered_with_an_abstract_one_by_its_decorator_stays_so(project, reloader):
    project.write("low.py", "from abc import ABC\nclass A(ABC): pass\n")
    project.write("m.py", "from low import A\n@A.register\nclass B: x = 1\n")
    m, low = load("m", "low")
    for n in (2, 3):
        project.edit("m.py", f"from low import A\n@A.register\nclass B: x = {n}\n")
        reloader.reload()
    assert (issubclass(m.B, low.A), m.B.x) == (True, 3)


def test_registries_across_modules_follow(project, reloader):
    project.write("reg.py", "R = {}\ndef add(f):\n    R[f.__name__] = f\n    return f\n")
    project.write(
        "use.py", "from reg import add\n@add\ndef a(): return 1\n@add\ndef b(): return 1\n"
    )
    reg, use = load("reg", "use")
    project.edit(
        "use.py", "from reg import add\n@add\ndef a(): return 2\n@add\ndef c(): return 1\n"
    )
    reloader.reload()
    assert ({k: v() for k, v in reg.R.items()}, reg.R["a"] is use.a) == ({"a": 2, "c": 1}, True)


def test_a_definition_that_moves_to_another_module_stays_the_same_object(project, reloader):
    project.write("one.py", "class A: pass\nX = 1\n")
    project.write("two.py", "Y = 1\n")
    one, two = load("one", "two")
    held = one.A()
    project.edit("one.py", "X = 1\n")
    project.edit("two.py", "Y = 1\nclass A:\n    def f(self): return 2\n")
    reloader.reload()
    assert (type(held) is two.A, held.f(), hasattr(one, "A")) == (True, 2, False)


CLASS = "class A:\n    def f(self): return {n}\n"
TO_A_NEW_FILE = {
    "a class": (CLASS.format(n=1), CLASS.format(n=2)),
    "a class with a subclass and an object": (
        CLASS.format(n=1),
        CLASS.format(n=2) + "class B(A): pass\nONE = A()\nassert isinstance(B(), A)\n",
    ),
    "a dataclass": (
        "import dataclasses\n@dataclasses.dataclass\n" + CLASS.format(n=1),
        "import dataclasses\n@dataclasses.dataclass\n" + CLASS.format(n=2),
    ),
}


@pytest.mark.parametrize("kind", TO_A_NEW_FILE)
def test_a_class_that_moves_to_a_new_file_stays_the_same_object(project, reloader, kind):
    before, after = TO_A_NEW_FILE[kind]
    project.write("one.py", before)
    one = load("one")
    cls, held = one.A, one.A()
    project.write("new.py", after)
    project.edit("one.py", "from new import A\n")
    reloader.reload()
    new = load("new")
    assert (one.A is cls, new.A is cls, cls.__module__, held.f()) == (True, True, "new", 2)
    made = getattr(new, "ONE", held)
    assert (type(made) is cls, [c.__name__ for c in cls.__subclasses__()]) == (
        True,
        ["B"] if hasattr(new, "B") else [],
    )
    project.edit("new.py", after.replace("2", "3"))
    reloader.reload()
    assert held.f() == 3


def test_a_function_that_moves_to_a_new_file_is_what_its_holders_have(project, reloader):
    project.write("one.py", "def f(): return 1\nX = 1\n")
    one = load("one")
    held = [one.f]
    project.write("new.py", "K = 2\ndef f(): return K\n")
    project.edit("one.py", "from new import f\nX = 1\n")
    reloader.reload()
    assert (held[0] is one.f is load("new").f, held[0]()) == (True, 2)


def test_a_dict_that_moves_to_a_new_file_keeps_what_came_at_run_time(project, reloader):
    project.write("one.py", "CACHE = {}\ndef f(): return CACHE\n")
    one = load("one")
    held = one.CACHE
    held["key"] = 1
    project.write("new.py", "SIZE = 1\nCACHE = {}\n")
    project.edit("one.py", "from new import CACHE\ndef f(): return CACHE\n")
    reloader.reload()
    assert (one.f() is load("new").CACHE is held, held) == (True, {"key": 1})


@pytest.mark.parametrize("kinds", [("IntFlag", "IntEnum"), ("IntEnum", "IntFlag")])
def test_whoever_holds_a_member_of_an_enum_of_another_kind_has_the_new_one(
    project, reloader, kinds
):
    before, after = kinds
    project.write("m.py", f"from enum import *\nclass E({before}): A = 1; B = 2\n")
    m = load("m")
    held = [m.E.B, (m.E.B,)]
    project.edit("m.py", f"from enum import *\nclass E({after}): B = 1; C = 2\n")
    reloader.reload()
    assert held[0] is held[1][0] is m.E.B
    assert (m.E.B, type(m.E.B)) == (1, m.E)


FILLED = "ITEMS = []\ndef add(f):\n ITEMS.append(f.__name__)\n return f\n"


def test_what_came_at_run_time_stays_in_a_list_that_has_moved(project, reloader):
    project.write("one.py", "X = 1\n")
    project.write("two.py", f"from one import X\n{FILLED}@add\ndef f(): pass\n")
    items = load("two").ITEMS
    items.append("mine")
    moved = "from one import X, ITEMS, add\n"
    project.edit("one.py", f"{FILLED}X = 1\n")
    project.edit("two.py", f"{moved}@add\ndef f(): pass\n")
    reloader.reload()
    project.edit("two.py", f"{moved}@add\ndef g(): pass\n")
    reloader.reload()
    assert load("one").ITEMS is items
    assert items == ["g", "mine"]


def test_what_came_at_run_time_stays_in_a_list_that_was_given_one_more_name(project, reloader):
    project.write("one.py", FILLED)
    project.write("two.py", "from one import add\n@add\ndef f(): pass\n")
    load("two")
    items = load("one").ITEMS
    items.append("mine")
    project.edit("one.py", f"{FILLED}ALL = ITEMS\n")
    reloader.reload()
    project.edit("two.py", "from one import add\n@add\ndef g(): pass\n")
    reloader.reload()
    assert items == ["g", "mine"]


def test_a_class_that_moves_into_a_package_that_its_module_becomes_stays_the_same(
    project, reloader
):
    project.write("one.py", CLASS.format(n=1))
    one = load("one")
    cls, held = one.A, one.A()
    project.delete("one.py")
    project.write("one/__init__.py", "from .core import A\n")
    project.write("one/core.py", CLASS.format(n=2))
    reloader.reload()
    assert (one.A is cls, held.f(), cls.__module__) == (True, 2, "one.core")


def test_a_class_that_comes_back_from_a_file_that_is_gone_is_the_first_one_again(project, reloader):
    project.write("one.py", CLASS.format(n=1))
    one = load("one")
    cls, held = one.A, one.A()
    project.write("new.py", CLASS.format(n=2))
    project.edit("one.py", "from new import A\n")
    reloader.reload()
    project.delete("new.py")
    project.edit("one.py", CLASS.format(n=3))
    reloader.reload()
    assert (one.A is cls, held.f(), cls.__module__) == (True, 3, "one")


def test_a_function_that_goes_into_a_block_is_not_taken_for_one_of_another_module(
    project, reloader
):
    project.write(
        "show.py",
        "from functools import singledispatch\n@singledispatch\ndef show(x): return 'any'\n",
    )
    project.write("a.py", "K = 1\n")
    block = "    @show.register(float)\n    def _(x): return 'b'\n"
    project.write("b.py", f"import a\nfrom show import show\n{block.replace('    ', '')}")
    load("b")
    project.edit("a.py", "K = 1\ndef _(x): return 'a'\n")
    project.edit("b.py", f"import a\nfrom show import show\ntry:\n{block}finally: pass\n")
    reloader.reload()
    assert (load("show").show(1.0), load("a")._(1)) == ("b", "a")


def test_definitions_that_go_back_and_forth_between_a_file_and_one_that_comes_and_goes(
    project, reloader
):
    first = CLASS.format(n=1) + "def go():\n    return 1\n"
    second = CLASS.format(n=2) + "    g = 1\ndef go():\n    return 2\nREST = []\n"
    project.write("one.py", first)
    one = load("one")
    cls, held = one.A, one.A()
    for _ in range(2):
        project.write("new.py", second)
        project.edit("one.py", "from new import A, go\n")
        reloader.reload()
        assert (one.A is cls, held.f(), held.g, cls.__module__) == (True, 2, 1, "new")
        assert (one.go(), load("new").go()) == (2, 2)
        rest = load("new").REST
        project.delete("new.py")
        project.edit("one.py", first)
        reloader.reload()
        assert (one.A is cls, held.f(), hasattr(held, "g"), cls.__module__) == (
            True,
            1,
            False,
            "one",
        )
        assert one.go() == 1
        assert load("new").REST is rest


def test_a_class_that_has_moved_stays_there_when_another_takes_its_old_place(project, reloader):
    project.write("one.py", CLASS.format(n=1))
    project.write("two.py", "")
    one, two = load("one", "two")
    held = one.A()
    project.edit("one.py", "")
    project.edit("two.py", CLASS.format(n=2))
    reloader.reload()
    project.edit("one.py", CLASS.format(n=3))
    reloader.reload()
    assert (one.A().f(), two.A().f(), held.f()) == (3, 2, 2)


def test_a_class_that_cannot_move_to_a_new_file_stays_where_it_was(project, reloader):
    project.write("one.py", CLASS.format(n=1))
    one = load("one")
    cls, held = one.A, one.A()
    before = picture(project, held)
    project.write("new.py", CLASS.format(n=2) + "class B(A): pass\n1 / 0\n")
    project.edit("one.py", "from new import A\n")
    assert reloader.reload().failed
    assert differences(before, picture(project, held)) == []
    project.edit("new.py", CLASS.format(n=2))
    reloader.reload()
    assert (one.A is cls, held.f()) == (True, 2)


def test_a_definition_that_moves_there_and_back_is_the_first_one_again(project, reloader):
    first = "class A:\n    def f(self): return 1\n"
    project.write("one.py", first)
    project.write("two.py", "")
    one, _ = load("one", "two")
    cls = one.A
    project.edit("one.py", "from two import A\n")
    project.edit("two.py", "class A:\n    def f(self): return 2\n")
    reloader.reload()
    moved = cls().f()
    project.edit("one.py", first)
    project.edit("two.py", "")
    reloader.reload()
    assert one.A is cls
    assert (moved, cls().f(), cls.f.__globals__ is vars(one)) == (2, 1, True)


def test_functions_that_only_moved_know_their_new_lines(project, reloader):
    project.write(
        "m.py", "def f():\n    def g(): pass\n    return g\nclass A:\n    def m(self): pass\n"
    )
    m = load("m")
    project.edit(
        "m.py",
        "# c\ndef f():\n    def g(): pass\n    return g\n\nclass A:\n    def m(self): pass\n",
    )
    report = reloader.reload()
    lines = [x.__code__.co_firstlineno for x in (m.f, m.f(), m.A.m)]
    assert (ran(report), lines) == ([], [2, 3, 7])


def test_closures_that_names_of_the_user_lead_to_know_their_new_lines(project):
    project.write("m.py", "def f():\n    def g(): pass\n    return g\n")
    names = {}
    with watch(namespaces=[names]) as reloader:
        f = load("m").f
        names |= {"inner": f(), "callbacks": [f()]}
        project.edit("m.py", "# c\ndef f():\n    def g(): pass\n    return g\n")
        reloader.reload()
    held = [names["inner"], *names["callbacks"]]
    assert [function.__code__.co_firstlineno for function in held] == [3, 3]


def test_a_new_file_that_an_edited_one_imports_is_imported_and_watched(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.write("new.py", "N = 1\n")
    project.edit("one.py", "from new import N\nA = N\n")
    reloader.reload()
    project.edit("new.py", "N = 5\n")
    reloader.reload()
    assert (one.N, one.A) == (5, 5)


def test_cycles_of_edited_modules_run_in_the_order_of_an_import(project, reloader):
    project.write("a.py", "X = 1\nimport b\nY = b.Z\n")
    project.write("b.py", "import a\nZ = a.X\n")
    load("a", "b")
    project.edit("a.py", "X = 2\nimport b\nY = b.Z\n")
    project.edit("b.py", "import a\nZ = a.X + 1\n")
    assert not reloader.reload().failed
    assert unlike(described("a", "b"), fresh(project, "a", "b")) == []


def test_sys_modules_holds_the_same_modules_after_a_reload(project, reloader):
    project.write("pkg/__init__.py", "from .mod import A\n")
    project.write("pkg/mod.py", "A = 1\n")
    pkg, mod = load("pkg", "pkg.mod")
    project.edit("pkg/mod.py", "A = 2\n")
    reloader.reload()
    assert (sys.modules["pkg"] is pkg, sys.modules["pkg.mod"] is mod, pkg.mod is mod) == (True,) * 3
    assert pkg.A == 2


def test_annotations_of_the_module_follow(project, reloader):
    module, _ = edit(project, reloader, "a: int = 1\nb: int = 1\n", "a: str = 'x'\n")
    assert module.__annotations__ == {"a": str}


def test_annotations_of_the_module_go_with_the_last_one(project, reloader):
    module, _ = edit(project, reloader, "a: int = 1\n", "a = 1\n")
    assert "__annotations__" not in vars(module)


def test_annotations_as_text_leave_values_alone(project, reloader):
    text = "a: object = object()\nb = object()\nmodel: int | None = None\n"
    project.write("m.py", text)
    m = load("m")
    m.model = loaded = object()
    before = m.a, m.b
    text = text.replace("b =", "b: object =")
    project.edit("m.py", "from __future__ import annotations\n" + text)
    assert not reloader.reload().failed
    assert (m.a, m.b) == before
    assert m.model is loaded
    assert m.__annotations__ == {"a": "object", "b": "object", "model": "int | None"}


def test_a_cache_over_changed_code_is_cleared_and_others_are_not(project, reloader):
    text = "import functools\ndef g(): return {}\n@functools.cache\ndef f(): return g()\n@functools.cache\ndef h(): return []\n"
    project.write("m.py", text.format(1))
    m = load("m")
    m.f()
    kept = m.h()
    project.edit("m.py", text.format(2))
    reloader.reload()
    assert (m.f(), m.h() is kept) == (2, True)


def test_a_cache_that_an_assignment_made_is_cleared_with_the_function_it_is_of(project, reloader):
    project.write("low.py", "def f(): return 1\ndef g(): return object()\n")
    text = "import low\nfrom functools import cache\nf = cache(low.f)\ng = cache(low.g)\nx = f()\n"
    project.write("m.py", text)
    m = load("m")
    kept = m.g()
    project.edit("low.py", "def f(): return 2\ndef g(): return object()\n")
    reloader.reload()
    assert (m.f(), m.x) == (2, 2)
    assert m.g() is kept


def test_what_was_kept_is_made_when_it_is_kept_no_longer(project, reloader):
    project.write("one.py", "A = [1]  # reload: keep\n")
    one = load("one")
    values = []
    for text in (
        "A = [2]  # reload: keep\n",
        "A = [2]  # reload: keep\nB = 1\n",
        "A = [2]\nB = 1\n",
    ):
        project.edit("one.py", text)
        reloader.reload()
        values.append(one.A[0])
    assert values == [1, 1, 2]


def test_what_was_edited_and_kept_is_not_told_as_reloaded(project, reloader):
    project.write("one.py", "A = [1]  # reload: keep\nB = 1\n")
    load("one")
    project.edit("one.py", "A = [2]  # reload: keep\nB = 2\n")
    (outcome,) = reloader.reload().outcomes
    assert (list(map(str, outcome.definitions)), outcome.kept) == (["B changed"], ("A",))


def test_a_pinned_value_is_kept_and_told(project, reloader):
    text = "A = {}\nB = [A]  # reload: keep\n"
    module, report = edit(project, reloader, text.format(1), text.format(2))
    assert (module.A, module.B, report.outcomes[0].kept) == (2, [1], ("B",))


def test_the_collector_is_as_it_was(project, reloader):
    edit(project, reloader, "A = 1\n", "A = 2\n")
    on = gc.isenabled()
    gc.disable()
    try:
        project.edit("m.py", "1 / 0\n")
        reloader.reload()
        off = gc.isenabled()
    finally:
        gc.enable()
    assert (on, off) == (True, False)


# What is said ------------------------------------------------------------------------------------

STATUSES = {
    "a body": ("def f(): 1\n", "def f(): 2\n", "patched", ["f changed"]),
    "a value": ("A = 1\n", "A = 2\n", "reloaded", ["A changed"]),
    "a comment": ("A = 1\n", "A = 1  # c\n", "touched", []),
    "a new function": ("A = 1\n", "A = 1\ndef f(): 1\n", "reloaded", ["f added"]),
    "a dropped function": ("A = 1\ndef f(): 1\n", "A = 1\n", "reloaded", ["f dropped"]),
    "a method": (
        "class A:\n def f(self): 1\n",
        "class A:\n def f(self): 2\n",
        "patched",
        ["A.f changed"],
    ),
    "attributes of a class": (
        "class A:\n x = 1\n y = 2\n",
        "class A:\n y = 3\n z = 4\n",
        "reloaded",
        ["A.x dropped", "A.y changed", "A.z added"],
    ),
    "an error": ("A = 1\n", "A = 1 / 0\n", "failed", []),
}


@pytest.mark.parametrize("kind", STATUSES)
def test_an_outcome_says_what_became_of_a_module(project, reloader, kind):
    before, after, status, definitions = STATUSES[kind]
    _, report = edit(project, reloader, before, after)
    (outcome,) = report.outcomes
    assert (outcome.status, [str(d) for d in outcome.definitions]) == (status, definitions)


def test_a_statement_that_ran_says_why(project, reloader):
    _, report = edit(project, reloader, "A = 1\nB = A\n", "A = 2\nB = A\n")
    found = [(ran.lineno, ran.label, ran.because) for ran in report.outcomes[0].ran]
    assert found == [(1, "A", ("edited",)), (2, "B", ("uses m.A",))]


def test_a_dependent_is_named_apart(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "from one import A\n")
    load("one", "two")
    project.edit("one.py", "A = 2\n")
    report = reloader.reload()
    assert {o.module: o.edited for o in report.outcomes} == {"one": True, "two": False}
    assert set(statuses(report).values()) == {"reloaded"}


def test_a_subclass_elsewhere_of_a_class_that_becomes_generic_is_followed(project, reloader):
    """CPython does not change the bases of a class right below `object`."""
    text = "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass A{}:\n    x = 1\n"
    project.write("one.py", text.format(""))
    project.write("two.py", "from one import A\nclass B(A): pass\n")
    one, two = load("one", "two")
    held = [one.A, two.B, two.B(), one.A()]
    project.edit("one.py", text.format("(Generic[T])"))
    reloader.reload()
    assert (held[0] is one.A, held[1] is two.B) == (True, True)
    assert (type(held[2]) is two.B, type(held[3]) is one.A) == (True, True)
    assert issubclass(two.B, one.A[int].__origin__)


def test_a_list_that_two_parts_of_a_class_hold_is_refilled_once(project, reloader):
    before = """
        def record(cls):
            names = list(cls.__annotations__)
            cls.look = lambda self: names
            cls.fields = names
            return cls
        @record
        class R:
            a: int
        """
    module, _ = edit(project, reloader, before, before + "    b: int\n")
    assert module.R.fields == module.R().look() == ["a", "b"]


def test_members_of_an_enum_that_becomes_a_plain_class_become_plain(project, reloader):
    before = "import enum\nclass C(enum.Enum):\n    A = 1\n"
    module, _ = edit(project, reloader, before, "import enum\nclass C:\n    A = 1\n")
    assert module.C.A == 1


def test_an_edited_subclass_hook_is_asked_again(project, reloader):
    before = """
        import abc
        class Draws(abc.ABC):
            @classmethod
            def __subclasshook__(cls, other): return hasattr(other, "draw")
        class X:
            draw = 1
        FOUND = issubclass(X, Draws)
        """
    module, _ = edit(project, reloader, before, before.replace('"draw")', '"paint")'))
    assert not issubclass(module.X, module.Draws)


def test_a_long_chain_of_imports_is_reloaded_nested_as_it_was_imported(project, reloader):
    def write(number: int, value: int) -> None:
        above = f"from link{number + 1} import K\n" if number < 99 else f"K = {value}\n"
        text = above + f"def f(): return {value}\n"
        (project.write if value == 1 else project.edit)(f"link{number}.py", text)

    for number in range(100):
        write(number, 1)
    first = load("link0")
    for number in range(100):
        write(number, 2)
    limit = sys.getrecursionlimit()
    assert not reloader.reload().failed
    assert (first.K, first.f()) == (2, 2)
    assert sys.getrecursionlimit() == limit


def test_only_weak_references_of_the_users_are_said_to_lead_to_a_former_instance(project, reloader):
    text = "class A:\n    __slots__ = ('__weakref__', {})\n"
    project.write("m.py", text.format("'x'") + "a, b = A(), A()\n")
    m = load("m")
    held = weakref.ref(m.b)
    project.edit("m.py", text.format("'x', 'y'") + "a, b = A(), A()\n")
    [outcome] = reloader.reload().outcomes
    assert held() is not m.b
    assert outcome.leftovers == ("weak references to 1 instance of A lead to the former one",)


def test_slots_that_copyreg_has_remembered_are_looked_up_again(project, reloader):
    before = "class P:\n    __slots__ = ('x',)\n"
    project.write("m.py", before)
    module = load("m")
    copyreg._slotnames(module.P)
    project.edit("m.py", before.replace("('x',)", "('x', 'y')"))
    reloader.reload()
    assert copyreg._slotnames(module.P) == ["x", "y"]


BODIES_THAT_A_CLASS_RUNS = {
    "of an enum": (
        "from enum import *\nclass C(Enum):\n A = 1\n def __init__(self, n): self.x = n + <n>",
        "C.A.x",
    ),
    "of an enum's base": (
        "from enum import *\nclass B(Enum):\n def __init__(self, n): self.x = n + <n>\nclass C(B): A = 1",
        "C.A.x",
    ),
    "that gives values": (
        "from enum import *\nclass C(Enum):\n def _generate_next_value_(*a): return <n> + 1\n A = auto()",
        "C.A.value",
    ),
    "called in the body": ("class C:\n def make(): return <n> + 1\n X = make()", "C.X"),
    "that decorates in the body": (
        "class C:\n def twice(f): return lambda self: f(self) + <n>\n @twice\n def m(self): return 1",
        "C().m()",
    ),
}


@pytest.mark.parametrize("kind", BODIES_THAT_A_CLASS_RUNS)
def test_edits_of_what_a_class_statement_runs_reach_it(project, reloader, kind):
    text, value = BODIES_THAT_A_CLASS_RUNS[kind]
    before, after = text.replace("<n>", "1"), text.replace("<n>", "10")
    project.write("m.py", before)
    module = load("m")
    kept = module.C
    project.edit("m.py", after)
    reloader.reload()
    assert (eval(value, vars(module)), module.C) == (11, kept)


VALUES_COMPUTED_THROUGH_BODIES = {
    "a lambda in a table": "T = {'a': lambda: <n>}\nV = T['a']()\n",
    "a function in a table": "def f(): return <n>\nT = {'a': f}\nV = T['a']()\n",
    "unpacking": "class C:\n def __iter__(self): return iter([<n>])\n(V,) = C()\n",
    "a starred argument": "class C:\n def __iter__(self): return iter([<n>])\nV = max(*C(), 0)\n",
    "a descriptor": "class D:\n def __get__(self, o, t): return <n>\nclass C: d = D()\nV = C().d\n",
    "an instance check": (
        "class M(type):\n def __instancecheck__(c, o): return <n> == 10\nclass C(metaclass=M): pass\n"
        "V = 10 if isinstance(3, C) else 1\n"
    ),
    "a hook of the base class": (
        "class B:\n def __init_subclass__(cls): cls.v = <n>\nclass C(B): pass\nV = C.v\n"
    ),
    "a dispatched function": (
        "from functools import singledispatch\n@singledispatch\ndef f(x): return 0\n"
        "@f.register\ndef _(x: int): return <n>\nV = f(1)\n"
    ),
    "a cached property": (
        "from functools import cached_property\nclass C:\n @cached_property\n def p(self): return <n>\n"
        "c = C()\nV = c.p\n"
    ),
    "a counter in an object": (
        "class S:\n x = 0\n def up(self): self.x += <n>\ns = S()\ns.up()\nV = s.x\n"
    ),
    "a block with an object": (
        "class S:\n def __init__(self): self.log = []\n def __enter__(self): self.log.append(<n>)\n"
        " def __exit__(self, *a): pass\ns = S()\nwith s: pass\nV = sum(s.log)\n"
    ),
}


@pytest.mark.parametrize("kind", VALUES_COMPUTED_THROUGH_BODIES)
def test_a_value_computed_through_an_edited_body_is_computed_again(project, reloader, kind):
    text = VALUES_COMPUTED_THROUGH_BODIES[kind]
    module, _ = edit(project, reloader, text.replace("<n>", "1"), text.replace("<n>", "10"))
    assert module.V == 10


def test_a_cached_property_is_computed_again_by_objects_from_before(project, reloader):
    text = (
        "from functools import cached_property\nclass C:\n"
        " @cached_property\n def a(self): return {0}\n @cached_property\n def b(self): return []\n"
        "class D(C): pass\n"
    )
    project.write("m.py", text.format(1))
    held = load("m").D()
    first, other = held.a, held.b
    project.edit("m.py", text.format(2))
    reloader.reload()
    assert (first, held.a) == (1, 2)
    assert held.b is other


def test_classes_that_mention_each_other_are_followed(project, reloader):
    text = "class A: pass\nclass B:\n    a = A\n    def f(self): return 1\nA.b = B\nb = B()\n"
    module, report = edit(project, reloader, text, text.replace("1", "2") + "c = len([A])\n")
    assert (str(report.outcomes[0].status), module.b.f(), module.A.b.a) == ("reloaded", 2, module.A)


def test_a_check_against_a_protocol_is_made_again_when_the_class_gets_what_it_asks_for(
    project, reloader
):
    project.write(
        "proto.py",
        "from typing import Protocol, runtime_checkable\n"
        "@runtime_checkable\nclass Closes(Protocol):\n    def close(self): ...\n",
    )
    text = "class File:\n    def open(self): pass\n"
    project.write("files.py", text)
    project.write(
        "use.py",
        "from proto import Closes\nfrom files import File\n"
        "f = File()\nCLOSES = isinstance(f, Closes)\nIS = isinstance(f, File)\nKEPT = [object()]\n",
    )
    use = load("use")
    f, kept = use.f, use.KEPT
    project.edit("files.py", text + "    def close(self): pass\n")
    report = reloader.reload()
    assert not report.failed
    assert (use.CLOSES, use.IS) == (True, True)
    assert (use.f is f, use.KEPT is kept) == (True, True)
    project.edit("files.py", text)
    reloader.reload()
    assert not use.CLOSES


def test_what_decorators_had_set_on_a_function_that_an_object_holds_is_not_there_again(
    project, reloader
):
    project.write(
        "commands.py",
        "def option(name):\n    def mark(f):\n"
        "        f.options = [name, *getattr(f, 'options', [])]\n        return f\n    return mark\n"
        "class Command:\n    def __init__(self, f):\n"
        "        self.f, self.options = f, list(f.options)\n",
    )
    project.write(
        "use.py",
        "from commands import *\n@Command\n@option('a')\n@option('b')\ndef run(): return 1\n",
    )
    use = load("use")
    function = use.run.f
    function.mine = True
    project.replace("use.py", "'a'", "'z'")
    reloader.reload()
    assert (use.run.options, use.run.f is function, function.mine) == (["z", "b"], True, True)
    project.replace("use.py", "@option('b')\n", "")
    reloader.reload()
    assert use.run.options == ["z"]
