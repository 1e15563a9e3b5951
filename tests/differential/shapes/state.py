"""State: counters, globals, and what the user of a session is allowed to touch.

A name that starts with ``open_``, ``_open_`` or ``OPEN_`` is read by nothing at import: the session may put
entries in it or count with it, and what it holds then must survive every edit that does not reach it.
"""

from __future__ import annotations

from ..maker import Maker, indented, lines, shape
from .functions import body


@shape(0.9)
def counter(make: Maker) -> str:
    """Numbers handed out at import by a function that counts."""
    count, fresh = make.bind("COUNT", "anything"), make.bind("new_id", "new_id")
    first = make.bind("ID", "int")
    return f"{count} = {make.number()}\n\ndef {fresh}():\n    global {count}\n    {count} += {make.one('1', '2')}\n    return {count}\n\n{first} = {fresh}()"


@shape(0.4)
def closure_counter(make: Maker) -> str:
    """The same with a cell, or an iterator."""
    fresh = make.bind("new_id", "new_id")
    first = make.bind("ID", "int")
    head = make.one(
        f"def _counting(n):\n    def step():\n        nonlocal n\n        n += {make.one('1', '3')}\n        return n\n    return step\n\n{fresh} = _counting({make.number()})",
        f"_numbers = [{make.number()}]\n\ndef {fresh}():\n    _numbers.append(_numbers[-1] + {make.one('1', '2')})\n    return _numbers[-1]",
    )
    return f"{head}\n\n{first} = {fresh}()"


@shape(1, follows=True)
def next_id(make: Maker) -> str:
    """One more number."""
    fresh = make.pick("new_id").expression
    return f"{make.bind('ID', 'int')} = {fresh}()"


@shape(0.5)
def class_counter(make: Maker) -> str:
    """A class that counts its instances, and some of them."""
    name = make.bind("C", "class")
    first, second = make.bind("obj", "instance"), make.bind("obj", "instance")
    return (
        f"class {name}:\n    made = 0\n    size = {make.number()}\n\n    def __init__(self, size=1):\n        type(self).made += 1\n"
        f"        self.number = {name}.made + {make.late()}\n\n{first} = {name}()\n{second} = {name}(2)"
    )


@shape(0.5)
def cache_dict(make: Maker) -> str:
    """A cache kept by hand."""
    table, load = make.bind("OPEN_CACHE", "anything"), make.bind("open_load", "anything")
    return f"{table} = {{}}\n\ndef {load}(x=1):\n    if x not in {table}:\n        {table}[x] = {make.late()}\n    return {table}[x]"


@shape(0.9)
def open_counter(make: Maker) -> str:
    """A counter that the session counts with."""
    count, bump = make.bind("_open_count", "anything"), make.bind("open_bump", "anything")
    return f"{count} = {make.number()}\n\ndef {bump}():\n    global {count}\n    {count} += {make.one('1', '2')}\n    return {count}"


@shape(1.2)
def open_table(make: Maker) -> str:
    """A table that the session puts entries in, and a decorator that fills it."""
    if make.chance(0.5):
        name, add = make.bind("OPEN_TABLE", "anything"), make.bind("open_add", "open_register")
        return f"{name} = {make.one('{}', 'dict()')}\n\ndef {add}(fn):\n    {name}[fn.__name__] = fn\n    return fn"
    name, add = make.bind("OPEN_LIST", "anything"), make.bind("open_add", "open_register")
    return f"{name} = {make.one('[]', f'[{make.number()}]')}\n\ndef {add}(fn):\n    {name}.append(fn)\n    return fn"


@shape(1.2, follows=True)
def open_registered(make: Maker) -> str:
    """A function in such a table."""
    deco = make.pick("open_register").expression
    name = make.bind("h", "func")
    return lines(f"@{deco}", f"def {name}(x=1):", indented(body(make)))


@shape(0.5)
def open_set(make: Maker) -> str:
    """A set that the session puts things in."""
    return f"{make.bind('OPEN_SET', 'anything')} = {{{make.word()}, {make.number()}}}"
