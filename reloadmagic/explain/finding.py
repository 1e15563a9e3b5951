"""Which module or definition a name means, as people write it.

That is a module, a definition in one, a name of the notebook's, or the end of a full name.
"""

from __future__ import annotations

import difflib
import sys
import types
from typing import TYPE_CHECKING, Any

from ..errors import ReloadMagicError
from ..modules import module_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..reloader import Reloader

__all__ = ["UnknownName", "find_name", "known_names"]

MOST = 8
"""Names that an ambiguous one may mean, as many as are told."""


class UnknownName(ReloadMagicError, LookupError):
    """A name that means no module and no definition of the user's.

    Attributes:
        name: as it was asked for.
        candidates: names that it may have meant.
    """

    def __init__(self, name: str, candidates: Iterable[str] = (), why: str = "") -> None:
        self.name = name
        self.candidates = tuple(candidates)
        *others, last = self.candidates or ("",)
        either = f"{', '.join(others)} or {last}" if others else last
        meant = f" Did you mean {either}?" if last else ""
        super().__init__(f"{why or f'No module or definition of yours is called {name!r}.'}{meant}")


def find_name(reloader: Reloader, name: str) -> tuple[str, str]:
    """The module and the definition in it that *name* means; ``""`` for the module itself.

    Raises:
        UnknownName: it means nothing that is tracked.
    """
    name = name.removesuffix("()")
    found = _absolute(reloader, name) or _in_notebook(reloader, name)
    if found is not None:
        return found
    ending = [full for full in _definitions(reloader) if full.endswith(f".{name}")]
    if len(ending) == 1:
        found = _absolute(reloader, ending[0])
        assert found is not None
        return found
    if ending:
        raise UnknownName(name, ending[:MOST], why=f"Several are called {name!r}.")
    why = _why_unknown(reloader, name)
    raise UnknownName(name, () if why else _close(name, known_names(reloader)), why)


def _close(name: str, known: list[str]) -> list[str]:
    """Full names that *name*, or its end, was perhaps meant to be."""
    by_end: dict[str, str] = {}
    for full in known:
        by_end.setdefault(full.rpartition(".")[2].lower(), full)
    close = difflib.get_close_matches(name, known, n=3)
    ends = difflib.get_close_matches(name.rpartition(".")[2].lower(), by_end, n=3)
    return list(dict.fromkeys([*close, *(by_end[end] for end in ends)]))[:3]


def known_names(reloader: Reloader) -> list[str]:
    """Full names of all modules, their definitions and the members of classes."""
    names = []
    for module, entry in reloader.index.modules.items():
        names.append(module)
        inside = dict.fromkeys((*entry.bindings, *entry.classes, *entry.functions))
        names += [f"{module}.{inner}" for inner in inside if "<" not in inner and inner != "*"]
    return names


def _definitions(reloader: Reloader) -> Iterator[str]:
    """As `known_names`, without what is only imported there."""
    index = reloader.index
    for full in known_names(reloader):
        module, definition = _absolute(reloader, full) or (full, "")
        entry = index.modules[module]
        numbers = entry.bindings.get(definition, ())
        kinds = {entry.source.statements[number].fragment.kind for number in numbers}
        if kinds != {"import"}:
            yield full


def _absolute(reloader: Reloader, name: str) -> tuple[str, str] | None:
    """Module and definition where *name* begins with a tracked module's name."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        module = ".".join(parts[:count])
        if module in reloader.tracked:
            definition = ".".join(parts[count:])
            return (module, definition) if _is_in(reloader, module, definition) else None
    return None


def _is_in(reloader: Reloader, module: str, definition: str) -> bool:
    entry = reloader.index.modules.get(module)
    if not definition:
        return True
    if entry is None:
        return False
    return any(
        definition in names for names in (entry.bindings, entry.classes, entry.functions)
    ) or (_class_attribute(entry, definition) is not None)


def _class_attribute(entry: Any, definition: str) -> tuple[str, str] | None:
    owner, _, attr = definition.rpartition(".")
    known = entry.classes.get(owner)
    return (owner, attr) if known is not None and attr in known[1].attrs else None


def _in_notebook(reloader: Reloader, name: str) -> tuple[str, str] | None:
    """What a name of the user's own namespace stands for: an import, a class, an instance."""
    root, _, rest = name.partition(".")
    for space in reloader.namespaces:
        if root not in space.names:
            continue
        candidates = [".".join(origin) for origin in space.provenance.get(root, ())]
        candidates += _origins(space.names[root])
        for candidate in candidates:
            found = _absolute(reloader, f"{candidate}.{rest}" if rest else candidate)
            if found is not None:
                return found
    return None


def _origins(value: object) -> Iterator[str]:
    """Full names of what *value* is, read without running any code of the user's."""
    kind = type(value)  # isinstance() would ask a proxy for its __class__
    if issubclass(kind, types.ModuleType):
        spec = module_spec(value)
        if spec is not None:
            yield spec.name
    elif kind is types.FunctionType:
        assert isinstance(value, types.FunctionType)
        yield f"{value.__module__}.{value.__qualname__}"
    else:
        for base in type.__dict__["__mro__"].__get__(value if issubclass(kind, type) else kind):
            module = type.__getattribute__(base, "__dict__").get("__module__")
            yield f"{module}.{type.__dict__['__qualname__'].__get__(base)}"


def _why_unknown(reloader: Reloader, name: str) -> str:
    """Why a name that means a module, or something in one, is left alone; else ``""``."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        module = ".".join(parts[:count])
        if module in reloader.tracked:
            return ""
        if module in sys.modules:
            return f"{module} is left alone: {reloader.why_untracked(module)}."
    return ""
