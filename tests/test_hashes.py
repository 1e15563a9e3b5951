"""Entries of dicts and sets are found whatever an edit does to the hashes of their keys."""

from __future__ import annotations

from collections import OrderedDict, defaultdict

import pytest

from session import load

HASHED = """
class K:
    def __init__(self, n): self.n = n
    def __eq__(self, other): return self.n == other.n
    def __hash__(self): return hash(self.n) + {0}
"""
FROZEN = "from dataclasses import dataclass\n@dataclass(frozen=True{0})\nclass K:\n    n: int\n"
EDITS = [
    (HASHED.format(0), HASHED.format(17)),
    (HASHED.format(0), HASHED.replace("+ {0}", "+ 1\n    extra = 5")),
    (FROZEN.format(""), FROZEN.format("") + "    m: int = 0\n"),
    (FROZEN.format(", slots=True"), FROZEN.format(", slots=True") + "    m: int = 0\n"),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_keys_and_members_are_found_by_their_new_hashes(project, reloader, before, after):
    project.write("keys.py", before)
    K = load("keys").K
    kinds = dict, OrderedDict, lambda items: defaultdict(list, items)
    tables = [kind([(K(1), "one"), ("plain", 2), ((K(2), 2), "two")]) for kind in kinds]
    members = {K(1), 5}
    project.edit("keys.py", after)
    assert not reloader.reload().failed
    K = load("keys").K
    for table in tables:
        assert (table[K(1)], table["plain"], table[K(2), 2]) == ("one", 2, "two")
        assert list(table.values()) == ["one", 2, "two"]
    assert K(1) in members
    assert len(members) == 2


def test_instances_of_subclasses_are_found_too(project, reloader):
    project.write("keys.py", HASHED.format(0) + "class Sub(K): pass\n")
    keys = load("keys")
    table = {keys.Sub(1): "one"}
    project.edit("keys.py", HASHED.format(17) + "class Sub(K): pass\n")
    reloader.reload()
    assert table[keys.Sub(1)] == "one"


def test_a_hash_that_raises_leaves_tables_alone_and_is_told(project, reloader):
    project.write("keys.py", HASHED.format(0))
    table = {load("keys").K(1): "one"}
    project.edit("keys.py", HASHED.format("undefined"))
    [outcome] = reloader.reload().outcomes
    assert list(table.values()) == ["one"]
    [said] = outcome.leftovers
    assert said.startswith("the keys of a dict are in the order of former hashes: NameError")


def test_a_reload_that_fails_leaves_the_order_as_it_was(project, reloader):
    project.write("keys.py", HASHED.format(0))
    K = load("keys").K
    table = {K(1): "one"}
    project.edit("keys.py", HASHED.format(17) + "1 / 0\n")
    assert reloader.reload().failed
    assert table[K(1)] == "one"


FIELD = """
class K:
    def __init__(self, n): self.n = n
    def __eq__(self, other): return self.n == other.n
    def __hash__(self): return hash(self.n)
TABLE = {K(1): "one", K(2): []}{keep}
MEMBERS = {K(1)}{keep}
def version(): return 1
"""
HASHES_NEW_FIELD = [
    ("self.n = n", "self.n = n; self.m = 0"),
    ("hash(self.n)", "hash((self.n, self.m))"),
    ("return 1\n", "return 2\n"),
]
SLOTS = ("class K:", "class K:\n    __slots__ = 'n',"), ("'n',", "'n', 'm'")


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("keep", ["", "  # reload: keep"])
def test_keys_of_before_that_cannot_be_hashed_any_longer_do_not_stop_an_edit(
    project, reloader, keep, slots
):
    text, edits = FIELD.replace("{keep}", keep), HASHES_NEW_FIELD
    if slots:
        text, edits = text.replace(*SLOTS[0]), [*HASHES_NEW_FIELD, SLOTS[1]]
    project.write("keys.py", text)
    project.write("uses.py", "from keys import version\nVERSION = version()\n")
    project.write("later.py", "X = 1\n")
    keys, uses = load("keys", "uses")
    table = keys.TABLE
    for old, new in edits:
        text = text.replace(old, new)
    project.edit("keys.py", text)
    assert not reloader.reload().failed
    assert (keys.version(), uses.VERSION, len(table), keys.TABLE is table) == (2, 2, 2, True)
    assert load("later").X == 1  # an import looks at what containers hold
    assert keep or (table[keys.K(1)], keys.K(1) in keys.MEMBERS) == ("one", True)


def test_an_entry_that_an_edit_drops_is_gone_although_hashes_change_with_it(project, reloader):
    text = FIELD.replace("{keep}", "")
    project.write("keys.py", text)
    keys = load("keys")
    keys.TABLE[keys.K(7)] = "added"
    keys.MEMBERS.add(keys.K(8))
    text = text.replace("hash(self.n)", "hash((self.n, 2))").replace(", K(2): []", "")
    project.edit("keys.py", text.replace("{K(1)}", "{K(3)}"))
    assert not reloader.reload().failed
    assert [(key.n, value) for key, value in keys.TABLE.items()] == [(1, "one"), (7, "added")]
    assert sorted(key.n for key in keys.MEMBERS) == [3, 8]
    assert (keys.TABLE[keys.K(7)], keys.K(8) in keys.MEMBERS) == ("added", True)


def test_tables_have_the_hashes_of_before_where_an_edit_is_taken_back(
    project, reloader, monkeypatch
):
    """Even where what fails is the last that a reload does."""
    project.write("keys.py", HASHED.format(0) + "TABLE = {}\n")
    keys = load("keys")
    kinds = dict, OrderedDict, lambda items: defaultdict(list, items)
    tables = [kind([(keys.K(1), "one"), ((keys.K(2), 2), "two")]) for kind in kinds]
    members = {keys.K(1), 5}

    def fail(*_arguments):
        raise MemoryError

    monkeypatch.setattr("reloadmagic.engine.containers.Containers.note_elsewhere", fail)
    project.edit("keys.py", HASHED.format(17) + "TABLE = {}\nX = 1\n")
    assert reloader.reload().failed
    assert not hasattr(keys, "X")
    for table in tables:
        assert (table[keys.K(1)], table[keys.K(2), 2]) == ("one", "two")
    assert keys.K(1) in members
    monkeypatch.undo()
    project.touch("keys.py")
    project.edit("keys.py", HASHED.format(17) + "TABLE = {}\nX = 2\n")
    assert not reloader.reload().failed
    assert keys.X == 2
    for table in tables:
        assert (table[keys.K(1)], table[keys.K(2), 2]) == ("one", "two")
    assert keys.K(1) in members
