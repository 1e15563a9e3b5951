"""What the tests of the shell's side share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from support import Project


@pytest.fixture
def run(
    shell: InteractiveShell, project: Project, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Runs a cell as a user does, in a shell where the extension is loaded."""

    def run(cell: str, *, store_history: bool = True, **options: Any) -> Any:
        return shell.run_cell(cell, store_history=store_history, **options)

    run("%load_ext reloadmagic")
    capsys.readouterr()
    return run


@pytest.fixture
def shapes(
    run: Callable[..., Any], project: Project, capsys: pytest.CaptureFixture[str]
) -> Project:
    """A project with two modules that are imported."""
    project.write("shapes.py", "def area(): return 1\n")
    project.write("model.py", "def fit(): return 1\n")
    run("import shapes, model")
    capsys.readouterr()
    return project
