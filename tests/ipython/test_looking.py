"""The commands that look on, in a real shell."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import start_new_kernel

from reloadmagic.explain import Graph, Node
from reloadmagic.ipython.layout import lay_out, layers
from reloadmagic.ipython.picture import svg
from session import NOT_OURS
from support import Project

Run = Callable[..., Any]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def run(run: Run, project: Project, capsys: Output) -> Run:
    """As in all of these tests, with two modules imported, one from the other."""
    project.write("config.py", "WIDTH = 1\n")
    project.write("shapes.py", "from config import WIDTH\ndef area(): return WIDTH\n")
    # They import by names, too.
    run(f"%reload_exclude {' '.join(NOT_OURS)}", store_history=False)
    run("import shapes")
    capsys.readouterr()
    return run


def notebook(*cells: str) -> list[str]:
    """What is shown for each of *cells* in a real kernel."""
    manager, client = start_new_kernel(startup_timeout=60)
    shown: list[str] = []

    def show(message: dict[str, Any]) -> None:
        content = message["content"]
        shown[-1] += content.get("text", "") or content.get("data", {}).get("text/plain", "")

    try:
        for cell in cells:
            shown.append("")
            client.execute_interactive(cell, timeout=60, output_hook=show)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    return shown


def test_explain_tells_of_a_name(run: Run) -> None:
    told = str(run("%reload_explain shapes.area").result)
    assert told.startswith("shapes.area · function · shapes.py:2\n")


def test_explain_says_what_it_does_not_know(run: Run, capsys: Output) -> None:
    run("%reload_explain shapes.aera")
    assert "UsageError: No module or definition of yours is called 'shapes.aera'. Did you mean" in (
        "".join(capsys.readouterr())
    )


def test_diff_shows_what_is_edited_and_has_not_run(run: Run, project: Project) -> None:
    project.edit("config.py", "WIDTH = 2\n")
    assert str(run("%reload_diff").result).splitlines()[-2:] == ["-WIDTH = 1", "+WIDTH = 2"]


def test_diff_says_that_there_is_nothing_to_show(run: Run) -> None:
    assert str(run("%reload_diff config").result) == "what last ran is what the files hold"


def test_graph_is_a_tree_in_text(run: Run, project: Project) -> None:
    project.edit("config.py", "WIDTH = 2\n")
    tree = str(run("%reload_graph config").result)
    assert tree == "shapes  (reached)\n└── config  (stale)"


def test_graph_is_a_picture_in_html(run: Run) -> None:
    html = run("%reload_graph config").result._repr_mimebundle_()["text/html"]
    picture = ET.fromstring(f"<div>{html}</div>")
    texts = [node.text for node in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["shapes", "config"]


def test_history_tells_the_reloads(run: Run, project: Project) -> None:
    assert str(run("%reload_history").result) == "nothing was reloaded yet"
    project.edit("config.py", "WIDTH = 2\n")
    run("pass")
    assert str(run("%reload_history").result).startswith("  1  reloaded config.py (WIDTH) → ")
    assert "+WIDTH = 2" in str(run("%reload_history 1").result)


def test_history_has_no_such_reload(run: Run, capsys: Output) -> None:
    run("%reload_history 3")
    assert "There is no reload 3" in "".join(capsys.readouterr())


def test_status_says_that_nothing_is_tracked_yet(
    shell: InteractiveShell, project: Project, capsys: Output
) -> None:
    shell.run_cell("%load_ext reloadmagic")
    shell.run_line_magic("reload_exclude", " ".join(NOT_OURS))
    status = shell.run_line_magic("reload_status", "")
    assert str(status).splitlines()[0] == "no modules tracked · mode auto"


def test_status_tells_who_opted_out(run: Run, project: Project) -> None:
    project.write("frozen.py", "__reload__ = False\n")
    run("import frozen")
    lines = str(run("%reload_status").result).splitlines()
    assert ["frozen", "opted", "out", "by", "__reload__", "=", "False"] in map(str.split, lines)


def test_status_tells_what_only_a_restart_can_load(run: Run, project: Project) -> None:
    project.write("lazy.py", "import sys\nsys.modules[__name__] = 1\n")
    run("import lazy")
    project.edit("lazy.py", "import sys\nsys.modules[__name__] = 2\n")
    run("lazy")
    status = str(run("%reload_status").result)
    assert "lazy    changed, and only a restart can load it" in status


def test_a_module_that_opted_out_is_left_alone(run: Run, project: Project) -> None:
    project.write("frozen.py", "__reload__ = False\nx = 1\n")
    run("import frozen")
    project.edit("frozen.py", "__reload__ = False\nx = 2\n")
    assert run("frozen.x").result == 1


class TestCells:
    """The hint in the report and ``%reload_cells``."""

    def test_a_reload_on_request_tells_which_cells_used_what_changed(
        self, run: Run, project: Project
    ) -> None:
        run("x = shapes.area()")  # In [3]
        run("y = x + 1")
        project.edit("config.py", "WIDTH = 2\n")
        report = run("%reload_changed").result
        assert str(report).splitlines()[1:] == ["cells [3] [4] used WIDTH before it changed"]

    def test_a_terminals_line_does_not(self, run: Run, project: Project, capsys: Output) -> None:
        run("x = shapes.area()")
        project.edit("config.py", "WIDTH = 2\n")
        capsys.readouterr()
        run("pass")
        assert capsys.readouterr().out.count("\n") == 1

    def test_a_notebooks_line_does(self, project: Project) -> None:
        project.write("config.py", "WIDTH = 1\n")
        shown = notebook(
            "%load_ext reloadmagic",
            "from config import WIDTH",
            "x = WIDTH",  # 3
            "y = x + 1",  # 4
            "from pathlib import Path\nPath('config.py').write_text('WIDTH = 22')",
            "x = WIDTH",
        )
        assert shown[-1].splitlines()[1:] == ["cell [4] used x of [3] before it changed"]

    def test_the_cell_that_reloads_is_not_told(self, run: Run, project: Project) -> None:
        run("y = shapes.area()")
        run("%%reload_changed -v\nx = shapes.area()")
        project.edit("config.py", "WIDTH = 2\n")
        run("%%reload_changed -v\nx = shapes.area()")
        assert "cell [3] used WIDTH" in str(run("%reload_history").result)

    def test_cells_lists_them_until_they_run_again(self, run: Run, project: Project) -> None:
        run("x = shapes.area()")
        run("y = x + 1")
        project.edit("config.py", "WIDTH = 2\n")
        run("pass")
        assert str(run("%reload_cells").result).splitlines() == [
            "  [3]  used WIDTH     x = shapes.area()",
            "  [4]  used x of [3]  y = x + 1",
        ]
        run("x = shapes.area()")
        run("y = x + 1")
        assert str(run("%reload_cells").result) == "no cell used what has changed since it ran"

    def test_cells_that_ran_after_an_edit_are_not_listed(self, run: Run, project: Project) -> None:
        run("x = shapes.area()")
        project.edit("config.py", "WIDTH = 2\n")
        run("y = shapes.area()")
        listed = str(run("%reload_cells").result)
        assert listed == "  [3]  used WIDTH  x = shapes.area()"

    def test_cells_with_magics_count(self, run: Run, project: Project, capsys: Output) -> None:
        run("%%time\nx = shapes.area()")
        run("here = %pwd\ny = shapes.area()")
        project.edit("config.py", "WIDTH = 2\n")
        assert "cells [3] [4] used WIDTH" in str(run("%reload_changed").result)

    def test_cells_that_ran_before_loading_count(
        self, shell: InteractiveShell, project: Project, capsys: Output
    ) -> None:
        project.write("early.py", "def f(): return 1\n")
        for cell in ["import early", "x = early.f()", "%load_ext reloadmagic"]:
            shell.run_cell(cell, store_history=True)
        project.edit("early.py", "def f(): return 2\n")
        report = shell.run_cell("%reload_changed", store_history=True).result
        assert "cell [2] used f" in str(report)


class TestPicture:
    """The graph as SVG."""

    @staticmethod
    def graph(**imports: str) -> Graph:
        nodes = tuple(Node(name, f"{name}.py", "current") for name in imports)
        edges = tuple((a, b) for a, found in imports.items() for b in found.split())
        return Graph(nodes, edges)

    def test_each_stands_below_all_that_import_it(self) -> None:
        graph = self.graph(a="b c", b="c", c="", d="c")
        assert layers(graph) == [["a", "d"], ["b"], ["c"]]

    def test_a_cycle_has_a_top(self) -> None:
        assert layers(self.graph(a="b", b="c", c="a")) == [["a"], ["b"], ["c"]]

    def test_a_module_that_imports_itself_is_no_hindrance(self) -> None:
        assert layers(self.graph(a="a b", b="")) == [["a"], ["b"]]

    def test_many_modules_take_no_time(self) -> None:
        names = [f"m{number}" for number in range(400)]
        graph = self.graph(**{n: " ".join(names[i + 1 : i + 9]) for i, n in enumerate(names)})
        assert len(layers(graph)) == 400

    def test_no_line_leads_through_a_module(self) -> None:
        graph = self.graph(app="train config", train="model config", model="config", config="")
        layout = lay_out(graph, lambda _, is_module: 50 if is_module else 10)
        for row in layout.rows:
            edges = [(layout.middles[p], 25 if layout.home[p[0]] == p[1] else 5) for p in row]
            pairs = itertools.pairwise(edges)
            assert all(a + half <= b - other + 1e-9 for (a, half), (b, other) in pairs)
        assert [len(row) for row in layout.rows] == [1, 2, 2, 1]  # the lines to config are one

    def test_every_import_is_a_way_down_or_back(self) -> None:
        layout = lay_out(self.graph(a="b c", b="c", c="a"), lambda *_: 1)
        assert (layout.lines, layout.back) == (
            [
                (("a", 0), ("b", 1)),
                (("a", 0), ("c", 1)),
                (("c", 1), ("c", 2)),
                (("b", 1), ("c", 2)),
            ],
            [("c", "a")],
        )

    def test_a_picture_of_many_modules_takes_no_time(self) -> None:
        names = [f"m{number}" for number in range(300)]
        graph = self.graph(**{n: " ".join(names[i + 1 : i + 9]) for i, n in enumerate(names)})
        assert svg(graph).count("<rect") == 300

    def test_names_are_escaped(self) -> None:
        picture = svg(Graph((Node("a", "<odd>&.py", "failed"),), ()))
        ET.fromstring(f"<div>{picture}</div>")
        assert "<odd>" not in picture

    @pytest.mark.parametrize(
        ("state", "text"),
        [
            ("stale", "edited since it last ran"),
            ("gone", "is gone"),
            ("undone", "an older version"),
        ],
    )
    def test_states_have_a_legend(self, state: str, text: str) -> None:
        assert text in svg(Graph((Node("a", "a.py", state),), ()))
