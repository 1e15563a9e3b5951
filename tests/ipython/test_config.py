"""Settings, from where people write them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

SHOW = """\
%load_ext reloadmagic
print("mode is", get_ipython().magics_manager.registry["ReloadMagic"].mode, "today")
"""


def show_setting(folder: Path, *arguments: str) -> str:
    """What IPython, started with *arguments* and its files in *folder*, says that the mode is."""
    script = folder / "show.ipy"
    script.write_text(SHOW)
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", *arguments, str(script)]
    environment = {**os.environ, "IPYTHONDIR": str(folder)}
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return shown.stdout.partition("mode is ")[2].partition(" ")[0]


def test_the_command_line_sets_traits(tmp_path: Path) -> None:
    assert show_setting(tmp_path, "--ReloadMagic.mode=off") == "off"


def test_ipython_config_sets_traits(tmp_path: Path) -> None:
    profile = tmp_path / "profile_default"
    profile.mkdir()
    (profile / "ipython_config.py").write_text("c.ReloadMagic.mode = 'notify'\n")
    assert show_setting(tmp_path) == "notify"


def test_config_magic_sets_traits(shell: InteractiveShell) -> None:
    shell.run_line_magic("load_ext", "reloadmagic")
    shell.run_cell("%config ReloadMagic.mode = 'off'")
    assert shell.run_cell("%config ReloadMagic.mode").result == "off"


def test_config_magic_lists_every_setting(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    from reloadmagic.ipython.config import Settings

    shell.run_line_magic("load_ext", "reloadmagic")
    shell.run_line_magic("config", "ReloadMagic")
    listed = capsys.readouterr().out
    missing = [name for name in Settings.class_traits(config=True) if f".{name}=" not in listed]
    assert missing == []


def test_every_setting_has_help() -> None:
    from reloadmagic.ipython.config import Settings

    assert all(trait.help for trait in Settings.class_traits(config=True).values())


def test_settings_reach_the_reloader(shell: InteractiveShell) -> None:
    shell.config.ReloadMagic.include = ["pkg.*"]
    shell.run_line_magic("load_ext", "reloadmagic")
    shell.run_cell("%config ReloadMagic.exclude = ['other']")
    reloader = shell.magics_manager.registry["ReloadMagic"].reloader
    assert (tuple(reloader.include), tuple(reloader.exclude)) == (("pkg.*",), ("other",))


def test_appending_in_a_configuration_file_works(shell: InteractiveShell) -> None:
    shell.config.ReloadMagic.include.append("pkg")
    shell.run_line_magic("load_ext", "reloadmagic")
    assert shell.magics_manager.registry["ReloadMagic"].include == ["pkg"]
