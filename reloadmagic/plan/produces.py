"""What may have changed for others once a statement has run.

In comes a statement of a `ModulePlan`; out go tokens (`reach.tokens`), told from how its text
differs from the one that it stands for.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator

from ..diff import differs_in_words
from ..live import class_dict, is_class
from ..reach import summarize
from ..reach.index import Index
from ..reach.known import TRAITS
from ..reach.summary import CALL
from ..reach.tokens import StatementId, Token
from ..source import Statement
from .keeping import values_that_stay
from .rebased import attributes_of_bases, is_derived_anew
from .values import ModulePlan

__all__ = ["changed_outside", "kept_names", "produced", "star_names"]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def produced(index: Index, plan: ModulePlan, number: int) -> Iterator[Token]:
    """What may have changed once the statement has run."""
    statement = plan.after.statements[number]
    partner = plan.partner(number)
    old = None if partner is None else plan.before.statements[partner]
    kind = statement.fragment.kind
    if old is not None and old.fragment.kind == kind == "class":
        yield from _class_tokens(index, plan, number, old, statement)
    elif old is not None and old.fragment.kind == kind == "def":
        words_only = differs_in_words(old.fragment.text, statement.fragment.text)
        if not words_only or _is_reached(plan, number) or any(_evaluate_otherwise(plan, number)):
            yield "code", plan.name, statement.binds[0]
        for attr in {*TRAITS, *index.attributes_used((plan.name, statement.binds[0]))}:
            yield "attr", plan.name, statement.binds[0], attr
        if "@" in old.fragment.text or "@" in statement.fragment.text:
            yield "bind", plan.name, statement.binds[0]
    else:
        yield from _bound_tokens(index, plan, number)
    if kind != "import":
        for name in statement.binds:  # which decorators may have set, too
            for attr in index.filling.attributes_from_outside((plan.name, name)):
                yield "attr", plan.name, name, attr
    yield from changed_outside(index, (plan.name, number))


def changed_outside(index: Index, statement: StatementId) -> Iterator[Token]:
    """What a statement may have changed beside the names that it binds."""
    here, number = statement
    now = index.modules[here].summaries[number].now
    for name in now.binds_global:
        yield "bind", here, name
    for path in now.sets:
        for (module, name), attr in index.names.attributes_set(here, path):
            yield "attr", module, name, attr


def _is_reached(plan: ModulePlan, number: int) -> bool:
    """Is a statement planned as what it uses may change, beside what its own text says?"""
    reasons = plan.run.get(number, ())
    return number in plan.anew or any(isinstance(reason, tuple) for reason in reasons)


def _bound_tokens(index: Index, plan: ModulePlan, number: int) -> Iterator[Token]:
    statement = plan.after.statements[number]
    alike = _imported_alike(index, plan, number)
    for name in statement.binds:
        if name in alike:
            continue
        if name == "*":
            for given in star_names(index, plan, number):
                yield "bind", plan.name, given
        else:
            yield "bind", plan.name, name
            yield "content", plan.name, name
            is_import = statement.fragment.kind == "import"
            if not is_import and is_class(plan.tracked.namespace.get(name)):
                yield "head", plan.name, name


def _imported_alike(index: Index, plan: ModulePlan, number: int) -> set[str]:
    """The names that an edited import binds to what it did before, as far as that is known here.

    Where the modules that it imports from bind them anew, `Propagation` follows that by its name.
    """
    partner = plan.partner(number)
    old = None if partner is None else plan.before.statements[partner].fragment
    if old is None or old.kind != "import" or _is_reached(plan, number):
        return set()
    entry = index.modules[plan.name]
    before = summarize(old).imports
    return {
        found.alias
        for found in entry.summaries[number].imports
        if found in before and len(entry.bindings.get(found.alias, ())) == 1
    } - {"*"}


def star_names(index: Index, plan: ModulePlan, number: int) -> set[str]:
    """What a star-import has bound and what it may bind now, from another module perhaps."""
    partner = plan.partner(number)
    names = set(plan.tracked.stars.get(partner, ()) if partner is not None else ())
    targets = index.names.star_targets(plan.name, number)
    if not all(map(index.names.knows, targets)):
        names.update(index.used_names(plan.name))
    return names.union(*map(index.names.public_names, targets))


def kept_names(index: Index, plan: ModulePlan, number: int) -> set[str]:
    """What a star-import has bound and certainly binds now: ``__all__`` may leave out names."""
    partner = plan.partner(number)
    targets = index.names.star_targets(plan.name, number)
    if partner is None or len(targets) != 1:
        return set()
    before = set(plan.tracked.stars.get(partner, ()))
    return before & index.names.public_names(targets[0]) & _given(index, targets[0])


def _given(index: Index, module: str) -> set[str]:
    """The names that a star-import of *module* certainly gives, with those that begin with "_"."""
    found: set[str] = set()
    todo, seen = [module], set[str]()
    while todo:
        name = todo.pop()
        entry = index.modules.get(name)
        if entry is None or name in seen:
            continue
        seen.add(name)
        if "__all__" in entry.bindings:
            found |= _listed(index, name)
        else:
            found.update(entry.bindings)
            todo += entry.stars
    return found


def _listed(index: Index, module: str) -> frozenset[str]:
    """The names in the ``__all__`` of a module; none where that cannot be told from its text."""
    entry = index.modules[module]
    numbers = entry.bindings["__all__"]
    nodes = entry.source.statements[numbers[0]].fragment.peek()
    if len(numbers) > 1 or len(nodes) > 1 or (module, "__all__", "") in index.filling.fillers():
        return frozenset()
    try:
        return frozenset(ast.literal_eval(nodes[0].value))  # type: ignore[attr-defined]
    except (AttributeError, TypeError, ValueError):
        return frozenset()


def _evaluate_otherwise(plan: ModulePlan, number: int) -> Iterator[str]:
    """The functions of a definition that define others, where annotations are evaluated no longer.

    Or where they are, from this edit on: then those others have other annotations.
    """
    if plan.before.flags == plan.after.flags:
        return
    for top in plan.after.statements[number].fragment.peek():
        for function in top.body if isinstance(top, ast.ClassDef) else [top]:
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                inside = (node for part in function.body for node in ast.walk(part))
                if any(isinstance(node, _DEFINITIONS) for node in inside):
                    yield function.name


def _class_tokens(
    index: Index, plan: ModulePlan, number: int, old: Statement, new: Statement
) -> Iterator[Token]:
    name = new.binds[0]
    diff = plan.class_diff(number)
    if diff is None:
        yield "head", plan.name, name  # several on one line
        return
    inherited = attributes_of_bases(index, plan, number, diff)
    if inherited is not None:
        for (module, owner), attr in inherited:
            yield "attr", module, owner, attr
            yield "code", module, f"{owner}.{attr}"
    elif diff.head or is_derived_anew(index, plan, number, plan.run.get(number, ())):
        yield "head", plan.name, name
        for method in _own_methods(plan.tracked.namespace.get(name)):
            yield "code", plan.name, f"{name}.{method}"  # a decorator may give it no longer
    elif "__slots__" in diff.attrs:
        yield "layout", plan.name, name
    if diff.head or diff.names or diff.attrs:
        yield "shape", plan.name, name
    turns = ("abstract" in old.fragment.text) != ("abstract" in new.fragment.text)
    if diff.head or diff.values or turns or _is_reached(plan, number):
        yield "made", plan.name, name
    for attr in (*diff.bodies, *_evaluate_otherwise(plan, number)):
        yield "code", plan.name, f"{name}.{attr}"
    info = index.modules[plan.name].summaries[number].classes.get(name)
    if (diff.head and inherited is None) or (info is not None and info.decorated):
        yield "bind", plan.name, name  # a decorator may return what it will
    values = info.values if info is not None else {}
    stay = set() if _is_reached(plan, number) else values_that_stay(index, plan, number)
    made = {attr for attr, unit in values.items() if unit.paths} - stay
    for attr in diff.attrs | made:
        yield "attr", plan.name, name, attr
        yield "code", plan.name, f"{name}.{attr}"
    if info is not None and (info.decorated or info.bases):
        yield "shape", plan.name, name
        # What else others have put into it cannot be told, but what is used of it can.
        for attr in index.attributes_used((plan.name, name)):
            yield "attr", plan.name, name, attr
    elif any(how & CALL for unit in values.values() for how in unit.paths.values()):
        # What is made for it may set attributes, as it is told of the class by ``__set_name__``.
        for attr in index.attributes_used((plan.name, name)) - values.keys():
            yield "attr", plan.name, name, attr


def _own_methods(cls: object) -> list[str]:
    """The methods of a live class that it does not inherit."""
    parts = class_dict(cls).items() if is_class(cls) else ()
    return [name for name, part in parts if type(part) is types.FunctionType]
