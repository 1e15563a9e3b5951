"""Other bases of a class: what it has from them changes, and what is made of it otherwise stays."""

from __future__ import annotations

import pytest

from session import load

TEXT = """
class Base:
    def __init__(self):
        self.seen = []
    def name(self):
        return ["base"]
class Loud:
    def name(self):
        return ["loud", *super().name()]
class Counted:
    made = 0
    def __init__(self):
        super().__init__()
        self.number = 1
class Other:
    def other(self):
        return 1
class A(Base):
    def call(self):
        return self.name()
class B(A):
    pass
OBJ = A()
SUB = B()
BY = {"a": A}
NAME = OBJ.name()
CALLED = SUB.call()
IS_LOUD = isinstance(SUB, Loud) and issubclass(B, Loud)
KINDS = [c.__name__ for c in Loud.__subclasses__()]
NUMBER = getattr(OBJ, "number", 0)
"""
NAMES = ("NAME", "CALLED", "IS_LOUD", "KINDS", "NUMBER")
# The bases, what the module then says, and whether its objects are to stay.
BASES = {
    "a mixin in front": (
        "Loud, Base",
        (["loud", "base"], ["loud", "base"], True, ["A"], 0),
        True,
    ),
    "a mixin behind": ("Base, Other", (["base"], ["base"], False, [], 0), True),
    "a mixin that constructs": ("Counted, Base", (["base"], ["base"], False, [], 1), False),
    "two in turn": (
        "Loud, Counted, Base",
        (["loud", "base"], ["loud", "base"], True, ["A"], 1),
        False,
    ),
}


@pytest.mark.parametrize("kind", BASES)
def test_a_class_with_other_bases_has_what_they_give_and_its_objects_stay(project, reloader, kind):
    bases, expected, stay = BASES[kind]
    project.write("m.py", TEXT)
    m = load("m")
    cls, obj, sub = m.A, m.OBJ, m.SUB
    before = [vars(m)[name] for name in NAMES]
    project.edit("m.py", TEXT.replace("class A(Base)", f"class A({bases})"))
    reloader.reload()
    assert tuple(vars(m)[name] for name in NAMES) == expected
    assert (m.A is cls, m.BY["a"] is cls, m.OBJ is obj, m.SUB is sub) == (True, True, stay, stay)
    project.edit("m.py", TEXT)
    reloader.reload()
    assert [vars(m)[name] for name in NAMES] == before


def test_objects_of_a_class_that_had_no_base_stay_when_it_gets_one(project, reloader):
    text = "class Base:\n def name(self): return 1\nclass A:\n n = 0\nOBJ = A()\nBY = {'a': A}\n"
    project.write("m.py", text)
    m = load("m")
    obj, by = m.OBJ, m.BY
    obj.seen = [1]
    project.edit("m.py", text.replace("class A:", "class A(Base):"))
    reloader.reload()
    assert (m.OBJ is obj, m.BY is by, by["a"] is m.A, type(obj) is m.A) == (True,) * 4
    assert (obj.name(), obj.seen) == (1, [1])
