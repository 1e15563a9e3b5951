"""The command for workers, and what cells show of them."""

from __future__ import annotations

import sys

import pytest
from IPython.core.completer import provisionalcompleter

from reloadmagic.ipython.workers_view import NOTHING
from reloadmagic.stamps import content_digest
from session import NOT_OURS
from worker_process import Workers

SHOP = "def describe(net):\n    return f'{net} kr'\n"


class Gone:
    """A worker that is no more."""

    def call(self, *args):
        return ConnectionError("no route")

    def close(self):
        """Nothing to close."""


@pytest.fixture
def worker(shell, run, project):
    """The one worker behind the notebook's name ``workers``; both have imported ``shop``."""
    project.write("shop.py", SHOP)
    workers = Workers()
    worker = workers.start(project.path, name="one")
    worker.run("import shop\nshop")
    shell.user_ns["workers"] = workers
    run("%config ReloadMagic.workers_timeout = 60.0")
    run(f"%reload_exclude {' '.join(NOT_OURS)}")
    run("import shop")
    yield worker
    run("%reload_workers -d")
    workers.close()


def test_a_client_is_attached_by_its_name(run, worker):
    said = run("%reload_workers workers").result
    assert str(said).startswith("workers: 1 worker follows · ")


def test_a_cell_runs_when_its_workers_have_followed(project, shell, run, worker, capsys):
    run("%reload_workers workers")
    shell.user_ns["worker"] = worker
    project.replace("shop.py", "kr", "EUR")
    capsys.readouterr()
    assert run("worker.run('shop.describe(3)')").result == "3 EUR"
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("reloaded shop.py (describe)")
    assert lines[1].startswith("workers: 1 worker follows · ")


def test_it_shows_which_worker_has_which_version(project, run, worker):
    run("%reload_workers workers")
    project.write("later.py", "A = 1\n")
    run("import later")
    run("pass")
    version = content_digest(SHOP.encode()).hex()[:8]
    assert str(run("%reload_workers").result).splitlines() == [
        "workers",
        f"  one  current  shop {version} · not imported yet: later",
    ]


def test_a_module_that_was_just_imported_is_nothing_to_be_behind_with(project, run, worker):
    run("%reload_workers workers")
    project.write("later.py", "A = 1\n")
    run("import later")
    assert "behind" not in str(run("%reload_workers").result)


def test_it_shows_who_is_behind_and_why(project, run, worker):
    run("%reload_workers workers")
    project.edit("shop.py", "import sys\nif not hasattr(sys, 'ps1'):\n    1 / 0\n" + SHOP)
    run("sys = __import__('sys'); sys.ps1 = '>>> '")
    try:
        run("pass")
        lines = str(run("%reload_workers").result).splitlines()
    finally:
        del sys.ps1
    assert all("behind" in line and "shop.py:3: ZeroDivisionError" in line for line in lines[1:])


def test_workers_that_fail_are_told_even_when_quiet(project, shell, run, worker, capsys):
    run("%reload_workers workers")
    run("%config ReloadMagic.verbosity = 'quiet'")
    shell.user_ns["workers"].processes["two"] = Gone()
    project.replace("shop.py", "kr", "EUR")
    capsys.readouterr()
    run("pass")
    assert "workers: not reached (ConnectionError: no route) on two" in capsys.readouterr().out


def test_quiet_workers_that_follow_are_not_told(project, run, worker, capsys):
    run("%reload_workers workers")
    run("%config ReloadMagic.verbosity = 'quiet'")
    project.replace("shop.py", "kr", "EUR")
    capsys.readouterr()
    run("pass")
    assert capsys.readouterr().out == ""


def test_without_workers_it_says_how_to_attach_them(run):
    assert str(run("%reload_workers").result) == NOTHING


def test_a_pool_is_told_of(run):
    run("from concurrent.futures import ProcessPoolExecutor; pool = ProcessPoolExecutor(1)")
    run("%reload_workers pool")
    lines = str(run("%reload_workers").result).splitlines()
    assert lines == [
        "pool",
        "  workers end with their tasks after each reload; new ones run the new code",
    ]


def test_detaching_one_leaves_the_others(run, worker):
    run("from concurrent.futures import ProcessPoolExecutor; pool = ProcessPoolExecutor(1)")
    run("%reload_workers workers")
    run("%reload_workers pool")
    assert str(run("%reload_workers -d workers").result) == "workers: goes on with what it has"
    assert str(run("%reload_workers").result).splitlines()[0] == "pool"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("nowhere", "There is no client 'nowhere': NameError: name 'nowhere' is not defined"),
        ("sys", "module has no workers that could be reached"),
        ("-d nowhere", "'nowhere' is not attached. Attached: nothing."),
    ],
)
def test_what_cannot_be_attached_is_an_error_of_one_line(run, capsys, line, error):
    run("import sys")
    run(f"%reload_workers {line}")
    assert f"UsageError: {error}" in capsys.readouterr().err


@pytest.mark.parametrize(("line", "word"), [("po", "pool"), ("--de", "--detach")])
def test_names_of_clients_and_options_complete(shell, run, line, word):
    run("from concurrent.futures import ProcessPoolExecutor; pool = ProcessPoolExecutor(1)")
    line = f"%reload_workers {line}"
    with provisionalcompleter():
        found = [found.text for found in shell.Completer.completions(line, len(line))]
    assert word in found


def test_unloading_lets_go_of_workers(project, run, worker):
    run("%reload_workers workers")
    run("%unload_ext reloadmagic")
    project.replace("shop.py", "kr", "EUR")
    run("pass")
    assert worker.run("shop.describe(3)") == "3 kr"
    run("%load_ext reloadmagic")


def test_nothing_of_workers_is_imported_before_they_are_attached(project):
    import subprocess

    code = (
        "from IPython.core.interactiveshell import InteractiveShell as S; s = S();"
        "s.run_cell('%load_ext reloadmagic'); s.run_cell('1'); import sys;"
        "print([n for n in sys.modules if n.startswith(('reloadmagic.workers', 'distributed',"
        "'ipyparallel', 'joblib', 'dask'))])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
