"""The one way to write to live objects, and the way back.

In come single writes: to a namespace, a function, a class, an instance, a cell. Each is made at
once and what was there before goes into a log, so that `Transaction.rollback` leaves every object
as it was, by identity, content and order. What never happens here: a decision on what to write,
and a call of the user's ``__setattr__``, ``__eq__`` or ``__hash__``. Reads and writes go through
the methods of the built-in types, whatever a subclass or a metaclass overrides.
"""

from ..absent import ABSENT, EMPTY
from .log import Transaction
from .reading import (
    FUNCTION_SLOTS,
    hashes_plainly,
    instance_dict,
    is_exactly,
    is_kind,
    lookup,
    lookup_c,
    mro,
    own_dict,
    raw_dict,
    read_attr,
    read_cell,
    slot_values,
    type_slot,
)

__all__ = [
    "ABSENT",
    "EMPTY",
    "FUNCTION_SLOTS",
    "Transaction",
    "hashes_plainly",
    "instance_dict",
    "is_exactly",
    "is_kind",
    "lookup",
    "lookup_c",
    "mro",
    "own_dict",
    "raw_dict",
    "read_attr",
    "read_cell",
    "slot_values",
    "type_slot",
]
