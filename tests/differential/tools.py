"""What a session reloads with: the real thing, and two others to test the tester."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from .world import PACKAGE

Order = list[tuple[int, str]]  # the cell during which the first import of a module began


class Tool(Protocol):
    """Something that brings a live session up to date with its files."""

    keeps_objects: bool

    def note_cell(self, source: str) -> None:
        """A cell is about to run."""

    def note_values(self) -> None:
        """The cell has run."""

    def reload(self, order: Order) -> None:
        """The files have changed; *order* is the order in which the modules were first imported."""


class ReloadMagic:
    """``reloadmagic.Reloader``, as a script would use it."""

    keeps_objects = True

    def __init__(self, namespace: dict[str, Any]) -> None:
        reloadmagic = importlib.import_module("reloadmagic")
        self.namespace = namespace
        self.reloader = reloadmagic.Reloader(
            include=[PACKAGE, f"{PACKAGE}.*"],
            exclude=[f"{__package__}*"],  # the tester itself is no part of the session
            namespaces=[namespace],
        )
        self.reloader.install()
        self.last = ""

    def note_cell(self, source: str) -> None:
        self.reloader.note_cell(source, self.namespace)

    def note_values(self) -> None:
        self.reloader.note_values(self.namespace)

    def reload(self, order: Order) -> None:
        report = self.reloader.reload()
        self.last = report.details() if hasattr(report, "details") else str(report)


class Purge:
    """Forget the modules and import again: right about every value, and loses every object."""

    keeps_objects = False

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.cells: list[str] = []
        # Bytecode can be stale: two saves of one size within a second.
        sys.dont_write_bytecode = True
        self.last = ""

    def note_cell(self, source: str) -> None:
        self.cells.append(source)

    def note_values(self) -> None:
        """Nothing to note."""

    def reload(self, order: Order) -> None:
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        self.namespace.clear()
        self.namespace["__name__"] = "__main__"
        importlib.invalidate_caches()
        replay(order, tuple(self.cells), self.namespace)


class Importlib:
    """``importlib.reload`` of every module, as people do by hand."""

    keeps_objects = False

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.last = ""

    def note_cell(self, source: str) -> None:
        """Nothing to note."""

    def note_values(self) -> None:
        """Nothing to note."""

    def reload(self, order: Order) -> None:
        importlib.invalidate_caches()
        for _, name in reversed(order):
            importlib.reload(sys.modules[name])


TOOLS: dict[str, Callable[[dict[str, Any]], Tool]] = {
    "reloadmagic": ReloadMagic,
    "purge": Purge,
    "importlib": Importlib,
}


def run_cell(source: str, namespace: dict[str, Any]) -> bool:
    """Run a cell; False when a name that it imports is not (or no longer) there."""
    try:
        exec(compile(source, "<cell>", "exec"), namespace)
    except ImportError as error:
        if (error.name or "").split(".")[0] != PACKAGE:
            raise
        return False
    return True


def replay(order: Order, cells: tuple[str, ...], namespace: dict[str, Any]) -> list[str]:
    """Import and run the cells as the session did at first; the cells whose names are not there.

    What was imported later is imported last, and what has no file any more is left out.
    """
    failing = []
    for number, cell in enumerate(cells):
        _import_all(name for at, name in order if at == number)
        if not run_cell(cell, namespace):
            failing.append(cell)
    _import_all(name for at, name in order if at >= len(cells))
    return failing


def _import_all(names: Iterable[str]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
