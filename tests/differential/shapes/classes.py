"""Classes of every kind. All can be called with no argument or one number, and have a ``size``."""

from __future__ import annotations

import sys

from ..maker import METHODS, Maker, NothingFits, indented, lines, shape
from .functions import body, docstring


def method(make: Maker, name: str, *, inherited: bool) -> str:
    """A method that takes a number and returns one."""
    inside = make.one(
        f"return self.size + x + {make.late()}",
        f"return self.size * {make.number()}",
        body(make),
        f"return {make.late()} + type(self).__name__.__len__()",
        f"return __class__.__name__.__len__() + {make.late()}",
        f"return super().{name}(x) + {make.late()}"
        if inherited
        else f"return self.size - {make.late()}",
    )
    return lines(
        f"def {name}(self, x={make.one('1', make.value())}):",
        indented(lines(docstring(make), inside)),
    )


def methods(make: Maker, *, inherited: tuple[str, ...] = ()) -> tuple[list[str], tuple[str, ...]]:
    """Some methods, and the names of all that the class then has."""
    names = make.rng.sample(METHODS, make.rng.choice((1, 1, 2, 3)))
    texts = [method(make, name, inherited=name in inherited) for name in names]
    return texts, tuple(sorted({*names, *inherited}))


def extras(make: Maker) -> list[str]:
    """What else stands in class bodies."""
    options = (
        f"limit = {make.value()}",
        f"items = [{make.value()}, {make.number()}]",
        f"table = {{{make.word()}: {make.value()}}}\nkeys = sorted(table)",
        f"unit: int = {make.value()}",
        f"@property\ndef double(self):\n    return self.size + {make.late()}",
        f"@property\ndef ratio(self):\n    return {make.late()}\n\n@ratio.setter\ndef ratio(self, value):\n    self.size = value + {make.number()}",
        f"@staticmethod\ndef helper(x=1):\n    return x + {make.late()}",
        f"@classmethod\ndef build(cls, n={make.value()}):\n    return cls(n)",
        f"class Inner:\n    depth = {make.value()}\n\n    def deep(self):\n        return {make.late()}",
        f"def __repr__(self):\n    return 'r{make.number()}'",
        f"def __eq__(self, other):\n    return self.size == getattr(other, 'size', {make.number()})\n\n__hash__ = None",
        f"def __call__(self, x=1):\n    return x + {make.late()}",
        f"def __len__(self):\n    return {make.number()}",
        f"def __getitem__(self, key):\n    return {make.late()}",
        "from functools import cached_property\n\n@cached_property\ndef costly(self):\n    return "
        + make.late(),
        f"from functools import partialmethod\n\ndef base_step(self, by=1):\n    return by + {make.late()}\n\nstep = partialmethod(base_step, {make.number()})",
        f"if {make.value()} > 4:\n    big = {make.number()}\nelse:\n    small = {make.number()}",
        f"squares = [i * i for i in range({make.number()})]",
        f"key = lambda self: {make.late()}",
    )
    return list(make.rng.sample(options, make.rng.choice((0, 1, 1, 2, 3))))


def init(make: Maker, *, inherited: bool) -> str:
    """A constructor of one number, or nothing."""
    default = make.one("2", make.value())
    if inherited:
        if make.chance(0.5):
            return ""
        return f"def __init__(self, size={default}):\n    super().__init__(size)\n    self.extra = {make.late()}"
    inside = lines(
        f"self.size = size + {make.late()}",
        make.one("", "self.parts = []", f"self.mark = {make.late()}"),
    )
    return f"def __init__(self, size={default}):\n" + indented(inside)


def assemble(make: Maker, head: str, members: list[str]) -> str:
    """A class statement out of its members, in some order."""
    members = [member for member in members if member]
    if make.chance(0.3):
        make.rng.shuffle(members)
    document = docstring(make)
    return f"{head}:\n" + indented(
        "\n\n".join([document, *members] if document else members) or "pass"
    )


def decorations(make: Maker) -> str:
    """A class decorator now and then."""
    found = make.items("class_decorator")
    return f"@{make.rng.choice(found).expression}\n" if found and make.chance(0.4) else ""


@shape(3)
def plain_class(make: Maker) -> str:
    """A class without bases."""
    members, names = methods(make)
    name = make.bind("C", "class", names)
    return assemble(
        make,
        decorations(make) + f"class {name}",
        [*extras(make), init(make, inherited=False), *members],
    )


@shape(3, follows=True)
def subclass(make: Maker) -> str:
    """A class with a base from anywhere."""
    base = make.pick("class", "hooked")
    members, names = methods(make, inherited=base.methods)
    name = make.bind("C", "class", names)
    head = decorations(make) + f"class {name}({base.expression})"
    return assemble(make, head, [*extras(make), init(make, inherited=True), *members])


@shape(0.6, follows=True)
def two_bases(make: Maker) -> str:
    """A class with two bases, or a mixin."""
    first, second = make.pick("class"), make.pick("class", "hooked")
    if first.expression == second.expression:
        raise NothingFits("class")
    members, names = methods(make, inherited=tuple({*first.methods, *second.methods}))
    name = make.bind("C", "class", names)
    return assemble(make, f"class {name}({first.expression}, {second.expression})", members)


@shape(0.4)
def empty_class(make: Maker) -> str:
    """A bare subclass, an exception."""
    if make.chance(0.5):
        return f"class {make.bind('Error', 'anything')}({make.one('ValueError', 'Exception', 'KeyError')}):\n    code = {make.value()}"
    base = make.pick("class")
    return f"class {make.bind('C', 'class', base.methods)}({base.expression}):\n    pass"


@shape(1.5)
def dataclass_(make: Maker) -> str:
    """A dataclass, with what its fields can be."""
    members, names = methods(make)
    name = make.bind("P", "class", names)
    options = make.one(
        "", "", "(frozen=True)", "(order=True)", "(slots=True)", "(kw_only=False, eq=False)"
    )
    fields = [f"size: int = {make.one('2', make.value())}"]
    fields += make.rng.sample(
        (
            f"label: str = {make.word()}",
            "parts: list = field(default_factory=list)",
            f"table: dict[str, int] = field(default_factory=lambda: {{'red': {make.late()}}})",
            f"weight: float = field(default={make.number()}, repr=False)",
            f"kind: ClassVar[int] = {make.value()}",
        ),
        make.rng.choice((0, 1, 2)),
    )
    if options == "" and make.chance(0.3):
        members.append(f"def __post_init__(self):\n    self.extra = self.size + {make.late()}")
    head = f"from dataclasses import dataclass, field\nfrom typing import ClassVar\n\n@dataclass{options}\nclass {name}"
    return f"{head}:\n" + indented("\n".join([*fields, "", "\n\n".join(members)]))


@shape(0.5)
def dataclass_child(make: Maker) -> str:
    """A dataclass whose base is a class of the package."""
    base = make.pick("class")
    name = make.bind("P", "class", base.methods)
    return f"from dataclasses import dataclass\n\n@dataclass\nclass {name}({base.expression}):\n    size: int = {make.number()}\n    more: int = {make.value()}"


@shape(1.5)
def enum_(make: Maker) -> str:
    """An enum, plain, of ints, strings or flags."""
    members = tuple(make.rng.sample(("RED", "GREEN", "BLUE", "CYAN"), make.rng.choice((2, 3))))
    name = make.bind("E", "enum", members)
    base, values = make.rng.choice(
        (
            ("Enum", [make.number() for _ in members]),
            ("Enum", [str(at) for at in range(len(members))]),
            ("IntEnum", [str(at + 1) for at in range(len(members))]),
            ("Enum", ["auto()"] * len(members)),
            ("Flag", ["auto()"] * len(members)),
            ("Enum", [f"({at}, {make.value()})" for at in range(len(members))]),
            ("IntFlag", [str(2**at) for at in range(len(members))]),
        )
    )
    inside = [f"{member} = {value}" for member, value in zip(members, values, strict=True)]
    if make.chance(0.3):
        inside.append(f"ALSO = {members[0]}")
    extra = make.one(
        "",
        f"def area(self, x=1):\n    return x + {make.late()}",
        f"@property\ndef nice(self):\n    return self.name.lower() + {make.word()}",
        f"@classmethod\ndef default(cls):\n    return cls.{members[-1]}",
    )
    return f"from enum import {base}, auto\n\nclass {name}({base}):\n" + indented(
        "\n".join([*inside, "", extra]).rstrip()
    )


@shape(0.6)
def string_enum(make: Maker) -> str:
    """An enum of strings."""
    name = make.bind("E", "anything")
    return f"from enum import StrEnum, unique\n\n@unique\nclass {name}(StrEnum):\n    RED = {make.word()}\n    BLUE = 'b{make.number()}'"


@shape(0.8)
def named_tuple(make: Maker) -> str:
    """A named tuple, written in either way."""
    if make.chance(0.4):
        name = make.bind("R", "class")
        fields = make.one("size other", "size", "size, label, more")
        return f"from collections import namedtuple\n\n{name} = namedtuple('{name}', '{fields}', defaults=(1,) * {len(fields.split())})"
    name = make.bind("R", "class", ("area",))
    return (
        f"from typing import NamedTuple\n\nclass {name}(NamedTuple):\n    size: int = {make.value()}\n"
        + make.one("", f"    label: str = {make.word()}\n")
        + f"\n    def area(self, x=1):\n        return self.size + {make.late()}"
    )


@shape(1)
def slots(make: Maker) -> str:
    """A class with slots."""
    members, names = methods(make)
    name = make.bind("C", "class", names)
    more = make.one("", "'extra'", "'extra', 'other'", "'__dict__'", "'__weakref__'")
    return assemble(
        make,
        f"class {name}",
        [
            f"__slots__ = ('size', {more})",
            f"def __init__(self, size=2):\n    self.size = size + {make.late()}",
            *members,
        ],
    )


@shape(0.8)
def abstract(make: Maker) -> str:
    """An abstract class and one that can be made."""
    base, child = make.bind("Base", "hooked", ("area",)), make.bind("C", "class", ("area", "run"))
    concrete = method(make, "run", inherited=False)
    area = method(make, "area", inherited=False)
    register = f"\n\n{base}.register({make.one('int', 'str')})" if make.chance(0.3) else ""
    return (
        f"from abc import ABC, abstractmethod\n\nclass {base}(ABC):\n    def __init__(self, size=2):\n        self.size = size\n\n"
        f"    @abstractmethod\n    def area(self, x=1): ...\n\n{indented(concrete)}{register}\n\nclass {child}({base}):\n{indented(area)}"
    )


@shape(0.8)
def generic(make: Maker) -> str:
    """Generics, protocols, typed dicts."""
    variable, name = make.bind("TV", "anything"), make.bind("C", "class", ("run",))
    run = indented(method(make, "run", inherited=False))
    first = f"from typing import Generic, Protocol, TypedDict, TypeVar, runtime_checkable\n\n{variable} = TypeVar('{variable}')\n\n"
    return first + make.one(
        f"class {name}(Generic[{variable}]):\n    def __init__(self, size: int = 2):\n        self.size = size\n\n{run}",
        f"@runtime_checkable\nclass {name}Like(Protocol):\n    def run(self, x: int = {make.number()}) -> int: ...\n\n"
        f"class {name}({name}Like):\n    size = {make.value()}\n\n    def __init__(self, size=1): ...\n\n{run}",
        f"class {name}Options(TypedDict, total={make.one('True', 'False')}):\n    size: int\n    label: str\n\n"
        f"class {name}:\n    size = {make.value()}\n\n    def __init__(self, options: {name}Options | None = None): ...\n\n{run}",
    )


@shape(0.6)
def descriptor(make: Maker) -> str:
    """A descriptor that learns its name, and a class that has one."""
    field, name = make.bind("Field", "anything"), make.bind("C", "class")
    return (
        f"class {field}:\n    def __init__(self, default):\n        self.default = default\n\n"
        f"    def __set_name__(self, owner, name):\n        self.name = name + {make.word()}\n        self.owner = owner\n\n"
        f"    def __get__(self, instance, owner=None):\n        return self if instance is None else (self.name, self.default + {make.late()})\n\n"
        f"class {name}:\n    width = {field}({make.value()})\n    size = {make.value()}\n\n    def __init__(self, size=1): ..."
    )


@shape(1.5, follows=True)
def singleton(make: Maker) -> str:
    """An instance at module level."""
    klass = make.pick("class")
    name = make.bind("obj", "instance", klass.methods)
    return make.one(
        f"{name} = {klass.expression}({make.value()})", f"{name} = {klass.expression}()"
    )


@shape(0.7, follows=True)
def class_attribute(make: Maker) -> str:
    """An attribute, or a method, set on a class or an instance from outside."""
    thing = make.pick("class", "instance").expression
    options = [f"{thing}.{make.one('outside', 'limit')} = {make.value()}"]
    if make.items("func"):
        options.append(f"{thing}.patched = {make.pick('func').expression}")
    return make.rng.choice(options)


@shape(0.6)
def bound_method(make: Maker) -> str:
    """A method taken off a class or an instance."""
    found = [item for item in make.items("class", "instance") if item.methods]
    if not found:
        raise NothingFits("methods")
    item = make.rng.choice(found)
    return f"{make.bind('meth', 'anything')} = {item.expression}.{make.rng.choice(item.methods)}"


@shape(0.5)
def class_factory(make: Maker) -> str:
    """A function that makes classes."""
    name, made = make.bind("make", "anything"), make.bind("C", "class", ("run",))
    run = indented(indented(method(make, "run", inherited=False)))
    return (
        f"def {name}(n):\n    class Made:\n        size = n\n\n        def __init__(self, size=1): ...\n\n{run}\n"
        f"    return Made\n\n{made} = {name}({make.value()})"
    )


@shape(0.3)
def type_call(make: Maker) -> str:
    """A class made by calling ``type``."""
    name = make.bind("C", "class")
    return f"{name} = type('{name}', (), {{'size': {make.value()}, '__init__': lambda self, size=1: None, 'run': lambda self, x=1: x + {make.late()}}})"


if sys.version_info >= (3, 12):

    @shape(0.6)
    def new_generics(make: Maker) -> str:
        """Type parameters and type statements."""
        name = make.bind("C", "class", ("run",))
        run = indented(method(make, "run", inherited=False))
        return make.one(
            f"class {name}[T]:\n    def __init__(self, size: int = 2):\n        self.size = size\n\n{run}",
            f"class {name}[T: {make.one('int', 'str')}]:\n    size = {make.value()}\n\n    def __init__(self, size=1): ...\n\n{run}",
            f"type {name}Alias = list[{make.one('int', 'str')}]\n\nclass {name}:\n    size = {make.value()}\n\n    def __init__(self, size=1): ...\n\n{run}",
            f"def of_{name}[T](x: T = {make.number()}) -> T:\n    return x\n\nclass {name}:\n    size = {make.value()}\n\n    def __init__(self, size=1): ...\n\n{run}",
        )
