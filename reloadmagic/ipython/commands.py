"""What all groups of commands share: whose they are, and how they read their lines."""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics
from IPython.core.magic_arguments import parse_argstring

if TYPE_CHECKING:
    from .magics import ReloadMagic
    from .views import Said

__all__ = ["Commands", "parsed", "said"]


class Commands(Magics):
    """Commands besides those of `ReloadMagic`, the main group, which has settings and `Reloader`."""

    def __init__(self, main: ReloadMagic) -> None:
        super().__init__(shell=main.shell)
        self.main = main


def parsed(command: Any, line: str) -> Any:
    """The arguments on the *line* of a magic that has a parser.

    Raises:
        UsageError: they do not fit.
    """
    try:
        return parse_argstring(command, line)
    except ValueError as error:  # a quotation that does not end
        raise UsageError(f"{error}: {line}") from None


def said(text: str) -> Said:
    """An answer of a few words; what shows answers is imported with the first one."""
    from .views import Said

    return Said(text)
