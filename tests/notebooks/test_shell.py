"""Notebooks as modules in a real shell."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import reloadmagic.notebooks
from notebook_files import Write, code, notebook
from support import Project


def test_loading_the_extension_is_all_it_takes(project: Project, shell: Any) -> None:
    project.write("book.ipynb", notebook("%matplotlib inline", "words = !echo seen", "K = 1"))
    shell.run_cell("%load_ext reloadmagic")
    assert shell.run_cell("import book; [*book.words, book.K]").result == ["seen", 1]


def test_commands_in_functions_work_between_cells(
    project: Project, shell: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write(
        "book.ipynb", notebook("def f():\n    words = !echo seen\n    return list(words)")
    )
    shell.run_cell("%load_ext reloadmagic\nimport book")
    assert sys.modules["book"].f() == ["seen"]


def test_settings_say_what_runs(project: Project, shell: Any) -> None:
    cells = ["K = 1", code("K = 2", "draft"), "seen = []\nseen.append(1)", "%cd -q ."]
    project.write("book.ipynb", notebook(*cells))
    shell.config.ReloadMagic.skip_tags = ["draft"]
    shell.config.ReloadMagic.allow = ["%cd"]
    shell.run_cell("%load_ext reloadmagic\n%config ReloadMagic.notebook_import = 'definitions'")
    assert shell.run_cell("import book; book.K, book.seen").result == (1, [])
    finder = reloadmagic.notebooks.installed()
    assert finder is not None
    assert finder.settings.allow == ("%cd",)


def test_notebooks_can_be_left_out(project: Project, shell: Any) -> None:
    project.write("book.ipynb", notebook("K = 1"))
    shell.config.ReloadMagic.notebooks = False
    shell.run_cell("%load_ext reloadmagic")
    assert isinstance(shell.run_cell("import book").error_in_exec, ModuleNotFoundError)
    shell.run_cell("%config ReloadMagic.notebooks = True")
    assert shell.run_cell("import book; book.K").result == 1


def test_notebooks_that_are_loaded_follow_though_no_more_are_found(
    project: Project, write: Write, shell: Any
) -> None:
    write("book.ipynb", "K = 1")
    shell.run_cell("%load_ext reloadmagic\nimport book", store_history=True)
    shell.run_cell("%config ReloadMagic.notebooks = False", store_history=True)
    write("book.ipynb", "K = 2")
    assert shell.run_cell("book.K", store_history=True).result == 2


def test_unloading_brings_back_what_was_installed_before(shell: Any) -> None:
    before = reloadmagic.notebooks.install(skip_tags=["mine"]).settings
    shell.run_cell("%load_ext reloadmagic")
    shell.run_cell("%unload_ext reloadmagic")
    finder = reloadmagic.notebooks.installed()
    assert finder is not None
    assert finder.settings == before


@pytest.fixture
def session(write: Write, shell: Any) -> Any:
    """A shell in which a notebook was imported, which imports another, and that one was edited."""
    write("low.ipynb", "K = 1", "def f():\n    return K")
    write("high.ipynb", "import math", "# What counts\nfrom low import K\nL = K + 1")
    shell.run_cell("%load_ext reloadmagic\nimport high", store_history=True)
    shell.run_cell("%reload_mode off", store_history=True)
    write("low.ipynb", "K = 2", "def f():\n    return K\n")
    return shell


def shown(shell: Any, command: str) -> str:
    return str(shell.run_cell(command, store_history=True).result)


def test_diff_is_that_of_the_cells(session: Any) -> None:
    diff = shown(session, "%reload_diff")
    assert diff.startswith("low · low.ipynb\n")
    assert "cell 1\n # %%\n-K = 1\n+K = 2\n" in diff
    assert "nbformat" not in diff


def test_explanation_names_cells(session: Any) -> None:
    assert "high.ipynb, cell 2, line 3" in shown(session, "%reload_explain high.L")
    assert "run cell 1, line 1 again" in shown(session, "%reload_explain low.K")
    assert "reruns high.ipynb, cell 2, line 2" in shown(session, "%reload_explain low.K")


def test_status_and_graph_know_notebooks(session: Any) -> None:
    status = shown(session, "%reload_status")
    assert "low" in status
    assert "stale" in status
    assert "low" in shown(session, "%reload_graph high")


def test_dry_run_and_history_know_notebooks(session: Any) -> None:
    assert "low" in shown(session, "%reload_changed -n")
    assert "reloaded low.ipynb (K) → high.ipynb (K, L)" in shown(session, "%reload_changed")
    assert "low.ipynb" in shown(session, "%reload_history")


def test_diff_of_a_cell_that_does_not_parse_says_where(write: Write, session: Any) -> None:
    write("low.ipynb", "K = 1", "def f():\n    return (")
    diff = shown(session, "%reload_diff")
    assert "low.ipynb, cell 2, line 2: SyntaxError: '(' was never closed" in diff
    assert "nbformat" not in diff
