"""The extension: what `%load_ext reloadmagic` puts into a shell, and what unloading takes out.

Everything that knows IPython and traitlets is in this room. One `ReloadMagic` for each shell holds
the settings and the commands; its hook reloads before cells; the engine knows nothing of either.
After `unload` the shell has nothing of ours left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reloadmagic.collector import collector_paused

if TYPE_CHECKING:
    from .magics import ReloadMagic

__all__ = ["load", "loaded", "unload"]


@collector_paused
def load(shell: Any) -> None:
    """Turn reloading on in *shell*; nothing happens if it is on."""
    if loaded(shell) is not None:
        return
    from .magics import ReloadMagic

    ReloadMagic.attach(shell)


def unload(shell: Any) -> None:
    """Take everything of ours out of *shell*; nothing happens if nothing is there."""
    magics = loaded(shell)
    if magics is not None:
        magics.detach()


def loaded(shell: Any) -> ReloadMagic | None:
    """The commands and settings in *shell*, None if the extension is not loaded."""
    # get(), as newer registries import a class for a missing key
    magics: ReloadMagic | None = shell.magics_manager.registry.get("ReloadMagic")
    return magics
