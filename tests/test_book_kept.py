"""Classes that a library knows by name from when their statements ran, and refuses to see twice."""

from __future__ import annotations

import sys
import types

import pytest

from session import load

LIBRARY = """
class Model:
    known = {}
    def __init_subclass__(cls):
        if cls.__name__ in Model.known:
            raise ValueError(cls.__name__ + " is mapped already")
        Model.known[cls.__name__] = cls
    def label(self):
        return "label"
"""
TEXT = """
from mapping import Model
class User(Model):
    table = "users"
    def name(self):
        return "ann"
    def gone(self):
        return 1
USER = User()
LOADED = [USER]
"""


@pytest.fixture
def mapping(monkeypatch):
    module = types.ModuleType("mapping")
    exec(LIBRARY, vars(module))
    monkeypatch.setitem(sys.modules, "mapping", module)
    return module


METHODS = {
    "added": (
        "\n    def hello(self):\n        return 'hi ' + self.name()\n",
        "user.hello()",
        "hi ann",
    ),
    "asks above": (
        "\n    def label(self):\n        return [super().label()]\n",
        "user.label()",
        ["label"],
    ),
    "property": ("\n    @property\n    def size(self):\n        return 3\n", "user.size", 3),
    "of the class": (
        "\n    @classmethod\n    def make(cls):\n        return cls\n",
        "user.make()",
        None,
    ),
}


@pytest.mark.parametrize("kind", METHODS)
def test_a_class_that_a_library_knows_gets_a_method(project, reloader, mapping, kind):
    method, asked, expected = METHODS[kind]
    project.write("m.py", TEXT)
    m = load("m")
    user, loaded, cls = m.USER, m.LOADED, m.User
    project.edit("m.py", TEXT.replace("\n    def gone(self):\n        return 1\n", method))
    reloader.reload()
    assert (m.User is cls, m.USER is user, m.LOADED is loaded) == (True, True, True)
    assert eval(asked, {"user": user}) == (cls if expected is None else expected)
    assert (hasattr(user, "gone"), mapping.Model.known) == (False, {"User": cls})


def test_a_method_of_such_a_class_may_change_its_head_and_free_names(project, reloader, mapping):
    project.write("m.py", TEXT)
    m = load("m")
    held = m.USER.name
    changed = 'def name(self, other="bob"):\n        return super().label() + other'
    project.edit("m.py", TEXT.replace('def name(self):\n        return "ann"', changed))
    reloader.reload()
    assert (m.USER.name(), m.USER.name("x"), held.__self__ is m.USER) == (
        "labelbob",
        "labelx",
        True,
    )


def test_an_edit_of_more_than_methods_is_refused_and_leaves_the_class(project, reloader, mapping):
    project.write("m.py", TEXT)
    m = load("m")
    project.edit("m.py", TEXT.replace('"users"', '"people"').replace('"ann"', '"bob"'))
    reloader.reload()
    assert (m.User.table, m.USER.name()) == ("users", "ann")


def test_a_base_of_such_classes_gets_a_method(project, reloader, mapping):
    text = TEXT.replace("class User(Model)", "class Base(Model):\n    n = 1\nclass User(Base)")
    project.write("m.py", text)
    m = load("m")
    user, cls = m.USER, m.User
    project.edit("m.py", text.replace("n = 1", "n = 1\n    def extra(self): return self.name()"))
    reloader.reload()
    assert (m.USER is user, m.User is cls, user.extra()) == (True, True, "ann")
