"""Reloads while other threads and tasks run, import and reload."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import sys
import threading

import pytest

from session import load

WAIT = 10


def start(target, *args) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def test_code_that_runs_during_the_reload_finishes_on_the_code_it_began_with(project, reloader):
    text = """
        def f(begun, go_on):
            begun.set()
            go_on.wait(10)
            return {0}, helper()
        def helper():
            return {0}
        """
    project.write("one.py", text.format(1))
    one = load("one")
    begun, go_on, results = threading.Event(), threading.Event(), []
    thread = start(lambda: results.append(one.f(begun, go_on)))
    begun.wait(WAIT)
    project.edit("one.py", text.format(2))
    reloader.reload()
    go_on.set()
    thread.join(WAIT)
    assert results == [(1, 2)]


def test_a_generator_that_has_begun_goes_on_as_it_began(project, reloader):
    text = "def g():\n    yield {0}\n    yield {0}\n"
    project.write("one.py", text.format(1))
    one = load("one")
    begun = one.g()
    first = next(begun)
    project.edit("one.py", text.format(2))
    reloader.reload()
    assert (first, next(begun), next(one.g())) == (1, 1, 2)


def test_a_thread_that_calls_in_a_loop_picks_up_the_new_code(project, reloader):
    project.write("one.py", "def f():\n    return 1\n")
    one = load("one")
    seen, reached = [], threading.Event()

    def loop(f):
        for _ in itertools.count():
            seen.append(f())
            if seen[-1] == 2 or reached.wait(0.0005):
                break

    thread = start(loop, one.f)
    project.edit("one.py", "def f():\n    return 2\n")
    reloader.reload()
    thread.join(WAIT)
    reached.set()
    assert seen[-1] == 2


def test_a_task_that_awaits_in_a_loop_picks_up_the_new_code(project, reloader):
    text = "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return {}\n"
    project.write("one.py", text.format(1))
    one = load("one")

    async def main():
        first = await one.f()
        pending = asyncio.ensure_future(one.f())
        await asyncio.sleep(0)
        project.edit("one.py", text.format(2))
        reloader.reload()
        return first, await pending, await one.f()

    assert asyncio.run(main()) == (1, 1, 2)


def test_a_second_thread_that_reloads_meanwhile_gets_an_empty_report_at_once(project, reloader):
    project.write(
        "gate.py", "import threading\nbegun, go_on = threading.Event(), threading.Event()\n"
    )
    project.write("one.py", "import gate\nA = 1\n")
    gate, one = load("gate", "one")
    project.edit("one.py", "import gate\ngate.begun.set()\ngate.go_on.wait(10)\nA = 2\n")
    reports = []
    thread = start(lambda: reports.append(reloader.reload()))
    gate.begun.wait(WAIT)
    second = reloader.reload()
    gate.go_on.set()
    thread.join(WAIT)
    assert (bool(second), bool(reports[0]), one.A) == (False, True, 2)


def test_a_reload_from_within_a_reload_is_nothing(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    reloader_of_test = sys.modules[__name__].__dict__
    reloader_of_test["current"] = reloader
    project.edit(
        "one.py",
        f"import sys\nREPORT = sys.modules[{__name__!r}].current.reload()\nA = 2\n",
    )
    reloader.reload()
    del reloader_of_test["current"]
    assert (bool(one.REPORT), one.A) == (False, 2)


def test_the_reloader_works_on_after_two_threads_met(project, reloader):
    project.write("one.py", "A = 0\n")
    one = load("one")
    for number in range(1, 6):
        project.edit("one.py", f"A = {number}\n")
        threads = [start(reloader.reload) for _ in range(4)]
        for thread in threads:
            thread.join(WAIT)
    assert one.A == 5


def test_an_import_in_another_thread_waits_for_nothing_that_waits_for_it(project, reloader):
    project.write(
        "gate.py", "import threading\nbegun, go_on = threading.Event(), threading.Event()\n"
    )
    project.write("one.py", "import gate\nA = 1\n")
    project.write(
        "slow.py", "import gate\ngate.begun.set()\ngate.go_on.wait(10)\nimport one\nB = one.A\n"
    )
    gate, one = load("gate", "one")
    thread = start(importlib.import_module, "slow")
    gate.begun.wait(WAIT)
    project.edit("one.py", "import gate\ngate.go_on.set()\nA = 2\n")
    reloading = start(reloader.reload)
    reloading.join(WAIT)
    thread.join(WAIT)
    assert not reloading.is_alive()
    assert not thread.is_alive()
    assert (one.A, load("slow").B) == (2, 2)


def test_an_import_of_the_module_that_is_reloading_waits_until_it_is_whole(project, reloader):
    project.write(
        "gate.py", "import threading\nbegun, go_on = threading.Event(), threading.Event()\n"
    )
    project.write("one.py", "import gate\nA = 1\n")
    gate = load("gate", "one")[0]
    project.edit("one.py", "import gate\ngate.begun.set()\ngate.go_on.wait(10)\nA = 2\nNEW = 3\n")
    reloading = start(reloader.reload)
    gate.begun.wait(WAIT)
    seen = []
    importing = start(lambda: seen.append(getattr(importlib.import_module("one"), "NEW", None)))
    gate.go_on.set()
    reloading.join(WAIT)
    importing.join(WAIT)
    assert len(seen) == 1
    assert load("one").NEW == 3


def test_a_module_imported_by_another_thread_during_a_failing_reload_stays(project, reloader):
    project.write(
        "gate.py", "import threading\nbegun, go_on = threading.Event(), threading.Event()\n"
    )
    project.write("one.py", "import gate\nA = 1\n")
    project.write("other.py", "B = 1\n")
    gate = load("gate", "one")[0]
    project.edit("one.py", "import gate\ngate.begun.set()\ngate.go_on.wait(10)\n1 / 0\n")
    reloading = start(reloader.reload)
    gate.begun.wait(WAIT)
    importing = start(importlib.import_module, "other")
    importing.join(WAIT)
    other = sys.modules["other"]
    gate.go_on.set()
    reloading.join(WAIT)
    assert sys.modules.get("other") is other


def test_a_failed_reload_frees_the_lock(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    for text in ("1 / 0\n", "raise SystemExit\n", "A = (\n"):
        project.edit("one.py", text)
        reloader.reload()
    project.edit("one.py", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        reloader.reload()
    project.edit("one.py", "A = 2\n")
    reloader.reload()
    assert one.A == 2


def test_an_interrupt_while_another_thread_waits_for_an_import_lock_frees_it(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    project.edit("one.py", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        reloader.reload()
    thread = start(importlib.import_module, "one")
    thread.join(WAIT)
    assert not thread.is_alive()


def test_threads_that_start_during_a_reload_and_import_do_not_stop_it(project, reloader):
    project.write("helper.py", "X = 1\n")
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit(
        "one.py",
        """
        import threading, importlib
        found = []
        thread = threading.Thread(target=lambda: found.append(importlib.import_module("helper").X))
        thread.start()
        thread.join(10)
        A = found[0] + 1
        """,
    )
    report = reloader.reload()
    assert not report.failed
    assert one.A == 2


def test_what_a_thread_collects_while_a_reload_fails_is_not_lost(project, reloader):
    project.write(
        "log.py",
        """
        import threading
        LINES, on, more = [], threading.Event(), threading.Event()
        def collect():
            while on.wait() and not more.is_set():
                LINES.append(len(LINES))
        """,
    )
    project.write("top.py", "import log\n")
    log, _ = load("log", "top")
    thread = threading.Thread(target=log.collect)
    thread.start()
    fails = """
        import log
        log.on.set()
        while len(log.LINES) < 100: pass
        log.more.set()
        1 / 0
        """
    project.edit("top.py", fails)
    assert reloader.reload().failed
    thread.join()
    assert len(log.LINES) >= 100


def test_what_a_thread_collects_while_its_own_module_fails_is_not_lost(project, reloader):
    text = (
        "LINES = []\n"
        "def collect(stop):\n"
        "    while not stop.wait(0.0001):\n"
        "        LINES.append(len(LINES))\n"
    )
    project.write("log.py", text)
    log, stop = load("log"), threading.Event()
    thread = threading.Thread(target=log.collect, args=(stop,))
    thread.start()
    project.edit("log.py", text + "while len(LINES) < 100: pass\n1 / 0\n")
    assert reloader.reload().failed
    stop.set()
    thread.join()
    assert len(log.LINES) >= 100
