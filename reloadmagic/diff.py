"""What an edit did to a source: statements paired, definitions compared.

In come two `Source`s of one module; out goes a `Diff`. Comments, blank lines, position and order
change nothing here; that order matters inside a group is for `reach` to know.
"""

from __future__ import annotations
import __future__

import ast
import functools
import itertools
import operator
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from .source import Source, Statement
from .source.alike import common_start
from .source.anatomy import dump, has_docstring
from .source.parsing import first_line, parse
from .source.scopes import bound_names, dotted

__all__ = [
    "BodyEdit",
    "ClassDiff",
    "Diff",
    "Pair",
    "diff_class_texts",
    "diff_classes",
    "diff_sources",
    "differs_in_words",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BodyEdit:
    """A function of which only the body differs.

    Attributes:
        qualname: ``"Circle.grow"``.
        before, after: 1-based lines on which its code starts, decorators included.
        path: position among the functions of the statement, in order.
    """

    qualname: str
    before: int
    after: int
    path: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement of the new source and the old one that it stands for.

    Attributes:
        new: position in the new source.
        old: position in the old source, None for an addition.
        how: ``same``, ``body`` (only bodies of functions differ), ``annotation`` (only that of the
            name assigned to differs), ``changed`` or ``new``.
        bodies: for ``body``, the functions that differ.
    """

    new: int
    old: int | None
    how: Literal["same", "body", "annotation", "changed", "new"]
    bodies: tuple[BodyEdit, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """Two versions, statement by statement.

    Most statements stand before the first edit or behind the last one: these are counted only.

    Attributes:
        head, tail: how many statements are the same at the start and at the end.
        middle: the pairs between, in the order of the new source.
        dropped: positions in the old source of statements that nothing stands for.
        moved: positions in the new source of statements that are the same on another line.
    """

    before: Source
    after: Source
    head: int
    tail: int
    middle: tuple[Pair, ...]
    dropped: tuple[int, ...]
    moved: tuple[int, ...]

    def __bool__(self) -> bool:
        """Does anything differ that runs?"""
        return bool(self.dropped or self.edited())

    @property
    def shift(self) -> int:
        """How many statements there are more than before."""
        return len(self.after.statements) - len(self.before.statements)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs, in the order of the new source."""
        behind = self.head + len(self.middle)
        return (
            *(Pair(number, number, "same") for number in range(self.head)),
            *self.middle,
            *(Pair(n, n - self.shift, "same") for n in range(behind, behind + self.tail)),
        )

    def edited(self) -> list[Pair]:
        """The pairs that differ in what runs, in the new order."""
        return [pair for pair in self.middle if pair.how != "same"]

    def names(self) -> set[str]:
        """The names bound by what differs, before or after."""
        before, after = self.before.statements, self.after.statements
        pairs = list(self.edited())
        old = [*self.dropped, *(pair.old for pair in pairs if pair.old is not None)]
        found = [*(before[number] for number in old), *(after[pair.new] for pair in pairs)]
        return {name for statement in found for name in statement.binds}

    def partner(self, number: int) -> int | None:
        """The old statement that statement *number* of the new source stands for."""
        if number < self.head:
            return number
        at = number - self.head
        return self.middle[at].old if at < len(self.middle) else number - self.shift

    def carried(self, values: Sequence[T], default: T) -> list[T]:
        """*values*, one for each old statement, in the order of the new ones."""
        middle = [default if pair.old is None else values[pair.old] for pair in self.middle]
        end = len(self.before.statements)
        return [*values[: self.head], *middle, *values[end - self.tail : end]]


def diff_sources(before: Source, after: Source) -> Diff:
    """Pair the statements of two versions.

    Equal statements pair first, in order; then those of one kind that bind the same names, from
    the end on; then those that bind a name in common. A change of ``from __future__`` imports
    changes every statement, as they are compiler flags; where it is the one of annotations, those
    that have some, or functions.
    """
    old, new = before.statements, after.statements
    start, end = _common_ends(old, new)
    shift = len(new) - len(old)
    rest_old = list(range(start, len(old) - end))
    rest_new = list(range(start, len(new) - end))
    partner: dict[int, int] = {}
    same: set[int] = set()
    for number, key in enumerate((_by_text, _by_key, _by_kind, _by_binds, _by_any_name)):
        # Of several that bind one name, the last one's object is what others hold.
        found = _pair_up(old, new, rest_old, rest_new, key, from_end=key is _by_kind)
        partner.update(found)
        if number < 2:
            same.update(found)
    middle = range(start, len(new) - end)
    other_flags = before.flags != after.flags
    if other_flags:
        partner.update((number, number) for number in range(start))
        partner.update((number, number - shift) for number in range(len(new) - end, len(new)))
        same.update(range(start), range(len(new) - end, len(new)))
        if not _differ_in_annotations(before, after):
            same.clear()
        same = {number for number in same if not _shows_flags(new[number])}
        start, end, middle = 0, 0, range(len(new))
    other_code = other_flags and not _differ_in_annotations(before, after)
    pairs = tuple(
        _judge(
            old, new, n, partner.get(n), same=n in same, flags=other_flags, other_code=other_code
        )
        for n in middle
    )
    kept = [(p.new, p.old) for p in pairs if p.how == "same" and p.old is not None]
    moved = tuple(_moved(before, after, start, kept, end))
    return Diff(before, after, start, end, pairs, tuple(rest_old), moved)


def _differ_in_annotations(before: Source, after: Source) -> bool:
    """Do the flags differ in what ``from __future__ import annotations`` sets, and only there?"""
    return before.flags ^ after.flags == __future__.annotations.compiler_flag


def _shows_flags(statement: Statement) -> bool:
    """Has a statement functions, of which the code shows the flags, or annotations?"""
    if statement.fragment.kind in {"def", "class"} or "lambda" in statement.fragment.text:
        return True
    return ":" in statement.fragment.text and any(
        isinstance(node, ast.AnnAssign)
        or getattr(node, "annotation", None) is not None
        or getattr(node, "returns", None) is not None
        for top in statement.fragment.parse()
        for node in ast.walk(top)
    )


def _moved(
    before: Source, after: Source, head: int, kept: Iterable[tuple[int, int]], tail: int
) -> Iterator[int]:
    """Positions in the new source of statements that are the same and stand elsewhere.

    These are *head* statements at the start, *tail* ones at the end, and *kept*, as (new, old).
    """
    olds, news = before.statements, after.statements
    # Cells may be cut otherwise around statements that are on the same lines of the whole.
    recut = before.parts != after.parts
    # Else what is one object in both has not moved: nearly all, so these are not gone through.
    begin = 0 if recut else common_start(olds, news, operator.is_)
    end = 0 if recut else common_start(reversed(olds), reversed(news), operator.is_)
    above = ((number, number) for number in range(begin, head))
    shift = len(news) - len(olds)
    below = ((n, n - shift) for n in range(len(news) - tail, len(news) - end))
    for number, partner in itertools.chain(above, kept, below):
        old, new = olds[partner], news[number]
        if (recut and _place(before, partner) != _place(after, number)) or (
            old is not new and (old.lineno != new.lineno or old.fragment.text != new.fragment.text)
        ):
            yield number


def _place(source: Source, number: int) -> tuple[str, int]:
    return source.place_of(source.statements[number].lineno)


def _common_ends(old: tuple[Statement, ...], new: tuple[Statement, ...]) -> tuple[int, int]:
    """How many statements at the start and at the end have the same text."""
    limit = min(len(old), len(new))
    # Versions share what an edit left alone, so most are one object.
    start = common_start(old, new, operator.is_)
    while start < limit and _one_text(old[start], new[start]):
        start += 1
    ours, theirs = map(_fragment, reversed(old)), map(_fragment, reversed(new))
    end = min(common_start(ours, theirs, operator.is_), limit - start)
    while end < limit - start and _one_text(old[-1 - end], new[-1 - end]):
        end += 1
    return start, end


def _one_text(old: Statement, new: Statement) -> bool:
    return _text(old) == _text(new)


def _text(statement: Statement) -> tuple[bool, str]:
    # A docstring is one by its place: the same string further down is none.
    return statement.fragment.kind == "doc", statement.fragment.text


_fragment: Any = operator.attrgetter("fragment")


def _by_text(statement: Statement) -> Iterable[object]:
    yield _text(statement)


def _by_key(statement: Statement) -> Iterable[object]:
    yield statement.fragment.kind == "doc", statement.fragment.key


def _by_kind(statement: Statement) -> Iterable[object]:
    if statement.binds:
        yield statement.fragment.kind, frozenset(statement.binds)


def _by_binds(statement: Statement) -> Iterable[object]:
    if statement.binds:
        yield frozenset(statement.binds)


def _by_any_name(statement: Statement) -> Iterable[object]:
    return statement.binds


def _pair_up(
    old: tuple[Statement, ...],
    new: tuple[Statement, ...],
    rest_old: list[int],
    rest_new: list[int],
    keys: object,
    *,
    from_end: bool = False,
) -> dict[int, int]:
    """Pair what shares a key, first with first or last with last.

    Paired ones leave *rest_old* and *rest_new*.
    """
    if not rest_old or not rest_new:
        return {}
    assert callable(keys)
    waiting: dict[object, deque[int]] = defaultdict(deque)
    step = -1 if from_end else 1
    for number in rest_old[::step]:
        for key in keys(old[number]):
            waiting[key].append(number)
    found: dict[int, int] = {}
    taken: set[int] = set()
    for number in rest_new[::step]:
        for key in keys(new[number]):
            queue = waiting.get(key, deque())
            while queue and queue[0] in taken:
                queue.popleft()
            if queue:
                found[number] = queue.popleft()
                taken.add(found[number])
                break
    rest_old[:] = [number for number in rest_old if number not in taken]
    rest_new[:] = [number for number in rest_new if number not in found]
    return found


def _judge(
    old: tuple[Statement, ...],
    new: tuple[Statement, ...],
    number: int,
    partner: int | None,
    *,
    same: bool,
    flags: bool,
    other_code: bool,
) -> Pair:
    """How a statement stands to its *partner*.

    *flags* of the compiler differ, and *other_code* says that more than annotations shows them.
    """
    if partner is None:
        return Pair(number, None, "new")
    if same:
        return Pair(number, partner, "same")
    before, after = old[partner], new[number]
    if other_code:
        return Pair(number, partner, "changed")
    if not flags and before.fragment.skeleton == after.fragment.skeleton:
        return Pair(number, partner, "body", tuple(_body_edits(before, after)))
    if before.fragment.kind == after.fragment.kind == "assign":
        assigned = _assigned(before)
        if assigned is not None and assigned == _assigned(after):
            return Pair(number, partner, "annotation")
    return Pair(number, partner, "changed")


def _assigned(statement: Statement) -> tuple[str, str] | None:
    """The one name that is assigned to, and the value; None where that has lines of its own."""
    if "lambda" in statement.fragment.text:
        return None
    match statement.fragment.parse():
        case [ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)]:
            return name, ast.dump(value)
        case [ast.Assign(targets=[ast.Name(id=name)], value=value)]:
            return name, ast.dump(value)
    return None


def _body_edits(before: Statement, after: Statement) -> Iterator[BodyEdit]:
    functions = zip(
        before.fragment.anatomy.functions, after.fragment.anatomy.functions, strict=True
    )
    for number, (old, new) in enumerate(functions):
        if old.body != new.body:
            first, now = before.lineno + old.first - 1, after.lineno + new.first - 1
            yield BodyEdit(new.qualname, first, now, number)


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
            return diff_classes(old, new, before, after)
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


def diff_classes(
    before: ast.ClassDef, after: ast.ClassDef, before_text: str = "", after_text: str = ""
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
"""A statement of a class body, after its text if that is known."""


def _members(node: ast.ClassDef, text: str) -> dict[str, list[_Member]]:
    """For each name that the body binds, its statements."""
    lines = text.split("\n")
    found: dict[str, list[_Member]] = {}
    for statement in node.body:
        shown = "\n".join(lines[first_line(statement) - 1 : statement.end_lineno])
        for name in bound_names([statement], text or ":="):
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
    called = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return all((dotted(decorator) or ("",))[-1] in _OF_METHODS for decorator in called)


def _are_alike(
    old: list[_Member], new: list[_Member], same: Callable[[_Member, _Member], bool]
) -> bool:
    return len(old) == len(new) and all(map(same, old, new))


def _is_one(old: _Member, new: _Member) -> bool:
    return (old[0] == new[0] != "") or dump(old[1]) == dump(new[1])


def _is_one_but_for_its_body(old: _Member, new: _Member) -> bool:
    return (old[0] == new[0] != "") or _without_body(old[1]) == _without_body(new[1])


def _without_body(statement: ast.stmt) -> str:
    """The statement's `dump`, of a function without all that follows its docstring."""
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return dump(statement)
    body, statement.body = statement.body, statement.body[: has_docstring(statement)]
    bare = dump(statement)
    statement.body = body
    return bare
