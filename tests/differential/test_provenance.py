from __future__ import annotations

import pytest

from .provenance import Facts

BEFORE = """
from .b import K, Database, helper
from .b import Database as Store
REG = {}
def register(fn):
    REG[fn.__name__] = fn
    return fn
@register
def h(x): return x + K
def f(): return K
CACHE = {}
DB = Database(1)
MADE = helper()
HELD = [f, DB]
N = len(REG)
ALIAS = Database
ALIAS_DB = ALIAS(2)
TABLE = {}
TABLE["k"] = 1
M = len(TABLE)
"""
OTHER = """
K = 1
class Database:
    def __init__(self, n):
        self.n = self.sized(n)
    def sized(self, n): return n
    def query(self): return K
def helper(): return [inner()]
def inner(): return 5
def late():
    from pkg.a import N
    return N
LATE = [late()]
from . import a
STORE = a.Store(3)
"""


# text taken out, text put in, a name that the edit may reach, one that it does not
EDITS = [
    ("def query(self): return K", "def query(self): return K + 1", "pkg.b:Database", "pkg.a:DB"),
    ("def sized(self, n): return n", "def sized(self, n): return -n", "pkg.a:DB", "pkg.a:CACHE"),
    ("def inner(): return 5", "def inner(): return 6", "pkg.a:MADE", "pkg.a:DB"),
    ("def f(): return K", "def f(): return -K", "pkg.a:f", "pkg.a:HELD"),
    ("return x + K", "return x - K", "pkg.a:REG", "pkg.a:CACHE"),
    ("N = len(REG)", "N = len(REG) + 1", "pkg.a:N", "pkg.a:REG"),
    ("N = len(REG)", "N = 7", "pkg.b:LATE", "pkg.a:REG"),
    ("K = 1", "K = 2", "pkg.b:K", "pkg.a:CACHE"),
    ("def sized(self, n): return n", "def sized(self, n): return -n", "pkg.a:ALIAS_DB", ""),
    ("def sized(self, n): return n", "def sized(self, n): return -n", "pkg.b:STORE", ""),
    ('TABLE["k"] = 1', 'TABLE["k"] = 2', "pkg.a:M", "pkg.a:N"),
    ("CACHE = {}", "CACHE = {1: 2}", "pkg.a:CACHE", "pkg.a:MADE"),
    ("CACHE = {}", "# a comment\nCACHE = {}", "", "pkg.a:CACHE"),
    ("HELD = [f, DB]", "HELD = [f, DB]\nfor i in REG: pass", "pkg.a:CACHE", ""),
]


@pytest.mark.parametrize(("old", "new", "reached", "untouched"), EDITS)
def test_what_an_edit_may_reach_is_told_from_what_it_does_not(
    old: str, new: str, reached: str, untouched: str
) -> None:
    before = Facts({"pkg/a.py": BEFORE, "pkg/b.py": OTHER}).digests()
    files = {"pkg/a.py": BEFORE.replace(old, new), "pkg/b.py": OTHER.replace(old, new)}
    after = Facts(files).digests()
    differing = {":".join(place) for place in before if before[place] != after.get(place)}
    assert (not reached or reached in differing, untouched in differing) == (True, False)


@pytest.mark.parametrize("text", ["from . import b\nX = [b.G]", "from .b import G\nX = [G]"])
def test_what_names_that_nobody_sees_bound_hold_may_be_reached(text: str) -> None:
    first, second = (
        Facts({"pkg/a.py": text, "pkg/b.py": f"globals()['G'] = {value}"}).digests()
        for value in (1, 2)
    )
    assert first["pkg.a", "X"] != second["pkg.a", "X"]


def test_what_a_module_fills_that_cannot_be_told_runs_with_all_that_it_fills() -> None:
    first, second = (
        Facts(
            {
                "pkg/a.py": f"L = []\ndef put(f):\n    L.append(f)\n@put\ndef _(x={value}):\n    pass\n",
                "pkg/b.py": "class C:\n    made = 0\n    def __init__(self):\n        C.made += 1\nX = C()\n",
                "pkg/c.py": "from . import a, b\na.L.append(0)\nvars()['G'] = b.C()\n",
            }
        ).digests()
        for value in (1, 2)
    )
    assert first["pkg.b", "X"] != second["pkg.b", "X"]


def test_a_module_that_cannot_be_told_may_use_each_name_of_a_star_import() -> None:
    text = "from .a import *\nX = [1]\nglobals()['G'] = 1\n"
    first, second = (
        Facts({"pkg/a.py": values, "pkg/b.py": text}).digests()
        for values in ("A = 1\n", "A = 1\nB = 2\n")
    )
    assert first["pkg.b", "X"] != second["pkg.b", "X"]
