"""A project on disk, for tests that edit files, and processes of their own."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

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


def answer_of(script: Path, *arguments: str, **variables: str) -> Any:
    """What a script that runs in a process of its own prints last, as JSON.

    *variables* are added to its environment.
    """
    environment = {**os.environ, **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
