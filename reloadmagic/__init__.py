"""Edit any of your files, run the next cell: the session behaves as if it had been restarted.

``%load_ext reloadmagic`` in IPython or Jupyter is all it takes; `Reloader` is the same without
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        InternalError,
        NotTracked,
        ReloadFailed,
        ReloadMagicError,
        SourceError,
    )
    from .reloader import Reloader
    from .report import Report
    from .workers import WorkersError

__version__ = "0.1.0"

__all__ = [
    "InternalError",
    "NotTracked",
    "ReloadFailed",
    "ReloadMagicError",
    "Reloader",
    "Report",
    "SourceError",
    "WorkersError",
    "load_ipython_extension",
    "unload_ipython_extension",
]

_HOMES = {
    "InternalError": "errors",
    "NotTracked": "errors",
    "ReloadFailed": "errors",
    "ReloadMagicError": "errors",
    "Reloader": "reloader",
    "Report": "report",
    "SourceError": "errors",
    "WorkersError": "workers",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used: the import itself takes no time."""
    import importlib

    if name == "notebooks":
        return importlib.import_module(".notebooks", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:
    """Turn reloading on in an IPython shell: ``%load_ext reloadmagic``."""
    from .ipython import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Turn it off and leave nothing behind: ``%unload_ext reloadmagic``."""
    from .ipython import unload

    unload(shell)
