"""Whatever is written, the way back leads to where it began: by identity, content and order."""

from __future__ import annotations

import types
from collections import OrderedDict, defaultdict, deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reloadmagic.errors import InternalError
from reloadmagic.transaction import ABSENT, EMPTY, Transaction, own_dict, read_attr


class Forbidden:
    """A value, key or owner that objects to being looked at."""

    def __eq__(self, other):
        raise AssertionError("compared")

    def __setattr__(self, name, value):
        raise AssertionError("set")

    def __getattr__(self, name):
        raise AssertionError("asked")

    def __bool__(self):
        raise AssertionError("asked for truth")

    hashed = 0

    def __hash__(self):
        if Forbidden.hashed > 1:
            raise AssertionError("hashed")
        return 1


def make_cell(value=EMPTY):
    cell = types.CellType()
    if value is not EMPTY:
        cell.cell_contents = value
    return cell


def make_class():
    class Meta(type):
        fields = property(lambda c: 1 / 0, lambda c, v: 1 / 0)

        def __setattr__(cls, name, value):
            raise AssertionError

    class Base: ...

    return Meta("A", (Base,), {"a": 1, "b": 2, "fields": 3, "__doc__": "doc"})


class Slotted:
    __slots__ = ("__dict__", "a", "b")


# A target and a function that says all of what it is.
TARGETS = {
    "dict": (lambda: {"a": 1, "b": 2}, lambda d: list(d.items())),
    "ordered": (lambda: OrderedDict(a=1, b=2), lambda d: list(d.items())),
    "default": (lambda: defaultdict(list, a=1, b=2), lambda d: list(d.items())),
    "list": (lambda: [1, 2, 3], list),
    "set": (lambda: {1, 2}, lambda s: sorted(map(str, s))),
    "deque": (lambda: deque([1, 2], maxlen=5), list),
    "bytearray": (lambda: bytearray(b"ab"), bytes),
    "cell": (make_cell, lambda c: read_cell(c)),
    "class": (
        make_class,
        lambda c: (list(own_dict(c).items()), type.__dict__["__bases__"].__get__(c)),
    ),
    "function": (
        lambda: make_function(),
        lambda f: [f.__code__, f.__defaults__, f.__name__, list(vars(f).items())],
    ),
    "slotted": (
        lambda: make_slotted(),
        lambda s: [vars(s), read_attr(s, "a"), read_attr(s, "b"), type(s)],
    ),
    "module": (lambda: types.ModuleType("m"), lambda m: list(vars(m).items())),
}


def read_cell(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return EMPTY


def make_function():
    def f(x=1): ...

    f.a = 1
    return f


def make_slotted():
    made = Slotted()
    made.a, made.c = 1, 2
    return made


def write(transaction, kind, target, name, value, how):
    """One of the writes that *kind* allows, chosen by *how*."""
    if kind in ("dict", "ordered", "default"):
        if how == 0:
            transaction.set_item(target, name, value)
        elif how == 1 and name in target:
            transaction.del_item(target, name)
        else:
            transaction.set_contents(target, {name: value, "z": 0})
    elif kind in ("list", "deque"):
        if how == 0 and len(target):
            transaction.set_item(target, 0, value)
        elif how == 1 and len(target) and kind == "list":
            transaction.del_item(target, -1)
        else:
            transaction.set_contents(target, [value, name])
    elif kind == "set":
        transaction.set_contents(target, {name, 2})
    elif kind == "bytearray":
        transaction.set_contents(target, name.encode())
    elif kind == "cell":
        transaction.set_cell(target, EMPTY if how == 1 else value)
    elif how == 1:
        transaction.del_attr(target, name)
    else:
        transaction.set_attr(target, name, value)


@given(
    kind=st.sampled_from(sorted(TARGETS)),
    writes=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", "fields"]), st.integers(), st.integers(0, 2)),
        max_size=12,
    ),
    at=st.lists(st.sampled_from(["nothing", "snapshot", "rollback"]), max_size=12),
)
def test_rollback_restores_everything(kind, writes, at):
    make, describe = TARGETS[kind]
    target = make()
    was = describe(target)
    transaction = Transaction()
    for number, (name, value, how) in enumerate(writes):
        write(transaction, kind, target, name, value, how)
        step = at[number] if number < len(at) else "nothing"
        if step == "snapshot":
            transaction.snapshot(target)
        elif step == "rollback":
            transaction.rollback()
            assert was == describe(target)
    transaction.rollback()
    assert was == describe(target)
    assert len(transaction) == 0


@given(
    kind=st.sampled_from(["dict", "ordered", "default", "list", "set", "deque", "bytearray"]),
    by_user=st.lists(st.tuples(st.sampled_from("abcz"), st.integers(0, 9)), max_size=8),
)
def test_snapshot_restores_what_others_write(kind, by_user):
    make, describe = TARGETS[kind]
    target = make()
    was = describe(target)
    transaction = Transaction()
    transaction.snapshot(target)
    for name, value in by_user:
        user_write(kind, target, name, value)
    transaction.rollback()
    assert was == describe(target)


def user_write(kind: str, target: Any, name: str, value: int) -> None:
    if kind in ("dict", "ordered", "default"):
        target.pop(name, None) if value % 2 else target.update({name: value})
    elif kind == "set":
        target.add(value)
    elif kind == "bytearray":
        target.append(value)
    elif value % 2 and target:
        target.pop()
    else:
        target.append(value)


def test_commit_forgets_the_way_back():
    namespace = {"a": 1}
    transaction = Transaction()
    transaction.set_item(namespace, "a", 2)
    transaction.commit()
    transaction.rollback()
    assert namespace == {"a": 2}


def test_hostile_values_are_moved_about_unseen():
    value, other, holder = Forbidden(), Forbidden(), Forbidden()
    Forbidden.hashed = 0
    table = {value: 1, "x": other}
    Forbidden.hashed = 2
    transaction = Transaction()
    transaction.snapshot(table)
    transaction.set_item(table, value, 2)
    transaction.set_item(table, "x", value)
    transaction.set_attr(holder, "name", other)
    assert next(iter(table.values())) == 2
    transaction.set_contents(table, {})
    transaction.rollback()
    assert [(id(k), id(v)) for k, v in table.items()] == [(id(value), id(1)), (id("x"), id(other))]
    assert object.__getattribute__(holder, "__dict__") == {}


def test_class_restores_the_slots_of_its_special_methods():
    class A:
        def __len__(self):
            return 1

    transaction = Transaction()
    transaction.del_attr(A, "__len__")
    transaction.set_attr(A, "__call__", lambda self: 2)
    assert A()() == 2
    transaction.rollback()
    assert len(A()) == 1
    assert not callable(A())


def test_class_of_an_instance_is_restored():
    class A: ...

    class B: ...

    a = A()
    transaction = Transaction()
    transaction.set_class(a, B)
    transaction.rollback()
    assert type(a) is A


def test_refused_class_leaves_no_entry():
    class A:
        __slots__ = ("x",)

    transaction = Transaction()
    with pytest.raises(TypeError):
        transaction.set_class(A(), dict)
    assert len(transaction) == 0


def test_every_entry_is_undone_though_one_fails():
    namespace = {"a": 1}
    transaction = Transaction("pkg.mod")
    transaction.set_item(namespace, "a", 2)
    transaction.on_rollback(lambda: 1 / 0)
    transaction.set_item(namespace, "b", 3)
    with pytest.raises(InternalError, match="restart"):
        transaction.rollback()
    assert namespace == {"a": 1}
    assert len(transaction) == 0


def test_instance_whose_class_has_other_bases_yet_is_undone_after_it():
    class A:
        __slots__ = ("x",)

    class B:
        __slots__ = ("x",)

    class C(A): ...

    c = C()
    c.x = 1
    transaction = Transaction()
    transaction.snapshot(C)
    transaction.snapshot(c)
    transaction.set_attr(C, "__bases__", (B,))
    c.x = 2
    transaction.rollback()
    assert (C.__bases__, c.x) == ((A,), 1)


def test_interrupt_during_rollback_passes_on_when_all_is_undone():
    namespace = {"a": 1}
    interrupts = [KeyboardInterrupt()]

    def undo():
        if interrupts:
            raise interrupts.pop()

    transaction = Transaction()
    transaction.set_item(namespace, "a", 2)
    transaction.on_rollback(undo)
    with pytest.raises(KeyboardInterrupt):
        transaction.rollback()
    assert namespace == {"a": 1}


def test_module_annotations_and_names_are_its_namespace():
    module = types.ModuleType("m")
    transaction = Transaction()
    transaction.set_attr(module, "__annotations__", {"x": int})
    assert vars(module)["__annotations__"] == {"x": int}
    transaction.rollback()
    assert "__annotations__" not in vars(module)


def test_reading_gives_the_own_attribute_only():
    class A:
        x = 1

    class B(A): ...

    assert read_attr(B, "x") is ABSENT
    assert read_attr(A, "x") == 1
    assert read_attr(B(), "x") is ABSENT
