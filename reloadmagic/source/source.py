"""`Source`: a version of a module's source.

In come the bytes of a file and the version before; out goes a source, cut into statements.
"""

from __future__ import annotations

import ast
import bisect
import functools
import operator
import types
import weakref
from collections.abc import Callable
from typing import Any

from ..errors import NoSource, SourceError, describe
from ..parsing import (
    decode_source,
    describe_syntax_error,
    future_flags,
    line_of_byte,
    parse,
    place_of_error,
    undecodable,
    unwarned,
)
from ..stamps import content_digest
from .parts import Part, Text
from .statements import Statement, cut

__all__ = ["Source"]

# The kinds of statements that may import.
_IMPORTING = frozenset({"import", "other"})


class Source:
    r"""A version of a module's source, cut into statements.

    Attributes:
        path: the file, as tracebacks show it.
        text: decoded, with ``\n`` line ends.
        data: the bytes that it was read from, ``b""`` if unknown.
        statements: in order.
        flags: compiler flags of the ``from __future__`` imports.
        loader: that it was read by, which compiles it, whatever loader the module has by then;
            None if unknown.
        codes: the code of statements that ran again by themselves, by position: what one edit
            reaches, the next will.
        began: by position, the modules of which statements began the import in what they called,
            and whether an import statement did it there, not `importlib.import_module`.
    """

    __slots__ = (
        "__weakref__", "_digest", "_imports", "_mentions", "_parts", "_shared", "_tree",
        "began", "codes", "data", "flags", "loader", "path", "statements", "text",
    )  # fmt: skip

    def __init__(self, path: str, text: str, statements: tuple[Statement, ...]) -> None:
        self.path = path
        self.text = text
        self.data = b""
        self._digest = b""
        self.statements = statements
        self.flags = 0
        self.loader: Any = None
        self.codes: dict[int, types.CodeType] = {}
        self.began: dict[int, dict[str, bool]] = {}
        self._imports: list[ast.stmt] | None = None
        # The version that it was read after, with how many statements it shares at either end.
        self._shared: tuple[weakref.ref[Source], int, int] | None = None
        self._mentions: dict[str, bool] = {}
        self._tree: ast.Module | None = None
        self._parts: dict[str, Part] | None = None

    @classmethod
    def read(
        cls,
        data: bytes,
        path: str,
        *,
        previous: Source | None = None,
        decode: Callable[[bytes], str] = decode_source,
        warn: bool = False,
    ) -> Source:
        """The source that *data*, the bytes of the file *path*, holds.

        *previous* is an older version, whose fragments are used again: only what stands between
        the first and the last changed line is parsed, where that is sound. Python's warnings are
        shown if *warn* says so, as at an import.

        Raises:
            SourceError: the bytes cannot be decoded or parsed.
        """
        try:
            if warn or decode is decode_source:  # which warns of nothing
                text = decode(data)
            else:
                with unwarned():  # it may parse what it decodes
                    text = decode(data)
            tree, (statements, *shared) = _parse(text, path, previous, warn=warn)
            # Parsing a part alone finds no such import, so there is none that was not there before.
            may_have = tree is not None or previous is None or previous.flags != 0
            if may_have and "__future__" in text and not isinstance(text, Text):
                _check_futures(statements, path)
        except UnicodeDecodeError as error:
            raise SourceError(describe(error), path=path, lineno=line_of_byte(error)) from error
        except SyntaxError as error:
            wrong = undecodable(data, error)
            if wrong is not None:
                raise SourceError(describe(wrong), path=path, lineno=line_of_byte(wrong)) from error
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
        source = cls(path, text, statements)
        source.data = data
        source._tree = tree
        source.flags = _flags(statements) if may_have else 0
        if previous is not None:
            source._share(previous, *shared)
        return source

    def _share(self, previous: Source, head: int, tail: int) -> None:
        """So many statements at the start and at the end were taken over from *previous*."""
        self._shared = weakref.ref(previous), head, tail
        for version in (previous, self):
            for statement in version.statements[head : len(version.statements) - tail]:
                if statement.fragment.kind in _IMPORTING:
                    return
        self._imports = previous._imports

    def shared_ends(self, other: Source) -> tuple[int, int]:
        """How many statements at the start and at the end are of the same fragments as *other*'s.

        As many as are known to be, without a look at them: none where neither was read after the
        other.
        """
        for version, before in ((self, other), (other, self)):
            if version._shared is not None and version._shared[0]() is before:
                return version._shared[1:]
        return (len(self.statements), 0) if self is other else (0, 0)

    @property
    def digest(self) -> bytes:
        """Of the bytes, to tell versions apart where these are not at hand."""
        if not self._digest:
            self._digest = content_digest(self.data)
        return self._digest

    def mentions(self, words: str) -> bool:
        """Are *words* anywhere in the text? Looked for once, as texts are long."""
        if words not in self._mentions:
            self._mentions[words] = words in self.text
        return self._mentions[words]

    def take_tree(self) -> ast.Module:
        """The whole tree, the caller's to change: it is made anew at the next call."""
        tree, self._tree = self._tree, None
        if tree is None:
            tree = parse(self.text, self.path)
        tree.text = self.text  # type: ignore[attr-defined]  # for loaders, see Text
        return tree

    def drop_tree(self) -> None:
        """Let go of the whole tree, which nobody will run."""
        self._tree = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The cells of a notebook, in order; none for any other file."""
        return self.text.parts if isinstance(self.text, Text) else ()

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

    def statement_at(self, lineno: int) -> int:
        """The position of the statement that a line is of; -1 for a line above all of them."""
        return bisect.bisect_right(self.statements, lineno, key=operator.attrgetter("lineno")) - 1

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
                if statement.fragment.kind in _IMPORTING
                for node in statement.fragment.imports
            ]
        return self._imports

    def __repr__(self) -> str:
        return f"<Source {self.path} statements={len(self.statements)}>"


def _flags(statements: tuple[Statement, ...]) -> int:
    """Compiler flags of the ``from __future__`` imports among the statements."""
    names = (
        alias.name
        for statement in statements
        if statement.fragment.kind == "future"
        for node in statement.fragment.parse()
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
    return future_flags(names)


def _check_futures(statements: tuple[Statement, ...], path: str) -> None:
    """Only compiling the whole would show that the statements stand in an order that is none.

    Raises:
        SyntaxError: a ``from __future__`` import stands behind other statements.
    """
    begins = True
    for statement in statements:
        kind = statement.fragment.kind
        if kind == "future" and not begins:
            reason = "from __future__ imports must occur at the beginning of the file"
            line = statement.fragment.text
            raise SyntaxError(reason, (path, statement.lineno, 1, line.partition("\n")[0]))
        begins = begins and kind in {"doc", "future"}


@functools.cache
def _parse_between() -> Callable[..., Any]:
    from .between import parse_between  # not before something is edited

    return parse_between


def _parse(
    text: str, path: str, previous: Source | None, *, warn: bool
) -> tuple[ast.Module | None, tuple[tuple[Statement, ...], int, int]]:
    """The tree of *text* where all of it was parsed, and its statements.

    With these comes how many at the start and at the end are *previous*'s.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `ast.parse`.
    """
    if previous is not None:
        found = _parse_between()(previous.text, previous.statements, text)
        if found is not None and found[0]:
            return None, found
    # What made parts of the text has parsed these.
    tree = (ast.parse if warn and not isinstance(text, Text) else parse)(text, path)
    return tree, (cut(text, tree.body), 0, 0)
