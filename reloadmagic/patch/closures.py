"""Functions that other functions made: closures, and inner functions held somewhere.

In come the functions whose code a reload has replaced; out go new code objects for what their old
code had made before. A nested code object stands for the one of the same qualname, in order. All
live functions of a module are found in one pass, as the referrers of its namespace.
"""

from __future__ import annotations

import types
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..transaction import Transaction
from .held import live_functions

__all__ = ["patch_closures"]

Same = Callable[[types.CodeType, types.CodeType], bool]
Named = Callable[[dict[str, Any]], Iterable[types.FunctionType]]
Pairs = dict[int, tuple[types.CodeType, types.CodeType]]
"""By the ``id`` of a code object: that one, and the one that stands for it now."""


def patch_closures(transaction: Transaction, same: Same, named: Named) -> list[str]:
    """Give functions made by replaced code the code that would be made now; what could not be.

    *same* tells whether two code objects do the same; where all nested ones do, only those that
    can be reached by names (*named*, for a namespace) are looked for, as lines alone are not worth
    a pass over the heap.
    """
    pairs: Pairs = {}
    namespaces: dict[int, dict[str, Any]] = {}
    moved: Pairs = {}
    homes: dict[int, dict[str, Any]] = {}
    for function, before in transaction.replaced_code():
        found = [pair for pair in nested_pairs(before, function.__code__) if pair[0] is not pair[1]]
        if all(same(old, new) for old, new in found):
            into, within = moved, homes
        else:
            into, within = pairs, namespaces
        into.update((id(old), (old, new)) for old, new in found)
        within[id(function.__globals__)] = function.__globals__
    if moved:
        _move(transaction, moved, (f for home in homes.values() for f in named(home)), same)
    return _replace(transaction, pairs, namespaces.values(), same) if pairs else []


def _move(
    transaction: Transaction, moved: Pairs, functions: Iterable[types.FunctionType], same: Same
) -> None:
    """Let *functions* whose code only moved stand where it stands now."""
    by_name = _by_name(moved)
    for function in list(functions):
        code = _new_code(function.__code__, moved, by_name, same)
        if code is not None and same(code, function.__code__):
            transaction.set_code(function, code)


def _replace(
    transaction: Transaction, pairs: Pairs, homes: Iterable[dict[str, Any]], same: Same
) -> list[str]:
    """Look for all functions with code that was replaced; which ones have to keep theirs."""
    by_name = _by_name(pairs)
    leftovers: list[str] = []
    for function in live_functions(*homes):
        code = _new_code(function.__code__, pairs, by_name, same)
        if code is None or code is function.__code__:
            continue
        if code.co_freevars == function.__code__.co_freevars:
            transaction.set_code(function, code)
        else:
            leftovers.append(
                f"{code.co_qualname}, made before the edit, closes over other variables now "
                "and keeps its old code"
            )
    return list(dict.fromkeys(leftovers))


def _by_name(pairs: Pairs) -> dict[str, list[tuple[types.CodeType, types.CodeType]]]:
    found: dict[str, list[tuple[types.CodeType, types.CodeType]]] = defaultdict(list)
    for pair in pairs.values():
        found[pair[0].co_qualname].append(pair)
    return found


def nested_pairs(
    old: types.CodeType, new: types.CodeType
) -> Iterator[tuple[types.CodeType, types.CodeType]]:
    """Code objects nested in *old*, each with the one that stands for it in *new*."""
    waiting: dict[str, list[types.CodeType]] = defaultdict(list)
    for code in nested(new):
        waiting[code.co_qualname].append(code)
    for code in nested(old):
        found = waiting.get(code.co_qualname)
        if found:
            yield code, found.pop(0)


def nested(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from nested(constant)


def _new_code(
    code: types.CodeType,
    pairs: Pairs,
    by_name: dict[str, list[tuple[types.CodeType, types.CodeType]]],
    same: Same,
) -> types.CodeType | None:
    """The code to stand for *code*; None if it was not made by replaced code.

    A closure may be older than the last version, by lines at least: then it is known by its name,
    where that is the only one, or by doing the same.
    """
    found = pairs.get(id(code))
    if found is not None:
        return found[1]
    candidates = by_name.get(code.co_qualname, [])
    if any(new is code for _, new in candidates):
        return None
    alike = [new for old, new in candidates if same(old, code)]
    return alike[0] if len(alike) == 1 else None
