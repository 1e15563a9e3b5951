"""The code objects of a notebook, cell by cell.

In come statements of its text; out goes code that bears its cell's name and counts its lines, or
that runs such codes one after the other.
"""

from __future__ import annotations

import ast
import inspect
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from reloadmagic.parsing import future_flags, is_text
from reloadmagic.source import Part, Text
from reloadmagic.source.scopes import scope_nodes

__all__ = ["compile_cells"]


def compile_cells(tree: ast.Module, text: Text, path: str) -> types.CodeType:
    """Code of statements of *text*, on whose lines the nodes stand; awaiting is allowed.

    Raises:
        SyntaxError: with the file name and the line of the cell.
    """
    flags = future_flags(_future_names(tree.body)) | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    hidden = [node for node in tree.body if _is_made_up(node)]
    body = [node for node in tree.body if not _is_made_up(node)]
    imports = [node for made in hidden if isinstance(made, ast.If) for node in made.body]
    imports = imports or list(_imports(body))
    codes = [
        _compile_part(nodes, part, flags, imports, text, path)
        for part, nodes in _by_part(body, text)
    ]
    if len(codes) == 1 and not codes[0].co_flags & inspect.CO_COROUTINE:
        return codes[0]
    return _in_a_row(codes)


def _future_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield from (alias.name for alias in node.names)


def _is_made_up(node: ast.stmt) -> bool:
    """Does no source hold the statement? It was put in for the compiler, and has no width."""
    return node.lineno == node.end_lineno and node.col_offset == node.end_col_offset


def _imports(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """What the statements of a cell are to be compiled behind, see `Source.imports`."""
    for node in scope_nodes(body):
        if isinstance(node, ast.Import) or (
            isinstance(node, ast.ImportFrom)
            and node.module != "__future__"
            and node.names[0].name != "*"
        ):
            yield node


def _by_part(body: Iterable[ast.stmt], text: Text) -> list[tuple[Part | None, list[ast.stmt]]]:
    """The statements of each cell, in order."""
    groups: list[tuple[Part | None, list[ast.stmt]]] = []
    for node in body:
        part = text.part_at(node.lineno)
        if not groups or groups[-1][0] is not part:
            groups.append((part, []))
        groups[-1][1].append(node)
    return groups or [(None, [])]


def _compile_part(
    nodes: list[ast.stmt],
    part: Part | None,
    flags: int,
    imports: list[ast.stmt],
    text: Text,
    path: str,
) -> types.CodeType:
    body = _behind(imports, nodes, text)
    tree = ast.Module(body=body, type_ignores=[])
    above = part.lineno - 1 if part is not None else 0
    filename = part.filename if part is not None else path

    def compiled() -> types.CodeType:
        code: types.CodeType = compile(tree, filename, "exec", flags=flags, dont_inherit=True)
        return code

    _move(body, -above)
    code = compiled()
    _move(body, above)
    if not _has_class(nodes):
        return code
    # A class statement stores its line, by which inspect looks into the module's whole text.
    constants = tuple(
        _moved(whole, above) if isinstance(whole, types.CodeType) else own
        for own, whole in zip(code.co_consts, compiled().co_consts, strict=True)
    )
    return code.replace(co_consts=constants)


def _behind(imports: list[ast.stmt], nodes: list[ast.stmt], text: Text) -> list[ast.stmt]:
    """The statements as they compile in the whole module: behind its imports, which do not run."""
    body = list(nodes)
    head = 0
    if nodes and is_text(nodes[0]):
        head = int(_is_first(nodes[0].lineno, text))
        if not head and not imports:
            body.insert(0, ast.copy_location(ast.Pass(), nodes[0]))  # or it would be __doc__
    while head < len(body) and list(_future_names(body[head : head + 1])):
        head += 1
    if imports and nodes:
        test = ast.copy_location(ast.Constant(0), nodes[0])
        names = [_at(node, nodes[0]) for node in imports]
        hidden = ast.If(test=test, body=names, orelse=[])
        body.insert(head, ast.copy_location(hidden, nodes[0]))
    return body


def _is_first(lineno: int, text: Text) -> bool:
    above = text.split("\n")[: lineno - 1]
    return all(not line.strip() or line.startswith("#") for line in above)


def _at(node: ast.stmt, place: ast.stmt) -> ast.stmt:
    """A copy of an import statement that stands where *place* does."""
    assert isinstance(node, ast.Import | ast.ImportFrom)
    names = [ast.copy_location(ast.alias(n.name, n.asname), place) for n in node.names]
    copy: ast.stmt = ast.Import(names=names)
    if isinstance(node, ast.ImportFrom):
        copy = ast.ImportFrom(module=node.module, names=names, level=node.level)
    return ast.copy_location(copy, place)


def _has_class(nodes: list[ast.stmt]) -> bool:
    """Is there a class statement that stores its line, as CPython 3.13 has it?"""
    if sys.version_info < (3, 13):
        return False
    return any(isinstance(node, ast.ClassDef) for root in nodes for node in ast.walk(root))


def _move(body: list[ast.stmt], delta: int) -> None:
    """Move nodes by lines; a node that hangs in two places is moved once."""
    seen: set[int] = set()
    for root in body:
        for node in ast.walk(root):
            if id(node) not in seen and "lineno" in node._attributes:
                seen.add(id(node))
                place: Any = node
                place.lineno += delta
                place.end_lineno += delta


def _moved(code: types.CodeType, above: int) -> types.CodeType:
    constants = tuple(
        _moved(constant, above) if isinstance(constant, types.CodeType) else constant
        for constant in code.co_consts
    )
    return code.replace(co_firstlineno=code.co_firstlineno - above, co_consts=constants)


# Running cells in a row --------------------------------------------------------------------------


def _in_a_row(codes: list[types.CodeType]) -> types.CodeType:
    """Code that runs *codes*, one for each cell, in the namespace that it is run in.

    It takes what it calls from its constants, as any name could be the user's, and is named like
    the frames that importlib takes out of tracebacks.
    """
    values: dict[str, object] = {"exec": exec, "eval": eval}
    calls: list[str] = []
    for number, code in enumerate(codes):
        values[str(number)] = code
        awaits = code.co_flags & inspect.CO_COROUTINE
        if awaits:
            from .waiting import wait_for

            values["wait"] = wait_for
        call = "'wait'.__call__('eval'.__call__({!r}))" if awaits else "'exec'.__call__({!r})"
        calls.append(call.format(str(number)))
    row = compile("\n".join(calls), "<frozen importlib._bootstrap>", "exec", dont_inherit=True)
    constants = tuple(values.get(c, c) if isinstance(c, str) else c for c in row.co_consts)
    return row.replace(co_consts=constants, co_name="_call_with_frames_removed")
