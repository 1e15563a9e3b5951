"""Taking a module out of the session."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from reloadmagic import NotTracked, Reloader
from reloadmagic.unload import CannotUnload, unload
from support import Project


@pytest.fixture
def names() -> dict[str, Any]:
    """What stands for the notebook's names."""
    return {}


@pytest.fixture
def reloader(project: Project, names: dict[str, Any]) -> Iterator[Reloader]:
    """A reloader of a package with a submodule, and of a module that imports both."""
    project.write("pkg/__init__.py", "LIMIT = 3\n")
    project.write("pkg/shapes.py", "class Circle: pass\ndef area(): return 1\n")
    project.write("model.py", "import pkg.shapes\nfrom pkg.shapes import area\n")
    with Reloader(namespaces=[names]) as reloader:
        importlib.import_module("model")
        yield reloader


def run(reloader: Reloader, names: dict[str, Any], cell: str) -> None:
    reloader.note_cell(cell, names)
    exec(cell, names)


def test_a_module_goes_with_its_submodules(reloader: Reloader) -> None:
    assert unload(reloader, "pkg").modules == ("pkg", "pkg.shapes")
    assert not {"pkg", "pkg.shapes"} & set(sys.modules)


def test_its_package_knows_it_no_more(reloader: Reloader) -> None:
    unload(reloader, "pkg.shapes")
    assert not hasattr(sys.modules["pkg"], "shapes")


def test_it_is_tracked_no_more(reloader: Reloader) -> None:
    unload(reloader, "pkg")
    assert "pkg.shapes" not in reloader.tracked


def test_the_next_import_runs_the_file_anew(reloader: Reloader) -> None:
    before = sys.modules["pkg.shapes"]
    unload(reloader, "pkg")
    assert importlib.import_module("pkg.shapes") is not before


def test_what_is_imported_again_is_reloaded_again(reloader: Reloader, project: Project) -> None:
    unload(reloader, "pkg")
    module = importlib.import_module("pkg.shapes")
    project.edit("pkg/shapes.py", "class Circle: pass\ndef area(): return 2\n")
    reloader.reload()
    assert module.area() == 2


def test_names_that_were_imported_from_it_go(reloader: Reloader, names: dict[str, Any]) -> None:
    run(reloader, names, "import pkg.shapes as s\nfrom pkg.shapes import area as a\nx = 1")
    assert unload(reloader, "pkg", [names]).names == ("s", "a")
    assert "x" in names


def test_names_that_hold_something_else_by_now_stay(
    reloader: Reloader, names: dict[str, Any]
) -> None:
    run(reloader, names, "from pkg import LIMIT")
    names["LIMIT"] = 4
    unload(reloader, "pkg", [names])
    assert names["LIMIT"] == 4


def test_it_is_told_who_still_holds_what(reloader: Reloader, names: dict[str, Any]) -> None:
    run(reloader, names, "from pkg.shapes import Circle\nc = Circle()")
    assert unload(reloader, "pkg", [names]).holders == (
        "c is still an instance of pkg.shapes.Circle",
        "model.pkg is still the module",
        "model.area is still pkg.shapes.area",
    )


def test_what_is_not_loaded_cannot_be_unloaded(reloader: Reloader) -> None:
    with pytest.raises(NotTracked):
        unload(reloader, "shaeps")


@pytest.mark.parametrize("name", ["sys", "json", "reloadmagic.plan", "__main__"])
def test_what_the_session_runs_on_stays(reloader: Reloader, name: str) -> None:
    with pytest.raises(CannotUnload):
        unload(reloader, name)
    assert name in sys.modules
