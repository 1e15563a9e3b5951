"""What the tests of workers share: a reloader on a project, and bare processes as workers."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reloadmagic import Reloader
from session import watch
from support import Project
from worker_process import Workers


@pytest.fixture(autouse=True)
def _semaphores() -> Iterator[None]:
    """A test's semaphores go with it.

    Pools are in cycles. Where the garbage collector gets to one while the resource tracker of
    multiprocessing is at work for the next, Python 3.13 says that this is not supported.
    """
    yield
    gc.collect()


@pytest.fixture
def reloader(project: Project) -> Iterator[Reloader]:
    """Watches the project; it waits long enough for a machine that is busy."""
    with watch() as reloader:
        reloader.workers_timeout = 60.0
        yield reloader


@pytest.fixture
def workers() -> Iterator[Workers]:
    """No workers yet; those that are started end with the test."""
    workers = Workers()
    yield workers
    workers.close()


@pytest.fixture
def elsewhere(project: Project, tmp_path: Path) -> Callable[[], Path]:
    """Makes a copy of the project as it is now: another machine's disk."""

    def copy() -> Path:
        return Path(shutil.copytree(project.path, tmp_path / "elsewhere", dirs_exist_ok=True))

    return copy
