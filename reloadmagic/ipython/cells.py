"""What can be read off a cell's text: header lines of ours, and the Python that it runs.

Everything here is pure: ipykernel transforms a cell twice, once to see whether it awaits.
"""

from __future__ import annotations

import re

from reloadmagic.parsing import parse

__all__ = ["asks_for_no_reload", "is_command", "python_source", "transform_header"]

# `re` compiles each of these when it is first needed.
_RELOAD = r"%%reload_changed(?:[ \t]+(?P<line>[^\r\n]*))?\r?\n?\Z"
_NO_RELOAD = r"%%no_reload[ \t]*\r?\n?\Z"
_COMMAND = (
    r"%{0,2}(?:reload_(?!ext\b)\w+|unload|autoreload|aimport)\b(?!\s*[=.(,\[])|%%no_reload\b"
    r"|%(?:un)?load_ext\b|%config\s+ReloadMagic\b"
)
# Cell magics whose body is Python which runs in the notebook's namespace.
_RUNS_ITS_BODY = r"%%(?:time|capture|prun|reload_changed|no_reload)\b.*"


def transform_header(lines: list[str]) -> list[str]:
    """Turn a ``%%reload_changed`` header into a call and leave the body top-level code.

    So awaiting, line magics, the display of the last value and line numbers work as in any cell,
    which they do not where a cell magic runs its body itself.
    """
    if not lines or not lines[0].startswith("%%"):
        return lines
    if match := re.match(_RELOAD, lines[0]):
        line = (match["line"] or "").strip()
        if not line.endswith("?"):
            # A blank body, as IPython refuses a cell magic with an empty one.
            call = f"get_ipython().run_cell_magic('reload_changed', {line!r}, '\\n')\n"
            return [call, *lines[1:]]
    elif re.match(_NO_RELOAD, lines[0]):
        return ["# %%no_reload\n", *lines[1:]]
    return lines


def asks_for_no_reload(cell: str) -> bool:
    """Whether the cell begins with ``%%no_reload``."""
    if "%%no_reload" not in cell:
        return False
    first = next((line for line in cell.splitlines() if line.strip()), "")
    return re.match(_NO_RELOAD, first.strip()) is not None


def is_command(cell: str) -> bool:
    """Whether nothing but commands of ours is in the cell: they reload by themselves, or look on.

    ``%%reload_changed`` counts whatever its body is.
    """
    if "load" not in cell and "aimport" not in cell and "ReloadMagic" not in cell:
        return False  # as nearly all cells, which need no closer look
    lines = [line.strip() for line in cell.splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    if code and code[0].startswith("%%"):
        return re.match(_COMMAND, code[0]) is not None
    return bool(code) and all(re.match(_COMMAND, _value(line)) for line in code)


def _value(line: str) -> str:
    """What is right of the ``=`` in ``report = %reload_changed``."""
    return re.sub(r"^\w+\s*=\s*(?=%)", "", line)


def python_source(cell: str, transformed: str | None) -> str | None:
    """The Python that a cell runs in the notebook's namespace, None if it cannot be read.

    *transformed* is the cell after IPython's input transformations, if at hand.
    """
    body = re.sub(_RUNS_ITS_BODY, "", cell.lstrip(), count=1) if cell.lstrip()[:2] == "%%" else cell
    return next((text for text in (body, transformed) if text and _parses(text)), None)


def _parses(text: str) -> bool:
    try:
        parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
