"""What happens before a cell, in a real shell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from support import Project

Run = Callable[..., Any]


def test_the_next_cell_runs_the_edited_code(shapes: Project, run: Run) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    assert run("shapes.area()").result == 2


def test_one_line_says_so(shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("pass")
    said = capsys.readouterr()
    assert said.out.startswith("reloaded shapes.py (area) · ")
    assert said.out.count("\n") == 1
    assert said.err == ""


def test_nothing_is_said_when_nothing_happened(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes.touch("shapes.py")
    run("pass")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("options", [{"store_history": False}, {"silent": True}])
def test_an_inspectors_request_reloads_nothing(
    shapes: Project, run: Run, shell: InteractiveShell, options: dict[str, bool]
) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("seen = shapes.area()", **options)
    assert shell.user_ns["seen"] == 1


def test_a_cell_that_a_cell_runs_reloads_too(
    shapes: Project, run: Run, shell: InteractiveShell
) -> None:
    shapes.write(
        "editor.py",
        """
        import pathlib
        pathlib.Path("shapes.py").write_text("def area(): return 20")
    """,
    )
    run("import editor\nget_ipython().run_cell('seen = shapes.area()')")
    assert shell.user_ns["seen"] == 20


def test_cells_with_magics_reload_too(shapes: Project, run: Run, shell: InteractiveShell) -> None:
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("%%capture out\nseen = shapes.area()")
    assert shell.user_ns["seen"] == 2
    assert shell.user_ns["out"].stdout == ""


ERRORS = {
    "syntax": ("def area(: return 2\n", "SyntaxError"),
    "runtime": ("def area(): return 2\nraise KeyError('no such table')\n", "no such table"),
    "exit": ("import sys\ndef area(): return 2\nsys.exit(3)\n", "SystemExit"),
    "generator exit": ("def area(): return 2\nraise GeneratorExit\n", "GeneratorExit"),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_a_module_that_fails_keeps_its_old_code_and_the_cell_runs(
    shapes: Project, run: Run, kind: str
) -> None:
    shapes.edit("shapes.py", ERRORS[kind][0])
    assert run("shapes.area()").result == 1


@pytest.mark.parametrize("kind", ERRORS)
def test_a_failure_is_told_with_its_place(
    shapes: Project, run: Run, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes.edit("shapes.py", ERRORS[kind][0])
    run("pass")
    said = capsys.readouterr()
    assert "shapes.py:" in said.out
    assert ERRORS[kind][1] in said.out
    assert said.err == ""


@pytest.mark.parametrize("kind", ERRORS)
def test_a_failure_is_told_once(
    shapes: Project, run: Run, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes.edit("shapes.py", ERRORS[kind][0])
    run("pass")
    capsys.readouterr()
    run("pass")
    assert capsys.readouterr().out == ""


def test_a_failure_is_told_again_after_an_edit_that_does_not_mend_it(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes.edit("shapes.py", "def area(: return 2\n")
    run("pass")
    shapes.edit("shapes.py", "def area(: return 3\n")
    capsys.readouterr()
    run("pass")
    assert "SyntaxError" in capsys.readouterr().out


def test_a_mended_file_is_reloaded(shapes: Project, run: Run) -> None:
    shapes.edit("shapes.py", "def area(: return 2\n")
    run("pass")
    shapes.edit("shapes.py", "def area(): return 3\n")
    assert run("shapes.area()").result == 3


def test_system_exit_before_an_awaiting_cell_does_no_harm(
    shapes: Project, run: Run, shell: InteractiveShell
) -> None:
    shapes.edit("shapes.py", "raise SystemExit\n")
    run("import asyncio\nawait asyncio.sleep(0)\nseen = shapes.area()")
    assert shell.user_ns["seen"] == 1


def test_an_interrupted_reload_is_undone_and_the_cell_does_not_run(
    shapes: Project, run: Run, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes.edit("shapes.py", "def area(): return 2\nraise KeyboardInterrupt\n")
    run("ran = True")
    assert "interrupted" in capsys.readouterr().out
    assert "ran" not in shell.user_ns
    assert sys.modules["shapes"].area() == 1


def test_the_cell_after_an_interrupted_reload_runs(shapes: Project, run: Run) -> None:
    shapes.edit("shapes.py", "raise KeyboardInterrupt\n")
    run("pass")
    shapes.edit("shapes.py", "def area(): return 2\n")
    assert run("shapes.area()").result == 2


class TestStop:
    """``on_error = "stop"``: no cell runs on code that is out of date."""

    @pytest.fixture(autouse=True)
    def _stop(self, run: Run) -> None:
        run("%config ReloadMagic.on_error = 'stop'")

    @pytest.mark.parametrize(
        "cell", ["ran = True", "import asyncio\nawait asyncio.sleep(0)\nran = 1"]
    )
    def test_a_cell_is_refused(
        self, shapes: Project, run: Run, shell: InteractiveShell, cell: str
    ) -> None:
        shapes.edit("shapes.py", "def area(: return 2\n")
        result = run(cell)
        assert "ran" not in shell.user_ns
        assert type(result.error_before_exec).__name__ == "CellRefused"

    def test_a_cell_is_refused_with_the_place_and_no_frames_of_ours(
        self, shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shapes.edit("shapes.py", "def area(: return 2\n")
        run("pass")
        capsys.readouterr()
        run("pass")
        first, second = capsys.readouterr().out.splitlines()
        assert first.startswith("shapes.py:1: SyntaxError")
        assert second.startswith("The cell did not run")

    def test_the_first_cell_is_refused_without_telling_the_error_again(
        self, shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shapes.edit("shapes.py", "def area(: return 2\n")
        run("pass")
        assert capsys.readouterr().out.count("shapes.py") == 1

    def test_a_cell_after_a_cell_with_a_syntax_error_is_not_refused_by_mistake(
        self, shapes: Project, run: Run
    ) -> None:
        shapes.edit("shapes.py", "def area(: return 2\n")
        run("x = = 1")
        shapes.edit("shapes.py", "def area(): return 3\n")
        assert run("shapes.area()").result == 3

    def test_a_cell_may_run_all_the_same(
        self, shapes: Project, run: Run, shell: InteractiveShell
    ) -> None:
        shapes.edit("shapes.py", "def area(: return 2\n")
        run("%%no_reload\nseen = shapes.area()")
        assert shell.user_ns["seen"] == 1

    def test_no_transformer_stays(self, shapes: Project, run: Run, shell: InteractiveShell) -> None:
        shapes.edit("shapes.py", "def area(: return 2\n")
        run("pass")
        assert shell.ast_transformers == []


def test_notify_says_what_is_stale_once_and_reloads_nothing(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%config ReloadMagic.mode = 'notify'")
    shapes.edit("shapes.py", "def area(): return 2\n")
    cell = "assert shapes.area() == 1"
    assert [run(cell).success for _ in range(2)] == [True, True]
    assert capsys.readouterr().out == "changed on disk: shapes.py · %reload_changed reloads\n"


def test_off_reloads_nothing(shapes: Project, run: Run) -> None:
    run("%config ReloadMagic.mode = 'off'")
    shapes.edit("shapes.py", "def area(): return 2\n")
    assert run("shapes.area()").result == 1


def test_quiet_says_nothing_of_what_went_well(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%config ReloadMagic.verbosity = 'quiet'")
    shapes.edit("shapes.py", "def area(): return 2\n")
    assert run("seen = shapes.area()").success
    assert capsys.readouterr().out == ""


def test_quiet_says_what_went_wrong(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%config ReloadMagic.verbosity = 'quiet'")
    shapes.edit("shapes.py", "def area(: return 2\n")
    run("pass")
    assert "SyntaxError" in capsys.readouterr().out


def test_details_says_everything(
    shapes: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%config ReloadMagic.verbosity = 'details'")
    shapes.edit("shapes.py", "def area(): return 2\n")
    run("pass")
    assert "+def area(): return 2" in capsys.readouterr().out


def test_a_constant_that_a_cell_imported_by_name_follows(project: Project, run: Run) -> None:
    project.write("settings.py", "BATCH = 32\n")
    run("from settings import BATCH as batch")
    project.edit("settings.py", "BATCH = 64\n")
    assert run("batch").result == 64


@pytest.mark.parametrize("header", ["%%time", "%%capture", "%%reload_changed", "%%no_reload"])
def test_a_name_that_was_imported_under_a_cell_magic_follows(
    project: Project, run: Run, header: str
) -> None:
    project.write("settings.py", "BATCH = 32\n")
    run(f"{header}\nfrom settings import BATCH")
    project.edit("settings.py", "BATCH = 64\n")
    assert run("BATCH").result == 64


def test_a_name_that_was_imported_before_loading_follows(
    project: Project, shell: InteractiveShell
) -> None:
    project.write("earlier.py", "BATCH = 32\n")
    shell.run_cell("from earlier import BATCH", store_history=True)
    shell.run_cell("%load_ext reloadmagic", store_history=True)
    project.edit("earlier.py", "BATCH = 64\n")
    assert shell.run_cell("BATCH", store_history=True).result == 64


def test_users_own_names_are_no_hindrance(shapes: Project, run: Run) -> None:
    run("In = Out = sys = reload = display = None")
    shapes.edit("shapes.py", "def area(): return 2\n")
    assert run("shapes.area()").result == 2


def test_a_module_that_a_cell_loads_by_its_path_follows_the_first_edit(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # which would show what was loaded
    project.write("tools/odd.py", "def area(): return 1\n")
    run("""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("odd", "tools/odd.py")
odd = sys.modules["odd"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(odd)
""")
    project.edit("tools/odd.py", "def area(): return 2\n")
    assert run("odd.area()").result == 2


def test_a_fault_of_our_own_is_told_once_and_the_cell_runs(
    shapes: Project, run: Run, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: object, **named: object) -> None:
        raise SystemExit("a bug")

    shell.magics_manager.registry["ReloadMagic"].reloader.reload = broken
    assert [run("1 + 1;").success for _ in range(3)] == [True] * 3
    assert capsys.readouterr().out.count("reloadmagic itself failed: SystemExit: a bug") == 1
