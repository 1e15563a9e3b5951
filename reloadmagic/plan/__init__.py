"""What to do to each module, in which order, and why.

In come `Change`s and the index of who uses what; out goes a `Plan`. Planning reads; it never
imports, runs or writes. It is pessimistic: a statement is planned if it *may* be reached, with the
tokens (`reach.tokens`) that would reach it. What runs in the end is decided by the engine, by what
really changed. What groups there are is found out here, and for whose sake each may run: it has to
start with its first statement.

The walk of one plan, a file a stop:

``planner``
    the `Planner`, which walks the others in order.
``before``, ``reordering``
    what the old sources filled and set, and in which order, taken before the index gets the new
    ones, where functions may fill others by then (``refilling``); attributes that they set on
    objects may go alone (``outside``).
``seeds``
    what the edits themselves say: statements edited, added, dropped, reordered. Definitions that
    went to another module keep their objects (``moved``).
``propagation``
    from there to all that may have to run: by what a statement may have changed once it has run
    (``produces``), by the ``groups`` that it belongs to or sees ``halfway``, less what a class
    statement keeps (``keeping``), in the ``order`` in which statements run; what is pinned stays
    (``pins``).
``changesets``
    which modules succeed or fail together.

``values`` are what goes out.
"""

from .planner import Planner
from .values import (
    OWN_REASONS,
    Causes,
    Changeset,
    Given,
    Grouped,
    Halfway,
    ModulePlan,
    Plan,
    Recoded,
    Step,
)

__all__ = [
    "OWN_REASONS",
    "Causes",
    "Changeset",
    "Given",
    "Grouped",
    "Halfway",
    "ModulePlan",
    "Plan",
    "Planner",
    "Recoded",
    "Step",
]
