"""What a worker does with what it is sent: bare processes, reached by a plain broadcast."""

from __future__ import annotations

import os
import zipfile
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from reloadmagic.workers import WorkersError, receive
from reloadmagic.workers.attachment import sources_of
from reloadmagic.workers.receiver import greet
from session import load

SHOP = """
from prices import VAT

class Basket:
    def __init__(self, total):
        self.net = total

    def total(self):
        return self.net + VAT

def describe(basket):
    return f"{basket.total()} kr"
"""

SECOND = 1_700_000_000 * 10**9  # in nanoseconds


@pytest.fixture
def shop(project):
    project.write("prices.py", "VAT = 1\n")
    project.write("shop.py", SHOP)
    return load("shop")


# Code and objects --------------------------------------------------------------------------------


def test_what_a_worker_imported_by_name_runs_the_new_code(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("from shop import Basket, describe\nBasket")
    reloader.attach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert worker.run("describe(Basket(2))") == "3 EUR"


def test_objects_that_a_worker_holds_keep_data_class_and_identity(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("import shop\nheld = shop.Basket(5); held.note = 'mine'; kind = shop.Basket\nheld")
    reloader.attach(workers)
    project.replace("shop.py", "self.net + VAT", "self.net * 10 + VAT")
    reloader.reload()
    assert worker.run("held.total(), held.note, shop.Basket is kind, type(held) is kind") == (
        51, "mine", True, True,
    )  # fmt: skip


def test_modules_that_use_what_was_edited_follow(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("import shop\nshop")
    reloader.attach(workers)
    project.edit("prices.py", "VAT = 100\n")
    reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "102 kr"


def test_values_that_the_edit_does_not_reach_stay(project, reloader, workers):
    project.write("store.py", "CACHE = {}\ndef f():\n    return 1\n")
    load("store")
    worker = workers.start(project.path)
    worker.run("import store\ncache = store.CACHE; cache['seen'] = 1\nstore")
    reloader.attach(workers)
    project.replace("store.py", "return 1", "return 2")
    reloader.reload()
    assert worker.run("store.f(), store.CACHE is cache, cache") == (2, True, {"seen": 1})


def test_an_undo_goes_to_workers(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("import shop\nshop")
    reloader.attach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    reloader.undo()
    assert worker.run("shop.describe(shop.Basket(2))") == "3 kr"


# Another disk ------------------------------------------------------------------------------------


def test_the_edit_need_not_be_on_the_workers_disk(project, reloader, shop, workers, elsewhere):
    disk = elsewhere()
    worker = workers.start(disk)
    worker.run("import shop\nshop")
    reloader.attach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "3 EUR"
    assert worker.run("shop.__file__") == str(disk / "shop.py")
    assert 'kr"' in (disk / "shop.py").read_text()


def test_inspect_shows_what_runs(project, reloader, shop, workers, elsewhere):
    worker = workers.start(elsewhere())
    worker.run("import shop, inspect\nshop")
    reloader.attach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert "EUR" in worker.run("inspect.getsource(shop.describe)")


def test_tracebacks_show_what_runs(project, reloader, shop, workers, elsewhere):
    worker = workers.start(elsewhere())
    worker.run("import shop, traceback\nshop")
    reloader.attach(workers)
    project.replace("shop.py", 'return f"{basket.total()} kr"', "\n    return basket / 0")
    reloader.reload()
    shown = worker.run(
        """
        try:
            shop.describe(1)
        except ZeroDivisionError:
            shown = traceback.format_exc()
        shown
        """
    )
    assert "return basket / 0" in shown


def test_a_new_module_that_an_edited_one_imports_is_importable(
    project, reloader, shop, workers, elsewhere
):
    worker = workers.start(elsewhere())
    worker.run("import shop\nshop")
    reloader.attach(workers)
    project.write("rates.py", "def rate():\n    return 7\n")
    project.replace("shop.py", "return self.net + VAT", "return self.net + rate()")
    project.replace("shop.py", "from prices import VAT", "from rates import rate")
    reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "9 kr"
    assert "return 7" in worker.run("import rates, inspect\ninspect.getsource(rates.rate)")


def test_new_modules_in_packages_of_all_kinds_are_importable(project, reloader, workers, elsewhere):
    project.write("pkg/__init__.py", "")
    project.write("pkg/main.py", "def f():\n    return 0\n")
    load("pkg.main")
    worker = workers.start(elsewhere())
    worker.run("import pkg.main\npkg")
    reloader.attach(workers)
    project.write("pkg/sub/__init__.py", "from .deep import A\n")  # a package
    project.write("pkg/sub/deep.py", "A = 1\n")
    project.write("loose/part.py", "B = 2\n")  # a folder without __init__.py
    project.edit(
        "pkg/main.py", "from loose.part import B\nfrom .sub import A\ndef f():\n    return A + B\n"
    )
    reloader.reload()
    assert worker.run("pkg.main.f()") == 3


def test_a_worker_without_any_file_imports_what_the_client_runs(
    project, reloader, shop, workers, tmp_path
):
    worker = workers.start(tmp_path / "nothing")
    reloader.attach(workers)
    assert worker.run("import shop\nshop.describe(shop.Basket(2))") == "3 kr"


def test_what_is_imported_later_is_what_the_client_runs(
    project, reloader, shop, workers, elsewhere
):
    worker = workers.start(elsewhere())
    reloader.attach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert worker.run("import shop\nshop.describe(shop.Basket(2))") == "3 EUR"


def test_a_notebook_is_sent_as_a_module(project, reloader, workers, tmp_path):
    import nbformat

    from reloadmagic import notebooks

    def write(text):
        cells = [nbformat.v4.new_code_cell(text)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), project.path / "helpers.ipynb")

    notebooks.install()
    try:
        write("def double(x):\n    return 2 * x")
        load("helpers")
        worker = workers.start(tmp_path / "nothing")
        reloader.attach(workers)
        assert worker.run("import helpers\nhelpers.double(4)") == 8
        write("def double(x):\n    return 20 * x")
        reloader.reload()
        assert worker.run("helpers.double(4)") == 80
        source = worker.run("import inspect\ninspect.getsource(helpers.double)")
        assert source == "def double(x):\n    return 20 * x\n"
    finally:
        notebooks.uninstall()


def test_a_module_that_came_out_of_an_archive_follows(project, reloader, shop, workers, tmp_path):
    with zipfile.ZipFile(tmp_path / "shop.zip", "w") as archive:
        for file in project.path.glob("*.py"):
            archive.write(file, file.name)
    worker = workers.start(tmp_path / "shop.zip")
    worker.run("import shop\nheld = shop.Basket(2)\nshop")
    reloader.attach(workers)
    for unit in ("EUR", "USD"):
        project.edit("shop.py", SHOP.replace("kr", unit))
        assert reloader.reload().troubles == ()
        assert worker.run("shop.describe(held), type(held) is shop.Basket") == (f"3 {unit}", True)


def test_a_module_that_is_compiled_there_is_named(project, reloader, workers):
    project.write("colours.py", "A = 1\n")
    load("colours")
    worker = workers.start(project.path, name="w")
    worker.run(COMPILED)
    [trouble] = reloader.attach(workers, name="some").first.troubles
    assert trouble.startswith("some: colours not reloaded: it is a compiled extension there.")


COMPILED = """
import sys, _ctypes
_ctypes.__spec__.name = "colours"
sys.modules["colours"] = _ctypes
_ctypes
"""


def test_a_module_that_becomes_a_package_does_so_without_its_files(
    project, reloader, shop, workers, elsewhere
):
    worker = workers.start(elsewhere())
    worker.run("import shop\nshop")
    reloader.attach(workers)
    project.delete("shop.py")
    project.write("shop/__init__.py", "from .inner import describe\n")
    project.write("shop/inner.py", "def describe(basket):\n    return 'inner'\n")
    reloader.reload()
    assert worker.run("shop.describe(None), hasattr(shop, '__path__')") == ("inner", True)


# Versions ----------------------------------------------------------------------------------------


def test_workers_are_brought_to_what_the_client_runs_when_attached(
    project, reloader, shop, workers
):
    worker = workers.start(project.path)
    worker.run("import shop\nshop")
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    reloader.attach(workers)
    assert worker.run("shop.describe(shop.Basket(2))") == "3 EUR"


def test_an_edit_in_the_second_of_the_import_is_seen(project, reloader, workers):
    """Cached bytecode records whole seconds and the size, and both are as before."""
    path = project.write("one.py", "A = 1\n")
    os.utime(path, ns=(SECOND, SECOND))
    worker = workers.start(project.path)
    worker.run("import one\none")
    cached = worker.run("one.__cached__")
    os.utime(cached, ns=(SECOND + 1, SECOND + 1))
    path.write_text("A = 2\n", encoding="utf-8")
    os.utime(path, ns=(SECOND + 2, SECOND + 2))
    assert SourceFileLoader("one", str(path)).get_code("one").co_consts[0] == 1  # stale
    Path(cached).rename(f"{cached}.of_the_worker")
    load("one")
    Path(f"{cached}.of_the_worker").rename(cached)
    reloader.attach(workers)
    assert worker.run("one.A") == 2


def test_a_worker_that_started_again_gets_all_that_it_lacks(
    project, reloader, shop, workers, elsewhere
):
    disk = elsewhere()
    workers.start(disk, name="a").run("import shop\nshop")
    reloader.attach(workers)
    project.edit("prices.py", "VAT = 10\n")
    reloader.reload()
    workers.processes.pop("a").close()
    worker = workers.start(disk, name="a")
    worker.run("import shop\nshop")
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "12 EUR"


def test_what_comes_twice_does_nothing(project, reloader, workers):
    project.write("one.py", "A = 1\n")
    load("one")
    worker = workers.start(project.path)
    worker.run("import one\none")
    sent = []
    reloader.attach(lambda function, payload: sent.append(payload) or workers(function, payload))
    project.edit("one.py", "A = 2\nMADE = object()\n")
    reloader.reload()
    worker.run("made = one.MADE\nmade is None")
    delta = next(p for p in sent if any(m["replaces"] for m in p["modules"]))
    reply = worker.call(receive, delta)
    assert [m["status"] for m in reply["modules"]] == ["already there"]
    assert worker.run("one.MADE is made")


def test_only_what_changed_is_sent(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("import shop\nshop")
    sent = []
    reloader.attach(lambda function, payload: sent.append(payload) or workers(function, payload))
    sent.clear()
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert [[m["name"] for m in payload["modules"]] for payload in sent] == [["shop"]]


def test_nothing_is_sent_when_nothing_changed(reloader, shop, workers, project):
    sent = []
    workers.start(project.path)
    reloader.attach(lambda function, payload: sent.append(payload) or workers(function, payload))
    sent.clear()
    assert not reloader.reload()
    assert sent == []


def test_a_module_that_a_cell_imported_goes_along_without_a_word(
    project, reloader, shop, workers, tmp_path
):
    worker = workers.start(tmp_path / "nothing")
    reloader.attach(workers)
    project.write("late.py", "A = 5\n")
    load("late")
    report = reloader.reload()
    assert worker.run("import late\nlate.A") == 5
    assert not report


def test_what_is_excluded_is_not_sent(project, reloader, shop, workers, tmp_path):
    reloader.configure(exclude=[*reloader.exclude, "prices"])
    worker = workers.start(tmp_path / "nothing")
    reloader.attach(workers)
    with pytest.raises(ModuleNotFoundError, match="prices"):
        worker.run("import shop\nshop")


def test_a_module_that_is_installed_at_the_worker_follows_too(
    project, reloader, shop, workers, tmp_path
):
    site = tmp_path / "site-packages"
    site.mkdir()
    for file in project.path.glob("*.py"):
        (site / file.name).write_text(file.read_text())
    worker = workers.start(site)
    worker.run("import shop\nshop")
    reloader.attach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "3 EUR"


def greeting_of(reloader, workers):
    """What a client tells those that join after *workers*."""
    [attachment] = reloader.attachments
    return attachment._greeting(sources_of(reloader)).as_dict()


def test_who_joins_is_sent_what_the_others_lacked(project, reloader, shop, workers, elsewhere):
    disk = elsewhere()
    workers.start(disk)
    reloader.attach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    greeting = greeting_of(reloader, workers)
    late = workers.start(disk)
    late.call(greet, greeting)
    assert late.run("import shop\nshop.describe(shop.Basket(2))") == "3 EUR"
    assert [m["name"] for m in greeting["modules"] if m["source"]] == ["shop"]


def test_who_joins_with_other_files_has_all_after_the_next_reload(
    project, reloader, shop, workers, elsewhere
):
    workers.start(project.path)
    reloader.attach(workers)
    disk = elsewhere()
    (disk / "prices.py").write_text("VAT = 50\n", encoding="utf-8")
    late = workers.start(disk)
    late.call(greet, greeting_of(reloader, workers))
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert late.run("import shop\nshop.describe(shop.Basket(2))") == "3 EUR"


def test_who_is_greeted_again_does_not_try_again_what_failed(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("import shop, sys\nshop")
    reloader.attach(workers)
    project.edit(
        "shop.py",
        "import os, sys\nsys.tried = getattr(sys, 'tried', 0) + 1\n"
        + SHOP + RAISES_THERE.format(os.getpid()),
    )  # fmt: skip
    reloader.reload()
    worker.call(greet, greeting_of(reloader, workers))
    assert worker.run("sys.tried") == 1


def test_settings_hold_at_the_worker(project, reloader, workers):
    project.write("one.py", "A = []\nB = 1\n")
    load("one")
    reloader.configure(keep=["one:A"])
    worker = workers.start(project.path)
    worker.run("import one\na = one.A\none")
    reloader.attach(workers)
    project.edit("one.py", "A = [2]\nB = 2\n")
    reloader.reload()
    assert worker.run("one.A is a, one.A, one.B") == (True, [], 2)


def test_a_worker_that_watches_its_own_files_does_everything_once(project, reloader, workers):
    project.write("one.py", "A = 1\n")
    load("one")
    worker = workers.start(project.path)
    worker.run("import one, reloadmagic\nown = reloadmagic.Reloader()\none")
    reloader.attach(workers)
    project.edit("one.py", "A = 2\nMADE = object()\n")
    reloader.reload()
    assert worker.run("made = one.MADE; report = own.reload()\nbool(report), one.MADE is made") == (
        False, True,
    )  # fmt: skip


def test_a_client_that_is_its_own_worker_does_everything_once(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    answers = []

    def broadcast(function, payload):
        answers.append(function(payload))
        return {"here": answers[-1]}

    reloader.attach(broadcast)
    project.edit("one.py", "A = 2\nMADE = object()\n")
    reloader.reload()
    assert one.A == 2
    assert {m["status"] for answer in answers for m in answer["modules"]} == {"already there"}


# Failures ----------------------------------------------------------------------------------------

RAISES_THERE = "import os\nif os.getpid() != {}:\n    raise ValueError('not here')\n"


def test_an_edit_that_fails_is_rolled_back_and_named(project, reloader, shop, workers):
    worker = workers.start(project.path, name="w")
    worker.run("import shop\nshop")
    reloader.attach(workers, name="pool")
    project.edit("prices.py", "VAT = 1000\n")
    project.edit("shop.py", SHOP.replace("kr", "EUR") + RAISES_THERE.format(os.getpid()))
    report = reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "3 kr"
    assert any("shop.py:14: ValueError: not here" in line for line in report.troubles)
    assert all(line.endswith("on w") for line in report.troubles)


def test_a_failure_is_mended_by_the_next_edit(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("import shop\nshop")
    reloader.attach(workers)
    project.edit("shop.py", SHOP + RAISES_THERE.format(os.getpid()))
    reloader.reload()
    project.edit("shop.py", SHOP.replace("kr", "EUR"))
    report = reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "3 EUR"
    assert report.troubles == ()


def test_a_failure_carries_the_users_own_frames(project, reloader, shop, workers, elsewhere):
    worker = workers.start(elsewhere(), name="w")
    worker.run("import shop\nshop")
    attachment = reloader.attach(workers)
    project.edit("shop.py", SHOP + RAISES_THERE.format(os.getpid()))
    reloader.reload()
    [state] = attachment.states()
    lines = state.modules["shop"].traceback.splitlines()
    assert lines[0].endswith('shop.py", line 14, in <module>')
    assert (lines[1].strip(), lines[-1]) == ("raise ValueError('not here')", "ValueError: not here")


def test_what_failed_is_not_shown_as_the_source(project, reloader, shop, workers, elsewhere):
    worker = workers.start(elsewhere())
    worker.run("import shop, inspect\nshop")
    reloader.attach(workers)
    project.edit("shop.py", SHOP.replace("kr", "EUR") + RAISES_THERE.format(os.getpid()))
    reloader.reload()
    assert "kr" in worker.run("inspect.getsource(shop.describe)")


def test_a_dependent_that_fails_is_named_and_tried_again(project, reloader, workers):
    project.write("base.py", "K = 1\n")
    user = "import os\nfrom base import K\nif K == 2 and os.getpid() != {}:\n    raise ValueError\nL = K\n"
    project.write("user.py", user.format(os.getpid()))
    load("user")
    worker = workers.start(project.path)
    worker.run("import user\nuser")
    reloader.attach(workers)
    project.edit("base.py", "K = 2\n")
    assert any("user" in line for line in reloader.reload().troubles)
    assert worker.run("user.L") == 1
    project.edit("base.py", "K = 3\n")
    assert reloader.reload().troubles == ()
    assert worker.run("user.L") == 3


def test_a_failure_here_is_not_sent(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("import shop\nshop")
    reloader.attach(workers)
    project.edit("shop.py", SHOP.replace("kr", "EUR") + "1 / 0\n")
    reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "3 kr"


# Reaching workers --------------------------------------------------------------------------------


def test_a_worker_without_reloadmagic_is_an_error_that_names_the_fix(
    project, reloader, shop, workers
):
    workers.start(project.path, name="bare", options=["-S", "-E"])
    with pytest.raises(WorkersError, match=r"bare: reloadmagic is not .*pip install reloadmagic"):
        reloader.attach(workers)
    assert reloader.attachments == ()


def test_a_worker_that_speaks_another_version_is_an_error(reloader, shop):
    with pytest.raises(WorkersError, match="same version of reloadmagic"):
        reloader.attach(lambda function, payload: {"old": {"protocol": 0, "modules": []}})


def test_a_client_that_speaks_another_version_is_told(workers, project):
    worker = workers.start(project.path)
    assert isinstance(worker.call(receive, {"protocol": 99}), WorkersError)


def test_a_worker_that_does_not_answer_does_not_stop_the_rest(project, reloader, shop, workers):
    worker = workers.start(project.path, name="here")
    worker.run("import shop\nshop")
    gone = {"gone": ConnectionError("no route")}
    reloader.attach(lambda function, payload: {**gone, **workers(function, payload)}, name="some")
    project.replace("shop.py", 'kr"', 'EUR"')
    report = reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "3 EUR"
    assert report.troubles == ("some: not reached (ConnectionError: no route) on gone",)
    assert report.notes[0].startswith("some: 1 worker follows")


def test_a_worker_that_lags_is_named_and_sent_everything_the_next_time(
    project, reloader, shop, workers
):
    worker = workers.start(project.path, name="w")
    worker.run("import shop\nshop")
    busy = []

    def broadcast(function, payload):
        return {"w": TimeoutError()} if busy else workers(function, payload)

    reloader.attach(broadcast, name="some")
    busy.append(True)
    project.edit("prices.py", "VAT = 10\n")
    report = reloader.reload()
    assert "some: no answer within 60 s (it follows once it is free) on w" in report.troubles
    busy.clear()
    project.replace("shop.py", 'kr"', 'EUR"')
    assert reloader.reload().troubles == ()
    assert worker.run("shop.describe(shop.Basket(2))") == "12 EUR"


def test_a_broadcast_that_raises_leaves_the_reload_alone(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    is_gone = []

    def broadcast(function, payload):
        if is_gone:
            raise ConnectionError("cluster gone")
        return {}

    reloader.attach(broadcast, name="some")
    is_gone.append(True)
    project.edit("one.py", "A = 2\n")
    report = reloader.reload()
    assert one.A == 2
    assert "out of reach (ConnectionError: cluster gone)" in report.troubles[0]
    [attachment] = reloader.attachments
    assert attachment.states()[0].error == "out of reach: ConnectionError: cluster gone"


def test_an_interrupt_while_waiting_leaves_the_reload_alone(project, reloader):
    project.write("one.py", "A = 1\n")
    one = load("one")
    is_late = []

    def broadcast(function, payload):
        if is_late:
            raise KeyboardInterrupt
        return {}

    reloader.attach(broadcast, name="some")
    is_late.append(True)
    project.edit("one.py", "A = 2\n")
    assert reloader.reload().troubles == ("some: interrupted before all workers answered",)
    assert one.A == 2
    is_late.clear()


def test_what_has_no_workers_is_refused(reloader):
    with pytest.raises(WorkersError, match="int has no workers"):
        reloader.attach(3)


def test_what_is_attached_twice_is_attached_once(reloader, workers):
    assert reloader.attach(workers) is reloader.attach(workers)
    assert len(reloader.attachments) == 1


# Letting go --------------------------------------------------------------------------------------


def test_detached_workers_go_on_with_what_they_have(project, reloader, shop, workers):
    worker = workers.start(project.path)
    worker.run("import shop\nshop")
    reloader.attach(workers)
    reloader.detach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    assert worker.run("shop.describe(shop.Basket(2))") == "3 kr"
    assert reloader.attachments == ()


def test_detached_workers_import_their_own_files(project, reloader, shop, workers, elsewhere):
    worker = workers.start(elsewhere())
    reloader.attach(workers)
    project.replace("shop.py", 'kr"', 'EUR"')
    reloader.reload()
    reloader.detach()
    assert worker.run("import shop\nshop.describe(shop.Basket(2))") == "3 kr"


def test_closing_the_reloader_detaches(project, reloader, shop, workers):
    workers.start(project.path)
    reloader.attach(workers)
    reloader.close()
    assert reloader.attachments == ()
