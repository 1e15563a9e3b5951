"""Why things are as they are: answers about a `Reloader`'s modules for whoever asks.

In come names, as a person would type them; out go values that say themselves as text. Nothing is
reloaded, imported or written here: files are looked at, and the index of who uses what is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cells import CellLog, StaleCell
    from .diffs import SourceDiff, source_diffs
    from .explanations import Explanation, explain
    from .finding import UnknownName
    from .graph import Graph, Node, module_graph
    from .plans import plan_text

__all__ = [
    "CellLog",
    "Explanation",
    "Graph",
    "Node",
    "SourceDiff",
    "StaleCell",
    "UnknownName",
    "explain",
    "module_graph",
    "plan_text",
    "source_diffs",
]

_HOMES = {
    "CellLog": "cells",
    "Explanation": "explanations",
    "Graph": "graph",
    "Node": "graph",
    "SourceDiff": "diffs",
    "StaleCell": "cells",
    "UnknownName": "finding",
    "explain": "explanations",
    "module_graph": "graph",
    "plan_text": "plans",
    "source_diffs": "diffs",
}


def __getattr__(name: str) -> Any:
    """Each answer is imported by who asks for it: a reload asks about cells alone."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
