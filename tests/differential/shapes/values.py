"""Constants, tables, and what is computed from them."""

from __future__ import annotations

from ..maker import Maker, NothingFits, indented, lines, shape


@shape(3)
def constant(make: Maker) -> str:
    """``K1 = 5``, sometimes annotated."""
    name = make.bind("K", "int")
    return make.one(
        f"{name} = {make.number()}", f"{name} = 1{make.number()}", f"{name}: int = {make.number()}"
    )


@shape(0.5)
def text(make: Maker) -> str:
    """A string, plain or formatted."""
    name = make.bind("S", "str")
    return make.one(f"{name} = {make.word()}", f'{name} = f"{{{make.value()}}}-{make.number()}"')


@shape(0.6)
def several(make: Maker) -> str:
    """Two names bound by one statement."""
    first, second = make.bind("A", "int"), make.bind("B", "int")
    return make.one(
        f"{first}, {second} = {make.value()}, {make.number()}",
        f"{first} = {second} = {make.value()}",
        f"{first}, *_rest = {second}, _ = ({make.value()}, {make.number()})",
    )


@shape(3)
def derived(make: Maker) -> str:
    """A number computed from others."""
    name = make.bind("D", "int")
    first, second = make.value(), make.value()
    return make.one(
        f"{name} = {first} + {second}",
        f"{name} = {first}",
        f"{name} = {first} if {second} > 4 else {make.number()}",
        f"{name} = max({first}, {second})",
        f"{name} = (lambda x: x + {first})({second})",
    )


@shape(1.5)
def list_table(make: Maker) -> str:
    """A list of numbers."""
    name = make.bind("L", "list")
    return make.one(
        f"{name} = [{make.value()}, {make.value()}]",
        f"{name} = [{make.number()}, {make.number()}, {make.number()}]",
        f"{name} = [i + {make.value()} for i in range({make.number()})]",
        f"{name} = sorted([{make.value()}, {make.value()}])",
        f"{name} = list(range({make.value()} % 10))",
    )


@shape(1.5)
def dict_table(make: Maker) -> str:
    """A dict of words to numbers."""
    name = make.bind("T", "dict")
    return make.one(
        f"{name} = {{{make.word()}: {make.value()}, {make.word()}: {make.value()}}}",
        f"{name} = {{'red': {make.number()}, 'wide': {make.number()}}}",
        f"{name} = {{word: len(word) + {make.value()} for word in ({make.word()}, {make.word()})}}",
        f"{name} = dict(red={make.value()})",
        f"{name}: dict[str, int] = {{}}",
    )


@shape(0.5)
def set_table(make: Maker) -> str:
    """A set of numbers."""
    name = make.bind("U", "set")
    return make.one(
        f"{name} = {{{make.value()}, {make.number()}}}", f"{name} = frozenset([{make.value()}])"
    )


@shape(0.7)
def library_table(make: Maker) -> str:
    """A container from the standard library."""
    name = make.bind("Q", "anything")
    return make.one(
        lines("import collections", f"{name} = collections.deque([{make.value()}], maxlen=5)"),
        lines(
            "from collections import defaultdict",
            f"{name} = defaultdict(list)",
            f"{name}['red'].append({make.value()})",
        ),
        lines(
            "from collections import Counter",
            f"{name} = Counter([{make.value()}, {make.number()}])",
        ),
        lines(
            "from types import SimpleNamespace", f"{name} = SimpleNamespace(a={make.value()}, b=[])"
        ),
        lines(
            "from types import MappingProxyType",
            f"{name} = MappingProxyType({{'red': {make.value()}}})",
        ),
        lines(
            "from collections import ChainMap", f"{name} = ChainMap({{}}, {{'a': {make.value()}}})"
        ),
    )


@shape(1)
def nested_table(make: Maker) -> str:
    """A table that holds other tables, functions or classes."""
    name = make.bind("N", "anything")
    thing = make.pick("func", "class", "list", "dict", "instance", "enum").expression
    other = make.pick("func", "class", "list", "dict", "instance", "int").expression
    return make.one(
        f"{name} = {{'first': {thing}, 'second': [{other}]}}",
        f"{name} = [{thing}, {other}]",
        f"{name} = ({thing}, {other})",
        f"{name} = [{thing}, {{'inner': ({other}, {make.number()})}}]",
    )


@shape(0.7, follows=True)
def keyed_table(make: Maker) -> str:
    """A dispatch table: classes, functions or enum members as keys."""
    name = make.bind("X", "names")
    keys = [item.expression for item in make.items("class", "func")]
    keys += [
        f"{item.expression}.{member}" for item in make.items("enum") for member in item.methods
    ]
    if len(keys) < 2:
        raise NothingFits("keys")
    first, second = make.rng.sample(keys, 2)
    return f"{name} = {{{first}: {make.value()}, {second}: {make.word()}}}"


@shape(1.2)
def alias(make: Maker) -> str:
    """Another name for the same thing."""
    thing = make.pick("func", "class", "list", "dict", "instance", "int", "enum", "registry")
    return f"{make.bind('also', thing.kind, thing.methods)} = {thing.expression}"


@shape(1)
def conditional(make: Maker) -> str:
    """A value, or a function, that depends on a test."""
    name = make.bind("W", "int")
    test = make.one(f"{make.value()} > 4", f"{make.value()}", "True", "__debug__")
    return make.one(
        f"if {test}:\n    {name} = {make.value()}\nelse:\n    {name} = {make.value()}",
        f"{name} = {make.number()}\nif {test}:\n    {name} = {make.value()}",
        f"try:\n    {name} = {make.value()} // ({make.value()})\nexcept ZeroDivisionError:\n    {name} = {make.number()}",
        f"try:\n    import not_there_at_all\n    {name} = {make.number()}\nexcept ImportError:\n    {name} = {make.value()}",
        f"match {make.value()}:\n    case 3:\n        {name} = {make.number()}\n    case _:\n        {name} = {make.value()}",
    )


@shape(0.5)
def conditional_def(make: Maker) -> str:
    """A function defined in one of two ways."""
    name = make.bind("g", "func")
    first = indented(f"def {name}(x=1):\n    return x + {make.late()}")
    second = indented(f"def {name}(x=2):\n    return x - {make.late()}")
    return f"if {make.value()} > 4:\n{first}\nelse:\n{second}"


@shape(1)
def bound_twice(make: Maker) -> str:
    """A name that is bound more than once."""
    name = make.bind("Y", "int")
    return make.one(
        lines(f"{name} = {make.value()}", f"{name} = {name} + {make.value()}"),
        lines(f"{name} = {make.value()}", f"{name} += {make.value()}"),
        lines(f"{name} = [{make.value()}]", f"{name} = len({name}) + {make.number()}"),
        lines(f"_tmp = {make.value()}", f"{name} = _tmp + {make.number()}", "del _tmp"),
    )


@shape(0.6)
def rebound_later(make: Maker) -> str:
    """An earlier name of the module bound again."""
    own = [item for item in make.items("int") if "." not in item.expression]
    if not own:
        raise NothingFits("int")
    name = make.rng.choice(own).expression
    return make.one(
        f"{name} = {name} + {make.value()}",
        f"{name} += {make.number()}",
        f"{name} = {make.value()}",
    )


@shape(0.6)
def loop(make: Maker) -> str:
    """A loop that fills."""
    name = make.bind("O", "list")
    return make.one(
        f"{name} = []\nfor _i in range({make.number()}):\n    {name}.append(_i + {make.value()})",
        f"{name} = []\nfor _word in ({make.word()}, {make.word()}):\n    {name}.append(len(_word))",
        f"{name} = [1]\nwhile len({name}) < {make.number()}:\n    {name}.append({make.value()})",
    )


@shape(0.2)
def by_globals(make: Maker) -> str:
    """Names made behind the compiler's back."""
    name = make.bind("G", "int")
    return make.one(
        f"globals()['{name}'] = {make.value()}",
        f"exec('{name} = {make.number()}')",
        f"vars()['{name}'] = {make.value()}",
    )


@shape(0.3)
def typing_names(make: Maker) -> str:
    """Type aliases and variables."""
    name = make.bind("V", "anything")
    return make.one(
        lines("from typing import TypeVar", f"{name} = TypeVar('{name}')"),
        f"{name} = dict[str, {make.one('int', 'str')}]",
        lines("from typing import Union", f"{name} = Union[int, {make.one('str', 'bytes')}]"),
        lines(
            "from typing import NewType", f"{name} = NewType('{name}', {make.one('int', 'str')})"
        ),
    )


@shape(0.2)
def module_getattr(make: Maker) -> str:
    """Names that the module makes up when asked."""
    name = make.bind("lazy", "anything")
    return f"def __getattr__(name):\n    if name == '{name}_x':\n        return {make.late()}\n    raise AttributeError(name)\n{name} = 1"
