"""A notebook's code as one source.

In come cells; out goes a `Text`, in which each cell is a part. Cells are separated by lines
``# %%``, as many editors do it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from reloadmagic.errors import describe
from reloadmagic.parsing import parse
from reloadmagic.source import Part, Text

from .magics import Rules, commented, to_python
from .reading import PYTHON, Cell, NotebookError
from .settings import Settings, Transform

__all__ = ["lay_out"]

MARKER = "# %%"

DEFINITIONS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom),
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Pass, ast.Global),
)


def lay_out(cells: Iterable[Cell], path: str, settings: Settings) -> Text:
    """The cells of the notebook *path* as one text.

    Raises:
        SyntaxError: a cell does not parse; its ``filename`` and ``lineno`` are the cell's own.
        NotebookError: a cell cannot be made Python for another reason.
    """
    lines: list[str] = []
    parts: list[Part] = []
    for cell in cells:
        name = f"cell {cell.number}"
        filename = f"{path}, {name}"
        try:
            source = _python(cell, filename, settings).split("\n")
        except SyntaxError as error:
            error.filename = error.filename or filename
            raise
        except Exception as error:  # a transform is anyone's, and parsing has limits
            raise NotebookError(describe(error), path=path, cell=cell.number) from error
        lines.append(MARKER)
        parts.append(Part(name, filename, len(lines) + 1, len(source)))
        lines += source
    return Text("\n".join([*lines, ""]) if lines else "", parts)


def _python(cell: Cell, filename: str, settings: Settings) -> str:
    source = cell.source.rstrip()
    if cell.tags & settings.skip_tags or (cell.language and cell.language not in PYTHON):
        return "\n".join(commented(source.split("\n")))
    known = settings.known.get(source)
    if known is None:
        known = _parsed(
            to_python(source, Rules(settings.transform, settings.allow)), source, filename, settings
        )
        if len(settings.known) >= 10_000:
            settings.known.clear()
        settings.known[source] = known
    return known


def _parsed(python: str, source: str, filename: str, settings: Settings) -> str:
    """*python*, once it is sure that it parses."""
    try:
        tree = ast.parse(python, filename)
    except SyntaxError:
        rescued = _transformed_as_whole(source, settings.transform)
        if rescued is None:
            raise
        python, tree = rescued, parse(rescued, filename)
    if settings.notebook_import == "definitions":
        return _definitions(python, tree.body)
    return python


def _transformed_as_whole(source: str, transform: Transform | None) -> str | None:
    """Python for a cell with prompts in it, or indented; None where it must be wrong."""
    if transform is None:
        return None
    blank = len(source) - len(source.lstrip("\n"))
    try:
        python = "\n" * blank + transform(source.lstrip("\n")).rstrip("\n")
        parse(python)
    except Exception:  # noqa: BLE001 - a transform is the user's to extend; the plain error is what counts
        return None
    return python if python.count("\n") <= source.count("\n") else None


def _definitions(python: str, body: list[ast.stmt]) -> str:
    """*python* with everything commented out but definitions, imports and assignments."""
    lines = python.split("\n")
    kept = {n for node in body if _defines(node) for n in _lines_of(node)}
    for node in body:
        if not _defines(node):
            span = _lines_of(node)
            if kept.isdisjoint(span):
                lines[span[0] : span[-1] + 1] = commented(lines[span[0] : span[-1] + 1])
            else:
                _blank(lines, node)
    return "\n".join(lines)


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno - 1, node.end_lineno or node.lineno)


def _blank(lines: list[str], node: ast.stmt) -> None:
    """Put ``0`` for a statement that shares a line with one that stays."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset or 0 :].decode()
    lines[first : last + 1] = [*[""] * (last - first), head + "0" + tail]


def _defines(node: ast.stmt) -> bool:
    """Is the statement a definition, or a choice between definitions?"""
    if isinstance(node, DEFINITIONS) or type(node).__name__ == "TypeAlias":
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.If):
        return _is_main_guard(node) or all(map(_defines, [*node.body, *node.orelse]))
    if isinstance(node, ast.Try):
        handlers = [part for handler in node.handlers for part in handler.body]
        return all(map(_defines, [*node.body, *handlers, *node.orelse, *node.finalbody]))
    return False


def _is_main_guard(node: ast.If) -> bool:
    """``if __name__ == "__main__"`` does not run anyhow, and stays as it is."""
    return ast.unparse(node.test) == "__name__ == '__main__'" and not node.orelse
