"""What an installed reloadmagic brings along."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata, resources

import reloadmagic


def run_python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_four_packages_are_needed_and_no_others() -> None:
    required = [one for one in metadata.requires("reloadmagic") or [] if "extra ==" not in one]
    names = {re.split(r"[^\w-]", one, maxsplit=1)[0] for one in required}
    assert names == {"ipython", "ipykernel", "traitlets", "nbformat"}


def test_version_is_that_of_the_metadata() -> None:
    assert metadata.version("reloadmagic") == reloadmagic.__version__


def test_types_are_marked_as_ours() -> None:
    assert resources.files(reloadmagic).joinpath("py.typed").is_file()


def test_public_names_are_there() -> None:
    assert [name for name in reloadmagic.__all__ if not hasattr(reloadmagic, name)] == []


def test_importing_the_engine_imports_no_ipython() -> None:
    code = "import reloadmagic, sys; print({'IPython', 'traitlets', 'nbformat'} & set(sys.modules))"
    assert run_python(code) == "set()"
