"""What a module's own execution left in its containers and classes.

In comes a namespace right after it ran; out go `Note`s, by which entries that came at run time can
be told from those that the source made. Values are read as the built-in types hold them; nothing
of the user's is compared but by identity, unless it is plain.
"""

from __future__ import annotations

import _abc
import enum
import itertools
import sys
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .live import class_dict, instance_items, is_class, nested_classes
from .loader import ReloadLoader
from .modules import module_namespace

if TYPE_CHECKING:
    from .source import Source

__all__ = [
    "ABC",
    "ATTRIBUTES",
    "SMALL",
    "Note",
    "abc_registry",
    "containers",
    "contents_within",
    "imported_names",
    "is_container",
    "is_hashable",
    "noticed",
    "own_names",
    "take_notes",
    "unexplained",
]

CONTAINERS = (dict, list, set, OrderedDict, defaultdict, deque)
ATTRIBUTES = "<attributes>"
"""Under the name of an instance: the attributes that it had."""
ABC = ".<abc>"
"""Behind the name of an abstract class: the classes registered with it."""
LIMIT = 100_000
"""Larger containers are not noted: holding on to what they held would cost too much."""
SMALL = 100
"""Larger dicts are not looked into."""


class Note(NamedTuple):
    """What a container held, or which names a class had, when its module had run.

    Attributes:
        identity: ``id`` of the container, so that another one under its name is not taken for it.
        content: a shallow copy; a frozenset of names for a class.
        inside: an object of the user's holds it, and not a name of a module or class.
        within: of a small dict, shallow copies of the containers that it held, by key.
    """

    identity: int
    content: Any
    inside: bool = False
    within: Mapping[Any, Any] = types.MappingProxyType({})


def is_container(value: object) -> bool:
    """Is *value* one of the built-in containers that statements fill, not of a subclass?"""
    return type(value) in CONTAINERS


def containers(namespace: dict[str, Any], module: str) -> Iterator[tuple[str, Any]]:
    """Containers by dotted name, those of the module's classes and its dispatchers included.

    Classes come too, as they are filled with attributes.
    """
    for name, value in list(namespace.items()):
        if name.startswith("__") and name != "__all__":
            continue
        if is_container(value):
            yield name, value
        elif is_class(value):
            yield from _of_class(name, value, module)
        elif type(value) is types.FunctionType:
            registry = dispatch_registry(value)
            if registry is not None:
                yield f"{name}.<registry>", registry


def _of_class(name: str, cls: type, module: object) -> Iterator[tuple[str, Any]]:
    attributes = class_dict(cls)
    home = attributes.get("__module__")
    # What a function has made goes by its module, as does what decorators make of a class here.
    if home != module and "<locals>" not in type.__dict__["__qualname__"].__get__(cls):
        return
    yield name, cls
    is_enum = issubclass(type(cls), enum.EnumMeta)
    for attr, value in list(attributes.items()):
        if attr.startswith("__") or (is_enum and attr.startswith("_") and attr.endswith("_")):
            continue  # ``_member_map_`` and its like are the enum's own: no other name may be so
        if is_container(value):
            yield f"{name}.{attr}", value
    for attr, inner in nested_classes(cls):
        yield from _of_class(f"{name}.{attr}", inner, home)


def noticed(namespace: dict[str, Any], module: str) -> Iterator[tuple[str, Any]]:
    """`containers`, and those that objects of the user's classes hold."""
    yield from containers(namespace, module)
    yield from _inside(namespace)


def _inside(namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in _instances(namespace):
        for attr, part in instance_items(value):
            if is_container(part):
                yield f"{name}.{attr}", part


def _instances(namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names of instances of the user's classes."""
    for name, value in list(namespace.items()):
        module = class_dict(type(value)).get("__module__")
        if type(module) is not str or module in sys.builtin_module_names:
            continue
        loader = (module_namespace(sys.modules.get(module)) or {}).get("__loader__")
        if issubclass(type(loader), ReloadLoader):
            yield name, value


def dispatch_registry(value: types.FunctionType) -> dict[Any, Any] | None:
    """The registry of a `functools.singledispatch` function, None for any other."""
    qualname = value.__code__.co_qualname
    if qualname != "singledispatch.<locals>.wrapper":
        return None
    return dispatch_table(value)


def dispatch_table(function: Any) -> dict[Any, Any] | None:
    """The ``registry`` that a dispatcher's closures share."""
    register = vars(function).get("register")
    freevars = getattr(getattr(register, "__code__", None), "co_freevars", ())
    for name, cell in zip(freevars, getattr(register, "__closure__", None) or (), strict=False):
        if name == "registry" and type(cell.cell_contents) is dict:
            table: dict[Any, Any] = cell.cell_contents
            return table
    return None


def content_of(value: Any) -> Any:
    """A shallow copy of a container, the names of a class; None if it is too large to keep."""
    if is_class(value):
        return frozenset(class_dict(value))
    if len(value) > LIMIT:
        return None
    kind = type(value)
    if kind is list or kind is deque:
        return list(value)
    return set(value) if kind is set else dict(value)


def contents_within(value: Any) -> dict[Any, Any]:
    """Shallow copies of the containers that a small dict holds, by key; of no others."""
    if not issubclass(type(value), dict) or not 0 < len(value) <= SMALL:
        return {}
    return {
        key: content_of(part)
        for key, part in dict.items(value)
        if is_container(part) and len(part) <= LIMIT and is_hashable(key)
    }


def is_hashable(key: object) -> bool:
    """Can *key* still be hashed? Its class may have been edited since it came into a dict."""
    try:
        hash(key)
    except Exception:  # noqa: BLE001 - __hash__ is the user's
        return False
    return True


def own_names(
    namespace: dict[str, Any], source: Source, stars: Iterable[Iterable[str]]
) -> dict[str, Any]:
    """*namespace* without what imports alone bound: the module that made it takes the notes.

    *stars* are the names that star-imports bound.
    """
    imported = imported_names(source, stars)
    return {name: value for name, value in namespace.items() if name not in imported}


def imported_names(source: Source, stars: Iterable[Iterable[str]]) -> set[str]:
    """The names that imports alone bind; *stars* are those that star-imports bound."""
    imported: set[str] = set(itertools.chain(*stars))
    own: set[str] = set()
    for statement in source.statements:
        (imported if statement.fragment.kind == "import" else own).update(statement.binds)
    return imported - own


def unexplained(
    names: Iterable[str], source: Source, stars: Iterable[Iterable[str]]
) -> frozenset[str]:
    """Those of *names* that neither statements nor star-imports bind."""
    explained = {name for statement in source.statements for name in statement.binds}
    explained.update(*stars)
    return frozenset(n for n in names if n not in explained and not n.startswith("__"))


def take_notes(namespace: dict[str, Any], module: str) -> dict[str, Note]:
    """Notes on all containers and classes of a module, by dotted name."""
    notes: dict[str, Note] = {}
    for name, value in containers(namespace, module):
        notes[name] = Note(id(value), content_of(value), within=contents_within(value))
        if is_class(value):
            registered = abc_registry(value)
            if registered:
                notes[name + ABC] = Note(0, frozenset(map(id, registered)))
    for name, value in _inside(namespace):
        notes[name] = Note(id(value), content_of(value), True, contents_within(value))
    for name, value in _instances(namespace):
        attributes = frozenset(attr for attr, _ in instance_items(value))
        notes[f"{name}.{ATTRIBUTES}"] = Note(id(value), attributes)
    return notes


def abc_registry(cls: type) -> list[type] | None:
    """The classes registered with an abstract class, None if it is not one."""
    if "_abc_impl" not in class_dict(cls):
        return None
    try:
        references = _abc._get_dump(cls)[0]
    except TypeError:
        return None
    return [found for reference in references if (found := reference()) is not None]
