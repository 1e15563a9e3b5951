"""Hash tables: entries are found again where instances of a class have come to hash otherwise.

A dict or a set keeps for each key the hash that it had when it came in. After an edit of
``__hash__``, or of the fields that a dataclass hashes, no look-up would lead there any more. So
tables are filled anew, once the new code is in: keys hash and compare by it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..live import find_class
from ..patch import holders
from ..patch.inside import subclasses, type_name
from ..transaction import is_exactly, is_kind, lookup

if TYPE_CHECKING:
    from .state import State

__all__ = ["put_tables_in_order"]

# How many layers of keys are looked through: an instance in a tuple in a tuple.
_ROUNDS = 3


def put_tables_in_order(state: State) -> list[str]:
    """Find the entries of all dicts and sets by the hashes that keys have now; what could not be.

    For the end of a set of modules.
    """
    if not state.patcher.unkeyed and not state.edited_classes:
        return []
    unfit = {id(table): table for table, _ in state.patcher.unkeyed}
    stays = {id(former): new for _, pairs in state.patcher.unkeyed for former, new in pairs}
    classes = list(_hashed_otherwise(state))
    if classes:
        ours = set(map(id, (*state.transaction.owned(), *state.patcher.owned())))
        tables = (table for table in _tables_with(classes) if id(table) not in ours)
        unfit |= {id(table): table for table in tables}
    errors = [(table, _fill_again(state, table, stays)) for table in unfit.values()]
    return [
        f"the keys of a {type_name(table)} are in the order of former hashes: {error!r}"
        for table, error in errors
        if error is not None
    ]


def _hashed_otherwise(state: State) -> Iterator[type]:
    """The classes of the set whose instances hash otherwise now, if they hash at all."""
    if not state.edited_classes:
        return
    for token in state.effects.actual:
        if token[0] == "code" and token[1] in state.active and token[2].endswith(".__hash__"):
            owner = token[2].rpartition(".")[0]
            cls = find_class(state.tracked[token[1]].namespace, owner)
            way = None if cls is None else lookup(cls, "__hash__")
            if cls is not None and way is not None:
                yield cls
                yield from (child for child in subclasses(cls) if lookup(child, "__hash__") is way)


def _tables_with(classes: list[type]) -> Iterator[Any]:
    """The dicts and sets with instances of *classes* among their keys, or in keys."""
    ids = set(map(id, classes))
    found = [v for v in gc.get_referrers(*classes) if id(type(v)) in ids]
    keys = set(map(id, found))
    tables: list[Any] = []
    for _ in range(_ROUNDS):
        if not found:
            break
        around = holders(found)
        tables += [h for h in around if is_kind(h, dict, set)]
        found = [h for h in around if is_exactly(h, tuple, frozenset) and id(h) not in keys]
        keys.update(map(id, found))
    return (table for table in tables if not keys.isdisjoint(map(id, _keys(table))))


def _keys(table: Any) -> Iterable[object]:
    return dict.keys(table) if is_kind(table, dict) else set.__iter__(table)


def _fill_again(state: State, table: Any, stays: dict[int, Any]) -> Exception | None:
    """Fill *table* with what it holds; the user's error, and *table* untouched, if there is one."""
    keys = [stays.get(id(key), key) for key in _keys(table)]
    contents: Any
    try:
        if is_kind(table, set):
            contents = set(keys)
        else:
            contents = dict(zip(keys, dict.values(table), strict=True))
    except Exception as error:  # noqa: BLE001 - __hash__ and __eq__ are the user's
        return error
    state.transaction.fill_anew(table, contents)
    return None
