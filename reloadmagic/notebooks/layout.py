"""A notebook's code as one source, and its code objects cell by cell.

In come cells; out go a `Text`, in which each cell is a part, and code that bears its cell's name
and counts its lines. Cells are separated by lines ``# %%``, as many editors do it.
"""

from __future__ import annotations

import ast
import inspect
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from reloadmagic.errors import describe
from reloadmagic.modules import Part, Text, future_flags, is_text, parse, scope_nodes

from .magics import Rules, commented, to_python
from .reading import PYTHON, Cell, NotebookError
from .settings import Settings, Transform

__all__ = ["compile_cells", "lay_out"]

MARKER = "# %%"

DEFINITIONS = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom),
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Pass, ast.Global),
)


# From cells to a text ----------------------------------------------------------------------------


def lay_out(cells: Iterable[Cell], path: str, settings: Settings) -> Text:
    """The cells of the notebook *path* as one text.

    Raises:
        SyntaxError: a cell does not parse; its ``filename`` and ``lineno`` are the cell's own.
        NotebookError: a cell cannot be made Python for another reason.
    """
    lines: list[str] = []
    parts: list[Part] = []
    for cell in cells:
        name = f"cell {cell.number}"
        filename = f"{path}, {name}"
        try:
            source = _python(cell, filename, settings).split("\n")
        except SyntaxError as error:
            error.filename = error.filename or filename
            raise
        except Exception as error:  # a transform is anyone's, and parsing has limits
            raise NotebookError(describe(error), path=path, cell=cell.number) from error
        lines.append(MARKER)
        parts.append(Part(name, filename, len(lines) + 1, len(source)))
        lines += source
    return Text("\n".join([*lines, ""]) if lines else "", parts)


def _python(cell: Cell, filename: str, settings: Settings) -> str:
    source = cell.source.rstrip()
    if cell.tags & settings.skip_tags or (cell.language and cell.language not in PYTHON):
        return "\n".join(commented(source.split("\n")))
    known = settings.known.get(source)
    if known is None:
        known = _parsed(
            to_python(source, Rules(settings.transform, settings.allow)), source, filename, settings
        )
        if len(settings.known) >= 10_000:
            settings.known.clear()
        settings.known[source] = known
    return known


def _parsed(python: str, source: str, filename: str, settings: Settings) -> str:
    """*python*, once it is sure that it parses."""
    try:
        tree = ast.parse(python, filename)
    except SyntaxError:
        rescued = _transformed_as_whole(source, settings.transform)
        if rescued is None:
            raise
        python, tree = rescued, parse(rescued, filename)
    if settings.notebook_import == "definitions":
        return _definitions(python, tree.body)
    return python


def _transformed_as_whole(source: str, transform: Transform | None) -> str | None:
    """Python for a cell with prompts in it, or indented; None where it must be wrong."""
    if transform is None:
        return None
    blank = len(source) - len(source.lstrip("\n"))
    try:
        python = "\n" * blank + transform(source.lstrip("\n")).rstrip("\n")
        parse(python)
    except Exception:  # noqa: BLE001 - a transform is the user's to extend; the plain error is what counts
        return None
    return python if python.count("\n") <= source.count("\n") else None


def _definitions(python: str, body: list[ast.stmt]) -> str:
    """*python* with everything commented out but definitions, imports and assignments."""
    lines = python.split("\n")
    kept = {n for node in body if _defines(node) for n in _lines_of(node)}
    for node in body:
        if not _defines(node):
            span = _lines_of(node)
            if kept.isdisjoint(span):
                lines[span[0] : span[-1] + 1] = commented(lines[span[0] : span[-1] + 1])
            else:
                _blank(lines, node)
    return "\n".join(lines)


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno - 1, node.end_lineno or node.lineno)


def _blank(lines: list[str], node: ast.stmt) -> None:
    """Put ``0`` for a statement that shares a line with one that stays."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset or 0 :].decode()
    lines[first : last + 1] = [*[""] * (last - first), head + "0" + tail]


def _defines(node: ast.stmt) -> bool:
    """Is the statement a definition, or a choice between definitions?"""
    if isinstance(node, DEFINITIONS) or type(node).__name__ == "TypeAlias":
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    if isinstance(node, ast.If):
        return _is_main_guard(node) or all(map(_defines, [*node.body, *node.orelse]))
    if isinstance(node, ast.Try):
        handlers = [part for handler in node.handlers for part in handler.body]
        return all(map(_defines, [*node.body, *handlers, *node.orelse, *node.finalbody]))
    return False


def _is_main_guard(node: ast.If) -> bool:
    """``if __name__ == "__main__"`` does not run anyhow, and stays as it is."""
    return ast.unparse(node.test) == "__name__ == '__main__'" and not node.orelse


# From trees to code ------------------------------------------------------------------------------


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
