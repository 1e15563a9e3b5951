"""Objects that one statement makes and others fill, in this module and elsewhere."""

from __future__ import annotations

from ..maker import Maker, NothingFits, indented, lines, shape
from .classes import method
from .functions import body


@shape(1.2)
def dict_registry(make: Maker) -> str:
    """A dict and the decorator that fills it."""
    table, register = make.bind("REG", "registry"), make.bind("register", "register")
    key = make.one("fn.__name__", "fn.__name__.upper()", f"(fn.__name__, {make.late()})")
    first = make.one(
        f"{table} = {{}}",
        f"{table}: dict = {{}}",
        f"{table} = dict()",
        f"{table} = {{'first': {make.value()}}}",
    )
    return f"{first}\n\ndef {register}(fn):\n    {table}[{key}] = fn\n    return fn"


@shape(1)
def list_registry(make: Maker) -> str:
    """A list and the decorator that fills it."""
    table, register = make.bind("HOOKS", "list_registry"), make.bind("hook", "register")
    return f"{table} = []\n\ndef {register}(fn):\n    {table}.append({make.one('fn', 'fn', 'fn.__name__')})\n    return fn"


@shape(0.8)
def named_registry(make: Maker) -> str:
    """A registry whose decorator takes the name."""
    table, register = make.bind("REG", "registry"), make.bind("command", "register_as")
    inside = make.one(
        f"{table}[name] = fn",
        f"{table}.setdefault(name, []).append(fn)",
        f"{table}.update({{name: fn}})",
    )
    return f"{table} = {{}}\n\ndef {register}(name):\n    def add(fn):\n        {inside}\n        return fn\n    return add"


@shape(2.5, follows=True)
def registered(make: Maker) -> str:
    """A function that is put in a registry by a decorator."""
    deco = make.pick("register", "register_as")
    name = make.bind("h", "func")
    call = f"({make.word()})" if deco.kind == "register_as" else ""
    return lines(f"@{deco.expression}{call}", f"def {name}(x=1):", indented(body(make)))


@shape(0.8, follows=True)
def registered_class(make: Maker) -> str:
    """A class that is put in a registry by a decorator."""
    deco = make.pick("register", "register_as")
    name = make.bind("C", "class", ("run",))
    call = f"({make.word()})" if deco.kind == "register_as" else ""
    inside = lines(
        f"size = {make.value()}",
        "def __init__(self, size=1): ...",
        method(make, "run", inherited=False),
    )
    return lines(f"@{deco.expression}{call}", f"class {name}:", indented(inside))


@shape(0.4, follows=True)
def registered_twice(make: Maker) -> str:
    """Two functions of the same throw-away name in a registry."""
    first, second = make.pick("register_as", "register"), make.pick("register_as", "register")
    texts = []
    for item in (first, second):
        call = f"({make.word()})" if item.kind == "register_as" else ""
        texts.append(lines(f"@{item.expression}{call}", "def _(x=1):", indented(body(make))))
    return "\n\n".join(texts)


@shape(1.8, follows=True)
def filler(make: Maker) -> str:
    """A statement that puts something in a registry."""
    table = make.pick("registry", "list_registry")
    thing = make.one(
        make.value(), *(item.expression for item in make.items("func", "class", "instance")[-4:])
    )
    if table.kind == "list_registry":
        return make.one(
            f"{table.expression}.append({thing})",
            f"{table.expression}.extend([{thing}, {make.number()}])",
            f"{table.expression}.insert(0, {thing})",
            f"{table.expression} += [{thing}]"
            if "." not in table.expression
            else f"{table.expression}.append({thing})",
        )
    return make.one(
        f"{table.expression}[{make.word()}] = {thing}",
        f"{table.expression}.update({{{make.word()}: {thing}}})",
        f"{table.expression}.setdefault({make.word()}, {thing})",
        f"{table.expression} |= {{{make.word()}: {thing}}}"
        if "." not in table.expression
        else f"{table.expression}['x'] = {thing}",
    )


@shape(0.6, follows=True)
def table_filler(make: Maker) -> str:
    """A table filled after it was made."""
    table = make.pick("dict", "list", "set")
    options = {
        "dict": (
            f"{table.expression}[{make.word()}] = {make.value()}",
            f"{table.expression}.update(red={make.value()})",
        ),
        "list": (
            f"{table.expression}.append({make.value()})",
            f"{table.expression}.insert(0, {make.value()})",
        ),
        "set": (f"{table.expression}.add({make.value()})",),
    }
    return make.one(*options[table.kind])


@shape(1, follows=True)
def reader(make: Maker) -> str:
    """A value read off a registry, perhaps between two fillers."""
    table = make.pick("registry", "list_registry")
    name = make.bind("D", "int")
    return make.one(
        f"{name} = len({table.expression})",
        f"{name} = len(list({table.expression})) + {make.number()}",
    )


@shape(0.5, follows=True)
def names_reader(make: Maker) -> str:
    """The names in a registry, as a list."""
    table = make.pick("registry", "list_registry")
    name = make.bind("NAMES", "names")
    return make.one(
        f"{name} = [str(getattr(x, '__name__', x)) for x in {table.expression}]",
        f"{name} = tuple({table.expression})",
    )


@shape(0.5, follows=True)
def loop_filler(make: Maker) -> str:
    """A loop that fills a registry."""
    table = make.pick("registry", "list_registry")
    put = (
        f"{table.expression}[_n] = len(_n)"
        if table.kind == "registry"
        else f"{table.expression}.append(_n)"
    )
    return f"for _n in ({make.word()}, {make.word()}):\n    {put}"


@shape(0.9)
def subclass_hook(make: Maker) -> str:
    """A base class that notes its subclasses."""
    name = make.bind("Base", "hooked", ("run",))
    where, put = make.rng.choice(
        (
            ("plugins = []", "Base.plugins.append(cls)"),
            ("plugins = {}", "Base.plugins[cls.__name__] = cls"),
            ("plugins = {}", f"Base.plugins[cls.__name__.lower()] = {make.late()}"),
        )
    )
    return (
        f"class {name}:\n    {where}\n\n    def __init__(self, size=2):\n        self.size = size\n\n"
        f"    def __init_subclass__(cls, **kwargs):\n        super().__init_subclass__(**kwargs)\n"
        f"        {put.replace('Base', name)}\n\n{indented(method(make, 'run', inherited=False))}"
    )


@shape(0.6)
def subclass_hook_outside(make: Maker) -> str:
    """A base class whose subclasses go to a table of the module."""
    table, name = make.bind("PLUGINS", "list_registry"), make.bind("Base", "hooked", ("run",))
    return (
        f"{table} = []\n\nclass {name}:\n    size = {make.number()}\n\n    def __init__(self, size=2): ...\n\n"
        f"    def __init_subclass__(cls, tag={make.word()}, **kwargs):\n        {table}.append({make.one('cls', '(tag, cls)', 'cls.__name__')})\n"
        f"        cls.tag = tag\n\n{indented(method(make, 'run', inherited=False))}"
    )


@shape(1.2, follows=True)
def hooked_subclass(make: Maker) -> str:
    """A subclass of a base that notes it."""
    base = make.pick("hooked")
    name = make.bind("C", "class", base.methods)
    inside = make.one(
        f"limit = {make.value()}",
        "pass",
        method(make, "run", inherited=True),
        method(make, "area", inherited=False),
    )
    return f"class {name}({base.expression}):\n" + indented(inside)


@shape(0.7)
def metaclass(make: Maker) -> str:
    """A metaclass with a table, and a base made by it."""
    meta, name = make.bind("Meta", "anything"), make.bind("C", "class", ("run",))
    inside = make.one(
        f"table = {{}}\n\ndef __new__(mcls, name, bases, space):\n    cls = super().__new__(mcls, name, bases, space)\n"
        f"    mcls.table[name] = cls\n    cls.number = {make.late()}\n    return cls",
        "known = []\n\ndef __init__(cls, name, bases, space):\n    super().__init__(name, bases, space)\n    cls.known.append(cls)",
        f"def __call__(cls, *args):\n    made = super().__call__(*args)\n    made.stamp = {make.late()}\n    return made",
        f"def __len__(cls):\n    return {make.number()}\n\n@property\ndef title(cls):\n    return cls.__name__ + {make.word()}",
    )
    return (
        f"class {meta}(type):\n{indented(inside)}\n\nclass {name}(metaclass={meta}):\n    def __init__(self, size=2):\n"
        f"        self.size = size\n\n{indented(method(make, 'run', inherited=False))}"
    )


@shape(0.7)
def class_decorator(make: Maker) -> str:
    """A class decorator: one that registers, one that adds, one that wraps."""
    name = make.bind("classdeco", "class_decorator")
    return make.one(
        f"CLASSES_{name} = []\n\ndef {name}(cls):\n    CLASSES_{name}.append(cls)\n    return cls",
        f"CLASSES_{name} = {{}}\n\ndef {name}(cls):\n    CLASSES_{name}[cls.__name__] = cls\n    cls.label = {make.word()}\n    return cls",
        f"def {name}(cls):\n    def added(self):\n        return {make.late()}\n    cls.added = added\n    cls.twice = {make.late()}\n    return cls",
        f"def {name}(cls):\n    class Wrapped(cls):\n        extra = {make.late()}\n    return Wrapped",
    )


@shape(0.9)
def application(make: Maker) -> str:
    """An object whose method is the decorator that fills it."""
    klass, name = make.bind("App", "anything"), make.bind("app", "app")
    return (
        f"class {klass}:\n    def __init__(self):\n        self.routes = {{}}\n\n    def route(self, path):\n"
        f"        def add(fn):\n            self.routes[path] = fn\n            return fn\n        return add\n\n"
        f"    def go(self, path, x=1):\n        return self.routes[path](x) + {make.late()}\n\n{name} = {klass}()"
    )


@shape(1.2, follows=True)
def route(make: Maker) -> str:
    """``@app.route(...)``."""
    app = make.pick("app").expression
    name = make.bind("view", "func")
    return (
        f"@{app}.route({make.one(make.word(), repr('/' + make.number()))})\ndef {name}(x=1):\n"
        + indented(body(make))
    )


@shape(0.6, follows=True)
def callbacks(make: Maker) -> str:
    """Methods of an object, handed to a list of callbacks."""
    table = make.pick("list_registry").expression
    owners = [item for item in make.items("instance", "class") if item.methods]
    if not owners:
        raise NothingFits("methods")
    owner = make.rng.choice(owners)
    return f"{table}.append({owner.expression}.{make.rng.choice(owner.methods)})"


@shape(0.4, follows=True)
def setup_function(make: Maker) -> str:
    """A function that fills, and its call."""
    table = make.pick("registry", "list_registry")
    name = make.bind("setup", "anything")
    put = (
        f"{table.expression}['setup'] = {make.late()}"
        if table.kind == "registry"
        else f"{table.expression}.append({make.late()})"
    )
    return f"def {name}():\n    {put}\n\n{name}()"
