"""What all groups of commands share: whose they are, and how they read their lines."""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics

if TYPE_CHECKING:
    from .magics import ReloadMagic
    from .views import Said

__all__ = ["Commands", "argument", "parsed", "said", "with_arguments"]


class Commands(Magics):
    """Commands besides those of `ReloadMagic`, the main group, which has settings and `Reloader`."""

    def __init__(self, main: ReloadMagic) -> None:
        super().__init__(shell=main.shell)
        self.main = main


def argument(*names: str, **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """As IPython's decorator of that name, for commands `with_arguments`."""

    def note(function: Callable[..., Any]) -> Callable[..., Any]:
        vars(function).setdefault("arguments", []).append((names, how))
        return function

    return note


def with_arguments(function: Callable[..., Any]) -> Any:
    """As IPython's `magic_arguments`, but the parser is made when it is first asked for.

    So is the help, by a line, ``?`` or Tab: that takes a millisecond for each command.
    """
    return _Command(function)


class _Command:
    def __init__(self, function: Callable[..., Any]) -> None:
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
            from IPython.core import magic_arguments

            function: Any = self.__wrapped__
            noted = vars(function).get("arguments", ())
            function.decorators = [magic_arguments.argument(*a, **named) for a, named in noted]
            self._parser = magic_arguments.construct_parser(function)  # and the help its docstring
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
        return command.parser.parse_argstring(line)
    except ValueError as error:  # a quotation that does not end
        raise UsageError(f"{error}: {line}") from None


def said(text: str) -> Said:
    """An answer of a few words; what shows answers is imported with the first one."""
    from .views import Said

    return Said(text)
