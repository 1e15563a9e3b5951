"""What modules attach to loggers: once, as after a restart, whatever runs again."""

from __future__ import annotations

import logging

import pytest

from session import load

HEAD = "import logging\nlog = logging.getLogger('{0}')\nlog.propagate = False\n"
SETUP = """
import logging
def setup():
    log = logging.getLogger("setup")
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setLevel({0})
        log.addHandler(handler)
    return log
log = setup()
"""


@pytest.fixture(autouse=True)
def _loggers_of_their_own(monkeypatch):
    monkeypatch.setattr(logging.root.manager, "loggerDict", {})


def attached(logger: logging.Logger) -> list[tuple[str, int]]:
    return [(type(handler).__name__, handler.level) for handler in logger.handlers]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # an edited line stands for itself, the others stay
        (
            "log.addHandler(logging.StreamHandler())\nlog.addHandler(logging.NullHandler(1))",
            "log.addHandler(logging.StreamHandler())\nlog.addHandler(logging.NullHandler(2))",
            [("StreamHandler", 0), ("NullHandler", 2)],
        ),
        # a line that is gone
        (
            "log.addHandler(logging.StreamHandler())\nlog.addHandler(logging.NullHandler(1))",
            "log.addHandler(logging.NullHandler(1))",
            [("NullHandler", 1)],
        ),
        # a handler made again for a line that was not edited
        (
            "h = logging.NullHandler(1)\nlog.addHandler(h)",
            "h = logging.NullHandler(2)\nlog.addHandler(h)",
            [("NullHandler", 2)],
        ),
        # by the class of the handler
        (
            "class H(logging.Handler):\n def __init__(self): super().__init__(1)\nlog.addHandler(H())",
            "class H(logging.Handler):\n def __init__(self): super().__init__(2)\nlog.addHandler(H())",
            [("H", 2)],
        ),
        # one more
        (
            "log.addHandler(logging.NullHandler(1))",
            "log.addHandler(logging.NullHandler(1))\nlog.addHandler(logging.NullHandler(2))",
            [("NullHandler", 1), ("NullHandler", 2)],
        ),
        # a function attaches it
        (
            "def setup(n): log.addHandler(logging.NullHandler(n))\nsetup(1)",
            "def setup(n): log.addHandler(logging.NullHandler(n))\nsetup(2)",
            [("NullHandler", 2)],
        ),
    ],
)
def test_handlers_are_those_of_a_restart(project, reloader, before, after, expected):
    project.write("logged.py", HEAD.format("logged") + before)
    logged = load("logged")
    project.edit("logged.py", HEAD.format("logged") + after)
    assert not reloader.reload().failed
    assert attached(logged.log) == expected


def test_the_root_logger_is_configured_again(project, reloader, monkeypatch):
    monkeypatch.setattr(logging.root, "handlers", [])
    project.write("logged.py", "import logging\nlogging.basicConfig(format='1 %(message)s')\n")
    load("logged")
    project.edit("logged.py", "import logging\nlogging.basicConfig(format='2 %(message)s')\n")
    reloader.reload()
    assert [handler.formatter._fmt for handler in logging.root.handlers] == ["2 %(message)s"]


def test_a_guard_against_a_second_handler_lets_an_edited_one_through(project, reloader):
    project.write("logged.py", SETUP.format(1))
    logged = load("logged")
    project.edit("logged.py", SETUP.format(2))
    reloader.reload()
    assert attached(logged.log) == [("StreamHandler", 2)]


def test_handlers_that_others_attached_stay(project, reloader):
    project.write("logged.py", HEAD.format("shared") + "log.addHandler(logging.NullHandler(1))")
    project.write("other.py", HEAD.format("shared") + "log.addHandler(logging.NullHandler(10))")
    logged, _ = load("logged", "other")
    logged.log.addHandler(logging.NullHandler(20))
    project.edit("logged.py", HEAD.format("shared") + "log.addHandler(logging.NullHandler(2))")
    reloader.reload()
    assert sorted(attached(logged.log)) == [("NullHandler", n) for n in (2, 10, 20)]


def test_handlers_that_an_imported_module_attached_are_its_own(project, reloader):
    project.write("inner.py", HEAD.format("nested") + "log.addHandler(logging.NullHandler(1))")
    project.write("outer.py", "import inner\ninner.log.addHandler(inner.logging.NullHandler(5))")
    outer = load("outer")
    project.edit("inner.py", HEAD.format("nested") + "log.addHandler(logging.NullHandler(2))")
    reloader.reload()
    assert sorted(attached(outer.inner.log)) == [("NullHandler", 2), ("NullHandler", 5)]


def test_a_reload_that_fails_leaves_handlers_as_they_were(project, reloader):
    project.write("logged.py", HEAD.format("kept") + "log.addHandler(logging.NullHandler(1))")
    logged = load("logged")
    before = list(logged.log.handlers)
    text = HEAD.format("kept") + "log.addHandler(logging.NullHandler(2))\n"
    other = "logging.getLogger('other').addHandler(logging.NullHandler())\n"
    project.edit("logged.py", text + other + "1 / 0\n")
    assert reloader.reload().failed
    assert logged.log.handlers == before
    assert logging.getLogger("other").handlers == []
    project.edit("logged.py", text)
    reloader.reload()
    assert attached(logged.log) == [("NullHandler", 2)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["log.addHandler(logging.NullHandler(1))"], [1]),
        (["log.addHandler(logging.NullHandler(2))"], [2]),
        (
            ["log.addHandler(logging.NullHandler(2))", "log.addHandler(logging.NullHandler(1))"],
            [2, 1],
        ),
        ([], []),
    ],
)
def test_handlers_that_another_module_attaches_go_with_its_lines(
    project, reloader, lines, expected
):
    project.write("base.py", HEAD.format("base"))
    head = "import logging\nfrom base import log\n"
    attach = "log.addHandler(logging.NullHandler({}))\n".format
    project.write("use.py", head + attach(1) + attach(2))
    load("use")
    mine = logging.FileHandler("mine.log", delay=True)
    load("base").log.addHandler(mine)
    project.edit("use.py", head + "".join(f"{line}\n" for line in lines))
    reloader.reload()
    handlers = load("base").log.handlers
    assert [h.level for h in handlers if h is not mine] == expected
    assert mine in handlers
