"""What reloading costs, as counts that are the same on every machine: no test here has a clock.

System calls are counted where Python code makes them, by `os.stat` and audit events; calls of
Python functions by `sys.setprofile`; passes over the heap where the collector is asked.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reloadmagic.engine.state import State, Work
from reloadmagic.plan import ModulePlan, Plan
from reloadmagic.transaction import Transaction
from session import load, ran, watch
from support import Project

USERS = 10


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often files were looked at or opened and the heap was gone through, as long as it is."""
    found: Counter[str] = Counter()

    def counting(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            found[name] += 1
            return call(*arguments, **named)

        return counted

    monkeypatch.setattr(os, "stat", counting("stat", os.stat))
    for name in ("get_referrers", "get_objects", "collect"):
        monkeypatch.setattr(gc, name, counting(name, getattr(gc, name)))
    return found


_audited: list[Counter[str]] = []
sys.addaudithook(lambda event, _: [counts.update([event]) for counts in _audited] and None)


@contextmanager
def audited() -> Iterator[Counter[str]]:
    """Events that CPython raises before it asks the system for something."""
    counts: Counter[str] = Counter()
    _audited.append(counts)
    try:
        yield counts
    finally:
        _audited.remove(counts)


def calls(work: Callable[[], Any]) -> int:
    """How many calls of Python functions *work* consists of."""
    count = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def users(project: Project, count: int = USERS) -> None:
    for number in range(count):
        project.write(f"mine_{number}.py", f"K = {number}\ndef f():\n    return K\n")


# Nothing changed -----------------------------------------------------------------------------------


def test_an_idle_cell_looks_once_at_each_file_and_at_nothing_else(project, shell, counted):
    users(project)
    shell.run_cell("%load_ext reloadmagic")
    shell.run_cell("%reload_exclude tests browser")  # without __init__.py, which is looked for too
    for number in range(USERS):
        shell.run_cell(f"import mine_{number}")
    shell.run_cell("1")
    before = shell.magics_manager.registry["ReloadMagic"].hook._events["pre_run_cell"]
    info = shell.run_cell("2", store_history=True).info
    counted.clear()
    with audited() as events:
        before(info)
    tracked = shell.magics_manager.registry["ReloadMagic"].reloader.tracked
    assert (counted, events) == ({"stat": len(tracked)}, {})


def test_an_idle_cell_takes_three_calls(project, shell):
    users(project)
    shell.run_cell("%load_ext reloadmagic")
    for number in range(USERS):
        shell.run_cell(f"import mine_{number}")
    shell.run_cell("1")
    result = shell.run_cell("2", store_history=True)
    events = shell.magics_manager.registry["ReloadMagic"].hook._events

    def cell() -> None:
        events["pre_run_cell"](result.info)
        events["post_run_cell"](result)

    assert calls(cell) - calls(lambda: None) == 3  # the two, and one that looks at the files


def test_before_an_edit_runs_each_file_is_looked_at_once(project, shell, counted):
    users(project)
    shell.run_cell("%load_ext reloadmagic")
    for number in range(USERS):
        shell.run_cell(f"import mine_{number}")
    for value in (1, 2):
        project.edit("mine_1.py", f"K = {value}\ndef f():\n    return K + {value}\n")
        counted.clear()
        shell.run_cell("seen = mine_1.f()", store_history=True)
    tracked = shell.magics_manager.registry["ReloadMagic"].reloader.tracked
    assert shell.user_ns["seen"] == 4
    assert counted["stat"] < 2 * len(tracked)


def test_modules_of_others_cost_an_idle_reload_nothing(project, counted):
    users(project)
    load(*(f"mine_{number}" for number in range(USERS)))
    with watch() as reloader:
        reloader.reload()
        assert len(sys.modules) > 50 * len(reloader.tracked)
        counted.clear()
        count = calls(reloader.reload)
        wrapped = len(reloader.tracked)  # calls of ours around os.stat
        assert (counted["stat"], count - wrapped < 20) == (len(reloader.tracked), True)


def test_a_touched_file_is_read_and_nothing_is_parsed(project, reloader):
    users(project)
    load("mine_1")
    project.touch("mine_1.py")
    with audited() as events:
        reloader.reload()
    assert (events["open"], events["compile"]) == (1, 0)


# Loading -------------------------------------------------------------------------------------------


def test_no_parser_of_a_command_is_made_and_no_report_imported_before_there_is_need(project):
    users(project, 1)
    program = """
import argparse, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
made = []
make = argparse.ArgumentParser.__init__
argparse.ArgumentParser.__init__ = lambda *a, **k: made.append(a) or make(*a, **k)
import mine_0
shell.run_cell("%load_ext reloadmagic")
print(len(made), "reloadmagic.report" in sys.modules, end=" ")
print("--dry-run" in shell.find_line_magic("reload_changed").__doc__, len(made))
"""
    assert fresh_output(program, project.path) == "0 False True 1"


def test_modules_that_were_imported_before_are_parsed_with_the_first_edit(project):
    users(project)
    load(*(f"mine_{number}" for number in range(USERS)))
    with audited() as events, watch() as reloader:
        reloader.reload()
        parsed = [events["compile"]]
        project.edit("mine_1.py", "K = 1\ndef f():\n    return K + 1\n")
        reloader.reload()
        parsed.append(events["compile"])
    assert (parsed[0], parsed[1] >= USERS, load("mine_1").f()) == (0, True, 2)


def test_what_reloads_is_not_imported_before_there_is_something_to_reload(project):
    users(project, 1)
    program = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import mine_0
shell.run_cell("%load_ext reloadmagic", store_history=True)
shell.run_cell("None", store_history=True)
print(sum(name.partition(".")[0] == "reloadmagic" for name in sys.modules))
"""
    assert int(fresh_output(program, project.path)) <= 40


def fresh_output(program: str, folder: Path) -> str:
    """What *program* prints in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


# Edits ---------------------------------------------------------------------------------------------


def test_no_html_is_made_and_no_cell_is_read_where_nobody_sees_it(project):
    users(project, 1)
    program = """
import sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
for cell in ["%load_ext reloadmagic", "import mine_0", "x = mine_0.f()"]:
    shell.run_cell(cell, store_history=True)
def edit(number):
    Path("mine_0.py").write_text(f"K = 0\\ndef f():\\n    return K + {number}\\n")
    shell.run_cell("None", store_history=True)
edit(10)
print([f"reloadmagic.{name}" in sys.modules for name in ("report.html", "explain.cells")])
with capture_output() as shown:
    edit(1000)
print(sorted(shown.outputs[0].data))
shell.run_cell("print(get_ipython().run_line_magic('reload_cells', ''))", store_history=True)
"""
    assert fresh_output(program, project.path).splitlines()[1:] == [
        "[False, False]",
        "['text/html', 'text/plain']",
        "  [3]  used f  x = mine_0.f()",
    ]


def test_a_body_runs_nothing_and_needs_no_look_at_the_heap(project, reloader, counted):
    users(project)
    load("mine_1")
    project.replace("mine_1.py", "return K", "return K + 1")
    counted.clear()
    report = reloader.reload()
    heap = {name: counted[name] for name in ("get_referrers", "get_objects", "collect")}
    assert (ran(report), heap) == ([], dict.fromkeys(heap, 0))


def test_a_constant_runs_what_uses_it_and_needs_no_look_at_the_whole_heap(
    project, reloader, counted
):
    project.write("root.py", "SIZE = 1\nOTHER = 2\n")
    project.write("user.py", "from root import SIZE\nWIDTH = SIZE * 2\nHEIGHT = 3\n")
    load("user")
    project.replace("root.py", "SIZE = 1", "SIZE = 5")
    counted.clear()
    report = reloader.reload()
    assert ran(report) == ["SIZE", "SIZE", "WIDTH"]
    assert counted["get_referrers"] == 0


def test_a_table_that_is_made_again_needs_no_look_at_the_whole_heap(project, reloader, counted):
    project.write("rows.py", "def load(path): return [{'path': path}]\n")
    project.write(
        "table.py", "from rows import load\nROWS = load('a')\nbest = max(ROWS, key=len)\n"
    )
    table = load("table")
    rows = table.ROWS
    project.edit("rows.py", "def load(path): return [{'path': path}, {'more': 1, 'of': 2}]\n")
    counted.clear()
    reloader.reload()
    assert table.ROWS is rows
    assert table.best == {"more": 1, "of": 2}
    assert counted["get_referrers"] == 0


def test_an_edited_file_is_opened_once(project, shell):
    users(project, 3)
    shell.run_cell("%load_ext reloadmagic")
    shell.run_cell("import mine_1")
    for value in (1, 2):  # of the same size, which may have been touched
        project.edit("mine_1.py", f"K = {value}\ndef f():\n    return K + {value}\n")
        with audited() as events:
            shell.run_cell("seen = mine_1.f()", store_history=True)
    assert (shell.user_ns["seen"], events["open"]) == (4, 1)


def test_what_a_reload_was_made_of_is_gone_without_the_collector(project, reloader):
    project.write("root.py", "SIZE = 1\n")
    project.write("user.py", "from root import SIZE\nWIDTH = SIZE * 2\ndef f():\n    return 1\n")
    load("user")

    def made() -> dict[int, object]:
        kinds = (ModulePlan, Plan, State, Transaction, Work)
        return {id(found): found for found in gc.get_objects() if type(found) in kinds}

    gc.collect()
    others = made()  # of tests that hold on to theirs
    gc.disable()
    try:
        for size in (2, 3):
            project.edit("root.py", f"SIZE = {size}\n")
            project.edit("user.py", f"from root import SIZE\nWIDTH = SIZE * {size}\n")
            reloader.reload()
        left = made().keys() - others.keys()
    finally:
        gc.enable()
    assert (load("user").WIDTH, left) == (9, set())


# Growth --------------------------------------------------------------------------------------------


def module(functions: int, answer: int) -> str:
    """A module of *functions* functions and as many constants, one body with *answer* in it."""
    texts = [f"C{n} = {n}\n\ndef f{n}(x):\n    return x + C{n}\n\n" for n in range(functions)]
    texts.insert(functions // 2, f"def target():\n    return {answer}\n\n")
    return "".join(texts)


def cost_of_an_edit(project: Project, functions: int = 100, dependents: int = 1) -> int:
    """Calls that the third edit of one body takes, everything warm."""
    project.write("big.py", module(functions, 0))
    names = [f"dep_{number}" for number in range(dependents)]
    for name in names:
        project.write(f"{name}.py", "from big import target\ndef call():\n    return target()\n")
    load("big", *names)
    with watch() as reloader:
        for answer in (1, 2):
            project.edit("big.py", module(functions, answer))
            reloader.reload()
        project.edit("big.py", module(functions, 3))
        count = calls(reloader.reload)
        (dependent,) = {load(name).call() for name in names}
        assert dependent == 3
        return count


@pytest.mark.parametrize(
    ("grown", "limit"),
    [
        ({"functions": 1000}, 1.05),  # the lines around it
        ({"dependents": 200}, 1.05),
    ],
    ids=str,
)
def test_the_calls_of_an_edit_do_not_grow_with_what_it_leaves_alone(
    tmp_path, project, grown, limit
):
    few = cost_of_an_edit(project)
    for name in project.modules():
        del sys.modules[name]
    many = cost_of_an_edit(project, **grown)
    assert many < limit * few


def test_an_edited_body_takes_few_calls(project):
    assert cost_of_an_edit(project) < 540


def test_the_calls_of_an_edit_do_not_grow_with_the_edits_before(project, reloader):
    project.write("big.py", module(100, 0))
    load("big")
    counts = []
    for answer in range(1, 22):
        project.edit("big.py", module(100, answer))
        counts.append(calls(reloader.reload))
    assert counts[-1] < 1.1 * counts[2]


def test_the_calls_of_a_constant_grow_with_the_statements_that_it_reaches(project, reloader):
    def edit(constant: int) -> int:
        project.edit("root.py", f"SIZE = {constant}\n")
        return calls(reloader.reload)

    project.write("root.py", "SIZE = 0\n")
    counts: list[int] = []
    for first, last in ((0, 10), (10, 40)):
        for number in range(first, last):
            project.write(
                f"u_{number}.py", "from root import SIZE\nWIDTH = SIZE + 1\n" + module(20, 1)
            )
            load(f"u_{number}")
        edit(2 * last + 1)
        counts.append(edit(2 * last + 2))
    assert counts[1] < 4.4 * counts[0]
    assert counts[1] - counts[0] < 300 * 30  # calls for each of those that came
