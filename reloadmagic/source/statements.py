"""Statements: what a text is cut into, and what the other rooms compare, plan and run.

In come a text and its nodes; out go `Statement`s, in order. Each is a `Fragment`, which knows no
more than its own text, at a line.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..parsing import first_line, is_text, parse
from .scopes import bound_by_text, bound_names, scope_nodes

if TYPE_CHECKING:
    from ..reach.summary import Summary
    from .anatomy import Anatomy

__all__ = ["Fragment", "Statement", "cut"]

_DEEP = (ast.AST, list)
_DISPLAYS = ast.Dict, ast.List, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp


class Fragment:
    """The text of a statement, on whatever line it stands, and what follows from the text alone.

    Versions of a source share the fragments that an edit left alone, so that what was derived from
    them is derived once.
    """

    __slots__ = (
        "__weakref__", "_anatomy", "_imports", "_label", "_spare",
        "binds", "kind", "summary", "text",
    )  # fmt: skip

    def __init__(self, text: str, nodes: Sequence[ast.stmt]) -> None:
        self.text = text
        self.kind = statement_kind(nodes)
        self.binds: tuple[str, ...] = tuple(dict.fromkeys(_binds(self.kind, nodes, text)))
        self.summary: Summary | None = None
        self._anatomy: Anatomy | None = None
        self._imports: tuple[ast.Import | ast.ImportFrom, ...] | None = None
        self._label = ""
        self._spare: list[ast.stmt] | None = None

    def parse(self, lineno: int = 1) -> list[ast.stmt]:
        """The statement's nodes as they stand when its first line is *lineno*.

        They are the caller's, to change or to `spare`.
        """
        spare, self._spare = self._spare, None
        nodes = parse(self.text).body if spare is None else spare
        if lineno != 1:
            _lower(nodes, lineno - 1)
        return nodes

    def peek(self) -> list[ast.stmt]:
        """Its nodes, for who changes nothing about them."""
        return self._spare or parse(self.text).body

    def spare(self, nodes: list[ast.stmt]) -> None:
        """Leave *nodes*, as `parse` would give them, to whoever asks for them next."""
        self._spare = nodes

    @property
    def anatomy(self) -> Anatomy:
        """What the statement is made of, function by function; taken apart at the first call."""
        if self._anatomy is None:
            nodes = self.parse()
            self._anatomy = _dissect()(nodes)
            self.spare(nodes)
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
    def label(self) -> str:
        """What a person would call it: ``WIDTH``, ``class Circle``, ``import math``."""
        if not self._label:
            self._label = self._find_label()
        return self._label

    def _find_label(self) -> str:
        if self.kind in {"def", "class"}:
            return f"{self.kind} {self.binds[0]}"
        if self.kind == "assign" and self.binds:
            return ", ".join(self.binds)
        first = self.text.partition("\n")[0].strip()
        if self.kind == "future":
            first = " ".join(self.text.split())
        elif first.startswith("from ") and self.binds != ("*",):
            return ", ".join(self.binds)
        return first if len(first) <= 40 else first[:39] + "…"

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


@functools.cache
def _dissect() -> Callable[[Sequence[ast.stmt]], Anatomy]:
    from .anatomy import dissect  # not before something is edited

    return dissect


class Statement(NamedTuple):
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
        """What a person would call it; see `Fragment.label`."""
        return self.fragment.label

    @property
    def is_display(self) -> bool:
        """Is it an assignment of a display or comprehension, which makes its object?"""
        nodes = self.fragment.parse()
        return len(nodes) == 1 and isinstance(getattr(nodes[0], "value", None), _DISPLAYS)

    def parse(self) -> list[ast.stmt]:
        """Its nodes, with the line numbers that they have in this version."""
        return self.fragment.parse(self.lineno)


def cut(text: str, body: list[ast.stmt], *, offset: int = 0) -> tuple[Statement, ...]:
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
        if offset and first == 1:
            fragment.spare(nodes)  # of an edit: they will be wanted, and are as the text's alone
        statements.append(Statement(fragment, first + offset))
    return tuple(statements)


def _lower(nodes: Iterable[ast.AST], lines: int) -> None:
    """Have *nodes* stand so many *lines* lower; `ast.increment_lineno`, three times as fast."""
    todo: list[Any] = list(nodes)
    while todo:
        node = todo.pop()
        if type(node) is list:
            todo += node
        elif isinstance(node, ast.AST):  # no name of those that are declared global
            if node._attributes:  # else it stands nowhere: an operator, say
                node.lineno += lines  # type: ignore[attr-defined]
                node.end_lineno += lines  # type: ignore[attr-defined]
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, _DEEP):
                    todo.append(value)


def _binds(kind: str, nodes: Sequence[Any], text: str) -> Iterable[str]:
    """The names that a statement of this kind binds; some may come more than once."""
    if kind in {"def", "class"} and ":=" not in text:
        return (nodes[0].name,)
    return (*bound_names(nodes, text), *bound_by_text(nodes, text))


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
