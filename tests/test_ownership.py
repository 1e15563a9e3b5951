"""Whose modules they are."""

from __future__ import annotations

import ast
import sys
import types
from importlib.machinery import ModuleSpec

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


def module(name: str, path: str, places: list[str] | None = None) -> tuple[str, types.ModuleType]:
    """A module as `sys.modules` holds it; *places* are where a package's modules are looked for."""
    made = types.ModuleType(name)
    made.__spec__ = ModuleSpec(name, None, origin=path)
    made.__spec__.submodule_search_locations = places
    return name, made


def test_candidates_lie_in_no_package_of_others_unless_it_reaches_into_the_users_folders():
    others, mine = "/usr/lib/site-packages", "/home/me/plugins"
    modules = [
        module("whole", f"{others}/whole/__init__.py", [f"{others}/whole"]),
        module("whole.part", f"{others}/whole/part.py"),
        module("open", f"{others}/open/__init__.py", [f"{others}/open", mine]),
        module("open.part", f"{others}/open/part.py"),
        module("open.mine", f"{mine}/mine.py"),
        module("single", f"{others}/single.py"),
        module("my", f"{mine}/my/__init__.py", [f"{mine}/my"]),
        module("my.part", f"{mine}/my/part.py"),
    ]
    found = [name for name, _ in Ownership().candidates(modules)]
    assert found == ["open.mine", "my", "my.part"]
