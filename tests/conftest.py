"""What the tests share: a project on disk that can be edited, and a shell that forgets everything.

Nothing sleeps: an edit moves the file's mtime on. Bytecode writing is on whatever the environment
says, since stale bytecode is one of the things a reloader has to be right about.
"""

from __future__ import annotations

import importlib
import linecache
import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from IPython.core.interactiveshell import InteractiveShell

TWO_SECONDS = 2_000_000_000


class Project:
    """A folder on sys.path: ``write`` files, ``edit`` them, import them.

    Texts are dedented, so that a test can hold them indented. The folder is the working directory
    for as long as the test runs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> Path:
        """The path of *name*, written with *text*, its mtime as the file system gives it."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_dedent(text), encoding="utf-8")
        # The finders cache folder listings by the folder's mtime, too coarse for a quick test.
        importlib.invalidate_caches()
        return path

    def edit(self, name: str, text: str) -> Path:
        """The path of *name*, overwritten with *text*, its mtime two seconds later than before."""
        before = (self.path / name).stat().st_mtime_ns
        path = self.write(name, text)
        _move_mtime(path, before)
        return path

    def replace(self, name: str, old: str, new: str, count: int = 1) -> Path:
        """The path of *name*, edited: *old*, which must be there *count* times, becomes *new*."""
        text = (self.path / name).read_text(encoding="utf-8")
        assert text.count(old) == count, f"{old!r} is {text.count(old)} times in {name}"
        before = (self.path / name).stat().st_mtime_ns
        path = self.path / name
        path.write_text(text.replace(old, new), encoding="utf-8")
        _move_mtime(path, before)
        return path

    def touch(self, name: str) -> Path:
        """The path of *name*, its mtime two seconds later than before."""
        path = self.path / name
        _move_mtime(path, path.stat().st_mtime_ns)
        return path

    def delete(self, name: str) -> None:
        path = self.path / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        importlib.invalidate_caches()

    def modules(self) -> list[str]:
        """Names in sys.modules of what was imported from here, also after its file has gone."""
        root = str(self.path) + os.sep
        return [name for name, module in list(sys.modules.items()) if _lies_under(module, root)]


def _dedent(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def _move_mtime(path: Path, before: int) -> None:
    stamp = max(path.stat().st_mtime_ns, before + TWO_SECONDS)
    os.utime(path, ns=(stamp, stamp))


def _lies_under(module: object, root: str) -> bool:
    try:
        namespace = vars(module)
    except TypeError:
        return False
    spec = namespace.get("__spec__")
    places = [namespace.get("__file__"), *(getattr(spec, "submodule_search_locations", None) or [])]
    return any(isinstance(place, str) and place.startswith(root) for place in places)


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
    for name in project.modules():
        if name not in known:
            del sys.modules[name]
    for entry in [entry for entry in sys.path_importer_cache if entry.startswith(str(path))]:
        del sys.path_importer_cache[entry]
    linecache.clearcache()


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
        if "reloadmagic" in shell.extension_manager.loaded:
            shell.extension_manager.unload_extension("reloadmagic")
        shell.history_manager.end_session()
        shell.restore_sys_module_state()
