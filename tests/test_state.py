"""State that a session has collected, and what users put into modules and classes."""

from __future__ import annotations

import ast
import atexit
import weakref

import pytest

from session import load, ran

# How a module keeps a value over `importlib.reload`.
KEEPS = [
    "if 'T' not in globals(): T = []",
    "if not 'T' in vars(): T = []",
    "if not hasattr(sys.modules[__name__], 'T'): T = []",
    "if globals().get('T') is None: T = []",
    "T = globals().get('T') or []",
    "try: T\nexcept NameError: T = []",
    "try: T = globals()['T']\nexcept KeyError: T = []",
]


@pytest.mark.parametrize("idiom", KEEPS)
def test_an_idiom_that_keeps_a_value_keeps_it_and_what_is_beside_it(project, reloader, idiom):
    text = f"import sys\n{idiom}\nother = object()\n"
    project.write("m.py", text + "def f(): return 1\n")
    m = load("m")
    before = m.T, m.other
    project.edit("m.py", text + "def f(): return 2\nNEW = 1\n")
    reloader.reload()
    assert (m.T, m.other) == before
    assert (m.f(), m.NEW) == (2, 1)


def test_a_class_attribute_that_methods_change_keeps_its_value(project, reloader):
    text = "class A:\n    made = 0\n    def __init__(self): A.made += 1\n"
    project.write("m.py", text)
    m = load("m")
    m.A()
    project.edit("m.py", text + "    def f(self): pass\n")
    reloader.reload()
    assert m.A.made == 1


@pytest.mark.parametrize(
    ("held", "put"),
    [
        ("weakref.WeakSet()", "A.all.add(self)"),
        ("weakref.WeakValueDictionary()", "type(self).all[id(self)] = self"),
        ("collections.deque()", "self.__class__.all.append(self)"),
        ("collections.defaultdict(list)", "A.all['x'].append(self)"),
    ],
)
def test_objects_that_their_class_holds_stay_when_it_gets_a_value(project, reloader, held, put):
    text = (
        f"import collections, weakref\nclass A:\n    all = {held}\n    def __init__(self): {put}\n"
    )
    project.write("m.py", text + "a = A()\n")
    m = load("m")
    before, held_by, there = m.a, m.A.all, m.A()
    count = len(held_by)
    project.edit("m.py", text + "    kind = 'k'\na = A()\n")
    reloader.reload()
    assert (m.a is before, m.A.all is held_by, len(held_by)) == (True, True, count)
    assert there.kind == "k"


def test_objects_that_their_class_counts_and_lists_stay_when_it_gets_a_method(project, reloader):
    text = "class A:\n    all = []\n    made = 0\n    def __init__(self):\n        A.all.append(self)\n        type(self).made += 1\n"
    project.write("m.py", text + "class B(A): pass\na, b = A(), B()\n")
    m = load("m")
    before = m.a, m.b, m.A.all
    project.edit("m.py", text + "    def f(self): pass\nclass B(A):\n    x = 1\na, b = A(), B()\n")
    reloader.reload()
    assert [m.a, m.b, m.A.all] == [*before]
    assert (m.A.all, m.A.made, m.B.made) == ([m.a, m.b], 1, 2)


FACTORY = """
class Database:
    def __init__(self, url):
        self.url = url
        self.parts = url.split("/")
    def connect(self):
        self.open = True
    def __len__(self): return 1
URLS = ["a/b", "c"]
class Service:
    def __init__(self, db, n=2):
        self.db = db
        self.n = n + len(URLS)
class Lasting(Service):
    def __init__(self, db):
        super().__init__(db, n=3)
        object.__setattr__(self, "kept", db)
class Measuring:
    def __init__(self, db):
        self.size = len(db)
class Measured(Measuring):
    def __init__(self, db, n):
        super().__init__(db)
        self.n = n
class Pair:
    def __init__(self, one, other):
        self.one, (self.other, self.n) = one, (other, 2)
class Pool:
    def __init__(self, *dbs):
        self.dbs = list(dbs)
        for _, db in enumerate(dbs):
            self.last = db
def make(n=3):
    db = Database("a" * n)
    if n > 2:
        db.connect()
    for url in URLS:
        db.last = url
    return db
def measure(db):
    return [len(db)]
"""


MADE = [
    "[Database(u) for u in URLS if u != 'd']",
    "{u: Database(u) for u in URLS}",
    "Database('x'), [Database('y')]",
    "make()",
    "make(len(URLS))",
    "Service(Database('z'))",
    "Service(db=make(), n=4)",
    "{'db': make(), 'urls': URLS + ['e']}",
    "Database('x') if URLS else None",
    "Pair(make(), Database('x'))",
    "Lasting(make())",
    "Pool(Database('x'), make())",
    "[(n, db) for n, db in enumerate([make()])]",
]


@pytest.mark.parametrize(
    "added",
    [
        "def __repr__(self): return 'db'",
        "def __getattr__(self, name): raise AttributeError(name)",
        "def __len__(self): return 5",
    ],
)
@pytest.mark.parametrize("made", MADE)
def test_what_only_makes_objects_keeps_them_when_an_operator_comes(project, reloader, made, added):
    text = FACTORY + f"VALUE = {made}\n"
    project.write("m.py", text)
    m = load("m")
    before = m.VALUE
    project.edit("m.py", text.replace("def __len__(self): return 1", added))
    reloader.reload()
    assert m.VALUE is before


USED = [
    "[Database(u) for u in URLS if len(Database(u))]",
    "measure(make())",
    "measure(db=Database('x'))",
    "[len(db) for db in [make()]]",
    "[Service(make()).db.__len__()]",
    "[*map(len, [Database('x')])]",
    "[bool(make()), 2][:1]",
    "[1 if Database('x') else 2]",
    "[2 for _ in 'a' if make()]",
    "[(Database('x') and 3) == 3]",
    "[f'{len(make())}']",
    "[Measured(make(), 2).size]",
    "[[len(db) for db in Pool(make()).dbs]]",
    "[[bool(db) for pair in zip([make()], 'a') for db in pair]]",
    "measure([make() for _ in 'a'][0])",
]


@pytest.mark.parametrize("used", USED)
def test_what_uses_an_operator_of_what_it_makes_runs_again(project, reloader, used):
    text = FACTORY + f"VALUE = {used}\n"
    project.write("m.py", text)
    m = load("m")
    project.edit("m.py", text.replace("(self): return 1", "(self): return 0"))
    reloader.reload()
    expected = dict(vars(m))
    exec(f"VALUE = {used}", expected)
    assert repr(m.VALUE) == repr(expected["VALUE"])


HOLDERS = """
class Database:
    def __init__(self, n): self.n = n
    def weigh(self): return self.n
    def __iter__(self): return iter([self.n])
class Holder:
    def __init__(self, db): self.db = db
    def __iter__(self): return iter([self.db.weigh()])
VALUE = {}
"""


@pytest.mark.parametrize(
    "used",
    [
        "[n for n in Holder(Database(2))]",
        "list(Holder(Database(2)))",
        "[list(Database(2)), tuple(Holder(Database(2)))]",
    ],
)
def test_what_goes_through_an_object_runs_again_for_what_that_runs(project, reloader, used):
    text = HOLDERS.format(used)
    project.write("m.py", text)
    m = load("m")
    project.edit("m.py", text.replace("return self.n", "return -self.n"))
    reloader.reload()
    expected = eval(used, vars(m))
    assert expected == m.VALUE


PATCHED = "class A:\n    def f(self): return {0!r}\n{1}\ndef g(): return {0!r}\n{2}"


@pytest.mark.parametrize(
    "added", [("", ""), ("    X = 1", "Y = 1\n")], ids=["bodies", "statements"]
)
def test_what_users_put_in_place_of_a_definition_stays_theirs(project, reloader, added):
    project.write("m.py", PATCHED.format("old", "", ""))
    m = load("m")
    users: dict = {"__name__": "__main__"}
    exec("def f(self): return 'mine'\ndef g(): return 'mine'\n", users)
    m.A.f, m.g = users["f"], users["g"]
    project.edit("m.py", PATCHED.format("new", *added))
    reloader.reload()
    assert (users["f"](None), users["g"]()) == ("mine", "mine")
    assert (m.A().f(), m.g()) == ("new", "new")


def test_a_class_of_the_users_under_the_modules_name_is_not_patched(project, reloader):
    project.write("m.py", "class A:\n    x = 1\n")
    m = load("m")
    users: dict = {"__name__": "__main__"}
    exec("class A:\n    x = 'mine'\n", users)
    m.A = users["A"]
    project.edit("m.py", "class A:\n    x = 2\n    y = 2\n")
    reloader.reload()
    assert vars(users["A"])["x"] == "mine"
    assert m.A.x == 2


def test_a_method_that_a_test_replaced_stays_replaced_by_an_edit_beside_it(project, reloader):
    project.write("m.py", "class A:\n    def f(self): return 1\n")
    m = load("m")
    m.A.f = lambda self: "fake"
    project.edit("m.py", "class A:\n    x = 1\n    def f(self): return 1\n")
    reloader.reload()
    assert (m.A().f(), m.A.x) == ("fake", 1)


def test_a_list_that_statements_add_to_keeps_what_users_added(project, reloader):
    project.write("m.py", "L = [1]\nL.append(2)\nL += [3]\n")
    m = load("m")
    held = m.L
    held.append("mine")
    project.edit("m.py", "L = [1]\nL += [3]\n")
    reloader.reload()
    assert m.L is held
    assert held == [1, 3, "mine"]


def test_names_that_share_a_list_go_on_sharing_it(project, reloader):
    project.write("m.py", "a = b = []\n")
    m = load("m")
    m.a.append("mine")
    project.edit("m.py", "a = b = [1]\n")
    reloader.reload()
    assert m.a is m.b
    assert m.a == [1, "mine"]


@pytest.mark.parametrize("order", [("low", "high"), ("high", "low")])
def test_a_dict_that_others_import_follows_each_of_several_edits(project, reloader, order):
    project.write("low.py", "T = {'a': 1, 'b': 2}\n")
    project.write("high.py", "from low import T\n")
    load(*order)
    low, high = load("low", "high")
    low.T["mine"] = 3
    for text in ("{'a': 1}", "{'a': 1, 'b': 2}", "{'b': 2}"):
        project.edit("low.py", f"T = {text}\n")
        reloader.reload()
        assert low.T is high.T
        assert {**ast.literal_eval(text), "mine": 3} == low.T


def test_a_definition_that_is_taken_out_and_put_back_is_what_its_holders_have(project, reloader):
    text = "class A:\n    def f(self): return {0}\ndef g(): return {0}\n"
    project.write("m.py", text.format(1))
    m = load("m")
    a, cls, g = m.A(), m.A, m.g
    project.edit("m.py", "")
    reloader.reload()
    project.edit("m.py", text.format(2))
    reloader.reload()
    assert (m.A is cls, m.g is g) == (True, True)
    assert (a.f(), g()) == (2, 2)


def test_a_definition_that_nobody_has_is_gone_when_it_is_taken_out(project, reloader):
    project.write("m.py", "class A: pass\n")
    cls = weakref.ref(load("m").A)
    project.edit("m.py", "B = 1\n")
    reloader.reload()
    assert cls() is None


DELETES = "WIDTH = 2\n_half = WIDTH / 2\nAREA = [_half]\nfor i in range(2): AREA.append(i)\ndel _half, i\n"


def test_a_name_that_is_deleted_is_there_when_it_is_used_again(project, reloader):
    project.write("m.py", f"{DELETES}MODEL = []\ndef f(): return 1\n")
    m = load("m")
    model, area = m.MODEL, m.AREA
    project.edit("m.py", f"{DELETES}MODEL = []\ndef f(): return 2\n")
    reloader.reload()
    assert (m.MODEL, m.AREA, m.f()) == (model, [1.0, 0, 1], 2)
    assert m.MODEL is model
    project.edit("m.py", f"{DELETES.replace('2', '4', 1)}MODEL = []\ndef f(): return 2\n")
    reloader.reload()
    assert (m.AREA, m.MODEL is model, hasattr(m, "_half"), hasattr(m, "i")) == (
        [2.0, 0, 1],
        True,
        False,
        False,
    )
    assert area is m.AREA


def test_a_name_is_bound_again_when_what_deleted_it_is_gone(project, reloader):
    project.write("m.py", "KEPT = []\nfor i in range(3): pass\ndel i\n")
    m = load("m")
    kept = m.KEPT
    project.edit("m.py", "KEPT = []\nfor i in range(3): pass\n")
    reloader.reload()
    assert (m.i, m.KEPT is kept) == (2, True)
    project.edit("m.py", "KEPT = []\nfor i in range(3): pass\ndel i\n")
    reloader.reload()
    assert not hasattr(m, "i")


def test_what_users_set_on_a_class_stays_when_its_metaclass_comes_and_goes(project, reloader):
    text = "from abc import ABC\nclass P: pass\nclass A({}): pass\n"
    project.write("m.py", text.format("ABC"))
    m = load("m")
    m.A.mine = 1
    for base in ("P", "ABC", "P"):
        project.edit("m.py", text.format(base))
        reloader.reload()
        assert (m.A.mine, m.A.__base__.__name__) == (1, base)


def test_containers_get_the_factory_and_the_limit_of_the_new_source(project, reloader):
    text = "from collections import *\nD = defaultdict({})\nQ = deque([1, 2, 3], maxlen={})\n"
    project.write("m.py", text.format("lambda: 1", 5))
    m = load("m")
    d, q = m.D, m.Q
    m.D["mine"]
    project.edit("m.py", text.format("lambda: 2", 5))
    reloader.reload()
    assert (m.D is d, dict(m.D), m.D["new"], m.Q is q) == (True, {"mine": 1}, 2, True)
    project.edit("m.py", text.format("list", 2))
    reloader.reload()
    assert (m.D is d, m.D["other"], m.Q.maxlen, list(m.Q)) == (True, [], 2, [2, 3])


DATABASE = """
class Database:
    def __init__(self, url, n=2):
        self.url = f"{url}?x" + str(n)
        self.parts = [i for i in range(n)]
        if n > 1:
            self.first = self.parts[0]
        self.connect()
    def connect(self):
        self.open = True
    def query(self):
        return len(self.parts)
DB = Database("u")
"""


@pytest.mark.parametrize(
    "method",
    [
        "__repr__(self): return '1'",
        "__len__(self): return 1",
        "load(self): return 1",
        "__getitem__(self, key): return 1",
        "__enter__(self): return 1",
        "query(self): return 1",
    ],
)
def test_an_object_survives_what_its_construction_does_not_run(project, reloader, method):
    """Construction calculates and calls, but does none of that to the object itself."""
    project.write("m.py", DATABASE)
    m = load("m")
    db = m.DB
    added = f"    def {method}\nDB ="
    project.replace("m.py", "DB =", added)
    reloader.reload()
    assert m.DB is db
    project.replace("m.py", added, added.replace("1", "2"))
    reloader.reload()
    assert m.DB is db


USED = {
    "operator": ("self.n = len(self)", "def __len__(self): return 1"),
    "format": ("self.n = f'{self}'", "def __str__(self): return '1'"),
    "item": ("self.n = self[0]", "def __getitem__(self, key): return 1"),
    "method": ("self.n = self.load()", "def load(self): return 1"),
    "method of another": (
        "self.start()",
        "def start(self): self.n = self.load()\n    def load(self): return 1",
    ),
    "class method": ("self.n = type(self).load()", "load = classmethod(lambda cls: 1)"),
}


@pytest.mark.parametrize("kind", USED)
def test_an_object_is_made_again_for_what_its_construction_runs(project, reloader, kind):
    text = "class C:\n    def __init__(self): {}\n    {}\nV = C()\n".format(*USED[kind])
    project.write("m.py", text)
    m = load("m")
    before = str(m.V.n)
    project.edit("m.py", text.replace("1", "2"))
    reloader.reload()
    assert (before, str(m.V.n)) == ("1", "2")


BUILT = {
    "dataclass": "import dataclasses\n@dataclasses.dataclass\nclass C:",
    "abstract class": "import abc\nclass Base(abc.ABC): pass\nclass C(Base):",
    "mapping": "from collections import UserDict\nclass C(UserDict):",
    "protocol": "from typing import Protocol\nclass P(Protocol): pass\nclass C(P):",
    "attrs": "import attrs\n@attrs.define\nclass C:",
    "pydantic": "from pydantic import BaseModel\nclass C(BaseModel):",
}
METHODS = {
    "method": "def more(self): return 'more'",
    "property": "@property\n    def more(self): return 'more'",
    "class method": "@classmethod\n    def more(cls): return 'more'",
}


@pytest.mark.parametrize("kind", BUILT)
@pytest.mark.parametrize("method", METHODS)
def test_an_object_stays_when_its_class_gets_a_method_whatever_builds_the_class(
    project, reloader, kind, method
):
    start, end = f"{BUILT[kind]}\n    n: int = 1\n    def f(self): return self.n\n", "obj = C()\n"
    project.write("m.py", start + end)
    m = load("m")
    obj = m.obj
    obj.n = 5
    project.edit("m.py", f"{start}    {METHODS[method]}\n{end}")
    reloader.reload()
    more = m.obj.more
    assert (more if method == "property" else more()) == "more"
    project.edit("m.py", start + end)
    reloader.reload()
    assert m.obj is obj
    assert m.obj.f() == 5


@pytest.mark.parametrize("kind", sorted(BUILT.keys() - {"abstract class", "mapping", "protocol"}))
def test_an_object_is_made_again_when_its_class_gets_another_field(project, reloader, kind):
    start, end = f"{BUILT[kind]}\n    n: int = 1\n", "obj = C()\n"
    project.write("m.py", start + end)
    m = load("m")
    m.obj.n = 5
    project.edit("m.py", f"{start}    more: int = 2\n{end}")
    reloader.reload()
    assert (m.obj.n, m.obj.more) == (1, 2)


FOUND = "cls.found = sorted(n for n in vars(cls) if n[0] == 'f')"
SCANNING = {
    "decorator": f"def scan(cls):\n    {FOUND}\n    return cls\n@scan\nclass C:",
    "metaclass": f"class M(type):\n    def __init__(cls, *a): {FOUND}\nclass C(metaclass=M):",
}


@pytest.mark.parametrize("builder", SCANNING)
def test_an_object_is_made_again_when_what_builds_its_class_reads_the_methods(
    project, reloader, builder
):
    start = (
        f"{SCANNING[builder]}\n    def __init__(self): self.all = list(self.found)\n"
        "    def f1(self): pass\n"
    )
    project.write("m.py", start + "obj = C()\n")
    m = load("m")
    before = m.obj.all
    project.edit("m.py", start + "    def f2(self): pass\nobj = C()\n")
    reloader.reload()
    assert m.obj.all == [*before, "f2"]


def test_a_class_is_made_again_that_its_base_builds_from_what_its_bases_hold(project, reloader):
    text = """
        class Record:
            def __init_subclass__(cls):
                owners = reversed(cls.__mro__)
                cls.names = [n for k in owners for n in vars(k).get("__annotations__", {})]
            def __init__(self, *values):
                self.values = dict(zip(self.names, values))
        class Person(Record):
            name: str
        class Worker(Person):
            pay: int
        ANN = Worker("ann", 5)
        OTHERS = []
        """
    project.write("m.py", text)
    m = load("m")
    worker, others = m.Worker, m.OTHERS
    project.edit("m.py", text.replace("name: str", "name: str\n            age: int"))
    reloader.reload()
    assert m.Worker.names == ["name", "age", "pay"]
    assert m.ANN.values == {"name": "ann", "age": 5}
    assert (m.Worker is worker, m.OTHERS is others) == (True, True)


def test_a_subclass_is_made_with_the_keywords_that_an_edit_gives_it(project, reloader):
    base = "class Base:\n    def __init_subclass__(cls, kind): cls.kind = kind\n"
    project.write(
        "m.py", base + "class C(Base, kind='old'):\n    def f(self): return 1\nobj = C()\n"
    )
    m = load("m")
    obj = m.obj
    project.replace("m.py", "return 1\n", "return 1\n    def g(self): return 2\n")
    reloader.reload()
    assert (m.obj.g(), m.obj.kind) == (2, "old")
    project.replace("m.py", "'old'", "'new'")
    reloader.reload()
    assert (obj.kind, m.obj.kind) == ("new", "new")


def test_a_class_that_cannot_be_made_any_longer_is_told_of(project, reloader):
    start = "import abc\nclass C(abc.ABC):\n    def f(self): return 1\n"
    project.write("m.py", start + "obj = C()\n")
    m = load("m")
    obj = m.obj
    project.edit("m.py", start + "    @abc.abstractmethod\n    def g(self): ...\nobj = C()\n")
    report = reloader.reload()
    assert "abstract" in str(report)
    assert m.obj is obj
    assert not hasattr(obj, "g")


def test_what_statements_filled_stays_when_its_class_gets_a_method(project, reloader):
    start = "from collections import UserDict\nclass C(UserDict):\n    def f(self): return 1\n"
    end = "obj = C()\nobj['own'] = 1\n"
    project.write("m.py", start + end)
    m = load("m")
    obj = m.obj
    obj["mine"] = 2
    project.edit("m.py", start + "    def g(self): return 2\n" + end)
    reloader.reload()
    assert m.obj is obj
    assert (obj.g(), dict(obj)) == (2, {"own": 1, "mine": 2})


def test_what_a_class_body_makes_of_a_reached_value_follows(project, reloader):
    project.write("k.py", "A = 1\n")
    body = "class C:\n    from k import A\n    B = A + 1\n    D = [B]\n    E = []\n"
    project.write("m.py", body)
    m = load("m")
    e = m.C.E
    project.edit("k.py", "A = 5\n")
    reloader.reload()
    assert (m.C.A, m.C.B, m.C.D) == (5, 6, [6])
    assert m.C.E is e


def test_what_a_class_body_binds_by_its_namespace_goes_with_it(project, reloader):
    body = "class C:\n    for name in ('a', 'b'): locals()[name] = 1\n"
    project.write("m.py", body)
    m = load("m")
    project.replace("m.py", "'b'", "'c'")
    reloader.reload()
    assert {n for n in vars(m.C) if len(n) == 1} == {"a", "c"}


CONTAINER = "class Obj(list):\n    def __setitem__(self, key, value): self.key = key\n"
FIELDS = "import dataclasses\n@dataclasses.dataclass\nclass load:\n    p: str\n"
WORDS = {
    "docstring": ("def load(p):\n    return [p]\n", "def load(p):\n    'Load.'\n    return [p]\n"),
    "other docstring": (
        "def load(p):\n    'Lod.'\n    return [p]\n",
        "def load(p):\n    'Load.'\n    return [p]\n",
    ),
    "annotations": (
        "def load(p):\n    return [p]\n",
        "def load(p: str) -> list:\n    return [p]\n",
    ),
    "method's docstring": (
        "class C:\n    def __init__(self, p): self.p = p\nload = C\n",
        "class C:\n    def __init__(self, p):\n        'Make.'\n        self.p = p\nload = C\n",
    ),
    "postponed annotations": (FIELDS, f"from __future__ import annotations\n{FIELDS}"),
}


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("fill", ["obj.more = [1]\n", "obj.append(1)\n", "obj['a'] = 1\n", ""])
def test_what_a_function_has_made_stays_when_only_its_words_are_edited(
    project, reloader, kind, fill
):
    before, after = WORDS[kind]
    if "class" in before and "more" not in fill:
        fill = ""
    elif "return" in before:
        before, after = (text.replace("[p]", "Obj([p])") for text in (before, after))
        before = CONTAINER + before
        after = CONTAINER + after
    end = "obj = load('p')\n" + fill
    project.write("m.py", before + end)
    m = load("m")
    obj = m.obj
    project.edit("m.py", after + end)
    reloader.reload()
    assert m.obj is obj


@pytest.mark.parametrize(("before", "after"), [("60 * 60", "3600"), ("'ab' * 40", "'abab' * 20")])
def test_a_constant_that_is_said_otherwise_reaches_nothing(project, reloader, before, after):
    end = "def f(n): return [n]\nT = f(N)\nU = f(1)\nU.append(N)\n"
    project.write("m.py", f"N = {before}\n{end}")
    m = load("m")
    table, other = m.T, m.U
    project.edit("m.py", f"N = {after}\n{end}")
    reloader.reload()
    assert m.T is table
    assert m.U is other


def test_what_reads_the_docstring_of_a_method_is_made_again(project, reloader):
    text = "class C:\n    def f(self):\n        'Old.'\nHELP = C.f.__doc__\n"
    project.write("m.py", text)
    m = load("m")
    project.replace("m.py", "Old.", "New.")
    reloader.reload()
    assert m.HELP == "New."


def test_postponing_annotations_leaves_alone_what_has_none(project, reloader):
    text = "def f(): return []\nT = f()\nclass C:\n    n: int = 1\n"
    project.write("m.py", text)
    m = load("m")
    table = m.T
    project.edit("m.py", "from __future__ import annotations\n" + text)
    report = reloader.reload()
    assert ran(report) == ["from __future__ import annotations", "def f", "class C"]
    assert m.C.__annotations__ == {"n": "int"}
    assert m.T is table


def test_closures_stand_where_they_stand_now_when_words_above_them_are_edited(project, reloader):
    text = "def make():\n    def inner(): return 1\n    return inner\nobj = make()\n"
    project.write("m.py", text)
    m = load("m")
    obj = m.obj
    for number in range(3):
        line = "# line\n" * number
        project.edit("m.py", line + text.replace("():", f"():\n    'Version {number}.'", 1))
        reloader.reload()
        assert m.obj is obj
        assert obj.__code__.co_firstlineno == 3 + number


def test_a_value_stays_that_is_only_annotated_otherwise(project, reloader):
    text = "def load(): return [1]\nM = load()\n"
    project.write("m.py", text)
    m = load("m")
    value = m.M
    for annotation, wanted in ((": list", {"M": list}), (": 'list'", {"M": "list"}), ("", {})):
        project.edit("m.py", text.replace("M =", f"M{annotation} ="))
        report = reloader.reload()
        assert not report.failed
        assert ran(report) == []
        assert not [definition for each in report.outcomes for definition in each.definitions]
        assert m.M is value
        assert getattr(m, "__annotations__", {}) == wanted


def test_an_annotation_that_cannot_be_worked_out_takes_the_edit_back(project, reloader):
    text = "def load(): return [1]\nM = load()\nN = 1\n"
    project.write("m.py", text)
    m = load("m")
    value = m.M
    project.edit("m.py", text.replace("M =", "M: Missing =").replace("N = 1", "N = 2"))
    report = reloader.reload()
    assert "Missing" in str(report)
    assert (m.M is value, m.N, "__annotations__" in vars(m)) == (True, 1, False)


def test_an_object_that_sets_its_attributes_past_its_class_stays_for_edits_of_its_call(
    project, reloader
):
    text = """
        class Frozen:
            def __init__(self):
                object.__setattr__(self, "mods", {})
                object.__setattr__(self, "sizes", [n for n in range(3)])
            def __call__(self, x):
                return x
        NET = Frozen()
        """
    project.write("m.py", text)
    m = load("m")
    net = m.NET
    project.edit("m.py", text.replace("return x", "return x + 1"))
    reloader.reload()
    assert m.NET is net
    assert net(1) == 2


NETWORK = """
class Layer:
    calls = 0
    def __call__(self, x):
        return x
    def ask(self):
        return self(1)
class Linear(Layer):
    def __init__(self, weight=2):
        self.weight = weight
class Chain(Layer):
    def __init__(self, *layers):
        self.layers = list(layers)
        {more}
NET = Chain(Linear(), Chain(Linear(3)))
"""


@pytest.mark.parametrize(
    ("more", "stays"),
    [
        ("self.both = layers, self.layers", True),
        ("self.by_number = {n: layer for n, layer in enumerate(layers)}", True),
        ("self.value = layers[0](1)", False),
        ("self.values = [layer(1) for layer in layers]", False),
        ("self.value = self(1)", False),
        ("self.add(*layers)\n    def add(self, *layers): self.value = layers[0](1)", False),
        ("for layer in layers: layer.ask()", False),
    ],
)
def test_an_object_made_of_others_of_its_kind_stays_for_edits_of_what_its_making_does_not_call(
    project, reloader, more, stays
):
    text = NETWORK.replace("{more}", more)
    project.write("m.py", text)
    m = load("m")
    net = m.NET
    project.edit("m.py", text.replace("return x", "return x + 1"))
    reloader.reload()
    assert (m.NET is net) == stays
    assert net(1) == 2


VECTOR = """
class Vector:
    def __init__(self, parts):
        self.parts = list(parts)
    @classmethod
    def zeros(cls, n, *, of=0):
        made = cls([of] * n)
        {step}
        return made
    @staticmethod
    def of(*parts):
        made = Vector(parts)
        {step}
        return made
    def __getitem__(self, n):
        return self.parts[n]
    def norm(self):
        return sum(self.parts)
    def sized(self):
        return self.norm() + self[0]
class Long(Vector): pass
MADE = {made}
"""


@pytest.mark.parametrize("made", ["Vector.zeros(3)", "Vector.of(1, 2)", "Long.zeros(2, of=1)"])
@pytest.mark.parametrize(
    ("step", "stays"),
    [
        ("made.extra = 1", True),
        ("made.total = made.norm()", True),
        ("made.first = made[0]", False),
        ("made.size = made.sized()", False),
        ("made.first = next(iter(made))", False),
    ],
)
def test_an_object_stays_that_its_class_makes_by_a_method_for_edits_of_what_that_does_not_use(
    project, reloader, made, step, stays
):
    text = VECTOR.replace("{step}", step).replace("{made}", made)
    project.write("m.py", text)
    m = load("m")
    before = m.MADE
    project.edit("m.py", text.replace("return self.parts[n]", "return -self.parts[n]"))
    reloader.reload()
    assert (m.MADE is before) == stays


KEPT_FOR_LATER = {
    "a thread": "import threading\nKEPT = threading.Thread(target=work, args=(1,))\n",
    "a timer": "from threading import Timer\nKEPT = Timer(60, work)\n",
    "a pool": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "KEPT = ThreadPoolExecutor(1, initializer=work)\n"
    ),
    "a finalizer": "import weakref\nclass C: pass\nc = C()\nKEPT = weakref.finalize(c, work)\n",
    "an event loop's handle": (
        "import asyncio\nloop = asyncio.new_event_loop()\nKEPT = loop.call_later(60, work)\nloop.close()\n"
    ),
}


@pytest.mark.parametrize("kind", KEPT_FOR_LATER)
def test_what_keeps_a_function_for_later_stays_for_edits_of_its_body(project, reloader, kind):
    text = "RAN = []\ndef work(x=0): RAN.append({})\n" + KEPT_FOR_LATER[kind]
    project.write("m.py", text.replace("{}", "1"))
    m = load("m")
    kept, ran_so_far = m.KEPT, m.RAN
    project.edit("m.py", text.replace("{}", "2"))
    reloader.reload()
    assert (m.KEPT is kept, m.RAN is ran_so_far, m.RAN) == (True, True, [])
    m.work()
    assert m.RAN == [2]


OWN_METHODS_KEPT = {
    "a thread": "self.kept = threading.Thread(target=self.run)",
    "a partial": "self.kept = functools.partial(self.run, 1)",
    "another name": "self.kept = self.run",
    "a table": "self.kept = {'run': self.run, 'all': [self.run]}",
    "a list of its own": "self.kept = []\n        self.kept.append(self.run)",
    "a registry": "HOOKS.append(self.run)",
    "a method that stores it": "BUS.on('x', self.run)",
}


@pytest.mark.parametrize("kind", OWN_METHODS_KEPT)
def test_an_object_that_hands_on_its_methods_stays_for_edits_of_their_bodies(
    project, reloader, kind
):
    text = f"""
import functools, threading
HOOKS = []
class Bus:
    def __init__(self):
        self.found = {{}}
    def on(self, name, f):
        self.found.setdefault(name, []).append(f)
BUS = Bus()
class Service:
    def __init__(self):
        {OWN_METHODS_KEPT[kind]}
    def run(self, x=0):
        return 1
SERVICE = Service()
"""
    project.write("m.py", text)
    m = load("m")
    service, hooks, bus = m.SERVICE, m.HOOKS, m.BUS
    project.edit("m.py", text.replace("return 1", "return 2"))
    reloader.reload()
    assert (m.SERVICE is service, m.HOOKS is hooks, m.BUS is bus) == (True, True, True)
    assert service.run() == 2


OWN_METHODS_RUN = {
    "by the constructor": ("self.kept = [self.run]\n        self.n = self.kept[0]()", "SERVICE.n"),
    "by the name that holds it": ("self.kept = self.run", "SERVICE.kept()"),
    "by a partial": ("self.kept = functools.partial(self.run)", "SERVICE.kept()"),
    "by another method": ("self.kept = {'run': self.run}", "SERVICE.ask('run')"),
    "by what it is passed to": ("self.n = now(self.run)", "SERVICE.n"),
    "as a property": ("self.n = self.size", "SERVICE.n"),
}


@pytest.mark.parametrize("kind", OWN_METHODS_RUN)
def test_a_value_made_by_a_method_that_its_object_had_handed_on_is_made_again(
    project, reloader, kind
):
    line, value = OWN_METHODS_RUN[kind]
    text = f"""
import functools
def now(f):
    return f()
class Service:
    def __init__(self):
        {line}
    def run(self):
        return 1
    @property
    def size(self):
        return 1
    def ask(self, name):
        return self.kept[name]()
SERVICE = Service()
N = {value}
"""
    project.write("m.py", text)
    m = load("m")
    project.edit("m.py", text.replace("return 1", "return 2"))
    reloader.reload()
    assert m.N == 2


HANDLER = "def handler(n=0): return 1\n"
ON = "REG = {}\ndef on(f):\n    REG[f.__name__] = f\n    return f\n@on\n" + HANDLER
FAMILY = (
    "REG = {}\nclass Plugin:\n    def __init_subclass__(cls): REG['handler'] = cls\n"
    "class One(Plugin):\n    def __init__(self): self.n = 1\n"
)
# What is defined before, how the constructor puts it away, and what then runs it.
STORED = {
    "a function": (HANDLER, "self.cb = handler", "app.cb()"),
    "a function by a function": (HANDLER, "self.cb = handler", "call(app)"),
    "a function by its name in a string": (
        HANDLER,
        "self.cb = handler",
        "getattr(app, 'c' + 'b')()",
    ),
    "a function by all attributes": (HANDLER, "self.cb = handler", "list(vars(app).values())[1]()"),
    "a function by a method": (HANDLER, "self.cb = handler", "app.run()"),
    "a function in a list": (HANDLER, "self.cbs = [handler]", "app.cbs[0]()"),
    "a function in a partial": (HANDLER, "self.cb = functools.partial(handler, 1)", "app.cb()"),
    "a function as default": (HANDLER, "self.cb = cb or handler", "app.cb()"),
    "a function under two names": (HANDLER, "self.also = self.cb = handler", "app.cb()"),
    "a function by a name of its own": (HANDLER, "f = handler; self.cb = f", "app.run()"),
    "a function among others": (HANDLER, "self.n, self.cb = 1, handler", "app.run()"),
    "a function put into a list": (HANDLER, "self.r = []; self.r.append(handler)", "app.ask(0)"),
    "a function put into a table": (HANDLER, "self.r = {}; self.r['h'] = handler", "app.ask('h')"),
    "a function put into a table of lists": (
        HANDLER,
        "self.r = {}; self.r.setdefault('h', []).append(handler)",
        "app.r['h'][0]()",
    ),
    "a lambda that calls a function": (HANDLER, "self.cb = lambda: handler(0)", "app.run()"),
    "a lambda that calls a method": (HANDLER, "self.cb = lambda: self.h()", "app.run()"),
    "one of two functions": (HANDLER, "self.cb = handler if cb is None else cb", "app.cb()"),
    "a registry": (ON, "self.r = REG", "app.r['handler']()"),
    "a copy of a registry": (ON, "self.r = dict(REG)", "app.ask('handler')"),
    "a registry with more": (ON, "self.r = {'a': 1, **REG}", "app.ask('handler')"),
    "a registry by its method": (ON, "self.r = REG.copy()", "app.ask('handler')"),
    "what a registry holds": (ON, "self.r = [*REG.values()]", "app.ask(0)"),
    "what is picked from a registry": (
        ON,
        "self.r = {k: f for k, f in REG.items() if k}",
        "app.ask('handler')",
    ),
    "a registry by a method": (ON, "self.r = REG", "app.ask('handler')"),
    "a registry of classes": (FAMILY, "self.r = REG", "app.r['handler']().n"),
    "a class": ("class C:\n    def __init__(self): self.n = 1\n", "self.make = C", "app.make().n"),
}
APP = """
import functools
{}
class App:
    def __init__(self, cb=None):
        self.seen = []
        {}
    def run(self): return self.cb()
    def ask(self, name): return self.r[name]()
    def h(self): return handler()
def call(app): return app.cb()
def call_it(f): return f()
app = App()
N = {}
"""


@pytest.mark.parametrize("kind", STORED)
def test_an_object_that_only_stores_what_it_may_run_stays_for_edits_of_bodies(
    project, reloader, kind
):
    text = APP.format(*STORED[kind])
    project.write("m.py", text)
    m = load("m")
    app = m.app
    app.seen.append("state")
    project.edit("m.py", text.replace("return 1", "return 2").replace("self.n = 1", "self.n = 2"))
    report = reloader.reload()
    assert (m.app is app, app.seen, m.N) == (True, ["state"], 2)
    assert ran(report) == ["N"]


# How the constructor runs what it stores, or may do so.
STORED_AND_RUN = {
    "calls it": (HANDLER, "self.cb = handler; self.n = self.cb()"),
    "calls it by its name": (HANDLER, "self.cb = handler; self.n = handler()"),
    "calls a method that does": (HANDLER, "self.cb = handler; self.n = self.run()"),
    "hands itself on": (HANDLER, "self.cb = handler; self.n = call(self)"),
    "looks it up": (HANDLER, "self.cb = handler; self.n = getattr(self, 'c' + 'b')()"),
    "calls what it has put in a list": (HANDLER, "self.r = [handler]; self.n = self.r[0]()"),
    "calls what it adds to a list": (
        HANDLER,
        "self.r = []; self.r.append(handler); self.n = self.r[0]()",
    ),
    "calls what it adds to a table": (
        HANDLER,
        "self.r = {}; self.r['h'] = handler; self.n = self.ask('h')",
    ),
    "calls a lambda": (HANDLER, "self.cb = lambda: handler(); self.n = self.cb()"),
    "calls a function by a name of its own": (HANDLER, "f = handler; self.n = f()"),
    "adds it to what runs it": (HANDLER, "self.r = Ran(); self.r.add(handler); self.n = self.r.n"),
    "iterates over a copy": (ON, "self.r = dict(REG); self.n = [f() for f in self.r.values()][0]"),
    "iterates": (ON, "self.r = REG; self.n = [f() for f in self.r.values()][0]"),
    "looks in": (ON, "self.r = REG; self.n = REG['handler']()"),
    "hands it on": (
        ON,
        "self.r = REG; self.n = max(map(call_it, REG.values()))",
    ),
    "sets a property": (HANDLER, "self.n = 0; self.now = handler"),
    "sets a descriptor": (HANDLER, "self.soon = handler"),
}
RUNNING = """
class Ran:
    def add(self, f): self.n = f()
class Soon:
    def __set__(self, app, f): app.n = f()
class Base:
    soon = Soon()
    @property
    def now(self): return self.n
    @now.setter
    def now(self, f): self.n = f()
"""


@pytest.mark.parametrize("kind", STORED_AND_RUN)
def test_an_object_is_made_again_that_runs_what_it_stores(project, reloader, kind):
    text = APP.replace("class App:", RUNNING + "class App(Base):").format(
        *STORED_AND_RUN[kind], "app.n"
    )
    project.write("m.py", text)
    m = load("m")
    project.edit("m.py", text.replace("return 1", "return 2"))
    reloader.reload()
    assert (m.app.n, m.N) == (2, 2)


def test_an_object_is_made_again_whose_class_runs_what_its_attributes_are_set_to(project, reloader):
    hook = "    def __setattr__(self, name, f):\n        vars(self)[name] = f() if callable(f) else f\n"
    text = APP.replace("    def run", hook + "    def run")
    text = text.format(HANDLER, "self.n = handler", "app.n")
    project.write("m.py", text)
    m = load("m")
    project.edit("m.py", text.replace("return 1", "return 2"))
    reloader.reload()
    assert (m.app.n, m.N) == (2, 2)


def test_an_object_stays_whose_class_puts_away_its_parts_by_its_own_setattr(project, reloader):
    text = """
class Module:
    def __init__(self):
        object.__setattr__(self, "parts", {})
    def __setattr__(self, name, value):
        if isinstance(value, Module):
            self.parts[name] = value
        else:
            object.__setattr__(self, name, value)
class Linear(Module):
    def __init__(self, w):
        super().__init__()
        self.w = w
    def forward(self, x):
        return x * self.w
class Net(Module):
    def __init__(self):
        super().__init__()
        self.a = Linear(2)
    def forward(self, x):
        return self.parts["a"].forward(x)
NET = Net()
"""
    project.write("m.py", text)
    m = load("m")
    net = m.NET
    project.edit("m.py", text.replace("x * self.w", "x * self.w + 1"))
    reloader.reload()
    assert (m.NET is net, net.forward(3)) == (True, 7)


def test_a_function_to_call_at_exit_is_registered_once(project, reloader, monkeypatch):
    registered = []

    def unregister(function):
        registered[:] = [f for f in registered if f is not function]

    monkeypatch.setattr(atexit, "register", lambda f: registered.append(f) or f)
    monkeypatch.setattr(atexit, "unregister", unregister)
    text = "import atexit\n@atexit.register\ndef end(): pass\n"
    project.write("m.py", text)
    m = load("m")
    for head in ("x=1", "x=2, y=3"):
        project.edit("m.py", text.replace("end()", f"end({head})"))
        reloader.reload()
    assert registered == [m.end]
    project.edit("m.py", text.replace("end()", "end(x=4)") + "raise ValueError\n")
    reloader.reload()
    assert registered == [m.end]


def test_a_cache_of_what_a_library_has_made_is_in_nobodys_way(project, reloader):
    text = "import functools, json\nloads = functools.lru_cache(json.loads)\n"
    project.write("m.py", text)
    m = load("m")
    assert m.loads("1") == 1
    project.edit("m.py", text + "X = loads('1')\n")
    report = reloader.reload()
    assert (bool(report), m.X, m.loads.cache_info().currsize) == (True, 1, 1)
