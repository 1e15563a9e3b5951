"""Loading and unloading, however often they alternate."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from support import Project


def extension_state(shell: InteractiveShell) -> dict[str, Any]:
    """Everything an extension can leave in a shell, that could be ours."""
    manager = shell.magics_manager
    return {
        "magics": {
            (kind, name)
            for kind, table in manager.magics.items()
            for name, magic in table.items()
            if "reloadmagic" in type(getattr(magic, "__self__", None)).__module__
        },
        "registry": "ReloadMagic" in manager.registry,
        "configurables": [c for c in shell.configurables if type(c).__name__ == "ReloadMagic"],
        "events": {event: list(found) for event, found in shell.events.callbacks.items()},
        "transformers": list(shell.input_transformers_cleanup),
        "ast": list(shell.ast_transformers),
        "completers": {name: set(table.strs) for name, table in shell.strdispatchers.items()},
        "matchers": list(getattr(shell.Completer, "custom_matchers", ())),
        "finders": list(sys.meta_path),
    }


def test_unloading_leaves_nothing_behind(shell: InteractiveShell) -> None:
    before = extension_state(shell)
    shell.run_line_magic("load_ext", "reloadmagic")
    shell.run_line_magic("unload_ext", "reloadmagic")
    assert extension_state(shell) == before


def test_loading_and_unloading_alternate_without_end(shell: InteractiveShell) -> None:
    shell.run_line_magic("load_ext", "reloadmagic")
    once = {key: len(found) for key, found in extension_state(shell).items() if key != "registry"}
    for _ in range(3):
        shell.run_line_magic("unload_ext", "reloadmagic")
        shell.run_line_magic("load_ext", "reloadmagic")
    again = {key: len(found) for key, found in extension_state(shell).items() if key != "registry"}
    assert again == once


def test_loading_twice_is_loading_once(shell: InteractiveShell) -> None:
    from reloadmagic import load_ipython_extension

    load_ipython_extension(shell)
    once = extension_state(shell)
    load_ipython_extension(shell)
    shell.extension_manager.loaded.add("reloadmagic")
    assert extension_state(shell) == once


def test_unloading_what_is_not_loaded_is_harmless(shell: InteractiveShell) -> None:
    from reloadmagic import unload_ipython_extension

    unload_ipython_extension(shell)
    assert not extension_state(shell)["magics"]


def test_reload_ext_leaves_one_instance(shell: InteractiveShell) -> None:
    shell.run_line_magic("load_ext", "reloadmagic")
    shell.run_line_magic("reload_ext", "reloadmagic")
    assert len(extension_state(shell)["configurables"]) == 1


def test_edits_are_seen_after_loading_again(shell: InteractiveShell, project: Project) -> None:
    project.write("again.py", "def f(): return 1\n")
    shell.run_cell("%load_ext reloadmagic", store_history=True)
    shell.run_cell("import again", store_history=True)
    shell.run_cell("%unload_ext reloadmagic", store_history=True)
    shell.run_cell("%load_ext reloadmagic", store_history=True)
    project.edit("again.py", "def f(): return 2\n")
    assert shell.run_cell("again.f()", store_history=True).result == 2


def test_an_unloaded_extension_reloads_nothing(shell: InteractiveShell, project: Project) -> None:
    project.write("still.py", "def f(): return 1\n")
    shell.run_cell("%load_ext reloadmagic", store_history=True)
    shell.run_cell("import still", store_history=True)
    shell.run_cell("%unload_ext reloadmagic", store_history=True)
    project.edit("still.py", "def f(): return 2\n")
    assert shell.run_cell("still.f()", store_history=True).result == 1


@pytest.mark.parametrize("setting", ["mode = 'bogus'", "include = 3", "on_error = None"])
def test_a_bad_setting_does_not_stop_the_next_load(
    shell: InteractiveShell, setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("load_ext", "reloadmagic")
    shell.run_cell(f"%config ReloadMagic.{setting}")
    shell.run_line_magic("unload_ext", "reloadmagic")
    capsys.readouterr()
    shell.run_line_magic("load_ext", "reloadmagic")
    name = setting.partition(" ")[0]
    assert capsys.readouterr().out.startswith(f"ReloadMagic.{name} = ")


def test_an_unknown_setting_does_not_stop_the_load(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.config.ReloadMagic.colour = "green"
    shell.run_line_magic("load_ext", "reloadmagic")
    assert "there is no such setting" in capsys.readouterr().out


def test_good_settings_are_used_beside_a_bad_one(shell: InteractiveShell) -> None:
    shell.config.ReloadMagic.mode = "bogus"
    shell.config.ReloadMagic.on_error = "stop"
    shell.run_line_magic("load_ext", "reloadmagic")
    magics = shell.magics_manager.registry["ReloadMagic"]
    assert (magics.mode, magics.on_error) == ("auto", "stop")


def imported_by(statement: str) -> set[str]:
    """What *statement* imports in a process that has imported IPython and made a shell."""
    script = (
        "import sys\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\n"
        f"before = set(sys.modules)\n{statement}\nprint(*set(sys.modules) - before)"
    )
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_imports_no_room_of_it() -> None:
    assert imported_by("import reloadmagic") == {"reloadmagic"}


def test_loading_imports_nothing_that_only_reloads_and_answers_need() -> None:
    found = imported_by("shell.run_line_magic('load_ext', 'reloadmagic')")
    later = {"plan", "patch", "reach", "explain", "report.text", "ipython.views", "workers"}
    assert found & {f"reloadmagic.{room}" for room in later} == set()
