"""Objects of the user's own that statements fill: made anew by an edit, and still the same ones."""

from __future__ import annotations

import textwrap

import pytest

from session import load, ran

APP = """
class App:
    def __init__(self):
        self.routes = {}
        self.names = []
    def add(self, path, name="x"):
        if path in self.routes:
            raise ValueError(path)
        self.note(name)
        self.routes[path] = name
    def note(self, name):
        self.names.append(name)
    def look(self):
        return len(self.routes)
"""
FILL = "from app import App\nsite = App()\nsite.add('/')\nsite.add('/about')\nSIZE = len(site.routes)\n"


@pytest.fixture
def site(project):
    project.write("app.py", APP)
    project.write("site_.py", FILL)
    return load("site_")


@pytest.mark.parametrize(
    ("old", "new", "routes"),
    [
        ("site.add('/about')", "site.add('/us')", ["/", "/us"]),
        ("site.add('/about')\n", "", ["/"]),
        ("site.add('/')\n", "site.add('/index')\n", ["/index", "/about"]),
        ("SIZE = ", "site.add('/more')\nSIZE = ", ["/", "/about", "/more"]),
    ],
)
def test_an_object_filled_by_calls_holds_what_the_edited_calls_put_in(
    project, reloader, site, old, new, routes
):
    app = site.site
    project.replace("site_.py", old, new)
    assert not reloader.reload().failed
    assert site.site is app
    assert list(app.routes) == routes
    assert len(routes) == site.SIZE


def test_what_came_at_run_time_stays_in_it(project, reloader, site):
    site.site.add("/mine")
    project.replace("site_.py", "'/about'", "'/us'")
    reloader.reload()
    assert list(site.site.routes) == ["/", "/us", "/mine"]
    project.replace("site_.py", "'/us'", "'/them'")
    reloader.reload()
    assert list(site.site.routes) == ["/", "/them", "/mine"]


def test_what_a_new_call_put_in_is_none_of_the_run_time_s(project, reloader, site):
    project.write("site_.py", FILL)
    project.edit("site_.py", FILL + "site.add('/more')\n")
    reloader.reload()
    project.edit("site_.py", FILL.replace("'/about'", "'/us'"))
    reloader.reload()
    assert list(site.site.routes) == ["/", "/us"]


def test_an_edit_of_what_the_calls_run_is_as_after_a_restart(project, reloader, site):
    app = site.site
    project.replace("app.py", "self.routes[path] = name", "self.routes[path + '!'] = name")
    reloader.reload()
    assert (site.site, list(app.routes)) == (app, ["/!", "/about!"])


def test_calls_that_change_nothing_of_their_object_leave_it_be(project, reloader):
    project.write("app.py", APP)
    project.write("site_.py", "from app import App\nsite = App()\nsite.look()\n")
    site = load("site_")
    site.site.names.append("mine")
    project.replace("site_.py", "site.look()", "site.look() or 1")
    assert ran(reloader.reload()) == ["site.look() or 1"]
    assert site.site.names == ["mine"]


def test_an_object_of_a_library_s_is_made_anew_where_calls_that_add_to_it_are_edited(
    project, reloader
):
    text = "from argparse import ArgumentParser\nP = ArgumentParser()\nP.add_argument('--a', default={0})\n"
    project.write("cli.py", text.format(1))
    cli = load("cli")
    project.edit("cli.py", text.format(2))
    assert not reloader.reload().failed
    assert vars(cli.P.parse_args([])) == {"a": 2}


def test_references_to_the_twin_lead_to_the_object_that_stays(project, reloader):
    text = """
        class Node:
            def __init__(self):
                self.parts = []
                self.itself = self
                self.bound = self.add
            def add(self, part):
                self.parts.append((self, part))
        N = Node()
        N.add({0})
        """
    project.write("node.py", text.format(1))
    node = load("node")
    kept = node.N
    project.edit("node.py", text.format(2))
    reloader.reload()
    assert node.N is kept is kept.itself is kept.bound.__self__
    assert kept.parts == [(kept, 2)]


def test_attributes_that_others_set_on_an_object_filled_again_stay(project, reloader, site):
    project.write("own.py", FILL.replace("SIZE", "site.db = ['open']\nsite.add('/z')\nSIZE"))
    own = load("own")
    app = own.site
    app.user = "mine"
    project.replace("own.py", "'/about'", "'/us'")
    reloader.reload()
    assert own.site is app
    assert (list(app.routes), app.db, app.user) == (["/", "/us", "/z"], ["open"], "mine")


@pytest.mark.parametrize("base", ["dict", "threading.Thread", "collections.UserDict"])
def test_an_object_that_is_more_than_its_attributes_is_made_anew(project, reloader, base):
    text = f"""
        import collections, threading
        class Store({base}):
            def __init__(self):
                super().__init__()
                self.rows = []
            def put(self, row):
                self.rows.append(row)
        S = Store()
        S.put({{0}})
        """
    project.write("store.py", text.format(1))
    store = load("store")
    before = store.S
    project.edit("store.py", text.format(2))
    reloader.reload()
    assert store.S is not before
    assert (before.rows, store.S.rows) == ([1], [2])


def test_what_a_statement_set_over_the_constructor_stays(project, reloader):
    text = (
        "class App:\n    def __init__(self):\n        self.db = None\n        self.all = []\n"
        "    def add(self, x): self.all.append(x)\n"
        "app = App()\napp.db = ['open']\napp.add(1)\napp.add({})\n"
    )
    project.write("m.py", text.format(2))
    m = load("m")
    project.edit("m.py", text.format(3))
    reloader.reload()
    assert (m.app.all, m.app.db) == ([1, 3], ["open"])


STOPS = {
    "function": "def put(f): {}\n",
    "method of the class": "class P:\n    def __init_subclass__(cls): {}\n",
    "metaclass": "class P(type):\n    def __init__(cls, *given): {}\n",
}


@pytest.mark.parametrize("kind", STOPS)
def test_what_a_function_puts_in_no_longer_is_gone(project, reloader, kind):
    uses = {
        "function": "put(1)\n",
        "method of the class": "class A(P): pass\n",
        "metaclass": "class A(metaclass=P): pass\n",
    }
    text = "FOUND = []\n" + STOPS[kind] + uses[kind] + "STATE = []\n"
    project.write("m.py", text.format("FOUND.append(1)"))
    m = load("m")
    found, state = m.FOUND, m.STATE
    m.FOUND.append("mine")
    project.edit("m.py", text.format("pass"))
    reloader.reload()
    assert m.FOUND == ["mine"]
    assert (m.FOUND is found, m.STATE is state) == (True, True)
    project.edit("m.py", text.format("FOUND.append(2)"))
    reloader.reload()
    assert set(m.FOUND) == {2, "mine"}


HOOKS = {
    "__set_name__": """
        class Field:
            def __set_name__(self, owner, name):
                owner.__dict__.get("names").append(name)
        class Base: pass
        """,
    "__init_subclass__": """
        class Field: pass
        class Base:
            def __init_subclass__(cls):
                note(cls)
        """,
    "metaclass": """
        class Field: pass
        class Meta(type):
            def __init__(cls, *parts):
                note(cls)
        class Base(metaclass=Meta):
            names = []
        """,
}
NOTE = """
def note(cls):
    cls.__dict__["names"].extend(n for n, v in vars(cls).items() if isinstance(v, Field))
"""


@pytest.mark.parametrize("hook", HOOKS)
def test_a_list_in_a_class_body_that_making_the_class_fills_has_the_new_names(
    project, reloader, hook
):
    project.write("fields.py", NOTE + textwrap.dedent(HOOKS[hook]))
    head = "from fields import Base, Field\nclass C(Base):\n    names = []\n    seen = []\n"
    project.write("m.py", head + "    a = Field()\n    b = Field()\n")
    m = load("m")
    names, seen = m.C.names, m.C.seen
    assert names == ["a", "b"]
    names.append("added")
    seen.append(1)
    project.edit("m.py", head + "    b = Field()\n    c = Field()\n")
    reloader.reload()
    assert m.C.names is names
    assert m.C.names == ["b", "c", "added"]
    assert m.C.seen is seen
    assert seen == [1]


# Statements that pick a row of a table, which made none of them.
PICKS = [
    "row = max(ROWS, key=best)",
    "row = next((r for r in ROWS if best(r) > 1), {})",
    "for row in ROWS:\n    if best(row) > 1: break",
    "row = DB.first()",
    "row = min(NESTED['rows'], key=lambda r: -best(r))",
]


@pytest.mark.parametrize("value", ["row['b']", "0"])
@pytest.mark.parametrize("pick", PICKS)
def test_a_row_that_is_picked_otherwise_leaves_the_table_as_it_was(project, reloader, pick, value):
    project.write("score.py", "def best(row): return row['a']\n")
    project.write(
        "table.py",
        "from score import best\n"
        "class Db:\n"
        "    def __init__(self, rows): self.rows = rows\n"
        "    def first(self): return sorted(self.rows, key=best)[-1]\n"
        "ROWS = [{'a': 1, 'b': 5}, {'a': 2, 'b': 1}]\n"
        "NESTED = {'rows': ROWS}\n"
        "DB = Db(ROWS)\n"
        f"{pick}\n",
    )
    table = load("table")
    first, second = table.ROWS
    assert table.row is second
    project.edit("score.py", f"def best(row): return {value}\n")
    assert not reloader.reload().failed
    assert table.ROWS == [{"a": 1, "b": 5}, {"a": 2, "b": 1}]
    assert (table.ROWS[0], table.ROWS[1]) == (first, second)
    if value != "0":
        assert table.row is first


def test_what_a_statement_makes_in_place_of_a_row_leaves_the_row_alone(project, reloader):
    text = "ROWS = [{'a': 1}, {'a': 2}]\nrow = max(ROWS, key=lambda r: r['a'])\n"
    project.write("table.py", text)
    table = load("table")
    project.replace("table.py", text.splitlines()[1], "row = {'a': 0}")
    assert not reloader.reload().failed
    assert table.ROWS == [{"a": 1}, {"a": 2}]
    assert table.row == {"a": 0}


def test_a_table_that_a_class_and_a_registry_share_stays_one(project, reloader):
    project.write(
        "orm.py",
        "TABLES = {}\n"
        "class Meta(type):\n"
        "    def __new__(meta, name, bases, body):\n"
        "        made = super().__new__(meta, name, bases, body)\n"
        "        TABLES[name] = made.table = {k: v for k, v in body.items() if k in ('a', 'b')}\n"
        "        return made\n",
    )
    project.write(
        "models.py", "from orm import Meta, TABLES\nclass User(metaclass=Meta):\n    a = 1\n"
    )
    models = load("models")
    project.replace("models.py", "a = 1\n", "a = 1\n    b = 2\n")
    assert not reloader.reload().failed
    assert models.User.table == {"a": 1, "b": 2}
    assert models.TABLES["User"] is models.User.table


@pytest.mark.parametrize("cached", ["cache", "lru_cache(maxsize=None)"])
def test_what_a_cached_function_made_for_a_name_is_what_it_returns_again(project, reloader, cached):
    project.write(
        "loads.py",
        f"import functools\n@functools.{cached}\ndef load(name): return [name, 1]\n"
        "LISTED = []\ndef listed(name):\n    LISTED.append([name, 1])\n    return LISTED[-1]\n",
    )
    project.write("use.py", "from loads import *\na = load('a')\nb = listed('b')\n")
    use = load("use")
    a, b = use.a, use.b
    use.a.append("mine")
    project.replace("loads.py", "name, 1]", "name, 2]", 2)
    assert not reloader.reload().failed
    assert (use.a, use.b) == (["a", 2, "mine"], ["b", 2])
    assert (use.a, use.b) == (a, b)
    assert use.load("a") is use.a is a
    assert use.LISTED[0] is use.b is b
    assert len(use.LISTED) == 1


BETWEEN = {
    # what gives another value each time
    "value": (
        "import uuid\nTOKEN = uuid.uuid4().hex\n",
        "HEADER = 'token ' + TOKEN\n",
        "TOKEN = TOKEN[:8]\n",
        lambda m: m.HEADER.startswith("token " + m.TOKEN),
    ),
    # what makes other objects each time
    "objects": (
        "class Handler: pass\nHANDLERS = [Handler()]\n",
        "FIRST = HANDLERS[0]\n",
        "HANDLERS.append(2)\n",
        lambda m: m.FIRST is m.HANDLERS[0],
    ),
}


@pytest.mark.parametrize("kind", BETWEEN)
def test_what_reads_an_object_half_filled_reads_it_again_where_it_is_not_filled_as_before(
    project, reloader, kind
):
    made, read, filled, fits = BETWEEN[kind]
    project.write("m.py", made + read + filled)
    m = load("m")
    name = filled.partition(" ")[0].partition(".")[0]
    project.edit("m.py", made + f"SIZE = len({name})\n" + read + filled)
    reloader.reload()
    assert m.SIZE > 0
    assert fits(m)


def test_objects_that_count_themselves_stay_where_what_one_is_made_of_comes_out_the_same(
    project, reloader
):
    text = """
        LIMITS = [4, 1]
        LIMITS.append(2)
        SIZE = 4 if len(LIMITS) > 4 else 8
        class C:
            made = 0
            def __init__(self, size):
                C.made += 1
                self.size = size
        first = C(1)
        second = C(SIZE)
        """
    project.write("m.py", text)
    m = load("m")
    first, second = m.first, m.second
    project.edit("m.py", text.replace("LIMITS.append(2)", ""))
    reloader.reload()
    assert (m.LIMITS, m.C.made) == ([4, 1], 2)
    assert m.first is first
    assert m.second is second
    project.edit("m.py", text.replace("LIMITS.append(2)", "LIMITS.extend((1, 2, 3))"))
    reloader.reload()
    assert (m.second.size, m.C.made) == (4, 2)
    assert m.first is not first


ON = "def on(name):\n    def put(f):\n        {}.append(f)\n        return f\n    return put\n"
BUS_CLASS = """
from collections import defaultdict
class Bus:
    def __init__(self):
        self.subs = defaultdict(list)
    def on(self, name):
        def put(f):
            self.subs[name].append(f)
            return f
        return put
bus = Bus()
"""
BUS = {
    "a dict of lists": ("BUS = {}\n" + ON.format("BUS.setdefault(name, [])"), "BUS"),
    "a defaultdict of lists": (
        "from collections import defaultdict\nBUS = defaultdict(list)\n" + ON.format("BUS[name]"),
        "BUS",
    ),
    "an object": (BUS_CLASS, "bus.subs"),
}


@pytest.mark.parametrize("kind", BUS)
def test_what_came_at_run_time_into_lists_of_a_filled_dict_stays(project, reloader, kind):
    text, path = BUS[kind]
    on = "bus.on" if "bus = " in text else "on"
    one = f"from bus import *\n@{on}('x')\ndef one(): return 1\n"
    two = f"@{on}('x')\ndef two(): return 2\n"
    three = f"@{on}('x')\ndef three(): return 3\n"
    project.write("bus.py", text)
    project.write("subs.py", one + two)
    project.write("more.py", f"from bus import *\n@{on}('x')\ndef more(): return 'more'\n")
    bus, _, _ = load("bus", "subs", "more")
    subs = eval(path, vars(bus))
    eval(on, vars(bus))("x")(lambda: "mine")

    def emitted():
        return [f() for f in subs.get("x", ())]

    assert emitted() == [1, 2, "more", "mine"]
    for text, expected in [
        (one + two.replace("return 2", "return 22"), [1, 22, "more", "mine"]),
        (one + three, [1, 3, "more", "mine"]),
        (one + three + two, [1, 3, 2, "more", "mine"]),
        (one, [1, "more", "mine"]),
        ("from bus import *\n", ["more", "mine"]),
        (one, [1, "more", "mine"]),
    ]:
        project.edit("subs.py", text)
        assert not reloader.reload().failed
        assert eval(path, vars(bus)) is subs
        assert sorted(map(str, emitted())) == sorted(map(str, expected))
        assert emitted()[-1] == "mine"


def test_what_came_at_run_time_stays_in_a_list_that_the_source_no_longer_fills(project, reloader):
    project.write("bus.py", "BUS = {}\n")
    text = "from bus import BUS\nBUS['x'] = [1]\nBUS['y'] = {'a': 1}\nBUS['z'] = [1]\n"
    project.write("subs.py", text)
    bus, _ = load("bus", "subs")
    bus.BUS["x"].append("mine")
    bus.BUS["y"]["b"] = "mine"
    project.edit("subs.py", "from bus import BUS\nBUS['y'] = {'c': 1}\n")
    assert not reloader.reload().failed
    assert bus.BUS == {"y": {"c": 1, "b": "mine"}, "x": ["mine"]}


# What fills an object by another name than its own: closures, partials, bound methods.
FILLS = {
    "closure": "def make(kind):\n    def put(name): ITEMS.append(name)\n    return put\nput = make(1)\n",
    "lambda": "def make(kind): return lambda name: ITEMS.append(name)\nput = make(1)\n",
    "partial": "import functools\ndef add(kind, name): ITEMS.append(name)\n"
    "put = functools.partial(add, 1)\n",
    "local class": "def make(kind):\n    class Put:\n        def __init__(self, name):"
    " ITEMS.append(name)\n    return Put\nput = make(1)\n",
    "own list": "class Table:\n    def __init__(self): self.items = []\n"
    "    def add(self, name): self.items.append(name)\n"
    "TABLE = Table()\nITEMS = TABLE.items\nput = TABLE.add\n",
    "method of a list": "put = ITEMS.append\n",
    "second name": "def add(name): ITEMS.append(name)\nput = add\n",
    "function between": "def make():\n    def add(name): ITEMS.append(name)\n    return add\n"
    "add = make()\ndef put(name): add(name)\n",
}


@pytest.mark.parametrize("puts", FILLS.values(), ids=FILLS)
def test_what_is_put_by_another_name_goes_with_its_statement(project, reloader, puts):
    project.write("table.py", f"ITEMS = []\n{puts}")
    project.write("use.py", "from table import put\nput('a')\nput('b')\nput('c')\n")
    load("use")
    items = load("table").ITEMS
    assert items == ["a", "b", "c"]
    items.append("mine")
    project.replace("use.py", "put('b')\n", "")
    reloader.reload()
    assert load("table").ITEMS == ["a", "c", "mine"]
    assert load("table").ITEMS is items


@pytest.mark.parametrize(
    "puts",
    [
        (
            "def make(kind):\n    def put(f):\n        ITEMS.append(f.__name__)\n        return f\n"
            "    return put\nput = make(1)\n"
        ),
        (
            "class Table:\n    def add(self, f):\n        ITEMS.append(f.__name__)\n        return f\n"
            "TABLE = Table()\nput = TABLE.add\n"
        ),
    ],
    ids=["closure", "bound method"],
)
def test_a_decorator_that_another_function_made_puts_nothing_twice(project, reloader, puts):
    project.write("table.py", f"ITEMS = []\n{puts}")
    project.write(
        "use.py", "from table import put\n@put\ndef a(): return 1\n@put\ndef b(): return 1\n"
    )
    use = load("use")
    items, b = load("table").ITEMS, use.b
    project.replace("use.py", "def a(): return 1", "def c(x=2): return x")
    reloader.reload()
    assert (items, load("table").ITEMS) == (["c", "b"], items)
    assert use.b is b


def test_calls_of_an_object_whose_maker_fills_fill_nothing(project, reloader):
    """A maker that defines no function cannot return one that fills."""
    project.write(
        "make.py",
        "SEEN = []\nclass Model:\n    def __call__(self, x): return x + 1\n"
        "def build(name):\n    SEEN.append(name)\n    return Model()\n",
    )
    project.write("use.py", "from make import build\nMODEL = build('big')\nOUT = MODEL(1)\n")
    use = load("use")
    model = use.MODEL
    project.replace("use.py", "MODEL(1)", "MODEL(2)")
    reloader.reload()
    assert (use.OUT, use.MODEL is model) == (3, True)


def test_a_list_that_the_objects_of_a_class_share_is_filled_once(project, reloader):
    project.write(
        "table.py",
        "class Base:\n    items = []\nclass Table(Base):\n"
        "    def add(self, f):\n        self.items.append(f.__name__)\n        return f\n"
        "TABLE = Table()\nadd = TABLE.add\n",
    )
    project.write(
        "use.py",
        "from table import TABLE, add\n@TABLE.add\ndef a(): pass\n@add\ndef b(): pass\n"
        "def c(): pass\nTABLE.add(c)\n",
    )
    load("use")
    table = load("table")
    items = table.Base.items
    items.append("mine")
    project.replace("use.py", "@add\ndef b(): pass\n", "")
    reloader.reload()
    assert table.Base.items == ["a", "c", "mine"]
    assert table.TABLE.items is table.Base.items is items


def test_a_class_that_decorates_registers_what_is_there(project, reloader):
    project.write(
        "table.py",
        "class register:\n    known = {}\n    def __init__(self, name): self.name = name\n"
        "    def __call__(self, f):\n        register.known[self.name] = f.__name__\n        return f\n",
    )
    project.write(
        "use.py",
        "from table import register\n@register('x')\ndef a(): pass\n@register('y')\ndef b(): pass\n",
    )
    load("use")
    known = load("table").register.known
    project.replace("use.py", "@register('y')\ndef b(): pass\n", "")
    reloader.reload()
    assert load("table").register.known == {"x": "a"}
    assert load("table").register.known is known


# What holds a list that has a name of its own, or is made by what does.
HOLDERS = {
    "given": "class Table(Base):\n    def __init__(self, items): self.items = items\n"
    "TABLE = Table(ITEMS)\n",
    "inside": "class Table(Base):\n    def __init__(self): self.items = ITEMS\nTABLE = Table()\n",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass Table(Base):\n"
    "    items: list\nTABLE = Table(items=ITEMS)\n",
    "function between": "class Table(Base):\n    def __init__(self, items): self.items = items\n"
    "def make(): return Table(ITEMS)\nTABLE = make()\n",
    "object between": "class Store:\n    def __init__(self, items): self.held = items\n"
    "    def append(self, f): self.held.append(f)\nSTORE = Store(ITEMS)\n"
    "class Table(Base):\n    def __init__(self, items): self.items = items\n"
    "TABLE = Table(STORE)\n",
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("call", ["TABLE.put(1)\n", "@TABLE.put\ndef first(): pass\n"])
def test_a_list_that_an_object_was_given_is_filled_once(project, reloader, holder, call):
    base = "class Base:\n    def put(self, f):\n        self.items.append(f)\n        return f\n"
    project.write("table.py", f"ITEMS = []\nOTHERS = []\n{base}{holder}")
    project.write("use.py", f"from table import TABLE\n{call}TABLE.put(2)\nTABLE.put(3)\n")
    load("use")
    table = load("table")
    items, table_before, first = table.ITEMS, table.TABLE, table.ITEMS[0]
    items.append("mine")
    table.OTHERS.append("mine")
    project.replace("use.py", "TABLE.put(2)\n", "")
    reloader.reload()
    assert (items, table.OTHERS) == ([first, 3, "mine"], ["mine"])
    assert table.ITEMS is items
    assert table.TABLE is table_before


@pytest.mark.parametrize(
    ("table", "puts"),
    [
        pytest.param(
            "class Put:\n    def __init__(self, n): self.n = n\n    def __enter__(self): return self\n"
            "    def __exit__(self, *args): ITEMS.append(self.n)\n",
            "with Put({}): pass\n",
            id="context manager",
        ),
        pytest.param(
            "class Dag:\n    def __init__(self): self.items = ITEMS\n"
            "    def __rshift__(self, n):\n        self.items.append(n)\n        return self\n"
            "DAG = Dag()\n",
            "DAG >> {}\n",
            id="operator",
        ),
        pytest.param(
            "class Step:\n    def __lshift__(self, n): ITEMS.append(n)\nDAG = Step()\n",
            "DAG << {}\n",
            id="operator that fills a global",
        ),
        pytest.param(
            "class Table:\n    def __init__(self, items): self.items = items\n"
            "    def add(self, n): self.items.append(n)\nput = Table(ITEMS).add\n",
            "put({})\n",
            id="method of an object without a name",
        ),
        pytest.param(
            "class Table:\n    def __init__(self): self.items = ITEMS\n"
            "    def __getattr__(self, name): return lambda n: self.items.append(n)\n"
            "TABLE = Table()\n",
            "TABLE.anything({})\n",
            id="attribute that is made up",
        ),
        pytest.param(
            "class Log:\n    lines = []\n    def __init__(self, n): self.n = n\n"
            "    def __enter__(self): self.lines.append(self.n)\n"
            "    def __exit__(self, *args): pass\nITEMS = Log.lines\n",
            "with Log({}): pass\n",
            id="context manager whose class holds the list",
        ),
        pytest.param(
            "class Put:\n    def __init__(self): self.items = ITEMS\n"
            "    def __call__(self, n): self.items.append(n)\nput = Put()\n",
            "put({})\n",
            id="object that is called",
        ),
        pytest.param(
            "class Put:\n    def __init__(self): self.items = ITEMS\n"
            "    def __setattr__(self, name, value):\n        if name == 'items':\n"
            "            object.__setattr__(self, name, value)\n"
            "        else:\n            self.items.append(value)\nPUT = Put()\n",
            "PUT.x = {}\n",
            id="attribute that is set by code",
        ),
        pytest.param(
            "class Node:\n    def __init__(self): self.items = ITEMS\n"
            "    def __rshift__(self, other): other.items.append(self.n)\n"
            "def node(n):\n    made = Node()\n    made.n = n\n    return made\n"
            "N1 = node(1)\nN2 = node(2)\nN3 = node(3)\nEND = Node()\n",
            "N{} >> END\n",
            id="operand",
        ),
        pytest.param(
            "def add(n): ITEMS.append(n)\nPUTS = {{}}\nPUTS['x'] = add\n".replace("{{}}", "{}"),
            "PUTS['x']({})\n",
            id="function in a dict",
        ),
        pytest.param(
            "def add(n): ITEMS.append(n)\nclass Puts:\n    put = add\n",
            "Puts.put({})\n",
            id="function in a class",
        ),
        pytest.param(
            "from types import SimpleNamespace\ndef add(n): ITEMS.append(n)\n"
            "PUTS = SimpleNamespace(put=add)\n",
            "PUTS.put({})\n",
            id="function in a namespace",
        ),
        pytest.param(
            "class Table:\n    def __init__(self): self.items = ITEMS\n"
            "    def bind(self, n): self.items.append(n)\nTABLE = Table()\nPUTS = [TABLE.bind]\n",
            "PUTS[0]({})\n",
            id="bound method in a list",
        ),
        pytest.param(
            "class Table:\n    def __init__(self): self.items = ITEMS\n"
            "    def bind(self, n): self.items.append(n)\nTABLE = Table()\nTABLES = {'x': TABLE}\n",
            "TABLES['x'].bind({})\n",
            id="object in a dict",
        ),
    ],
)
def test_what_statements_put_otherwise_than_by_name_goes_with_them(project, reloader, table, puts):
    project.write("table.py", f"ITEMS = []\n{table}")
    statements = [puts.format(number) for number in (1, 2, 3)]
    project.write("use.py", "from table import *\n" + "".join(statements))
    load("use")
    items = load("table").ITEMS
    assert items == [1, 2, 3]
    items.append("mine")
    project.replace("use.py", statements[1], "")
    reloader.reload()
    assert load("table").ITEMS == [1, 3, "mine"]


def test_an_object_that_comes_to_share_a_list_fills_it_once_from_then_on(project, reloader):
    project.write(
        "table.py",
        "ITEMS = []\nclass Table:\n    def __init__(self, items): self.items = items\n"
        "    def put(self, n): self.items.append(n)\nTABLE = Table([])\n",
    )
    project.write("use.py", "from table import TABLE\nTABLE.put(1)\nTABLE.put(2)\n")
    load("use")
    project.replace("table.py", "Table([])", "Table(ITEMS)")
    reloader.reload()
    assert load("table").ITEMS == [1, 2]
    project.replace("use.py", "TABLE.put(1)\n", "")
    reloader.reload()
    assert load("table").ITEMS == [2]


@pytest.mark.parametrize(
    ("tables", "table"),
    [
        ("TABLES = {'x': Table(), 'y': Table()}\n", "TABLES['x']"),
        ("TABLES = {key: Table() for key in 'xy'}\n", "TABLES.get('x')"),
        ("class Tables:\n    x = Table()\n", "Tables.x"),
        ("class Both:\n    def __init__(self): self.x = Table()\nTABLES = Both()\n", "TABLES.x"),
        ("TABLE = Table()\ndef table(): return TABLE\n", "table()"),
    ],
)
@pytest.mark.parametrize("call", ["{}.bind(len)\n", "@{}.bind\ndef len(x): pass\n"])
def test_what_is_put_into_an_object_without_a_name_goes_with_it(
    project, reloader, tables, table, call
):
    project.write(
        "tables.py",
        "class Table:\n    def __init__(self): self.items = []\n    def bind(self, f):\n"
        f"        self.items.append(f.__name__)\n        return f\n{tables}",
    )
    statements = [call.format(table), f"{table}.bind(min)\n", f"{table}.bind(max)\n"]
    project.write("use.py", "from tables import *\n" + "".join(statements))
    use = load("use")
    project.replace("use.py", statements[1], "")
    reloader.reload()
    assert eval(table, vars(use)).items == ["len", "max"]


def test_an_object_survives_what_is_asked_of_another_that_was_given_it(project, reloader):
    project.write(
        "app.py",
        "class Database:\n    def __init__(self): self.log = []\n"
        "    def query(self, text):\n        self.log.append(text)\n        return text\n"
        "class Service:\n    def __init__(self, db, handlers):\n"
        "        self.db, self.handlers = db, handlers\n"
        "    def bind(self, f): self.handlers.append(f)\n"
        "    def ask(self, text): return self.db.query(text)\n"
        "DB = Database()\nHANDLERS = []\nSERVICE = Service(DB, HANDLERS)\n",
    )
    project.write("use.py", "from app import SERVICE\nSERVICE.bind(1)\nX = SERVICE.ask('a')\n")
    use = load("use")
    app = load("app")
    database, service = app.DB, app.SERVICE
    project.replace("use.py", "bind(1)", "bind(2)")
    project.replace("use.py", "'a'", "'b'")
    reloader.reload()
    assert (app.HANDLERS, use.X, database.log) == ([2], "b", ["a", "b"])
    assert (database, service) == (app.DB, app.SERVICE)


def test_a_command_that_is_gone_is_none_of_the_parser(project, reloader):
    project.write(
        "cli.py",
        "import argparse\nPARSER = argparse.ArgumentParser()\nCOMMANDS = PARSER.add_subparsers()\n",
    )
    project.write(
        "runs.py",
        "from cli import COMMANDS\nrun = COMMANDS.add_parser('run')\n"
        "run.add_argument('--fast', default=1)\nlist_ = COMMANDS.add_parser('list')\n",
    )
    load("runs")
    cli = load("cli")
    project.edit(
        "runs.py",
        "from cli import COMMANDS\nrun = COMMANDS.add_parser('run')\n"
        "run.add_argument('--fast', default=2)\n",
    )
    assert not reloader.reload().failed
    assert (list(cli.COMMANDS.choices), cli.PARSER.parse_args(["run"]).fast) == (["run"], 2)


def test_what_a_library_takes_no_longer_goes_into_an_object_that_is_made_anew(project, reloader):
    project.write(
        "tasks.py", "from graphlib import TopologicalSorter\nTASKS = TopologicalSorter()\n"
    )
    project.write("use.py", "from tasks import TASKS\nTASKS.add('a')\nTASKS.add('b', 'a')\n")
    load("use")
    tasks = load("tasks")
    assert list(tasks.TASKS.static_order()) == ["a", "b"]  # nothing can be added from here on
    project.edit(
        "use.py", "from tasks import TASKS\nTASKS.add('a')\nTASKS.add('b', 'a')\nTASKS.add(c)\n"
    )
    before = tasks.TASKS
    assert reloader.reload().failed
    assert tasks.TASKS is before
    project.replace("use.py", "TASKS.add(c)", "TASKS.add('c', 'b')")
    assert not reloader.reload().failed
    assert list(tasks.TASKS.static_order()) == ["a", "b", "c"]


REGISTRIES = {
    "a function fills": "STEPS = {}\ndef step(f):\n    STEPS[f.__name__] = f\n    return f\n",
    "its own method fills": "class Steps(dict):\n    def put(self, f):\n"
    "        self[f.__name__] = f\n        return f\nSTEPS = Steps()\nstep = STEPS.put\n",
    "of a class": "class Flow:\n    steps = {}\n    @classmethod\n    def step(cls, f):\n"
    "        cls.steps[f.__name__] = f\n        return f\nstep = Flow.step\nSTEPS = Flow.steps\n",
}
CALLS = {
    "item": "TOTAL = STEPS['add'](1)\n",
    "item with a name": "add = STEPS['add']\nTOTAL = add(1)\n",
    "get": "def run(name):\n    found = STEPS.get(name)\n    return found(1)\nTOTAL = run('add')\n",
    "returned": "def find(name):\n    return STEPS[name]\nTOTAL = find('add')(1)\n",
    "values": "def run():\n    for f in STEPS.values():\n        n = f(1)\n    return n\nTOTAL = run()\n",
    "items": "TOTAL = sum(f(1) for name, f in STEPS.items())\n",
    "cached": "from functools import cache\n@cache\ndef run():\n    return STEPS['add'](1)\nTOTAL = run()\n",
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("registry", REGISTRIES)
def test_what_registered_functions_computed_is_computed_again(project, reloader, registry, call):
    project.write("steps.py", REGISTRIES[registry])
    project.write("more.py", "from steps import step\n@step\ndef add(n): return n + 1\n")
    project.write("use.py", "import more\nfrom steps import STEPS\n" + CALLS[call])
    use = load("use")
    project.replace("more.py", "n + 1", "n + 5")
    reloader.reload()
    assert use.TOTAL == 6


def test_what_holds_registered_functions_stays_when_their_bodies_change(project, reloader):
    project.write("steps.py", REGISTRIES["a function fills"])
    project.write(
        "app.py",
        "from steps import STEPS, step\n@step\ndef add(n): return n + 1\n"
        "class App:\n    def __init__(self, steps): self.steps = steps\n"
        "    def run(self, name): return STEPS[name](1)\napp = App(STEPS)\n",
    )
    app = load("app")
    first = app.app
    project.replace("app.py", "n + 1", "n + 5")
    reloader.reload()
    assert app.app is first
    assert app.app.run("add") == 6


def test_functions_in_lists_of_a_table_are_not_registered_again_for_a_body(project, reloader):
    project.write(
        "events.py",
        "TABLE, CALLS = {}, []\n"
        "def on(name):\n"
        "    def put(f):\n"
        "        CALLS.append(name)\n"
        "        found = TABLE.setdefault(name, [])\n"
        "        found.append(f)\n"
        "        return f\n"
        "    return put\n"
        "def emit(name):\n    return [f() for f in TABLE.get(name, ())]\n",
    )
    project.write(
        "app.py",
        "from events import emit, on\n@on('x')\ndef a(): return 1\n@on('x')\ndef b(): return 2\n"
        "GOT = emit('x')\n",
    )
    app, events = load("app", "events")
    project.replace("app.py", "return 1", "return 5")
    report = reloader.reload()
    assert app.GOT == [5, 2]
    assert events.CALLS == ["x", "x"]
    assert ran(report) == ["GOT"]


def test_an_object_made_by_a_registered_class_is_made_again_for_its_init(project, reloader):
    project.write(
        "models.py", "MODELS = {}\ndef model(c):\n    MODELS[c.__name__] = c\n    return c\n"
    )
    project.write(
        "nets.py",
        "from models import MODELS, model\n@model\nclass Net:\n"
        "    def __init__(self): self.size = 1\n    def run(self): return 1\n"
        "def build(name):\n    found = MODELS[name]\n    return found()\nnet = build('Net')\n",
    )
    nets = load("nets")
    first = nets.net
    project.replace("nets.py", "return 1", "return 2")
    reloader.reload()
    assert (nets.net is first, nets.net.run()) == (True, 2)
    project.replace("nets.py", "self.size = 1", "self.size = 5")
    reloader.reload()
    assert nets.net.size == 5


@pytest.mark.parametrize(
    "call",
    [
        "class Box:\n    table = {'a': add}\n    def run(self): return self.table['a'](1)\n",
        "class Box:\n    act = staticmethod(add)\n    def run(self): return self.act(1)\n",
        "class Box:\n    def run(self): return globals()['add'](1)\n",
    ],
)
def test_what_functions_in_a_class_or_looked_up_computed_is_computed_again(project, reloader, call):
    project.write("use.py", f"def add(n): return n + 1\n{call}box = Box()\nTOTAL = box.run()\n")
    use = load("use")
    project.replace("use.py", "n + 1", "n + 5")
    reloader.reload()
    assert use.TOTAL == 6


def test_an_object_stays_whose_class_holds_a_function_that_is_not_called(project, reloader):
    project.write(
        "use.py",
        "def add(n): return n + 1\n"
        "class Box:\n    table = {'a': add}\n    def __init__(self): self.seen = []\n"
        "    def run(self, n): return self.table[n](1)\nbox = Box()\n",
    )
    use = load("use")
    box = use.box
    box.seen.append(1)
    project.replace("use.py", "n + 1", "n + 5")
    reloader.reload()
    assert (use.box is box, box.seen, box.run("a")) == (True, [1], 6)


@pytest.mark.parametrize("part", ["cached", "('cached', cached)", "('Cached', Cached)"])
def test_what_counts_what_it_makes_stays_where_an_object_was_read_before_it_was_filled(
    project, reloader, part
):
    project.write(
        "hooks.py",
        "HOOKS = []\nclass Item:\n    made = 0\n"
        "    def __init__(self, size): type(self).made += 1\n"
        "first = Item(1)\nSIZE = len(HOOKS)\nsecond = Item(SIZE)\n",
    )
    project.write(
        "use.py",
        "from hooks import HOOKS\nimport functools\nclass Cached: pass\n"
        f"@functools.lru_cache\ndef cached(): return 1\nHOOKS.append({part})\n",
    )
    load("use")
    hooks = load("hooks")
    first, second = hooks.first, hooks.second
    project.replace("use.py", "HOOKS.append(", "HOOKS.append(3)\nHOOKS.append(")
    reloader.reload()
    assert (hooks.first is first, hooks.second is second) == (True, True)
    assert (len(hooks.HOOKS), hooks.SIZE) == (2, 0)


SIGNALS = """
class Bus:
    def __init__(self):
        self.every, self.by_name, self.members = [], {}, set()
    def on(self, name, run):
        self.every.append(run)
        self.by_name.setdefault(name, []).append(run)
        self.members.add(run)
    def emit(self, *args):
        held = [self.every, *self.by_name.values(), self.members]
        return [sorted(run(*args) for run in runs) for runs in held]
bus = Bus()
"""
WORKERS = """
from bus import bus
class Worker:
    def __init__(self, size):
        self.size = size
        bus.on("x", self.run)
    def run(self, x):
        return x + self.size
first, second = Worker(1), Worker(2)
"""


def test_an_object_made_again_takes_the_place_of_what_the_one_before_had_subscribed(
    project, reloader
):
    project.write("bus.py", SIGNALS)
    project.write("staff.py", WORKERS)
    load("staff")
    bus = load("bus").bus
    bus.on("x", lambda x: -x)
    for size in (10, 20):
        project.edit("staff.py", WORKERS.replace("self.size = size", f"self.size = size * {size}"))
        reloader.reload()
        assert bus.emit(1) == [[-1, 1 + size, 1 + 2 * size]] * 3
    assert [run(1) for run in bus.every] == [21, 41, -1]


def test_what_an_object_had_subscribed_is_back_where_making_it_again_fails(project, reloader):
    project.write("bus.py", SIGNALS)
    project.write("staff.py", WORKERS)
    load("staff")
    bus = load("bus").bus
    project.edit("staff.py", WORKERS.replace("= size", "= size * 10") + "raise ValueError\n")
    reloader.reload()
    assert bus.emit(1) == [[2, 3]] * 3


# What a function of the rows that it is passed, and of others, does before it returns a number.
LEAVES = {
    "a list of its own": "out = []\n    for row in rows: out.append(len(row))",
    "a table of its own": "out = {}\n    for row in rows: out.setdefault(len(row), []).append(row)",
    "a new list of them": "out = sorted(rows)\n    out.append([9])\n    out[0] = [8]",
    "a list it adds to": "out = rows + [[9]]\n    out.append([8])",
    "a copy": "import copy\n    out = copy.deepcopy(rows)\n    out[0].append(9)",
    "what a library made of them": "import json\n    out = json.loads(json.dumps(rows))\n    out[0].append(9)",
    "what a method made of them": "out = rows.copy()\n    out[0] = [9]",
    "an object of its own": "out = Counter()\n    out.count(rows)\n    out.n = 3",
    "a function within": "out = []\n    def note(n): out.append(n)\n    note(len(rows))",
    "a table, by that name from then on": "rows = rows + []\n    rows[0] = [9]",
    "rows that it picks": "rows = rows[others and [0] or slice(2)]",
    "others": "more(others)",
    "what others give": "out = made(rows)\n    out.append([9])",
}
CHANGES = {
    "them": "rows.append([9])",
    "them by another name": "out = rows\n    out.append([9])",
    "one of them": "first, *_ = rows\n    first.append(9)",
    "each of them": "for row in rows: row.append(9)",
    "each of a list of them": "for row in [*rows]: row.append(9)",
    "what it put elsewhere": "out = {}\n    out['a'] = rows\n    out['a'][0].append(9)",
    "them in a function within": "def add(some): some.append([9])\n    add(rows)",
    "them by another function": "more(rows)",
    "them by another function, by name": "more(n=1, rows=rows)",
    "what another function returns": "same(rows).append([9])",
    "a list": "rows += [[9]]",
    "one in an object": "out = Counter(rows)\n    out.rows[0].append(9)",
    "them if nothing else": "(others or rows).append([9])",
    "them unless there are others": "if others: rows = [*rows]\n    rows.append([9])",
    "each in loops": "for _ in 'ab':\n        for row in rows:\n            row.append(9)",
    "each that a loop has left": (
        "out = []\n    for _ in 'ab':\n        for row in out: row.append(9)\n        out = rows"
    ),
}
ROWS = """
class Counter:
    def __init__(self, rows=()):
        self.n = 0
        self.rows = rows
    def count(self, rows):
        self.n += len(rows)
def more(rows, n=0):
    rows.append([n])
def same(rows):
    return rows
def made(rows):
    out = []
    out.extend(rows)
    return list(out)
def load():
    return [[1], [2, 3]]
ROWS = load()
"""


@pytest.mark.parametrize(
    ("does", "changes"),
    [*((does, False) for does in LEAVES.values()), *((does, True) for does in CHANGES.values())],
    ids=[*(f"not {what}" for what in LEAVES), *CHANGES],
)
def test_what_a_function_was_passed_is_made_again_if_it_changes_that(
    project, reloader, does, changes
):
    text = f"def use(rows, others):\n    {does}\n    return len(rows)\nN = use(ROWS, [])\n"
    project.write("rows.py", ROWS + text)
    rows = load("rows")
    before = [*map(list, rows.ROWS)]
    project.replace("rows.py", "return len(rows)", "return len(rows) + 1")
    reran = ran(reloader.reload())
    assert (before, len(before) + 1) == (rows.ROWS, rows.N)
    assert any("ROWS" in line for line in map(str, reran)) is changes
