"""What all groups of commands share: whose they are, and how they read their lines."""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics
from IPython.core.magic_arguments import construct_parser, parse_argstring

if TYPE_CHECKING:
    from .magics import ReloadMagic
    from .views import Said

__all__ = ["Commands", "parsed", "said", "with_arguments"]


class Commands(Magics):
    """Commands besides those of `ReloadMagic`, the main group, which has settings and `Reloader`."""

    def __init__(self, main: ReloadMagic) -> None:
        super().__init__(shell=main.shell)
        self.main = main


def with_arguments(function: Callable[..., Any]) -> Any:
    """As IPython's `magic_arguments`, but the parser is made when it is first asked for.

    So is the help, by a line, ``?`` or Tab: that takes a millisecond for each command.
    """
    return _Command(function)


class _Command:
    def __init__(self, function: Callable[..., Any]) -> None:
        vars(function).setdefault("decorators", [])  # which those of arguments have joined
        self.__wrapped__ = function
        self.__name__ = function.__name__
        self._parser: Any = None

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.__wrapped__(*arguments, **named)

    @property
    def parser(self) -> Any:
        if self._parser is None:
            self._parser = construct_parser(self.__wrapped__)  # which makes the docstring the help
        return self._parser

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.parser and self.__wrapped__.__doc__


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
