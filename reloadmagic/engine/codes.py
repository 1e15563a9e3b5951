"""Code objects compared, paired and moved; nothing of a running session is touched here."""

from __future__ import annotations
import __future__

import dis
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

from ..live import code_objects
from ..plain import same_value

__all__ = [
    "Place",
    "code_pairs",
    "docstring_of",
    "lambda_pairs",
    "place_of",
    "placed",
    "same_code",
    "same_when_called",
    "static_attributes",
]

_HAS_DOCSTRING = 0x4000000  # CO_HAS_DOCSTRING, since Python 3.14


Place = tuple[str, str, int, bytes]


def placed(code: types.CodeType, filename: str, delta: int) -> types.CodeType:
    """*code* and all code nested in it, *delta* lines further down, in the file *filename*."""
    constants = tuple(
        placed(constant, filename, delta) if isinstance(constant, types.CodeType) else constant
        for constant in code.co_consts
    )
    return code.replace(
        co_filename=filename, co_firstlineno=code.co_firstlineno + delta, co_consts=constants
    )


def place_of(code: types.CodeType) -> Place:
    """Where a code object stands: its name, its file, its first line and its positions from there."""
    return code.co_qualname, code.co_filename, code.co_firstlineno, code.co_linetable


def code_pairs(old: types.CodeType, new: types.CodeType) -> dict[Place, types.CodeType]:
    """For the place of each code object nested in *old*, the one that stands for it in *new*.

    Both must be compiled from the same tree, laid out in two ways.
    """
    pairs = zip(code_objects(old), code_objects(new), strict=False)
    return {place_of(was): now for was, now in pairs if was.co_qualname == now.co_qualname}


def lambda_pairs(old: types.CodeType, new: types.CodeType) -> dict[Place, types.CodeType]:
    """`code_pairs` of the lambdas alone that are in no function: of what only has equal ones there."""
    return {place_of(was): now for was, now in zip(_lambdas(old), _lambdas(new), strict=False)}


def _lambdas(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if not isinstance(constant, types.CodeType):
            continue
        if constant.co_name == "<lambda>":
            yield constant
        elif not constant.co_flags & inspect.CO_OPTIMIZED or constant.co_name.startswith(
            "<generic"
        ):
            yield from _lambdas(constant)  # a class body, or what stands around it


def same_code(old: types.CodeType, new: types.CodeType) -> bool:
    """Do both do the same? Positions do not count."""
    if old is new:
        return True
    return (
        old.co_code == new.co_code
        and _same_variables(old, new)
        and old.co_names == new.co_names
        and len(old.co_consts) == len(new.co_consts)
        and all(map(_same_constant, old.co_consts, new.co_consts))
    )


def same_when_called(old: types.CodeType, new: types.CodeType) -> bool:
    """Does calling both do the same? Their docstrings are no part of that."""
    if same_code(old, new):
        return True
    if docstring_of(old) == docstring_of(new) or not _same_variables(old, new):
        return False
    # A docstring takes a place among the constants, by which the code finds them.
    ours, theirs = list(dis.get_instructions(old)), list(dis.get_instructions(new))
    return len(ours) == len(theirs) and all(
        a.opcode == b.opcode and _same_constant(a.argval, b.argval)
        for a, b in zip(ours, theirs, strict=True)
    )


def docstring_of(code: types.CodeType) -> str | None:
    """The docstring of the function that *code* is of."""
    first = code.co_consts[0] if code.co_consts else None
    is_said = code.co_flags & _HAS_DOCSTRING if sys.version_info >= (3, 14) else True
    return first if isinstance(first, str) and is_said and code.co_name[0] != "<" else None


def static_attributes(code: types.CodeType) -> tuple[str, ...]:
    """What the code of a class statement says, from Python 3.13 on, that its methods set of ``self``."""
    loaded: Any = ()
    for instruction in dis.get_instructions(code):
        if instruction.argval == "__static_attributes__":
            return tuple(loaded)
        loaded = instruction.argval
    return ()


def _same_variables(old: types.CodeType, new: types.CodeType) -> bool:
    flags = old.co_flags ^ new.co_flags
    return (
        old.co_varnames == new.co_varnames
        and old.co_freevars == new.co_freevars
        and old.co_cellvars == new.co_cellvars
        and flags & ~(__future__.annotations.compiler_flag | _HAS_DOCSTRING) == 0
        and (old.co_argcount, old.co_posonlyargcount, old.co_kwonlyargcount)
        == (new.co_argcount, new.co_posonlyargcount, new.co_kwonlyargcount)
    )


def _same_constant(a: Any, b: Any) -> bool:
    if isinstance(a, types.CodeType) and isinstance(b, types.CodeType):
        return same_code(a, b)
    return same_value(a, b)
