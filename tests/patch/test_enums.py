"""Members held from before an edit stay members."""

from __future__ import annotations

import pytest

HEAD = "from enum import *\n"
# before, after, what must hold; E is the class and `m` its members from before, by name.
IN_PLACE = [
    (
        "class E(Enum): A = 1; B = 2",
        "class E(Enum): A = 1; B = 2; C = 3",
        "E.C.value == 3 and E(3) is E.C",
    ),
    ("class E(Enum): A = 1; B = 2", "class E(Enum): B = 2; A = 1", "list(E) == [m['B'], m['A']]"),
    (
        "class E(Enum): A = 1; B = 2",
        "class E(Enum): A = 10; B = 2",
        "m['A'].value == 10 and E(10) is m['A']",
    ),
    (
        "class E(Enum): A = 1; B = 2",
        "class E(Enum): A = 2; B = 1",
        "E(2) is m['A'] and E(1) is m['B']",
    ),
    (
        "class E(Enum): A = 1; B = 2",
        "class E(Enum): A = 1",
        "list(E) == [m['A']] and not hasattr(E, 'B')",
    ),
    (
        "class E(Enum): A = 1; B = 2",
        "class E(Enum):\n A = 1\n B = 2\n def f(self): return self.name",
        "m['A'].f() == 'A'",
    ),
    (
        "class E(Enum): A = 1; B = 2",
        "class E(Enum):\n A = 1\n B = 2\n @property\n def f(self): return self.value",
        "m['A'].f == 1",
    ),
    (
        "class E(Enum): A = 1; B = 2",
        "class E(Enum): A = 1; B = 2; Z = 1",
        "E.Z is m['A'] and E['Z'] is m['A']",
    ),
    (
        "class E(Enum): A = auto(); B = auto()",
        "class E(Enum): X = auto(); A = auto(); B = auto()",
        "m['A'].value == 2",
    ),
    ("class E(Enum): A = []; B = {}", "class E(Enum): A = []; B = {1: 2}", "E({1: 2}) is m['B']"),
    (
        "class E(Enum):\n A = 1, 'a'\n def __init__(self, n, s): self.s = s",
        "class E(Enum):\n A = 1, 'b'\n def __init__(self, n, s): self.s = s",
        "m['A'].s == 'b'",
    ),
    (
        "class E(IntEnum): A = 1; B = 2",
        "class E(IntEnum): A = 1; B = 2; C = 3",
        "m['A'] == 1 and E.C == 3 and E.A is m['A']",
    ),
    (
        "class E(StrEnum): A = 'a'",
        "class E(StrEnum): A = 'a'; B = 'b'",
        "E('b') is E.B and type(E.B) is E",
    ),
    (
        "class E(Flag): A = 1; B = 2",
        "class E(Flag): A = 1; B = 2; C = 4",
        "(m['A'] | E.C).value == 5 and E.C in ~m['A']",
    ),
    (
        "class E(IntFlag): A = 1; B = 2",
        "class E(IntFlag): A = 1; B = 2; C = 4",
        "m['A'] | E.C == 5",
    ),
    ("class E(Enum): pass", "class E(Enum): A = 1", "E(1) is E.A"),
]


@pytest.mark.parametrize(("before", "after", "holds"), IN_PLACE)
def test_enum_is_edited_in_place(module, passes, before, after, holds):
    mod = module(HEAD + before)
    E, members = mod.E, dict(mod.E.__members__)
    keys = {member: name for name, member in members.items()}
    mod.edit(HEAD + after)
    assert mod.E is E
    assert all(type(member) is E for member in E)
    assert all(E[name] is members[name] for name in members.keys() & E.__members__.keys())
    assert all(keys[E[name]] == name for name in members.keys() & E.__members__.keys())
    assert eval(holds, {"E": E, "m": members})
    assert passes == []


@pytest.mark.parametrize(("before", "after", "holds"), IN_PLACE)
def test_rolled_back_enum_is_what_it_was(module, before, after, holds):
    mod = module(HEAD + before)
    E = mod.E
    was = list(vars(E).items())
    members = [(m, dict(vars(m))) for m in E]
    tables = [dict(E._member_map_), dict(E._value2member_map_)]
    mod.edit(HEAD + after, commit=False).rollback()
    assert was == list(vars(E).items())
    assert members == [(m, dict(vars(m))) for m in E]
    assert tables == [E._member_map_, E._value2member_map_]


def test_member_that_is_its_value_is_redirected_when_the_value_changes(module):
    mod = module(HEAD + "class E(IntEnum): A = 1; B = 2")
    E, held = mod.E, {mod.E.A: [mod.E.A, (mod.E.A,)]}
    mod.edit(HEAD + "class E(IntEnum): A = 10; B = 2")
    assert mod.E is E
    assert held == {E.A: [E.A, (E.A,)]}
    assert all(m is E.A and m == 10 for m in (*held, held[E.A][0], held[E.A][1][0]))


def test_members_move_with_a_class_that_has_to_be_new(module):
    mod = module(HEAD + "class E(Enum): A = 1; B = 2")
    held = {mod.E.A: mod.E.B}
    mod.edit(HEAD + "class E(IntEnum): A = 1; B = 2")
    assert held == {mod.E.A: mod.E.B}
    assert next(iter(held)) is mod.E.A


def test_two_members_that_become_one(module):
    mod = module(HEAD + "class E(Enum): A = 1; B = 2")
    held = [mod.E.B]
    mod.edit(HEAD + "class E(Enum): A = 1; B = 1")
    assert held[0] is mod.E.A


def test_combination_of_flags_held_from_before_stays_the_one(module):
    mod = module(HEAD + "class E(Flag): A = 1; B = 2")
    both = mod.E.A | mod.E.B
    mod.edit(HEAD + "class E(Flag): A = 1; B = 2; C = 4")
    assert mod.E.A | mod.E.B is both
    assert both | mod.E.C == mod.E(7)


def test_match_statement_and_default_argument_keep_matching(module):
    mod = module(HEAD + "class E(Enum): A = 1; B = 2\ndef f(e=E.A): return e")
    mod.edit(HEAD + "class E(Enum): A = 1; B = 2; C = 3\ndef f(e=E.A): return e")
    assert mod.f() is mod.E.A
