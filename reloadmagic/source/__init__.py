"""Sources: texts of modules, cut into the statements that the other rooms compare, plan and run.

In come the bytes of a file; out goes a `Source`. Nothing here executes code of the user's.

``source``
    a version of a module's source, read anew or from the version before: then only what stands
    between the first and the last changed line is parsed (``between``, ``alike``).
``statements``
    what a source consists of. Versions share the fragments of statements that an edit left alone.
``anatomy``
    what a statement means, function by function, comments and layout left out.
``scopes``
    what runs in the scope of a module, and the names that it binds.
``parts``
    texts that are shown as several files: the cells of a notebook.
"""

from __future__ import annotations

from .parts import Part, Text
from .source import Source
from .statements import Fragment, Statement

__all__ = ["Fragment", "Part", "Source", "Statement", "Text"]
