"""What decorators and the standard library make of functions follows, wherever it is held."""

from __future__ import annotations

import contextlib
import functools

import pytest

WRAPS = "import functools\ndef d(g):\n @functools.wraps(g)\n def w(*a): return g(*a)\n return w\n"
JIT = (
    "class Jit:\n def __init__(s, f): s.f, s.cache = f, {}\n"
    " def __call__(s, *a):\n  if a not in s.cache: s.cache[a] = s.f(*a)\n  return s.cache[a]\n"
)
# before, after, what must hold for what `f` was before (`held`); all keep their object.
KEPT = [
    (WRAPS + "@d\ndef f(): return 1", WRAPS + "@d\ndef f(): return 2", "held() == 2"),
    (
        WRAPS + "@d\n@d\ndef f(): return 1",
        WRAPS + "@d\n@d\ndef f(): return 2",
        "held() == 2 and held.__wrapped__.__wrapped__() == 2",
    ),
    (
        "import functools\n@functools.cache\ndef f(): return 1",
        "import functools\n@functools.cache\ndef f(): return 2",
        "held() == 2",
    ),
    (
        "import functools\n@functools.lru_cache(8)\ndef f(): return 1",
        "import functools\n@functools.lru_cache(8)\ndef f(): return 2",
        "held() == 2",
    ),
    (
        "import functools\nf = functools.partial(lambda *a: a, 1)",
        "import functools\nf = functools.partial(lambda *a: a, 2, 3)",
        "held(4) == (2, 3, 4)",
    ),
    (
        "f = property(lambda s: 1)",
        "f = property(lambda s: 2, doc='d')",
        "held.fget(0) == 2 and held.__doc__ == 'd'",
    ),
    ("f = staticmethod(lambda: 1)", "f = staticmethod(lambda: 2)", "held() == 2"),
    (JIT + "@Jit\ndef f(n): return n", JIT + "@Jit\ndef f(n): return n + 100", "held(1) == 101"),
    (
        "import contextlib\n@contextlib.contextmanager\ndef f(): yield 1",
        "import contextlib\n@contextlib.contextmanager\ndef f(): yield 2",
        "held().__enter__() == 2",
    ),
    (
        "import functools\n@functools.singledispatch\ndef f(x): return 1",
        "import functools\n@functools.singledispatch\ndef f(x): return 2",
        "held(0) == 2",
    ),
]


@pytest.mark.parametrize(("before", "after", "holds"), KEPT)
def test_wrapper_stays_and_runs_the_new_code(module, passes, before, after, holds):
    mod = module(before)
    held = mod.f
    with contextlib.suppress(Exception):
        held(1)
    mod.edit(after)
    assert mod.f is held
    assert eval(holds, {"held": held})
    assert passes == []


@pytest.mark.parametrize(("before", "after", "holds"), KEPT)
def test_rolled_back_wrapper_runs_the_old_code(module, before, after, holds):
    mod = module(before)
    held = mod.f
    was = {name: id(value) for name, value in getattr(held, "__dict__", {}).items()}
    mod.edit(after, commit=False).rollback()
    assert mod.f is held
    assert was == {name: id(value) for name, value in getattr(held, "__dict__", {}).items()}
    assert not eval(holds, {"held": held})


# before, after, what must hold for `held`, a list with `f` in it.
REDIRECTED = [
    (
        "import functools\n@functools.lru_cache(8)\ndef f(): return 1",
        "import functools\n@functools.lru_cache(9)\ndef f(): return 2",
        "held[0]() == 2 and held[0].cache_parameters()['maxsize'] == 9",
    ),
    (
        "def f(): return 1",
        "import functools\n@functools.cache\ndef f(): return 2",
        "held[0]() == 2",
    ),
    (
        "import functools\n@functools.cache\ndef f(): return 1",
        "def f(): return 2",
        "held[0]() == 2",
    ),
    (JIT + "@Jit\ndef f(n): return n", JIT + "def f(n): return n + 1", "held[0](1) == 2"),
    (JIT + "def f(n): return n", JIT + "@Jit\ndef f(n): return n + 1", "held[0](1) == 2"),
]


@pytest.mark.parametrize(("before", "after", "holds"), REDIRECTED)
def test_holder_of_what_cannot_be_patched_gets_the_new_object(module, before, after, holds):
    mod = module(before)
    held = [mod.f]
    mod.edit(after)
    assert held[0] is mod.f
    assert eval(holds, {"held": held})


def test_cached_value_of_an_unbounded_cache_comes_back_on_rollback(module):
    mod = module(
        "import functools\nCALLS = []\n@functools.cache\ndef f(n):\n CALLS.append(n)\n return n"
    )
    mod.f(1)
    mod.edit("import functools\n@functools.cache\ndef f(n): return 2", commit=False).rollback()
    mod.f(1)
    assert mod.CALLS == [1]


def test_implementations_registered_elsewhere_stay(module):
    source = "import functools\n@functools.singledispatch\ndef f(x): return 'base{0}'\n@f.register\ndef _int(x: int): return 'int{0}'\n"
    mod = module(source.format(1) + "@f.register\ndef _str(x: str): return 'str'")
    held = mod.f
    held.register(list, len)
    held(""), held([])
    mod.edit(source.format(2))
    assert [held(x) for x in (None, 1, "", [1, 2])] == ["base2", "int2", "base2", 2]
    assert mod.f is held


def test_methods_through_every_descriptor_follow(module):
    source = (
        "import functools\nclass A:\n"
        " @functools.cached_property\n def cached(s): return {0}\n"
        " @functools.singledispatchmethod\n def dispatched(s, x): return {0}\n"
        " part = functools.partialmethod(lambda s, x: (x, {0}), 5)\n"
        " @classmethod\n def cls(c): return {0}\n"
        " @functools.lru_cache\n def lru(s): return {0}\n"
    )
    mod = module(source.format(1))
    a, fresh, held = mod.A(), mod.A(), vars(mod.A)["cached"]
    a.lru(), a.dispatched(0)
    callback = a.cls
    mod.edit(source.format(2))
    assert (fresh.cached, a.dispatched(0), a.part(), a.lru(), callback()) == (2, 2, (5, 2), 2, 2)
    assert vars(mod.A)["cached"] is held


def test_merge_before_the_decorators_run_gives_them_the_old_function(module):
    from reloadmagic.patch import Made, Patcher
    from reloadmagic.transaction import Transaction

    mod = module("def f(): return 1")
    namespace = {"old": mod.f}
    with Made() as made:
        patcher = Patcher(Transaction(), tracked=lambda name: True, made=made)
        new = eval("lambda: 2", mod.f.__globals__)
        new.__qualname__ = "f"
        early = patcher.merge_early(namespace["old"], new)
        assert patcher.merge(namespace["old"], functools.partial(early)).func is namespace["old"]
    assert early is namespace["old"]
    assert early() == 2
