"""What a failed reload takes back: whatever code of an edited module can write to, in any module.

Each case is a statement that writes to an object of a module that is not edited. It runs, the next
statement fails, and the object must be what it was, by identity and content.
"""

from __future__ import annotations

import linecache
import traceback

import pytest

from session import differences, load, picture

LOW = """
import abc, array, collections, dataclasses, enum, functools, logging, types, weakref

TABLE = {"a": 1}
NESTED = {"a": [1], "b": {"c": {1}}, "t": ([], {})}
ITEMS = [1, 2]
NAMES = {"a"}
COUNTS = collections.Counter("ab")
ORDER = collections.OrderedDict(a=1, b=2)
LATE = collections.defaultdict(list, a=[1])
LAST = collections.deque([1, 2], maxlen=2)
CHAIN = collections.ChainMap({}, {"a": 1})
DATA = bytearray(b"ab")
SPACE = types.SimpleNamespace(a=1, items=[])
COUNT = 0

class Key: pass
KEY = Key()
WEAK = weakref.WeakKeyDictionary({KEY: [1]})
BY_NAME = weakref.WeakValueDictionary({"a": KEY})
SEEN = weakref.WeakSet([KEY])

class Registry(dict):
    pass
REGISTRY = Registry(a=1)
REGISTRY.names = ["a"]

class Slotted:
    __slots__ = ("x", "items")
SLOTTED = Slotted()
SLOTTED.items = [1]

class App:
    handlers = {"a": 1}
    made = 0
    class Inner:
        names = []
    def __init__(self):
        self.routes = []
        self.parts = {"main": Key()}
        self.parts["main"].names = []
    def route(self, name):
        def add(f):
            self.routes.append((name, f))
            return f
        return add
    def __init_subclass__(cls):
        App.handlers[cls.__name__] = cls
app = App()

class Color(enum.Enum):
    RED = 1

class Shape(abc.ABC):
    pass

@dataclasses.dataclass
class Point:
    x: int = 1
    tags: list = dataclasses.field(default_factory=list)
POINT = Point()

@functools.singledispatch
def show(x):
    return "any"

class Shower:
    @functools.singledispatchmethod
    def show(self, x):
        return "any"

def make():
    table, count = {}, 0
    def register(f):
        nonlocal count
        count += 1
        table[f.__name__] = f
        return f
    return register
register = make()

def plain(x=[1]):
    return x

@functools.lru_cache
def cached(x):
    return COUNT + x

@functools.wraps(plain)
def wrapped():
    return plain()

class Partial(functools.partial):
    pass
part = Partial(plain, [1], k={})
part.names = []
bare = functools.partial(plain, [1])

logger = logging.getLogger("way_back")
"""

WRITES = [
    'low.TABLE["b"] = 2',
    'low.TABLE.pop("a")',
    'low.NESTED["a"].append(2)',
    'low.NESTED["b"]["c"].add(2)',
    'low.NESTED["t"][0].append(1)',
    "low.ITEMS.insert(0, 3)",
    "low.ITEMS[:] = []",
    'low.NAMES.discard("a")',
    'low.COUNTS.update("abc")',
    'low.ORDER.move_to_end("a")',
    'low.LATE["b"].append(1)',
    'low.LATE["a"].append(1)',
    "low.LAST.append(3)",
    'low.CHAIN["b"] = 1',
    "low.CHAIN.maps.append({})",
    "low.DATA.extend(b'c')",
    "low.SPACE.b = 1",
    "low.SPACE.items.append(1)",
    "low.COUNT = 5",
    "low.late = 1",
    "del low.COUNT",
    "low.WEAK[low.KEY].append(2)",
    "low.WEAK[low.app] = 1",
    'low.BY_NAME["b"] = low.app',
    "low.SEEN.add(low.app)",
    'low.REGISTRY["b"] = 2',
    'low.REGISTRY.names.append("b")',
    "low.SLOTTED.x = 1",
    "del low.SLOTTED.items",
    "low.SLOTTED.items.append(1)",
    'low.App.handlers["b"] = 1',
    "low.App.made += 1",
    "low.App.later = 1",
    "low.App.Inner.names.append(1)",
    "low.App.__init__ = lambda self: None",
    "class New(low.App): pass",
    '@low.app.route("x")\ndef page(): pass',
    'low.app.parts["main"].names.append(1)',
    "low.app.routes = None",
    "low.app.extra = 1",
    "low.app.__class__ = low.Key",
    "low.Color.RED.mark = 1",
    "low.Shape.register(int)",
    "low.POINT.x = 2",
    "low.POINT.tags.append(1)",
    "@low.show.register(int)\ndef _(x): return 'int'",
    "@low.Shower.show.register(int)\ndef _(self, x): return 'int'",
    "@low.register\ndef new(): pass",
    "low.plain.mark = 1",
    "low.plain.__defaults__[0].append(2)",
    "low.plain.__defaults__ = ()",
    "low.plain.__code__ = (lambda x=1: x).__code__",
    "low.wrapped.mark = 1",
    "low.logger.addHandler(logging.NullHandler())",
    "low.logger.setLevel(5)",
    "low.part.names.append(1)",
    "low.part.late = 1",
    "low.logger.filters.append(print)",
    "import pkg.new",
    "sys.modules['low'] = None",
    "del sys.modules['low']",
    "import low as again; vars(again).clear()",
]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("how", ["at once", "in a function", "in another module"])
def test_what_a_failed_statement_wrote_elsewhere_is_taken_back(project, reloader, write, how):
    project.write("low.py", LOW)
    project.write("pkg/__init__.py", "")
    project.write("pkg/new.py", "")
    head = "import logging, sys\nimport low\n"
    project.write("top.py", head)
    low, _, _ = load("low", "pkg", "top")
    before = picture(project)
    if how == "at once":
        project.edit("top.py", f"{head}{write}\n1 / 0\n")
    elif how == "in a function":
        body = write.replace("\n", "\n    ")
        project.edit("top.py", f"{head}def work():\n    {body}\nwork()\n1 / 0\n")
    else:
        project.write("fresh.py", f"{head}{write}\n")
        project.edit("top.py", f"{head}import fresh\n1 / 0\n")
    assert reloader.reload().failed
    assert differences(before, picture(project)) == []
    assert not low.logger.isEnabledFor(5)
    assert not issubclass(int, low.Shape)
    assert (low.show(1), low.Shower().show(1)) == ("any", "any")


def test_what_was_computed_by_a_version_that_failed_is_not_remembered(project, reloader):
    text = "import functools\nK = 1\n@functools.lru_cache\ndef cached(x): return K + x\n"
    project.write("low.py", text)
    low = load("low")
    assert low.cached(1) == 2
    project.edit("low.py", text.replace("K = 1", "K = 2") + "X = cached(1)\n1 / 0\n")
    assert reloader.reload().failed
    assert low.cached(1) == 2


def test_the_lines_of_the_version_that_runs_are_shown_while_the_file_holds_another(
    project, reloader
):
    path = project.write("low.py", "def f():\n    raise ValueError  # old\n")
    low = load("low")
    project.edit("low.py", "# one more\ndef f():\n    raise ValueError  # new\n1 / 0\n")
    assert reloader.reload().failed
    with pytest.raises(ValueError) as caught:
        low.f()
    assert traceback.extract_tb(caught.tb)[-1].line == "raise ValueError  # old"
    project.edit("low.py", "# one more\ndef f():\n    raise ValueError  # new\n")
    assert not reloader.reload().failed
    linecache.checkcache()
    assert linecache.getline(str(path), 3).strip() == "raise ValueError  # new"


def test_a_warning_shows_the_line_that_it_comes_from(project, reloader):
    text = "import warnings\nwarnings.warn('one')\n"
    path = project.write("low.py", text)
    with pytest.warns(UserWarning, match="one"):
        load("low")
    linecache.getlines(str(path))
    project.edit("low.py", text.replace("one", "two"))
    with pytest.warns(UserWarning, match="two") as caught:
        reloader.reload()
    assert linecache.getline(caught[0].filename, caught[0].lineno) == "warnings.warn('two')\n"
