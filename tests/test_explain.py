"""Explanations, diffs, the graph and stale cells, without IPython."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from reloadmagic import Reloader
from reloadmagic.explain import (
    CellLog,
    Explanation,
    UnknownName,
    explain,
    module_graph,
    source_diffs,
)
from reloadmagic.explain.finding import find_name
from reloadmagic.report.names import changed_by_module
from session import watch
from support import Project

CONFIG = "K = 5\nUNUSED = 1\n"
SHAPES = """\
from config import K
WIDTH = K * 2

def area(w=WIDTH):
    return w * w

class Circle:
    sides = 0
    def __init__(self, r):
        self.r = r
    def grow(self):
        return area(self.r)
"""
MODEL = """\
import shapes
SIZE = shapes.area(3)

def fit():
    return shapes.area(2)
"""


@pytest.fixture
def namespace() -> dict[str, Any]:
    """What stands for the notebook's names."""
    return {}


@pytest.fixture
def reloader(project: Project, namespace: dict[str, Any]) -> Iterator[Reloader]:
    """A reloader of three modules, each importing the one before."""
    project.write("config.py", CONFIG)
    project.write("shapes.py", SHAPES)
    project.write("model.py", MODEL)
    with watch(namespaces=[namespace]) as reloader:
        importlib.import_module("model")
        yield reloader


def fact(told: Explanation, title: str) -> str:
    return "\n".join(dict(told.facts).get(title, ()))


class TestNames:
    """Which module or definition a name means."""

    @pytest.mark.parametrize(
        ("name", "meaning"),
        [
            ("shapes", ("shapes", "")),
            ("shapes.Circle.grow", ("shapes", "Circle.grow")),
            ("shapes.Circle.sides", ("shapes", "Circle.sides")),
            ("shapes.WIDTH", ("shapes", "WIDTH")),
            ("shapes.area()", ("shapes", "area")),
            # the end of one full name
            ("Circle.grow", ("shapes", "Circle.grow")),
            ("SIZE", ("model", "SIZE")),
        ],
    )
    def test_a_name_is_found(self, reloader: Reloader, name: str, meaning: tuple[str, str]) -> None:
        assert find_name(reloader, name) == meaning

    @pytest.mark.parametrize(
        ("name", "meaning"),
        [
            ("s", ("shapes", "")),
            ("s.area", ("shapes", "area")),
            ("a", ("shapes", "area")),
            ("c", ("shapes", "Circle")),
            ("c.grow", ("shapes", "Circle.grow")),
            ("W", ("shapes", "WIDTH")),
        ],
    )
    def test_a_notebooks_name_stands_for_what_it_is(
        self, reloader: Reloader, namespace: dict[str, Any], name: str, meaning: tuple[str, str]
    ) -> None:
        cell = "import shapes as s\nfrom shapes import area as a, WIDTH as W, Circle\nc = Circle(2)"
        reloader.note_cell(cell, namespace)
        exec(cell, namespace)
        assert find_name(reloader, name) == meaning

    def test_an_objects_own_class_attribute_is_not_asked(
        self, reloader: Reloader, namespace: dict[str, Any]
    ) -> None:
        class Proxy:
            @property  # type: ignore[misc]
            def __class__(self) -> type:
                raise RuntimeError

        namespace["p"] = Proxy()
        with pytest.raises(UnknownName):
            find_name(reloader, "p")

    def test_a_typing_error_is_answered_with_what_it_was_perhaps_meant_to_be(
        self, reloader: Reloader
    ) -> None:
        with pytest.raises(UnknownName, match=r"Did you mean shapes\.WIDTH"):
            explain(reloader, "widht")

    def test_an_ambiguous_name_is_answered_with_all_that_it_may_mean(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.write("other.py", "def fit(): ...\n")
        importlib.import_module("other")
        with pytest.raises(UnknownName, match=r"Did you mean model\.fit or other\.fit\?"):
            explain(reloader, "fit")

    def test_a_name_means_its_definition_and_not_where_it_is_imported(
        self, reloader: Reloader
    ) -> None:
        assert find_name(reloader, "K") == ("config", "K")

    def test_what_is_left_alone_is_told_why(self, reloader: Reloader) -> None:
        told = explain(reloader, "pytest")
        assert told.facts[0][1][0].startswith("left alone: installed, and not under your own")

    def test_nor_is_there_a_definition_in_it(self, reloader: Reloader) -> None:
        with pytest.raises(UnknownName, match="pytest is left alone: installed"):
            explain(reloader, "pytest.raises")


class TestExplain:
    """What is told of a name."""

    def test_a_value_tells_what_it_uses(self, reloader: Reloader) -> None:
        assert "config.K" in fact(explain(reloader, "shapes.WIDTH"), "uses")

    def test_a_value_tells_what_it_reaches(self, reloader: Reloader) -> None:
        told = fact(explain(reloader, "config.K"), "a new value")
        assert "shapes.py:2 WIDTH, as it uses config.K" in told
        assert "shapes.py:4 def area, as it uses shapes.WIDTH" in told

    def test_a_function_tells_what_its_body_reaches(self, reloader: Reloader) -> None:
        told = fact(explain(reloader, "shapes.area"), "an edited body")
        assert told.startswith("is patched in place; reruns ")
        assert "model.py:2 SIZE, as it calls shapes.area" in told

    def test_a_function_that_nothing_was_computed_through_reaches_nothing(
        self, reloader: Reloader
    ) -> None:
        told = fact(explain(reloader, "model.fit"), "an edited body")
        assert told == "is patched in place; reruns nothing"

    def test_a_class_tells_what_its_methods_reach(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.write("drawn.py", "from shapes import Circle\nGROWN = Circle(1).grow()\n")
        importlib.import_module("drawn")
        assert fact(explain(reloader, "Circle"), "an edited method") == (
            "is patched in place; reruns drawn.py:2 GROWN, as it calls shapes.Circle.__init__"
        )

    def test_a_definition_tells_the_users_names_for_it(
        self, reloader: Reloader, namespace: dict[str, Any]
    ) -> None:
        reloader.note_cell("from shapes import area\nfrom shapes import area as a", namespace)
        assert fact(explain(reloader, "area"), "your names") == "area, a (imported as area)"

    def test_a_method_is_placed_on_its_own_line(self, reloader: Reloader) -> None:
        assert explain(reloader, "Circle.grow").place.endswith("shapes.py:11")

    def test_a_module_tells_its_neighbours(self, reloader: Reloader) -> None:
        told = explain(reloader, "shapes")
        assert (fact(told, "imports"), fact(told, "imported by")) == ("config", "model")

    def test_what_is_stale_tells_what_would_be_done(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.edit("config.py", "K = 6\n")
        told = explain(reloader, "model.SIZE")
        assert fact(told, "would").startswith("run line 2 again, as it ")

    def test_an_unedited_definition_in_an_edited_file_is_told_apart(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.edit("config.py", "K = 6\nUNUSED = 1\n")
        assert fact(explain(reloader, "UNUSED"), "now") == (
            "the file is edited, this definition is not"
        )

    def test_what_failed_is_told_with_its_place(self, reloader: Reloader, project: Project) -> None:
        project.edit("config.py", "K = = 6\n")
        reloader.reload()
        told = explain(reloader, "config")
        assert fact(told, "now").startswith("failed: config.py:1: Syntax")
        assert fact(told, "would") == ""

    def test_a_reload_is_remembered_with_its_reason(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.edit("config.py", "K = 6\nUNUSED = 1\n")
        reloader.reload()
        assert fact(explain(reloader, "WIDTH"), "history").startswith(
            "reload 1: ran line 2: WIDTH, because it uses config.K"
        )

    def test_an_undo_is_told_from_a_reload(self, reloader: Reloader, project: Project) -> None:
        project.edit("config.py", "K = 6\nUNUSED = 1\n")
        reloader.reload()
        reloader.undo()
        told = fact(explain(reloader, "config"), "history").splitlines()
        assert told == ["undo 2: reloaded (K)", "reload 1: reloaded (K)"]

    def test_asking_changes_nothing(self, reloader: Reloader, project: Project) -> None:
        project.edit("config.py", "K = 6\nUNUSED = 1\n")
        explain(reloader, "config")
        assert str(reloader.reload()).startswith("reloaded config.py (K)")


class TestDiffs:
    """The source that last ran against the file."""

    def test_what_is_stale_is_compared(self, reloader: Reloader, project: Project) -> None:
        project.edit("config.py", "K = 6\nUNUSED = 1\n")
        (diff,) = source_diffs(reloader)
        assert (diff.module, diff.lines) == (
            "config",
            ("@@ -1,2 +1,2 @@", "-K = 5", "+K = 6", " UNUSED = 1"),
        )

    def test_nothing_is_told_of_what_was_only_touched(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.touch("config.py")
        assert source_diffs(reloader) == ()

    def test_a_definition_is_compared_alone(self, reloader: Reloader, project: Project) -> None:
        project.replace("shapes.py", "w * w", "w * w + 1")
        project.replace("shapes.py", "sides = 0", "sides = 1")
        (diff,) = source_diffs(reloader, "shapes", "area")
        assert [line for line in diff.lines if line[0] in "+-"] == [
            "-    return w * w",
            "+    return w * w + 1",
        ]

    def test_a_file_that_cannot_be_parsed_is_compared_too(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.edit("config.py", "K = = 6\n")
        (diff,) = source_diffs(reloader)
        assert "+K = = 6" in diff.lines
        assert diff.note == "config.py:1: SyntaxError: invalid syntax"

    def test_a_deleted_file_is_told(self, reloader: Reloader, project: Project) -> None:
        project.delete("config.py")
        (diff,) = source_diffs(reloader)
        assert diff.note == "its file is gone; what last ran stays"


class TestGraph:
    """Who imports whom."""

    def own(self, reloader: Reloader) -> Any:
        """The graph of the project's modules."""
        return module_graph(reloader)

    def test_importers_stand_above_what_they_import(self, reloader: Reloader) -> None:
        assert str(self.own(reloader)) == "model\n└── shapes\n    └── config"

    def test_what_is_stale_and_what_it_reaches_is_marked(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.edit("config.py", "K = 6\nUNUSED = 1\n")
        states = {node.name: node.state for node in self.own(reloader).nodes}
        assert states == {"model": "reached", "shapes": "reached", "config": "stale"}

    def test_what_failed_is_marked(self, reloader: Reloader, project: Project) -> None:
        project.edit("config.py", "K = = 6\n")
        reloader.reload()
        assert "config  (failed)" in str(self.own(reloader))

    def test_what_failed_and_is_gone_since_is_marked_as_gone(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.edit("config.py", "K = = 6\n")
        reloader.reload()
        project.delete("config.py")
        assert "config  (gone)" in str(self.own(reloader))
        project.write("config.py", "K = = 6\n")
        assert "config.py:1: SyntaxError" in str(reloader.reload())

    def test_what_was_undone_is_marked(self, reloader: Reloader, project: Project) -> None:
        project.edit("config.py", "K = 6\n")
        reloader.reload()
        reloader.undo()
        assert "config  (undone)" in str(self.own(reloader))

    def test_what_was_shown_before_is_only_named(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.write("view.py", "import shapes\nimport model\n")
        importlib.import_module("view")
        assert str(module_graph(reloader, "shapes")) == (
            "view\n├── model\n│   └── shapes\n│       └── config\n└── shapes …"
        )

    def test_a_cycle_is_drawn_once(self, reloader: Reloader, project: Project) -> None:
        project.write("one.py", "import two\n")
        project.write("two.py", "import one\n")
        importlib.import_module("one")
        assert str(module_graph(reloader, "one")) == "one\n└── two\n    └── one …"

    def test_the_package_around_a_module_goes_without_saying(
        self, reloader: Reloader, project: Project
    ) -> None:
        project.write("pkg/__init__.py", "")
        project.write("pkg/low.py", "")
        project.write("pkg/high.py", "from . import low\n")
        importlib.import_module("pkg.high")
        assert ("pkg.high", "pkg.low") in module_graph(reloader).edges
        assert "pkg" not in {node.name for node in module_graph(reloader).nodes}


class Session:
    """Cells that run in a namespace, logged as the extension does."""

    def __init__(self, reloader: Reloader, namespace: dict[str, Any]) -> None:
        self.reloader, self.namespace = reloader, namespace
        self.log = CellLog()
        self.number = 0

    def run(self, *cells: str) -> None:
        for cell in cells:
            self.number += 1
            self.log.starts("", cell)
            self.reloader.note_cell(cell, self.namespace)
            exec(cell, self.namespace)
            self.log.ran(self.number, "", cell, lambda cell=cell: cell)  # type: ignore[misc]

    def reload(self) -> dict[int, tuple[str, ...]]:
        """What each cell used that the reload changed."""
        report = self.reloader.reload()
        assert report
        found = self.log.note(self.reloader, changed_by_module(report.reloaded), self.namespace)
        return {cell.number: cell.used for cell in found}


class TestCells:
    """Which cells used what changed."""

    @pytest.fixture
    def session(self, reloader: Reloader, namespace: dict[str, Any]) -> Session:
        return Session(reloader, namespace)

    CELLS = [
        # cell, used after an edit of the body of shapes.area
        ("import shapes\nx = shapes.area(2)", ("area",)),
        ("import shapes as s\nx = s.area(2)", ("area",)),
        ("from shapes import area\narea(2)", ("area",)),
        ("from shapes import area as a\na(2)", ("area",)),
        ("from shapes import *\narea(2)", ("area",)),
        ("def g():\n    import shapes\n    return 1\ng()", ()),
        # through other functions, and methods of instances
        ("import model\nmodel.fit()", ("area",)),
        ("from shapes import Circle\nc = Circle(2)\nc.grow()", ("area",)),
        ("from shapes import Circle\nCircle(2).grow()", ("area",)),
        # what a cell defines follows, what it calls counts
        ("from shapes import area\ndef g():\n    return area(2)", ()),
        ("from shapes import area\ndef g():\n    return area(2)\ng()", ("area",)),
        # what has nothing to do with it
        ("from shapes import Circle\nc = Circle(2)", ()),
        ("import shapes\nshapes.WIDTH", ()),
        ("area = len\narea('abc')", ()),
        ("x = 1", ()),
    ]

    @pytest.mark.parametrize(("cell", "used"), CELLS)
    def test_a_cell_used_a_function(
        self, session: Session, project: Project, cell: str, used: tuple[str, ...]
    ) -> None:
        session.run(cell)
        project.replace("shapes.py", "w * w", "w * w + 1")
        assert session.reload() == ({1: used} if used else {})

    def test_a_cell_used_a_value_that_was_computed_again(
        self, session: Session, project: Project
    ) -> None:
        session.run("from shapes import WIDTH", "WIDTH + 1", "import model\nmodel.SIZE")
        project.edit("config.py", "K = 6\nUNUSED = 1\n")
        assert set(session.reload()) == {2, 3}

    def test_a_cell_made_an_instance_whose_construction_changed(
        self, session: Session, project: Project
    ) -> None:
        session.run("from shapes import Circle\nc = Circle(2)", "Circle.sides")
        project.replace("shapes.py", "self.r = r", "self.r = r + 1")
        assert session.reload() == {1: ("Circle.__init__",)}

    def test_what_a_stale_cell_computed_is_stale(self, session: Session, project: Project) -> None:
        session.run("import shapes\nx = shapes.area(2)", "y = x + 1", "y", "x = 5", "x")
        project.replace("shapes.py", "w * w", "w * w + 1")
        assert session.reload() == {1: ("area",), 2: ("x of [1]",), 3: ("y of [2]",)}

    def test_a_cell_that_ran_again_is_stale_no_more(
        self, session: Session, project: Project
    ) -> None:
        session.run("import shapes", "shapes.area(2)")
        project.replace("shapes.py", "w * w", "w * w + 1")
        session.reload()
        assert [cell.number for cell in session.log.stale()] == [2]
        session.run("shapes.area(2)")
        assert session.log.stale() == ()

    def test_a_cell_that_cannot_be_read_is_no_hindrance(
        self, session: Session, project: Project
    ) -> None:
        session.run("import shapes")
        session.log.ran(7, "", "!ls", lambda: None)
        session.log.ran(8, "", "x = (", lambda: "x = (")
        project.replace("shapes.py", "w * w", "w * w + 1")
        assert session.reload() == {}
