"""What the tests share: a project on disk that can be edited, and a shell that forgets everything.

Nothing sleeps: an edit moves the file's mtime on. Bytecode writing is on whatever the environment
says, since stale bytecode is one of the things a reloader has to be right about.
"""

from __future__ import annotations

import atexit
import linecache
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from session import watch
from support import Project

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from reloadmagic import Reloader


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Whole packages are reloaded before other tests have loaded shells and kernels: after those, a
    # reload of traitlets looks through the heap again and again, for minutes on Python 3.12.
    items.sort(key=lambda item: item.path.name != "test_real_package.py")


@pytest.fixture(autouse=True, scope="session")
def _interrupts() -> Iterator[None]:
    """Ctrl-C interrupts, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Kernels and terminals keep their profiles, histories and runtime files in a folder of ours."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(variable, str(home / variable.lower()))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        # The platformdirs default of newer jupyter_core, named so that older ones do not warn.
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        yield


@pytest.fixture(autouse=True)
def _bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytecode is written, here and in child processes, as on users' machines."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty folder that is on sys.path and the working directory; its modules go with it."""
    path = tmp_path / "project"
    path.mkdir()
    monkeypatch.chdir(path)
    monkeypatch.syspath_prepend(str(path))
    project = Project(path)
    known = set(sys.modules)
    yield project
    # What a module has put in its own place may tell nothing of where it comes from.
    files = [name for name in sys.modules if (path / f"{name.replace('.', '/')}.py").exists()]
    for name in {*project.modules(), *files} - known:
        del sys.modules[name]
    for entry in [entry for entry in sys.path_importer_cache if entry.startswith(str(path))]:
        del sys.path_importer_cache[entry]
    linecache.clearcache()


@pytest.fixture
def reloader(project: Project) -> Iterator[Reloader]:
    """Watches from before anything of the project is imported; leaves the tests themselves alone."""
    with watch() as reloader:
        yield reloader


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A real InteractiveShell of its own, without the extension: ``%load_ext`` is the test's part."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    # The shell installs its own __main__ and never gives the old one back.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    shell = InteractiveShell(config=config)
    try:
        yield shell
    finally:
        _unload(shell)
        shell.history_manager.end_session()
        shell.restore_sys_module_state()
        # IPython keeps its shells for ever, and the next tests' reloads would search through them.
        atexit.unregister(shell.atexit_operations)
        atexit.unregister(shell.magics_manager.registry["ScriptMagics"].kill_bg_processes)
        # Whatever else holds one, the loaders of the modules in it hold all that a Reloader knows.
        shell.user_ns.clear()


def _unload(shell: InteractiveShell) -> None:
    """Take the extension out of *shell*, however the test put it there."""
    if "reloadmagic.ipython" in sys.modules:
        from reloadmagic.ipython import unload

        unload(shell)
