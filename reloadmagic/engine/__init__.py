"""Runs a `Plan`: statements through importlib, results into live objects, all or nothing.

In comes a plan; out go `Outcome`s. Modules run through ``importlib.reload`` and the project's own
loader, nested where they import each other, one statement at a time. Each result is merged at once
into what the statement bound before, so that later statements see the object that stays. Whether a
planned statement runs is decided when its turn comes, by what really changed until then.

The walk of one reload, a file a stop:

``engine``
    what importlib calls: first imports (``imports``, ``watch``), and reloads by the `Run`. What was
    imported before is taken over (``taking``).
``run``
    set after set of modules, each a transaction: prepare, reload, finish, commit; or roll back
    (``failures``). ``commit`` makes what ran the new baseline and says so (``outcome``).
``reloading``
    one module: snapshots of what its code may write to, importlib, then what its plan says: live
    functions get the code of edited bodies (``bodies``) and their new lines (``lines``), names
    that are gone are dropped (``dropping``), due statements run, with what functions that they
    call import (``late``), annotations follow (``annotations``).
``statements``
    one statement: run it and see what it binds (``recorder``) and, of star-imports, what it would
    bind among modules that import each other (``cycles``), settle what stays (``settling``,
    ``classes``, ``containers`` and their ``contents``, ``sharing``), note what has really changed
    (``noting``). What can do nothing but bind names (``quiet``) is spared the snapshots; what takes
    long is told of (``progress``).
``names``
    the user's own namespaces get what their imports would bind now.

What they share during a run is the `State`; `Effects` are the part of it that decides what is due.
What never happens here: a decision on what an edit may reach, which is the plan's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .engine import Engine

if TYPE_CHECKING:
    from .bodies import is_patchable
    from .names import Namespace
    from .outcome import Definition, Outcome, Ran
    from .progress import Slow

__all__ = ["Definition", "Engine", "Namespace", "Outcome", "Ran", "Slow", "is_patchable"]

_HOMES = {
    "Definition": "outcome",
    "Namespace": "names",
    "Outcome": "outcome",
    "Ran": "outcome",
    "Slow": "progress",
    "is_patchable": "bodies",
}


def __getattr__(name: str) -> Any:
    """What only edits need is imported with the first of them."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
