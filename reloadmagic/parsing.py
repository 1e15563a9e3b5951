"""Texts parsed without a word: the trees, and what errors in them are called.

In come texts; out go trees as `ast` gives them. Python's warnings are shown by whoever parses the
whole of a file for an import, and by nothing here.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import importlib.util
import io
import re
import warnings
from collections.abc import Iterable, Iterator

__all__ = [
    "decode_source",
    "describe_syntax_error",
    "file_lines",
    "first_line",
    "future_flags",
    "is_text",
    "line_of_byte",
    "parse",
    "place_of_error",
    "undecodable",
    "unwarned",
]

_MAY_WARN = re.compile(r"\\|\d(?:and|else|for|i[fns]|not|or)\b")


def decode_source(data: bytes) -> str:
    """`importlib.util.decode_source`, without its search for what nearly no file has.

    Raises:
        UnicodeDecodeError, SyntaxError: as there.
    """
    end = data.find(b"\n", data.find(b"\n") + 1)  # of the lines that may declare an encoding
    declares = b"coding" in (data if end < 0 else data[:end]) or data.startswith(codecs.BOM_UTF8)
    if declares or b"\r" in data:
        return importlib.util.decode_source(data)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return importlib.util.decode_source(data)  # which says what is wrong


@contextlib.contextmanager
def unwarned() -> Iterator[None]:
    """Within it, parsing shows no warnings, of escapes that are none above all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def parse(text: str, path: str = "<unknown>") -> ast.Module:
    """The tree of a text that is parsed in other places too, which give its warnings.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `ast.parse`.
    """
    # Looked for, as leaving them out makes Python forget which warnings it has shown.
    if not _MAY_WARN.search(text):
        return ast.parse(text, path)
    with unwarned():
        return ast.parse(text, path)


def place_of_error(error: SyntaxError, path: str) -> str:
    """The part of the file *path* that the error is in, if it says so, else *path*."""
    name = error.filename
    return name if isinstance(name, str) and name.startswith(path) else path


def describe_syntax_error(error: SyntaxError) -> str:
    """What is wrong, with the name of the error: ``SyntaxError: expected ':'``."""
    return f"{type(error).__name__}: {error.msg}"


def undecodable(data: bytes, error: SyntaxError) -> UnicodeDecodeError | None:
    """What *error* is about that a look for the encoding of *data* raised, if it was no UTF-8."""
    if not error.lineno and "encoding declaration" in str(error.msg):
        try:
            data.decode()
        except UnicodeDecodeError as wrong:
            return wrong
    return None


def line_of_byte(error: UnicodeDecodeError) -> int:
    """The 1-based line of the byte that could not be decoded."""
    return error.object.count(b"\n", 0, error.start) + 1


def future_flags(names: Iterable[str]) -> int:
    """The compiler flags of features that ``from __future__ import`` gives; others are left out."""
    import __future__

    flags = 0
    for name in names:
        flags |= getattr(getattr(__future__, name, None), "compiler_flag", 0)
    return flags


def file_lines(text: str) -> list[str]:
    """The lines of a file as the parser counts them, with their ends: a form feed ends none."""
    return io.StringIO(text).readlines()


def first_line(node: ast.stmt) -> int:
    """The line that a statement starts on, that of the first decorator where there is one."""
    decorators = getattr(node, "decorator_list", None)
    return min([node.lineno, *(d.lineno for d in decorators)]) if decorators else node.lineno


def is_text(node: ast.stmt) -> bool:
    """Is it a string that stands alone: a docstring where it comes first?"""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
