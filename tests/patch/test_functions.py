"""Functions held from before an edit run the new code."""

from __future__ import annotations

import inspect

import pytest

from reloadmagic.patch import live_functions

BEFORE_AFTER_CALL = [
    # body
    ("def f(): return 1", "def f(): return 2", "f()", 2),
    # default from the new source
    ("def f(n=1): return n", "def f(n=2): return n", "f()", 2),
    # keyword-only default, and a parameter added
    ("def f(*, k=1): return k", "def f(a=0, *, k=5): return a + k", "f(1)", 6),
    # doc
    ("def f(): 'one'", "def f(): 'two'", "f.__doc__", "two"),
    # annotations
    ("def f(x: int): ...", "def f(x: str): ...", "f.__annotations__", {"x": str}),
    # a plain function becomes a generator
    ("def f(): return 1", "def f(): yield 2", "list(f())", [2]),
    # and a coroutine
    ("def f(): return 1", "async def f(): return 2", "inspect.iscoroutinefunction(f)", True),
    # a lambda held by name
    ("f = lambda: 1", "f = lambda: 2", "f()", 2),
    # attributes: those of the source follow
    ("def f(): ...\nf.tag = 1", "def f(): ...\nf.tag = 2", "f.tag", 2),
    # what decorators make: closure contents
    (
        "def deco(n):\n def d(g):\n  def w(): return g() + n\n  return w\n return d\n@deco(1)\ndef f(): return 1",
        "def deco(n):\n def d(g):\n  def w(): return g() + n\n  return w\n return d\n@deco(2)\ndef f(): return 5",
        "f()",
        7,
    ),
    # free variables renamed and added
    (
        "def deco(g):\n a = 1\n def w(): return g(), a\n return w\n@deco\ndef f(): return 1",
        "def deco(g):\n b = 2\n c = 3\n def w(): return g(), b, c\n return w\n@deco\ndef f(): return 2",
        "f()",
        (2, 2, 3),
    ),
    # the decorator is taken off
    (
        "def deco(g):\n return lambda: g() + 1\n@deco\ndef f(): return 42",
        "def deco(g):\n return lambda: g() + 1\ndef f(): return 42",
        "f()",
        42,
    ),
]


@pytest.mark.parametrize(("before", "after", "call", "expected"), BEFORE_AFTER_CALL)
def test_function_held_from_before_runs_the_new_code(module, before, after, call, expected):
    mod = module(before)
    held = mod.f
    mod.edit(after)
    assert expected == eval(call, {"f": held, "inspect": inspect})


@pytest.mark.parametrize(("before", "after", "call", "expected"), BEFORE_AFTER_CALL)
def test_name_and_holder_have_one_function(module, before, after, call, expected):
    mod = module(before)
    held = {"callback": mod.f}
    mod.edit(after)
    assert held["callback"] is mod.f


@pytest.mark.parametrize(("before", "after", "call", "expected"), BEFORE_AFTER_CALL)
def test_rolled_back_function_is_what_it_was(module, before, after, call, expected):
    mod = module(before)
    held = mod.f
    was = {name: getattr(held, name) for name in STATE} | dict(vars(held))
    mod.edit(after, commit=False).rollback()
    assert mod.f is held
    assert was == {name: getattr(held, name) for name in STATE} | dict(vars(held))


STATE = (
    "__code__",
    "__defaults__",
    "__kwdefaults__",
    "__doc__",
    "__annotations__",
    "__name__",
    "__qualname__",
)


def test_body_edit_needs_no_pass_over_the_heap(module, passes):
    mod = module("def f(): return 1")
    mod.edit("def f(): return 2")
    assert passes == []


def test_attribute_set_from_outside_stays(module):
    mod = module("def f(): ...")
    mod.f.mine = 1
    mod.edit("def f(): return 2")
    assert mod.f.mine == 1


def test_alias_that_becomes_its_own_function_leaves_the_other_alone(module):
    mod = module("def a(): return 'a'\nb = a")
    a = mod.a
    mod.edit("def a(): return 'a2'\ndef b(): return 'b'")
    assert (a(), mod.a(), mod.b()) == ("a2", "a2", "b")


def test_alias_repointed_is_a_rebinding(module):
    mod = module("def a(): return 'a'\ndef b(): return 'b'\nc = a")
    held = mod.c
    mod.edit("def a(): return 'a'\ndef b(): return 'b'\nc = b")
    assert (held(), mod.a(), mod.b(), mod.c()) == ("a", "a", "b", "b")


def test_wrapped_functions_that_swap_names_keep_their_own_code(module):
    source = "def d(g):\n def w(): return g()\n return w\n@d\ndef a(): return 'a'\n@d\ndef b(): return 'b'\n"
    mod = module(source + "c = a")
    mod.edit(source + "c = b")
    assert (mod.a(), mod.b(), mod.c()) == ("a", "b", "b")
    assert mod.c is mod.b


def test_siblings_share_a_variable_though_one_is_new(module):
    counter = "def make():\n n = 0\n def w():\n  nonlocal n\n  n += 1\n  return n\n"
    mod = module(counter + " return w\nf = make()")
    mod.f()
    mod.edit(
        counter + " def reset():\n  nonlocal n\n  n = 0\n w.reset = reset\n return w\nf = make()"
    )
    mod.f()
    mod.f.reset()
    assert mod.f() == 1


def test_forwarding_function_has_signature_and_coroutine_flag_of_the_new_one(module):
    mod = module("async def f(): return 1")
    held = (mod.f,)
    mod.edit("def outer(k):\n async def f(a, b): return k\n return f\nf = outer(3)")
    f = held[0]
    assert str(inspect.signature(f)) == "(a, b)"
    assert inspect.iscoroutinefunction(f)


def test_bound_method_held_from_before_forwards_when_super_is_added(module):
    mod = module("class B:\n def m(self): return 'b'\nclass A(B):\n def m(self): return 'a'")
    call = mod.A().m
    mod.edit(
        "class B:\n def m(self): return 'b'\nclass A(B):\n def m(self): return super().m() + 'a'"
    )
    assert call() == "ba"


def test_closures_are_found_wherever_they_are_held(module):
    mod = module("def make(n):\n def add(x): return x + n\n return add")
    hidden = {"deep": [(mod.make(1),)]}
    found = live_functions(vars(mod._module))
    assert {id(mod.make), id(hidden["deep"][0][0])} <= set(map(id, found))


def test_function_that_becomes_a_class_is_redirected(module):
    mod = module("def Box(w): return {'w': w}")
    held = [mod.Box]
    forwards = mod.Box
    mod.edit("class Box:\n def __init__(self, w): self.w = w")
    assert held == [mod.Box]
    assert forwards(2).w == 2
