"""New definitions into live objects.

In come pairs: what a statement bound when it last ran, and what it binds now. Out goes the object
that stays, which the name must be bound to. By hand, for a function, it is one line::

    old.__code__ = new.__code__

and everyone who holds ``old`` runs the new code. The rest of this room is what else belongs to a
function, the same for every other kind of object (a file each; `classes` has several), and what to
do where CPython does not allow it: the new object stays, whoever can be told is told at once, and
one pass over the heap at the end (`references`) tells everyone else. What stays in place of what is
in the books of the `patcher`, its `partners`.

Two words recur. A *twin* is the object that the new run made beside one that stays: a second class
of the same name, say. To *redirect* is to give the holders of one object the other.

What never happens here: running the user's code, comparing the user's values, or a write that the
`Transaction` does not know of. (Objects that the run itself has just made are written to directly:
if it is rolled back, nobody holds them.)
"""

from .abstract import snapshot_registry
from .closures import patch_closures
from .held import holders, live_functions
from .kept import Kept
from .made import Made
from .patcher import Patcher

__all__ = [
    "Kept",
    "Made",
    "Patcher",
    "holders",
    "live_functions",
    "patch_closures",
    "snapshot_registry",
]
