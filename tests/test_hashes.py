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
