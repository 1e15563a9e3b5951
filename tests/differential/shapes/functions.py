"""Functions, closures and decorators."""

from __future__ import annotations

from ..maker import Maker, NothingFits, indented, lines, shape


def docstring(make: Maker) -> str:
    """A docstring, or nothing."""
    return f'"""Says {make.number()}."""' if make.chance(0.25) else ""


def body(make: Maker, argument: str = "x") -> str:
    """The statements of a function that returns a number and changes nothing."""
    return make.one(
        f"return {argument} + {make.late()}",
        f"return {make.late()}",
        lines(f"y = {make.late()}", f"return y - {argument}"),
        lines(
            f"if {argument} > {make.number()}:",
            f"    return {make.late()}",
            f"return {argument} * {make.number()}",
        ),
        lines(
            f"inner = lambda z: z + {argument} + {make.late()}", f"return inner({make.number()})"
        ),
        lines(f"return sum([i * {argument} for i in range({make.number()})])"),
        lines("def helper(z):", f"    return z + {argument}", f"return helper({make.late()})"),
        lines(
            "try:",
            f"    return {argument} // {make.late()}",
            "except ZeroDivisionError:",
            f"    return {make.number()}",
        ),
    )


@shape(4)
def function(make: Maker) -> str:
    """``def f(x=1)``, with what signatures hold."""
    name = make.bind("f", "func")
    signature = make.one(
        "x",
        "x=1",
        f"x={make.value()}",
        f"x, y={make.value()}",
        f"x=1, *, z={make.value()}",
        "x, *rest, **more",
        f"x: int = {make.number()}, y: 'str' = {make.word()}",
        f"x=1, /, y=[{make.value()}]",
    )
    returns = make.one("", "", "", " -> int", " -> 'int'")
    return f"def {name}({signature}){returns}:\n" + indented(lines(docstring(make), body(make)))


@shape(0.5)
def annotated(make: Maker) -> str:
    """A function whose annotations name a class."""
    name = make.bind("f", "func")
    klass = make.pick("class", "enum").expression
    return (
        f"def {name}(x: int | {klass} = 1, y: {klass} | None = None) -> {klass} | int:\n"
        + indented(body(make))
    )


@shape(0.7)
def lambda_name(make: Maker) -> str:
    """A lambda with a name."""
    return f"{make.bind('lam', 'func')} = lambda x={make.value()}: x + {make.late()}"


@shape(0.5)
def generator(make: Maker) -> str:
    """A generator function, and perhaps a coroutine."""
    name = make.bind("gen", "anything")
    return make.one(
        f"def {name}(x=2):\n    for i in range(x):\n        yield i + {make.late()}",
        f"def {name}(x=2):\n    yield from [x, {make.late()}]",
        f"async def {name}(x=2):\n    return x + {make.late()}",
    )


@shape(0.5)
def recursive(make: Maker) -> str:
    """A function that calls itself."""
    name = make.bind("f", "func")
    return (
        f"def {name}(x=2):\n    return {make.late()} if x < 1 else {name}(x - 1) + {make.number()}"
    )


@shape(0.7)
def returns_thing(make: Maker) -> str:
    """A function that returns something of the module's."""
    name = make.bind("get", "anything")
    thing = make.pick(
        "class", "list", "dict", "func", "instance", "enum", "registry", late=True
    ).expression
    return f"def {name}():\n    return {thing}"


@shape(1)
def factory(make: Maker) -> str:
    """A function that makes functions, and one that it made."""
    name, made = make.bind("make", "factory"), make.bind("f", "func")
    inner = make.one(
        f"def inner(x=1):\n    return x + n + {make.late()}\nreturn inner",
        f"return lambda x=n: x - n + {make.late()}",
        f"total = n + {make.late()}\ndef inner(x=1):\n    return total + x\nreturn inner",
        f"def inner(x=1):\n    def deepest():\n        return n + {make.late()}\n    return x + deepest()\nreturn inner",
    )
    return f"def {name}(n):\n{indented(inner)}\n\n{made} = {name}({make.value()})"


@shape(0.7, follows=True)
def from_factory(make: Maker) -> str:
    """One more function from a factory made elsewhere."""
    maker = make.pick("factory").expression
    return f"{make.bind('f', 'func')} = {maker}({make.value()})"


def wrapper(make: Maker, wraps: bool) -> str:
    """The inside of a decorator of functions of one number."""
    head = "@functools.wraps(fn)" if wraps else ""
    inside = make.one(
        f"return fn(*args, **kwargs) + {make.late()}",
        f"result = fn(*args, **kwargs)\nreturn result * {make.number()}",
        "return fn(*args, **kwargs)",
    )
    return lines(head, "def wrapper(*args, **kwargs):", indented(inside), "return wrapper")


@shape(1)
def decorator(make: Maker) -> str:
    """A decorator that wraps."""
    name = make.bind("deco", "decorator")
    return make.one(
        f"import functools\n\ndef {name}(fn):\n" + indented(wrapper(make, wraps=True)),
        f"def {name}(fn):\n" + indented(wrapper(make, wraps=False)),
        f"def {name}(fn):\n    fn.mark = {make.value()}\n    return fn",
    )


@shape(0.7)
def decorator_with_argument(make: Maker) -> str:
    """A decorator that is called first."""
    name = make.bind("deco", "decorator_factory")
    inside = f"def around(fn):\n{indented(wrapper(make, wraps=True))}\nreturn around"
    return f"import functools\n\ndef {name}(n=1):\n" + indented(
        inside.replace("fn(*args, **kwargs)", "fn(*args, **kwargs) + n", 1)
    )


@shape(0.7)
def decorator_object(make: Maker) -> str:
    """A decorator that is a class."""
    name = make.bind("Deco", "decorator")
    update = "functools.update_wrapper(self, fn)" if make.chance(0.5) else "self.size = 1"
    inside = lines(
        "def __init__(self, fn):",
        indented(lines("self.fn = fn", f"self.extra = {make.late()}", update)),
        "",
        "def __call__(self, *args, **kwargs):",
        f"    return self.fn(*args, **kwargs) + {make.late()}",
    )
    return f"import functools\n\nclass {name}:\n" + indented(inside)


@shape(2, follows=True)
def decorated(make: Maker) -> str:
    """A function under one or two decorators."""
    name = make.bind("f", "func")
    chosen = [decoration(make) for _ in range(make.rng.choice((1, 1, 2)))]
    return lines(
        *chosen, f"def {name}(x={make.value()}):", indented(lines(docstring(make), body(make)))
    )


def decoration(make: Maker) -> str:
    """An ``@`` line."""
    item = make.pick("decorator", "decorator_factory")
    return (
        f"@{item.expression}({make.value()})"
        if item.kind == "decorator_factory"
        else f"@{item.expression}"
    )


@shape(0.7, follows=True)
def wrapped_by_hand(make: Maker) -> str:
    """``f = deco(f)`` a line after the ``def``."""
    name = make.bind("f", "func")
    deco = make.pick("decorator").expression
    return f"def {name}(x=1):\n{indented(body(make))}\n\n{name} = {deco}({name})"


@shape(0.5, follows=True)
def function_attribute(make: Maker) -> str:
    """An attribute set on a function of this module."""
    own = [
        item
        for item in make.items("func")
        if item.expression.startswith("f") and "." not in item.expression
    ]
    if not own:
        raise NothingFits("func")
    return f"{make.rng.choice(own).expression}.{make.one('mark', 'unit')} = {make.value()}"


@shape(0.3)
def defined_twice(make: Maker) -> str:
    """The same ``def`` twice, the second winning."""
    name = make.bind("f", "func")
    return f"def {name}(x):\n    return {make.late()}\n\ndef {name}(x=1):\n{indented(body(make))}"
