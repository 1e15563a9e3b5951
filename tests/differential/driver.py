"""Runs a case: one process for the session, a new one for every fresh import, all forked from here.

This process imports nothing of the package, so a fork of it is as good as a fresh interpreter and
costs a millisecond.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import os
import pickle
import pkgutil
import select
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .case import Case, Version
from .describe import Tree
from .live import USERS, Description, Difference, Live, fresh
from .notebooks import as_notebooks
from .tools import Order

SECONDS = 30.0
SHOWN = 6  # differences of a version that are kept
EPOCH = 1_600_000_000


class Died(Exception):
    """The other process ended, or did not answer in time."""


class Unsound(Exception):
    """A fresh process cannot import the files."""


def _send(stream: int, value: object) -> None:
    data = pickle.dumps(value)
    with os.fdopen(os.dup(stream), "wb") as out:
        out.write(len(data).to_bytes(8, "big") + data)


def _receive(stream: int, seconds: float = SECONDS) -> Any:
    size = int.from_bytes(_read(stream, 8, seconds), "big")
    return pickle.loads(_read(stream, size, seconds))


def _read(stream: int, size: int, seconds: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        ready, _, _ = select.select([stream], [], [], seconds)
        part = os.read(stream, min(size - len(data), 1 << 20)) if ready else b""
        if not part:
            raise Died("no answer in time" if not ready else "the process ended")
        data += part
    return bytes(data)


def in_child(work: Callable[[], object]) -> Any:
    """What *work* returns, or raises as ``Unsound`` with its text, in a forked process.

    Raises:
        Unsound: *work* raised.
        Died: the process ended without an answer.
    """
    inward, outward = os.pipe()
    child = os.fork()
    if not child:
        os.close(inward)
        _answer_once(work, outward)
    os.close(outward)
    try:
        ok, result = _receive(inward)
    finally:
        os.close(inward)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not ok:
        raise Unsound(result)
    return result


def _answer_once(work: Callable[[], object], outward: int) -> None:
    """Work, answer and end the process, come what may."""
    try:
        silence()
        try:
            reply = True, work()
        except BaseException:  # sys.exit() in a generated module must not end the run
            reply = False, traceback.format_exc(limit=-4)
        _send(outward, reply)
    finally:
        os._exit(0)


def silence() -> None:
    """Send what generated code prints nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


class Session:
    """The process of the session under test, and the pipe to it."""

    def __init__(self, live: Live) -> None:
        ask, self._ask = os.pipe()
        self._reply, reply = os.pipe()
        self._child = os.fork()
        if not self._child:
            os.close(self._ask)
            os.close(self._reply)
            self._serve(live, ask, reply)
        os.close(ask)
        os.close(reply)

    @staticmethod
    def _serve(live: Live, ask: int, reply: int) -> None:
        try:
            silence()
            while True:
                name, arguments, forked = _receive(ask, seconds=600)
                try:
                    method = getattr(live, name)
                    work = partial(method, **arguments)
                    _send(reply, (True, in_child(work) if forked else work()))
                except BaseException:  # reported to the driver
                    _send(reply, (False, traceback.format_exc(limit=-4)))
        finally:
            os._exit(0)

    def call(self, name: str, *, forked: bool = False, **arguments: object) -> Any:
        """Call a method of ``Live`` over there; *forked* in a child of it, so that it leaves no trace."""
        _send(self._ask, (name, arguments, forked))
        ok, result = _receive(self._reply)
        if not ok:
            raise Died(result)
        return result

    def close(self) -> None:
        """End the process."""
        for stream in (self._ask, self._reply):
            os.close(stream)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)


class Folder:
    """The files of the case on disk. Nearly every save moves their time on by two seconds.

    With *notebooks*, some of them are written as notebooks.
    """

    def __init__(self, *, notebooks: bool = False) -> None:
        self.notebooks = notebooks
        base = "/dev/shm" if Path("/dev/shm").is_dir() else None
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="differential-", dir=base))
        self.files: dict[str, str] = {}
        self._saves = 0

    def write(self, files: dict[str, str]) -> None:
        """Make the files on disk those given; what has not changed is not touched."""
        if self.notebooks:
            files = as_notebooks(files)
        self._saves += 1
        seconds = EPOCH + 2 * self._saves
        for path in self.files.keys() - files.keys():
            Path(self.root, path).unlink()
        for path, text in files.items():
            if self.files.get(path) != text:
                self._save(Path(self.root, path), text, seconds)
        self.files = dict(files)

    def _save(self, path: Path, text: str, seconds: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._saves % 3:
            path.write_text(text, encoding="utf-8")
        else:  # as editors do that write a new file and rename it
            other = path.with_suffix(".tmp")
            other.write_text(text, encoding="utf-8")
            other.replace(path)
        if self._saves % 7:  # now and then the time is the clock's, and moves backwards afterwards
            os.utime(path, (seconds, seconds))

    def remove(self) -> None:
        """Remove it all."""
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(slots=True)
class Outcome:
    """What came of a case."""

    differences: list[Difference] = field(default_factory=list)
    version: int = 0
    edits: int = 0
    broken: int = 0
    names: int = 0
    checked: int = 0
    report: str = ""


@dataclass(slots=True)
class Runner:
    """One case being run. Versions can be given one by one, as the dice need it."""

    tool: str
    cells: tuple[str, ...]
    sources: bool = True
    folder: Folder = field(default_factory=Folder)
    outcome: Outcome = field(default_factory=Outcome)
    order: Order = field(default_factory=list)
    session: Session | None = None

    def judge(self, files: dict[str, str]) -> Description:
        """The description by a fresh process.

        Raises:
            Unsound: it cannot import the files.
        """
        self.folder.write(files)
        order, root, cells, sources = self.order, self.folder.root, self.cells, self.sources
        try:
            found: Description = in_child(lambda: fresh(root, order, cells, sources=sources))
        except Died as error:
            raise Unsound(str(error)) from error
        return found

    def is_sound(self, files: dict[str, str]) -> bool:
        """Whether a fresh process can import the files."""
        try:
            self.judge(files)
        except Unsound:
            return False
        return True

    def start(self, version: Version) -> None:
        """Open the session on the first version.

        Raises:
            Unsound: a fresh process cannot import it, or not all that the cells want.
        """
        expected = self.judge(version.files)
        if expected.failing:
            raise Unsound(f"cells fail: {expected.failing}")
        self.session = Session(Live(self.folder.root, self.tool, self.cells, version.files))
        self.session.call("start")
        self.order = self.session.call("order")
        self._compare(expected)
        self.session.call("act", actions=version.actions)

    def advance(self, version: Version, expected: Description | None = None) -> list[Difference]:
        """Save a further version, reload, compare; the differences."""
        self.outcome.version += 1
        if version.broken:
            self._break(version)
        else:
            self._mend(version, expected or self.judge(version.files))
        if self.session is not None:
            self.session.call("act", actions=version.actions)
        return self.outcome.differences

    def _mend(self, version: Version, expected: Description) -> None:
        assert self.session is not None
        self.folder.write(version.files)
        self.outcome.edits += 1
        before = self.order
        if self._escaped(self.session.call("reload")):
            return
        self.order = self.session.call("order")
        if self.order != before:
            expected = self.judge(version.files)
        self.outcome.differences += self.session.call("check", files=version.files)
        self._compare(expected)

    def _compare(self, expected: Description) -> None:
        assert self.session is not None
        found = self.session.call(
            "describe", forked=True, modules=expected.names, calls=True, sources=self.sources
        )
        for name in expected.passed:
            found.notebook[name] = expected.notebook[name]
        self.outcome.names += sum(map(len, expected.modules.values())) + len(expected.notebook)
        self.outcome.differences += compare(expected, found)

    def _break(self, version: Version) -> None:
        assert self.session is not None
        self.outcome.broken += 1
        strictly = version.broken.endswith("strictly")
        modules = [name for _, name in self.order]
        before = self._standing(modules) if strictly else None
        self.folder.write(version.files)
        self._escaped(self.session.call("reload"))
        if before is None:
            self.session.call("let_go")
        else:
            after = self._standing(modules)
            self.outcome.differences += [
                Difference("rollback", place, old, new)
                for place, old, new in tree_differences(before, after, "")
            ][:SHOWN]

    def _standing(self, modules: list[str]) -> Tree:
        assert self.session is not None
        found: Description = self.session.call(
            "describe", forked=True, modules=modules, calls=False, sources=False
        )
        numbers = self.session.call("numbers")
        return {
            "what": found.modules,
            "notebook": found.notebook,
            "which": {name: str(number) for name, number in numbers.items()},
        }

    def _escaped(self, error: str) -> bool:
        if error:
            self.outcome.differences.append(Difference("raised", "reload", "no exception", error))
        return bool(error)

    def close(self) -> None:
        """End the session and remove the files."""
        if self.session is not None:
            with contextlib.suppress(Died, OSError):
                self.outcome.checked, self.outcome.report = self.session.call("last_words")
            self.session.close()
        self.folder.remove()


def run_case(case: Case, tool: str, *, sources: bool = True) -> Outcome:
    """Run the whole case, up to the first version with a difference.

    Raises:
        Unsound: a version that should be importable is not.
    """
    runner = Runner(tool, case.cells, sources)
    try:
        runner.start(case.versions[0])
        for version in case.versions[1:]:
            if runner.outcome.differences:
                break
            if version.broken and runner.is_sound(version.files):
                raise Unsound("a version that should be broken is not")
            runner.advance(version)
    except Died as error:
        runner.outcome.differences.append(Difference("died", "session", "an answer", str(error)))
    finally:
        runner.close()
    return runner.outcome


# -- comparing ----------------------------------------------------------------------------------


def compare(expected: Description, found: Description) -> list[Difference]:
    """Where the session is not what a fresh process is; the first few places."""
    differences = []
    for part in ("modules", "notebook", "calls"):
        places = tree_differences(getattr(expected, part), getattr(found, part), "")
        kind = "value" if part != "calls" else "call"
        differences += [
            Difference(kind, place, old, new)
            for place, old, new in places
            if not _forgiven(part, place, old, new)
        ]
        if differences:
            break
    return differences[:SHOWN]


def _forgiven(part: str, place: str, old: str, new: str) -> bool:
    """Whether the name is none of the source's: the user's own, a submodule, an import that now fails."""
    if new == USERS:
        return True
    if part == "notebook" and " / " not in place:
        # A star-import takes the submodules that happen to be imported by then.
        return old == MISSING or (new == MISSING and old.startswith("module "))
    return old == MISSING and new.startswith("module ")


MISSING = "(nothing)"


def tree_differences(old: Tree, new: Tree, place: str) -> list[tuple[str, str, str]]:
    """Where two descriptions part: place, what stands there in the one and in the other."""
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        inner = [
            (
                f"{place} / {key}" if place else str(key),
                old.get(key, MISSING),
                new.get(key, MISSING),
            )
            for key in keys
        ]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        inner = [
            (f"{place}[{at}]", first, second)
            for at, (first, second) in enumerate(zip(old, new, strict=True))
        ]
    else:
        return [(place, _short(old), _short(new))]
    return [
        difference
        for where, first, second in inner
        for difference in tree_differences(first, second, where)
    ]


def _short(tree: Tree) -> str:
    text = tree if isinstance(tree, str) else repr(tree)
    return text if len(text) < 160 else f"{text[:160]}..."


def prepare() -> None:
    """Bring about before any fork what every process needs: imports, patterns, the tool if there is one."""
    for name in (
        "abc",
        "collections",
        "contextlib",
        "dataclasses",
        "enum",
        "functools",
        "typing",
    ):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.suppress(ImportError):
        _import_all("reloadmagic")
    inspect.getsource(prepare)  # has tokenize compile its patterns
    gc.collect()
    gc.freeze()


def _import_all(package: str) -> None:
    """Import the package and its parts, but for those that bring IPython or run on workers."""
    path = importlib.import_module(package).__path__
    for part in pkgutil.walk_packages(path, f"{package}."):
        if ".ipython" not in part.name and ".workers" not in part.name:
            importlib.import_module(part.name)
