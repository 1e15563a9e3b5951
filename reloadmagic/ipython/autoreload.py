"""``%autoreload`` and ``%aimport`` with the meaning that people know.

They are there unless IPython's own extension is loaded, whose commands they would hide.
"""

# IPython's magic_arguments has no types.
# mypy: disallow-untyped-calls=False, disallow-untyped-decorators=False

from __future__ import annotations

import importlib
import logging
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from .commands import Commands, argument, parsed, with_arguments
from .output import show, show_text

if TYPE_CHECKING:
    from types import ModuleType

    from .magics import ReloadMagic

__all__ = ["Autoreload", "is_theirs_loaded", "is_theirs_on"]

# What its users may have given a handler.
logger = logging.getLogger("autoreload")

_MODES = {
    "0": "off",
    "off": "off",
    "1": "explicit",
    "explicit": "explicit",
    "2": "all",
    "all": "all",
    "3": "all",
    "complete": "all",
    "now": "now",
}


def is_theirs_loaded(shell: Any) -> bool:
    """Whether IPython's own extension is loaded."""
    return "AutoreloadMagics" in shell.magics_manager.registry


def is_theirs_on(shell: Any) -> bool:
    """Whether IPython's own extension reloads before cells, as ours does."""
    theirs = shell.magics_manager.registry.get("AutoreloadMagics")
    return bool(getattr(getattr(theirs, "_reloader", None), "enabled", False))


@magics_class
class Autoreload(Commands):
    """The commands of IPython's extension, done by ours."""

    def __init__(self, main: ReloadMagic) -> None:
        super().__init__(main)
        self.imported: list[str] = []

    @with_arguments
    @argument("mode", nargs="?", default="now", help="0 1 2 3 now off explicit all complete")
    @argument("-p", "--print", action="store_true", help="say what is reloaded, as is usual here")
    @argument("-l", "--log", action="store_true", help="log it, too, at INFO level")
    @argument("--hide-errors", action="store_true", help="do not tell what could not be reloaded")
    @argument("--full", action="store_true", help="accepted; makes no difference here")
    @line_magic
    def autoreload(self, line: str) -> None:
        """Reload as IPython's own extension is told to.

        ``%autoreload`` or ``now`` reloads at once; ``0`` or ``off`` turns it off; ``1`` or
        ``explicit`` reloads only what ``%aimport`` names; ``2``, ``3``, ``all`` or ``complete``
        reload all that is yours before each cell. The same is said by ``%reload_mode``.
        """
        arguments = parsed(self.autoreload, line)
        mode = _MODES.get(arguments.mode.lower().removesuffix("-"))
        if mode is None:
            raise UsageError(f"There is no mode {arguments.mode!r}: there are {', '.join(_MODES)}.")
        hook = self.main.hook
        hook.hides_errors = arguments.hide_errors
        hook.log = logger.info if arguments.log else None
        if arguments.print and self.main.verbosity == "quiet":
            self.main.verbosity = "line"
        if mode == "now":
            report = hook.run()
            if report:
                show(self.shell, report)
            return
        self.main.mode = "off" if mode == "off" else "auto"
        hook.only = self.imported if mode == "explicit" else None

    @line_magic
    def aimport(self, line: str) -> None:
        """Import modules and have them reloaded, also where only those named are.

        ``%aimport foo, bar.baz as b`` imports and marks them; ``%aimport -foo`` has foo left
        alone; without names, both lists are shown.
        """
        words = [word.strip() for word in line.split(",")]
        if not line.strip():
            self._list()
        for word in filter(None, words):
            if word.startswith("-"):
                self._skip(word[1:].strip())
            else:
                name, _, alias = (part.strip() for part in word.partition(" as "))
                self._import(name, alias)

    def _list(self) -> None:
        marked = (
            sorted(self.imported) if self.main.hook.only is not None else ["all-except-skipped"]
        )
        show_text(f"Modules to reload:\n{' '.join(marked)}")
        show_text(f"\nModules to skip:\n{' '.join(sorted(self.main.exclude))}")

    def _skip(self, name: str) -> None:
        self.main.exclude = list(dict.fromkeys([*self.main.exclude, name]))
        if name in self.imported:
            self.imported.remove(name)

    def _import(self, name: str, alias: str) -> None:
        main = self.main
        if name in main.exclude:
            main.exclude = [pattern for pattern in main.exclude if pattern != name]
        module = _imported(name)
        if name not in main.reloader.tracked:
            main.include = list(dict.fromkeys([*main.include, name]))
        if name not in self.imported:
            self.imported.append(name)
        top = name.partition(".")[0]
        shell: Any = self.shell
        shell.push({alias: module} if alias else {top: sys.modules[top]})


def _imported(name: str) -> ModuleType:
    """The module *name*.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise UsageError(f"No module is called {error.name!r}.") from None
        raise
