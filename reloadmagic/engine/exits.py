"""Functions to call at exit: a ``def`` that registers one and runs again registers no second."""

from __future__ import annotations

import ast
import atexit
import types
from typing import TYPE_CHECKING, Any

from ..plan import ModulePlan
from ..source.scopes import decorator_of, dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import State

__all__ = ["unregister"]


def unregister(state: State, plan: ModulePlan, number: int, formerly: Mapping[str, Any]) -> None:
    """Take what ``@atexit.register`` was given by a statement that is about to run again."""
    fragment = plan.after.statements[number].fragment
    if fragment.kind != "def" or "register" not in fragment.text:
        return
    node = fragment.parse()[0]
    if not isinstance(node, ast.FunctionDef):
        return
    paths = [dotted(decorator_of(decorator)) for decorator in node.decorator_list]
    if any(path is not None and _is_register(plan, path) for path in paths):
        for function in formerly.values():
            if type(function) is types.FunctionType:
                atexit.unregister(function)
                state.transaction.on_rollback(_register_once, function)


def _is_register(plan: ModulePlan, path: tuple[str, ...]) -> bool:
    first = plan.tracked.namespace.get(path[0])
    if first is atexit:
        return path[1:] == ("register",)
    return first is atexit.register and len(path) == 1


def _register_once(function: types.FunctionType) -> None:
    atexit.unregister(function)
    atexit.register(function)
