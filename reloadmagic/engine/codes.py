"""Code objects compared, paired and moved; nothing of a running session is touched here."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator

from ..live import code_objects
from ..notes import same_value

__all__ = ["Place", "code_pairs", "lambda_pairs", "place_of", "placed", "same_code"]


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
        and old.co_names == new.co_names
        and old.co_varnames == new.co_varnames
        and old.co_freevars == new.co_freevars
        and old.co_cellvars == new.co_cellvars
        and old.co_flags == new.co_flags
        and (old.co_argcount, old.co_posonlyargcount, old.co_kwonlyargcount)
        == (new.co_argcount, new.co_posonlyargcount, new.co_kwonlyargcount)
        and len(old.co_consts) == len(new.co_consts)
        and all(
            same_code(a, b)
            if isinstance(a, types.CodeType) and isinstance(b, types.CodeType)
            else same_value(a, b)
            for a, b in zip(old.co_consts, new.co_consts, strict=True)
        )
    )
