"""How notebooks are imported: what `install` is told, for whoever reads and lays out cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

__all__ = ["Settings", "Transform"]

Transform = Callable[[str], str]
"""Turns a cell with magics into Python."""


class Settings:
    """How notebooks are imported, see `install`."""

    def __init__(
        self,
        transform: Transform | None = None,
        notebook_import: Literal["all", "definitions"] = "all",
        allow: tuple[str, ...] = (),
        skip_tags: frozenset[str] = frozenset({"skip-import"}),
        names: dict[str, Any] | None = None,
    ) -> None:
        self.transform = transform
        self.notebook_import = notebook_import
        self.allow = allow
        self.skip_tags = skip_tags
        self.names = names or {}
        # A cell that was seen before is not parsed again; the newest notebook's cells are kept.
        self.known: dict[str, str] = {}
