"""Callables that the standard library makes of functions."""

from __future__ import annotations

from ..maker import Maker, indented, lines, shape
from .functions import body


@shape(1)
def cached(make: Maker) -> str:
    """A function with a cache."""
    name = make.bind("cached", "func")
    head = make.one(
        "from functools import cache\n\n@cache",
        f"from functools import lru_cache\n\n@lru_cache(maxsize={make.one('None', '8', '16')})",
        "import functools\n\n@functools.lru_cache",
    )
    return lines(head, f"def {name}(x=1):", indented(body(make)))


@shape(1)
def partial(make: Maker) -> str:
    """A partial of a function of the package."""
    function = make.pick("func").expression
    name = make.bind("p", "anything")
    return f"from functools import partial\n{name} = partial({function}, {make.value()})"


@shape(0.8)
def single_dispatch(make: Maker) -> str:
    """A generic function and an implementation of it."""
    name = make.bind("show", "dispatch")
    return (
        f"from functools import singledispatch\n\n@singledispatch\ndef {name}(x=1):\n    return ('any', {make.late()})\n\n"
        f"@{name}.register\ndef _(x: {make.one('int', 'str')}):\n    return ('known', {make.late()})"
    )


@shape(1, follows=True)
def dispatch_entry(make: Maker) -> str:
    """One more implementation, perhaps from another module."""
    generic = make.pick("dispatch").expression
    kind = make.one("list", "str", "float", *(item.expression for item in make.items("class")[-3:]))
    name = make.one("_", make.bind("show_one", "anything"))
    return f"@{generic}.register({kind})\ndef {name}(x):\n    return ({make.word()}, {make.late()})"


@shape(0.8)
def context_manager(make: Maker) -> str:
    """A context manager, and perhaps its use at module level."""
    name = make.bind("ctx", "context")
    text = f"from contextlib import contextmanager\n\n@contextmanager\ndef {name}(n=1):\n    yield n + {make.late()}"
    if make.chance(0.5):
        text += f"\n\nwith {name}({make.value()}) as {make.bind('W', 'int')}:\n    pass"
    return text


@shape(0.4)
def context_class(make: Maker) -> str:
    """A context manager as a class."""
    name = make.bind("Ctx", "anything")
    return (
        f"class {name}:\n    def __init__(self, size=1):\n        self.size = size\n\n    def __enter__(self):\n        return self.size + {make.late()}\n\n"
        f"    def __exit__(self, *exc):\n        return {make.one('False', 'True', 'None')}"
    )


@shape(0.5, follows=True)
def with_use(make: Maker) -> str:
    """A ``with`` statement at module level."""
    manager = make.pick("context").expression
    return (
        f"with {manager}({make.value()}) as {make.bind('W', 'int')}:\n    _seen = {make.number()}"
    )


@shape(0.4)
def ordering(make: Maker) -> str:
    """A class completed by the standard library."""
    name = make.bind("C", "class")
    return (
        f"from functools import total_ordering\n\n@total_ordering\nclass {name}:\n    def __init__(self, size=1):\n        self.size = size\n\n"
        f"    def __eq__(self, other):\n        return self.size == other.size\n\n    def __lt__(self, other):\n        return self.size + {make.late()} < other.size"
    )


@shape(0.4)
def method_dispatch(make: Maker) -> str:
    """A generic method."""
    name = make.bind("C", "class", ("run",))
    return (
        f"from functools import singledispatchmethod\n\nclass {name}:\n    size = {make.value()}\n\n    def __init__(self, size=1): ...\n\n"
        f"    @singledispatchmethod\n    def run(self, x=1):\n        return {make.late()}\n\n"
        f"    @run.register\n    def _(self, x: {make.one('int', 'str')}):\n        return {make.late()}"
    )


@shape(0.3)
def property_call(make: Maker) -> str:
    """A property built by hand, and functions used as methods."""
    name = make.bind("C", "class", ("run",))
    return (
        f"def _get_{name}(self):\n    return self.size + {make.late()}\n\nclass {name}:\n    size = {make.value()}\n    double = property(_get_{name})\n"
        f"    run = lambda self, x=1: x + {make.late()}\n    also = run\n\n    def __init__(self, size=1): ..."
    )
