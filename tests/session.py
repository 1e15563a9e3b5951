"""A session under watch: what all of it is, and what a fresh process would be.

`picture` is identity: two pictures are equal only if every object that can be reached is the same
one with the same content. `describe` is behaviour: equal for two sessions that do the same.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import types
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reloadmagic import Reloader
from reloadmagic.report import Report
from reloadmagic.transaction.reading import is_python_slot, slot_values
from support import Project

# Which of the tests' own modules are imported depends on which tests are collected.
NOT_OURS = ("tests", *sorted(path.stem for path in Path(__file__).parent.glob("[!._]*")))
IMPORT_STATE = {"__builtins__", "__loader__", "__spec__", "__cached__", "__file__", "__path__"}
CLASS_STATE = {"__dict__", "__weakref__", "__module__", "_abc_impl", "__annotations_cache__"}
PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), range)


def watch(**settings: Any) -> Reloader:
    """A Reloader that leaves the tests themselves alone."""
    exclude = (*settings.pop("exclude", ()), *NOT_OURS)
    return Reloader(exclude=exclude, **settings)


def load(*names: str) -> Any:
    """The modules of these names, imported; one alone is returned as it is."""
    modules = [importlib.import_module(name) for name in names]
    return modules[0] if len(modules) == 1 else modules


def ran(report: Report) -> list[str]:
    """Labels of the statements that ran, in order, over all modules."""
    return [ran.label for outcome in report.outcomes for ran in outcome.ran]


def statuses(report: Report) -> dict[str, str]:
    """By module, what became of it."""
    return {outcome.module: outcome.status for outcome in report.outcomes}


# By identity -----------------------------------------------------------------------------------


def picture(project: Project, *others: object) -> dict[int, tuple[Any, ...]]:
    """All that hangs on the project's modules, and on *others*: by ``id``, what it holds by ``id``.

    The picture keeps what it shows alive, so that no ``id`` is used again.
    """
    names = project.modules()
    todo: deque[Any] = deque([*(sys.modules[name] for name in names), *others])
    found: dict[int, tuple[Any, ...]] = {0: (names, [id(sys.modules[name]) for name in names])}
    while todo:
        value = todo.popleft()
        if id(value) in found or issubclass(type(value), PLAIN):
            continue
        parts = list(_parts(value, project, names))
        found[id(value)] = (value, type(value), [(label, id(part)) for label, part in parts])
        todo.extend(part for label, part in parts if label not in IMPORT_STATE)
    return found


def _parts(value: Any, project: Project, names: list[str]) -> Iterator[tuple[Any, Any]]:
    kind = type(value)  # an object can refuse to tell its __class__
    if issubclass(kind, types.ModuleType):
        if str(vars(value).get("__file__")).startswith(str(project.path)):
            yield from _named(vars(value))
    elif issubclass(kind, types.FunctionType):
        inner = ("code", "defaults", "kwdefaults", "doc", "dict", "closure", "qualname", "name")
        yield from ((name, getattr(value, f"__{name}__")) for name in inner)
        yield from _named(value.__annotations__)
    elif issubclass(kind, logging.Logger):  # which leads to all others, and to what they remember
        yield from ((name, vars(value)[name]) for name in ("level", "filters", "handlers"))
    elif issubclass(kind, types.CellType):
        with contextlib.suppress(ValueError):
            yield "cell", value.cell_contents
    elif issubclass(kind, type):
        own = type.__dict__["__dict__"].__get__(value)
        if own.get("__module__") in names:
            yield from _named(own)
            yield "bases", value.__bases__
            yield from enumerate(value.__bases__)
    elif issubclass(kind, dict):
        for number, (key, part) in enumerate(dict.items(value)):
            yield number, key
            yield key if isinstance(key, str) else number, part
    elif issubclass(kind, list | tuple | deque):
        yield from enumerate(value)
    elif issubclass(kind, set | frozenset):
        yield from sorted(((hash(part), part) for part in value), key=lambda pair: pair[0])
    elif issubclass(kind, staticmethod | classmethod):
        yield "function", value.__func__
    elif issubclass(kind, property):
        yield from (("get", value.fget), ("set", value.fset))
    else:
        yield from _named(_own_dict(value))
        slots = ((m.__name__, part) for m, part in slot_values(value) if is_python_slot(m))
        yield from slots
        if hasattr(type(value), "__wrapped__") or "__wrapped__" in _own_dict(value):
            yield "wrapped", _own_dict(value).get("__wrapped__")


def _named(values: Any) -> Iterator[tuple[str, Any]]:
    """The entries in their order, which counts too; ``__builtins__`` is everyone's."""
    yield from ((name, part) for name, part in values.items() if name != "__builtins__")


def _own_dict(value: object) -> dict[str, Any]:
    if issubclass(type(value), types.ModuleType) or not getattr(type(value), "__dictoffset__", 0):
        return {}
    with contextlib.suppress(Exception):
        return object.__getattribute__(value, "__dict__")
    return {}


def differences(before: dict[int, Any], after: dict[int, Any]) -> list[str]:
    """What is not as it was, as sentences; empty is what one hopes for."""
    found = []
    if before[0] != after[0]:
        found.append(f"sys.modules: {before[0]} became {after[0]}")
    for key in before.keys() - {0}:
        if key in after and before[key][1:] != after[key][1:]:
            was, now = dict(before[key][2]), dict(after[key][2])
            names = [n for n in {**was, **now} if was.get(n) != now.get(n)]
            found.append(f"{before[key][0]!r:.60} differs in {names or 'order'}")
        elif key not in after:
            found.append(f"{before[key][0]!r:.60} is no longer held")
    return found


# By behaviour ----------------------------------------------------------------------------------


def described(*names: str) -> dict[str, Any]:
    """What the session's modules *names* are made of, in plain values."""
    return {name: _module(sys.modules[name]) for name in names}


@contextlib.contextmanager
def _fresh_imports(project: Project) -> Iterator[None]:
    """Imports in here begin anew, from source, without any finder of ours."""
    live = {name: sys.modules.pop(name) for name in project.modules()}
    finders = list(sys.meta_path)
    sys.meta_path[:] = [f for f in finders if type(f).__module__ != "reloadmagic.loader"]
    was = sys.dont_write_bytecode, sys.pycache_prefix
    sys.dont_write_bytecode, sys.pycache_prefix = True, str(Path(project.path, "no bytecode"))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = was
        sys.meta_path[:] = finders
        for name in project.modules():
            del sys.modules[name]
        sys.modules.update(live)


def fresh(project: Project, *names: str) -> dict[str, Any]:
    """What `described` would say in a process that has just imported *names*, in that order."""
    with _fresh_imports(project):
        load(*names)
        return described(*names)


def _module(module: types.ModuleType) -> dict[str, Any]:
    seen: dict[int, str] = {}
    return {
        name: describe(value, f"{module.__name__}.{name}", seen)
        for name, value in sorted(vars(module).items())
        if name not in IMPORT_STATE and (name != "__annotations__" or value)
    }


def describe(value: Any, place: str, seen: dict[int, str]) -> Any:
    """*value* as a tree of plain values; what was met before is ``same as PLACE``."""
    if isinstance(value, PLAIN):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, types.ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, type) and value.__module__ in sys.builtin_module_names:
        return f"class {value.__qualname__}"
    if isinstance(value, types.CodeType):
        consts = [describe(c, f"{place}.{n}", seen) for n, c in enumerate(value.co_consts)]
        return [value.co_qualname, value.co_firstlineno, value.co_code, value.co_names, consts]
    if isinstance(value, tuple):
        return ["tuple", *(describe(part, f"{place}[{n}]", seen) for n, part in enumerate(value))]
    if id(value) in seen:
        return f"same as {seen[id(value)]}"
    seen[id(value)] = place
    return [type(value).__qualname__, *_described_parts(value, place, seen)]


def _described_parts(value: Any, place: str, seen: dict[int, str]) -> Iterator[Any]:
    def part(inner: Any, name: object) -> Any:
        return describe(inner, f"{place}.{name}", seen)

    if isinstance(value, types.FunctionType):
        yield value.__qualname__
        for name in ("code", "defaults", "kwdefaults", "annotations", "doc", "dict"):
            yield part(getattr(value, f"__{name}__"), name)
    elif isinstance(value, type):
        yield value.__qualname__
        yield [part(base, "base") for base in value.__bases__]
        own = type.__dict__["__dict__"].__get__(value)
        yield {name: part(own[name], name) for name in sorted(own) if name not in CLASS_STATE}
    elif isinstance(value, dict):
        yield [[part(key, "key"), part(inner, key)] for key, inner in value.items()]
    elif isinstance(value, list | deque):
        yield [part(inner, number) for number, inner in enumerate(value)]
    elif isinstance(value, set | frozenset):
        yield sorted(repr(part(inner, "item")) for inner in value)
    elif isinstance(value, staticmethod | classmethod):
        yield part(value.__func__, "func")
    elif isinstance(value, property):
        yield [part(value.fget, "fget"), part(value.fset, "fset")]
    else:
        yield {name: part(inner, name) for name, inner in sorted(_own_dict(value).items())}


def unlike(live: Any, restarted: Any, place: str = "") -> list[str]:
    """Where two descriptions differ, deepest first place named; empty if they are equal."""
    if live == restarted:
        return []
    if isinstance(live, dict) and isinstance(restarted, dict):
        if live.keys() != restarted.keys():
            return [f"{place}: names {sorted(live.keys() ^ restarted.keys())}"]
        pairs = [(f"{place}.{key}", live[key], restarted[key]) for key in live]
    elif isinstance(live, list) and isinstance(restarted, list) and len(live) == len(restarted):
        pairs = [
            (f"{place}[{n}]", a, b) for n, (a, b) in enumerate(zip(live, restarted, strict=True))
        ]
    else:
        return [f"{place}: {live!r:.80} is not {restarted!r:.80}"]
    return [found for where, a, b in pairs for found in unlike(a, b, where)]
