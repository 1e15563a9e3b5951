"""Situations from users' lives: files, cells, an edit, and what a cell finds then.

Each is a file in ``lives``. After its title come steps: ``--- file PATH`` and ``--- edit PATH`` write a
file, ``--- cell`` runs the text as one cell. Checks are asserts.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from session import watch

CASES = sorted((Path(__file__).parent / "lives").glob("*.case"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_cell_finds_what_a_restart_would_give_and_what_the_edit_does_not_reach(project, path):
    _, *parts = re.split(r"^--- (.*)\n", path.read_text("utf-8"), flags=re.MULTILINE)
    namespace = {"__name__": "__main__"}
    with watch(namespaces=[namespace]) as reloader:
        for head, text in zip(parts[::2], parts[1::2], strict=True):
            step, *name = head.split()
            if step == "cell":
                reloader.reload()
                reloader.note_cell(text, namespace)
                exec(compile(text, path.name, "exec"), namespace)
                reloader.note_values(namespace)
            else:
                getattr(project, {"file": "write"}.get(step, step))(*name, text)
