"""What people read after a reload.

Golden files hold whole reports; ``RELOADMAGIC_GOLDEN=write`` rewrites them.
"""

from __future__ import annotations

import importlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reloadmagic.engine import Definition, Outcome, Ran
from reloadmagic.errors import ReloadFailed, SourceError
from reloadmagic.report import Report
from reloadmagic.report.failures import STILL_HOLDS
from reloadmagic.report.names import changed_names, label_names
from reloadmagic.report.text import cells_hint
from reloadmagic.report.unified import unified_diff
from reloadmagic.report.words import duration
from session import load, watch
from support import Project

GOLDEN = Path(__file__).parent / "golden" / "report"

BEFORE = """\
WIDTH = 3


def area(w):
    return w * w


def old(): ...


class Circle:
    def grow(self):
        return 1
"""
AFTER = """\
WIDTH = 4


def area(w, h=WIDTH):
    return w * h


class Circle:
    def grow(self):
        return "<b>2</b>"

    def shrink(self):
        return 0
"""


def outcome(module: str = "shapes", **facts: object) -> Outcome:
    usual = {
        "module": module,
        "path": module.replace(".", "/") + ".py",
        "status": "reloaded",
        "edited": True,
        "definitions": (),
        "ran": (),
        "kept": (),
        "leftovers": (),
        "error": None,
        "before": None,
        "after": None,
        "seconds": 0.002,
    }
    return Outcome(**{**usual, **facts})  # type: ignore[arg-type]


def changed(*names: str) -> tuple[Definition, ...]:
    return tuple(Definition(name, "changed") for name in names)


def syntax_error() -> SourceError:
    return SourceError(
        "SyntaxError: invalid syntax", path="shapes.py", lineno=4, colno=5, line="x = = 3\n"
    )


def failure(source: str, *, path: str = "shapes.py", module: str = "shapes") -> ReloadFailed:
    """What running *source* as *module* raises, with a real traceback that begins there."""
    try:
        exec(compile(source, path, "exec"), {})
    except Exception as error:
        frame = error.__traceback__.tb_next  # type: ignore[union-attr]
        lineno = frame.tb_lineno  # type: ignore[union-attr]
        line = source.splitlines()[lineno - 1]
        error = error.with_traceback(frame)
        return ReloadFailed(error, module=module, path=path, lineno=lineno, line=line)
    raise AssertionError("the source raised nothing")


FULL = Report(
    (
        outcome(
            status="patched",
            definitions=(
                *changed("area", "Circle.grow"),
                Definition("Circle.shrink", "added"),
                Definition("old", "dropped"),
                Definition("helper", "moved"),
            ),
            ran=(Ran(1, "WIDTH", ("edited",)), Ran(4, "def area", ("uses shapes.WIDTH",))),
            kept=("CACHE",),
            before=BEFORE,
            after=AFTER,
            seconds=0.003,
        ),
        outcome(
            "drawing.model",
            edited=False,
            ran=(Ran(2, "SIZE", ("uses shapes.WIDTH",)),),
            leftovers=("A frozen Circle in drawing.model.BOX keeps the old class.",),
        ),
    ),
    ("cells [5] [7] used WIDTH before it changed",),
    0.0042,
)
FAILED = Report(
    (
        outcome(status="failed", error=syntax_error(), before="x = 3\n", after="\n\n\nx = = 3\n"),
        outcome("model", status="failed"),
        outcome(
            "view",
            status="failed",
            edited=False,
            error=failure("\nfirst = {}\nfirst['a'] + 1\n", path="view.py", module="view"),
        ),
    ),
    (),
    0.001,
)
REPORTS = {"full": FULL, "failed": FAILED, "empty": Report()}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("form", ["line.txt", "details.txt", "html"])
def test_the_report_reads_as_its_golden_file(name: str, form: str) -> None:
    report = REPORTS[name]
    texts = {
        "line.txt": str(report),
        "details.txt": report.details(),
        "html": report._repr_html_(),
    }
    path = GOLDEN / f"{name}.{form}"
    if os.environ.get("RELOADMAGIC_GOLDEN") == "write":
        path.write_text(texts[form] + "\n", encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == texts[form] + "\n"


LINES = [
    # functions and methods by name, edited modules first, then those they reach
    (
        [
            outcome(definitions=changed("area", "Circle.grow")),
            outcome("model", edited=False, ran=(Ran(3, "WIDTH", ()),)),
        ],
        "reloaded shapes.py (area, Circle.grow) → model.py (WIDTH) · 4 ms",
    ),
    # a class that ran again is told by its definitions if they are known, by its name if not
    (
        [outcome(definitions=changed("A.f"), ran=(Ran(1, "class A", ()), Ran(9, "class B", ())))],
        "reloaded shapes.py (A.f, B) · 4 ms",
    ),
    # as many parts of the path as tell the module from others
    (
        [
            outcome("pkg.sub.mod", path="/home/x/pkg/sub/mod.py", definitions=changed("f")),
            outcome("pkg", path="/home/x/pkg/__init__.py", definitions=changed("g")),
        ],
        "reloaded pkg/sub/mod.py (f), pkg/__init__.py (g) · 4 ms",
    ),
    # added and dropped, as in a diff
    (
        [outcome(definitions=(Definition("new", "added"), Definition("old", "dropped")))],
        "reloaded shapes.py (+new, -old) · 4 ms",
    ),
    # many names are counted, not listed; one more would be as long as its name
    (
        [outcome(definitions=changed(*"abcde"))],
        "reloaded shapes.py (a, b, c, d, e) · 4 ms",
    ),
    ([outcome(definitions=changed(*"abcdef"))], "reloaded shapes.py (a, b, c, d … 2 more) · 4 ms"),
    # a new import, and a definition from another module, which is not new
    (
        [
            outcome(
                definitions=(Definition("f", "moved"),),
                ran=(Ran(1, "import os", ("added",)), Ran(2, "def f", ("added",))),
            )
        ],
        "reloaded shapes.py (+os, f) · 4 ms",
    ),
    # a docstring by its name, any other statement by its text
    (
        [outcome(ran=(Ran(1, '"""Shapes."""', ("edited",)), Ran(2, "main()", ("edited",))))],
        "reloaded shapes.py (__doc__, main()) · 4 ms",
    ),
    # nothing that has a name
    ([outcome(status="patched")], "reloaded shapes.py · 4 ms"),
    # only a dependent had to run
    (
        [outcome("model", edited=False, ran=(Ran(3, "X", ()),))],
        "reloaded model.py (X) · 4 ms",
    ),
    # an import by the names that it binds
    (
        [outcome("model", edited=False, ran=(Ran(1, "from a import B, c as d", ()),))],
        "reloaded model.py (B, d) · 4 ms",
    ),
    ([outcome(status="touched")], "nothing to reload"),
    ([], "nothing to reload"),
]


@pytest.mark.parametrize(("outcomes", "line"), LINES)
def test_one_line_says_what_was_reloaded(outcomes: list[Outcome], line: str) -> None:
    assert str(Report(tuple(outcomes), (), 0.004)) == line


def test_a_touched_file_is_nothing_to_say() -> None:
    assert not Report((outcome(status="touched"),))


def test_a_reload_is_something_to_say() -> None:
    assert Report((outcome(status="patched"),))


def test_a_note_is_something_to_say() -> None:
    assert Report(notes=("a note",))


def test_an_error_in_the_source_has_a_caret_under_its_column() -> None:
    report = Report((outcome(status="failed", error=syntax_error()),))
    assert str(report).splitlines() == [
        f"not reloaded: shapes.py:4: SyntaxError: invalid syntax. {STILL_HOLDS}",
        "    x = = 3",
        "        ^",
    ]


def test_an_error_while_running_has_carets_under_the_expression() -> None:
    report = Report((outcome(status="failed", error=failure("\nx = 1 + [][3]\n")),))
    assert str(report).splitlines()[1:] == ["    x = 1 + [][3]", "            ^^^^^"]


def test_an_error_of_a_whole_statement_has_no_carets() -> None:
    report = Report((outcome(status="failed", error=failure("\nraise KeyError('x')\n")),))
    assert str(report).splitlines()[1:] == ["    raise KeyError('x')"]


ERRORS = {
    "of several lines": ("raise ValueError('one\\n\\ntwo')", "ValueError: one", ["  two"]),
    "of which the first is empty": ("raise ValueError('\\none')", "ValueError: one", []),
    "with a cause": ("raise ValueError from KeyError('x')", "ValueError", ["  from KeyError: 'x'"]),
    "with a note": ("e = ValueError(1)\ne.add_note('see')\nraise e", "ValueError: 1", ["  see"]),
    "with others in it": (
        "raise ExceptionGroup('all', [OSError(1), KeyError(2)])",
        "ExceptionGroup: all (2 sub-exceptions)",
        ["  OSError: 1", "  KeyError: 2"],
    ),
    "of many lines": (
        "raise ValueError('\\n'.join('abcdefghijkl'))",
        "ValueError: a",
        [*(f"  {letter}" for letter in "bcdefghi"), "  … 3 more lines"],
    ),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_told_on_one_line_and_the_rest_of_it_below(kind: str) -> None:
    source, said, rest = ERRORS[kind]
    told = str(Report((outcome(status="failed", error=failure(source)),))).splitlines()
    assert told[0].endswith(f": {said}. {STILL_HOLDS}")
    assert told[2:] == rest


def test_a_module_that_waits_for_a_broken_one_is_named_with_it() -> None:
    report = Report(
        (outcome(status="failed", error=syntax_error()), outcome("high", status="failed"))
    )
    assert "The version that last ran stays in use, and so do those of high.py." in str(report)


def test_a_dependent_that_cannot_follow_is_told_apart_from_the_edit() -> None:
    error = failure("\nimport nix_da\n", path="model.py")
    report = Report((outcome("model", status="failed", edited=False, error=error),))
    expected = (
        "model.py could not follow the edit: model.py:2: ModuleNotFoundError: "
        "No module named 'nix_da'. It keeps what it had."
    )
    assert str(report).splitlines()[0] == expected


def test_an_exception_that_cannot_be_printed_is_named() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    error = ReloadFailed(Mute(), module="shapes", path="shapes.py")
    assert "shapes.py: Mute." in str(Report((outcome(status="failed", error=error),)))


def test_a_traceback_has_the_users_frames_only(project: Project) -> None:
    project.write("low.py", "import importlib\nimportlib.import_module('lower')\n")
    project.write("lower.py", "1 / 0\n")
    with pytest.raises(ZeroDivisionError) as raised:
        importlib.import_module("low")
    error = ReloadFailed(raised.value, module="low", path="low.py", lineno=2)
    report = Report((outcome("low", status="failed", error=error),))
    frames = [line.split('"')[1] for line in report.details().splitlines() if "File " in line]
    assert [Path(frame).name for frame in frames] == ["test_report.py", "low.py", "lower.py"]


def test_many_leftovers_are_counted() -> None:
    left = tuple(f"object {n} keeps the old class" for n in range(6))
    assert str(Report((outcome(leftovers=left),))).splitlines()[-1] == "… 3 more left behind"


class _Tags(HTMLParser):
    """Checks that elements are closed in order and collects their names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", REPORTS)
def test_html_is_well_formed_and_has_no_script_or_style_sheet(name: str) -> None:
    tags = _Tags(REPORTS[name]._repr_html_())
    assert not tags.open
    assert not tags.seen & {"script", "style", "link", "img"}


def test_source_in_html_is_escaped() -> None:
    assert "<b>2</b>" not in FULL._repr_html_()


def test_a_bundle_says_the_same_in_text_and_html() -> None:
    bundle = FULL._repr_mimebundle_()
    assert bundle["text/plain"].splitlines()[0] in bundle["text/html"]


def test_a_bundle_with_details_is_open() -> None:
    assert FULL.mimebundle(details=True)["text/html"].startswith("<details open>")


def test_a_diff_counts_lines_from_the_top_of_the_file() -> None:
    before = [f"line {n}" for n in range(100)]
    after = [*before[:50], "new", *before[50:]]
    assert unified_diff(before, after)[0] == "@@ -49,4 +49,5 @@"


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "a"), ("a", ""), ("a", "a\nb"), ("a\nb\nc\nd", "b\nc\nd"), ("a\na\na", "a\na")],
)
def test_a_diff_of_trimmed_texts_is_that_of_whole_ones(before: str, after: str) -> None:
    import difflib

    a, b = before.splitlines(), after.splitlines()
    assert unified_diff(a, b) == list(difflib.unified_diff(a, b, n=2, lineterm=""))[2:]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "<1 ms"), (0.0009, "<1 ms"), (0.0042, "4 ms"), (0.9994, "999 ms"), (1.25, "1.2 s")],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


LABELS = [
    ("WIDTH", ["WIDTH"]),
    ("a, b", ["a", "b"]),
    ("class Circle", ["Circle"]),
    ("def area", ["area"]),
    ("import a.b, c as d", ["a", "d"]),
    ("from .x import A as B, C", ["B", "C"]),
    ("from long.name import (first, second, th…", ["first", "second"]),
    ("TABLE.append(1)", []),
    ("if True:", []),
]


@pytest.mark.parametrize(("label", "names"), LABELS)
def test_a_statements_names_are_read_off_its_label(label: str, names: list[str]) -> None:
    assert label_names(label) == names


def test_changed_names_are_definitions_and_values_that_ran() -> None:
    ran = (Ran(1, "WIDTH", ()), Ran(2, "class A", ()), Ran(9, "register(f)", ()))
    told = outcome(definitions=(*changed("A.f"), Definition("g", "moved")), ran=ran)
    assert changed_names(told) == ["A.f", "WIDTH"]


@pytest.mark.parametrize(
    ("used", "hint"),
    [
        ({5: ("WIDTH",), 7: ("WIDTH", "w of [5]")}, "cells [5] [7] used WIDTH before it changed"),
        ({5: ("area",)}, "cell [5] used area before it changed"),
        (
            dict.fromkeys(range(1, 11), ("f",)),
            "cells [1] [2] [3] [4] [5] [6] [7] [8] … 2 more used f before it changed",
        ),
    ],
)
def test_a_hint_tells_which_cells_used_what_changed(
    used: dict[int, tuple[str, ...]], hint: str
) -> None:
    assert cells_hint(used) == hint


LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(before=LINES, after=LINES)
def test_a_diff_leads_from_the_one_to_the_other(before: list[str], after: list[str]) -> None:
    made: list[str] = []
    at = 0
    for line in unified_diff(before, after):
        if line.startswith("@@"):
            start, length = re.findall(r"-(\d+)(?:,(\d+))?", line)[0]
            upto = int(start) - (length != "0")
            made += before[at:upto]
            at = upto
        elif line[0] == "+":
            made.append(line[1:])
        else:
            made += [line[1:]] if line[0] == " " else []
            assert before[at] == line[1:]
            at += 1
    assert made + before[at:] == after


@pytest.mark.parametrize(
    "text",
    ["from __future__ import annotations\n", "from __future__ import (\n    annotations,\n)\n"],
)
def test_a_future_import_is_called_what_it_is(project: Project, text: str) -> None:
    project.write("shapes.py", "def area(): return 1\n")
    with watch() as reloader:
        load("shapes")
        project.edit("shapes.py", text + "def area(): return 1\n")
        report = reloader.reload()
    assert "(area, from __future__ import" in str(report)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from low import area, depth\n", "shapes.py (+depth)"),
        ("from low import depth\nfrom low import area\n", "shapes.py (+depth)"),
        ("from low import depth as area\n", "shapes.py (area)"),
        ("from low import area, depth as area\n", "shapes.py (area)"),
    ],
)
def test_names_that_an_import_binds_as_before_are_no_news(
    project: Project, text: str, told: str
) -> None:
    project.write("low.py", "def area(): return 1\ndef depth(): return 2\n")
    project.write("shapes.py", "from low import area\n")
    with watch() as reloader:
        load("shapes")
        project.edit("shapes.py", text)
        report = reloader.reload()
    assert f"reloaded {told} ·" in str(report)


def test_a_submodule_that_a_package_comes_to_import_is_told(project: Project) -> None:
    project.write("shop/__init__.py", "from . import low\n")
    project.write("shop/low.py", "")
    project.write("shop/high.py", "")
    with watch() as reloader:
        load("shop")
        project.edit("shop/__init__.py", "from . import low, high\n")
        report = reloader.reload()
    assert "reloaded shop/__init__.py (+high) ·" in str(report)


def test_the_lines_of_a_failure_are_those_that_failed(project: Project) -> None:
    project.write("shapes.py", "WIDTH = 1\n")
    with watch() as reloader:
        load("shapes")
        project.edit("shapes.py", "WIDTH = 1 / 0\n")
        report = reloader.reload()
        project.edit("shapes.py", "# mended\nWIDTH = 3\n")
    assert "    WIDTH = 1 / 0\n" in report.details().partition("line 1, in <module>\n")[2]
