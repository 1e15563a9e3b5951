"""What statements bind, use and fill, and what a change of one reaches.

In come sources; out come answers about names, statements and objects over all tracked modules.
Nothing here runs or writes.

From a statement to its `Summary`, a file a step:

``reading``
    makes each summary once: ``statements``, definitions (``defining``), ``expressions`` and ``calls``
    are read in a ``scope``, with questions to single nodes (``syntax``) and to names of functions that
    tell what these do (``known``). ``summary`` is what comes out.

From summaries to what a change reaches:

``entry``
    all that is known of one module by its source alone.
``names``, ``imports``
    what names mean and who imports whom, over all modules.
``index``
    who uses what, and the way to everything else.
``walk``
    from a change to the statements that use it: by names, by who runs code (``effects``), and by
    who uses what may be an instance (``uses``). The last goes by ``attributes`` of whatever object,
    by who might hold something of it (``taint``) and does more than make it (``making``). That
    (``question``) is followed (``handling``, in ``frames``) into what code calls (``definitions``).
    ``families`` tells what class statements say.
``filling``
    which statements fill which object, from what single pieces of code fill (``targets``), and what
    methods do that are called for their effect (``orders``).

``tokens`` are the words for code, names and changes.
"""

from .index import Index
from .reading import summarize

__all__ = ["Index", "summarize"]
