"""What a session reloads with: the real thing, and two others to test the tester."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, Protocol

from .world import PACKAGE


class Tool(Protocol):
    """Something that brings a live session up to date with its files."""

    keeps_objects: bool

    def note_cell(self, source: str) -> None:
        """A cell is about to run."""

    def reload(self, order: list[str]) -> None:
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

    def reload(self, order: list[str]) -> None:
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

    def reload(self, order: list[str]) -> None:
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        self.namespace.clear()
        self.namespace["__name__"] = "__main__"
        importlib.invalidate_caches()
        for name in order:
            importlib.import_module(name)
        for cell in self.cells:
            run_cell(cell, self.namespace)


class Importlib:
    """``importlib.reload`` of every module, as people do by hand."""

    keeps_objects = False

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.last = ""

    def note_cell(self, source: str) -> None:
        """Nothing to note."""

    def reload(self, order: list[str]) -> None:
        importlib.invalidate_caches()
        for name in reversed(order):
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
