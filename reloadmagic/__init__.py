"""Edit any of your files, run the next cell: the session behaves as if it had been restarted.

``%load_ext reloadmagic`` in IPython or Jupyter is all it takes; `Reloader` is the same without
them. What follows is for those who read the code.

**The trick by hand.** Whoever holds a function runs its new code once it has that, and a module can
be given a statement again::

    shop.total.__code__ = edited.__code__
    exec("VAT = 0.2", vars(settings))

The rest is to know which functions and which statements, in which order; what follows from them;
and how to be back where it began when one of them raises.

**The terms.** The *baseline* of a module is the source that last ran: with that a file is compared,
whatever was saved in between. What runs again is a top-level *statement*. It is *reached* by an edit
if it was edited itself, if it uses what an edit changes, which a *token* says, or if it belongs with
others that are reached to a *group*, as all of them bind one name or fill one object. To *patch* is
to change a live object in place, to *reload* to run statements of a module again. A *plan* says what
may run, from the sources alone; whether it does is decided when its turn comes, by what has really
changed until then. All writes go through a *transaction*, which can take them back.

**One edit, followed through.** ``settings.py`` holds ``VAT = 0.19``, and ``shop.py`` ::

    from settings import VAT

    LABEL = f"incl. {VAT:.0%} VAT"

    def total(net):
        return net * (1 + VAT)

VAT becomes 0.2, and a cell is run.

``ipython``
    hears of the cell before it runs, and asks the `Reloader` to look: one ``stat`` a module.
``session``
    finds that one of them differs, and reads it (``changes``, ``source``).
``diff``
    pairs the statements of both versions: ``VAT = 0.2`` stands for ``VAT = 0.19`` and was edited.
``reach``
    has an index of who uses what: ``settings.VAT`` is imported by the first statement of ``shop.py``,
    and used by the second. ``total`` uses it, too, but only when it is called: it finds what is there
    by then.
``plan``
    holds ``VAT`` of ``settings``, and ``VAT`` and ``LABEL`` of ``shop``, each with its reasons; not
    ``total``. They are two transactions: the edit is to stand even if ``shop`` fails to follow.
``engine``
    runs ``settings`` through ``importlib.reload`` and our own ``loader``, which runs that one
    statement. 0.2 is not 0.19, so the reasons have come true, and ``shop`` has its turn. Were these
    functions or classes, ``patch`` would carry them into those of before; ``transaction`` is told of
    each write. Last, a notebook that said ``from shop import LABEL`` gets the new one.
``report``
    says it: ``reloaded settings.py (VAT) → shop.py (VAT, LABEL)``.

Each of these rooms begins with what comes in, what goes out and what never happens there; which may
import which is a contract in ``pyproject.toml``. ``notebooks`` makes modules of notebooks, ``workers``
brings edits to other processes, ``explain`` and ``unload`` answer commands.
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
