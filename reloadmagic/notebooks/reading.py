"""The code cells of a notebook file.

In come the bytes of an ``.ipynb`` of any version; out go `Cell`s, or a `NotebookError` that says
which cell is wrong. Only what the code needs is looked at: a notebook whose outputs are broken has
good code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from reloadmagic.errors import NoSource

__all__ = ["Cell", "NotebookError", "read_cells"]

PYTHON = {"python", "ipython", "python3", "ipython3", "python2", ""}


class NotebookError(NoSource):
    """A file that is no notebook of Python code.

    Attributes:
        path: the file.
        cell: number of the code cell that is wrong, 0 where it is the file or another kind of cell.
    """

    def __init__(self, reason: str, *, path: str, cell: int = 0) -> None:
        self.path = path
        self.cell = cell
        super().__init__(reason, filename=f"{path}, cell {cell}" if cell else path)


class Cell(NamedTuple):
    r"""A code cell that is not empty.

    Attributes:
        number: 1-based among its like, which is its prompt after a run of the whole notebook.
        source: its text, with ``\n`` line ends.
        tags: from its metadata.
        language: of the cell alone, ``""`` if it is the notebook's.
    """

    number: int
    source: str
    tags: frozenset[str] = frozenset()
    language: str = ""


def read_cells(data: bytes, path: str) -> tuple[Cell, ...]:
    """The code cells of the notebook whose file, *path*, holds *data*.

    Raises:
        NotebookError: it is no notebook, none of Python, or a cell is not valid.
    """
    notebook = _parse(data, path)
    version = notebook.get("nbformat")
    if type(version) is not int:
        raise NotebookError("not a notebook: it names no nbformat version", path=path)
    if version != 4:
        notebook = _upgrade(notebook, path)
    language = _language(notebook)
    if language not in PYTHON:
        raise NotebookError(f"a notebook of {language}, not of Python", path=path)
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise NotebookError("not valid: 'cells' has to be a list", path=path)
    return tuple(_code_cells(cells, path))


def _parse(data: bytes, path: str) -> dict[str, Any]:
    try:
        notebook = json.loads(data)
    except UnicodeDecodeError as error:
        raise NotebookError(f"not UTF-8: {error}", path=path) from error
    except ValueError as error:
        conflict = ", it has conflict markers" if b"\n<<<<<<< " in data else ""
        raise NotebookError(f"not valid JSON{conflict}: {error}", path=path) from error
    if not isinstance(notebook, dict):
        raise NotebookError("not a notebook: it is no JSON object", path=path)
    return notebook


def _upgrade(notebook: dict[str, Any], path: str) -> dict[str, Any]:
    """The notebook in format 4, as nbformat converts it."""
    import nbformat as _nbformat

    nbformat: Any = _nbformat  # half of it is typed
    version = notebook["nbformat"]
    if not 0 < version < 4:
        raise NotebookError(f"of nbformat {version}, newer than can be read", path=path)
    try:
        old = nbformat.reader.reads(json.dumps(notebook))
        converted: dict[str, Any] = nbformat.convert(old, 4)
    except Exception as error:  # on a broken file, converting raises whatever it runs into
        place, reason = _complaint(notebook)
        raise NotebookError(
            f"not valid: {reason or f'{type(error).__name__}: {error}'}",
            path=path,
            cell=_number_in_worksheet(notebook, place),
        ) from error
    return converted


def _number_in_worksheet(notebook: dict[str, Any], place: list[Any]) -> int:
    """The number of the code cell at *place* in a notebook of format 3, 0 if there is none."""
    match place:
        case ["worksheets", int(sheet), "cells", int(index), *_]:
            cells = notebook["worksheets"][sheet]["cells"]
            return _number(cells, index, "input")
    return 0


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata")
    if not isinstance(metadata, dict):
        return ""
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(section)
        if isinstance(found, dict) and isinstance(found.get(key), str):
            return str(found[key]).lower()
    return ""


def _code_cells(cells: list[Any], path: str) -> Iterator[Cell]:
    number = 0
    for cell in cells:
        wrong = _what_is_wrong(cell)
        if wrong and isinstance(cell, dict) and cell.get("cell_type") == "code":
            raise NotebookError(f"not valid: {wrong}", path=path, cell=number + 1)
        if wrong:
            raise NotebookError(f"the cell after cell {number} is not valid: {wrong}", path=path)
        source = _text(cell.get("source")) if cell["cell_type"] == "code" else None
        if source is not None and source.strip():
            number += 1
            yield _cell(number, source, cell)


def _what_is_wrong(cell: object) -> str:
    """Why the code of a notebook cannot be told because of *cell*, ``""`` if it can."""
    if not isinstance(cell, dict):
        return "it is no JSON object"
    if "cell_type" not in cell:
        return "it has no 'cell_type'"
    if cell["cell_type"] != "code":
        return ""
    if "source" not in cell:
        return "it has no 'source'"
    if _text(cell["source"]) is None:
        return "its 'source' has to be text or a list of lines"
    return ""


def _cell(number: int, source: str, cell: dict[str, Any]) -> Cell:
    metadata = cell.get("metadata")
    if not isinstance(metadata, dict):
        return Cell(number, source)
    tags = metadata.get("tags")
    vscode = metadata.get("vscode")
    language = vscode.get("languageId") if isinstance(vscode, dict) else None
    return Cell(
        number,
        source,
        frozenset(tag for tag in tags if isinstance(tag, str))
        if isinstance(tags, list)
        else frozenset(),
        language.lower() if isinstance(language, str) else "",
    )


def _text(source: object) -> str | None:
    """The text of a cell, which is a string or a list of lines; None if it is neither."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _number(cells: list[Any], index: int, key: str) -> int:
    """The number that a code cell has if those before it are good."""
    if not isinstance(cells[index], dict) or cells[index].get("cell_type") != "code":
        return 0
    before = (cell for cell in cells[:index] if isinstance(cell, dict))
    good = [c for c in before if c.get("cell_type") == "code" and (_text(c.get(key)) or "").strip()]
    return len(good) + 1


def _complaint(notebook: dict[str, Any]) -> tuple[list[Any], str]:
    """Where and what nbformat finds wrong with a notebook, ``([], "")`` if nothing."""
    try:
        import nbformat.validator

        validator: Any = nbformat.validator  # half of it is typed
        error = next(iter(validator.iter_validate(notebook)), None)
    except Exception:  # noqa: BLE001 - what is broken enough makes the validator fail, too
        return [], ""
    if error is None:
        return [], ""
    return list(error.relative_path), str(error.message).partition("\n")[0]
