"""What holds for all kinds together: random edits are merged whole, or taken back whole."""

from __future__ import annotations

import gc
import types

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reloadmagic.patch import Made, Patcher
from reloadmagic.transaction import Transaction

HEAD = (
    "from enum import *\nfrom dataclasses import *\nimport functools\n"
    "def wraps(f):\n k = 1\n @functools.wraps(f)\n def w(*a): return f(*a)\n return w\n"
    "class B1:\n b1 = 1\n def m(self): return 'b1'\nclass B2:\n __slots__ = ()\n def m(self): return 'b2'\n"
)
numbers = st.integers(0, 3)


@st.composite
def functions(draw, name="f", indent=""):
    decorator = draw(st.sampled_from(["", "", "@wraps", "@functools.cache", "@staticmethod"]))
    if decorator == "@staticmethod" and not indent:
        decorator = ""
    default = draw(numbers)
    body = draw(st.sampled_from(["{0}", "lambda: {0}", "[a for b in (1,)]", "({0}, __name__)"]))
    head = f"{indent}{decorator}\n" if decorator else ""
    return f"{head}{indent}def {name}(a={default}): return {body.format(draw(numbers))}\n"


@st.composite
def members(draw):
    name = draw(st.sampled_from(["m", "n", "p"]))
    kind = draw(st.sampled_from(["function", "super", "value", "property", "class", "self"]))
    if kind == "function":
        return draw(functions(name, " "))
    if kind == "super":
        return f" def {name}(self=None): return super().__init__, __class__, {draw(numbers)}\n"
    if kind == "property":
        return f" @property\n def {name}(self): return {draw(numbers)}\n"
    if kind == "class":
        return f" class {name}:\n  x = {draw(numbers)}\n  def m(self): return {draw(numbers)}\n"
    return f" {name} = [{draw(numbers)}, ()]\n"


@st.composite
def classes(draw):
    kind = draw(st.sampled_from(["plain", "plain", "plain", "enum", "dataclass"]))
    if kind == "enum":
        base = draw(st.sampled_from(["Enum", "IntEnum", "Flag"]))
        values = draw(
            st.dictionaries(st.sampled_from("XYZ"), st.sampled_from([1, 2, 4]), min_size=1)
        )
        return f"class C({base}):\n" + "".join(f" {k} = {v}\n" for k, v in values.items())
    if kind == "dataclass":
        options = draw(st.sampled_from(["", "(slots=True)", "(frozen=True)"]))
        fields = draw(st.lists(st.sampled_from("xyz"), unique=True))
        return f"@dataclass{options}\nclass C:\n q: int = 0\n" + "".join(
            f" {name}: int = {draw(numbers)}\n" for name in fields
        )
    bases = draw(st.sampled_from(["", "(B1)", "(B2)", "(B1, B2)", "(B2, B1)", "(Exception)"]))
    slots = draw(st.sampled_from(["", "", " __slots__ = ('x',)\n", " __slots__ = ('x', 'y')\n"]))
    if "," in bases:
        slots = ""
    return f"class C{bases}:\n ...\n{slots}" + "".join(draw(st.lists(members(), max_size=3)))


sources = st.tuples(functions(), classes()).map(lambda parts: HEAD + "".join(parts))


def run(source, namespace):
    exec(compile(source, "random.py", "exec", dont_inherit=True), namespace)


def hold(namespace):
    """Objects that a notebook may hold of the module's."""
    cls, function = namespace["C"], namespace["f"]
    made = list(cls) if hasattr(cls, "__members__") else [cls()]
    sub = type("Sub", (cls,), {"own": 1}) if not hasattr(cls, "__members__") else None
    return {
        "instances": made,
        "tuple": (cls, (function, made[0])),
        "keys": {cls: function, function: cls},
        "set": {cls},
        "subclass": sub,
        "method": getattr(made[0], "m", None),
        "closure": lambda: (cls, function),
    }


def describe(value, seen):
    """All there is to know of *value*, as ids and plain values; *seen* keeps what it met alive."""
    if id(value) in seen or not type(value).__module__.startswith(("random", "builtins", "func")):
        return
    seen[id(value)] = (value, state_of(value))
    for part in gc.get_referents(value):
        if is_ours(part):
            describe(part, seen)


def is_ours(part):
    if isinstance(part, type):
        return part.__module__ in ("random", __name__)
    if isinstance(part, types.FunctionType):
        return part.__globals__.get("__name__") == "random"
    return isinstance(part, (dict, list, tuple, set, types.CellType, property, staticmethod)) or (
        type(part).__module__ == "random"
    )


def state_of(value):
    if isinstance(value, type):
        return [(n, id(v)) for n, v in vars(value).items()] + [id(value.__bases__), id(type(value))]
    if isinstance(value, types.FunctionType):
        names = ("__code__", "__defaults__", "__kwdefaults__", "__doc__", "__qualname__")
        return [id(getattr(value, n)) for n in names] + [(n, id(v)) for n, v in vars(value).items()]
    if isinstance(value, dict):
        return [(id(k), id(v)) for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return [id(v) for v in value]
    if isinstance(value, set):
        return sorted(map(id, value))
    if isinstance(value, types.CellType):
        return id(value.cell_contents) if value != types.CellType() else None
    return [id(type(value)), [(n, id(v)) for n, v in getattr(value, "__dict__", {}).items()]]


def edit(namespace, source, transaction):
    with Made() as made:
        patcher = Patcher(transaction, tracked=lambda name: name == "random", made=made)
        transaction.snapshot(namespace)
        before = dict(namespace)
        run(source, namespace)
        for name in ("f", "C"):
            stays = patcher.merge(before[name], namespace[name])
            transaction.set_item(namespace, name, stays)
        return patcher.finish()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(sources, sources)
def test_rolled_back_edit_leaves_everything_identical(before, after):
    namespace = {"__name__": "random"}
    run(before, namespace)
    held = hold(namespace)
    was = {}
    describe(held, was)
    describe(namespace, was)
    was_names = [(n, id(v)) for n, v in namespace.items()]
    transaction = Transaction()
    edit(namespace, after, transaction)
    transaction.rollback()
    assert was_names == [(n, id(v)) for n, v in namespace.items()]
    for value, state in was.values():
        assert state == state_of(value), value


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(sources, sources)
def test_edited_module_behaves_as_a_fresh_one(before, after):
    namespace, fresh = {"__name__": "random"}, {"__name__": "random"}
    run(before, namespace)
    held = hold(namespace)
    transaction = Transaction()
    leftovers = edit(namespace, after, transaction)
    transaction.commit()
    run(after, fresh)
    assert shape(namespace["C"]) == shape(fresh["C"])
    assert namespace["f"]() == fresh["f"]() or callable(fresh["f"]())
    assert held["tuple"][0] is namespace["C"]
    assert held["tuple"][1][0] is namespace["f"]
    assert held["closure"]() == (namespace["C"], namespace["f"])
    assert list(held["keys"]) == [namespace["C"], namespace["f"]]
    if not leftovers and not issubclass(type(namespace["C"]), type(fresh["Enum"])):
        assert all(isinstance(i, namespace["C"]) for i in held["instances"])
        assert held["subclass"] is None or issubclass(held["subclass"], namespace["C"])


def shape(cls):
    def kind(value):
        code = getattr(value, "__code__", None)
        return type(value).__name__, code and code.co_code

    ignored = ("__dict__", "__weakref__", "__annotations__", "__doc__")
    return (
        {n: kind(v) for n, v in vars(cls).items() if n not in ignored},
        [base.__name__ for base in cls.__mro__],
    )


def test_twins_are_gone_after_commit(module):
    mod = module("class B: ...\nclass A(B): ...")
    for number in range(3):
        mod.edit(f"class A(B): x = {number}")
    assert mod.B.__subclasses__() == [mod.A]


@pytest.mark.parametrize("edits", [30])
def test_many_edits_leave_no_objects_behind(module, edits):
    source = (
        "import functools\nclass B: ...\nclass A(B):\n x = {0}\n def m(self): return super().__init__\n"
        "@functools.cache\ndef f(n={0}): return n\ndef d(g):\n def w(): return g()\n return w\n@d\ndef h(): return {0}\n"
    )
    mod = module(source.format(0))
    counts = []
    for number in range(edits):
        mod.edit(source.format(number % 7))
        gc.collect()
        counts.append(len(gc.get_objects()))
    assert counts[-1] - counts[9] < 30
