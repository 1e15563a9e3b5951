"""The same package with notebooks: about every other file, cut into cells between statements."""

from __future__ import annotations

import ast
import json
from zlib import crc32


def as_notebooks(files: dict[str, str]) -> dict[str, str]:
    """The files, those of them as notebooks that a die thrown with their names chooses.

    The package itself always is one, so that a session has notebooks from the start.
    """
    chosen = {path for path in files if crc32(path.encode()) % 2 or path == "pkg/__init__.py"}
    return {
        _notebook_path(path) if path in chosen else path: (
            notebook_of(text) if path in chosen else text
        )
        for path, text in files.items()
    }


def _notebook_path(path: str) -> str:
    return f"{path.removesuffix('.py')}.ipynb"


def notebook_of(text: str) -> str:
    """*text* as a notebook."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(_cells(text))
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def _cells(text: str) -> list[str]:
    """*text*, cut before the statements that a die thrown with their first lines chooses."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return [text]
    lines = text.split("\n")
    cells, start, end = [], 0, 0
    for node in body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        if first >= end and first > start and crc32(lines[first].encode()) % 2:
            cells.append("\n".join(lines[start:first]))
            start = first
        end = max(end, node.end_lineno or 0)
    return [*cells, "\n".join(lines[start:])]
