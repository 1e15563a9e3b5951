"""Functions: the old one takes over the code, defaults, closure contents and the rest.

Where the number or the names of the free variables differ, CPython does not let the code be
assigned: the new function stays and the old one forwards to it, for whoever holds it where no
reference can be replaced.
"""

from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any

from ..transaction import FUNCTION_SLOTS
from .inside import cells, read_cell
from .wrappers import carry_attributes, dispatch_pairs

if TYPE_CHECKING:
    from .patcher import Patcher

__all__ = ["forward", "merge_function", "patch_code", "rebuild"]

_TARGET = "<the function that this one forwards to>"


def merge_function(
    patcher: Patcher, old: types.FunctionType, new: types.FunctionType
) -> types.FunctionType:
    """Carry *new* into *old*; returns *new* instead where its code does not fit."""
    if not _fits(old, new.__code__) or old.__globals__ is not new.__globals__:
        return _replace_function(patcher, old, new)
    dispatch_pairs(patcher, old, new)
    patcher.pair(new, old)
    patcher.transaction.snapshot(old)
    for name in FUNCTION_SLOTS:
        value = getattr(new, name)
        if getattr(old, name) is not value:
            patcher.transaction.set_attr(old, name, value)
    # Cells first: a function among the attributes may share them.
    _merge_cells(patcher, old, new, stays=old)
    carry_attributes(patcher, old, new, stays=old)
    return old


def patch_code(patcher: Patcher, function: types.FunctionType, code: types.CodeType) -> bool:
    """Give *function* the code of an edited body; False if its free variables do not fit."""
    if not _fits(function, code):
        return False
    patcher.transaction.set_code(function, code)
    return True


def rebuild(
    patcher: Patcher, function: types.FunctionType, closure: tuple[types.CellType, ...]
) -> types.FunctionType:
    """A copy of *function*, which this run made, over other cells; references to it follow."""
    copy = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, None, closure
    )
    for name in FUNCTION_SLOTS[1:]:
        setattr(copy, name, getattr(function, name))
    vars(copy).update(vars(function))
    patcher.redirect(function, copy)
    return copy


def _fits(function: types.FunctionType, code: types.CodeType) -> bool:
    return function.__code__.co_freevars == code.co_freevars


def _merge_cells(
    patcher: Patcher,
    old: types.FunctionType,
    new: types.FunctionType,
    *,
    stays: types.FunctionType,
) -> None:
    """Closure contents, by name, into the cells of the one that *stays*.

    ``__class__`` is one of them: with slots, a dataclass leaves there what it was made of.
    """
    theirs, ours = cells(new), cells(old)
    for name in theirs.keys() & ours.keys():
        if theirs[name] is ours[name]:
            continue
        if stays is old:
            patcher.pair_cells(theirs[name], ours[name])
        content = read_cell(theirs[name])
        merged = patcher.merge_value(read_cell(ours[name]), content)
        if stays is old:
            patcher.transaction.set_cell(ours[name], merged)
        elif merged is not content:
            theirs[name].cell_contents = merged


def _replace_function(
    patcher: Patcher, old: types.FunctionType, new: types.FunctionType
) -> types.FunctionType:
    forward(patcher, old, new)
    carry_attributes(patcher, old, new, stays=new)
    _merge_cells(patcher, old, new, stays=new)
    return new


def forward(patcher: Patcher, old: types.FunctionType, new: Any) -> None:
    """Let *old* call *new* from now on, and have references to it redirected."""
    patcher.redirect(old, new)
    transaction = patcher.transaction
    transaction.snapshot(old)
    transaction.set_code(old, _forwarder(old, new))
    transaction.set_attr(old, "__defaults__", None)
    transaction.set_attr(old, "__kwdefaults__", None)
    transaction.set_attr(old, "__wrapped__", new)  # for inspect: signature and source
    if type(new) is types.FunctionType:
        for name in ("__doc__", "__name__", "__qualname__", "__module__"):
            transaction.set_attr(old, name, getattr(new, name))


def _forwarder(old: types.FunctionType, new: Any) -> types.CodeType:
    """Code that calls *new*, with as many free variables as *old* has.

    They are named behind the ``return``: the compiler drops that line, but keeps the closure.
    """
    free = old.__code__.co_freevars
    names = [f"v{i:04}" for i in range(len(free))]  # sorted as the compiler sorts them
    is_async = type(new) is types.FunctionType and inspect.iscoroutinefunction(new)
    lines = [
        "def outer():",
        *(f" {name} = None" for name in names),
        f" {'async ' if is_async else ''}def forward(*args, **kwargs):",
        f"  target = {_TARGET!r}",
        f"  return {'await ' if is_async else ''}target(*args, **kwargs)",
        *(f"  {name}" for name in names),
    ]
    module = compile("\n".join(lines), "<reloadmagic>", "exec", dont_inherit=True)
    outer = next(c for c in module.co_consts if type(c) is types.CodeType)
    code = next(c for c in outer.co_consts if type(c) is types.CodeType)
    constants = tuple(new if type(c) is str and c == _TARGET else c for c in code.co_consts)
    return code.replace(co_consts=constants, co_freevars=free, co_name=old.__code__.co_name)
