"""Classes that a library keeps book of, of which an edit adds, changes or drops methods alone.

SQLAlchemy maps a class to a table when its statement runs, and refuses to do so twice. Such a
statement runs as a class of nothing but its methods, which are then put on the class that stays.
"""

from __future__ import annotations

import ast
import sys
import types
from typing import TYPE_CHECKING, Any

from ..absent import ABSENT
from ..compiling import compile_statements
from ..live import class_dict, is_class
from ..plan import ModulePlan
from ..plan.values import EDITED
from ..source.scopes import dotted
from ..transaction import mro

if TYPE_CHECKING:
    from .state import State

__all__ = ["changed_methods", "compile_methods", "put_methods"]

_DECORATORS = frozenset({("property",), ("staticmethod",), ("classmethod",)})
# What Python calls when a class is made or derived from: a library may have, too.
_HOOKS = frozenset({"__init_subclass__", "__class_getitem__", "__set_name__", "__new__"})


def changed_methods(state: State, plan: ModulePlan, number: int) -> frozenset[str] | None:
    """The methods that an edit adds to a class, changes or drops; None where it does more than that.

    None, too, where no library has a hand in making the class, or the user's own code has.
    """
    statement, partner = plan.after.statements[number], plan.partner(number)
    if statement.fragment.kind != "class":
        return None
    cls = plan.tracked.namespace.get(statement.binds[0])
    diff = plan.class_diff(number)
    if (
        not is_class(cls)
        or diff is None
        or partner is None
        or diff.head
        or diff.values
        or number in plan.anew
    ):
        return None
    if not all(_is_of_methods(state, reason) for reason in plan.run.get(number, ())):
        return None
    changed = (diff.attrs | diff.bodies) - _HOOKS
    statements = plan.before.statements[partner], plan.after.statements[number]
    written = [_methods(s.fragment.parse()) for s in statements]
    if any(name not in written[0] and name not in written[1] for name in changed):
        return None
    if changed != diff.attrs | diff.bodies or any(False in names.values() for names in written):
        return None
    return changed if _is_of_library(state, cls) else None


def _is_of_methods(state: State, reason: Any) -> bool:
    """Is a class to run again for its own text, or for a base that got or lost methods alone?"""
    if reason == EDITED:
        return True
    if not isinstance(reason, tuple) or reason[0] != "shape" or reason[1] not in state.work:
        return False
    plan = state.work[reason[1]].plan
    for number, statement in enumerate(plan.after.statements):
        if statement.fragment.kind == "class" and statement.binds[0] == reason[2]:
            diff = plan.class_diff(number)
            return diff is not None and not (diff.head or diff.values)
    return False


def _methods(nodes: list[ast.stmt]) -> dict[str, bool]:
    """The methods that a class statement without decorators defines; False for all but plain ones."""
    found: dict[str, bool] = {}
    match nodes:
        case [ast.ClassDef(decorator_list=[], body=body)]:
            for node in body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    plain = {*map(dotted, node.decorator_list)} <= _DECORATORS
                    found[node.name] = plain and node.name not in found
    return found


def _is_of_library(state: State, cls: type) -> bool:
    """Does only a library's code run when a class is derived, as a metaclass or a hook of a base?"""
    makers = [type(cls), *(k for k in mro(cls)[1:] if "__init_subclass__" in class_dict(k))]
    named = (class_dict(maker).get("__module__") for maker in makers)
    homes = {home for home in named if type(home) is str}  # those of C have none
    homes = {home for home in homes if home.partition(".")[0] not in sys.stdlib_module_names}
    return bool(homes) and homes.isdisjoint(state.tracked)


def compile_methods(plan: ModulePlan, loader: Any, number: int) -> types.CodeType:
    """The code of a class statement that defines its methods and does no more."""

    def bare(node: ast.stmt) -> None:
        assert isinstance(node, ast.ClassDef)
        node.bases, node.keywords = [], []
        node.body = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        node.body = node.body or [ast.copy_location(ast.Pass(), node)]

    return compile_statements(loader, plan.after, [plan.after.statements[number]], change=bare)


def put_methods(state: State, cls: type, bare: type, names: frozenset[str]) -> None:
    """Give *cls* the methods *names* as *bare*, the class of nothing else, has them."""
    state.patcher.look()
    for name in names:
        new = class_dict(bare).get(name, ABSENT)
        if new is ABSENT:
            state.transaction.del_attr(cls, name)
            continue
        old = class_dict(cls).get(name, ABSENT)
        for function in filter(None, (getattr(new, "__func__", new), getattr(new, "fget", None))):
            for cell in getattr(function, "__closure__", None) or ():
                if cell.cell_contents is bare:
                    cell.cell_contents = cls  # which ``super()`` asks for
        stays = new if old is ABSENT else state.patcher.merge(old, new)
        state.transaction.set_attr(cls, name, stays)
    state.edited_classes.append(cls)
