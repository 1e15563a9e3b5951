"""What the names of a module are annotated with, which follows its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..compiling import compile_tree
from ..source import Statement

if TYPE_CHECKING:
    from ..plan import ModulePlan
    from .state import State

__all__ = ["annotate", "drop_annotations", "order_annotations"]


def annotate(state: State, plan: ModulePlan, number: int, loader: Any) -> None:
    """Work out the annotation of a statement of which nothing else was edited.

    Raises:
        SourceError: it does not compile.
        whatever working it out raises.
    """
    source, namespace = plan.after, plan.tracked.namespace
    body: list[ast.stmt] = [
        ast.copy_location(ast.AnnAssign(node.target, node.annotation, None, node.simple), node)
        for node in source.statements[number].parse()
        if isinstance(node, ast.AnnAssign)
    ]
    if not body:
        return
    tree = ast.Module(body=body, type_ignores=[])
    found: dict[str, Any] = {"__annotations__": {}}
    exec(compile_tree(source.loader or loader, tree, source.path, source.flags), namespace, found)
    annotations = _annotations(plan)
    if annotations is None:
        annotations = {}
        state.transaction.set_item(namespace, "__annotations__", annotations)
    for name, annotation in found["__annotations__"].items():
        state.transaction.set_item(annotations, name, annotation)
    state.effects.add(("content", plan.name, "__annotations__"))


def drop_annotations(state: State, plan: ModulePlan) -> None:
    """Take out of ``__annotations__`` what the source no longer annotates."""
    annotations, diff = _annotations(plan), plan.diff
    if annotations is None or diff is None:
        return
    before = plan.before.statements
    gone = _annotated(before[diff.head : len(before) - diff.tail])
    if not gone:
        return
    stays = _annotated(plan.after.statements)
    for name in gone - stays:
        if name in annotations:
            state.transaction.del_item(annotations, name)
    if not stays and not annotations:
        del plan.tracked.namespace["__annotations__"]


def _annotations(plan: ModulePlan) -> dict[str, Any] | None:
    """What the module's names are annotated with, None if it has no dict of that."""
    found = plan.tracked.namespace.get("__annotations__")
    return found if type(found) is dict else None


def order_annotations(state: State, plan: ModulePlan) -> None:
    """Have ``__annotations__`` in the order of the statements, also where new ones came between."""
    diff = plan.diff
    annotations = _annotations(plan) if diff is not None else None
    if annotations is None or diff is None:
        return
    after = plan.after.statements
    if not _annotated(after[diff.head : len(after) - diff.tail]):
        return
    places: dict[str, int] = {}
    for number, statement in enumerate(after):
        for name in _annotated([statement]):
            places.setdefault(name, number)
    order = sorted(annotations, key=lambda name: places.get(name, len(after)))
    if order != list(annotations):
        state.transaction.set_contents(annotations, {n: annotations[n] for n in order})


def _annotated(statements: Iterable[Statement]) -> set[str]:
    """The names that *statements* put into the module's ``__annotations__``."""
    from ..reach import summarize

    found: set[str] = set()
    for statement in statements:
        if ":" in statement.fragment.text:
            summary = statement.fragment.summary or summarize(statement.fragment)
            found |= summary.annotated
    return found
