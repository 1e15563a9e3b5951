"""Functions that other functions made: closures, and inner functions held somewhere.

In come the functions whose code a reload has replaced; out go new code objects for what their old
code had made before. A nested code object stands for the one of the same qualname, in order. All
live functions of a module are found in one pass, as the referrers of its namespace.
"""

from __future__ import annotations

import types
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..transaction import Transaction
from .held import live_functions

__all__ = ["patch_closures"]

Same = Callable[[types.CodeType, types.CodeType], bool]
Named = Callable[[dict[str, Any]], Iterable[types.FunctionType]]
Pair = tuple[types.CodeType, types.CodeType]
"""A code object, and the one that stands for it now."""


@dataclass(slots=True)
class _Replaced:
    """Code objects that were replaced, by their ``id`` and by namespace and qualname.

    Attributes:
        homes: the namespaces of their functions, by ``id``.
    """

    pairs: dict[int, Pair] = field(default_factory=dict)
    by_name: dict[tuple[int, str], list[Pair]] = field(default_factory=lambda: defaultdict(list))
    homes: dict[int, dict[str, Any]] = field(default_factory=dict)

    def add(self, home: dict[str, Any], found: Iterable[Pair]) -> None:
        """Note what was replaced in a function of the namespace *home*."""
        self.homes[id(home)] = home
        for old, new in found:
            if id(old) not in self.pairs:
                self.pairs[id(old)] = old, new
                self.by_name[id(home), old.co_qualname].append((old, new))


def patch_closures(transaction: Transaction, same: Same, named: Named) -> list[str]:
    """Give functions made by replaced code the code that would be made now; what could not be.

    *same* tells whether two code objects do the same; where all nested ones do, only those that
    can be reached by names (*named*, for a namespace) are looked for, as lines alone are not worth
    a pass over the heap.
    """
    replaced = list(transaction.replaced_code())
    outer = [
        (function, found)
        for function, before in replaced
        if (found := [p for p in nested_pairs(before, function.__code__) if p[0] is not p[1]])
    ]
    if not outer:
        return []
    edited, moved = _Replaced(), _Replaced()
    for function, found in outer:
        into = moved if all(same(old, new) for old, new in found) else edited
        into.add(function.__globals__, found)
    if moved.pairs:
        # One that got other code itself is where it stands: others may look just like it.
        done = {id(function) for function, _ in replaced}
        functions = (f for home in moved.homes.values() for f in named(home) if id(f) not in done)
        _move(transaction, moved, functions, same)
    return _replace(transaction, edited, same) if edited.pairs else []


def _move(
    transaction: Transaction,
    moved: _Replaced,
    functions: Iterable[types.FunctionType],
    same: Same,
) -> None:
    """Let *functions* whose code only moved stand where it stands now."""
    for function in list(functions):
        code = _new_code(function, moved, same)
        if code is not None and same(code, function.__code__):
            transaction.set_code(function, code)


def _replace(transaction: Transaction, replaced: _Replaced, same: Same) -> list[str]:
    """Look for all functions with code that was replaced; which ones have to keep theirs."""
    leftovers: list[str] = []
    for function in live_functions(*replaced.homes.values()):
        code = _new_code(function, replaced, same)
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
    function: types.FunctionType, replaced: _Replaced, same: Same
) -> types.CodeType | None:
    """The code to stand for that of *function*; None if that was not made by replaced code.

    A closure may be older than the last version, by lines at least: then it is known by its name
    in its module, where that is the only one, or by doing the same.
    """
    code = function.__code__
    found = replaced.pairs.get(id(code))
    if found is not None:
        return found[1]
    candidates = replaced.by_name.get((id(function.__globals__), code.co_qualname), [])
    if any(new is code for _, new in candidates):
        return None
    alike = [new for old, new in candidates if same(old, code)]
    return alike[0] if len(alike) == 1 else None
