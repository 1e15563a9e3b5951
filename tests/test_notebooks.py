"""The notebooks in ``notebooks/``, each run in a real kernel as it stands."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
IDS = [path.stem for path in PATHS]


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    """The script that README's first command runs."""
    spec = importlib.util.spec_from_file_location("run_notebooks", NOTEBOOKS / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", PATHS, ids=IDS)
def test_notebook_runs(path: Path, runner: ModuleType, tmp_path: Path) -> None:
    runner.execute(path, tmp_path)


@pytest.mark.parametrize("path", PATHS, ids=IDS)
def test_notebook_is_committed_without_outputs(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count] == []


@pytest.mark.parametrize("path", PATHS, ids=IDS)
def test_notebook_names_its_kernel(path: Path) -> None:
    """JupyterLab asks which kernel to use, in a dialog, where a notebook does not say."""
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["kernelspec"]["name"] == "python3"


def test_quickstart_shows_what_it_promises(runner: ModuleType, tmp_path: Path) -> None:
    notebook = runner.execute(NOTEBOOKS / "quickstart.ipynb", tmp_path)
    cells = [cell for cell in notebook.cells if cell.source.endswith("describe(basket)")]
    shown = [runner.outputs(cell).splitlines() for cell in cells]
    assert [lines[-1] for lines in shown] == [
        "'2 things for 30.00'",
        "'2 things for 35.70'",  # the method was edited
        "(0.07, '2 things for 32.10')",  # the constant was
        "'2 things for 32.10'",  # the file cannot be parsed
        "'2 things for 32.00'",  # mended
        "'2 things for 36.00'",  # reloaded on request
    ]
    before, method, constant, mistake, mended, _ = ("\n".join(lines[:-1]) for lines in shown)
    assert before == ""
    assert "Basket.total" in method
    assert "settings.py" in constant
    assert "shop.py" in constant
    assert "shop.py:9" in mistake
    assert "shop.py" in mended


def test_first_command_of_the_readme_prints_the_reloads() -> None:
    command = [sys.executable, str(NOTEBOOKS / "run.py"), str(NOTEBOOKS / "quickstart.ipynb")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "reloaded shop.py" in done.stdout
