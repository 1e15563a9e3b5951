"""What can be seen of a statement while it runs: the names that it binds, the functions it makes."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from ..absent import ABSENT
from ..loader import MERGE_HOOK

__all__ = ["Recorder", "hooked"]

IMPLIED = frozenset({"__annotations__", "__builtins__", "__conditional_annotations__"})
"""Names that running any code may bind."""


class Recorder(MutableMapping[str, Any]):
    """The local names of a running statement: all of them the module's.

    Those that it binds are noted down, with what they were bound to before: *hidden* ones are not
    in *namespace* meanwhile.
    """

    __slots__ = ("bound", "deleted", "hidden", "namespace")

    def __init__(self, namespace: dict[str, Any], hidden: Mapping[str, Any] | None = None) -> None:
        self.namespace = namespace
        self.hidden = hidden or {}
        self.bound: dict[str, Any] = {}
        self.deleted: dict[str, None] = {}

    def __getitem__(self, name: str) -> Any:
        return self.namespace[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self.bound:
            self.bound[name] = self.namespace.get(name, self.hidden.get(name, ABSENT))
        self.namespace[name] = value
        self.deleted.pop(name, None)

    def __delitem__(self, name: str) -> None:
        del self.namespace[name]
        self.bound.pop(name, None)
        self.deleted[name] = None

    def give_back(self, name: str) -> None:
        """Have *name* hold what it held before the statement ran."""
        was = self.bound.pop(name)
        if was is ABSENT:
            del self.namespace[name]
        else:
            self.namespace[name] = was

    def note_unseen(self, before: Mapping[str, Any]) -> None:
        """Note down what was bound past these locals, through ``globals()`` say.

        *before* is what the namespace held when the statement began.
        """
        for name, value in self.namespace.items():
            if before.get(name, ABSENT) is not value and name not in IMPLIED:
                self.bound.setdefault(name, before.get(name, self.hidden.get(name, ABSENT)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.namespace)

    def __len__(self) -> int:
        return len(self.namespace)


_hooks: dict[int, Callable[[Any], Any]] = {}


def _call_hook(function: Any) -> Any:
    """The innermost decorator of decorated functions: tells whoever runs their module of them."""
    hook = _hooks.get(id(getattr(function, "__globals__", None)))
    return function if hook is None else hook(function)


@contextlib.contextmanager
def hooked(namespace: dict[str, Any], hook: Callable[[Any], Any]) -> Iterator[None]:
    """Have *hook* called with each raw function that a decorated ``def`` of *namespace* makes.

    The name that the code looks up lies among the builtins, so that no module ever shows it.
    """
    before = _hooks.get(id(namespace))
    vars(builtins)[MERGE_HOOK] = _call_hook
    _hooks[id(namespace)] = hook
    try:
        yield
    finally:
        if before is None:
            del _hooks[id(namespace)]
        else:
            _hooks[id(namespace)] = before
