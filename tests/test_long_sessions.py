"""After many reloads a session holds no more than after a few."""

from __future__ import annotations

import gc
import linecache
import os
import sys
import tracemalloc
import types
import weakref

from session import load, watch

MODULES = 20
WARM = 10
LONG = int(os.environ.get("RELOADMAGIC_LONG", "30"))  # 1000 takes half an hour


# Fixed width, so that neither text nor bytecode grows with the number.
TEXT = """
import enum
import functools
from dataclasses import dataclass
{imports}

WIDTH = {n:05d}
TABLE = {{"a": WIDTH, "b": [WIDTH]}}
REGISTRY = {{}}


def register(f):
    REGISTRY[f.__name__] = f
    return f


class Color(enum.Enum):
    RED = 1
    BLUE = WIDTH + 2


@dataclass
class Point:
    x: int = WIDTH
    y: list = None

    def far(self, k=WIDTH):
        return (self.x, k, WIDTH)


class Base:
    made = []

    def __init_subclass__(cls):
        Base.made.append(cls.__name__)

    @property
    def size(self):
        return WIDTH + 1


class Derived(Base):
    def size_of(self):
        return super().size


@register
def plain(x, y=WIDTH):
    return x + y + WIDTH


@functools.lru_cache
def cached(x):
    return x + WIDTH


@functools.wraps(plain)
def wrapper(x):
    return [plain(i) for i in range(x)]


POINT = Point()
SQUARE = lambda x: x * WIDTH
"""


SIMPLE = """
{imports}
WIDTH = {n:05d}
LIST = [WIDTH]


class Simple:
    limit = WIDTH

    def f(self, k=WIDTH):
        return k + {n:05d}


def g(x):
    return Simple().f() + WIDTH
"""


def write(project, n: int) -> None:
    """The package with the number *n* in it: some modules of every kind, most of them simple."""
    for number in range(MODULES):
        before = f"m{number - 1:02d}"
        imports = f"from .{before} import WIDTH as BEFORE" if number % 4 else ""
        text = (SIMPLE if number % 8 else TEXT).format(n=10000 + n, imports=imports)
        name = f"pkg/m{number:02d}.py"
        edit = project.edit if (project.path / name).exists() else project.write
        edit(name, text)


def settle() -> None:
    linecache.clearcache()
    for _ in range(3):
        gc.collect()


def counts() -> dict[str, int]:
    """Live objects of the kinds that a leak would show in."""
    found: dict[str, int] = {"all": 0, "class": 0, "function": 0, "dict": 0, "module": 0}
    for value in gc.get_objects():
        found["all"] += 1
        kind = type(value)
        if kind is types.FunctionType:
            found["function"] += 1
        elif kind is dict:
            found["dict"] += 1
        elif kind is types.ModuleType:
            found["module"] += 1
        elif issubclass(kind, type):
            found["class"] += 1
    return found


def reload_often(project, reloader, start: int, end: int) -> None:
    for n in range(start, end):
        write(project, n % 2)
        assert not reloader.reload().failed
    settle()


def test_objects_and_memory_stay_those_of_the_tenth_reload(project, reloader):
    write(project, 0)
    project.write("pkg/__init__.py", "")
    load(*(f"pkg.m{number:02d}" for number in range(MODULES)))
    reloader.history = type(reloader.history)(maxlen=WARM)
    reload_often(project, reloader, 1, WARM + 1)
    tenth, blocks = counts(), sys.getallocatedblocks()
    reload_often(project, reloader, WARM + 1, LONG + 1)
    last, blocks_at_last = counts(), sys.getallocatedblocks()
    grown = {kind: last[kind] - tenth[kind] for kind in tenth if last[kind] > tenth[kind] * 1.05}
    assert grown == {}
    assert last["class"] - tenth["class"] <= 1
    assert last["module"] == tenth["module"]
    assert blocks_at_last <= blocks * 1.05


def test_traced_memory_grows_by_little_from_one_reload_to_the_next(project, reloader):
    """The tracer sees what was allocated since it was started; that has to stay level."""
    write(project, 0)
    project.write("pkg/__init__.py", "")
    load("pkg.m00", "pkg.m01", "pkg.m02")
    reloader.history = type(reloader.history)(maxlen=2)
    reload_often(project, reloader, 1, 4)
    tracemalloc.start()
    try:
        traced = []
        for last in (10, 16, 22):
            reload_often(project, reloader, last - 6, last)
            traced.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    # A table of Python's own that is made larger once is in one of the two.
    assert min(traced[1] - traced[0], traced[2] - traced[1]) < 100_000


SMALL = """
class A:
    def f(self):
        return {n}
    class Inner:
        x = {n}

def g(x={n}):
    return [lambda: x + {n}]

def wrap(f):
    def inner():
        return f(), {n}
    return inner

@wrap
def h():
    return {n}

DATA = [object(), {n}]
"""


def code_objects() -> list[types.CodeType]:
    """Live code objects of the module, found as functions' code: the collector lists no code."""
    return [
        value.__code__
        for value in gc.get_objects()
        if type(value) is types.FunctionType and value.__code__.co_filename.endswith("small.py")
    ]


def test_no_old_class_code_or_function_stays_alive(project, reloader):
    project.write("small.py", SMALL.format(n=0))
    small = load("small")
    settle()
    before = len(code_objects())
    alive = []
    for n in range(1, 6):
        alive += [weakref.ref(f.__code__) for f in (small.g, small.h, small.A.f)]
        project.edit("small.py", SMALL.format(n=n))
        reloader.reload()
    settle()
    classes = [c for c in gc.get_objects() if type(c) is type and c.__module__ == "small"]
    assert sorted(c.__qualname__ for c in classes) == ["A", "A.Inner"]
    assert len(code_objects()) == before
    assert [ref() for ref in alive if ref() is not None] == []


def test_subclasses_list_no_twins(project, reloader):
    text = "class A: pass\nclass B(A):\n    x = {n}\nclass C(B):\n    x = {n}\n"
    project.write("small.py", text.format(n=0))
    small = load("small")
    for n in range(1, 5):
        project.edit("small.py", text.format(n=n))
        reloader.reload()
    assert (small.A.__subclasses__(), small.B.__subclasses__()) == ([small.B], [small.C])


def test_what_a_failed_reload_made_does_not_stay_alive(project, reloader):
    project.write("small.py", SMALL.format(n=0))
    load("small")
    settle()
    before = len(code_objects())
    for n in range(1, 5):
        project.edit("small.py", SMALL.format(n=n) + f"raise ValueError({n})\n")
        reloader.reload()
    project.edit("small.py", SMALL.format(n=0))
    reloader.reload()
    settle()
    classes = [c for c in gc.get_objects() if type(c) is type and c.__module__ == "small"]
    assert sorted(c.__qualname__ for c in classes) == ["A", "A.Inner"]
    assert len(code_objects()) == before


def test_an_error_that_is_told_holds_no_namespace_once_it_is_mended(project, reloader):
    project.write("small.py", "A = 1\n")
    load("small")
    project.edit("small.py", "class Local: pass\ndef f(local): raise ValueError\nf(Local())\n")
    reloader.reload()
    project.edit("small.py", "A = 2\n")
    reloader.reload()
    settle()
    assert [c for c in gc.get_objects() if type(c) is type and c.__qualname__ == "Local"] == []


def test_dropped_values_are_let_go(project, reloader):
    project.write("small.py", "class Big: pass\nA = Big()\nB = [A]\n")
    small = load("small")
    held = weakref.ref(small.A)
    project.edit("small.py", "class Big: pass\n")
    reloader.reload()
    settle()
    assert held() is None


def test_replaced_values_are_let_go(project, reloader):
    text = "class Big:\n    def __init__(self, n): self.n = n\nA = Big({n})\n"
    project.write("small.py", text.format(n=1))
    small = load("small")
    held = weakref.ref(small.A)
    project.edit("small.py", text.format(n=2))
    reloader.reload()
    settle()
    assert held() is None


def test_a_module_taken_out_of_sys_modules_is_let_go(project, reloader):
    project.write("small.py", SMALL.format(n=0))
    held = weakref.ref(load("small"))
    del sys.modules["small"]
    reloader.reload()
    project.write("other.py", "A = 1\n")
    load("other")
    reloader.reload()
    settle()
    assert held() is None


def test_a_module_imported_again_is_the_one_that_follows(project, reloader):
    project.write("small.py", "A = 1\n")
    first = load("small")
    del sys.modules["small"]
    second = load("small")
    project.edit("small.py", "A = 2\n")
    reloader.reload()
    assert (first.A, second.A) == (1, 2)


def test_a_closed_reloader_is_let_go():
    reloader = watch()
    held = weakref.ref(reloader)
    reloader.close()
    del reloader
    settle()
    assert held() is None
