"""Sources read, compiled and shown: through the loaders of their modules, which may have a say in it.

In come loaders and the paths of files; out go `Source`s and code objects. Nothing runs here.
"""

from __future__ import annotations
import __future__

import ast
import linecache
import os
import types
from collections.abc import Callable, Iterable
from typing import Any

from .errors import SourceError
from .loader import MERGE_HOOK, compiles_as_usual
from .parsing import decode_source, file_lines, is_text, place_of_error
from .source import Source, Statement, Text
from .source.scopes import scope_nodes
from .stamps import Stamp, stamp_of

__all__ = [
    "compile_statements",
    "compile_tree",
    "decoder",
    "insert_merge_hook",
    "read_source",
    "show_parts",
    "show_source",
    "source_of",
]


def decoder(loader: Any) -> Any:
    """How a loader's bytes become source text: its ``decode_source`` if it has one, else PEP 263."""
    return getattr(loader, "decode_source", None) or decode_source


def show_parts(text: str, path: str) -> None:
    """Have tracebacks, inspect and debuggers show a text of parts for the file *path* and these."""
    if not isinstance(text, Text):
        return
    lines = text.split("\n")
    _show(path, lines[:-1])
    for part in text.parts:
        _show(part.filename, lines[part.lineno - 1 : part.lineno - 1 + part.length])


def show_source(source: Source) -> None:
    """Let tracebacks and `inspect` show *source*, which runs, until its file is saved again.

    `linecache` trusts an entry for as long as the file has the size and mtime that stand in it.
    """
    if source.parts:
        return  # shown as its code was moved to their lines
    try:
        stat = os.stat(source.path)
    except OSError:
        return
    lines = file_lines(source.text)
    linecache.cache[source.path] = (stat.st_size, stat.st_mtime, lines, source.path)


def _show(filename: str, lines: list[str]) -> None:
    shown = [f"{line}\n" for line in lines]
    # Without an mtime, linecache never asks the file, in which something else would be found.
    linecache.cache[filename] = (sum(map(len, shown)), None, shown, filename)


def read_source(loader: Any, path: str, *, warn: bool = False) -> tuple[Stamp | None, Source]:
    """The file's stamp, taken before its bytes are read, and the source they hold.

    With *warn*, Python's warnings are shown, as at an import.

    Raises:
        OSError: the file cannot be read.
        SourceError: it cannot be decoded or parsed.
    """
    stamp = stamp_of(path)
    return stamp, source_of(loader, loader.get_data(path), path, warn=warn)


def source_of(loader: Any, data: bytes, path: str, *, warn: bool = False) -> Source:
    """The source that *data*, the bytes of the file *path*, holds; *warn* as for `read_source`.

    Raises:
        SourceError: it cannot be decoded or parsed.
    """
    source = Source.read(data, path, decode=decoder(loader), warn=warn)
    source.loader = loader
    return source


def compile_statements(
    loader: Any,
    source: Source,
    statements: Iterable[Statement],
    *,
    merge_hook: bool = False,
    change: Callable[[ast.stmt], None] | None = None,
) -> types.CodeType:
    """Code of some statements of *source*, the same that they have in the whole module.

    *loader* compiles them if it is not known which one *source* was read by. *merge_hook*:
    functions of the module's own scope that have decorators get one more, innermost, which is
    looked up as `MERGE_HOOK` among the builtins. *change* may change each node before.

    Raises:
        SourceError: a statement parses but does not compile (``return`` outside a function).
    """
    body: list[ast.stmt] = []
    whole = False
    for statement in statements:
        nodes = statement.parse()
        whole = whole or statement.fragment.kind in {"doc", "future"}
        body += nodes
    for node in body if change is not None else ():
        change(node)  # type: ignore[misc]
    if merge_hook:
        insert_merge_hook(body)
    imports = source.imports()
    if not whole and body:
        hidden: ast.stmt | None = None
        if imports:
            hidden = ast.If(test=ast.Constant(0), body=list(imports), orelse=[])
        elif is_text(body[0]):
            hidden = ast.Pass()  # or it would be the docstring
        if hidden is not None:
            body.insert(0, _at_line(hidden, body[0].lineno))
    tree = ast.Module(body=body, type_ignores=[])
    tree.text = source.text  # type: ignore[attr-defined]  # for loaders, see Text
    return compile_tree(source.loader or loader, tree, source.path, source.flags)


def _at_line(node: ast.stmt, lineno: int) -> ast.stmt:
    """A statement that no source holds, and its test, where they have no width."""
    for new in (node, getattr(node, "test", node)):
        new.lineno = new.end_lineno = lineno
        new.col_offset = new.end_col_offset = 0
    return node


def compile_tree(loader: Any, tree: ast.Module, path: str, flags: int) -> types.CodeType:
    """Compile through the loader where it has a say in the code, as import hooks do.

    Raises:
        SourceError: the tree does not compile.
    """
    to_code = getattr(loader, "source_to_code", None)
    code: types.CodeType
    try:
        if to_code is None or compiles_as_usual(loader):
            code = compile(tree, path, "exec", flags=flags, dont_inherit=True)
            return code
        if flags and not _has_future(tree):
            names = [
                name
                for name in __future__.all_feature_names
                if getattr(__future__, name).compiler_flag & flags
            ]
            future = ast.ImportFrom(
                module="__future__", names=[ast.alias(name) for name in names], level=0
            )
            ast.fix_missing_locations(ast.Module(body=[future], type_ignores=[]))
            tree.body.insert(0, future)
        code = to_code(tree, path)
        return code
    except SyntaxError as error:
        raise SourceError(
            f"{type(error).__name__}: {error.msg}",
            path=place_of_error(error, path),
            lineno=error.lineno or 0,
            colno=error.offset or 0,
            line=(error.text or "").rstrip("\n"),
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"{type(error).__name__}: {error}", path=path) from error


def _has_future(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body
    )


def insert_merge_hook(body: Iterable[ast.stmt]) -> None:
    """Give each decorated function of the module's own scope one more decorator, the innermost."""
    for node in scope_nodes(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            last = node.decorator_list[-1]
            hook = ast.copy_location(ast.Name(id=MERGE_HOOK, ctx=ast.Load()), last)
            node.decorator_list.append(hook)
