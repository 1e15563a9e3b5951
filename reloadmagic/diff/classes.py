"""What an edit did to a class statement, by the names that its body binds."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from dataclasses import dataclass

from ..parsing import first_line, parse
from ..source.anatomy import dump, has_docstring
from ..source.scopes import bound_names, decorator_of, dotted, registrars

__all__ = ["ClassDiff", "diff_class_texts", "differs_in_words"]


@dataclass(frozen=True, slots=True)
class ClassDiff:
    """How two class statements differ, by the names that their bodies bind.

    Attributes:
        head: bases, keywords or decorators differ.
        bodies: methods of which only the body differs.
        attrs: names whose statements differ otherwise, added and dropped ones and ``__doc__``
            included.
        added, dropped: those of them that the body did not bind before, or binds no more.
        names: the body binds other names than before, or in another order.
        values: that, or other values, where it binds more than plain methods.
    """

    head: bool
    bodies: frozenset[str]
    attrs: frozenset[str]
    added: frozenset[str]
    dropped: frozenset[str]
    names: bool
    values: bool


@functools.lru_cache(maxsize=512)
def diff_class_texts(before: str, after: str) -> ClassDiff | None:
    """What an edit did to a class statement, by its two texts; None unless both are one.

    Asked several times in one reload, hence kept.
    """
    olds, news = parse(before).body, parse(after).body
    if len(olds) == len(news) == 1:
        old, new = olds[0], news[0]
        if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef):
            return _diff_classes(old, new, before, after)
    return None


@functools.lru_cache(maxsize=512)
def differs_in_words(before: str, after: str) -> bool:
    """Are two functions, by the texts of their statements, one but for docstring and annotations?"""
    olds, news = parse(before).body, parse(after).body
    return len(olds) == len(news) == 1 and _without_words(olds[0]) == _without_words(news[0])


def _without_words(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        node.body = node.body[has_docstring(node) :]
        node.returns = None
        for part in ast.walk(node.args):
            if isinstance(part, ast.arg):
                part.annotation = None
    return dump(node)


def _diff_classes(
    before: ast.ClassDef, after: ast.ClassDef, before_text: str, after_text: str
) -> ClassDiff:
    """Compare two versions of a class statement; the texts that they are of save most of it."""
    old, new = _members(before, before_text), _members(after, after_text)
    docs = ast.get_docstring(before, clean=False), ast.get_docstring(after, clean=False)
    bodies, attrs = set(), set()
    for name in {*old, *new}:
        if name in old and name in new:
            if _are_alike(old[name], new[name], _is_one):
                continue
            is_body = _are_alike(old[name], new[name], _is_one_but_for_its_body)
        else:
            is_body = False
        if is_body:
            bodies.add(name)
        else:
            attrs.add(name)
    for name in old.keys() - new.keys():
        attrs.update(*(registrars(node) & new.keys() for _, node in old[name]))
    values = _values(old), _values(new)
    others = values[0] != values[1] or not attrs.isdisjoint(values[0])
    others = others or _annotated(before) != _annotated(after)
    if docs[0] != docs[1]:
        attrs.add("__doc__")
    return ClassDiff(
        head=_head(before) != _head(after),
        bodies=frozenset(bodies),
        attrs=frozenset(attrs),
        added=frozenset(new.keys() - old.keys()),
        dropped=frozenset(old.keys() - new.keys()),
        names=list(old) != list(new),
        values=others,
    )


def _head(node: ast.ClassDef) -> str:
    parts = [*node.decorator_list, *node.bases, *node.keywords]
    return "\n".join(map(dump, parts))


_Member = tuple[str, ast.stmt]
"""A statement of a class body, after its text."""


def _members(node: ast.ClassDef, text: str) -> dict[str, list[_Member]]:
    """For each name that the body binds, its statements."""
    lines = text.split("\n")
    found: dict[str, list[_Member]] = {}
    for statement in node.body:
        shown = "\n".join(lines[first_line(statement) - 1 : statement.end_lineno])
        for name in bound_names([statement], text):
            found.setdefault(name, []).append((shown, statement))
    return found


# Decorators that make of a function what instances have no part of.
_OF_METHODS = frozenset(
    {
        "property", "setter", "getter", "deleter", "cached_property", "staticmethod", "classmethod",
        "abstractmethod", "cache", "lru_cache", "wraps", "overload", "override", "final",
    }
)  # fmt: skip


def _values(members: dict[str, list[_Member]]) -> list[str]:
    """The names that a class body binds to more than plain methods, in order."""
    return [n for n, parts in members.items() if not all(_is_method(node) for _, node in parts)]


def _annotated(node: ast.ClassDef) -> list[str]:
    return [dump(statement) for statement in node.body if isinstance(statement, ast.AnnAssign)]


def _is_method(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    called = map(dotted, map(decorator_of, node.decorator_list))
    return all((path or ("",))[-1] in _OF_METHODS for path in called)


def _are_alike(
    old: list[_Member], new: list[_Member], same: Callable[[_Member, _Member], bool]
) -> bool:
    return len(old) == len(new) and all(map(same, old, new))


def _is_one(old: _Member, new: _Member) -> bool:
    return old[0] == new[0] or dump(old[1]) == dump(new[1])


def _is_one_but_for_its_body(old: _Member, new: _Member) -> bool:
    return old[0] == new[0] or _without_body(old[1]) == _without_body(new[1])


def _without_body(statement: ast.stmt) -> str:
    """The statement's `dump`, of a function without all that follows its docstring."""
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return dump(statement)
    body, statement.body = statement.body, statement.body[: has_docstring(statement)]
    bare = dump(statement)
    statement.body = body
    return bare
