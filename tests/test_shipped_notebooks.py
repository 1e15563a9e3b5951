"""Notebooks as others write them: those that come with packages, from their source distributions.

Each imports, or fails with an error that has a reason and a place, a cell and a line in it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from support import answer_of

# With notebooks of prose and plots, of broken cells, of several formats. Number of notebooks.
PACKAGES = {"nbval==0.11.0": 12, "papermill==2.7.0": 24, "seaborn==0.13.2": 90, "tqdm==4.67.1": 2}
SCRIPT = Path(__file__).parent / "shipped.py"
IN_CELL = re.compile(r"\.ipynb, cell \d+, line \d+$")


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages' source distributions, unpacked."""
    folder = tmp_path_factory.mktemp("shipped")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    subprocess.run([*command, f"--dest={folder}", *PACKAGES], check=True, timeout=300)
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as members:
            members.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session", params=["all", "definitions"])
def results(shipped: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """By notebook, what became of its import."""
    found: dict[str, Any] = answer_of(SCRIPT, str(shipped), request.param, MPLBACKEND="agg")
    return found


def imported(results: dict[str, Any]) -> dict[str, Any]:
    return {name: result for name, result in results.items() if "error" not in result}


def test_every_notebook_was_tried(results: dict[str, Any]) -> None:
    assert len(results) == sum(PACKAGES.values())


def test_notebooks_that_need_nothing_else_are_imported(results: dict[str, Any]) -> None:
    names = {Path(name).stem for name in imported(results)}
    assert names >= {"minimal_example", "simple_execute", "result_no_exec", "nb_version_4.4"}


def test_what_is_imported_is_the_notebook(results: dict[str, Any]) -> None:
    assert [n for n, found in imported(results).items() if not found["file"].endswith(n)] == []


def test_failures_have_a_reason_and_name_the_cell(results: dict[str, Any]) -> None:
    failed = {n: found for n, found in results.items() if n not in imported(results)}
    assert failed
    assert [n for n, found in failed.items() if not IN_CELL.search(found["place"])] == []


def test_functions_show_their_source(results: dict[str, Any]) -> None:
    assert [n for n, found in imported(results).items() if found["unshown"]] == []


def test_a_cell_above_all_others_runs_nothing_again(results: dict[str, Any]) -> None:
    assert [(n, found["moved"]) for n, found in imported(results).items() if found["moved"]] == []
