"""A reload that fails leaves the session as it was, whatever fails and wherever.

The first half makes every statement of an edit fail, one after another, in every way there is; the
second half lets the user's objects be as hostile as Python allows.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

import reloadmagic
from reloadmagic.plan import Planner
from session import described, differences, fresh, load, picture, ran, statuses, unlike, watch

# Every way to fail, at every place --------------------------------------------------------------

NAMES = ("pkg", "pkg.base", "pkg.registry", "pkg.shapes", "pkg.model")
PACKAGE = {
    "pkg/__init__.py": """
        VERSION = {n}
        from .model import total
        """,
    "pkg/base.py": """
        import functools
        WIDTH = {n}
        SEEN = []

        def logged(f):
            @functools.wraps(f)
            def wrapper(*args):
                SEEN.append(f.__name__)
                return f(*args) + {n}
            return wrapper

        class Base:
            made = {{}}
            def __init_subclass__(cls):
                Base.made[cls.__name__] = {n}
            def size(self, k=WIDTH):
                return k * {n}
        """,
    "pkg/registry.py": """
        REGISTRY = {{}}
        def register(name):
            def add(f):
                REGISTRY[name] = f
                return f
            return add
        LIMIT = {n}
        """,
    "pkg/shapes.py": """
        import enum
        from .base import Base, logged
        from .registry import register

        class Color(enum.Enum):
            RED = {n}
            BLUE = 9

        @register("circle")
        class Circle(Base):
            scale = [{n}]
            def __init__(self):
                self.r = {n}
            @property
            def area(self):
                return self.r * {n}

        @register("line{n}")
        @logged
        def line(x):
            return x + {n}
        """,
    "pkg/model.py": """
        from .base import WIDTH, SEEN
        from .registry import REGISTRY, LIMIT
        from . import shapes
        SEEN.append("model{n}")
        WIDE = WIDTH * LIMIT + {n}
        ONE = shapes.Circle()
        def total(k=WIDE):
            return ONE.size() + k
        TABLE = {{name: {n} for name in REGISTRY}}
        """,
}
WAYS = {
    "raise": "raise ValueError('no')",
    "name": "missing_name",
    "import": "import surely_not_there",
    "exit": "import sys; sys.exit(3)",
    "interrupt": "raise KeyboardInterrupt",
    "recursion": "def forever(): return forever()\nforever()",
    "memory": "raise MemoryError",
    "generator": "raise GeneratorExit",
    "syntax": "def broken(:",
    "compile": "return 1",
    "late": "import pkg.shapes as s; s.Circle.late = 1; s.Circle.made.clear(); raise OSError",
}


def texts(n: int) -> dict[str, str]:
    return {name: text.format(n=n) for name, text in PACKAGE.items()}


def places(text: str) -> list[int]:
    """Positions in *text*, dedented, between its top-level statements."""
    found = [match.start() for match in re.finditer(r"(?m)^(?=[^\s#)])", text)]
    starts = [p for p in found if not text[:p].rstrip("\n").rpartition("\n")[2].startswith("@")]
    return [*starts, len(text)]


def write_all(project, n: int) -> None:
    for name, text in texts(n).items():
        (project.edit if (project.path / name).exists() else project.write)(name, text)


def break_at(project, name: str, place: int, way: str) -> None:
    text = (project.path / name).read_text()
    project.edit(name, f"{text[:place]}{way}\n{text[place:]}")


class Held:
    """What a notebook would hold of the package, made before the edit."""

    def __init__(self) -> None:
        base, shapes, model = load("pkg.base", "pkg.shapes", "pkg.model")
        self.circle = shapes.Circle()
        self.parts = [shapes.Circle, shapes.Color.RED, shapes.line, base.logged, model.total]
        self.bound = self.circle.size
        base.Base.made["mine"] = 0
        model.TABLE["mine"] = self.circle


def reload(reloader):
    """The report, None if the reload ended in the KeyboardInterrupt that a module raised."""
    try:
        return reloader.reload()
    except KeyboardInterrupt:
        return None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PACKAGE)
def test_a_statement_that_fails_anywhere_leaves_all_as_it_was(project, reloader, name, way):
    write_all(project, 1)
    load(*NAMES)
    held = Held()
    text = PACKAGE[name].format(n=2)
    found = places(project.write("scratch.txt", text).read_text())
    for place in found if way in ("raise", "late") else found[1::4]:
        before = picture(project, held)
        write_all(project, 2)
        break_at(project, name, place, WAYS[way])
        report = reload(reloader)
        assert differences(before, picture(project, held)) == []
        if report is not None:
            assert report.failed


@pytest.mark.parametrize("way", ["raise", "interrupt", "syntax"])
@pytest.mark.parametrize("name", PACKAGE)
def test_a_mended_failure_ends_where_a_fresh_import_would(project, reloader, name, way):
    write_all(project, 1)
    load(*NAMES)
    n = 1
    text = project.write("scratch.txt", PACKAGE[name].format(n=2)).read_text()
    for place in places(text):
        n = 3 - n
        write_all(project, n)
        break_at(project, name, place, WAYS[way])
        reload(reloader)
        project.edit(name, PACKAGE[name].format(n=n))
        assert not reloader.reload().failed
        assert unlike(described(*NAMES), fresh(project, *NAMES)) == []


def test_modules_that_failed_with_a_missing_import_follow_when_it_is_taken_out(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "import one\nB = 1\n")
    one, two = load("one", "two")
    project.edit("one.py", "A = 2\n")
    project.edit("two.py", "import one\nimport nowhere_at_all\nB = 2\n")
    reloader.reload()
    project.edit("two.py", "import one\nB = 2\n")
    reloader.reload()
    assert (one.A, two.B) == (2, 2)


def test_what_came_at_run_time_is_there_after_a_failure_and_its_mending(project, reloader):
    write_all(project, 1)
    base, model = load(*NAMES)[1::3]
    held = Held()
    write_all(project, 2)
    project.edit("pkg/model.py", PACKAGE["pkg/model.py"].format(n=2) + "1 / 0\n")
    reloader.reload()
    project.edit("pkg/model.py", PACKAGE["pkg/model.py"].format(n=2))
    reloader.reload()
    assert base.Base.made["mine"] == 0
    assert model.TABLE["mine"] is held.circle


def test_one_failing_module_holds_back_those_that_depend_on_it_and_were_edited(project, reloader):
    write_all(project, 1)
    load(*NAMES)
    write_all(project, 2)
    project.edit("pkg/base.py", PACKAGE["pkg/base.py"].format(n=2) + "1 / 0\n")
    reloader.reload()
    assert [load(name).__dict__.get("VERSION") for name in ("pkg",)] == [1]
    assert load("pkg.model").WIDE == 2


def test_edited_modules_with_no_path_between_them_fail_alone(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "B = 1\n")
    one, two = load("one", "two")
    project.edit("one.py", "A = 2\n")
    project.edit("two.py", "B = 1 / 0\n")
    assert statuses(reloader.reload()) == {"one": "reloaded", "two": "failed"}
    assert (one.A, two.B) == (2, 1)


def test_a_dependent_that_was_not_edited_fails_alone(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "from one import A\nB = 10 // A\n")
    one, two = load("one", "two")
    project.edit("one.py", "A = 0\n")
    assert statuses(reloader.reload()) == {"one": "reloaded", "two": "failed"}
    assert (one.A, two.A, two.B) == (0, 1, 10)


def test_a_dependent_that_failed_follows_once_what_it_imports_is_mended(project, reloader):
    project.write("one.py", "A = 1\nC = 1\n")
    project.write("two.py", "from one import A\nB = 10 // A\n")
    two = load("one", "two")[1]
    project.edit("one.py", "A = 0\nC = 1\n")
    reloader.reload()
    project.edit("one.py", "A = 5\nC = 1\n")
    assert not reloader.reload().failed
    assert (two.A, two.B) == (5, 2)


def test_a_dependent_that_failed_follows_once_it_is_edited_itself(project, reloader):
    project.write("one.py", "A = 1\n")
    project.write("two.py", "from one import A\nB = 10 // A\n")
    two = load("one", "two")[1]
    project.edit("one.py", "A = 0\n")
    reloader.reload()
    project.edit("two.py", "from one import A\nB = 10 + A\n")
    assert not reloader.reload().failed
    assert (two.A, two.B) == (0, 10)


def test_a_module_first_imported_by_a_failed_reload_is_not_left_behind(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    project.write("new.py", "N = 1\n")
    project.edit("one.py", "import new\nA = 1 / 0\n")
    reloader.reload()
    assert "new" not in sys.modules
    assert "new" not in reloader.tracked


def test_a_module_imported_by_others_during_a_failed_reload_stays_usable(project, reloader):
    project.write("one.py", "A = 1\n")
    load("one")
    project.write("new.py", "N = 1\n")
    project.edit("one.py", "import new\nA = 1 / 0\n")
    reloader.reload()
    assert load("new").N == 1


def test_an_interrupt_rolls_back_and_is_the_users(project, reloader):
    project.write("slow.py", "A = 1\n")
    slow = load("slow")
    project.edit("slow.py", "A = 2\nraise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        reloader.reload()
    assert slow.A == 1


def test_what_failed_before_an_interrupt_is_not_told_again(project, reloader):
    project.write("low.py", "A = 1\n")
    project.write("other.py", "B = 1\n")
    load("low", "other")
    project.edit("other.py", "B = = 2\n")
    reloader.reload()
    project.edit("low.py", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        reloader.reload()
    project.edit("low.py", "A = 2\n")
    assert statuses(reloader.reload()) == {"low": "reloaded"}


def test_a_signal_stops_the_statement_that_runs(project, reloader):
    project.write("slow.py", "A = 1\n")
    slow = load("slow")
    project.edit("slow.py", "import signal\nA = 2\nsignal.raise_signal(2)\nsignal.late = 1\n")
    with pytest.raises(KeyboardInterrupt):
        reloader.reload()
    assert (slow.A, hasattr(signal, "late")) == (1, False)


def test_what_depends_on_an_edit_is_known_again_after_planning_was_interrupted(
    project, reloader, monkeypatch
):
    project.write("low.py", "A = 1\n")
    project.write("top.py", "from low import A\nB = A * 10\n")
    top = load("low", "top")[1]
    project.edit("low.py", "A = 2\n")
    reloader.reload()
    project.edit("low.py", "A = 3\n")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Planner, "plan", interrupt)
        reloader.reload()
    reloader.reload()
    assert top.B == 30


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_interrupted_reload_is_made_up_for_at_the_next(project, reloader):
    project.write("flag.txt", "")
    project.write("slow.py", "A = 1\n")
    slow = load("slow")
    project.edit(
        "slow.py",
        """
        import os
        A = 2
        if os.path.exists("flag.txt"):
            raise KeyboardInterrupt
        """,
    )
    with pytest.raises(KeyboardInterrupt):
        reloader.reload()
    project.delete("flag.txt")
    reloader.reload()
    assert slow.A == 2


def test_dependents_that_an_interrupt_kept_from_their_turn_follow_at_the_next_reload(
    project, reloader
):
    project.write("low.py", "A = 1\n")
    project.write(
        "slow.py",
        """
        import os
        import low
        def double(n):
            if os.path.exists("flag.txt"):
                raise KeyboardInterrupt
            return n * 2
        B = double(low.A)
        """,
    )
    project.write("beside.py", "from low import A\nC = A * 3\n")
    project.write("behind.py", "from slow import B\nD = B + 1\n")
    low, slow, beside, behind = load("low", "slow", "beside", "behind")
    project.write("flag.txt", "")
    project.edit("low.py", "A = 5\n")
    for _ in range(2):  # the second time, nothing but what was left
        with pytest.raises(KeyboardInterrupt):
            reloader.reload()
    project.delete("flag.txt")
    assert reloader.look() != []
    assert not reloader.reload().failed
    assert (low.A, slow.B, beside.C, behind.D) == (5, 10, 15, 11)
    assert not reloader.reload()
    assert (reloader.look(), reloader.is_due("slow")) == ([], False)


# One message for one edit ------------------------------------------------------------------------

BROKEN = {
    "syntax": ("A = (\n", 1, "A = ("),
    "exception": ("A = 1\nB = {}['x']\n", 2, "B = {}['x']"),
    "import": ("A = 1\n\nimport nowhere_at_all\n", 3, "import nowhere_at_all"),
    "exit": ("import sys\nsys.exit(1)\n", 2, "sys.exit(1)"),
    "in a function": ("def f():\n    return 1 / 0\nA = f()\n", 2, "    return 1 / 0"),
    "compile": ("A = 1\nreturn\n", 2, "return"),
    "name": ("A = missing\n", 1, "A = missing"),
    "late future": (
        "A = 1\nfrom __future__ import annotations\n",
        2,
        "from __future__ import annotations",
    ),
    "hook": ("A = 1\ndef __after_reload__(state):\n    1 / 0\n", 3, "    1 / 0"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_error_names_its_place_and_what_still_holds(project, reloader, kind):
    text, lineno, line = BROKEN[kind]
    path = project.write("one.py", "A = 0\n")
    load("one")
    project.edit("one.py", text)
    (outcome,) = reloader.reload().outcomes
    error = outcome.error
    assert (error.path, error.lineno, error.line, error.module) == (str(path), lineno, line, "one")
    assert "The version that last ran stays in use." in str(error)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_failed_edit_is_told_once(project, reloader, kind):
    project.write("one.py", "A = 0\n")
    load("one")
    project.edit("one.py", BROKEN[kind][0])
    assert reloader.reload().failed
    assert [bool(reloader.reload()) for _ in range(3)] == [False] * 3


def test_what_failed_with_several_edited_modules_is_told_once(project, reloader):
    project.write("low.py", "A = 0\n")
    project.write("high.py", "import low\nB = low.A\n")
    load("high")
    project.edit("low.py", "A = missing\n")
    project.edit("high.py", "import low\nB = low.A + 1\n")
    told = str(reloader.reload())
    assert told.splitlines()[0] == (
        "not reloaded: low.py:1: NameError: name 'missing' is not defined."
        " The version that last ran stays in use, and so do those of high.py."
    )
    assert told.count("NameError") == 1


def test_a_failed_edit_that_is_touched_is_not_told_again(project, reloader):
    project.write("one.py", "A = 0\n")
    load("one")
    project.edit("one.py", "A = (\n")
    reloader.reload()
    project.touch("one.py")
    assert not reloader.reload()


def test_a_failed_edit_is_told_again_when_it_changes(project, reloader):
    project.write("one.py", "A = 0\n")
    load("one")
    project.edit("one.py", "A = (\n")
    reloader.reload()
    project.edit("one.py", "A = [\n")
    assert reloader.reload().failed


def test_a_failed_edit_that_is_taken_back_is_over(project, reloader):
    project.write("one.py", "A = 0\n")
    load("one")
    project.edit("one.py", "A = (\n")
    reloader.reload()
    project.edit("one.py", "A = 0\n")
    assert not reloader.reload().failed
    assert reloader.tracked["one"].failed is None
    assert not reloader.tracked["one"].stale


def test_a_failed_edit_is_tried_again_when_what_it_imports_changes(project, reloader):
    project.write("helper.py", "X = 1\n")
    project.write("one.py", "import helper\nA = 0\n")
    one = load("helper", "one")[1]
    project.edit("one.py", "import helper\nA = helper.Y\n")
    assert reloader.reload().failed
    project.edit("helper.py", "X = 1\nY = 7\n")
    reloader.reload()
    assert one.A == 7


def test_a_failed_edit_is_tried_again_when_what_only_it_imports_changes(project, reloader):
    project.write("helper.py", "X = 1\n")
    project.write("one.py", "A = 0\n")
    project.write("other.py", "")
    one = load("helper", "one", "other")[1]
    project.edit("one.py", "import helper\nA = helper.Y\n")
    assert reloader.reload().failed
    project.edit("other.py", "B = 1\n")
    reloader.reload()
    project.edit("helper.py", "X = 1\nY = 7\n")
    reloader.reload()
    assert one.A == 7


@pytest.mark.parametrize("look", [False, True])
def test_a_failed_edit_is_tried_again_when_the_one_it_failed_with_is_taken_back(
    project, reloader, look
):
    project.write("low.py", "A = 1\n")
    project.write("top.py", "import low\n")
    low = load("low", "top")[0]
    project.edit("low.py", "A = 2\n")
    project.edit("top.py", "import low\n1 / 0\n")
    assert reloader.reload().failed
    project.edit("top.py", "import low\n")
    if look:
        reloader.look()
        reloader.changes()
    reloader.reload()
    assert (low.A, reloader.tracked["low"].stale) == (2, False)


def test_a_missing_import_is_tried_again_when_the_module_appears(project, reloader):
    project.write("one.py", "A = 0\n")
    one = load("one")
    project.edit("one.py", "import appears\nA = appears.Y\n")
    assert reloader.reload().failed
    project.write("appears.py", "Y = 3\n")
    reloader.reload()
    assert one.A == 3


@pytest.mark.parametrize("line", ["from . import late", "from pkg import late"])
def test_a_missing_submodule_is_tried_again_when_it_appears(project, reloader, line):
    project.write("pkg/__init__.py", "A = 0\n")
    pkg = load("pkg")
    project.edit("pkg/__init__.py", f"{line}\nA = late.Y\n")
    assert reloader.reload().failed
    assert not reloader.reload().failed  # told once
    project.write("pkg/late.py", "Y = 3\n")
    reloader.reload()
    assert pkg.A == 3


UNFIT = {"raises": "K = 1\n1 / 0\n", "lacks the name": "J = 1\n", "cannot be parsed": "K = (\n"}


@pytest.mark.parametrize("kind", UNFIT)
def test_a_failed_edit_is_tried_again_when_the_new_module_it_imports_changes(
    project, reloader, kind
):
    project.write("m.py", "X = 0\n")
    m = load("m")
    project.write("new.py", UNFIT[kind])
    project.edit("m.py", "from new import K\nX = K\n")
    assert statuses(reloader.reload()) == {"m": "failed"}
    assert not reloader.reload()
    project.edit("new.py", "K = 2\n")
    reloader.reload()
    assert m.X == 2


def test_an_error_that_another_module_raised_names_that_place_too(project, reloader):
    project.write("low.py", "def f(x):\n    return 1 / x\n")
    project.write("m.py", "import low\n")
    load("m")
    project.edit("m.py", "import low\nY = low.f(0)\n")
    text = str(reloader.reload())
    assert "m.py:2: ZeroDivisionError" in text
    assert "raised at low.py:2\n    return 1 / x" in text


def test_a_failed_edit_is_not_run_again_because_of_an_edit_that_cannot_mend_it(project, reloader):
    project.write("other.py", "X = 1\n")
    project.write("one.py", "A = 0\n")
    load("other", "one")
    project.edit("one.py", "import sys\nsys.ran = getattr(sys, 'ran', 0) + 1\n1 / 0\n")
    reloader.reload()
    project.edit("other.py", "X = 2\n")
    reloader.reload()
    times = sys.__dict__.pop("ran")
    assert times == 1


def test_a_dependent_that_failed_runs_again_for_an_edit_that_may_mend_it_only(project, reloader):
    project.write("low.py", "X = 1\n")
    project.write("two.py", "from low import X\nTRIES = [X]\nB = 10 // X\n")
    project.write("other.py", "")
    load("two", "other")
    project.edit("low.py", "X = 0\n")
    assert statuses(reloader.reload()) == {"low": "reloaded", "two": "failed"}
    project.edit("other.py", "Y = 1\n")
    assert statuses(reloader.reload()) == {"other": "reloaded"}
    project.edit("low.py", "X = 5\n")
    assert statuses(reloader.reload()) == {"low": "reloaded", "two": "reloaded"}


def test_what_waits_for_a_file_that_cannot_be_parsed_is_told_once(project, reloader):
    project.write("low.py", "X = 1\n")
    project.write("top.py", "import low\n")
    project.write("other.py", "")
    low = load("low", "top", "other")[0]
    project.edit("low.py", "X = 2\n")
    project.edit("top.py", "import low\nY = (\n")
    assert statuses(reloader.reload()) == {"low": "failed", "top": "failed"}
    project.edit("other.py", "Y = 1\n")
    assert statuses(reloader.reload()) == {"other": "reloaded"}
    project.edit("low.py", "X = 3\n")
    assert statuses(reloader.reload()) == {"low": "failed", "top": "failed"}
    project.edit("top.py", "import low\n")
    assert statuses(reloader.reload()) == {"low": "reloaded"}
    assert low.X == 3


def test_a_failure_is_seen_in_status_until_mended(project, reloader):
    project.write("one.py", "A = 0\n")
    load("one")
    project.edit("one.py", "A = 1 / 0\n")
    reloader.reload()
    tracked = reloader.tracked["one"]
    assert (tracked.stale, type(tracked.failed.exception)) == (True, ZeroDivisionError)


def test_classes_of_a_failed_edit_are_no_subclasses(project, reloader):
    project.write("base.py", "class Base: pass\n")
    project.write("subs.py", "from base import Base\nclass One(Base): pass\n")
    (base, subs) = load("base", "subs")
    project.edit(
        "subs.py",
        """
        from base import Base
        class One(Base): x = 1
        class Two(One): pass
        raise ValueError
        """,
    )
    reloader.reload()
    assert base.Base.__subclasses__() == [subs.One]
    assert subs.One.__subclasses__() == []


def test_a_module_reloaded_by_hand_after_a_failure_shows_its_line(project, reloader):
    project.write("mod.py", "A = 1\n")
    mod = load("mod")
    project.edit("mod.py", "A = 2\noops\n")
    reloader.reload()
    with pytest.raises(NameError) as raised:
        importlib.reload(mod)
    assert traceback.extract_tb(raised.value.__traceback__)[-1].line == "oops"


def test_a_traceback_keeps_the_users_frames_and_shows_the_new_line(project, reloader):
    project.write("one.py", "A = 0\n")
    load("one")
    project.edit("one.py", "def f():\n    raise LookupError('here')\nf()\n")
    (outcome,) = reloader.reload().outcomes
    names = []
    traceback = outcome.error.exception.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.endswith("one.py"):
            names.append((traceback.tb_frame.f_code.co_name, traceback.tb_lineno))
        traceback = traceback.tb_next
    assert names == [("<module>", 3), ("f", 2)]


# Hostile objects ---------------------------------------------------------------------------------


def test_a_module_that_replaces_itself_in_sys_modules_stays_as_it_is_or_is_reloaded(
    project, reloader
):
    text = """
        import sys, types
        class Me(types.ModuleType):
            value = {n}
        sys.modules[__name__] = Me(__name__)
        """
    project.write("poser.py", text.format(n=1))
    project.write("one.py", "A = 1\n")
    poser, one = load("poser", "one")
    project.edit("poser.py", text.format(n=2))
    project.edit("one.py", "A = 2\n")
    reloader.reload()
    assert one.A == 2
    assert sys.modules["poser"].value in (1, 2)
    assert poser.value in (1, 2)


def test_a_module_that_begins_to_replace_itself_fails_or_follows_whole(project, reloader):
    project.write("poser.py", "A = 1\n")
    poser = load("poser")
    before = picture(project)
    project.edit("poser.py", "import sys\nA = 2\nsys.modules[__name__] = object()\n1 / 0\n")
    assert reloader.reload().failed
    assert sys.modules["poser"] is poser
    assert differences(before, picture(project)) == []


HOSTILE = {
    "getattr": "def __getattr__(self, name): raise RuntimeError(name)",
    "getattribute": "def __getattribute__(self, name): raise RuntimeError(name)",
    "eq": "def __eq__(self, other): raise RuntimeError\n    __hash__ = None",
    "array eq": "def __eq__(self, other): return self\n    def __bool__(self): raise ValueError",
    "bool": "def __bool__(self): raise RuntimeError",
    "hash": "def __hash__(self): raise RuntimeError",
    "repr": "def __repr__(self): raise RuntimeError",
    "class": "__class__ = property(lambda self: 1 / 0)",
    "dict": "__dict__ = property(lambda self: 1 / 0)",
    "module": "__module__ = None",
    "module object": "__module__ = object()",
    "setattr": "def __setattr__(self, name, value): raise RuntimeError",
    "len": "def __len__(self): raise RuntimeError",
    "iter": "def __iter__(self): raise RuntimeError",
    "call": "def __call__(self, *a, **k): raise RuntimeError",
    "slots": "__slots__ = ()",
    "wrapped": "__wrapped__ = property(lambda self: 1 / 0)",
    "get": "def __get__(self, *a): raise RuntimeError",
    "set name": "def __set_name__(self, *a): pass",
    "exit": "def __getattr__(self, name): raise SystemExit",
    "name": "__name__ = property(lambda self: 1 / 0)",
    "qualname": "__qualname__ = 'Elsewhere.Other'",
}
HOSTILE_MODULE = """
class Hostile:
    <body>

H = Hostile()
L = [H]
D = {"h": H}

class Holder:
    h = H

def f(x=H):
    return <n>

K = <n>
"""


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_instances_are_left_in_peace(project, reloader, kind):
    text = HOSTILE_MODULE.replace("<body>", HOSTILE[kind])
    project.write("hostile.py", text.replace("<n>", "1"))
    hostile = load("hostile")
    kept = vars(hostile)["H"]
    project.edit("hostile.py", text.replace("<n>", "2"))
    report = reloader.reload()
    assert statuses(report) == {"hostile": "reloaded"}
    assert (hostile.f(), hostile.K) == (2, 2)
    assert vars(hostile)["H"] is kept
    assert str(report)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_classes_are_edited_and_rolled_back(project, reloader, kind):
    text = HOSTILE_MODULE.replace("<body>", HOSTILE[kind] + "\n    extra = <n>")
    project.write("hostile.py", text.replace("<n>", "1"))
    hostile = load("hostile")
    before = picture(project)
    project.edit("hostile.py", text.replace("<n>", "2") + "1 / 0\n")
    assert isinstance(reloader.reload().failed[0].error.exception, ZeroDivisionError)
    assert differences(before, picture(project)) == []
    project.edit("hostile.py", text.replace("<n>", "2"))
    assert not reloader.reload().failed
    assert (vars(hostile.Hostile)["extra"], hostile.K) == (2, 2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_object_that_fails_to_go_does_not_keep_an_edit_from_coming(project, reloader):
    text = """
        class Hostile:
            def __del__(self): raise RuntimeError
        KEPT = []
        H = Hostile({0})
        K = {0}
        """
    project.write("hostile.py", text.replace("({0})", "()").format(1))
    hostile = load("hostile")
    project.edit("hostile.py", text.replace("({0})", "() if {0} else 0").format(2))
    assert not reloader.reload().failed
    assert hostile.K == 2
    hostile.Hostile.__del__ = lambda self: None


METACLASSES = {
    "getattribute": "def __getattribute__(cls, name): raise RuntimeError(name)",
    "setattr": "def __setattr__(cls, name, value): raise RuntimeError(name)",
    "delattr": "def __delattr__(cls, name): raise RuntimeError(name)",
    "eq": "def __eq__(cls, other): raise RuntimeError\n    __hash__ = type.__hash__",
    "hash": "def __hash__(cls): raise RuntimeError",
    "instancecheck": "def __instancecheck__(cls, other): raise RuntimeError",
    "subclasses": "def __subclasses__(cls): raise RuntimeError",
    "mro": "def mro(cls): return list(type.mro(cls))",
    "dict": "__dict__ = property(lambda cls: 1 / 0)",
    "name": "__name__ = property(lambda cls: 1 / 0)",
    "call": "def __call__(cls, *a, **k): return type.__call__(cls, *a, **k)",
    "bool": "def __bool__(cls): raise RuntimeError",
    "len": "def __len__(cls): raise RuntimeError",
    "repr": "def __repr__(cls): raise RuntimeError",
}


@pytest.mark.parametrize("kind", METACLASSES)
def test_classes_with_a_hostile_metaclass_follow_and_roll_back(project, reloader, kind):
    text = f"class Meta(type):\n    {METACLASSES[kind]}\n"
    text += "class A(metaclass=Meta):\n    x = {n}\n    def f(self): return {n}\n"
    project.write("hostile.py", text.format(n=1))
    hostile = load("hostile")
    cls = vars(hostile)["A"]
    project.edit("hostile.py", text.format(n=2) + "1 / 0\n")
    assert isinstance(reloader.reload().failed[0].error.exception, ZeroDivisionError)
    own = type.__dict__["__dict__"].__get__(cls)
    assert (own["x"], own["f"](None)) == (1, 1)
    project.edit("hostile.py", text.format(n=2))
    assert not reloader.reload().failed
    assert (vars(hostile)["A"] is cls, own["x"], own["f"](None)) == (True, 2, 2)


def test_an_exception_with_a_hostile_str_is_still_told(project, reloader):
    project.write("one.py", "A = 0\n")
    load("one")
    project.edit(
        "one.py",
        """
        class Bad(Exception):
            def __str__(self): raise RuntimeError
            __repr__ = __str__
        raise Bad
        """,
    )
    assert "Bad" in str(reloader.reload())


def test_strange_things_in_sys_modules_are_stepped_around(project, reloader, monkeypatch):
    class Strange:
        def __getattribute__(self, name):
            raise RuntimeError(name)

    project.write("one.py", "A = 0\n")
    one = load("one")
    project.edit("one.py", "A = 1\n")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "strange_none", None)
        patch.setitem(sys.modules, "strange_object", Strange())
        reloader.reload()
    assert one.A == 1


def test_a_module_with_a_getattr_of_its_own_is_not_asked(project, reloader):
    text = "A = {n}\ndef __getattr__(name): raise RuntimeError(name)\n"
    project.write("one.py", text.format(n=1))
    one = load("one")
    project.edit("one.py", text.format(n=2))
    assert ran(reloader.reload()) == ["A"]
    assert one.A == 2


def test_code_that_catches_everything_does_not_swallow_a_failure_of_what_it_imports(
    project, reloader
):
    project.write("helper.py", "X = 1\n")
    project.write("one.py", "import helper\nA = helper.X\n")
    one = load("helper", "one")[1]
    project.edit("helper.py", "X = 1 / 0\n")
    project.edit(
        "one.py",
        """
        try:
            import helper
        except BaseException:
            pass
        A = 5
        """,
    )
    reloader.reload()
    assert (one.A, one.helper.X) == (1, 1)


def test_a_function_that_catches_everything_does_not_swallow_a_failure_of_what_it_imports(
    project, reloader
):
    project.write("helper.py", "X = 1\n")
    project.write("one.py", "A = 0\n")
    one, helper = load("one", "helper")
    project.edit("helper.py", "X = 1 / 0\n")
    project.edit(
        "one.py",
        """
        def f():
            try:
                import helper
            except BaseException:
                return 5
        A = f()
        """,
    )
    report = reloader.reload()
    assert (one.A, helper.X, statuses(report)["helper"]) == (0, 1, "failed")


def test_what_a_fault_of_ours_stopped_is_made_up_for_at_the_next_reload(
    project, reloader, monkeypatch
):
    project.write("one.py", "A = 1\n")
    one = load("one")
    project.edit("one.py", "A = 2\n")
    with monkeypatch.context() as patch:
        patch.setattr(reloader._engine, "run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reloader.reload()
    reloader.reload()
    assert one.A == 2


# Interrupts at any moment ------------------------------------------------------------------------


def interrupted_after(calls: int, work: Callable[[], object]) -> int:
    """Do *work* with Ctrl-C arriving after so many calls of ours; how many there were until then."""
    ours = str(Path(reloadmagic.__file__).parent)
    seen = 0

    def count(frame, event, argument):
        nonlocal seen
        code = frame.f_code
        if code.co_flags & inspect.CO_GENERATOR:
            return  # one that is being closed would have CPython ignore what is raised
        if event == "call" and code.co_filename.startswith(ours):
            seen += 1
            if seen == calls:
                sys.setprofile(None)
                signal.raise_signal(signal.SIGINT)

    sys.setprofile(count)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            work()
    finally:
        sys.setprofile(None)
    return seen


@pytest.mark.parametrize("part", [*(n / 20 for n in range(20)), 0.96, 0.97, 0.98, 0.99])
def test_an_interrupt_at_any_moment_leaves_the_old_or_the_new(project, part):
    def edited(calls: int) -> int:
        write_all(project, 1)
        with watch() as reloader:
            load(*NAMES)
            write_all(project, 2)
            seen = interrupted_after(calls, reloader.reload)
            assert not reloader.reload().failed
            assert unlike(described(*NAMES), fresh(project, *NAMES)) == []
        for name in NAMES:
            del sys.modules[name]
        return seen

    calls = edited(-1)
    edited(round(calls * part) + 1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
