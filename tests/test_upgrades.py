"""Real packages, upgraded under a session that has them loaded.

What a branch switch or ``pip install -U`` of an editable install does: many files at once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support import answer_of

SCRIPT = Path(__file__).parent / "upgraded.py"
# Package, distribution, version before and after.
UPGRADES = [
    ("idna", "idna", "3.4", "3.10"),  # large tables
    ("more_itertools", "more-itertools", "10.1.0", "10.5.0"),  # functions, star-imports
    ("packaging", "packaging", "23.1", "24.1"),  # named tuples, a parser, new modules
    ("tomlkit", "tomlkit", "0.12.1", "0.13.2"),  # subclasses of dict and list
    ("attr", "attrs", "23.1.0", "24.2.0"),  # classes that decorate themselves
    ("click", "click", "8.1.3", "8.1.7"),  # decorators that make objects
]


@pytest.fixture(scope="session")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder for each version, called ``NAME==VERSION``."""
    folder = tmp_path_factory.mktemp("versions")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    for _, name, *both in UPGRADES:
        for version in both:
            pinned = f"{name}=={version}"
            command = [*install, f"--target={folder / pinned}", pinned]
            subprocess.run(command, check=True, timeout=120)
    return folder


@pytest.fixture(scope="session", params=UPGRADES, ids=lambda upgrade: upgrade[1])
def upgraded(versions: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What `upgraded` says of one upgrade."""
    package, name, before, after = request.param
    folders = [str(versions / f"{name}=={version}") for version in (before, after)]
    found: dict[str, Any] = answer_of(SCRIPT, package, *folders)
    return found


def test_an_upgraded_package_is_what_a_fresh_process_imports(upgraded: dict[str, Any]) -> None:
    assert (upgraded["failed"], upgraded["different"]) == ("", [])


def test_functions_and_classes_are_the_same_objects(upgraded: dict[str, Any]) -> None:
    assert upgraded["changed"] > 0
    assert upgraded["replaced"] == []
