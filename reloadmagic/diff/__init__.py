"""What an edit did to a source: statements paired, definitions compared.

In come two `Source`s of one module; out goes a `Diff`. Comments, blank lines, position and order
change nothing here; that order matters inside a group is for `reach` to know.

``pairing``
    which statement of the new source stands for which of the old one, and how they differ.
``classes``
    what differs between two versions of one class statement, name by name.

``values`` are what goes out.
"""

from .classes import ClassDiff, diff_class_texts, differs_in_words
from .pairing import diff_sources
from .values import BodyEdit, Diff, Pair

__all__ = [
    "BodyEdit",
    "ClassDiff",
    "Diff",
    "Pair",
    "diff_class_texts",
    "diff_sources",
    "differs_in_words",
]
