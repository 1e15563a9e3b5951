"""What the tests of notebooks as modules share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reloadmagic.notebooks
from notebook_files import Write, notebook
from reloadmagic import Reloader
from support import Project


@pytest.fixture(autouse=True)
def _uninstalled() -> Iterator[None]:
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before


@pytest.fixture
def write(project: Project) -> Write:
    """Writes notebooks, the first time or again, their mtime moved on."""
    reloadmagic.notebooks.install()

    def write(name: str, *cells: str | dict[str, Any], **metadata: Any) -> Path:
        known = (project.path / name).exists()
        return (project.edit if known else project.write)(name, notebook(*cells, **metadata))

    return write


@pytest.fixture
def reloader() -> Iterator[Reloader]:
    with Reloader() as reloader:
        yield reloader
