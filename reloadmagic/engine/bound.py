"""What each statement bound when it last ran, and the functions that its ``def`` made.

Results are held weakly: a value that nobody else holds is gone, as it would be without us.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..absent import ABSENT
from ..live import OwnReference, class_dict, functions_held, is_class
from ..modules import TrackedModule, module_spec
from ..notes import is_container
from ..returned import gives_back
from ..source import Source, Statement
from ..source.scopes import dotted
from ..stamps import stamp_of

if TYPE_CHECKING:
    from ..diff import Pair
    from ..plan import ModulePlan
    from .state import State, Work

__all__ = [
    "bound_before",
    "follow_replaced",
    "loader_of",
    "note_gone",
    "olds",
    "raw_before",
    "returned",
    "take_out",
]

_NOTHING: Mapping[str, Any] = types.MappingProxyType({})


def note_gone(plan: ModulePlan) -> None:
    """Remember the functions and classes that an edit took out, for as long as somebody has them."""
    tracked = plan.tracked
    gone = {key: held for key, held in tracked.gone.items() if held() is not None}
    for number, statement in enumerate(plan.after.statements) if gone else ():
        if plan.partner(number) is None:
            gone.pop(_definition(statement), None)
    assert plan.diff is not None
    others = (p.old for p in plan.diff.edited if p.old is not None and _is_other(plan, p))
    for number in (*plan.dropped_statements, *others):
        key = _definition(plan.before.statements[number])
        held = tracked.bound[number].get(key[1]) if number < len(tracked.bound) else None
        if key[1] and held is not None:
            gone[key] = held
    tracked.gone = gone


def returned(
    plan: ModulePlan, tracked: Mapping[str, TrackedModule]
) -> Iterator[tuple[int, Any, TrackedModule | None]]:
    """New statements that define what an edit took out earlier, with what that was.

    What has moved to another of the *tracked* modules is that one's, as long as it has a file; else
    that one comes with it.
    """
    if plan.diff is None or not plan.tracked.gone:
        return
    for pair in plan.diff.edited:
        held = plan.tracked.gone.get(_definition(plan.after.statements[pair.new]))
        is_new = pair.old is None or _is_other(plan, pair)
        value = held() if held is not None and is_new else None
        if value is not None and not _is_made_by_others(plan, pair.new, value):
            home = _home(value, plan, tracked)
            if home is None or stamp_of(home.path) is None:
                yield pair.new, value, home


def _is_made_by_others(plan: ModulePlan, number: int, value: Any) -> bool:
    """Is *value* what a statement has made that stays and binds the same name, in a block say?"""
    name = plan.after.statements[number].binds[0]
    for other, statement in enumerate(plan.after.statements):
        partner = plan.partner(other)
        if other == number or partner is None or name not in statement.binds:
            continue
        held = plan.tracked.bound[partner].get(name)
        if held is not None and held() is value:
            return not _only_names(statement, name, value, plan.tracked)
    return False


def _home(
    value: Any, plan: ModulePlan, tracked: Mapping[str, TrackedModule]
) -> TrackedModule | None:
    """The other module that defines *value* by now."""
    name = class_dict(value).get("__module__") if is_class(value) else None
    if type(value) is types.FunctionType:
        name = value.__globals__.get("__name__")
    return tracked.get(name) if type(name) is str and name != plan.name else None


def take_out(tracked: TrackedModule, statement: Statement) -> None:
    """Another module has what *statement* defines in one of which the file is gone.

    Once the file is back, with that definition, it is a new one there.
    """
    source, key = tracked.source, _definition(statement)
    if source is None or source.parts:
        return
    keys = [_definition(one) for one in source.statements]
    if key not in keys:
        return
    number = keys.index(key)
    lines = source.text.split("\n")
    taken = source.statements[number]
    lines[taken.lineno - 1 : taken.end_lineno] = [""] * (taken.end_lineno - taken.lineno + 1)
    rest = source.statements[:number] + source.statements[number + 1 :]
    tracked.source = Source(source.path, "\n".join(lines), rest)
    tracked.source.loader = source.loader
    del tracked.bound[number : number + 1]
    tracked.stars = {n - (n > number): names for n, names in tracked.stars.items()}
    tracked.owed = frozenset(n - (n > number) for n in tracked.owed if n != number)


def _is_other(plan: ModulePlan, pair: Pair) -> bool:
    """Does a statement stand for one of another kind, an import for a class say?"""
    assert pair.old is not None
    before, after = plan.before.statements[pair.old], plan.after.statements[pair.new]
    return before.fragment.kind != after.fragment.kind


def _definition(statement: Statement) -> tuple[str, str]:
    """Kind and name of what a ``def`` or ``class`` defines; no name for any other statement."""
    kind = statement.fragment.kind
    return kind, statement.binds[0] if kind in {"def", "class"} else ""


def loader_of(tracked: TrackedModule) -> Any:
    """The loader that importlib has for a module, None if it is gone."""
    spec = module_spec(tracked.reference())
    return spec.loader if spec is not None else None


def olds(state: State, work: Work, number: int) -> dict[str, Any]:
    """What the statement that this one stands for had bound."""
    plan = work.plan
    if number in work.origins and work.origins[number] is not ABSENT:
        return {plan.after.statements[number].binds[0]: work.origins[number]}
    partner = plan.partner(number)
    # What is gone may be made now by a statement that stands for another.
    gone = {
        name: old for old in plan.dropped_statements for name in plan.before.statements[old].binds
    }
    places = [
        (old, name) for name, old in gone.items() if name in plan.after.statements[number].binds
    ]
    if partner is not None:
        places += [(partner, name) for name in plan.before.statements[partner].binds]
    return {
        name: value
        for old, name in places
        if (value := _held_before(state, work, old, name)) is not ABSENT
        and not _only_names(plan.before.statements[old], name, value, plan.tracked)
    }


def _only_names(statement: Statement, name: str, value: Any, tracked: TrackedModule) -> bool:
    """Did the statement give *name* to what another had made, by an import or as an alias?

    Such an object is not an earlier version of what the statement makes now.
    """
    if statement.fragment.kind == "import":
        return True
    if statement.fragment.kind == "assign":
        return is_alias(statement)
    if statement.fragment.kind in {"def", "class"} or "import" not in statement.fragment.text:
        return False
    if type(value) is types.FunctionType:
        return value.__globals__ is not tracked.namespace
    if is_class(value):
        return bool(class_dict(value).get("__module__") != tracked.name)
    from ..reach import summarize

    imports = summarize(statement.fragment).imports
    return any(imported.alias == name for imported in imports)


def is_alias(statement: Statement) -> bool:
    """Is it an assignment of what a name, an attribute or an item holds?"""
    nodes = statement.fragment.peek()
    if len(nodes) != 1 or not isinstance(nodes[0], ast.Assign | ast.AnnAssign):
        return False
    value = nodes[0].value
    while value is not None and (holder := _holder(value)) is not None:
        value = holder
    return value is not None and dotted(value) is not None


def _holder(node: ast.expr) -> ast.expr | None:
    """``table`` for an item of it, however that is asked for; None for all else."""
    match node:
        case ast.Subscript(value=table):
            return table
        case ast.Call(func=ast.Attribute(value=table, attr="setdefault")):
            return table
        case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[_]):
            return table
    return None


def bound_before(
    tracked: TrackedModule,
    number: int,
    name: str,
    source_of: Callable[[str], Source | None],
    source: Source | None = None,
    last: Mapping[str, Any] = _NOTHING,
) -> Any:
    """What the statement *number* bound to *name*, even if another has bound it again since.

    *source_of* gives the sources of other modules that last ran. *source* is the one that the
    number is of, by default the one that last ran; *last* is what names held which have been bound
    again in this run.
    """
    source = source or tracked.source
    assert source is not None
    reference = tracked.bound[number].get(name) if number < len(tracked.bound) else None
    value = reference() if reference is not None else None
    if value is not None:
        return value
    value = last[name] if name in last else tracked.namespace.get(name, ABSENT)
    if any(star > number and name in names for star, names in tracked.stars.items()):
        return ABSENT  # that is another module's
    later = [n for n, s in enumerate(source.statements) if n > number and name in s.binds]
    if is_container(value):  # which ``+=`` changes in place
        later = [n for n in later if not _is_augmented(source.statements[n])]
    if all(gives_back(source_of, tracked.name, source, other, name) for other in later):
        return value
    return ABSENT


def _is_augmented(statement: Statement) -> bool:
    nodes = statement.fragment.parse() if statement.fragment.kind == "assign" else []
    return len(nodes) == 1 and isinstance(nodes[0], ast.AugAssign)


def follow_replaced(state: State) -> None:
    """Classes that were replaced: what takes their place counts as bound by their statements."""
    stays = {id(old): state.patcher.stand_in(old) for old, _ in state.patcher.replaced_classes}
    if not stays:
        return
    for tracked in state.tracked.values():
        for held in tracked.bound:
            for name, reference in held.items():
                if id(reference()) in stays:
                    found = OwnReference(stays[id(reference())])
                    state.transaction.set_item(held, name, found)


def _held_before(state: State, work: Work, number: int, name: str) -> Any:
    """`bound_before`, for a statement of the source before."""
    before = work.plan.before
    return bound_before(work.plan.tracked, number, name, state.source_of, before, work.last)


def raw_before(state: State, work: Work, number: int, qualname: str) -> types.FunctionType | None:
    """The function that the old statement's ``def`` made, out of whatever wraps it."""
    plan = work.plan
    partner = plan.partner(number)
    if partner is None or "." in qualname:
        return None
    reference = plan.tracked.bound[partner].get("@" + qualname)
    raw = reference() if reference is not None else None
    if raw is not None:
        return raw  # type: ignore[no-any-return]
    old = plan.before.statements[partner]
    if "@" not in old.fragment.text:
        return None  # decorators are new: what holds the function is to get what they make
    value = _held_before(state, work, partner, qualname)
    if value is ABSENT:
        return None
    lines = range(old.lineno, old.end_lineno + 1)
    for function in functions_held(value, plan.tracked.namespace):
        code = function.__code__
        if code.co_qualname == qualname and (
            plan.before.line_of(code) in lines or function.__qualname__ == qualname
        ):
            return function
    return None
