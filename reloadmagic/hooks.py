"""The hooks by which a module or class of the user's takes part in its own reload.

All are optional: ``__before_reload__()`` in a module may return a state, which
``__after_reload__(state)`` gets once the new code is in; ``__after_reload_instance__(self)`` in a
class is called for each live instance after its class changed. What they raise fails the reload, but
for what ``__before_reload__`` raises where the edit is one of itself.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from typing import Any

from .live import class_dict

__all__ = [
    "AFTER_HOOK",
    "BEFORE_HOOK",
    "after_reload",
    "after_reload_of_instances",
    "before_reload",
]

AFTER_HOOK = "__after_reload__"
BEFORE_HOOK = "__before_reload__"
INSTANCE_HOOK = "__after_reload_instance__"


def before_reload(namespace: dict[str, Any]) -> Any:
    """The state that a module hands on, None if it has no such hook."""
    hook = namespace.get(BEFORE_HOOK)
    return hook() if callable(hook) else None


def after_reload(namespace: dict[str, Any], state: Any) -> None:
    """Hand the state to the module's new code."""
    hook = namespace.get(AFTER_HOOK)
    if callable(hook):
        hook(state)


def after_reload_of_instances(
    classes: Iterable[type], before_each: Callable[[object], object]
) -> None:
    """Call the hook of each live instance of *classes* and their subclasses, if they have one.

    *before_each* is told of each instance before it is called. The heap is looked over only where a class has the hook.
    """
    affected: dict[int, type] = {}
    for cls in classes:
        if any(INSTANCE_HOOK in class_dict(base) for base in type.__dict__["__mro__"].__get__(cls)):
            affected.update((id(found), found) for found in _with_subclasses(cls))
    if not affected:
        return
    for found in gc.get_referrers(*affected.values()):
        if id(type(found)) in affected:
            hook = getattr(type(found), INSTANCE_HOOK, None)
            if hook is not None:
                before_each(found)
                hook(found)


def _with_subclasses(cls: type) -> list[type]:
    found = [cls]
    for known in found:
        subclasses: list[type] = type.__subclasses__(known)
        found += [c for c in subclasses if all(c is not f for f in found)]
    return found
