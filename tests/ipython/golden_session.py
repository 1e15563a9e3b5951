"""A session whose answers are golden files: ``python golden_session.py`` in an empty folder.

Prints, as JSON, by command what it answered as text and as HTML. It is a process of its own, as
the tests that have run before would be in the answers.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

CONFIG = "WIDTH = 3\n"
SHAPES = """\
from config import WIDTH


class Shape:
    def area(self):
        return WIDTH


AREA = Shape().area()
"""
QUIET = "__reload__ = False\n"
FIRST = "from shapes import AREA, Shape\nshape = Shape()\ntwice = AREA * 2"

# Commands by name, in the order in which they run, and edits of files: name, old and new text.
SESSION = [
    ("status", "%reload_status"),
    ("nothing", "%reload_changed"),
    ("config.py", "3", "4"),
    ("shapes.py", "return WIDTH", "return WIDTH * 2"),
    ("dry-run", "%reload_changed --dry-run"),
    ("diff", "%reload_diff"),
    ("status-stale", "%reload_status"),
    ("graph", "%reload_graph"),
    ("changed", "%reload_changed"),
    ("explain-value", "%reload_explain AREA"),
    ("explain-class", "%reload_explain Shape"),
    ("explain-module", "%reload_explain shapes"),
    ("explain-alone", "%reload_explain quiet"),
    ("cells", "%reload_cells"),
    ("config.py", "4", "1 / 0"),
    ("failed", "%reload_changed"),
    ("status-failed", "%reload_status"),
    ("explain-failed", "%reload_explain WIDTH"),
    ("undo", "%reload_undo"),
    ("status-undone", "%reload_status"),
    ("diff-undone", "%reload_diff config"),
    ("history", "%reload_history"),
    ("exclude", "%reload_exclude config"),
    ("mode", "%reload_mode notify"),
    ("unload", "%unload shapes"),
]


def main() -> None:
    sys.path.insert(0, str(Path.cwd()))
    for name, text in (("config.py", CONFIG), ("shapes.py", SHAPES), ("quiet.py", QUIET)):
        Path(name).write_text(text, encoding="utf-8")
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    found = {}
    with redirect_stdout(io.StringIO()):
        for cell in ("%load_ext reloadmagic", "import quiet", FIRST):
            shell.run_cell(cell, store_history=True)
        for name, *rest in SESSION:
            if len(rest) == 1:
                found[name] = forms(shell.run_cell(rest[0], store_history=True).result)
            else:
                edit(Path(name), *rest)
    print(json.dumps(found))


def forms(answer: object) -> dict[str, str]:
    """The answer's text and HTML, without times and without the folder."""
    bundle = answer._repr_mimebundle_()
    pairs = (("txt", "text/plain"), ("html", "text/html"))
    texts = {end: bundle[kind].replace(f"{Path.cwd()}{os.sep}", "") for end, kind in pairs}
    return {end: re.sub(r"(<|&lt;)?\d+(\.\d+)? ms", "1 ms", text) for end, text in texts.items()}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new), encoding="utf-8")


if __name__ == "__main__":
    main()
