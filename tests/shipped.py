"""Import all notebooks under a folder, one after the other, and say what became of each, as JSON.

``python shipped.py FOLDER MODE``, where MODE is ``all`` or ``definitions``. Each notebook that
could be imported gets a cell above all others, and is reloaded.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import io
import json
import os
import re
import sys
import time
import traceback
import types
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from reloadmagic import Reloader


def main(folder: Path, mode: str) -> None:
    config = Config()
    config.HistoryManager.enabled = False
    config.ReloadMagic.notebook_import = mode
    shell = InteractiveShell(config=config)
    shell.run_line_magic("load_ext", "reloadmagic")
    reloader = shell.magics_manager.registry["ReloadMagic"].reloader
    time.sleep = lambda _: None  # some notebooks take a nap of a minute
    found = {}
    with shell.builtin_trap, contextlib.redirect_stdout(io.StringIO()):
        for path in sorted(folder.rglob("*.ipynb")):
            found[str(path.relative_to(folder))] = result_of(path, reloader)
    print(json.dumps(found))


def result_of(path: Path, reloader: Reloader) -> dict[str, Any]:
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    try:
        module = importlib.import_module(module_name(path))
    except BaseException as error:
        return {"error": type(error).__name__, "message": str(error), "place": place_of(error)}
    finally:
        sys.path.remove(str(path.parent))
    return {"file": module.__file__, "unshown": unshown(module), "moved": moved(module, reloader)}


def module_name(path: Path) -> str:
    name = re.sub(r"\W", "_", path.stem)
    return f"_{name}" if name[0].isdigit() else name


def place_of(error: BaseException) -> str:
    """The cell that an error is in: of code that does not parse, or of the innermost frame."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if ".ipynb" in f.filename]
    if isinstance(error, SyntaxError) and not frames:
        return f"{error.filename}, line {error.lineno}"
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def unshown(module: types.ModuleType) -> list[str]:
    """Functions of the notebook whose source is not that of their definition."""
    own = [v for v in vars(module).values() if isinstance(v, types.FunctionType)]
    own = [f for f in own if f.__module__ == module.__name__ and f.__name__ != "<lambda>"]
    return [f.__name__ for f in own if f"def {f.__name__}(" not in inspect.getsource(f)]


def moved(module: types.ModuleType, reloader: Reloader) -> list[str]:
    """What ran again, or went wrong, because a cell was put above all others."""
    path = Path(str(module.__file__))
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["worksheets"][0]["cells"] if notebook["nbformat"] == 3 else notebook["cells"]
    text = "input" if notebook["nbformat"] == 3 else "source"
    cells.insert(0, {"cell_type": "code", "metadata": {}, "outputs": [], text: "# A new cell"})
    path.write_text(json.dumps(notebook), encoding="utf-8")
    stamp = path.stat().st_mtime_ns + 2_000_000_000
    os.utime(path, ns=(stamp, stamp))
    report = reloader.reload(names=[module.__name__])
    wrong = [ran.label for outcome in report.outcomes for ran in outcome.ran]
    return [*wrong, *(str(outcome.error) for outcome in report.failed), *unshown(module)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
