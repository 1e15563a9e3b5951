"""What was passed to others is held by them: who runs it from there sees its edit."""

from __future__ import annotations

import pytest

from session import load

TEXT = """
import functools
from dataclasses import dataclass
from typing import NamedTuple
def handler(x):
    return x + 1
def run(functions):
    return [f(1) for f in functions]
class Bus:
    def __init__(self, *given, port=80):
        self.all = list(given)
        self.port = port
    def on(self, name, f):
        self.all.append(f)
    def put(self, f):
        self.one = f
    def fire(self):
        return run(self.all)
class Named:
    def __init__(self, f=None, port=80):
        self.f = f
        self.port = port
    def go(self):
        return self.f(1)
@dataclass
class Data:
    f: object
    def go(self):
        return self.f(1)
class Row(NamedTuple):
    f: object
    def go(self):
        return self.f(1)
class Listed:
    def __init__(self, all):
        self.all = list(all)
    def fire(self):
        return run(self.all)
class Pairs(Listed):
    def __init__(self, pairs):
        super().__init__([f for _, f in pairs])
class Later:
    def __init__(self, f):
        self.f = lambda x: f(x)
def boxed(f):
    return {"a": f}
BUS = Bus()
TABLE = {"a": handler}
LIST = [handler]
"""
# What passes it on, what runs it, and what may run again for that.
HELD = {
    "an argument": ("B = Named(handler)", "B.go()"),
    "an argument by its name": ("B = Named(port=1, f=handler)", "B.go()"),
    "a list as argument": ("B = Listed([handler])", "B.fire()"),
    "a lambda as argument": ("B = Named(lambda x: handler(x))", "B.go()"),
    "one of many arguments": ("B = Bus(handler)", "B.fire()"),
    "a partial": ("B = Named(functools.partial(handler))", "B.go()"),
    "a field": ("B = Data(handler)", "B.go()"),
    "a column": ("B = Row(handler)", "B.go()"),
    "a lambda": ("B = Later(handler)", "B.f(1)"),
    "what a function gives": ("B = boxed(handler)", "B['a'](1)"),
    "a method that appends": ("BUS.on('x', handler)", "BUS.fire()"),
    "a method that sets": ("BUS.put(handler)", "BUS.one(1)"),
    "a list": ("BUS.all.append(handler)", "BUS.fire()"),
    "an attribute": ("BUS.all = [handler]", "BUS.fire()"),
    "a new dict": ("B = dict(a=handler)", "B['a'](1)"),
    "a copy by name": ("B = dict(TABLE)", "B['a'](1)"),
    "a copy by method": ("B = TABLE.copy()", "B['a'](1)"),
    "a copy with more": ("B = {'b': 1, **TABLE}", "B['a'](1)"),
    "a list with more": ("B = [None, *LIST]", "B[1](1)"),
    "a sum": ("B = LIST + LIST", "B[1](1)"),
    "another list": ("B = [f for f in LIST]", "B[0](1)"),
}

# Where the object is made again, as making it may run what it is passed.
LOOKED_INTO = {
    "a list of arguments": ("B = Bus(*[handler])", "B.fire()"),
    "a dict as argument": ("B = Listed({'a': handler}.values())", "B.fire()"),
    "pairs as argument": ("B = Pairs([('a', handler)])", "B.fire()"),
}


@pytest.mark.parametrize("kind", LOOKED_INTO)
def test_a_value_is_made_again_by_what_may_have_run_what_it_was_passed(project, reloader, kind):
    text = "{}\n{}\nN = {}\n".format(TEXT, *LOOKED_INTO[kind])
    project.write("m.py", text)
    m = load("m")
    project.edit("m.py", text.replace("x + 1", "x + 2"))
    reloader.reload()
    assert m.N == [3]


@pytest.mark.parametrize("kind", HELD)
def test_a_value_is_made_again_by_what_runs_what_it_was_passed(project, reloader, kind):
    passing, value = HELD[kind]
    text = f"{TEXT}\n{passing}\nN = {value}\n"
    project.write("m.py", text)
    m = load("m")
    was_list, bus, name = m.N == [2], m.BUS, passing.partition(" ")[0]
    held = vars(m).get(name)
    project.edit("m.py", text.replace("x + 1", "x + 2"))
    reloader.reload()
    expected = [3] if was_list else 3
    assert (m.N, m.BUS is bus, vars(m).get(name) is held) == (expected, True, True)


def test_what_reads_something_else_of_the_object_stays(project, reloader):
    text = f"{TEXT}\nB = Named(handler, 1)\nSEEN = [B.port]\n"
    project.write("m.py", text)
    m = load("m")
    bus, seen = m.B, m.SEEN
    project.edit("m.py", text.replace("x + 1", "x + 2"))
    reloader.reload()
    assert (m.B is bus, m.SEEN is seen, m.B.go()) == (True, True, 3)
