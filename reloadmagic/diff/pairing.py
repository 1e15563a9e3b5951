"""Which statement stands for which: equal ones first, then those that bind the same names."""

from __future__ import annotations
import __future__

import ast
import itertools
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator

from ..source import Source, Statement
from .values import BodyEdit, Diff, Pair

__all__ = ["diff_sources"]

_ANNOTATIONS = __future__.annotations.compiler_flag


def diff_sources(before: Source, after: Source) -> Diff:
    """Pair the statements of two versions.

    Equal statements pair first, in order; then those of one kind that bind the same names, from
    the end on; then those that bind a name in common. A change of ``from __future__`` imports
    changes every statement, as they are compiler flags; where it is the one of annotations, those
    that have some, or functions.
    """
    old, new = before.statements, after.statements
    start, end = _common_ends(before, after)
    shift = len(new) - len(old)
    rest_old = list(range(start, len(old) - end))
    rest_new = list(range(start, len(new) - end))
    partner: dict[int, int] = {}
    for key in (_by_text, _by_key):
        partner.update(_pair_up(old, new, rest_old, rest_new, key))
    same = set(partner)
    for key in (_by_kind, _by_binds, _by_any_name):
        # Of several that bind one name, the last one's object is what others hold.
        found = _pair_up(old, new, rest_old, rest_new, key, from_end=key is _by_kind)
        partner.update(found)
    flags = before.flags ^ after.flags
    if flags:
        ends = {number: number for number in range(start)}
        ends |= {number: number - shift for number in range(len(new) - end, len(new))}
        partner |= ends
        same |= ends.keys()
        same = {n for n in same if flags == _ANNOTATIONS and not _shows_flags(new[n])}
        start, end = 0, 0
    pairs = tuple(
        _judge(old, new, number, partner.get(number), same=number in same, flags=flags)
        for number in range(start, len(new) - end)
    )
    kept = [(p.new, p.old) for p in pairs if p.how == "same" and p.old is not None]
    moved = tuple(_moved(before, after, start, kept, end))
    return Diff(before, after, start, end, pairs, tuple(rest_old), moved)


def _shows_flags(statement: Statement) -> bool:
    """Has a statement functions, of which the code shows the flags, or annotations?"""
    if statement.fragment.kind in {"def", "class"} or "lambda" in statement.fragment.text:
        return True
    return ":" in statement.fragment.text and any(
        isinstance(node, ast.AnnAssign)
        or getattr(node, "annotation", None) is not None
        or getattr(node, "returns", None) is not None
        for top in statement.fragment.peek()
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
    begin, end = (0, 0) if recut else before.shared_ends(after)
    if end and olds[-1] is not news[-1]:
        end = 0  # they stand on other lines
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


def _common_ends(before: Source, after: Source) -> tuple[int, int]:
    """How many statements at the start and at the end have the same text."""
    old, new = before.statements, after.statements
    limit = min(len(old), len(new))
    start, end = before.shared_ends(after)
    while start < limit and _one_text(old[start], new[start]):
        start += 1
    end = min(end, limit - start)
    while end < limit - start and _one_text(old[-1 - end], new[-1 - end]):
        end += 1
    return start, end


def _one_text(old: Statement, new: Statement) -> bool:
    return _text(old) == _text(new)


def _text(statement: Statement) -> tuple[bool, str]:
    # A docstring is one by its place: the same string further down is none.
    return statement.fragment.kind == "doc", statement.fragment.text


def _by_text(statement: Statement) -> Iterable[object]:
    return (_text(statement),)


def _by_key(statement: Statement) -> Iterable[object]:
    return ((statement.fragment.kind == "doc", statement.fragment.key),)


def _by_kind(statement: Statement) -> Iterable[object]:
    return ((statement.fragment.kind, frozenset(statement.binds)),) if statement.binds else ()


def _by_binds(statement: Statement) -> Iterable[object]:
    return (frozenset(statement.binds),) if statement.binds else ()


def _by_any_name(statement: Statement) -> Iterable[object]:
    return statement.binds


def _pair_up(
    old: tuple[Statement, ...],
    new: tuple[Statement, ...],
    rest_old: list[int],
    rest_new: list[int],
    keys: Callable[[Statement], Iterable[object]],
    *,
    from_end: bool = False,
) -> dict[int, int]:
    """Pair what shares a key, first with first or last with last.

    Paired ones leave *rest_old* and *rest_new*.
    """
    if not rest_old or not rest_new:
        return {}
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
    if found:
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
    flags: int,
) -> Pair:
    """How a statement stands to its *partner*, which is compiled with *flags* that differ."""
    if partner is None:
        return Pair(number, None, "new")
    if same:
        return Pair(number, partner, "same")
    before, after = old[partner], new[number]
    if flags not in {0, _ANNOTATIONS}:  # all code shows them
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
    match statement.fragment.peek():
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
