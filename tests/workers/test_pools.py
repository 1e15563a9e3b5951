"""Process pools of all kinds: workers cannot be addressed, so they end and new ones take over."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import joblib
import loky
import pytest

from reloadmagic.workers import kind_of
from session import load

SHOP = """
def describe(net):
    return f"{net + 1} kr"
"""


@pytest.fixture
def shop(project):
    project.write("shop.py", SHOP)
    return load("shop")


@pytest.fixture(params=["fork", "spawn", "forkserver"])
def pool(request):
    context = multiprocessing.get_context(request.param)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        yield pool


def edited(project, reloader):
    project.replace("shop.py", "+ 1", "* 100")
    return reloader.reload()


def test_no_proxy_is_asked_for_its_class(pool):
    class Proxy:
        @property
        def __class__(self):
            raise RuntimeError("used outside of a request")

    assert [kind_of(client) for client in (Proxy(), pool, joblib, os)] == ["", "pool", "loky", ""]


def test_tasks_after_an_edit_run_the_new_code(project, reloader, shop, pool):
    reloader.attach(pool)
    before = list(pool.map(shop.describe, range(8)))
    report = edited(project, reloader)
    after = {*pool.map(shop.describe, [1] * 8)}
    assert (before[1], after) == ("2 kr", {"100 kr"})
    assert "with the tasks they have; new ones run the new code" in report.notes[0]


def test_what_was_given_before_is_finished_and_nobody_waits(project, reloader, shop, pool):
    gate = project.path / "gate"
    reloader.attach(pool)
    list(pool.map(shop.describe, range(2)))
    project.write("gates.py", WAIT)
    waiting = pool.submit(load("gates").wait, str(gate))
    edited(project, reloader)
    after = pool.submit(shop.describe, 1).result(timeout=60)
    assert not waiting.done()
    gate.touch()
    assert (after, waiting.result(timeout=60)) == ("100 kr", "went on")


WAIT = """
import os, time

def wait(path):
    while not os.path.exists(path):
        time.sleep(0.01)
    return "went on"
"""


def test_workers_that_ended_are_gone(project, reloader, shop, pool):
    reloader.attach(pool)
    list(pool.map(shop.describe, range(4)))
    old, manager = list(pool._processes.values()), pool._executor_manager_thread
    edited(project, reloader)
    manager.join(60)  # which joins them
    assert [process.exitcode for process in old] == [0] * len(old)


def test_the_pool_keeps_its_settings(project, reloader, shop):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        1, mp_context=context, initializer=os.putenv, initargs=("A", "1"), max_tasks_per_child=3
    ) as pool:
        reloader.attach(pool)
        pool.submit(shop.describe, 1).result()
        edited(project, reloader)
        assert (pool._max_workers, pool._max_tasks_per_child, pool._initargs) == (
            1, 3, ("A", "1"),
        )  # fmt: skip
        assert [pool.submit(shop.describe, 1).result() for _ in range(4)] == ["100 kr"] * 4


def test_tasks_that_wait_when_workers_may_do_one_each_are_all_done(project, reloader, shop):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        reloader.attach(pool)
        waiting = [pool.submit(shop.describe, 1) for _ in range(3)]
        edited(project, reloader)
        assert {task.result(timeout=60) for task in waiting} <= {"2 kr", "100 kr"}


def test_a_new_worker_does_not_take_stale_bytecode(project, reloader, shop):
    """Cached bytecode records whole seconds and the size, and both are as before."""
    path = Path(shop.__file__)
    stat = path.stat()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        reloader.attach(pool)
        before = pool.submit(shop.describe, 1).result()
        assert Path(shop.__cached__).exists()
        path.write_text(path.read_text().replace("+ 1", "* 9"), encoding="utf-8")
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns // 10**9 * 10**9 + 1))
        reloader.reload()
        assert (before, pool.submit(shop.describe, 1).result()) == ("2 kr", "9 kr")


def test_what_the_fork_server_has_imported_is_new_too(project, reloader, shop, monkeypatch):
    context = multiprocessing.get_context("forkserver")
    monkeypatch.setenv("PYTHONPATH", str(project.path), prepend=os.pathsep)
    context.set_forkserver_preload(["shop"])
    from reloadmagic.workers.forkserver import renew_forkserver

    renew_forkserver()()  # other tests' have imported nothing
    try:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            reloader.attach(pool)
            before = pool.submit(shop.describe, 1).result()
            edited(project, reloader)
            assert (before, pool.submit(shop.describe, 1).result()) == ("2 kr", "100 kr")
    finally:
        context.set_forkserver_preload(["__main__"])
        renew_forkserver()()


def test_a_pool_that_is_attached_after_an_edit_starts_anew(project, reloader, shop):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        before = pool.submit(shop.describe, 1).result()
        edited(project, reloader)
        reloader.attach(pool)
        assert (before, pool.submit(shop.describe, 1).result()) == ("2 kr", "100 kr")


def test_a_pool_stays_as_it_is_while_nothing_is_edited(project, reloader, shop):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        reloader.attach(pool)
        one = pool.submit(os.getpid).result()
        project.write("late.py", "A = 1\n")
        load("late")
        reloader.reload()
        assert pool.submit(os.getpid).result() == one


def test_a_pool_that_was_shut_down_is_left_alone(project, reloader, shop):
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    reloader.attach(pool)
    pool.submit(shop.describe, 1).result()
    pool.shutdown()
    assert edited(project, reloader).notes == ()
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(shop.describe, 1)


def test_an_executor_of_lokys_that_is_held_goes_on(project, reloader, shop):
    executor = loky.get_reusable_executor(2)
    reloader.attach(executor)
    before = list(executor.map(shop.describe, [1] * 4))
    gate = project.path / "gate"
    project.write("gates.py", WAIT)
    waiting = executor.submit(load("gates").wait, str(gate))
    report = edited(project, reloader)
    after = list(executor.map(shop.describe, [1] * 4))
    gate.touch()
    assert waiting.result(timeout=60) == "went on"
    assert (before, after) == (["2 kr"] * 4, ["100 kr"] * 4)
    assert report.notes == (
        "loky: its 2 workers end with the tasks they have; new ones run the new code",
    )
    assert loky.get_reusable_executor(2) is executor
    executor.shutdown()


@pytest.mark.parametrize("client", [joblib, joblib.Parallel(2)], ids=["joblib", "Parallel"])
def test_joblib_runs_the_new_code(project, reloader, shop, client):
    def describe_all():
        return joblib.Parallel(2)(joblib.delayed(shop.describe)(1) for _ in range(4))

    reloader.attach(client)
    before = describe_all()
    edited(project, reloader)
    assert (before, describe_all()) == (["2 kr"] * 4, ["100 kr"] * 4)
    joblib.externals.loky.get_reusable_executor().shutdown()
