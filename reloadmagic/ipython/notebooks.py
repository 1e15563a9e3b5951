"""Notebooks as modules in a shell: the settings say what is found and what runs of it.

In come the settings; out go `reloadmagic.notebooks` on the import path, with the shell's own way of
turning magics into Python, and what was there before when the extension is unloaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reloadmagic import notebooks

if TYPE_CHECKING:
    from .config import Settings

__all__ = ["NOTEBOOK_SETTINGS", "NotebookImports"]

NOTEBOOK_SETTINGS = ("notebooks", "notebook_import", "allow", "skip_tags")


class NotebookImports:
    """Whether and how one shell imports notebooks."""

    def __init__(self, shell: Any, settings: Settings) -> None:
        self._shell = shell
        self._settings = settings
        finder = notebooks.installed()
        self._before = None if finder is None else finder.settings

    def apply(self) -> None:
        """Have the settings hold for what is imported or edited from now on."""
        if not self._settings.notebooks:
            notebooks.uninstall()
            return
        notebooks.install(
            transform=self._shell.transform_cell,
            notebook_import=self._settings.notebook_import,
            allow=self._settings.allow,
            skip_tags=self._settings.skip_tags,
            names={"get_ipython": self._shell.get_ipython},
        )

    def undo(self) -> None:
        """Leave things as they were before."""
        if self._before is None:
            notebooks.uninstall()
        else:
            notebooks.install().settings = self._before
