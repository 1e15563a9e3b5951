"""The line that says which statement a reload waits for."""

from __future__ import annotations

import threading

import pytest

from reloadmagic.engine import Slow, progress
from reloadmagic.report.words import running_line
from session import load, watch

SECONDS = 30
WAITS = """
import gate
X = 1
MODEL = gate.passed(X)
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Slow]:
    """Where what a `Reloader` tells is to go; its patience is nil."""
    monkeypatch.setattr(progress, "AFTER", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.001)
    return []


def write_gate(project, waits="gate.wait(30)"):
    """A module whose function returns once *waits* has."""
    project.write(
        "gate.py",
        f"import threading\ngate = threading.Event()\ndef passed(x):\n    {waits}\n    return x\n",
    )


def test_a_statement_is_told_of_while_it_runs_and_when_it_has_ended(project, told):
    write_gate(project)
    project.write("train.py", WAITS)
    gate = load("gate")
    gate.gate.set()
    load("train")

    def tell(slow: Slow) -> None:
        told.append(slow)
        gate.gate.set()

    with watch(progress=tell) as reloader:
        gate.gate.clear()
        project.replace("train.py", "X = 1", "X = 2")
        reloader.reload()
    lines = {(slow.path.rsplit("/", 1)[-1], slow.lineno, slow.text) for slow in told}
    assert lines == {("train.py", 3, "MODEL = gate.passed(X)")}
    assert [slow.is_done for slow in told][-2:] == [False, True]


def test_nothing_is_watched_where_nothing_of_the_users_runs(project, told):
    project.write("m.py", "K = 1\nL = K + 1\ndef f(): return 1\n")
    load("m")
    with watch(progress=told.append) as reloader:
        started = []
        original = threading.Thread.start
        threading.Thread.start = lambda self: (started.append(self), original(self))[1]
        try:
            project.edit("m.py", "K = 2\nL = K + 1\ndef f(): return 2\n")
            assert reloader.reload()
        finally:
            threading.Thread.start = original
    assert (started, told) == ([], [])


def test_an_error_of_whoever_is_told_stops_nothing(project, told):
    write_gate(project, waits="pass")
    project.write("train.py", WAITS)
    load("gate")
    train = load("train")

    def tell(slow: Slow) -> None:
        told.append(slow)
        raise OSError

    with watch(progress=tell) as reloader:
        project.replace("train.py", "X = 1", "X = 2")
        reloader.reload()
    assert (train.MODEL, len(told) <= 1) == (2, True)


def test_the_watching_thread_ends_with_the_reload(project, told):
    write_gate(project, waits="pass")
    project.write("train.py", WAITS)
    load("gate")
    load("train")
    with watch(progress=told.append) as reloader:
        project.replace("train.py", "X = 1", "X = 2")
        reloader.reload()
    assert not [t for t in threading.enumerate() if t.name == "reloadmagic progress"]


def test_the_line_names_place_statement_and_seconds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    slow = Slow(str(tmp_path / "train.py"), 12, "MODEL = load(path)", 3.21, is_done=False)
    assert running_line(slow) == "train.py:12 MODEL = load(path)  3.2 s"
