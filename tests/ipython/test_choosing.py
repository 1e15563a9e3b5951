"""The commands that choose, ``%autoreload``, and completion, in a real shell."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core import completer
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from support import Project

Run = Callable[[str], Any]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def run(run: Run, shapes: Project) -> Run:
    """As in all of these tests, with two modules imported."""
    return run


def edit(project: Project) -> None:
    project.edit("shapes.py", "def area(): return 2\n")
    project.edit("model.py", "def fit(): return 2\n")


BOTH = "(shapes.area(), model.fit())"


class TestMode:
    """``%reload_mode``."""

    def test_it_says_which_it_is(self, run: Run) -> None:
        assert str(run("%reload_mode").result) == (
            "auto: edited modules are reloaded before each cell"
        )

    def test_it_turns_reloading_off_and_on(self, run: Run, project: Project) -> None:
        run("%reload_mode off")
        edit(project)
        assert run(BOTH).result == (1, 1)
        run("%reload_mode auto")
        assert run(BOTH).result == (2, 2)

    def test_there_is_no_such_mode(self, run: Run, capsys: Output) -> None:
        run("%reload_mode on")
        assert "choose from" in "".join(capsys.readouterr())
        assert str(run("%reload_mode").result).startswith("auto")


class TestPatterns:
    """``%reload_include`` and ``%reload_exclude``."""

    def test_what_is_excluded_is_left_alone(self, run: Run, project: Project) -> None:
        assert str(run("%reload_exclude mod*").result) == ("exclude: mod*\nleft alone now: model")
        edit(project)
        assert run(BOTH).result == (2, 1)

    def test_what_is_excluded_no_more_is_reloaded(self, run: Run, project: Project) -> None:
        run("%reload_exclude model")
        assert "tracked now: model" in str(run("%reload_exclude -r model").result)
        edit(project)
        assert run(BOTH).result == (2, 2)

    def test_what_was_edited_while_it_was_excluded_is_reloaded(
        self, run: Run, project: Project
    ) -> None:
        run("%reload_exclude model")
        edit(project)
        assert run(BOTH).result == (2, 1)
        run("%reload_exclude -r model")
        assert run(BOTH).result == (2, 2)

    def test_including_takes_back_an_exclusion(self, run: Run) -> None:
        run("%reload_exclude model")
        assert str(run("%reload_include model").result) == "include: model\ntracked now: model"
        assert str(run("%reload_exclude").result) == "exclude: nothing"

    def test_an_installed_package_is_included(self, run: Run) -> None:
        run("import traitlets.utils.text")
        run("%reload_include traitlets.utils")
        assert "traitlets.utils.text" in str(run("%reload_status").result)

    def test_what_is_not_on_the_list_cannot_be_removed(self, run: Run, capsys: Output) -> None:
        run("%reload_include -r model")
        assert "Not on the list: model" in "".join(capsys.readouterr())


class TestUnload:
    """``%unload``."""

    def test_the_next_import_runs_the_file_anew(self, run: Run, project: Project) -> None:
        run("before = [shapes]")
        run("%unload shapes")
        assert run("import shapes\nshapes is before[0]").result is False

    def test_it_says_who_still_holds_what(self, run: Run) -> None:
        run("from shapes import area\nkept = [area]\ntwin = area")
        assert str(run("%unload shapes").result) == (
            "unloaded shapes\nyour names that went with it: shapes, area\ntwin is still shapes.area"
        )

    @pytest.mark.parametrize(
        ("name", "answer"),
        [("shaeps", "No module called 'shaeps' is loaded."), ("os", "the session itself runs on")],
    )
    def test_it_says_what_it_cannot_do(
        self, run: Run, name: str, answer: str, capsys: Output
    ) -> None:
        run(f"%unload {name}")
        assert answer in "".join(capsys.readouterr())


class TestAutoreload:
    """``%autoreload`` and ``%aimport`` as people know them."""

    @pytest.mark.parametrize("mode", ["2", "3", "all", "complete", "2-", "2 -p", "--print 3"])
    def test_all_reloads_before_each_cell(self, run: Run, project: Project, mode: str) -> None:
        run("%reload_mode off")
        run(f"%autoreload {mode}")
        edit(project)
        assert run(BOTH).result == (2, 2)

    @pytest.mark.parametrize("mode", ["0", "off"])
    def test_off_reloads_nothing(self, run: Run, project: Project, mode: str) -> None:
        run(f"%autoreload {mode}")
        edit(project)
        assert run(BOTH).result == (1, 1)

    @pytest.mark.parametrize("mode", ["", " now"])
    def test_now_reloads_at_once(self, run: Run, project: Project, mode: str) -> None:
        run("%autoreload 0")
        edit(project)
        run(f"%autoreload{mode}")
        assert run(BOTH).result == (2, 2)

    @pytest.mark.parametrize("mode", ["1", "explicit"])
    def test_explicit_reloads_what_aimport_names(
        self, run: Run, project: Project, mode: str
    ) -> None:
        run(f"%autoreload {mode}")
        run("%aimport model")
        edit(project)
        assert run(BOTH).result == (1, 2)

    def test_explicit_tells_a_failure_once(
        self, run: Run, project: Project, capsys: Output
    ) -> None:
        run("%autoreload 1\n%aimport model")
        project.edit("model.py", "def fit(: return 2\n")
        run("pass")
        run("pass")
        assert capsys.readouterr().out.count("SyntaxError") == 1

    def test_aimport_imports_under_its_name_or_another(
        self, run: Run, project: Project, shell: InteractiveShell
    ) -> None:
        project.write("pkg/__init__.py", "")
        project.write("pkg/low.py", "x = 1\n")
        run("%aimport pkg.low, shapes as s")
        assert shell.user_ns["pkg"].low.x == 1
        assert shell.user_ns["s"] is sys.modules["shapes"]

    def test_aimport_says_that_there_is_no_such_module(self, run: Run, capsys: Output) -> None:
        run("%aimport shaeps")
        assert "UsageError: No module is called 'shaeps'." in "".join(capsys.readouterr())

    def test_aimport_shows_what_a_module_raises(self, run: Run, project: Project) -> None:
        project.write("broken.py", "import nowhere\n")
        assert isinstance(run("%aimport broken").error_in_exec, ModuleNotFoundError)

    def test_aimport_with_a_minus_leaves_alone(self, run: Run, project: Project) -> None:
        run("%autoreload 2\n%aimport -model")
        edit(project)
        assert run(BOTH).result == (2, 1)

    def test_aimport_has_it_reloaded_again(self, run: Run, project: Project) -> None:
        run("%autoreload 2\n%aimport -model")
        run("%aimport model")
        edit(project)
        assert run(BOTH).result == (2, 2)

    def test_aimport_lists(self, run: Run, capsys: Output) -> None:
        run("%aimport -model\n%aimport")
        assert capsys.readouterr().out == (
            "Modules to reload:\nall-except-skipped\n\nModules to skip:\nmodel\n"
        )

    def test_hidden_errors_are_not_told(self, run: Run, project: Project, capsys: Output) -> None:
        run("%autoreload 2 --hide-errors")
        project.edit("model.py", "def fit(: return 2\n")
        run("pass")
        assert "SyntaxError" not in capsys.readouterr().out

    def test_what_is_reloaded_is_logged_on_request(
        self, run: Run, project: Project, caplog: pytest.LogCaptureFixture
    ) -> None:
        run("%autoreload 2 -l")
        edit(project)
        with caplog.at_level(logging.INFO, "autoreload"):
            run("pass")
        assert "shapes.py (area)" in caplog.text

    def test_an_unknown_mode_is_told(self, run: Run, capsys: Output) -> None:
        run("%autoreload 7")
        assert (
            "There is no mode '7': there are 0, off, 1, explicit, 2, all, 3, complete, now."
            in "".join(capsys.readouterr())
        )

    @pytest.fixture
    def theirs(self, shell: InteractiveShell) -> Iterator[None]:
        """IPython's own extension, where it can be imported (7.34 cannot on 3.12)."""
        try:
            shell.extension_manager.load_extension("autoreload")
        except ModuleNotFoundError:
            pytest.skip("IPython's own extension does not load here")
        return

    def test_ipythons_own_commands_are_not_hidden(
        self, theirs: None, shell: InteractiveShell
    ) -> None:
        own = shell.find_line_magic("autoreload")
        shell.run_line_magic("load_ext", "reloadmagic")
        assert shell.find_line_magic("autoreload") == own
        shell.run_line_magic("unload_ext", "reloadmagic")
        assert shell.find_line_magic("autoreload") == own

    def test_it_is_told_that_both_are_on(
        self, theirs: None, shell: InteractiveShell, capsys: Output
    ) -> None:
        shell.run_line_magic("autoreload", "2")
        shell.run_line_magic("load_ext", "reloadmagic")
        assert capsys.readouterr().out == (
            "IPython's own autoreload is on, too: %autoreload 0 leaves it to reloadmagic.\n"
        )


class TestCompletion:
    """Tab after our commands."""

    @pytest.fixture
    def complete(self, run: Run, shell: InteractiveShell) -> Callable[[str], list[str]]:
        def complete(line: str) -> list[str]:
            shell.Completer.use_jedi = False
            with provisionalcompleter():
                return [found.text for found in shell.Completer.completions(line, len(line))]

        return complete

    COMPLETED = [
        ("%reload_changed --d", ["--dry-run"]),
        ("reload_changed --d", ["--dry-run"]),
        ("%%reload_changed --v", ["--verbose"]),
        ("%reload_changed mod", ["model"]),
        ("%reload_changed -n mod", ["model"]),
        ("%reload_explain shapes.", ["shapes.area"]),
        ("%reload_diff model.f", ["model.fit"]),
        ("%reload_graph sha", ["shapes"]),
        ("%reload_mode n", ["notify"]),
        ("%reload_history --", ["--verbose"]),
        ("%reload_exclude sha", ["shapes"]),
        ("%unload mod", ["model"]),
        ("%autoreload exp", ["explicit"]),
        ("%reload_undo --", ["--verbose"]),
    ]

    @pytest.mark.parametrize(("line", "words"), COMPLETED)
    def test_options_and_names_are_completed(
        self, complete: Callable[[str], list[str]], line: str, words: list[str]
    ) -> None:
        assert complete(line) == words

    @pytest.mark.skipif(
        not hasattr(completer, "context_matcher"), reason="the first API knows the first word alone"
    )
    def test_a_command_whose_answer_is_kept_is_completed_too(
        self, complete: Callable[[str], list[str]]
    ) -> None:
        assert "model" in complete("plan = %reload_changed -n mod")

    @pytest.mark.skipif(
        not hasattr(completer, "context_matcher"), reason="the first API has no types"
    )
    def test_modules_are_told_from_other_words(self, run: Run, shell: InteractiveShell) -> None:
        with provisionalcompleter():
            found = list(shell.Completer.completions("%reload_explain shapes", 22))
        assert [(one.text, one.type) for one in found] == [
            ("shapes", "module"),
            ("shapes.area", "instance"),
        ]

    def test_the_cursor_may_stand_inside_the_line(self, shell: InteractiveShell, run: Run) -> None:
        with provisionalcompleter():
            found = list(shell.Completer.completions("%reload_changed mod -v", 19))
        assert [one.text for one in found] == ["model"]

    def test_what_is_given_is_not_offered_again(self, complete: Callable[[str], list[str]]) -> None:
        assert "shapes" not in complete("%reload_changed shapes ")

    def test_nothing_is_completed_after_unloading(
        self, complete: Callable[[str], list[str]], run: Run
    ) -> None:
        run("%unload_ext reloadmagic")
        assert "notify" not in complete("%reload_mode n")

    def test_other_completers_of_a_command_stay(self, shell: InteractiveShell) -> None:
        shell.set_hook("complete_command", lambda self, event: ["theirs"], str_key="%unload")
        shell.run_line_magic("load_ext", "reloadmagic")
        shell.run_line_magic("unload_ext", "reloadmagic")
        assert len(shell.strdispatchers["complete_command"].strs["%unload"].chain) == 1


class TestProject:
    """``[tool.reloadmagic]`` in the nearest `pyproject.toml`."""

    def load(self, shell: InteractiveShell) -> Any:
        shell.run_line_magic("load_ext", "reloadmagic")
        return shell.magics_manager.registry["ReloadMagic"]

    def test_it_sets_what_nothing_else_sets(
        self, shell: InteractiveShell, project: Project
    ) -> None:
        project.write("pyproject.toml", '[tool.reloadmagic]\nmode = "notify"\non-error = "stop"\n')
        magics = self.load(shell)
        assert (magics.mode, magics.on_error) == ("notify", "stop")

    def test_it_is_found_above_the_working_directory(
        self, shell: InteractiveShell, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project.write("pyproject.toml", '[tool.reloadmagic]\nmode = "off"\n')
        below = project.path / "notebooks" / "deep"
        below.mkdir(parents=True)
        monkeypatch.chdir(below)
        assert self.load(shell).mode == "off"

    def test_what_the_user_configured_goes_before_it(
        self, shell: InteractiveShell, project: Project
    ) -> None:
        project.write("pyproject.toml", '[tool.reloadmagic]\nmode = "notify"\n')
        shell.config.ReloadMagic.mode = "off"
        assert self.load(shell).mode == "off"

    def test_lists_are_joined(self, shell: InteractiveShell, project: Project) -> None:
        project.write("pyproject.toml", '[tool.reloadmagic]\nkeep = ["a:X"]\ninclude = ["b"]\n')
        shell.config.ReloadMagic.keep = ["c:Y"]
        shell.config.ReloadMagic.include.append("d")
        magics = self.load(shell)
        assert (magics.keep, magics.include) == (["a:X", "c:Y"], ["b", "d"])

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('mode = "bogus"\n', "mode = 'bogus' is ignored: it has to be any of"),
            ("colour = 1\n", "colour = 1 is ignored: there is no such setting"),
        ],
    )
    def test_what_does_not_fit_is_told_with_the_file(
        self, shell: InteractiveShell, project: Project, capsys: Output, text: str, said: str
    ) -> None:
        path = project.write("pyproject.toml", f"[tool.reloadmagic]\n{text}")
        assert self.load(shell).mode == "auto"
        assert f"{Path(path)}: {said}" in capsys.readouterr().out

    @pytest.mark.parametrize("text", ["= broken", "tool = 3", "[tool]\nreloadmagic = 1", ""])
    def test_a_file_without_a_section_of_ours_is_no_hindrance(
        self, shell: InteractiveShell, project: Project, capsys: Output, text: str
    ) -> None:
        project.write("pyproject.toml", text)
        assert self.load(shell).mode == "auto"
        assert capsys.readouterr().out == ""
