"""What stands for a value where there is none."""

from __future__ import annotations

from typing import Final

__all__ = ["ABSENT", "EMPTY"]


class _Mark:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


ABSENT: Final = _Mark("ABSENT")
"""Stands for an attribute or a key that is not there."""

EMPTY: Final = _Mark("EMPTY")
"""Stands for the contents of an empty cell."""
