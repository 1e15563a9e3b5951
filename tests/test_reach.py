"""What statements bind, use and fill, and what a change reaches: read from syntax alone."""

from __future__ import annotations

import pytest

from reloadmagic.reach import Index, summarize
from reloadmagic.reach.summary import BASE, CALL, MENTION, USE
from reloadmagic.source import Source

HOW = {MENTION: "mention", USE: "use", CALL: "call", BASE: "base"}


def read(text: str, name: str = "m", is_package: bool = False) -> Source:
    path = f"{name}/__init__.py" if is_package else f"{name}.py"
    return Source.read(text.encode(), path)


def summary(text: str):
    return summarize(read("0\n" + text + "\n").statements[1].fragment)


def uses(text: str) -> dict[str, set[str]]:
    paths = summary(text).now.paths.items()
    return {".".join(path): {word for bit, word in HOW.items() if how & bit} for path, how in paths}


# What runs with a statement ------------------------------------------------------------------------

USES_AT_ONCE = {
    "def f(): return a": {},  # names in the body do not count
    "def f(x=a): pass": {"a": "mention"},
    "def f(x: a) -> b: pass": {"a": "mention", "b": "mention"},
    "@a\ndef f(): pass": {"a": "call"},
    "class A(a): pass": {"a": "base"},
    "class A(metaclass=a): pass": {"a": "base"},
    "class A(x=a): pass": {"a": "use"},
    "class A:\n x = a": {"a": "mention"},
    "class A:\n def f(self): return a": {},
    "class A:\n def f(self, x=a): pass": {"a": "mention"},
    "x = a": {"a": "mention"},
    "x = a.b": {"a.b": "mention"},
    "x = a + b": {"a": "use", "b": "use"},
    "x = a()": {"a": "call"},
    "x = a.b()": {"a.b": "call"},
    "x = len(a)": {"len": "call", "a": "use"},
    "x = [a, (b, {'k': c})]": {"a": "mention", "b": "mention", "c": "mention"},
    "x = a[0]": {"a": "use"},
    "x = f'{a}'": {"a": "use"},
    "x = lambda: a": {},
    "x = [a for b in c]": {"a": "mention", "c": "use"},
    "x = partial(a)": {"partial": "call", "a": "mention"},
    "isinstance(a, b)": {"isinstance": "call", "a": "mention", "b": "mention"},
    "for i in a: b": {"a": "use", "b": "use"},
    "x: a = b": {"a": "mention", "b": "mention"},
    "x = not a": {"a": "use"},
    "del a": {},
    "if 'a' not in globals(): a = b": {"a": "use", "b": "mention"},
    "x = globals().get('a', b)": {"a": "use", "b": "mention"},
}


@pytest.mark.parametrize("text", USES_AT_ONCE)
def test_a_statement_uses_at_once_what_python_looks_up_when_it_runs(text):
    found = {path: ways for path, ways in uses(text).items() if path in USES_AT_ONCE[text]}
    assert found.keys() == USES_AT_ONCE[text].keys()
    assert all(way in found[path] for path, way in USES_AT_ONCE[text].items())
    assert not uses(text).keys() - found.keys()


def test_postponed_annotations_are_not_used():
    (statement,) = read("def f(x: a) -> b: pass\n").statements
    assert summarize(statement.fragment, postponed=True).now.paths == {}


FILLS = {
    "a.append(1)": {"a"},
    "a['k'] = 1": {"a"},
    "a.b.append(1)": {"a.b"},
    "a += [1]": {"a"},
    "setattr(a, 'b', 1)": {"a"},
    "heapq.heappush(a, 1)": {"a"},
    "@a.route('/')\ndef f(): pass": {"a"},
    "@a.register\ndef f(): pass": {"a"},
    "a.sort()": {"a"},
    "for i in b: a.append(i)": {"a"},
    # what fills nothing
    "a.b = 1": set(),  # it sets an attribute, as often as one likes
    "a = []": set(),
    "x = a.get(1)": set(),
    "x = sorted(a)": set(),
    "def f(): a.append(1)": set(),  # not when it runs
    "@a\ndef f(): pass": set(),
    "x = lambda: a.append(1)": set(),
}


@pytest.mark.parametrize("text", FILLS)
def test_a_statement_fills_what_it_changes_when_it_runs(text):
    assert {".".join(path) for path in summary(text).now.fills} == FILLS[text]


DYNAMIC = {
    "exec('x = 1')": True,
    "globals()['x'] = 1": True,
    "vars()['x'] = 1": True,
    "x = eval('1')": True,
    "sys.modules['m'] = 1": True,
    "__import__('m')": True,
    "importlib.import_module('m')": False,
    "importlib.import_module(name)": True,
    "if 'x' not in globals(): x = 1": False,
    "x = globals().get('x', 1)": False,
    "if hasattr(sys.modules[__name__], 'x'): pass": False,
    "x = vars()": True,
    "vars(a)": False,
    "def f(): exec('x')": False,  # only when it is called
    "x = 1": False,
    "a.exec()": False,
}


@pytest.mark.parametrize("text", DYNAMIC)
def test_what_cannot_be_told_is_known_as_such(text):
    assert summary(text).now.dynamic is DYNAMIC[text]


def test_functions_have_units_of_their_own():
    found = summary("class A:\n def f(self):\n  return a + self.b()\n")
    unit = found.functions["A.f"]
    assert (set(unit.paths), "b" in unit.attrs) == ({("a",)}, True)


def test_a_global_statement_binds():
    assert summary("def f():\n global x\n x = 1\n").functions["f"].binds_global == {"x"}


def test_locals_and_parameters_hide_globals():
    found = summary("def f(a):\n b = 1\n return a, b, c\n")
    assert set(found.functions["f"].paths) == {("c",)}


def test_an_import_in_a_function_is_what_its_local_name_means():
    found = summary("def f():\n from pkg.mod import g\n return g()\n")
    assert ("@pkg.mod", "g") in found.functions["f"].paths


# What a change reaches -----------------------------------------------------------------------------


def index(modules: dict[str, str]) -> Index:
    made = Index(is_module=modules.__contains__)
    for name, text in modules.items():
        is_package = any(other.startswith(name + ".") for other in modules)
        made.put(name, read(text, name, is_package))
    return made


def reached(modules: dict[str, str], *token: str) -> set[str]:
    """First lines of the statements reached, with their modules if there are several."""
    made = index(modules)
    found = set()
    for module, number in made.reached(token):
        line = made.modules[module].source.statements[number].fragment.text.partition("\n")[0]
        found.add(line if len(modules) == 1 else f"{module}: {line}")
    return found


# Text, what changed, and what of it is reached.
REACHED = [
    ("k = 1\nw = k * 2\n", ("bind", "m", "k"), {"w = k * 2"}),
    ("k = 1\ndef f(): return k\n", ("bind", "m", "k"), set()),
    ("k = 1\ndef f(): return k\nx = f()\n", ("bind", "m", "k"), {"x = f()"}),
    ("k = 1\ndef f(n=k): pass\n", ("bind", "m", "k"), {"def f(n=k): pass"}),
    ("k = 1\ndef f(): return k\ndef g(): return f()\nx = g()\n", ("bind", "m", "k"), {"x = g()"}),
    ("def f(): 1\nx = f()\ny = f\n", ("code", "m", "f"), {"x = f()"}),
    ("def f(): 1\nT = {'f': f}\n", ("code", "m", "f"), set()),  # a mention
    ("def f(): 1\nT = list(map(f, [1]))\n", ("code", "m", "f"), {"T = list(map(f, [1]))"}),
    ("class A:\n def __init__(self): 1\na = A()\n", ("code", "m", "A.__init__"), {"a = A()"}),
    ("class A:\n def q(self): 1\na = A()\n", ("code", "m", "A.q"), set()),
    ("class A:\n def q(self): 1\nx = A().q()\n", ("code", "m", "A.q"), {"x = A().q()"}),
    ("class A:\n def q(self): 1\na = A()\nx = a.q()\n", ("code", "m", "A.q"), {"x = a.q()"}),
    (
        "class A:\n def __add__(self, o): 1\nx = A() + A()\n",
        ("code", "m", "A.__add__"),
        {"x = A() + A()"},
    ),
    ("class A: y = 1\nz = A.y\n", ("attr", "m", "A", "y"), {"z = A.y"}),
    ("class A: y = 1\nz = A.w\n", ("attr", "m", "A", "y"), set()),
    ("L = []\nn = len(L)\nm = L\n", ("content", "m", "L"), {"n = len(L)"}),
    ("class A: pass\nclass B(A): pass\n", ("code", "m", "A.f"), set()),
    ("def d(f): return f\n@d\ndef g(): pass\n", ("code", "m", "d"), {"@d"}),
    ("k = 1\nx = [k for k in y]\n", ("bind", "m", "k"), set()),
    ("k = 1\nf = lambda: k\n", ("bind", "m", "k"), set()),
    ("k = 1\nf = lambda: k\nx = f()\n", ("bind", "m", "k"), {"x = f()"}),
]


@pytest.mark.parametrize(("text", "token", "expected"), REACHED)
def test_a_change_reaches_what_uses_it_when_it_runs(text, token, expected):
    assert reached({"m": text}, *token) == expected


# What lies between ``A.go`` and a statement that runs it, and the statement's right side.
WAYS = [
    ("def f(): return A().go()", "f()"),
    ("def f():\n def g(): return A().go()\n return g()", "f()"),
    ("def run(a): return a.go()", "run(A())"),
    ("def run(b): return b.m()\nclass B:\n def m(self): return A().go()", "run(B())"),
    ("class B:\n def m(self): return A().go()", "B().m()"),
    ("class B:\n def m(self): return self.n()\n def n(self): return A().go()", "B().m()"),
    ("class B:\n m = lambda self: A().go()", "B().m()"),
    ("class B:\n def m(self): return A().go()\nclass C(B):\n def m(self): return super().m()", "C().m()"),
    ("class B:\n @property\n def v(self): return A().go()", "B().v"),
    ("class B:\n def __add__(self, other): return A().go()", "B() + B()"),
    ("class B:\n def __len__(self): return A().go()", "len(B())"),
    ("class B:\n def __iter__(self): yield A().go()", "[n for n in B()]"),
    ("class B:\n def __str__(self): return A().go()", "f'{B()}'"),
    ("class B:\n def __bool__(self): return A().go()", "1 if B() else 2"),
    ("class B:\n def __getattr__(self, name): return A().go()", "B().any"),
    (
        """
class C:
    def n(self): return A().go()
class B:
    def __init__(self): self.c = C()
    def m(self): return self.c.n()
""",
        "B().m()",
    ),
    ("def make(): return C()\nclass C:\n def n(self): return A().go()", "make().n()"),
    ("def setup():\n global a\n a = A()\nsetup()", "a.go()"),
    ("def f(): return getattr(A(), 'go')()", "f()"),
    ("from operator import methodcaller", "methodcaller('go')(A())"),
]  # fmt: skip


@pytest.mark.parametrize(("between", "used"), WAYS)
def test_a_method_is_used_on_whatever_way_it_is_called(between, used):
    text = f"class A:\n def go(self): return 1\n{between}\nx = {used}\n"
    assert f"x = {used}" in reached({"m": text}, "code", "m", "A.go")


@pytest.mark.parametrize(
    ("used", "is_shown"),
    [
        *((used, True) for used in (
            "f'{a}'", "str(a)", "repr([a])", "'%s' % a", "TEXT % a", "'{}'.format(a)", "format(a)",
            "','.join(map(str, [a]))", "json.dumps(a, default=vars)", "sorted([a], key=repr)",
            "(lambda: f'{a!r}')()", "pprint.pformat({'a': a})",
        )),
        *((used, False) for used in (
            "a == 1", "[a] + [a]", "len([a])", "collections.Counter([a])", "a.go()", "copy.copy(a)",
        )),
    ],
)  # fmt: skip
def test_how_an_object_is_shown_is_used_where_it_is_shown_as_text(used, is_shown):
    text = "class A:\n def __repr__(self): return 'A'\n def go(self): pass\na = A()\n"
    found = reached({"m": f"{text}x = {used}\n"}, "code", "m", "A.__repr__")
    assert found == ({f"x = {used}"} if is_shown else set())


@pytest.mark.parametrize(
    ("text", "is_reached"),
    [
        ("x = T['a']", False),
        ("x = f(T['a'])", False),
        ("def get(k): return T[k]\nx = get('a')", False),
        ("def get(k):\n if k not in T: raise KeyError(sorted(T))\n return T[k]\nx = get('a')", False),
        ("class C:\n def __init__(self, k): self.v = T[k]\nx = C('a')", False),
        ("x = T['a'] + len(T)", True),
        ("x = T.get('b', 1)", True),
        ("x = {**T}['a']", True),
        ("x = 'b' in T", True),
        ("x = sorted(T)[0]", True),
        ("U = T\nx = U['a']", True),
        ("try: x = T['b']\nexcept KeyError: x = 1", True),
        ("def g(k): return T[k]\ndef h(k):\n try: return g(k)\n except KeyError: pass\nx = h('b')", True),
        ("class C:\n def get(self, k): return T[k]\nx = C().get('b')", True),
    ],
)  # fmt: skip
def test_a_dict_that_holds_more_reaches_who_may_have_missed_that(text, is_reached):
    found = reached({"m": f"T = {{'a': 1}}\n{text}\n"}, "grown", "m", "T")
    assert any(line.startswith(("x =", "try")) for line in found) == is_reached


@pytest.mark.parametrize(
    ("shown", "is_used"),
    [
        ("[str(i) for i in range(3)]", False),
        ("[f'{i}{x.__name__}' for i, x in enumerate(xs)]", False),
        ("[str(x) for i, x in enumerate(xs)]", True),
        ("[f'{i:>{x}}' for i, x in enumerate(xs)]", True),
        ("[f'{i}' for i in range(3)] + [f'{i}' for i in xs]", True),
    ],
)
def test_numbers_that_loops_count_are_nobody_s_to_show(shown, is_used):
    text = f"class A:\n def __repr__(self): return 'A'\ndef f(xs): return {shown}\ny = f([A()])\n"
    found = reached({"m": text}, "code", "m", "A.__repr__")
    assert found == ({"y = f([A()])"} if is_used else set())


ACROSS = [
    ("from a import K", {"b: from a import K"}),
    ("from a import K as L\nx = L", {"b: from a import K as L", "b: x = L"}),
    ("import a\nx = a.K", {"b: x = a.K"}),
    ("import a\nx = a.OTHER", set()),
    ("import a as q\nx = q.K + 1", {"b: x = q.K + 1"}),
    ("from a import *\nx = K", {"b: from a import *", "b: x = K"}),
    ("from a import OTHER", set()),
    ("def f():\n import a\n return a.K\nx = f()", {"b: x = f()"}),
    ("import importlib\na = importlib.import_module('a')\nx = a.K", {"b: x = a.K"}),
    (
        "import importlib\nk = importlib.import_module('a').K\nx = k",
        {"b: k = importlib.import_module('a').K", "b: x = k"},
    ),
    ("def f():\n a = import_module('a')\n return a.K\nx = f()", {"b: x = f()"}),
    ("import a\nx = getattr(a, name)", {"b: x = getattr(a, name)"}),
    ("import a\nx = [n for n in vars(a)]", {"b: x = [n for n in vars(a)]"}),
    ("import a\nif hasattr(a, 'K'): x = 1", {"b: if hasattr(a, 'K'): x = 1"}),
    ("import a\nx = a", set()),
    ("K = 5\nx = K", set()),
]


@pytest.mark.parametrize(("text", "expected"), ACROSS)
def test_a_change_reaches_other_modules_by_their_imports(text, expected):
    assert reached({"a": "K = 1\nOTHER = 2\n", "b": text + "\n"}, "bind", "a", "K") == expected


def test_a_from_import_that_is_handed_on_is_followed():
    modules = {"a": "K = 1\n", "b": "from a import K\n", "c": "from b import K\nx = K\n"}
    assert "c: x = K" in reached(modules, "bind", "a", "K")


def test_relative_imports_lead_where_they_lead():
    modules = {"p": "", "p.a": "K = 1\n", "p.b": "from .a import K\nfrom . import a\nx = a.K\n"}
    assert reached(modules, "bind", "p.a", "K") == {"p.b: from .a import K", "p.b: x = a.K"}


FILLERS = [
    ("L = []\nL.append(1)\n", ("m", "L", ""), {1}),
    ("R = {}\ndef reg(f):\n R[f] = 1\n return f\n@reg\ndef g(): pass\n", ("m", "R", ""), {2}),
    ("R = {}\ndef add(r): r[1] = 1\nadd(R)\n", ("m", "R", ""), {2}),
    ("N = 0\ndef up():\n global N\n N = 1\nup()\n", ("m", "N", ""), {2}),
    (
        "class B:\n subs = []\n def __init_subclass__(cls): B.subs.append(cls)\nclass C(B): pass\n",
        ("m", "B", "subs"),
        {1},
    ),
]


@pytest.mark.parametrize(("text", "target", "expected"), FILLERS)
def test_statements_that_fill_an_object_are_found_directly_and_through_calls(
    text, target, expected
):
    found = index({"m": text}).filling.fillers().get(target, set())
    assert {number for _, number in found} == expected


def test_fillers_in_other_modules_belong_to_the_object():
    modules = {
        "a": "R = {}\ndef reg(f):\n R[f] = 1\n return f\n",
        "b": "from a import reg\n@reg\ndef g(): pass\n",
    }
    assert ("b", 1) in index(modules).filling.fillers()["a", "R", ""]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exec('x = 1')\n", True),
        ("def f(): exec('x = 1')\n", False),
        ("def f(): exec('x = 1')\nf()\n", True),
        ("from os import *\n", False),  # from an untracked module
        ("def f():\n global x\n del x\nf()\n", True),
        ("x = 1\ndel x\n", False),
        ("x = locals()\n", True),
        ("def f(a): return locals()\nx = f(1)\n", False),  # its own
        ("class C:\n a = 1\n names = [*locals()]\n", False),
        ("x = 1\n", False),
    ],
)
def test_a_module_that_cannot_be_told_counts_as_one(text, expected):
    assert index({"m": text}).whole("m") is expected


def test_a_new_version_of_a_module_replaces_what_was_known_of_it():
    made = index({"a": "K = 1\n", "b": "from a import K\nx = K\n"})
    made.put("b", read("from a import K\ny = 2\n"))
    assert made.reached(("bind", "a", "K")) == {("b", 0)}


def test_a_dropped_module_is_reached_no_longer():
    made = index({"a": "K = 1\n", "b": "from a import K\n"})
    made.drop("b")
    assert made.reached(("bind", "a", "K")) == set()


NETWORK = """\
class Module:
    def __init__(self):
        object.__setattr__(self, '_modules', {})
    def __setattr__(self, name, value):
        self._modules[name] = value
    def __getattr__(self, name):
        return self.__dict__['_modules'][name]
    def __call__(self, x):
        return self.forward(x)
class Linear(Module):
    def __init__(self):
        super().__init__()
        self.size = 3
    def forward(self, x):
        return x * self.size
class Net(Module):
    def __init__(self):
        super().__init__()
        self.head = Linear()
    def forward(self, x):
        return self.head(x)
NET = Net()
OUT = NET.forward(1)
"""


@pytest.mark.parametrize("edited", ["Module.__call__", "Linear.forward"])
def test_an_object_that_only_operators_are_used_on_is_not_called(edited):
    assert index({"m": NETWORK}).reached(("code", "m", edited)) == {("m", 4)}


COUNTED = """\
import functools
class Counted:
    def __init__(self, f, tag=''):
        functools.update_wrapper(self, f)
        self.f = f
    def __call__(self, *args):
        return self.f(*args)
"""


@pytest.mark.parametrize(
    ("use", "reached"),
    [
        ("@Counted\ndef go(x): pass\n", set()),
        ("def f(x): pass\ngo = Counted(f)\n", set()),
        ("@Counted('tag')\ndef go(x): pass\n", {("m", 2)}),  # what that makes is called
        ("def now(f): f()\n@now\n@Counted\ndef go(x): pass\n", {("m", 3)}),
        ("@Counted\ndef go(x): pass\nOUT = go(1)\n", {("m", 3)}),
    ],
)
def test_a_class_that_decorates_makes_an_object_and_does_not_call_it(use, reached):
    assert index({"m": COUNTED + use}).reached(("code", "m", "Counted.__call__")) == reached


@pytest.mark.parametrize(
    ("init", "runs"),
    [
        ("self.by = by", False),
        ("self.by = by\n  self.n = Counter()", False),
        ("object.__setattr__(self, 'by', by)\n  self.n = Counter()", False),
        ("self.by = by\n  self.n = self.by(1)", True),
        ("self.by = by\n  self.n = [x for x in self]", True),
        ("self.n = by(1)", True),
    ],
)
def test_what_an_object_is_given_to_keep_runs_where_making_it_runs_that(init, runs):
    text = (
        "from collections import Counter\ndef scale(x): return x\nclass Rows:\n"
        f" def __init__(self, by):\n  {init}\n"
        " def __getitem__(self, i): return self.by(i)\nrows = Rows(by=scale)\n"
    )
    found = reached({"m": text}, "code", "m", "scale")
    assert found == ({"rows = Rows(by=scale)"} if runs else set())


MONEY = """\
class Money:
    def __init__(self, n):
        if isinstance(n, Money):
            n = n.n
        self.n = n
    def __add__(self, other):
        return Money(self.n + other.n)
    def __repr__(self):
        return 'Money'
PRICE = Money(3)
COPY = Money(PRICE)
TEXT = repr(PRICE)
"""


@pytest.mark.parametrize(
    ("edited", "reached"),
    [
        ("Money.__add__", {("m", 3)}),  # as any operator may be
        ("Money.__repr__", {("m", 3)}),
        ("Money.__init__", {("m", 1), ("m", 2), ("m", 3)}),
    ],
)
def test_construction_that_asks_for_the_class_of_what_it_is_passed_uses_nothing_of_it(
    edited, reached
):
    assert index({"m": MONEY}).reached(("code", "m", edited)) == reached


TABLE = """\
def mse(a, b): return 1
LOSSES = {'mse': mse}
class Calling(dict):
    def __getitem__(self, name): return super().__getitem__(name)(1, 2)
OTHERS = Calling(LOSSES)
class Exp:
    def __init__(self, loss='mse'):
        self.steps = 0
        self.loss = BODY
    def run(self): return self.loss(1, 2)
EXP = Exp()
SECOND = Exp('mse')
OUT = EXP.run()
"""


@pytest.mark.parametrize(
    ("body", "reached"),
    [
        ("LOSSES[loss]", {("m", 7)}),
        ("LOSSES.get(loss)", {("m", 7)}),
        ("LOSSES.get(loss, mse)", {("m", 7)}),
        ("loss if callable(loss) else LOSSES[loss]", {("m", 7)}),
        ("LOSSES[loss](1, 2)", {("m", 5), ("m", 6)}),
        ("OTHERS[loss]", {("m", 5), ("m", 6)}),  # which may call what it holds
    ],
)
def test_what_an_attribute_takes_out_of_a_table_runs_when_that_is_used(body, reached):
    assert index({"m": TABLE.replace("BODY", body)}).reached(("code", "m", "mse")) == reached


def test_what_an_attribute_takes_out_of_a_table_is_another_where_that_holds_another():
    source = TABLE.replace("BODY", "LOSSES[loss]")
    assert index({"m": source}).reached(("content", "m", "LOSSES")) >= {("m", 5), ("m", 6)}


@pytest.mark.parametrize(
    "fill",
    [
        "put('a', f)",
        "put('a', TABLE['f'])",
        "for k, v in TABLE.items():\n    put('a', v)",
    ],
)
def test_what_a_call_puts_into_a_dict_runs_where_it_is_taken_out(fill):
    source = (
        "def f(x): return x\nTABLE = {'f': f}\nHELD = {}\ndef put(k, v): HELD[k] = v\n"
        f"{fill}\nOUT = HELD['a'](1)\n"
    )
    assert ("m", 5) in index({"m": source}).reached(("code", "m", "f"))
