"""How notebooks are imported: what `install` is told, for whoever reads and lays out cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Settings", "Transform"]

Transform = Callable[[str], str]
"""Turns a cell with magics into Python."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How notebooks are imported, see `install`."""

    transform: Transform | None = None
    notebook_import: Literal["all", "definitions"] = "all"
    allow: tuple[str, ...] = ()
    skip_tags: frozenset[str] = frozenset({"skip-import"})
    names: dict[str, Any] = field(default_factory=dict)
    # A cell that was seen before is not parsed again; the newest notebook's cells are kept.
    known: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
