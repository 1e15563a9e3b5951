"""Sources cut into statements, parsed where they changed only."""

from __future__ import annotations

import ast
import random
import sysconfig
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reloadmagic.errors import SourceError
from reloadmagic.source import Source
from reloadmagic.source.alike import common_prefix, common_suffix
from reloadmagic.source.scopes import bound_names

STDLIB = Path(sysconfig.get_path("stdlib"))
FILES = sorted(path for path in STDLIB.glob("*.py") if 2_000 < path.stat().st_size < 40_000)


def read(text: str, previous: Source | None = None) -> Source:
    return Source.read(text.encode(), "m.py", previous=previous)


def cut(source: Source) -> list[tuple[int, str, str, tuple[str, ...]]]:
    return [(s.lineno, s.fragment.text, s.fragment.kind, s.binds) for s in source.statements]


# Cutting --------------------------------------------------------------------------------------

CUTS = {
    "a = 1\nb = 2\n": [(1, "a = 1"), (2, "b = 2")],
    "\n# c\n\na = 1\n": [(4, "a = 1")],
    "a = 1; b = 2\n": [(1, "a = 1; b = 2")],  # one line, one statement
    "x = (\n  1,\n); y = 2\nz = 3\n": [(1, "x = (\n  1,\n); y = 2"), (4, "z = 3")],
    "@d\n@e\ndef f():\n  pass\n": [(1, "@d\n@e\ndef f():\n  pass")],
    "if a:\n  b\nelse:\n  c\nd\n": [(1, "if a:\n  b\nelse:\n  c"), (5, "d")],
    "a = '''\nx\n'''\nb = 1\n": [(1, "a = '''\nx\n'''"), (4, "b = 1")],
    "a = 1\n\x0c\nb = 2\n": [(1, "a = 1"), (3, "b = 2")],
    "a = 1  # why\n": [(1, "a = 1  # why")],
    "": [],
    "# nothing\n": [],
    "def f(): pass\n# tail\n": [(1, "def f(): pass")],
}


@pytest.mark.parametrize("text", CUTS)
def test_a_source_is_cut_into_top_level_statements(text):
    assert [(s.lineno, s.fragment.text) for s in read(text).statements] == CUTS[text]


def test_statements_joined_by_a_semicolon_and_a_continued_line_are_one():
    (statement,) = read("a = 1; \\\nb = 2\n").statements
    assert statement.binds == ("a", "b")


KINDS = {
    "def f(): pass": ("def", ("f",)),
    "async def f(): pass": ("def", ("f",)),
    "class A: x = 1": ("class", ("A",)),
    "import a.b, c as d": ("import", ("a", "d")),
    "from a import b as c, d": ("import", ("c", "d")),
    "from a import *": ("import", ("*",)),
    "a = b = 1": ("assign", ("a", "b")),
    "a, (b, *c) = x": ("assign", ("a", "b", "c")),
    "a: int": ("assign", ("a",)),
    "a += 1": ("assign", ("a",)),
    "a.b = 1": ("assign", ()),
    "a[0] = 1": ("assign", ()),
    "print(a)": ("expr", ()),
    "f(y := 1)": ("expr", ("y",)),
    "[z := i for i in x]": ("expr", ("z",)),  # a comprehension's target is its own
    "[lambda: (q := 1)]": ("expr", ()),
    "for i in x: a = i": ("other", ("i", "a")),
    "with a as b, c as (d, e): f = 1": ("other", ("b", "d", "e", "f")),
    "try: a = 1\nexcept E as e: b = 1": ("other", ("a", "e", "b")),
    "match a:\n  case [b, *c]: pass\n  case {'k': d, **e}: pass\n  case X(f=g) as h: pass": (
        "other",
        ("b", "c", "d", "e", "g", "h"),
    ),
    "if a:\n  def f(): pass\nelse:\n  import f": ("other", ("f",)),
    "del a": ("del", ("a",)),
    "if a: del b": ("other", ("b",)),
    "global a": ("other", ()),
    "while (n := f()): pass": ("other", ("n",)),
    "@(d := deco)\ndef f(x=(e := 1)): y = 2": ("def", ("f", "d", "e")),
}


@pytest.mark.parametrize("text", KINDS)
def test_a_statement_knows_its_kind_and_what_it_binds(text):
    (statement,) = read("0\n" + text).statements[1:]
    kind, binds = KINDS[text]
    assert (statement.fragment.kind, set(statement.binds)) == (kind, set(binds))


LABELS = {
    "WIDTH = 1": "WIDTH",
    "a, b = 1, 2": "a, b",
    "class Circle: pass": "class Circle",
    "@d\ndef f(): pass": "def f",
    "import math": "import math",
    "print(" + "x" * 60 + ")": "print(" + "x" * 33 + "…",
}


@pytest.mark.parametrize("text", LABELS)
def test_a_statement_is_called_what_a_person_would_call_it(text):
    assert read("0\n" + text).statements[1].label == LABELS[text]


def test_the_docstring_binds_doc():
    assert [s.binds for s in read('"""Doc."""\n"""Not."""\n').statements] == [("__doc__",), ()]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a = 1", "a  =  1  # x", True),
        ("a = (1)", "a = 1", True),
        ("a = 'x'", 'a = "x"', True),
        ("a = 1", "a = 1.0", False),
        ("a = 1", "a = True", False),
        ("def f():\n  return 1", "def f(): return 1", True),
        ("def f():\n  'doc'", "def f():\n  'docs'", False),
        ("x = 'a' 'b'", "x = 'ab'", True),
    ],
)
def test_a_key_is_what_the_statement_means(one, other, same):
    keys = [read(text).statements[0].fragment.key for text in (one, other)]
    assert (keys[0] == keys[1]) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("def f(): return 1", "def f(): return 2", True),
        ("def f(x=1): return 1", "def f(x=2): return 1", False),
        ("def f():\n 'doc'\n return 1", "def f():\n 'doc'\n return 2", True),
        ("def f():\n 'doc'\n return 1", "def f():\n 'docs'\n return 1", False),
        ("class A:\n def f(self): 1", "class A:\n def f(self): 2", True),
        ("class A:\n x = 1", "class A:\n x = 2", False),
        ("class A:\n class B:\n  def f(self): 1", "class A:\n class B:\n  def f(self): 2", True),
        ("f = lambda: 1", "f = lambda: 2", False),  # a lambda is part of the statement
        ("async def f(): return 1", "def f(): return 1", False),
        ("if a:\n def f(): return 1", "if a:\n def f(): return 2", True),
    ],
)
def test_a_skeleton_leaves_out_bodies_of_functions_alone(one, other, same):
    found = [read(text).statements[0].fragment.skeleton for text in (one, other)]
    assert (found[0] == found[1]) is same


@pytest.mark.parametrize("path", FILES[::12], ids=lambda path: path.stem)
def test_the_statements_hold_all_of_a_module_of_the_standard_library(path):
    source = Source.read(path.read_bytes(), str(path))
    nodes = [node for statement in source.statements for node in statement.parse()]
    whole = ast.parse(path.read_bytes())
    assert [ast.dump(n) for n in nodes] == [ast.dump(n) for n in whole.body]
    assert [n.lineno for n in nodes] == [n.lineno for n in whole.body]


# What cannot be read ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "lineno", "word"),
    [
        (b"a = 1\nb = (\n", 2, "was never closed"),
        (b"a = '\xff'\n", 1, "can't decode byte 0xff"),
        (b"a = 1\nb = 2\nc = '\xff'\n", 3, "can't decode byte 0xff"),
        (b"# coding: nope\n", 0, "encoding"),
        (b"if 1:\nx = 1\n", 2, "indent"),
        (b"a = 1\n\x00\n", 0, "null"),
        (b"x = " + b"-" * 200_000 + b"1\n", 0, ""),
    ],
)
def test_what_is_no_source_is_an_error_with_its_place(data, lineno, word):
    with pytest.raises(SourceError) as caught:
        Source.read(data, "m.py")
    assert (caught.value.path, word in str(caught.value)) == ("m.py", True)
    assert not lineno or caught.value.lineno == lineno


# Only what changed is parsed --------------------------------------------------------------------


def agree(old: str, new: str) -> None:
    """Reading *new* from *old* on must give what reading it whole gives, errors included."""
    previous = read(old)
    try:
        whole = read(new)
    except SourceError:
        with pytest.raises(SourceError):
            read(new, previous)
        return
    assert cut(read(new, previous)) == cut(whole)
    assert read(new, previous).flags == whole.flags


TRICKY = [
    ("a = 1\nif b:\n    c\n", "a = 1\nif b:\n    c\nelse:\n    d\n"),  # continues what is above
    ("a = 1\nb = 2\nc = 3\n", "a = 1\nb = (2\nc = 3\n"),
    ("a = 1\nb = 2\nc = 3\n", "a = 1\nb = '''\nc = 3\n"),
    ("a = 1\nb = '''\nc = 3\n'''\nd = 4\n", "a = 1\nb = 2\nc = 3\n'''\nd = 4\n"),
    ("a = 1\nb = 2\nc = 3\n", "a = 1\nb = 2\\\nc = 3\n"),
    ("a = 1\nb = 2\nc = 3\n", "a = 1\nb = 2; \nc = 3\n"),
    ("a = 1\nb = 2\n", "a = 1\n@d\nb = 2\n"),
    ("a = 1\n\ndef f(): pass\n", "a = 1\n@d\ndef f(): pass\n"),
    ("a = 1\n\ndef f(): pass\n", "a = 1\n@d\n\ndef f(): pass\n"),
    ("a = 1\nif b: c\nd = 1\n", "a = 1\nif b: c\n    \nd = 1\n"),
    ("a = 1\ntry: b\nexcept E: c\n", "a = 1\ntry: b\nfinally: c\n"),
    ("a = 1\nwhile b: c\nd\n", "a = 1\nwhile b: c\nelse: d\n"),
    ("'doc'\na = 1\n", "x\n'doc'\na = 1\n"),
    ("x\n'doc'\na = 1\n", "'doc'\na = 1\n"),
    ("a = 1\n", ""),
    ("", "a = 1\n"),
    ("a = 1\nb = 2\n", "a = 1\nb = 2"),
    ("a = 1\nb = 2", "a = 1\nb = 22"),
    ("a = 1\nb = 2\n", "a = 1\nfrom __future__ import annotations\nb = 2\n"),
    ("from __future__ import annotations\nb = 2\n", "b = 2\n"),
    ("a = 1\na = 1\na = 1\n", "a = 1\na = 1\n"),
    ("a = 1\na = 1\n", "a = 1\na = 1\na = 1\n"),
    ("x = 1; y = 2\nz = 3\n", "x = 1; y = 22\nz = 3\n"),
    ("a = 1\nb = [1,\n2]\nc\n", "a = 1\nb = [1,\n\n2]\nc\n"),
    ("a = 1\nb\n  # c\nd\n", "a = 1\nb\n  c\nd\n"),
    ("a = 1\nb = f'{x}'\nd\n", "a = 1\nb = f'{x'\nd\n"),
    ("a = 1\nclass A:\n  x\n", "a = 1\nclass A:\n  x\n  y\n"),
    ("a = 1\nclass A:\n  x\n\nb = 1\n", "a = 1\nclass A:\n  x\n\n  b = 1\n"),
    ("a = 1\nmatch x:\n  case 1: y\nb\n", "a = 1\nmatch x:\n  case 1: y\n  case 2: z\nb\n"),
    ("a = 1\nasync def f(): pass\n", "a = 1\nasync def f(): await x\n"),
    ("a = 1\nb = 2\n", "a = 1\nreturn\nb = 2\n"),
    ("a = 1\nb = 2\n", "a = 1\nawait b\n"),
]


@pytest.mark.parametrize(("old", "new"), TRICKY)
def test_reading_from_a_previous_version_gives_what_reading_the_whole_gives(old, new):
    agree(old, new)


def test_a_backslash_after_a_semicolon_is_read_with_the_line_below_it():
    agree("x; \\\n\na = 1\n", "x; \\\n")


LINES = [
    "a = 1", "b = 2", "", "# c", "if a:", "    x = 1", "else:", "    pass", "'''", "(", ")", "[1,",
    "2]", "@d", "def f():", "    return 1", "class A:", "    '''doc'''", "try:", "finally:",
    "except E:", "x = \\", "from __future__ import annotations", "import os", "elif b:",
    "\tx", "f'''{", "}'''", "a = '\\", "'", "\x0c", "  ", "async def g():", "    await x",
]  # fmt: skip


BLOCKS = [
    ["a = 1"], ["b = [1,", "2]"], [""], ["# c"], ["if a:", "    x = 1", "else:", "    pass"],
    ["c = '''", "", "'''"], ["@d", "def f():", "    return 1"], ["class A:", "    'doc'"],
    ["try:", "    a", "finally:", "    b"], ["x = \\", "1"], ["import os"], ["x; y"], ["'doc'"],
    ["from __future__ import annotations"], ["while b:", "\tx"], ["f'{x}'"], ["", ""],
]  # fmt: skip


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_random_line_edits_read_from_a_previous_version_as_whole(data):
    blocks = data.draw(st.lists(st.sampled_from(BLOCKS), max_size=6))
    old = [line for block in blocks for line in block]
    start = data.draw(st.integers(0, len(old)))
    end = data.draw(st.integers(start, min(len(old), start + 3)))
    new = [*old[:start], *data.draw(st.lists(st.sampled_from(LINES), max_size=3)), *old[end:]]
    try:
        read("\n".join(old))
    except SourceError:  # a future import too late
        assume(False)
    agree("\n".join(old), "\n".join(new))


@pytest.mark.parametrize("seed", range(6))
def test_edits_of_the_standard_library_read_from_a_previous_version_as_whole(seed):
    dice = random.Random(seed)
    text = dice.choice(FILES).read_text(encoding="utf-8")
    lines = text.split("\n")
    for _ in range(4):
        at = dice.randrange(len(lines))
        how = dice.randrange(5)
        new = lines[:at]
        new += [[], ["", ""], ["added = 1"], [lines[at].lstrip()], ["# c", lines[at] + "  "]][how]
        new += lines[at + (how != 2) :]
        agree(text, "\n".join(new))


def test_statements_that_did_not_change_share_their_fragment():
    old = read("a = 1\nb = 2\nc = 3\n")
    new = read("a = 1\nb = 22\nd = 4\nc = 3\n", old)
    assert new.statements[0].fragment is old.statements[0].fragment
    assert new.statements[-1].fragment is old.statements[-1].fragment


def test_next_version_knows_what_it_shares_with_the_one_before():
    old = read("import a\nb = 2\nc = 3\n")
    new = read("import a\nb = 22\nb2 = 2\nc = 3\n", old)
    assert new.shared_ends(old) == old.shared_ends(new) == (1, 1)
    assert new.shared_ends(read("import a\n")) == (0, 0)


def test_imports_are_looked_for_again_only_where_some_may_be_edited():
    old = read("import a\nb = 2\n")
    found = old.imports()
    assert read("import a\nb = 3\n", old).imports() is found
    assert len(read("import a\nimport b\n", old).imports()) == 2


@given(st.text("ab", max_size=30), st.text("ab", max_size=30))
def test_common_ends_are_as_long_as_can_be_and_do_not_overlap(a, b):
    start = common_prefix(a, b)
    end = common_suffix(a, b, start)
    assert a[:start] == b[:start]
    assert start == min(len(a), len(b)) or a[start] != b[start]
    assert a[len(a) - end :] == b[len(b) - end :]
    assert start + end <= min(len(a), len(b))


def test_names_are_those_that_python_finds():
    text = "import a.b as c\nfor i, (j, k) in x: l = 1\nwith m as n: pass\nclass O: p = 1\n"
    names = {*bound_names(ast.parse(text).body)}
    assert names == {"c", "i", "j", "k", "l", "n", "O"}
