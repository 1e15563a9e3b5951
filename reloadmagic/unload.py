"""Take a module out of the session, as if it had not been imported.

In come a module's name and the user's namespaces; out goes an `Unloaded`, which says what went and
who still holds something of it. Nothing of the user's runs, and no object but names is touched.
"""

from __future__ import annotations

import importlib
import sys
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import NotTracked, ReloadMagicError
from .modules import module_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .reloader import Reloader

__all__ = ["CannotUnload", "Unloaded", "unload"]

_NEEDED = {"IPython", "ipykernel", "traitlets", "zmq", "tornado", "reloadmagic", "__main__"}
MOST = 10  # holders that are told


class CannotUnload(ReloadMagicError):
    """A module that the session itself runs on.

    Attributes:
        name: the module.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is not unloaded: the session itself runs on it.")


@dataclass(frozen=True, slots=True)
class Unloaded:
    """What was taken out, and what is left.

    Attributes:
        modules: names that are no longer in ``sys.modules``.
        names: names that the user's namespaces lost.
        holders: who still holds what, as sentences.
    """

    modules: tuple[str, ...]
    names: tuple[str, ...]
    holders: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"unloaded {', '.join(self.modules)}"]
        if self.names:
            lines.append(f"your names that went with it: {', '.join(self.names)}")
        lines += self.holders[:MOST]
        if len(self.holders) > MOST:
            lines.append(f"… {len(self.holders) - MOST} more hold something of it")
        return "\n".join(lines)


def unload(reloader: Reloader, name: str, namespaces: Sequence[dict[str, Any]] = ()) -> Unloaded:
    """Take the module *name* and its submodules out of ``sys.modules``.

    With them go the attributes by which their packages know them, and the names of *namespaces*
    that are these modules or were imported from them, unless they hold something else by now. The
    next import runs the file anew.

    Raises:
        NotTracked: no module of that name is loaded.
        CannotUnload: the session runs on it.
    """
    found = [m for m in list(sys.modules) if m == name or m.startswith(f"{name}.")]
    if name not in found:
        raise NotTracked(name)
    top = name.partition(".")[0]
    if top in _NEEDED or top in sys.stdlib_module_names:
        raise CannotUnload(name)
    modules = {m: sys.modules[m] for m in found}
    gone = [n for names in namespaces for n in _drop_names(reloader, names, modules)]
    for module in reversed(found):
        sys.modules.pop(module, None)
        reloader.forget(module)
        _drop_attribute(module, modules[module])
    importlib.invalidate_caches()
    holders = tuple(_holders(modules, namespaces))
    return Unloaded(tuple(found), tuple(gone), holders)


def _drop_attribute(name: str, module: object) -> None:
    """The package's name for its submodule."""
    package, _, attr = name.rpartition(".")
    namespace = module_namespace(sys.modules.get(package))
    if namespace is not None and namespace.get(attr) is module:
        del namespace[attr]


def _drop_names(
    reloader: Reloader, names: dict[str, Any], modules: dict[str, Any]
) -> Iterator[str]:
    space = next((s for s in reloader.namespaces if s.names is names), None)
    for name, value in list(names.items()):
        if name.startswith("_") and name.strip("_i").isdigit():
            continue  # IPython's own record of outputs
        origins = space.provenance.get(name, ()) if space is not None else ()
        if _is_one_of(value, modules) or any(_is_import(value, o, modules) for o in origins):
            del names[name]
            yield name
            if space is not None:
                space.note_other(name)


def _is_one_of(value: object, modules: dict[str, Any]) -> bool:
    return any(value is module for module in modules.values())


def _is_import(value: object, origin: tuple[str, str], modules: dict[str, Any]) -> bool:
    """Is *value* still what ``from MODULE import NAME`` gave?"""
    namespace = module_namespace(modules.get(origin[0]))
    return namespace is not None and origin[1] in namespace and namespace[origin[1]] is value


def _holders(modules: dict[str, Any], namespaces: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Names elsewhere that are the modules, their functions and classes, or instances of these."""
    for names in namespaces:
        for name, value in list(names.items()):
            if not name.startswith("_"):
                yield from _holder(name, value, modules)
    for holder, module in list(sys.modules.items()):
        namespace = module_namespace(module)
        if namespace is None or any(namespace is names for names in namespaces):
            continue
        for name, value in list(namespace.items()):
            yield from _holder(f"{holder}.{name}", value, modules)


def _holder(holder: str, value: object, modules: dict[str, Any]) -> Iterator[str]:
    kind = type(value)  # isinstance() would ask a proxy for its __class__
    if issubclass(kind, types.ModuleType):
        if _is_one_of(value, modules):
            yield f"{holder} is still the module"
    elif kind is types.FunctionType:
        assert isinstance(value, types.FunctionType)
        if value.__module__ in modules:
            yield f"{holder} is still {value.__module__}.{value.__qualname__}"
    elif issubclass(kind, type):
        assert isinstance(value, type)
        if _home(value) in modules:
            yield f"{holder} is still {_full_name(value)}"
    elif _home(kind) in modules:
        yield f"{holder} is still an instance of {_full_name(kind)}"


def _home(cls: type) -> object:
    """The module that a class says it is of, read without running a metaclass's code."""
    home = type.__getattribute__(cls, "__dict__").get("__module__")
    return home if type(home) is str else None


def _full_name(cls: type) -> str:
    return f"{_home(cls)}.{type.__dict__['__qualname__'].__get__(cls)}"
