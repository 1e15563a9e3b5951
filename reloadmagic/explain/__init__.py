"""Why things are as they are: answers about a `Reloader`'s modules for whoever asks.

In come names, as a person would type them; out go values that say themselves as text. Nothing is
reloaded, imported or written here: files are looked at, and the index of who uses what is asked.
"""

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
