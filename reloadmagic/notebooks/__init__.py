"""Makes notebooks modules: with `install`, ``import helpers`` finds ``helpers.ipynb``.

In comes an ``.ipynb``; out goes an ordinary module with a spec, a file and a source, which is the
notebook's code cells in order as Python: magics turned into calls or left out, cells that are not
meant for import commented out, each line on its own line. Nothing here needs IPython: what turns
magics into Python is given to `install`, and without it they are left out.

A notebook stands behind everything that is found under the same name; its own name may have spaces
or dashes where the module's has underscores. Code is filed under its cell (``helpers.ipynb, cell
3``) and counts the cell's lines, in tracebacks, `inspect` and debuggers. Cells are counted as the
prompts are after a run of the whole notebook: code cells only, empty ones left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, Literal

from .finder import NotebookFinder
from .settings import Settings, Transform

if TYPE_CHECKING:
    from .reading import NotebookError

__all__ = ["NotebookError", "NotebookFinder", "install", "installed", "uninstall"]


def __getattr__(name: str) -> Any:
    """What reads notebooks is imported with the first one."""
    if name == "NotebookError":
        from .reading import NotebookError

        return NotebookError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def install(
    *,
    transform: Transform | None = None,
    notebook_import: Literal["all", "definitions"] = "all",
    allow: Iterable[str] = (),
    skip_tags: Iterable[str] = ("skip-import",),
    names: Mapping[str, Any] | None = None,
) -> NotebookFinder:
    """The finder, which finds notebooks from now on; called again, it changes the settings.

    Args:
        transform: turns cells with magics into Python, such as a shell's ``transform_cell``.
            Without it all magics are left out, and one whose value is used raises when it runs.
        notebook_import: ``"definitions"`` runs only definitions, imports and assignments.
        allow: patterns (`fnmatch`) of magics and commands to run although they have side effects:
            ``"%matplotlib"``, ``"!pip"``, ``"%%bash"``, ``"*"``.
        skip_tags: cells with one of these tags do not run.
        names: what notebooks find in their namespaces, as they do when they run in a kernel:
            ``get_ipython``, which is among the builtins while a cell runs and not in callbacks.
    """
    settings = Settings(
        transform, notebook_import, tuple(allow), frozenset(skip_tags), dict(names or {})
    )
    finder = installed()
    if finder is None:
        finder = NotebookFinder(settings)
        sys.meta_path.insert(_place(), finder)
    finder.settings = settings
    return finder


def uninstall() -> None:
    """Find notebooks no longer. Those that were imported stay as they are."""
    finder = installed()
    if finder is not None:
        sys.meta_path.remove(finder)


def installed() -> NotebookFinder | None:
    """The finder that finds notebooks now, None if there is none."""
    return next((found for found in sys.meta_path if isinstance(found, NotebookFinder)), None)


def _place() -> int:
    """Before the finder of files: a folder of the notebook's name would be a package to that."""
    finders: list[object] = list(sys.meta_path)
    return finders.index(PathFinder) if PathFinder in finders else len(finders)
