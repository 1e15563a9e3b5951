"""The canonical description of a session: what both sides are compared in.

A description is a tree of plain values. Whatever has an identity is described where it is met first
and is ``"same as <place>"`` afterwards, so two descriptions are equal only when the same names are the
same objects. Nothing of an object is described by its address, and nothing is called here: for that,
see ``calls``.
"""

from __future__ import annotations

import abc
import collections
import enum
import functools
import importlib
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .world import PACKAGE

Tree = Any  # str | list[Tree] | dict[str, Tree]

ATOMS = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(Ellipsis),
    type(NotImplemented),
    range,
)
SKIPPED_IN_CLASSES = frozenset(
    (
        "__dict__",
        "__weakref__",
        "_abc_impl",
        "__dataclass_params__",
        "__annotations_cache__",
        "__annotate_func__",
        "__annotate__",
    )
)
ENUM_INTERNALS = frozenset(
    (
        "_generate_next_value_",
        "_new_member_",
        "_value_repr_",
        "_use_args_",
        "_member_type_",
        "_unhashable_values_",
        "_member_names_",
        "_member_map_",
        "_value2member_map_",
        "_hashable_values_",
        "_unhashable_values_map_",
        "__new__",
        "__new_member__",
    )
)
SKIPPED_IN_MODULES = frozenset(
    (
        "__builtins__",
        "__cached__",
        "__loader__",
        "__spec__",
        "__name__",
        "__package__",
        "__path__",
        "__annotate__",
        "__conditional_annotations__",
    )
)
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


def without_addresses(text: str) -> str:
    """The text with memory addresses blotted out."""
    return ADDRESS.sub("0x", text)


def is_ours(module: object) -> bool:
    """Whether a ``__module__`` is of the generated package."""
    return isinstance(module, str) and module.split(".")[0] == PACKAGE


def own_dict(cls: type) -> Mapping[str, Any]:
    """The attributes of the class itself, whatever its metaclass thinks."""
    return typing.cast("Mapping[str, Any]", type.__dict__["__dict__"].__get__(cls))


def instance_dict(value: object) -> dict[str, Any]:
    """The attributes of the instance itself."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if isinstance(found, dict) else {}


class Describer:
    """Describes values of one session; remembers where each object was met first."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._seen: dict[int, str] = {}
        self._alive: list[object] = []

    def describe(self, value: Any, place: str) -> Tree:
        """The canonical form of *value*, met at *place*."""
        if type(value) in ATOMS:
            return f"{type(value).__name__} {without_addresses(repr(value))}"
        if type(value) is tuple:
            return ["tuple", *self.each(value, place)]
        if isinstance(value, types.ModuleType):
            return f"module {value.__name__}"
        if isinstance(value, type) and not is_ours(value.__module__):
            return f"class {value.__module__}.{value.__qualname__}"
        if type(value) in UNIDENTIFIED:
            return UNIDENTIFIED[type(value)](self, value, place)
        known = self._seen.get(id(value))
        if known is not None:
            return f"same as {known}"
        self._seen[id(value)] = place
        self._alive.append(value)
        return self._identified(value, place)

    def each(self, values: Iterable[Any], place: str) -> list[Tree]:
        """The values in order."""
        return [self.describe(value, f"{place}[{at}]") for at, value in enumerate(values)]

    def named(
        self, values: Mapping[str, Any], place: str, names: Iterable[str] | None = None
    ) -> dict[str, Tree]:
        """The values under their names, in the order of the alphabet."""
        chosen = sorted(values) if names is None else sorted(names)
        return {name: self.describe(values[name], f"{place}.{name}") for name in chosen}

    def _identified(self, value: Any, place: str) -> Tree:
        if isinstance(value, type):
            return describe_class(self, value, place)
        if isinstance(value, enum.Enum):
            return [
                "member",
                self.describe(type(value), f"{place}.__class__"),
                str(value._name_),
                self._state(value, place),
            ]
        for kind, describe in IDENTIFIED:
            if isinstance(value, kind):
                return describe(self, value, place)
        return [
            "instance",
            self.describe(type(value), f"{place}.__class__"),
            self._state(value, place),
        ]

    def _state(self, value: Any, place: str) -> dict[str, Tree]:
        state = {str(key): content for key, content in instance_dict(value).items()}
        for cls in type.mro(type(value)) if not isinstance(value, type) else ():
            for name, slot in own_dict(cls).items():
                if isinstance(slot, types.MemberDescriptorType) and is_ours(cls.__module__):
                    try:
                        state[name] = slot.__get__(value)
                    except AttributeError:
                        continue
        if isinstance(value, tuple):
            state["<items>"] = list(tuple.__iter__(value))
        state.pop("__objclass__", None)
        state.pop("_sort_order_", None)
        return self.named(state, place)


# -- what has no identity worth comparing -------------------------------------------------------


def describe_code(describer: Describer, code: types.CodeType, place: str) -> Tree:
    """A code object, position included."""
    where = code.co_filename
    return {
        "file": where.removeprefix(describer.root),
        "name": code.co_qualname,
        "line": code.co_firstlineno,
        "positions": code.co_linetable.hex(),
        "bytes": code.co_code.hex(),
        "exceptions": code.co_exceptiontable.hex(),
        # Less those of ``from __future__``: code without annotations does the same with them.
        "flags": code.co_flags & 0xFFFF,
        "arguments": [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount],
        "names": [
            list(code.co_names),
            list(code.co_varnames),
            list(code.co_freevars),
            list(code.co_cellvars),
        ],
        "constants": describer.each(_constants(code), place),
    }


def _constants(code: types.CodeType) -> list[Any]:
    return [
        sorted(map(repr, item)) if isinstance(item, frozenset) else item for item in code.co_consts
    ]


def _frozenset(describer: Describer, value: frozenset[Any], place: str) -> Tree:
    return ["frozenset", *_unordered(describer, value, place)]


def _unordered(describer: Describer, values: Iterable[Any], place: str) -> list[Tree]:
    return sorted(
        (describer.describe(item, f"{place}{{}}") for item in sorted(values, key=_rank)), key=repr
    )


def _rank(value: object) -> str:
    if type(value) in ATOMS:
        return repr(value)
    return (
        f"{type(value).__name__} {getattr(value, '__qualname__', '')} {getattr(value, 'name', '')}"
    )


def _bound_method(describer: Describer, value: types.MethodType, place: str) -> Tree:
    owner = describer.describe(value.__self__, f"{place}.__self__")
    return ["bound method", owner, describer.describe(value.__func__, f"{place}.__func__")]


def _alias(describer: Describer, value: Any, place: str) -> Tree:
    origin = describer.describe(typing.get_origin(value), f"{place}.__origin__")
    return ["alias", origin, *describer.each(typing.get_args(value), place)]


def _builtin(describer: Describer, value: types.BuiltinFunctionType, place: str) -> Tree:
    owner = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        return f"builtin {value.__qualname__}"
    return ["builtin of", describer.describe(owner, f"{place}.__self__"), value.__name__]


def _proxy(describer: Describer, value: Mapping[Any, Any], place: str) -> Tree:
    return ["mappingproxy", *_pairs(describer, value.items(), place)]


def _forward(describer: Describer, value: typing.ForwardRef, place: str) -> Tree:
    return f"forward {value.__forward_arg__}"


UNIDENTIFIED: dict[type, Callable[[Describer, Any, str], Tree]] = {
    types.CodeType: describe_code,
    frozenset: _frozenset,
    types.MethodType: _bound_method,
    types.GenericAlias: _alias,
    types.UnionType: _alias,
    type(typing.List[int]): _alias,  # noqa: UP006 - the class of typing's own aliases is wanted
    type(typing.Optional[int]): _alias,  # noqa: UP045 - the class of typing's own unions is wanted
    type(len): _builtin,
    types.MappingProxyType: _proxy,
    typing.ForwardRef: _forward,
}


# -- what has one ------------------------------------------------------------------------------


def _pairs(describer: Describer, items: Iterable[tuple[Any, Any]], place: str) -> list[Tree]:
    pairs = []
    for at, (key, value) in enumerate(items):
        described = describer.describe(key, f"{place}<key {at}>")
        shown = repr(key) if type(key) in ATOMS else f"#{at}"
        pairs.append([described, describer.describe(value, f"{place}[{shown}]")])
    return pairs


def describe_function(describer: Describer, value: types.FunctionType, place: str) -> Tree:
    """A function; those of the library by what they hold of ours."""
    filename = value.__code__.co_filename
    cells = {
        name: cell.cell_contents
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        if _filled(cell)
    }
    if not filename.startswith((describer.root, "<string>", "<")):
        cells = {
            name: held
            for name, held in cells.items()
            if isinstance(held, (types.FunctionType, type, dict))
        }
        return _library_function(describer, value, cells, place)
    return {
        "kind": "function",
        "name": [value.__name__, value.__qualname__, str(value.__module__)],
        "doc": describer.describe(value.__doc__, place),
        "defaults": describer.describe(value.__defaults__, f"{place}.__defaults__"),
        "keyword defaults": describer.named(value.__kwdefaults__ or {}, f"{place}.__kwdefaults__"),
        "annotations": _ordered(describer, value.__annotations__, f"{place}.__annotations__"),
        "attributes": describer.named(value.__dict__, place),
        "closure": describer.named(cells, f"{place}.<closure>"),
        "type parameters": describer.each(
            getattr(value, "__type_params__", ()), f"{place}.__type_params__"
        ),
        "globals": _globals_owner(value),
        "code": describe_code(describer, value.__code__, f"{place}.__code__"),
    }


def _filled(cell: types.CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


def _globals_owner(value: types.FunctionType) -> str:
    name = str(value.__globals__.get("__name__"))
    module = sys.modules.get(name)
    return (
        f"of {name}"
        if module is not None and vars(module) is value.__globals__
        else f"stray {name}"
    )


def _library_function(
    describer: Describer, value: types.FunctionType, cells: dict[str, Any], place: str
) -> Tree:
    if "registry" in cells:  # singledispatch: the order of entries says nothing
        entries = (
            (f"{cls.__module__}.{cls.__qualname__}", entry)
            for cls, entry in cells["registry"].items()
        )
        cells["registry"] = sorted(entries, key=lambda pair: pair[0])
    attributes = {
        name: held for name, held in value.__dict__.items() if isinstance(held, types.FunctionType)
    }
    ours = {
        name: held
        for name, held in attributes.items()
        if held.__code__.co_filename.startswith(describer.root)
    }
    return {
        "kind": f"library function {value.__code__.co_qualname}",
        "name": [value.__name__, value.__qualname__, str(value.__module__)],
        "doc": describer.describe(value.__doc__ if is_ours(value.__module__) else None, place),
        "attributes": describer.named(ours, place),
        "closure": {
            name: describer.describe(held, f"{place}.<closure>.{name}")
            for name, held in sorted(cells.items())
        },
    }


def _ordered(describer: Describer, values: Mapping[str, Any], place: str) -> list[Tree]:
    return [[name, describer.describe(value, f"{place}.{name}")] for name, value in values.items()]


def describe_class(describer: Describer, cls: type, place: str) -> Tree:
    """A class of the package."""
    space = own_dict(cls)
    skipped = SKIPPED_IN_CLASSES | (
        ENUM_INTERNALS if isinstance(cls, enum.EnumType) else frozenset()
    )
    attributes = {
        name: value for name, value in space.items() if name not in skipped and not _is_slot(value)
    }
    if attributes.get("__init__") is object.__init__:
        del attributes["__init__"]  # which typing puts there for the first object of a protocol's
    for name in (
        "__annotations__",
        "__static_attributes__",
        "__abstractmethods__",
        "__dataclass_fields__",
    ):
        attributes.pop(name, None)
    subclasses = [sub for sub in type.__subclasses__(cls) if not _is_gone(sub)]
    return {
        "kind": "class",
        "name": [cls.__name__, cls.__qualname__, str(cls.__module__)],
        "metaclass": describer.describe(type(cls), f"{place}.__class__"),
        "bases": describer.each(cls.__bases__, f"{place}.__bases__"),
        "mro": [
            f"{base.__module__}.{base.__qualname__}"
            for base in type.__dict__["__mro__"].__get__(cls)
        ],
        "subclasses": sorted(f"{sub.__module__}.{sub.__qualname__}" for sub in subclasses),
        "layout": [cls.__basicsize__, cls.__dictoffset__, cls.__weakrefoffset__],
        "abstract": sorted(space.get("__abstractmethods__", ())),
        "registered": _registered(cls) if isinstance(cls, abc.ABCMeta) else [],
        "dataclass": repr(space.get("__dataclass_params__")),
        "annotations": _ordered(
            describer, space.get("__annotations__", {}), f"{place}.__annotations__"
        ),
        "static attributes": sorted(space.get("__static_attributes__", ())),
        "slots": sorted(name for name, value in space.items() if _is_slot(value)),
        "fields": _fields(describer, space.get("__dataclass_fields__", {}), place),
        "members": _members(describer, cls, place) if isinstance(cls, enum.EnumType) else [],
        "attributes": describer.named(attributes, place),
    }


def _is_gone(cls: type) -> bool:
    """Has its module dropped the class, which lives on as the user holds something of it?

    The name may stand for something else by now.
    """
    space = vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}
    name = cls.__qualname__.partition(".")[0]
    if "<" in name or space.get(name) is cls:
        return False
    return name not in space or not _defines(space.get("__file__"), name)


def _defines(path: str | None, name: str) -> bool:
    """Is there a class statement for the name in the file?"""
    is_there = path is not None and Path(path).is_file()
    text = Path(str(path)).read_text(encoding="utf-8") if is_there else ""
    return re.search(rf"\bclass {name}\b", text) is not None


def _registered(cls: abc.ABCMeta) -> list[str]:
    """The virtual subclasses that were registered."""
    dump = importlib.import_module("_abc")._get_dump
    classes = [reference() for reference in dump(cls)[0]]
    return sorted(
        f"{known.__module__}.{known.__qualname__}" for known in classes if known is not None
    )


def _is_slot(value: object) -> bool:
    return isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType))


def _fields(describer: Describer, fields: Mapping[str, Any], place: str) -> list[Tree]:
    described = []
    for name, entry in fields.items():
        inner = f"{place}.<field {name}>"
        flags = f"{entry.init} {entry.repr} {entry.hash} {entry.compare} {entry.kw_only} {entry._field_type}"
        parts = (entry.default, entry.default_factory, entry.type)
        described.append([name, flags, *describer.each(parts, inner)])
    return described


def members_of(cls: enum.EnumType) -> Mapping[str, Any]:
    """The members of the enum under their names, aliases included."""
    found: Mapping[str, Any] = cls.__members__
    return found


def _members(describer: Describer, cls: enum.EnumType, place: str) -> list[Tree]:
    return [
        [
            name,
            describer.describe(member, f"{place}.{name}"),
            describer.describe(member._value_, f"{place}.{name}.value"),
        ]
        for name, member in members_of(cls).items()
    ] + [
        sorted(
            without_addresses(repr(value)) for value in own_dict(cls).get("_value2member_map_", ())
        )
    ]


def _dict(describer: Describer, value: dict[Any, Any], place: str) -> Tree:
    return [
        _type_name(describer, value, place),
        *_pairs(describer, dict.items(value), place),
        *_extra(describer, value, place),
    ]


def _list(describer: Describer, value: list[Any], place: str) -> Tree:
    return [
        _type_name(describer, value, place),
        *describer.each(list.__iter__(value), place),
        *_extra(describer, value, place),
    ]


def _set(describer: Describer, value: set[Any], place: str) -> Tree:
    return [_type_name(describer, value, place), *_unordered(describer, set.__iter__(value), place)]


def _type_name(describer: Describer, value: object, place: str) -> Tree:
    return (
        type(value).__name__
        if not is_ours(type(value).__module__)
        else describer.describe(type(value), f"{place}.__class__")
    )


def _extra(describer: Describer, value: Any, place: str) -> list[Tree]:
    found = [describer.named(instance_dict(value), place)] if instance_dict(value) else []
    if isinstance(value, collections.defaultdict):
        found.append(describer.describe(value.default_factory, f"{place}.default_factory"))
    return found


def _deque(describer: Describer, value: collections.deque[Any], place: str) -> Tree:
    return ["deque", str(value.maxlen), *describer.each(value, place)]


def _property(describer: Describer, value: property, place: str) -> Tree:
    parts = (value.fget, value.fset, value.fdel)
    return [
        "property",
        describer.describe(value.__doc__, place),
        *describer.each(parts, f"{place}.<property>"),
    ]


def _wrapper_of_function(describer: Describer, value: Any, place: str) -> Tree:
    return [type(value).__name__, describer.describe(value.__func__, f"{place}.__func__")]


def _cached_property(
    describer: Describer, value: functools.cached_property[Any], place: str
) -> Tree:
    return ["cached_property", str(value.attrname), describer.describe(value.func, f"{place}.func")]


def _partial(describer: Describer, value: Any, place: str) -> Tree:
    parts = [value.func, tuple(value.args), dict(value.keywords)]
    return [
        type(value).__name__,
        describer.named(instance_dict(value), place),
        *describer.each(parts, place),
    ]


def _method_dispatch(
    describer: Describer, value: functools.singledispatchmethod[Any], place: str
) -> Tree:
    return [
        "singledispatchmethod",
        describer.describe(value.func, f"{place}.func"),
        describer.describe(value.dispatcher, f"{place}.dispatcher"),
    ]


def _lru(describer: Describer, value: Any, place: str) -> Tree:
    return [
        "lru_cache",
        repr(value.cache_parameters()),
        describer.named(instance_dict(value), place),
    ]


def _variable(describer: Describer, value: Any, place: str) -> Tree:
    return ["type variable", value.__name__, str(value.__module__)]


def _new_type(describer: Describer, value: Any, place: str) -> Tree:
    return [
        "new type",
        value.__name__,
        str(value.__module__),
        describer.describe(value.__supertype__, place),
    ]


def _namespace(describer: Describer, value: types.SimpleNamespace, place: str) -> Tree:
    return ["namespace", describer.named(vars(value), place)]


def _chain(describer: Describer, value: collections.ChainMap[Any, Any], place: str) -> Tree:
    return ["chain", *describer.each(value.maps, place)]


IDENTIFIED: tuple[tuple[type | tuple[type, ...], Callable[[Describer, Any, str], Tree]], ...] = (
    (types.FunctionType, describe_function),
    (dict, _dict),
    (list, _list),
    (set, _set),
    (collections.deque, _deque),
    (property, _property),
    ((staticmethod, classmethod), _wrapper_of_function),
    (functools.cached_property, _cached_property),
    ((functools.partial, functools.partialmethod), _partial),
    (functools.singledispatchmethod, _method_dispatch),
    (functools._lru_cache_wrapper, _lru),
    (typing.TypeVar, _variable),
    (typing.NewType, _new_type),
    (types.SimpleNamespace, _namespace),
    (collections.ChainMap, _chain),
)


# -- whole sessions -----------------------------------------------------------------------------


def describe_module(describer: Describer, module: types.ModuleType) -> dict[str, Tree]:
    """Every name of the module, and what the module says of itself."""
    space = vars(module)
    names = [name for name in space if name not in SKIPPED_IN_MODULES]
    described = describer.named(space, module.__name__, names)
    described["__file__"] = str(space.get("__file__")).removeprefix(describer.root)
    described["<module>"] = [
        str(space.get("__name__")),
        str(space.get("__package__")),
        module.__spec__.name if module.__spec__ else None,
    ]
    described["__annotations__"] = _ordered(
        describer, space.get("__annotations__", {}), f"{module.__name__}.__annotations__"
    )
    return described
