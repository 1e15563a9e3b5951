"""Real engines on the loopback interface, which have none of the project's files."""

from __future__ import annotations

import os
import signal

import ipyparallel
import pytest

from reloadmagic.workers import WorkersError
from session import load
from worker_process import WITHOUT_RELOADMAGIC

SHOP = """
class Basket:
    def __init__(self, net):
        self.net = net

    def total(self):
        return self.net + 1

def describe(basket):
    return f"{basket.total()} kr"
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ipyparallel")
    options = {"profile_dir": str(folder), "log_level": 40, "delay": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        cluster = ipyparallel.Cluster(n=2, **options)
        client = cluster.start_and_connect_sync()
    yield cluster, client
    client.close()
    cluster.stop_cluster_sync()


@pytest.fixture
def engines(cluster):
    client = cluster[1]
    yield client
    client[:].execute("import sys; sys.modules.pop('shop', None)", block=True)


@pytest.fixture
def shop(project):
    project.write("shop.py", SHOP)
    return load("shop")


def values(engines, expression):
    """What each engine's own names make of *expression*."""
    engines[:].execute(f"found = {expression}", block=True)
    return engines[:].pull("found", block=True)


def test_engines_run_the_new_code_with_what_they_hold(project, reloader, shop, engines):
    attachment = reloader.attach(engines, name="rc")
    engines[:].execute("import shop; held = shop.Basket(3); one = id(held)", block=True)
    project.replace("shop.py", "+ 1", "* 100")
    report = reloader.reload()
    assert values(engines, "(shop.describe(held), id(held) == one)") == [("300 kr", True)] * 2
    assert report.notes[0].startswith("rc: 2 workers follow")
    assert [state.worker for state in attachment.states()] == ["engine 0", "engine 1"]


def test_functions_that_are_sent_find_the_new_code(project, reloader, shop, engines):
    reloader.attach(engines[:])
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    assert engines[:].apply_sync(shop.describe, shop.Basket(1)) == ["100 kr"] * 2
    balanced = engines.load_balanced_view()
    assert balanced.map_sync(shop.describe, map(shop.Basket, range(3))) == [
        "0 kr", "100 kr", "200 kr",
    ]  # fmt: skip


def test_a_view_of_some_engines_means_those(project, reloader, shop, engines):
    engines[:].execute(f"import sys; sys.path.insert(0, {str(project.path)!r})", block=True)
    engines[:].execute("import shop", block=True)
    engines[:].execute("sys.path.pop(0)", block=True)
    reloader.attach(engines[[1]])
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    assert values(engines, "shop.describe(shop.Basket(1))") == ["2 kr", "100 kr"]


def test_a_busy_engine_is_named_and_follows_before_its_next_task(project, reloader, shop, engines):
    attachment = reloader.attach(engines, name="rc")
    engines[:].execute("import shop", block=True)
    reloader.workers_timeout = 1.0
    gate = project.path / "gate"

    wait = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.01)"
    busy = engines[0].execute(wait, block=False)
    project.replace("shop.py", "+ 1", "* 100")
    report = reloader.reload()
    after = engines[0].apply_async(shop.describe, shop.Basket(1))
    gate.touch()
    busy.get(timeout=60)
    assert report.troubles == ("rc: no answer within 1 s (it follows once it is free) on engine 0",)
    assert after.get(timeout=60) == "100 kr"
    reloader.workers_timeout = 60.0
    assert all(not state.is_behind for state in attachment.states())


def test_an_edit_that_fails_on_the_engines_is_rolled_back_on_all(project, reloader, shop, engines):
    reloader.attach(engines, name="rc")
    engines[:].execute("import shop; held = shop.Basket(3)", block=True)
    project.replace("shop.py", "+ 1", "* 100")
    with (project.path / "shop.py").open("a", encoding="utf-8") as file:
        file.write(f"import os\nif os.getpid() != {os.getpid()}:\n    1 / 0\n")
    [trouble] = reloader.reload().troubles
    assert "shop.py:12: ZeroDivisionError: division by zero" in trouble
    assert trouble.endswith("on engine 0, engine 1")
    assert values(engines, "shop.describe(held)") == ["4 kr"] * 2


def test_an_engine_that_registers_late_has_what_the_others_have(
    project, reloader, shop, cluster, engines
):
    reloader.attach(engines[:], name="rc")
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    cluster[0].start_engines_sync(1)
    engines.wait_for_engines(3, timeout=60)
    report = reloader.reload()
    engines[:].execute("import shop", block=True)
    assert values(engines, "shop.describe(shop.Basket(1))") == ["100 kr"] * 3
    assert report.notes[0].startswith("rc: 3 workers follow")
    assert not reloader.reload()


def test_a_killed_engine_does_not_stop_the_rest(project, reloader, shop, engines):
    reloader.attach(engines, name="rc")
    reloader.workers_timeout = 2.0
    [pid] = engines[[2]].apply_sync(os.getpid)
    os.kill(pid, signal.SIGKILL)
    project.replace("shop.py", "+ 1", "* 100")
    reloader.reload()
    view = engines[[0, 1]]
    assert view.apply_sync(shop.describe, shop.Basket(1)) == ["100 kr"] * 2


def test_an_engine_without_reloadmagic_is_an_error_that_names_the_fix(reloader, shop, engines):
    engines[1].execute(WITHOUT_RELOADMAGIC, block=True)
    try:
        with pytest.raises(WorkersError, match="engine 1: reloadmagic is not installed there"):
            reloader.attach(engines[[0, 1]])
    finally:
        engines[1].execute("import sys; sys.meta_path.pop(0)", block=True)
