"""What tracebacks and `inspect` show of a source that is not the one on this disk."""

from __future__ import annotations

import linecache
from typing import Any

from reloadmagic.compiling import decoder, show_parts
from reloadmagic.parsing import file_lines
from reloadmagic.source import Text

__all__ = ["show"]


def show(path: str, data: bytes, loader: Any) -> None:
    """Show *data* for the file *path*, unless that is what the file holds."""
    try:
        text = decoder(loader)(data)
    except Exception:  # noqa: BLE001  # not even text: there is nothing to show
        return
    if isinstance(text, Text):
        show_parts(text, path)
    elif _is_on_disk(path, data):
        linecache.cache.pop(path, None)
    else:
        # Without an mtime, linecache never asks the file.
        lines = file_lines(text)
        linecache.cache[path] = (len(text), None, lines, path)


def _is_on_disk(path: str, data: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read() == data
    except (OSError, ValueError):
        return False
