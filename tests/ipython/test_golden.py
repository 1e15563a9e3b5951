"""What the commands answer, as text and as HTML: a session held against its golden files.

``RELOADMAGIC_GOLDEN=write`` rewrites them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("golden_session.py")
GOLDEN = Path(__file__).parent.parent / "golden" / "commands"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the commands of the session answered, by the name of the golden file."""
    folder = tmp_path_factory.mktemp("session")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", SCRIPT],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = {
        f"{name}.{end}": f"{text}\n"
        for name, forms in json.loads(done.stdout).items()
        for end, text in forms.items()
    }
    if os.environ.get("RELOADMAGIC_GOLDEN") == "write":
        GOLDEN.mkdir(parents=True, exist_ok=True)
        for name, text in told.items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
    return told


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_the_answer_reads_as_its_golden_file(answers: dict[str, str], name: str) -> None:
    assert answers[name] == (GOLDEN / name).read_text(encoding="utf-8")


def test_every_answer_has_its_golden_file(answers: dict[str, str]) -> None:
    assert sorted(answers) == sorted(path.name for path in GOLDEN.iterdir())
