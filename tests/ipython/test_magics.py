"""The commands, in a real shell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from support import Project

Run = Callable[[str], Any]


def edit(project: Project) -> None:
    project.edit("shapes.py", "def area(): return 2\n")
    project.edit("model.py", "def fit(): return 2\n")


def test_reload_changed_returns_the_report(shapes: Project, run: Run) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    report = run("%reload_changed").result
    assert str(report).startswith("reloaded shapes.py (area) · ")


def test_reload_changed_leaves_nothing_for_the_hook_to_say(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("report = %reload_changed")
    assert capsys.readouterr().out == ""
    assert run("shapes.area()").result == 2


def test_reload_changed_with_nothing_to_do_says_so(shapes: Project, run: Run) -> None:
    report = run("%reload_changed").result
    assert (bool(report), str(report)) == (False, "nothing to reload")


def test_a_dry_run_shows_the_plan(shapes: Project, run: Run) -> None:
    shapes.edit("shapes.py", "WIDTH = 1\ndef area(): return 2\n")
    shapes.edit("model.py", "def fit() return 1\n")
    assert str(run("%reload_changed --dry-run").result).splitlines() == [
        "a reload would do this; nothing is done yet",
        "",
        "model · model.py",
        "  stays    model.py:1: SyntaxError: expected ':'",
        "",
        "shapes · shapes.py",
        "  patch    area",
        "  run      line 1: WIDTH, because it is new",
    ]


def test_a_dry_run_may_find_nothing(shapes: Project, run: Run) -> None:
    shapes.touch("shapes.py")
    plan = run("%reload_changed --dry-run").result
    assert (bool(plan), str(plan)) == (False, "nothing to reload")


def test_a_dry_run_touches_nothing(shapes: Project, run: Run, shell: InteractiveShell) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("%reload_changed -n")
    assert shell.user_ns["shapes"].area() == 1


@pytest.mark.parametrize("names", ["shapes", "sha*", "sha* nothing_at_all_*"])
def test_names_and_patterns_limit_it(
    shapes: Project, run: Run, shell: InteractiveShell, names: str
) -> None:
    edit(shapes)
    run(f"%reload_changed {names}")
    if "nothing" in names:  # an unknown name is an error, and nothing is done
        assert shell.user_ns["shapes"].area() == 1
    else:
        assert (shell.user_ns["shapes"].area(), shell.user_ns["model"].fit()) == (2, 1)


def test_an_unknown_name_is_told(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%reload_changed shaeps")
    said = capsys.readouterr()
    assert "No tracked module is called 'shaeps'" in said.out + said.err


@pytest.mark.parametrize("line", ["--what", '"shapes'])
def test_a_line_that_cannot_be_read_is_a_usage_error(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    run(f"%reload_changed {line}")
    said = capsys.readouterr()
    assert "UsageError" in said.out + said.err


def test_verbose_prints_all(shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("%reload_changed -v")
    assert "+def area(): return 2" in capsys.readouterr().out


class TestCell:
    """``%%reload_changed``: reload, then run the cell."""

    def test_the_body_runs_on_the_edited_code(self, shapes: Project, run: Run) -> None:
        shapes.edit("shapes.py", "def area(): return 2\n")
        assert run("%%reload_changed\nshapes.area()").result == 2

    def test_it_works_when_nothing_is_reloaded_by_itself(self, shapes: Project, run: Run) -> None:
        run("%config ReloadMagic.mode = 'off'")
        shapes.edit("shapes.py", "def area(): return 2\n")
        assert run("%%reload_changed\nshapes.area()").result == 2

    def test_it_says_what_was_reloaded_once(
        self, shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shapes.edit("shapes.py", "def area(): return 2\n")
        run("%%reload_changed\nx = shapes.area()")
        assert capsys.readouterr().out.count("reloaded shapes.py") == 1

    def test_the_body_may_await(self, shapes: Project, run: Run) -> None:
        cell = "%%reload_changed\nimport asyncio\nawait asyncio.sleep(0)\nshapes.area()"
        assert run(cell).result == 1

    def test_the_body_may_have_magics(self, shapes: Project, run: Run) -> None:
        assert run("%%reload_changed\nx = %pwd\nx").result == str(shapes.path)

    def test_a_traceback_has_the_cells_line_number(
        self, shapes: Project, run: Run, shell: InteractiveShell
    ) -> None:
        error = run("%%reload_changed\n\n1 / 0").error_in_exec
        frame = error.__traceback__
        while frame.tb_next is not None:
            frame = frame.tb_next
        assert frame.tb_lineno == 3

    def test_a_dry_run_says_the_plan_and_runs_the_body(
        self, shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shapes.edit("shapes.py", "def area(): return 2\n")
        assert run("%%reload_changed -n\nshapes.area();").success
        assert "a reload would do this" in capsys.readouterr().out

    def test_an_empty_body_is_no_error(self, shapes: Project, run: Run) -> None:
        assert run("%%reload_changed").success

    def test_it_works_below_another_cell_magic(
        self, shapes: Project, run: Run, shell: InteractiveShell
    ) -> None:
        run("%%capture\n%%reload_changed\nseen = shapes.area()")
        assert shell.user_ns["seen"] == 1

    def test_a_body_given_by_a_program_runs(
        self, shapes: Project, run: Run, shell: InteractiveShell
    ) -> None:
        shell.run_cell_magic("reload_changed", "", "seen = shapes.area()")
        assert shell.user_ns["seen"] == 1

    def test_its_body_does_not_run_after_a_failure_that_stops(
        self, shapes: Project, run: Run, shell: InteractiveShell
    ) -> None:
        run("%config ReloadMagic.on_error = 'stop'")
        shapes.edit("shapes.py", "def area(: return 2\n")
        run("%%reload_changed\nseen = shapes.area()")
        assert "seen" not in shell.user_ns


def test_no_reload_runs_the_cell_on_what_is_loaded(shapes: Project, run: Run) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    assert run("%%no_reload\nshapes.area()").result == 1


def test_no_reload_lets_the_next_cell_reload(shapes: Project, run: Run) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("%%no_reload\nshapes.area()")
    assert run("shapes.area()").result == 2


@pytest.mark.parametrize(
    ("text", "state"),
    [("def area(): return 2\n", "stale"), ("def area(): return 1\n", "current")],
)
def test_status_tells_what_is_stale(shapes: Project, run: Run, text: str, state: str) -> None:
    shapes.edit("shapes.py", text)
    states = {module.name: module.state for module in run("%reload_status").result.modules}
    assert (states["shapes"], states["model"]) == (state, "current")


def test_status_tells_what_failed_and_where(shapes: Project, run: Run) -> None:
    shapes.edit("shapes.py", "def area(: return 2\n")
    run("pass")
    lines = str(run("%reload_status").result).splitlines()
    assert lines[0].endswith(" modules tracked, 1 failed · mode auto")
    assert lines[1].split()[:2] == ["failed", "shapes"]
    assert "shapes.py:1: SyntaxError" in lines[1]


def test_status_changes_nothing(shapes: Project, run: Run, shell: InteractiveShell) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("%reload_status")
    assert shell.user_ns["shapes"].area() == 1


@pytest.mark.parametrize("command", ["reload_changed", "reload_status"])
def test_help_shows_the_usage(shell: InteractiveShell, run: Run, command: str) -> None:
    text = shell.find_line_magic(command).__doc__
    assert f"%{command}" in text
    assert len(text.splitlines()) > 3


class TestUndo:
    """``%reload_undo``."""

    @pytest.fixture
    def edited(self, shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]) -> Project:
        """An edit that has been reloaded."""
        shapes.edit("shapes.py", "def area(): return 2\n")
        run("pass")
        capsys.readouterr()
        return shapes

    def test_it_says_what_it_went_back_to(self, edited: Project, run: Run) -> None:
        first, second = str(run("%reload_undo").result).splitlines()
        assert first.startswith("undid shapes.py (area) · ")
        assert second == "the version before runs in shapes.py until the file is edited"

    def test_cells_run_the_code_before_without_a_word(
        self, edited: Project, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run("%reload_undo")
        capsys.readouterr()
        result = run("assert shapes.area() == 1")
        assert (result.success, capsys.readouterr().out) == (True, "")

    def test_the_next_edit_is_reloaded(self, edited: Project, run: Run) -> None:
        run("%reload_undo")
        edited.edit("shapes.py", "def area(): return 3\n")
        assert run("shapes.area()").result == 3

    def test_reload_changed_leaves_it_and_says_so(self, edited: Project, run: Run) -> None:
        run("%reload_undo")
        report = run("%reload_changed").result
        assert str(report) == "shapes stays undone; %reload_changed shapes loads its file"
        assert run("shapes.area()").result == 1

    def test_reload_changed_loads_the_file_that_is_named(self, edited: Project, run: Run) -> None:
        run("%reload_undo")
        report = run("%reload_changed shapes").result
        assert str(report).startswith("reloaded shapes.py (area) · ")
        assert run("shapes.area()").result == 2

    @pytest.mark.parametrize("mode", ["%reload_mode notify", "%aimport shapes\n%autoreload 1"])
    def test_other_modes_leave_it_alone_too(
        self, edited: Project, run: Run, capsys: pytest.CaptureFixture[str], mode: str
    ) -> None:
        run(mode)
        run("%reload_undo")
        capsys.readouterr()
        result = run("assert shapes.area() == 1")
        assert (result.success, capsys.readouterr().out) == (True, "")

    def test_status_diff_and_explanation_tell_of_it(self, edited: Project, run: Run) -> None:
        run("%reload_undo")
        status = str(run("%reload_status").result)
        assert " modules tracked, 1 undone · mode auto" in status
        assert "an older version runs until the file is edited" in status
        diff = str(run("%reload_diff").result).splitlines()
        assert diff[1:] == [
            "  undone: an older version runs than the one in the file",
            "@@ -1 +1 @@",
            "-def area(): return 1",
            "+def area(): return 2",
        ]
        assert "undone: an older version runs" in str(run("%reload_explain shapes").result)

    def test_there_may_be_nothing_to_undo(self, shapes: Project, run: Run) -> None:
        assert str(run("%reload_undo").result) == "nothing to undo"
