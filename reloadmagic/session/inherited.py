"""Methods that classes inherit from libraries, and what these call of the classes' own methods.

``ast.NodeVisitor.visit`` looks up ``visit_Name``, ``json.JSONEncoder.encode`` gets to ``default``: who
calls the one runs the other, which the sources of the user's modules do not tell. The library's code
objects do, as they hold the names that are looked up.
"""

from __future__ import annotations

import dis
import types
import weakref
from collections.abc import Container

from ..live import class_dict, functions_within

__all__ = ["inherited_users"]

# What their instances start goes on by itself: running that again would start it twice.
_STARTING = ("asyncio", "concurrent", "multiprocessing", "sched", "socketserver", "threading")
# Their methods go by operators, which leave no names.
_ABSTRACT = {"_collections_abc", "collections", "collections.abc"}


# By base and name, its methods that call what has the name. Bases of libraries stay as they are.
_callers: weakref.WeakKeyDictionary[type, dict[str, frozenset[str]]] = weakref.WeakKeyDictionary()


def inherited_users(cls: type, method: str, users_modules: Container[str]) -> frozenset[str]:
    """The methods of libraries, inherited by *cls*, that call its *method*, directly or not."""
    homes = {
        base: str(class_dict(base).get("__module__"))
        for base in type.__dict__["__mro__"].__get__(cls)[1:-1]
    }
    bases = [b for b, home in homes.items() if home not in users_modules and home != "__main__"]
    if any(homes[base].partition(".")[0] in _STARTING for base in bases):
        return frozenset()
    if method[:2] == method[-2:] == "__":
        mixins = [base for base in bases if homes[base] in _ABSTRACT]
        return frozenset(n for base in mixins for n in class_dict(base) if n[:2] != "__")
    found = {method}
    todo = [method]
    for name in todo if bases else ():
        new = frozenset[str]().union(*(_callers_of(base, name) for base in bases)) - found
        found |= new
        todo += new
    return frozenset(found - {method})


def _callers_of(base: type, name: str) -> frozenset[str]:
    """The methods of a library's class that use *name* of their object."""
    known = _callers.setdefault(base, {})
    if name not in known:
        known[name] = frozenset(
            attr
            for attr, value in class_dict(base).items()
            if any(_calls(function.__code__, name) for function in functions_within(value))
        )
    return known[name]


def _calls(code: types.CodeType, method: str) -> bool:
    """Does the code of a method use *method* of its object, by a name that may be worked out?"""
    if method in code.co_names and code.co_argcount:
        itself, loaded = code.co_varnames[0], None
        for instruction in dis.get_instructions(code):
            used = instruction.argval
            if instruction.opname in {"LOAD_ATTR", "LOAD_METHOD"} and loaded == itself:
                if used == method:
                    return True
            if instruction.opname.startswith("LOAD_FAST"):
                loaded = used[-1] if isinstance(used, tuple) else used  # two in one instruction
            else:
                loaded = None
    if "getattr" in code.co_names:
        return any(
            isinstance(part, str) and len(part) > 1 and method.startswith(part)
            for part in code.co_consts
        )
    return False
