"""What is reloaded: sources cut into statements, and the modules they belong to.

In come files and modules; out go `Source` values, whose `Statement`s are the units that the other
rooms compare, plan and run, and `TrackedModule`s, which remember what last ran. Nothing here
executes code of the user's.
"""

from __future__ import annotations

import ast
import bisect
import contextlib
import importlib.util
import operator
import os
import re
import site
import sys
import types
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any, Self, TypeVar

from .errors import NoSource, SourceError, describe, let_go

if TYPE_CHECKING:
    from .reach.summary import Summary

try:
    from _blake2 import blake2b  # without OpenSSL, which hashlib loads
except ImportError:
    from hashlib import blake2b

T = TypeVar("T")

__all__ = [
    "Fragment",
    "Ownership",
    "Part",
    "Source",
    "Stamp",
    "Statement",
    "Text",
    "TrackedModule",
    "module_spec",
    "stamp_of",
]


Stamp = tuple[int, int, int]
"""What a file looks like from outside: ``(mtime_ns, size, inode)``. Compared with ``!=``, as clocks
run backwards too."""


def stamp_of(path: str) -> Stamp | None:
    """The stamp of the file at *path* (links followed), None if it is not there."""
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


@dataclass(frozen=True, slots=True)
class FunctionPart:
    """A function of a statement, in its scope or in that of its classes.

    Attributes:
        qualname: ``"Circle.grow"``.
        first, last: lines, the statement's own first line being 1; decorators included.
        body: equal for bodies that mean the same; the docstring is left out.
    """

    qualname: str
    first: int
    last: int
    body: str


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What a statement is made of: its functions, in order, and all but their bodies."""

    skeleton: str
    functions: tuple[FunctionPart, ...]


_MAY_WARN = re.compile(r"\\|\d(?:and|else|for|i[fns]|not|or)\b")


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
    with unwarned() if _MAY_WARN.search(text) else contextlib.nullcontext():
        return ast.parse(text, path)


class Fragment:
    """The text of a statement, on whatever line it stands, and what follows from the text alone.

    Versions of a source share the fragments that an edit left alone, so that what was derived from
    them is derived once.
    """

    __slots__ = ("__weakref__", "_anatomy", "_imports", "binds", "kind", "summary", "text")

    def __init__(self, text: str, nodes: Sequence[ast.stmt]) -> None:
        self.text = text
        self.kind = statement_kind(nodes)
        self.binds: tuple[str, ...] = tuple(dict.fromkeys(bound_names(nodes, text)))
        self.summary: Summary | None = None
        self._anatomy: Anatomy | None = None
        self._imports: tuple[ast.Import | ast.ImportFrom, ...] | None = None

    def parse(self, lineno: int = 1) -> list[ast.stmt]:
        """The statement's nodes as they stand when its first line is *lineno*."""
        nodes = parse(self.text).body
        if lineno != 1:
            for node in nodes:
                ast.increment_lineno(node, lineno - 1)
        return nodes

    @property
    def anatomy(self) -> Anatomy:
        """What the statement is made of, function by function; taken apart at the first call."""
        if self._anatomy is None:
            self._anatomy = dissect(self.parse())
        return self._anatomy

    @property
    def imports(self) -> tuple[ast.Import | ast.ImportFrom, ...]:
        """Its imports in the module's own scope, wherever they stand, without stars."""
        if self._imports is None:
            nodes = self.parse() if "import" in self.text and self.kind != "future" else []
            self._imports = tuple(
                node
                for node in scope_nodes(nodes)
                if isinstance(node, ast.Import)
                or (isinstance(node, ast.ImportFrom) and node.names[0].name != "*")
            )
        return self._imports

    @property
    def key(self) -> object:
        """Equal for fragments that mean the same: comments and layout do not count."""
        anatomy = self.anatomy
        return anatomy.skeleton, tuple(function.body for function in anatomy.functions)

    @property
    def skeleton(self) -> str:
        """As `key`, with the bodies of functions left out (docstrings are data and stay)."""
        return self.anatomy.skeleton

    def __repr__(self) -> str:
        first = self.text.partition("\n")[0]
        return f"<Fragment {first[:40]!r}>"


@dataclass(frozen=True, slots=True)
class Statement:
    """A top-level statement of a source; statements that share a line are one.

    Attributes:
        fragment: its text and what follows from that.
        lineno: 1-based first line, that of the first decorator where there is one.
    """

    fragment: Fragment
    lineno: int

    @property
    def end_lineno(self) -> int:
        """1-based last line."""
        return self.lineno + self.fragment.text.count("\n")

    @property
    def binds(self) -> tuple[str, ...]:
        """The names that running it binds in the module."""
        return self.fragment.binds

    @property
    def label(self) -> str:
        """What a person would call it: ``WIDTH``, ``class Circle``, ``import math``."""
        if self.fragment.kind in {"def", "class"}:
            return f"{self.fragment.kind} {self.binds[0]}"
        if self.fragment.kind == "assign" and self.binds:
            return ", ".join(self.binds)
        first = self.fragment.text.partition("\n")[0].strip()
        if self.fragment.kind == "future":
            first = " ".join(self.fragment.text.split())
        elif first.startswith("from ") and self.binds != ("*",):
            return ", ".join(self.binds)
        return first if len(first) <= 40 else first[:39] + "…"

    def parse(self) -> list[ast.stmt]:
        """Its nodes, with the line numbers that they have in this version."""
        return self.fragment.parse(self.lineno)


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a text that are shown as a file of their own, such as a notebook's cell.

    Attributes:
        name: what it is called within its file: ``cell 3``.
        filename: as tracebacks show it: ``/home/me/helpers.ipynb, cell 3``.
        lineno: 1-based, in the text, of its first line.
        length: in lines.
    """

    name: str
    filename: str
    lineno: int
    length: int


class Text(str):
    """A source made of parts, in order. Code bears the name of its part and counts its lines.

    A loader's ``decode_source`` may return one; to ``source_to_code`` it comes as the tree's
    ``text``.
    """

    __slots__ = ("parts",)

    parts: tuple[Part, ...]

    def __new__(cls, text: str, parts: Iterable[Part] = ()) -> Self:
        """*text*, which consists of *parts*."""
        self = super().__new__(cls, text)
        self.parts = tuple(parts)
        return self

    def part_at(self, lineno: int) -> Part | None:
        """The part that the line belongs to, None if it stands between parts."""
        index = bisect.bisect_right(self.parts, lineno, key=lambda part: part.lineno) - 1
        part = self.parts[index] if index >= 0 else None
        return part if part is not None and lineno < part.lineno + part.length else None


class Source:
    r"""A version of a module's source, cut into statements.

    Attributes:
        path: the file, as tracebacks show it.
        text: decoded, with ``\n`` line ends.
        data: the bytes that it was read from, ``b""`` if unknown.
        digest: of the bytes.
        statements: in order.
        flags: compiler flags of the ``from __future__`` imports.
        loader: that it was read by, which compiles it, whatever loader the module has by then;
            None if unknown.
        codes: the code of statements that ran again by themselves, by position: what one edit
            reaches, the next will.
    """

    __slots__ = (
        "__weakref__", "_imports", "_parts", "_tree",
        "codes", "data", "digest", "flags", "loader", "path", "statements", "text",
    )  # fmt: skip

    def __init__(
        self, path: str, text: str, digest: bytes, statements: tuple[Statement, ...]
    ) -> None:
        self.path = path
        self.text = text
        self.data = b""
        self.digest = digest
        self.statements = statements
        self.flags = 0
        self.loader: Any = None
        self.codes: dict[int, types.CodeType] = {}
        self._imports: list[ast.stmt] | None = None
        self._tree: ast.Module | None = None
        self._parts: dict[str, Part] | None = None
        for statement in statements:
            if statement.fragment.kind == "future":
                for node in statement.fragment.parse():
                    if isinstance(node, ast.ImportFrom):
                        self.flags |= future_flags(alias.name for alias in node.names)

    @classmethod
    def read(
        cls,
        data: bytes,
        path: str,
        *,
        previous: Source | None = None,
        decode: Callable[[bytes], str] = importlib.util.decode_source,
        warn: bool = False,
    ) -> Source:
        """The source that *data*, the bytes of the file *path*, holds.

        *previous* is an older version, whose fragments are used again: only what stands between
        the first and the last changed line is parsed, where that is sound. Python's warnings are
        shown if *warn* says so, as at an import.

        Raises:
            SourceError: the bytes cannot be decoded or parsed.
        """
        digest = content_digest(data)
        try:
            with contextlib.nullcontext() if warn else unwarned():
                text = decode(data)
                statements = previous and _parse_between(previous, text)
                tree = None
                if not statements:
                    # What made parts of the text has parsed these.
                    tree = (parse if isinstance(text, Text) else ast.parse)(text, path)
                    statements = _cut(text, tree.body)
        except SyntaxError as error:
            raise SourceError(
                describe_syntax_error(error),
                path=place_of_error(error, path),
                lineno=error.lineno or 0,
                colno=error.offset or 0,
                line=(error.text or "").rstrip("\n"),
            ) from error
        except NoSource as error:
            reason = f"{type(error).__name__}: {error.reason}"
            raise SourceError(reason, path=error.filename) from error
        except (ValueError, RecursionError, MemoryError) as error:
            raise SourceError(describe(error), path=path) from error
        source = cls(path, text, digest, statements)
        source.data = data
        source._tree = tree
        return source

    def take_tree(self) -> ast.Module:
        """The whole tree, the caller's to change: it is made anew at the next call."""
        tree, self._tree = self._tree, None
        if tree is None:
            tree = parse(self.text, self.path)
        tree.text = self.text  # type: ignore[attr-defined]  # for loaders, see Text
        return tree

    @property
    def parts(self) -> tuple[Part, ...]:
        """The cells of a notebook, in order; none for any other file."""
        return self.text.parts if isinstance(self.text, Text) else ()

    def drop_tree(self) -> None:
        """Let go of the whole tree, which nobody will run."""
        self._tree = None

    def line_at(self, filename: str, lineno: int) -> int:
        """The line of this source that is shown as a line of *filename*; 0 if none is."""
        if filename == self.path:
            return lineno
        if self._parts is None:
            self._parts = {part.filename: part for part in self.parts}
        part = self._parts.get(filename)
        return part.lineno - 1 + lineno if part is not None else 0

    def line_of(self, code: types.CodeType) -> int:
        """The line that *code* starts on, 0 if it is of another file."""
        return self.line_at(code.co_filename, code.co_firstlineno)

    def place_of(self, lineno: int) -> tuple[str, int]:
        """The file name and the line under which readers see a line of this source."""
        part = self.text.part_at(lineno) if isinstance(self.text, Text) else None
        return (self.path, lineno) if part is None else (part.filename, lineno - part.lineno + 1)

    def line_text(self, lineno: int) -> str:
        """A line of this source as a person would name it: ``line 3``, ``cell 3, line 2``."""
        part = self.text.part_at(lineno) if isinstance(self.text, Text) else None
        return f"line {lineno}" if part is None else f"{part.name}, line {lineno - part.lineno + 1}"

    def imports(self) -> list[ast.stmt]:
        """The import statements of the module's own scope, wherever they stand, without stars.

        They decide how calls of attributes are compiled (``is_import_originated`` in CPython's
        compiler), so each statement that is compiled alone needs them in its symbol table.
        """
        if self._imports is None:
            self._imports = [
                node
                for statement in self.statements
                if "import" in statement.fragment.text
                for node in statement.fragment.imports
            ]
        return self._imports

    def __repr__(self) -> str:
        return f"<Source {self.path} statements={len(self.statements)}>"


def content_digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def place_of_error(error: SyntaxError, path: str) -> str:
    """The part of the file *path* that the error is in, if it says so, else *path*."""
    name = error.filename
    return name if isinstance(name, str) and name.startswith(path) else path


def describe_syntax_error(error: SyntaxError) -> str:
    return f"{type(error).__name__}: {error.msg}"


def future_flags(names: Iterable[str]) -> int:
    import __future__

    flags = 0
    for name in names:
        flags |= getattr(getattr(__future__, name, None), "compiler_flag", 0)
    return flags


# Cutting a text into statements ----------------------------------------------------------------


def first_line(node: ast.stmt) -> int:
    """The line that a statement starts on, that of the first decorator where there is one."""
    decorators = getattr(node, "decorator_list", None)
    return min([node.lineno, *(d.lineno for d in decorators)]) if decorators else node.lineno


def _cut(text: str, body: list[ast.stmt], *, offset: int = 0) -> tuple[Statement, ...]:
    """Statements of *text*, whose nodes are *body*; *offset* lines stand above it."""
    lines = text.split("\n")
    statements: list[Statement] = []
    index = 0
    while index < len(body):
        nodes = [body[index]]
        first, last = first_line(body[index]), body[index].end_lineno or body[index].lineno
        index += 1
        while index < len(body) and (
            first_line(body[index]) <= last or lines[last - 1].endswith("\\")
        ):
            nodes.append(body[index])
            last = max(last, body[index].end_lineno or 0)
            index += 1
        fragment = Fragment("\n".join(lines[first - 1 : last]), nodes)
        if not statements and not offset and is_text(nodes[0]):
            fragment.kind, fragment.binds = "doc", ("__doc__", *fragment.binds)
        statements.append(Statement(fragment, first + offset))
    return tuple(statements)


def _parse_between(previous: Source, text: str) -> tuple[Statement, ...] | None:
    """Statements of *text*, taking over those of *previous* before and after the first and last
    difference; None where only the whole text can tell.

    Sound because a statement that starts in column 0 and parses alone is the same statement in the
    whole: what could continue the one before it (``else``, an indented line, an open bracket) does
    not parse alone.
    """
    old = previous.text
    if old == text:
        return previous.statements
    start = common_prefix(old, text)
    end = common_suffix(old, text, start)
    # The first lines that differ, and the last ones, counted from 1.
    first = old.count("\n", 0, start) + 1
    last = first + old.count("\n", start, len(old) - end)
    new_last = first + text.count("\n", start, len(text) - end)
    statements, shift = previous.statements, new_last - last
    head = bisect.bisect_left(statements, first, key=lambda s: s.end_lineno)
    tail = max(head, bisect.bisect_right(statements, last, key=lambda s: s.lineno))
    if head == 0:
        return None  # docstring, encoding cookie and future imports stand here
    above = statements[head - 1].end_lineno
    begin = line_start(text, start, above + 1 - first)
    if tail < len(statements):
        stop = line_start(text, len(text) - end, statements[tail].lineno - last) - 1
    else:
        stop = len(text)
    middle = text[begin:stop]
    if statements[head - 1].fragment.text.endswith("\\") or middle.rstrip().endswith("\\"):
        return None
    try:
        body = parse(middle).body
    except (SyntaxError, ValueError):
        return None
    if any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in body):
        return None
    between = _cut(middle, body, offset=above)
    if between and between[-1].fragment.text.endswith("\\"):
        return None
    return (
        *statements[:head],
        *between,
        *(
            statements[tail:]
            if not shift
            else (Statement(s.fragment, s.lineno + shift) for s in statements[tail:])
        ),
    )


def line_start(text: str, at: int, lines: int) -> int:
    """Where the line begins that is *lines* below the one that *at* stands in, or above."""
    if lines > 0:
        for _ in range(lines):
            at = text.index("\n", at) + 1
        return at
    at = text.rfind("\n", 0, at) + 1
    for _ in range(-lines):
        at = text.rfind("\n", 0, max(at - 1, 0)) + 1
    return at


def common_start(a: Iterable[T], b: Iterable[T], same: Callable[[T, T], bool] = operator.eq) -> int:
    """How many items *a* and *b* have in common from the start; looked at by C code alone."""
    found = [*map(same, a, b), False]
    return found.index(False)


def common_prefix(a: str, b: str, *, step: int = 4096) -> int:
    """How many characters *a* and *b* share from the start."""
    limit, at = min(len(a), len(b)), 0
    while step:
        while at + step <= limit and a[at : at + step] == b[at : at + step]:
            at += step
        step //= 2
    return at


def common_suffix(a: str, b: str, start: int, *, step: int = 4096) -> int:
    """How many characters *a* and *b* share at the end, those before *start* left out."""
    limit, at = min(len(a), len(b)) - start, 0
    while step:
        while (
            at + step <= limit
            and a[len(a) - at - step : len(a) - at] == b[len(b) - at - step : len(b) - at]
        ):
            at += step
        step //= 2
    return at


# What a statement is and binds -----------------------------------------------------------------

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def is_text(node: ast.stmt) -> bool:
    """Is it a string that stands alone: a docstring where it comes first?"""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def has_docstring(node: FunctionNode) -> int:
    """1 if the function starts with a docstring, else 0."""
    return int(is_text(node.body[0]))


def statement_kind(nodes: Sequence[ast.stmt]) -> str:
    """``def``, ``class``, ``import``, ``future``, ``assign``, ``del``, ``expr`` or ``other``."""
    if len(nodes) != 1:
        if all(isinstance(node, ast.Assign | ast.AnnAssign) for node in nodes):
            return "assign"
        return "other"
    node = nodes[0]
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return "def"
        case ast.ClassDef():
            return "class"
        case ast.ImportFrom(module="__future__"):
            return "future"
        case ast.Import() | ast.ImportFrom():
            return "import"
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            return "assign"
        case ast.Delete():
            return "del"
        case ast.Expr():
            return "expr"
    if type(node).__name__ == "TypeAlias":  # 3.12
        return "assign"
    return "other"


def scope_nodes(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes that run in the module's own scope: functions and classes are met, not entered.

    Comprehensions are entered, as names that ``:=`` binds in them belong to the scope.
    """
    todo = list(nodes)[::-1]
    while todo:
        node = todo.pop()
        yield node
        kind = type(node)
        if kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
            todo.extend(node.decorator_list)  # type: ignore[attr-defined]
            args = node.args  # type: ignore[attr-defined]
            todo.extend(args.defaults)
            todo.extend(d for d in args.kw_defaults if d is not None)
        elif kind is ast.ClassDef:
            todo.extend(node.decorator_list)  # type: ignore[attr-defined]
            todo.extend(node.bases)  # type: ignore[attr-defined]
            todo.extend(k.value for k in node.keywords)  # type: ignore[attr-defined]
        elif kind is not ast.Lambda:
            todo.extend(reversed(child_nodes(node)))


def child_nodes(node: ast.AST) -> list[ast.AST]:
    """`ast.iter_child_nodes`, three times as fast: reading sources is little else."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [child for child in value if isinstance(child, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


_DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})
_CATCHES = frozenset({ast.ExceptHandler, ast.MatchAs, ast.MatchStar})
_BODY, _LOOP = ("body",), ("body", "orelse")
_TRY = ("body", "handlers", "orelse", "finalbody")
# By kind of statement, its parts that are statements of the same scope, or hold such.
_BLOCKS: dict[type, tuple[str, ...]] = {
    ast.If: _LOOP, ast.For: _LOOP, ast.AsyncFor: _LOOP, ast.While: _LOOP,
    ast.With: _BODY, ast.AsyncWith: _BODY, ast.Try: _TRY, ast.TryStar: _TRY,
    ast.ExceptHandler: _BODY, ast.Match: ("cases",), ast.match_case: _BODY,
}  # fmt: skip
# And the parts that bind or delete names.
_TARGETS: dict[type, str] = {
    ast.Assign: "targets", ast.Delete: "targets", ast.AnnAssign: "target", ast.AugAssign: "target",
    ast.For: "target", ast.AsyncFor: "target", ast.match_case: "pattern",
}  # fmt: skip


def bound_names(nodes: Iterable[ast.AST], text: str = ":=") -> Iterator[str]:
    """The names that *nodes* may bind or delete in their scope, ``*`` for a star-import.

    *text* is what they were parsed from, or more: where no ``:=`` is in it, expressions bind
    nothing, and nearly all nodes need not be looked at.
    """
    if ":=" in text:
        return names_in_scope(scope_nodes(nodes))
    return names_in_scope(
        found for node in scope_statements(nodes) for found in _binding_nodes(node)
    )


def scope_statements(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The statements of the scope of *nodes*: those in blocks too, but in no function or class."""
    todo = list(nodes)[::-1]
    while todo:
        node = todo.pop()
        yield node
        for block in reversed(_BLOCKS.get(type(node), ())):
            todo.extend(reversed(getattr(node, block)))


def _binding_nodes(statement: Any) -> Iterable[ast.AST]:
    """The nodes of a statement which may bind names, but for its blocks and ``:=``."""
    kind = type(statement)
    targets: Any
    if kind in _TARGETS:
        targets = getattr(statement, _TARGETS[kind])
    elif kind is ast.With or kind is ast.AsyncWith:
        targets = [item.optional_vars for item in statement.items if item.optional_vars]
    elif kind.__name__ == "TypeAlias":  # 3.12
        targets = statement.name
    else:
        return (statement,)
    return scope_nodes(targets if type(targets) is list else (targets,))


def names_in_scope(scope: Iterable[Any]) -> Iterator[str]:
    """The names that are bound or deleted by *scope*, all nodes of one."""
    comprehension_targets: set[int] = set()
    for node in scope:
        kind = type(node)
        if kind is ast.Name:
            if type(node.ctx) is not ast.Load and id(node) not in comprehension_targets:
                yield node.id
        elif kind in _DEFINITIONS:
            yield node.name
        elif kind is ast.comprehension:
            comprehension_targets.update(id(child) for child in ast.walk(node.target))
        elif kind is ast.Import:
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif kind is ast.ImportFrom:
            for alias in node.names:
                yield alias.asname or alias.name
        elif kind in _CATCHES and node.name:
            yield node.name
        elif kind is ast.MatchMapping and node.rest:
            yield node.rest


def dotted(node: ast.expr) -> tuple[str, ...] | None:
    """``("a", "b", "c")`` for the expression ``a.b.c``, None for any other."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    names.append(node.id)
    return tuple(reversed(names))


def qualified(nodes: Iterable[ast.AST], prefix: str = "") -> Iterator[tuple[str, FunctionNode]]:
    """Functions of the module's scope and of its classes, in order, with their qualnames."""
    for node in scope_nodes(nodes):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from qualified(node.body, f"{prefix}{node.name}.")


def dissect(nodes: Sequence[ast.stmt]) -> Anatomy:
    """Take a statement apart; *nodes* are not to be used afterwards."""
    functions: list[FunctionPart] = []
    for qualname, node in list(qualified(nodes)):
        kept = has_docstring(node)
        body = "\n".join(map(dump, node.body[kept:]))
        last = node.end_lineno or node.lineno
        functions.append(FunctionPart(qualname, first_line(node), last, body))
        node.body = node.body[:kept]
    return Anatomy("\n".join(map(dump, nodes)), tuple(functions))


def dump(node: object) -> str:
    """What is equal for trees that mean the same, wherever they stand; as `ast.dump`, but quick."""
    kind = type(node)
    if kind is list:
        return f"[{','.join(map(dump, node))}]"  # type: ignore[call-overload]
    if isinstance(node, ast.AST):
        parts = [dump(getattr(node, name, None)) for name in node._fields]
        return f"{kind.__name__}({','.join(parts)})"
    return repr(node)


# Modules -----------------------------------------------------------------------------------------


def module_spec(module: object) -> ModuleSpec | None:
    """A module's spec, read without running any code of the module's own; None if it has none."""
    namespace = module_namespace(module)
    return spec_in(namespace) if namespace is not None else None


def is_importing(module: object) -> bool:
    """Is the first import of the module still under way?

    importlib says so in the spec, for its own locks (``importlib._bootstrap._load_unlocked``).
    """
    return getattr(module_spec(module), "_initializing", False) is True


def spec_in(namespace: dict[str, Any]) -> ModuleSpec | None:
    """The spec of the module whose namespace it is; None if it has none."""
    spec = namespace.get("__spec__")
    return spec if spec is not None and type(spec).__name__ == "ModuleSpec" else None


def module_namespace(module: object) -> dict[str, Any] | None:
    """``vars(module)`` of a real module, however hostile; None for what only poses as one."""
    if not issubclass(type(module), types.ModuleType):
        return None
    try:
        namespace = types.ModuleType.__getattribute__(module, "__dict__")
    except Exception:  # noqa: BLE001  # a lazy module may have overridden even this
        return None
    return namespace if type(namespace) is dict else None


COMPILED = "compiled extension"
REPLACED = "module that puts another object in its place"


@dataclass(eq=False, slots=True)
class TrackedModule:
    """A module of the user's and what last ran of it.

    Attributes:
        name: absolute module name.
        path: the file that is watched.
        stamp: of the file when its bytes were read; None while it is not there.
        source: the version that last ran; None for what cannot be reloaded from source.
        bound: for each statement of *source* what it bound, as far as that can be held weakly.
        gone: functions and classes that edits took out, by kind of statement and name.
        stars: for star-imports, by position, the names that they bound.
        noted: what the module's execution left in its containers, by dotted name.
        handlers: what the module's execution attached to loggers.
        order: when its first import started, as a running number.
        opaque: why it can only be restarted for (``"compiled extension"``), or ``""``.
        seen: digest of the newest bytes that were looked at, run or not.
    """

    name: str
    path: str
    reference: weakref.ref[types.ModuleType]
    order: int
    stamp: Stamp | None = None
    source: Source | None = None
    bound: list[dict[str, weakref.ref[Any]]] = field(default_factory=list)
    gone: dict[tuple[str, str], weakref.ref[Any]] = field(default_factory=dict)
    stars: dict[int, frozenset[str]] = field(default_factory=dict)
    noted: dict[str, Any] = field(default_factory=dict)
    handlers: list[weakref.ref[Any]] = field(default_factory=list)
    opaque: str = ""
    seen: bytes = b""
    stale: bool = False
    failed: Exception | None = None

    @property
    def module(self) -> types.ModuleType | None:
        """The live module, None once ``sys.modules`` holds it no longer."""
        module = self.reference()
        return module if module is not None and sys.modules.get(self.name) is module else None

    @property
    def namespace(self) -> dict[str, Any]:
        """``vars`` of the module, empty once it is gone."""
        module = self.reference()
        found = module_namespace(module) if module is not None else None
        return {} if found is None else found

    def let_go_of_error(self) -> None:
        """Keep alive nothing that only the code which failed last held."""
        if self.failed is not None:
            let_go(self.failed)

    def __repr__(self) -> str:
        state = "failed" if self.failed else "stale" if self.stale else "current"
        return f"<TrackedModule {self.name} {state}>"


_SESSION = frozenset({"__main__", "__mp_main__"})


class Ownership:
    """Decides which modules are the user's: with Python source, and not installed by others.

    *include* and *exclude* are patterns (`fnmatch`) on absolute module names; a pattern means the
    submodules of what it matches too. An answer is kept for the folder it was found for.
    """

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        self.include = tuple(include)
        self.exclude = tuple(exclude)
        self._folders: dict[str, bool] = {}
        # The standard library's two folders, which sysconfig knows too but takes long to say.
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        roots: set[str | None] = {
            os.path.dirname(os.__file__),
            os.path.join(sys.base_exec_prefix, sys.platlibdir, version),
        }
        roots.update(site.getsitepackages() if hasattr(site, "getsitepackages") else ())
        roots.add(site.getusersitepackages() if hasattr(site, "getusersitepackages") else None)
        self._foreign = tuple(
            os.path.join(os.path.realpath(root), "") for root in roots if root
        ) + tuple(os.path.join(root, "") for root in roots if root)
        self._own = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")

    def __call__(self, name: str, path: str) -> bool:
        """Is the module *name*, whose file is *path*, the user's?"""
        if name in _SESSION or name.partition(".")[0] == "reloadmagic":
            return False
        if self.exclude and matches(name, self.exclude):
            return False
        if self.include and matches(name, self.include):
            return True
        folder = os.path.dirname(path)
        answer = self._folders.get(folder)
        if answer is None:
            answer = self._folders[folder] = self._is_users(folder)
        return answer

    def candidates(self, modules: Iterable[tuple[str, object]]) -> Iterator[tuple[str, object]]:
        """Those of *modules*, with their names, that may be the user's.

        Nearly all that is loaded lies in folders known to be of others, and is told at a glance.
        """
        folders, separator, decides = self._folders, os.sep, not self.include
        for name, module in modules:
            if decides and type(module) is types.ModuleType:
                spec = module.__dict__.get("__spec__")
                if type(spec) is ModuleSpec and type(spec.origin) is str:
                    if folders.get(spec.origin.rpartition(separator)[0]) is False:
                        continue
            yield name, module

    def _is_users(self, folder: str) -> bool:
        if not os.path.isabs(folder):
            return folder != "" or os.path.isdir(os.curdir)
        slashed = os.path.join(folder, "")
        parts = slashed.split(os.sep)
        return not (
            "site-packages" in parts
            or "dist-packages" in parts
            or slashed.startswith((*self._foreign, self._own))
        )

    def why_not(self, name: str, path: str) -> str:
        """Why the module is left alone, as a person would say it; ``""`` if it is not."""
        if self(name, path):
            return ""
        if why := self.why_never(name):
            return why
        if name.partition(".")[0] in sys.stdlib_module_names:
            return "part of Python's standard library"
        return "installed, and not under your own folders (include it to have it reloaded)"

    def why_never(self, name: str) -> str:
        """Why the module is left alone wherever its file is; ``""`` if that decides."""
        if name in _SESSION:
            return "the session itself"
        if name.partition(".")[0] == "reloadmagic":
            return "reloadmagic itself"
        return "excluded" if matches(name, self.exclude) else ""


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Does one of *patterns*, or a pattern for a package that *name* is in, match?"""
    return any(
        fnmatchcase(name, pattern) or fnmatchcase(name, pattern + ".*") for pattern in patterns
    )
