"""Notebook files, for tests that import them."""

from __future__ import annotations

import json
import os
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Write = Callable[..., Path]

SHAPES = (
    "import math",
    "def area(r):\n    x = r / 0\n    return math.pi * r ** 2",
    '''
    K = 1

    class Circle:
        """Round."""

        def grow(self):
            return [area(n) for n in [0]]
    ''',
)
"""Cells of a notebook in which something raises."""


def code(source: str, *tags: str, **metadata: Any) -> dict[str, Any]:
    """A code cell of format 4, as it is after a run."""
    text = textwrap.dedent(source).strip("\n")
    return {
        "cell_type": "code",
        "id": f"cell-{abs(hash(text))}",
        "metadata": {**({"tags": list(tags)} if tags else {}), **metadata},
        "execution_count": 1,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": ["shown\n"]}],
        "source": text.splitlines(keepends=True),
    }


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "text", "metadata": {}, "source": source}


def notebook(*cells: str | dict[str, Any], **metadata: Any) -> str:
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made})


def places(error: BaseException) -> list[tuple[str, int | None]]:
    """File and line of the frames in notebooks."""
    frames = traceback.extract_tb(error.__traceback__)
    return [(f.filename.rpartition(os.sep)[2], f.lineno) for f in frames if ".ipynb" in f.filename]
