"""What a reload would do, before anything is done."""

from __future__ import annotations

import sys

import pytest

from session import differences, load, picture


def planned(project, reloader, before: str, after: str) -> list[str]:
    """Labels of the statements planned for an edit of one module."""
    project.write("m.py", before)
    load("m")
    project.edit("m.py", after)
    plan = reloader.plan().modules.get("m")
    return [] if plan is None else [plan.after.statements[n].label for n in sorted(plan.run)]


# Before, after, and the statements planned.
PLANS = {
    "a comment": ("a = 1\n", "# c\na = 1\n", []),
    "a body": ("def f(): return 1\nx = 2\n", "def f(): return 2\nx = 2\n", []),
    "a body that a value was computed through": (
        "def f(): return 1\nx = f()\ny = 2\n",
        "def f(): return 2\nx = f()\ny = 2\n",
        ["x"],
    ),
    "a constant": ("a = 1\nb = a + 1\nc = 3\n", "a = 2\nb = a + 1\nc = 3\n", ["a", "b"]),
    "a default": ("a = 1\ndef f(x=a): pass\n", "a = 2\ndef f(x=a): pass\n", ["a", "def f"]),
    "an addition": ("a = 1\n", "a = 1\nb = 2\n", ["b"]),
    "a removal": ("a = 1\nb = 2\n", "a = 1\n", []),
    "a filler that was dropped": (
        "L = []\nL.append(1)\nL.append(2)\n",
        "L = []\nL.append(1)\n",
        ["L", "L.append(1)"],
    ),
    "a filler at the end": (
        "L = []\nL.append(1)\n",
        "L = []\nL.append(1)\nL.append(2)\n",
        ["L.append(2)"],
    ),
    "a filler in between": (
        "L = []\nL.append(1)\n",
        "L = []\nL.append(0)\nL.append(1)\n",
        ["L", "L.append(0)", "L.append(1)"],
    ),
    "a filler and what counts": (
        "L = []\nL.append(1)\nn = len(L)\n",
        "L = []\nL.append(1)\nn = len(L)\nL.append(2)\n",
        ["L.append(2)"],  # n was computed before it and would be so again
    ),
    "a name bound twice": (
        "x = 1\nx = x + 1\ny = 3\n",
        "x = 1\nx = x + 2\ny = 3\n",
        ["x", "x"],
    ),
    "order outside groups": ("a = 1\nb = 2\n", "b = 2\na = 1\n", []),
    "order inside a group": (
        "L = []\nL.append(1)\nL.append(2)\n",
        "L = []\nL.append(2)\nL.append(1)\n",
        ["L", "L.append(2)", "L.append(1)"],
    ),
    "a constructor": (
        "class D:\n def __init__(self): self.x = 1\ndb = D()\n",
        "class D:\n def __init__(self): self.x = 2\ndb = D()\n",
        ["db"],
    ),
    "another method": (
        "class D:\n def q(self): return 1\ndb = D()\n",
        "class D:\n def q(self): return 2\ndb = D()\n",
        [],
    ),
    "what cannot be told": (
        "exec('a = 1')\nb = 2\n",
        "exec('a = 2')\nb = 2\n",
        ["exec('a = 2')", "b"],
    ),
    "a pin": ("a = 1\nb = a  # reload: keep\n", "a = 2\nb = a  # reload: keep\n", ["a"]),
}


@pytest.mark.parametrize("kind", PLANS)
def test_a_plan_has_what_the_edit_may_reach(project, reloader, kind):
    before, after, expected = PLANS[kind]
    assert planned(project, reloader, before, after) == expected


def test_planning_runs_imports_and_writes_nothing(project, reloader):
    project.write("m.py", "A = [1]\ndef f(): return A\nx = f()\n")
    load("m")
    before = picture(project)
    project.edit(
        "m.py", "import new_one, sys\nsys.planned = 1\nA = [2]\ndef f(): return 3\nx = f()\n"
    )
    project.write("new_one.py", "")
    str(reloader.plan())
    assert differences(before, picture(project)) == []
    assert not hasattr(sys, "planned")
    assert "new_one" not in sys.modules


def test_a_plan_made_twice_is_the_same(project, reloader):
    project.write("m.py", "a = 1\nb = a\n")
    load("m")
    project.edit("m.py", "a = 2\nb = a\n")
    assert str(reloader.plan()) == str(reloader.plan())


def test_a_plan_says_what_and_why(project, reloader):
    project.write("one.py", "K = 1\ndef f(): return 1\n")
    project.write("two.py", "from one import K\nWIDTH = K * 2\n")
    load("one", "two")
    project.edit("one.py", "K = 2\ndef f(): return 2\n")
    assert str(reloader.plan()).splitlines() == [
        "reload one: f; K (edited)",
        "reload two: K (uses one.K); WIDTH (uses one.K, uses two.K)",
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [("A = 1\n", "skip"), ("A = 2\n", "reload"), ("A = 1\ndef f(): return 2\n", "reload")],
)
def test_a_step_says_what_becomes_of_a_module(project, reloader, after, expected):
    project.write("m.py", "A = 1\n")
    load("m")
    project.edit("m.py", after)
    (step,) = reloader.plan().steps
    assert step.action == expected


def test_a_body_alone_is_a_patch(project, reloader):
    project.write("m.py", "def f(): return 1\n")
    load("m")
    project.edit("m.py", "def f(): return 2\n")
    plan = reloader.plan()
    assert ([step.action for step in plan.steps], bool(plan)) == (["patch"], True)


def test_a_plan_without_changes_is_false_and_says_so(project, reloader):
    plan = reloader.plan()
    assert (bool(plan), str(plan)) == (False, "nothing to reload")


FILES = {
    "a": "A = 1\n",
    "b": "from a import A\nB = 1\n",
    "c": "from b import B\nC = 1\n",
    "d": "D = 1\n",
}


def sets(project, reloader, *edited: str) -> list[tuple[tuple[str, ...], bool]]:
    for name, text in FILES.items():
        project.write(f"{name}.py", text)
    load(*FILES)
    for name in edited:
        project.edit(f"{name}.py", FILES[name].replace("= 1", "= 2"))
    return [(s.modules, s.edited) for s in reloader.plan().sets]


def test_edited_modules_that_depend_on_each_other_share_a_transaction(project, reloader):
    assert sets(project, reloader, "a", "b")[0] == (("a", "b"), True)


def test_edited_modules_that_depend_on_each_other_through_others_share_one_too(project, reloader):
    ((names, edited),) = sets(project, reloader, "a", "c")
    assert ({"a", "c"} <= set(names), edited) == (True, True)


def test_edited_modules_without_a_path_have_their_own(project, reloader):
    found = sets(project, reloader, "a", "d")
    assert [modules for modules, edited in found if edited] == [("a",), ("d",)]


def test_dependents_that_were_not_edited_come_after_with_their_own(project, reloader):
    found = sets(project, reloader, "a")
    assert found == [(("a",), True), (("b",), False)]


def test_a_module_that_cannot_be_parsed_holds_back_those_edited_with_it(project, reloader):
    sets(project, reloader, "b")
    project.edit("a.py", "A = (\n")
    (only,) = [s for s in reloader.plan().sets if s.edited]
    assert (only.modules, only.blocked) == (("b",), {"a"})


def test_a_definition_moved_between_modules_is_known_as_the_same(project, reloader):
    project.write("one.py", "def f(): return 1\nA = 1\n")
    project.write("two.py", "B = 1\n")
    load("one", "two")
    project.edit("one.py", "A = 1\n")
    project.edit("two.py", "B = 1\ndef f(): return 1\n")
    assert reloader.plan().modules["two"].origins == {1: ("one", 0)}
