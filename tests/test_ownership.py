"""Whose modules they are."""

from __future__ import annotations

import ast
import sys

import pytest

from reloadmagic.ownership import Ownership, matches


@pytest.mark.parametrize(
    ("name", "patterns", "expected"),
    [
        ("pkg", ["pkg"], True),
        ("pkg.mod", ["pkg"], True),  # a package's name means its modules
        ("pkgs", ["pkg"], False),
        ("pkg.a.b", ["pkg.a"], True),
        ("pkg.a", ["pkg.*"], True),
        ("pkg", ["pkg.*"], False),
        ("other", [], False),
    ],
)
def test_patterns_match_modules_and_those_inside(name, patterns, expected):
    assert matches(name, patterns) is expected


def test_the_users_own_files_are_theirs_and_installed_ones_are_not(tmp_path):
    owns = Ownership()
    paths = {
        "mine": str(tmp_path / "mine.py"),
        "json": sys.modules["json"].__file__ if "json" in sys.modules else ast.__file__,
        "pytest": pytest.__file__,
        "__main__": str(tmp_path / "main.py"),
        "reloadmagic.diff": str(tmp_path / "diff.py"),
    }
    assert [name for name, path in paths.items() if owns(name, path)] == ["mine"]
    assert all(owns.why_not(name, path) for name, path in paths.items() if name != "mine")


def test_settings_overrule_where_a_file_lies(tmp_path):
    owns = Ownership(include=["pytest"], exclude=["mine.generated"])
    mine = str(tmp_path / "mine.py")
    assert owns("pytest", pytest.__file__)
    assert owns("mine.written", mine)
    assert not owns("mine.generated", mine)
