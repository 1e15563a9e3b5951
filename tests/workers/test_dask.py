"""A real dask cluster of two worker processes, which have none of the project's files."""

from __future__ import annotations

import importlib
import inspect
import os
import signal
import subprocess
import sys
import time

import pytest
from distributed import Client, Event, LocalCluster, get_client

from reloadmagic.workers import WorkersError
from session import load
from worker_process import WITHOUT_RELOADMAGIC

SHOP = """
class Basket:
    def __init__(self, net):
        self.net = net

    def total(self):
        return self.net + 1

    def keep(self, net):
        self.net = net

def describe(basket):
    return f"{basket.total()} kr"
"""


@pytest.fixture(scope="module")
def cluster():
    options = {"processes": True, "threads_per_worker": 2, "dashboard_address": ":0"}
    with LocalCluster(n_workers=2, **options) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """The cluster with its two workers, whatever the test before left."""
    with Client(cluster) as client:
        cluster.scale(2)
        while len(client.nthreads()) != 2:
            time.sleep(0.01)
        yield client
        client.run(forget_project)


def forget_project():
    """Run on workers: the next test's project has modules of the same names."""
    for name in ("shop", "rates", "slow"):
        sys.modules.pop(name, None)


@pytest.fixture
def shop(project):
    project.write("shop.py", SHOP)
    return load("shop")


@pytest.fixture
def attached(shop, reloader, client):
    return reloader.attach(client, name="cluster")


def work(basket, module="shop"):
    """A task that uses the module by its name."""
    return importlib.import_module(module).describe(basket)


# By value: workers cannot import this file.
for function in (work, forget_project):
    function.__module__ = "__main__"


def test_tasks_run_the_new_code_on_each_worker(project, reloader, shop, client, attached):
    before = client.submit(shop.describe, shop.Basket(1), pure=False).result()
    project.replace("shop.py", "+ 1", "* 100")
    report = reloader.reload()
    each = [
        client.submit(shop.describe, shop.Basket(1), pure=False, workers=[worker]).result()
        for worker in client.nthreads()
    ]
    assert (before, each) == ("2 kr", ["100 kr", "100 kr"])
    assert report.notes[0].startswith("cluster: 2 workers follow")


def test_a_task_that_was_sent_by_value_finds_the_new_code(
    project, reloader, shop, client, attached
):
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    assert client.submit(work, shop.Basket(1), pure=False).result() == "100 kr"


def test_an_actor_keeps_what_it_holds(project, reloader, shop, client, attached):
    actor = client.submit(shop.Basket, 1, actor=True).result()
    actor.keep(7).result()
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    assert actor.total().result() == 700


def test_a_result_that_is_held_stays_the_same_object(project, reloader, shop, client, attached):
    held = client.submit(shop.Basket, 3, pure=False)
    one = client.submit(id, held, pure=False).result()
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    assert client.submit(id, held, pure=False).result() == one
    assert client.submit(shop.describe, held, pure=False).result() == "300 kr"


def test_workers_follow_while_tasks_run(project, reloader, shop, client, attached):
    def wait(basket):
        shop = importlib.import_module("shop")
        Event("begun", client=get_client()).set()
        Event("go on", client=get_client()).wait(60)
        return shop.describe(basket)

    wait.__module__ = "__main__"
    begun, go_on = Event("begun", client=client), Event("go on", client=client)
    begun.clear()
    go_on.clear()
    task = client.submit(wait, shop.Basket(1), pure=False)
    assert begun.wait(60)
    project.replace("shop.py", "+ 1", "* 100")
    report = reloader.reload()
    go_on.set()
    assert report.troubles == ()
    assert task.result() == "100 kr"


def test_an_import_that_needs_the_workers_event_loop_does_not_block_it(
    project, reloader, shop, client, attached
):
    def import_slow():
        return importlib.import_module("slow").A

    import_slow.__module__ = "__main__"
    project.write("slow.py", SLOW.format(2, os.getpid()))
    load("slow")
    reloader.reload()
    begun, go_on = Event("importing", client=client), Event("imported", client=client)
    begun.clear()
    go_on.clear()
    task = client.submit(import_slow, pure=False)
    assert begun.wait(60)
    reloader.workers_timeout = 1.0
    project.edit("slow.py", SLOW.format(3, os.getpid()))
    [trouble] = reloader.reload().troubles
    go_on.set()
    assert trouble.startswith("cluster: no answer within 1 s")
    assert task.result(timeout=60) in {2, 3}
    reloader.workers_timeout = 60.0
    assert all(not state.is_behind for state in attached.states())


SLOW = """
import os
A = {}
if os.getpid() != {}:
    from distributed import Event, get_client
    Event("importing", client=get_client()).set()
    Event("imported", client=get_client()).wait(60)
"""


def test_a_new_module_goes_along(project, reloader, shop, client, attached):
    project.write("rates.py", "RATE = 5\n")
    project.edit("shop.py", "from rates import RATE\n" + SHOP.replace("+ 1", "* RATE"))
    reloader.reload()
    assert client.submit(shop.describe, shop.Basket(2), pure=False).result() == "10 kr"


def test_a_worker_that_joins_late_has_what_the_others_have(
    project, reloader, shop, cluster, client, attached
):
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    before = set(client.nthreads())
    cluster.scale(3)
    client.wait_for_workers(3, timeout=60)
    [late] = set(client.nthreads()) - before
    task = client.submit(shop.describe, shop.Basket(1), pure=False, workers=[late])
    assert task.result() == "100 kr"
    project.replace("shop.py", "* 100", "* 200")
    reloader.reload()
    task = client.submit(shop.describe, shop.Basket(1), pure=False, workers=[late])
    assert task.result() == "200 kr"


def test_an_edit_that_fails_on_the_workers_is_rolled_back_on_all(
    project, reloader, shop, client, attached
):
    client.run(importlib.import_module, "shop")
    project.replace("shop.py", "+ 1", "* 100")
    with (project.path / "shop.py").open("a", encoding="utf-8") as file:
        file.write(f"import os\nif os.getpid() != {os.getpid()}:\n    1 / 0\n")
    report = reloader.reload()
    [trouble] = report.troubles
    assert "shop.py:15: ZeroDivisionError: division by zero" in trouble
    assert all(worker in trouble for worker in client.nthreads())
    for worker in client.nthreads():
        task = client.submit(shop.describe, shop.Basket(1), pure=False, workers=[worker])
        assert task.result() == "2 kr"
    project.edit("shop.py", SHOP.replace("+ 1", "* 300"))
    assert reloader.reload().troubles == ()
    assert client.submit(shop.describe, shop.Basket(1), pure=False).result() == "300 kr"


def test_a_worker_that_hangs_is_named_and_follows_once_it_goes_on(
    project, reloader, shop, client, attached
):
    client.run(importlib.import_module, "shop")
    hung, pid = client.run(os.getpid).popitem()
    os.kill(pid, signal.SIGSTOP)
    try:
        reloader.workers_timeout = 1.0
        project.replace("shop.py", "+ 1", "* 100")
        report = reloader.reload()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert report.troubles == (
        f"cluster: no answer within 1 s (it follows once it is free) on {hung}",
    )
    reloader.workers_timeout = 60.0
    assert all(not state.is_behind for state in attached.states())
    task = client.submit(shop.describe, shop.Basket(1), pure=False, workers=[hung])
    assert task.result() == "100 kr"


def test_a_killed_worker_does_not_stop_the_rest(project, reloader, shop, client, attached):
    client.run(importlib.import_module, "shop")
    killed, pid = client.run(os.getpid).popitem()
    os.kill(pid, signal.SIGKILL)
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    left = next(worker for worker in client.nthreads() if worker != killed)
    task = client.submit(shop.describe, shop.Basket(1), pure=False, workers=[left])
    assert task.result() == "100 kr"
    client.wait_for_workers(2, timeout=60)  # its nanny starts another
    found = [
        client.submit(work, shop.Basket(1), pure=False, workers=[worker]).result()
        for worker in client.nthreads()
    ]
    assert found == ["100 kr", "100 kr"]


def test_each_worker_says_which_version_it_has(project, reloader, shop, client, attached):
    client.run(importlib.import_module, "shop")
    states = attached.states()
    assert {state.worker for state in states} == set(client.nthreads())
    digest = reloader.tracked["shop"].source.digest.hex()
    assert {state.modules["shop"].digest for state in states} == {digest}


def test_inspect_on_a_worker_shows_what_runs(project, reloader, shop, client, attached):
    client.run(importlib.import_module, "shop")
    project.replace("shop.py", "kr", "EUR")
    reloader.reload()
    sources = client.run(lambda: inspect.getsource(importlib.import_module("shop").describe))
    assert all("EUR" in source for source in sources.values())


def test_a_worker_without_reloadmagic_that_joins_late_starts_and_is_named(
    project, reloader, shop, cluster, client, attached, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", "")
    command = [sys.executable, "-c", BARE_WORKER, cluster.scheduler_address]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        client.wait_for_workers(3, timeout=60)
        client.submit(abs, -1, workers=[name_of(client, "bare")]).result(timeout=60)
        project.replace("shop.py", "+ 1", "* 100")
        report = reloader.reload()
        process.terminate()
    [trouble] = report.troubles
    assert trouble.startswith("cluster: reloadmagic is not installed there. Install it where")


BARE_WORKER = f"""{WITHOUT_RELOADMAGIC}
import asyncio
from distributed import Worker

async def work():
    async with Worker(sys.argv[1], name="bare", nthreads=1, dashboard=False) as worker:
        await worker.finished()

asyncio.run(work())
"""


def name_of(client, name):
    """The address of the worker that has that name."""
    workers = client.scheduler_info()["workers"]
    return next(address for address, worker in workers.items() if worker["name"] == name)


def test_after_detaching_nobody_is_greeted(project, reloader, shop, cluster, client, attached):
    reloader.detach(client)
    before = set(client.nthreads())
    cluster.scale(3)
    client.wait_for_workers(3, timeout=60)
    [late] = set(client.nthreads()) - before

    def modules():
        return [name for name in sys.modules if name.startswith("reloadmagic")]

    modules.__module__ = "__main__"
    assert client.run(modules, workers=[late]) == {late: []}


def test_a_worker_without_reloadmagic_is_an_error_that_names_the_fix(
    reloader, shop, cluster, client
):
    class Nowhere:
        def find_spec(self, name, path=None, target=None):
            if name == "reloadmagic":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    def hide(nowhere):
        sys.meta_path.insert(0, nowhere)
        for name in [name for name in sys.modules if name.startswith("reloadmagic")]:
            del sys.modules[name]

    for made in (Nowhere, hide):
        made.__module__ = "__main__"
    before = set(client.nthreads())
    cluster.scale(3)
    client.wait_for_workers(3, timeout=60)
    [late] = set(client.nthreads()) - before
    client.run(hide, Nowhere(), workers=[late])
    with pytest.raises(WorkersError, match=f"{late}: reloadmagic is not installed there"):
        reloader.attach(client)


def test_a_cluster_that_is_gone_leaves_the_reload_alone(project, reloader, shop):
    options = {"processes": False, "dashboard_address": ":0"}
    with LocalCluster(n_workers=1, **options) as cluster:
        client = Client(cluster, set_as_default=False)
        reloader.attach(client, name="cluster")
        client.close()
    project.replace("shop.py", "kr", "EUR")
    report = reloader.reload()
    assert shop.describe(shop.Basket(1)) == "2 EUR"
    assert report.troubles[0].startswith("cluster: its workers are out of reach")


def test_workers_in_threads_of_this_process_have_it_already(project, reloader, shop):
    options = {"processes": False, "dashboard_address": ":0"}
    with LocalCluster(n_workers=2, **options) as cluster, Client(cluster) as client:
        reloader.attach(client, name="cluster")
        project.replace("shop.py", "kr", "EUR")
        report = reloader.reload()
        assert client.submit(shop.describe, shop.Basket(1)).result() == "2 EUR"
    assert report.troubles == ()
    reloader.detach()
