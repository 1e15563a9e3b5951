"""What an edit did to a source, statement by statement."""

from __future__ import annotations

import ast
import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reloadmagic.diff import diff_class_texts, diff_sources
from reloadmagic.source import Source
from reloadmagic.source.anatomy import qualified

FILES = [
    path
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    if 2_000 < path.stat().st_size < 30_000
]


def read(text: str) -> Source:
    return Source.read(text.encode(), "m.py")


def told(before: str, after: str) -> list[str]:
    """The edit in short: ``body area``, ``changed WIDTH``, ``new old``, ``dropped old``."""
    diff = diff_sources(read(before), read(after))
    found = [f"{pair.how} {diff.after.statements[pair.new].label}" for pair in diff.edited]
    return found + [f"dropped {diff.before.statements[number].label}" for number in diff.dropped]


NO_OPS = {
    "nothing": ("a = 1\n", "a = 1\n"),
    "a comment": ("a = 1\n", "# why\na = 1  # because\n"),
    "blank lines": ("a = 1\nb = 2\n", "\n\na = 1\n\n\nb = 2"),
    "spaces": ("a=[1,2]\n", "a = [\n    1,\n    2,\n]\n"),
    "parentheses and quotes": ("a = ('x')\n", 'a = "x"\n'),
    "order": ("a = 1\nb = 2\n", "b = 2\na = 1\n"),  # whether it matters is for reach to know
    "order of equal statements": ("f()\na = 1\nf()\n", "f()\nf()\na = 1\n"),
    "a number's notation": ("a = 1000\n", "a = 1_000\n"),
    "layout of a function": ("def f(): return 1\n", "def f():\n\n    # c\n    return 1\n"),
    "empty": ("", "# only a comment\n"),
}


@pytest.mark.parametrize("kind", NO_OPS)
def test_what_does_not_run_is_no_change(kind):
    assert told(*NO_OPS[kind]) == []


CHANGES = {
    "a value": ("a = 1\n", "a = 2\n", ["changed a"]),
    "a type of equal value": ("a = 1\n", "a = True\n", ["changed a"]),
    "a float of equal value": ("a = 0.0\n", "a = -0.0\n", ["changed a"]),
    "an addition": ("a = 1\n", "a = 1\nb = 2\n", ["new b"]),
    "a removal": ("a = 1\nb = 2\n", "a = 1\n", ["dropped b"]),
    "a body": ("def f(): return 1\n", "def f(): return 2\n", ["body def f"]),
    "a body and its place": (
        "def f(): return 1\na = 1\n",
        "a = 1\ndef f(): return 2\n",
        ["body def f"],
    ),
    "a default": ("def f(x=1): pass\n", "def f(x=2): pass\n", ["changed def f"]),
    "an annotation": ("def f(x: int): pass\n", "def f(x: str): pass\n", ["changed def f"]),
    "a docstring": ("def f():\n 'a'\n", "def f():\n 'b'\n", ["changed def f"]),
    "a body below a docstring": (
        "def f():\n 'a'\n return 1\n",
        "def f():\n 'a'\n return 2\n",
        ["body def f"],
    ),
    "a decorator": ("def f(): pass\n", "@d\ndef f(): pass\n", ["changed def f"]),
    "a function made async": ("def f(): pass\n", "async def f(): pass\n", ["changed def f"]),
    "a method": (
        "class A:\n def f(self): 1\n x = 1\n",
        "class A:\n def f(self): 2\n x = 1\n",
        ["body class A"],
    ),
    "a class value": ("class A: x = 1\n", "class A: x = 2\n", ["changed class A"]),
    "a base": ("class A: pass\n", "class A(B): pass\n", ["changed class A"]),
    "a renaming": ("a = 1\n", "b = 1\n", ["new b", "dropped a"]),
    "a renamed function": ("def f(): pass\n", "def g(): pass\n", ["new def g", "dropped def f"]),
    "a function made a value": ("def f(): pass\n", "f = 1\n", ["changed f"]),
    "a call": ("f(1)\n", "f(2)\n", ["new f(2)", "dropped f(1)"]),
    "names in common": ("a, b = 1, 2\n", "a, c = 1, 2\n", ["changed a, c"]),
    "one binding of several": ("x = 1\nx = 2\nx = 3\n", "x = 1\nx = 5\nx = 3\n", ["changed x"]),
    "one more binding": ("x = 1\nx = 2\n", "x = 1\nx = 9\nx = 2\n", ["new x"]),
    "the module's docstring": ("'a'\n", "'b'\n", ["changed 'b'"]),
    "a lambda's body": ("f = lambda: 1\n", "f = lambda: 2\n", ["changed f"]),
    "a type comment is none": ("a = 1\n", "a = 1  # type: int\n", []),
    "an import": ("import a\n", "import b as a\n", ["changed import b as a"]),
    "a star": ("from a import *\n", "from b import *\n", ["changed from b import *"]),
    "a future import and a body": (
        "from __future__ import annotations\ndef f(x: int): return 1\n",
        "def f(x: int): return 2\n",
        ["changed def f", "dropped from __future__ import annotations"],
    ),
    "a future import": (
        "def f(): pass\n",
        "from __future__ import annotations\ndef f(): pass\n",
        ["new from __future__ import annotations", "changed def f"],
    ),
    "a future import and annotated names": (
        "a: int = 1\nb = f()\nc: int = 2\n",
        "from __future__ import annotations\na: int = 1\nb: int = f()\nc: int = 3\n",
        ["new from __future__ import annotations", "annotation a", "annotation b", "changed c"],
    ),
    "a nested function": (
        "def f():\n def g(): 1\n return g\n",
        "def f():\n def g(): 2\n return g\n",
        ["body def f"],
    ),
    "a body in a branch": ("if a:\n def f(): 1\n", "if a:\n def f(): 2\n", ["body if a:"]),
    "two kinds of one name": ("def f(): pass\nf = 1\n", "f = 1\ndef f(): 2\n", ["body def f"]),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_an_edit_is_told_as_what_it_does(kind):
    before, after, expected = CHANGES[kind]
    assert told(before, after) == expected


def test_a_body_edit_names_the_functions_that_differ():
    before = "class A:\n def f(self): 1\n def g(self): 2\n class B:\n  def h(self): 3\n"
    (pair,) = diff_sources(read(before), read(before.replace("1", "9").replace("3", "8"))).pairs
    assert [(edit.qualname, edit.path) for edit in pair.bodies] == [("A.f", 0), ("A.B.h", 2)]


def test_a_body_edit_knows_the_lines_of_both_versions():
    before, after = "@d\ndef f():\n return 1\n", "\n\n@d\ndef f():\n return 2\n"
    (edit,) = diff_sources(read(before), read(after)).pairs[0].bodies
    assert (edit.before, edit.after) == (1, 3)


def test_statements_that_only_moved_are_named():
    diff = diff_sources(read("a = 1\nb = 2\nc = 3\n"), read("a = 1\n\nb = 2\nc = 3\n"))
    assert (bool(diff), diff.moved) == (False, (1, 2))


def test_of_equal_statements_each_is_paired_once():
    diff = diff_sources(read("f()\nf()\n"), read("f()\nf()\nf()\n"))
    olds = [pair.old for pair in diff.pairs]
    assert (sorted(o for o in olds if o is not None), olds.count(None)) == ([0, 1], 1)


CLASSES = {
    "nothing": ("x = 1", "x = 1", ([], [], False)),
    "a method's body": ("def f(self): 1", "def f(self): 2", (["f"], [], False)),
    "a method's default": ("def f(self, x=1): 1", "def f(self, x=2): 1", ([], ["f"], False)),
    "a method's docstring": ("def f(self): 'a'", "def f(self): 'b'", ([], ["f"], False)),
    "a value": ("x = 1", "x = 2", ([], ["x"], False)),
    "an annotation": ("x: int", "x: str", ([], ["x"], False)),
    "a new name": ("x = 1", "x = 1; y = 2", ([], ["y"], True)),
    "a dropped name": ("x = 1; y = 2", "x = 1", ([], ["y"], True)),
    "another order": ("x = 1; y = 2", "y = 2; x = 1", ([], [], True)),  # fields are ordered
    "a property's setter": (
        "@property\n def p(self): 1\n @p.setter\n def p(self, v): 2",
        "@property\n def p(self): 1\n @p.setter\n def p(self, v): 3",
        (["p"], [], False),
    ),
    "an inner class": ("class B: y = 1", "class B: y = 2", ([], ["B"], False)),
    "a docstring": ("'a'; x = 1", "'b'; x = 1", ([], ["__doc__"], False)),
    "a decorator": ("def f(self): 1", "@d\n def f(self): 1", ([], ["f"], False)),
}


@pytest.mark.parametrize("kind", CLASSES)
def test_a_class_is_compared_name_by_name(kind):
    before, after, expected = CLASSES[kind]
    found = diff_class_texts(f"class A:\n {before}\n", f"class A:\n {after}\n")
    assert (sorted(found.bodies), sorted(found.attrs), found.names) == expected


def test_names_that_a_class_gains_and_loses_are_told():
    found = diff_class_texts("class A:\n x = y = 1\n", "class A:\n y = z = 1\n")
    assert (found.added, found.dropped) == ({"z"}, {"x"})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("class A: pass", "class A(B): pass", True),
        ("class A: pass", "class A(metaclass=M): pass", True),
        ("@d\nclass A: pass", "class A: pass", True),
        ("class A: x = 1", "class A: x = 2", False),
    ],
)
def test_the_head_of_a_class_is_what_stands_above_its_names(before, after, expected):
    assert diff_class_texts(before, after).head is expected


def test_qualnames_are_those_that_python_gives():
    text = "def f(): pass\nclass A:\n def g(self): pass\n class B:\n  def h(self): pass\n"
    assert [name for name, _ in qualified(ast.parse(text).body)] == ["f", "A.g", "A.B.h"]


# What must always hold ----------------------------------------------------------------------------

STATEMENTS = st.sampled_from(
    ["a = 1", "a = 2", "b = a", "f()", "def f():\n    return 1", "def f():\n    return 2",
     "@d\ndef g(x=1):\n    return x", "class A:\n    x = 1\n    def m(self): return 1",
     "class A:\n    x = 2\n    def m(self): return 2", "import os", "for i in a:\n    b = i",
     "if a:\n    c = 1\nelse:\n    c = 2", "from os import path as a", "a: int = 3"]
)  # fmt: skip
SOURCES = st.lists(STATEMENTS, max_size=8).map("\n".join)


@given(SOURCES)
@settings(deadline=None, max_examples=50)
def test_a_source_and_itself_do_not_differ(text):
    assert not diff_sources(read(text), read(text))


@pytest.mark.parametrize("path", FILES[::20], ids=lambda path: path.stem)
def test_modules_of_the_standard_library_do_not_differ_from_themselves(path):
    one, other = (Source.read(path.read_bytes(), str(path)) for _ in range(2))
    diff = diff_sources(one, other)
    assert (bool(diff), diff.moved) == (False, ())


@pytest.mark.parametrize("seed", range(6))
def test_comments_and_blank_lines_change_no_definition_of_the_standard_library(seed):
    dice = random.Random(seed)
    text = dice.choice(FILES).read_text(encoding="utf-8")
    source = read(text)
    lines = text.split("\n")
    starts = sorted({s.lineno for s in source.statements if s.fragment.kind != "other"})
    for line in sorted(dice.sample(starts, min(len(starts), 8)), reverse=True):
        lines[line - 1 : line - 1] = dice.choice([[""], ["# a comment"], ["", "# x", ""]])
    assert not diff_sources(source, read("\n".join(lines)))


@given(SOURCES, SOURCES)
@settings(deadline=None, max_examples=120)
def test_every_statement_of_both_versions_is_accounted_for_once(before, after):
    diff = diff_sources(read(before), read(after))
    olds = [pair.old for pair in diff.pairs if pair.old is not None]
    assert [pair.new for pair in diff.pairs] == list(range(len(diff.after.statements)))
    assert sorted([*olds, *diff.dropped]) == list(range(len(diff.before.statements)))


@given(SOURCES, SOURCES)
@settings(deadline=None, max_examples=120)
def test_same_pairs_mean_the_same(before, after):
    diff = diff_sources(read(before), read(after))
    for pair in diff.pairs:
        if pair.old is not None:
            old = diff.before.statements[pair.old].fragment
            new = diff.after.statements[pair.new].fragment
            assert (pair.how == "same") == (old.key == new.key)


@given(SOURCES, SOURCES)
@settings(deadline=None, max_examples=60)
def test_the_way_back_undoes_as_many_statements(before, after):
    there = diff_sources(read(before), read(after))
    back = diff_sources(read(after), read(before))
    assert sum(p.how == "same" for p in there.pairs) == sum(p.how == "same" for p in back.pairs)
    assert len(there.dropped) == sum(p.how == "new" for p in back.pairs)
