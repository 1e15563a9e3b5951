"""What a class has others of by its bases alone: ``class A(Base)`` becomes ``class A(Mixin, Base)``.

In comes a class statement of a `ModulePlan`; out go the attributes that may come from elsewhere now.
Nothing else about the class or its objects is changed by that.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from ..diff import ClassDiff
from ..reach.index import Index
from ..reach.tokens import Entity
from ..source import Statement
from ..source.scopes import dotted
from .values import ModulePlan, Reason

__all__ = ["attributes_of_bases", "is_derived_anew"]

_ALWAYS = frozenset(
    {"__instancecheck__", "__subclasscheck__", "__mro__", "mro", "__bases__", "__base__"}
)
"""What tells of the bases themselves."""

_Bases = dict[str, ast.expr]
"""By its dump, each base as it is written."""


def attributes_of_bases(
    index: Index, plan: ModulePlan, number: int, diff: ClassDiff
) -> frozenset[tuple[Entity, str]] | None:
    """The attributes that a class may have from other bases than before, and what lists it there.

    With the class whose attributes they are. None where its head differs otherwise, or where the bases that came or went are not all known.
    """
    partner = plan.partner(number)
    if not diff.head or partner is None:
        return None
    new = _plain_bases(plan.after.statements[number])
    old = _plain_bases(plan.before.statements[partner])
    if old is None or new is None:
        return None
    stay = [base for base in old if base in new]
    changed = [base for bases in (old, new) for name, base in bases.items() if name not in stay]
    if not changed or stay != [base for base in new if base in old]:
        changed += new.values()
    me = (plan.name, plan.after.statements[number].binds[0])
    found = {(me, attr) for attr in _ALWAYS}
    for base in changed:
        path = dotted(base)
        entities = index.names.resolve(plan.name, path) if path is not None else ()
        classes = [e for e, rest in entities if not rest and index.names.class_of(e) is not None]
        if not classes:
            return None
        for cls in {*classes, *(above for c in classes for above in index.names.bases_of(c))}:
            if not _is_plain(index, cls):
                return None
            found |= {(me, attr) for attr in _attributes(index, cls)}
            found.add((cls, "__subclasses__"))
    return frozenset(found)


def is_derived_anew(index: Index, plan: ModulePlan, number: int, reasons: Iterable[Reason]) -> bool:
    """Is a class derived from others than before for these *reasons*, or may it, if its text stays?"""
    tokens = [reason for reason in reasons if isinstance(reason, tuple)]
    name = plan.after.statements[number].binds[0]
    info = index.modules[plan.name].summaries[number].classes.get(name)
    if info is None or not tokens:
        return False
    if info.derived_by and any(token[0] == "code" for token in tokens):
        return True
    bound = {token[1:] for token in tokens if token[0] == "bind"}
    held = {token[1:3] for token in tokens if token[0] in {"content", "attr"}}
    return any(
        entity in bound or (entity in held and path in info.derived_by)
        for path in (*info.bases, *info.derived_by)
        for entity, _ in index.names.resolve(plan.name, path)
    )


def _plain_bases(statement: Statement) -> _Bases | None:
    """The bases of a class without decorators and keywords, else None."""
    match statement.fragment.parse():
        case [ast.ClassDef(decorator_list=[], keywords=[], bases=bases)]:
            return {ast.dump(base): base for base in bases}
    return None


def _is_plain(index: Index, entity: Entity) -> bool:
    """Is a class derived from known ones only, by no metaclass, and made as it is written?"""
    info = index.names.class_of(entity)
    if info is None or info.decorated or "__slots__" in info.attrs:
        return False
    return all(
        path == ("object",)
        or any(index.names.class_of(e) for e, _ in index.names.resolve(entity[0], path))
        for path in info.bases
    )


def _attributes(index: Index, entity: Entity) -> set[str]:
    info = index.names.class_of(entity)
    prefix = f"{entity[1]}."
    functions = index.modules[entity[0]].functions
    methods = {q.removeprefix(prefix) for q in functions if q.startswith(prefix)}
    return {*(info.attrs if info is not None else ()), *(m for m in methods if "." not in m)}
