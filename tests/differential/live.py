"""Both sides of the comparison, each to be run in a process of its own.

``Live`` is the session under test: it imports once and reloads ever after. ``fresh`` is the judge.
"""

from __future__ import annotations

import ast
import contextlib
import enum
import functools
import gc
import importlib
import itertools
import os
import sys
import traceback
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .calls import describe_calls, short_stack
from .case import Action
from .describe import Describer, Tree, describe_module, instance_dict, members_of, own_dict
from .provenance import Facts, module_name
from .tools import TOOLS, Order, replay, run_cell
from .world import PACKAGE

USERS = "the user's own"
BUMPS = 20  # enough to leave every number that the grammar writes behind


class UserEntry:
    """What the user of the session puts somewhere."""

    def __call__(self, *arguments: object) -> str:
        return "user"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it must be."""

    kind: str
    place: str
    expected: str
    found: str

    def __str__(self) -> str:
        return (
            f"[{self.kind}] {self.place}\n    expected: {self.expected}\n    found:    {self.found}"
        )


@dataclass(slots=True)
class Description:
    """Everything there is to compare."""

    modules: dict[str, Tree]
    notebook: dict[str, Tree]
    calls: dict[str, Tree]
    names: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)  # cells whose names are not there
    passed: list[str] = field(default_factory=list)  # what the notebook has of values gone since


def describe_session(
    root: str, modules: list[str], notebook: dict[str, Any], *, calls: bool, sources: bool
) -> Description:
    """The modules, the notebook and, unless nothing may be called, all answers."""
    gc.collect()
    describer = Describer(root)
    found = {name: sys.modules[name] for name in sorted(modules) if name in sys.modules}
    described = {name: describe_module(describer, module) for name, module in found.items()}
    cells = {
        name: describer.describe(value, f"notebook.{name}")
        for name, value in sorted(notebook.items())
        if not name.startswith("__")
    }
    cells.update({name: USERS for name, value in notebook.items() if isinstance(value, UserEntry)})
    if not calls:
        return Description(described, cells, {})
    names = {
        f"{name}.{key}": value
        for name, module in found.items()
        for key, value in list(vars(module).items())
        if not key.startswith("__")
    }
    return Description(described, cells, describe_calls(describer, names, sources=sources))


def use_folder(root: str) -> None:
    """Import from *root*, notebooks too if there are any."""
    if any(Path(root).rglob("*.ipynb")):
        importlib.import_module("reloadmagic.notebooks").install()
    sys.path.insert(0, root)
    os.chdir(root)
    importlib.invalidate_caches()


# -- the judge ----------------------------------------------------------------------------------


def fresh(root: str, order: Order, cells: tuple[str, ...], *, sources: bool) -> Description:
    """The description of a process that imports the files now.

    Raises:
        Exception: whatever the files raise when they are imported.
    """
    use_folder(root)
    sys.dont_write_bytecode = True
    sys.pycache_prefix = str(Path(root) / "no_such_folder")
    notebook: dict[str, Any] = {"__name__": "__main__"}
    failing = replay(order, cells, notebook)
    names = [name for name in sys.modules if name.split(".")[0] == PACKAGE]
    description = describe_session(root, names, notebook, calls=True, sources=sources)
    description.names = names
    description.failing = failing
    description.passed = list(_passed(cells, notebook))
    return description


def _passed(cells: tuple[str, ...], notebook: dict[str, Any]) -> Iterator[str]:
    """Names imported of what the imports of later cells bind again, as counters are.

    Which value such a name had in between no session can know that does not run its cells again.
    """
    for cell in cells:
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.ImportFrom) and node.module in sys.modules:
                now = vars(sys.modules[node.module])
                for alias in node.names:
                    public = (name for name in now if not name.startswith("_"))
                    for given in public if alias.name == "*" else [alias.name]:
                        name = alias.asname or given
                        if name in notebook and now.get(given) is not notebook[name]:
                            yield name


# -- the session --------------------------------------------------------------------------------


class Recorder:
    """A finder that finds nothing and notes the order in which imports start."""

    def __init__(self) -> None:
        self.order: Order = []
        self.cell = 0

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Note the name."""
        known = any(name == other for _, other in self.order)
        if name.split(".")[0] == PACKAGE and not known:
            self.order.append((self.cell, name))


@dataclass(slots=True)
class Held:
    """An object from before the edit. A list holds it, so that a redirect can reach it."""

    box: list[Any]
    number: int
    shape: tuple[Any, ...]
    function: str  # the qualified name that a function's code has


@dataclass(slots=True)
class Entry:
    """Something that the user did, and what must have become of it."""

    action: Action
    box: list[Any]  # what the user put or made, and where; a list, so that a redirect can reach it
    before: Any = None
    gone: bool = False  # the name is no longer there, though the object may be


def _facts(files: dict[str, str]) -> Facts:
    """What the sources of the loaded modules say; others have had no part in anything."""
    return Facts({path: text for path, text in files.items() if module_name(path) in sys.modules})


@dataclass(slots=True)
class Live:
    """The session under test."""

    root: str
    tool_name: str
    cells: tuple[str, ...]
    files: dict[str, str]
    notebook: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    recorder: Recorder = field(default_factory=Recorder)
    entries: list[Entry] = field(default_factory=list)
    checked: int = 0
    numbering: Iterator[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        """Import everything, as the user's first cells do."""
        use_folder(self.root)
        sys.dont_write_bytecode = False
        self.tool = TOOLS[self.tool_name](self.notebook)
        sys.meta_path.insert(0, self.recorder)
        for cell in self.cells:
            self.tool.note_cell(cell)
            run_cell(cell, self.notebook)
            self.tool.note_values()
            self.recorder.cell += 1
        self.facts = _facts(self.files)
        self.held = self._hold()
        self.values = self._values()

    tool: Any = None
    facts: Any = None
    before: Any = None  # the facts of the version before
    held: dict[str, Held] = field(default_factory=dict)
    values: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def order(self) -> Order:
        """The modules in the order in which their first import began."""
        self.recorder.order = [step for step in self.recorder.order if step[1] in sys.modules]
        return self.recorder.order

    # -- what the user does ----------------------------------------------------------------

    def act(self, actions: tuple[Action, ...]) -> None:
        """Do what the user does between two edits; what cannot be done is left."""
        for action in actions:
            with contextlib.suppress(Exception), short_stack():
                getattr(self, f"_do_{action[0]}")(action)

    def _find(self, target: str) -> Any:
        module, _, path = target.partition(":")
        value: Any = sys.modules[module]
        for name in filter(None, path.split(".")):
            value = own_dict(value)[name] if isinstance(value, type) else vars(value)[name]
        return value

    def _do_entry(self, action: Action) -> None:
        container, entry = self._find(action[1]), UserEntry()
        if isinstance(container, dict):
            container[f"user {next(self.numbering)}"] = entry
        elif isinstance(container, list):
            container.append(entry)
        elif isinstance(container, set):
            container.add(entry)
        else:
            return
        self.entries.append(Entry(action, [entry, container]))

    def _do_attribute(self, action: Action) -> None:
        entry, name = UserEntry(), f"_user_attribute_{next(self.numbering)}"
        owner = self._find(action[1])
        setattr(owner, name, entry)
        self.entries.append(Entry(action, [entry, owner], name))

    def _do_instance(self, action: Action) -> None:
        # Without __init__, which may count instances: a session that made one is no fresh process.
        cls = self._find(action[1])
        self.entries.append(Entry(action, [object.__new__(cls)]))

    def _do_closure(self, action: Action) -> None:
        with _uncounted():
            self.entries.append(Entry(action, [self._find(action[1])(5)]))

    def _do_bump(self, action: Action) -> None:
        module, _, names = action[1].partition(":")
        count, _, bump = names.partition(",")
        before = self._find(f"{module}:{count}")
        for earlier in self.entries:
            kind, target = earlier.action
            # The function may have been renamed in between.
            is_same = kind == "bump" and target.partition(",")[0] == f"{module}:{count}"
            if is_same and not earlier.gone and earlier.box[0] == before:
                earlier.gone, before = True, earlier.before
        for _ in range(BUMPS):
            self._find(f"{module}:{bump}")()
        self.entries.append(Entry(action, [self._find(f"{module}:{count}")], before))

    def _do_call(self, action: Action) -> None:
        with _uncounted():
            self._find(action[1])(2)

    def _do_rebind(self, action: Action) -> None:
        if action[1] in self.notebook and not isinstance(self.notebook[action[1]], UserEntry):
            entry = UserEntry()
            self.notebook[action[1]] = entry
            self.entries.append(Entry(action, [entry]))

    # -- what must hold --------------------------------------------------------------------

    def reload(self) -> str:
        """Reload; what escaped from it, if anything did."""
        try:
            self.tool.reload(self.order())
        except BaseException:  # whatever a tool lets through is a finding
            return traceback.format_exc(limit=-6)
        return ""

    def check(self, files: dict[str, str]) -> list[Difference]:
        """What the reload to *files*, which are sound, lost or replaced."""
        before, self.facts = self.facts, _facts(files)
        self.before = before
        old, self.held = self.held, {}
        differences = []
        if self.tool.keeps_objects:
            differences += list(self._check_identity(before, old))
            differences += list(self._check_values(before))
            differences += list(self._check_entries(before))
        self.held, self.values = self._hold(), self._values()
        return differences

    def let_go(self) -> None:
        """A version that cannot be imported has taken out what it could: that is none of what must stay."""
        now, values = self._hold(), self._values()
        self.held = {
            place: now.get(place, held)
            for place, held in self.held.items()
            if (now[place].box[0] is held.box[0] if place in now else self._is_dropped(place))
        }
        self.values = {k: value for k, value in self.values.items() if values.get(k) is value}
        for entry in self.entries:
            entry.gone = entry.gone or self._is_out_of_reach(entry)

    def _is_out_of_reach(self, entry: Entry) -> bool:
        """Whether what the user wrote to is no longer where it was."""
        kind, target = entry.action
        if kind == "rebind":
            return False
        try:
            found = self._find(target.partition(",")[0])
        except (KeyError, AttributeError):
            return True
        if kind == "bump":
            return bool(found != entry.box[0])
        return kind in ("entry", "attribute") and found is not entry.box[1]

    @staticmethod
    def _is_dropped(place: str) -> bool:
        """Whether no top-level name is left; what comes back to it is what it was."""
        module, _, path = place.partition(":")
        return "." not in path and path not in vars(sys.modules.get(module, object))

    def _hold(self) -> dict[str, Held]:
        """Functions, classes, methods and enum members that stand under their own name."""
        found: dict[str, Held] = {}
        for module, name in self.facts.definitions():
            value = vars(sys.modules[module]).get(name) if module in sys.modules else None
            if getattr(value, "__module__", None) != module:
                continue
            if isinstance(value, types.FunctionType) and value.__qualname__ == name:
                found[f"{module}:{name}"] = _held(value)
            elif isinstance(value, type) and value.__qualname__ == name:
                found[f"{module}:{name}"] = _held(value)
                found.update(
                    {f"{module}:{name}.{key}": _held(inner) for key, inner in _inner(value)}
                )
        return found

    def _check_identity(self, before: Facts, old: dict[str, Held]) -> Iterator[Difference]:
        defined, was = self.facts.definitions(), before.definitions()
        for place, new in self._hold().items():
            module, _, path = place.partition(":")
            key = module, path.split(".")[0]
            if (
                place not in old
                or key not in defined
                or key not in was
                or not _comparable(place, was[key], defined[key])
            ):
                continue
            held = old[place]
            if held.function != new.function:  # one of them is a wrapper, the other what it wraps
                continue
            self.checked += 1
            if held.box[0] is not new.box[0]:
                yield Difference(
                    "identity", place, "the object held from before the edit", "another one"
                )
            elif held.shape == new.shape and held.number != new.number:
                yield Difference(
                    "identity",
                    place,
                    "the same object (nothing forbids it)",
                    "a replaced and redirected one",
                )

    def _values(self) -> dict[tuple[str, ...], Any]:
        """Module-level values that have an identity, by module and name; those in class bodies too."""
        found: dict[tuple[str, ...], Any] = {}
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] != PACKAGE or not isinstance(module, types.ModuleType):
                continue
            for key, value in vars(module).items():
                if _has_identity(value) and not key.startswith("__"):
                    found[name, key] = value
                elif isinstance(value, type):
                    for inner, own in _class_values(value, name, key):
                        found.setdefault((name, key, inner), own)
        return found

    def _check_values(self, before: Facts) -> Iterator[Difference]:
        old, new = before.digests(), self.facts.digests()
        now = self._values()
        for place, value in self.values.items():
            if len(place) == 2:
                untouched = place in old and old[place] == new.get((place[0], place[1]))
            else:
                untouched = _same_class_value(before, self.facts, place)
            if not untouched or place[0] not in sys.modules:
                continue
            self.checked += 1
            if now.get(place) is not value:
                yield Difference(
                    "state",
                    ".".join(place),
                    "the same object: the edit does not reach it",
                    f"{type(now.get(place)).__name__} anew",
                )

    def _check_entries(self, before: Facts) -> Iterator[Difference]:
        old, new = before.digests(), self.facts.digests()
        for entry in [entry for entry in self.entries if not entry.gone]:
            kind, target = entry.action
            try:
                problem = getattr(self, f"_still_{kind}")(entry, old, new)
            except (KeyError, AttributeError):  # the place is gone
                entry.gone = True
                continue
            self.checked += 1
            if problem:
                entry.gone = True
                yield Difference(
                    "user", f"{kind} {target}", "what the user did is still there", problem
                )

    def _still_entry(self, entry: Entry, old: object, new: object) -> str:
        container, wanted = self._find(entry.action[1]), entry.box[0]
        if not isinstance(container, (dict, list, set)):
            raise KeyError
        if type(container) is not type(entry.box[1]):
            raise KeyError  # a list that an edit turned into a dict has no place for it
        if container is not entry.box[1]:
            was, now = self.values.values(), self._values().values()
            if any(v is container for v in was) or any(v is entry.box[1] for v in now):
                raise KeyError  # the name stands for what another did, or the other way round
            module, _, name = entry.action[1].partition(":")
            if self.before.homes(module, name).isdisjoint(self.facts.homes(module, name)):
                raise KeyError  # the name stands for what another statement makes
        values = container.values() if isinstance(container, dict) else container
        return "" if any(value is wanted for value in values) else "the entry is lost"

    def _still_attribute(self, entry: Entry, old: object, new: object) -> str:
        owner = self._owner(entry.action[1])
        former = entry.box[1]
        if isinstance(owner, type) and owner is not former:
            if vars(sys.modules[former.__module__]).get(former.__qualname__) is former:
                raise KeyError  # the name had stood for another one, which is still there
        space = own_dict(owner) if isinstance(owner, type) else instance_dict(owner)
        return "" if space.get(entry.before) is entry.box[0] else "the attribute is lost"

    def _still_instance(self, entry: Entry, old: object, new: object) -> str:
        cls = self._owner(entry.action[1])
        made = type(entry.box[0])
        try:
            object.__new__(cls)
        except TypeError as error:  # made by nothing but what derives it from a built-in class now
            raise KeyError from error
        return "" if made is cls else f"an instance of {made!r}"

    def _owner(self, target: str) -> Any:
        """The module, or the class that a class statement of it makes under its own name.

        Raises:
            KeyError: there is no such class now; a call may make another one each time.
        """
        owner = self._find(target)
        module, _, name = target.partition(":")
        if isinstance(owner, types.ModuleType):
            return owner
        if (owner.__module__, owner.__qualname__) != (module, name):
            raise KeyError(target)
        if not isinstance(self.facts.definitions().get((module, name)), ast.ClassDef):
            raise KeyError(target)
        return owner

    def _still_bump(
        self, entry: Entry, old: dict[tuple[str, str], str], new: dict[tuple[str, str], str]
    ) -> str:
        module, _, names = entry.action[1].partition(":")
        count = names.partition(",")[0]
        value = self._find(f"{module}:{count}")
        if value == entry.box[0]:
            return ""
        if old.get((module, count)) == new.get((module, count)):
            return f"{value!r} instead of {entry.box[0]!r}"
        raise KeyError

    def _still_closure(self, entry: Entry, old: object, new: object) -> str:
        """A closure made before the edit runs the code that one made now would run."""
        held = entry.box[0]
        try:
            with _uncounted():
                made = self._find(entry.action[1])(5)
        except TypeError as error:  # what makes it takes other arguments now
            raise KeyError from error
        if (
            not isinstance(held, types.FunctionType)
            or not isinstance(made, types.FunctionType)
            or _shape(held) != _shape(made)
        ):
            raise KeyError
        same = _does_the_same(held.__code__, made.__code__)
        return "" if same else "a closure that was made before runs old code"

    def _still_rebind(self, entry: Entry, old: object, new: object) -> str:
        return (
            ""
            if self.notebook.get(entry.action[1]) is entry.box[0]
            else "the name was given another value"
        )

    # -- what is compared ------------------------------------------------------------------

    def describe(self, modules: list[str], *, calls: bool, sources: bool) -> Description:
        """The description of the session without what the user did. For a forked child: it changes things."""
        if calls:
            self._undo_user()
            self.held.clear()
            self.values.clear()
            self.entries.clear()
        return describe_session(self.root, modules, self.notebook, calls=calls, sources=sources)

    def _undo_user(self) -> None:
        for entry in self.entries:
            with contextlib.suppress(KeyError, AttributeError):
                getattr(self, f"_undo_{entry.action[0]}")(entry)

    def _undo_entry(self, entry: Entry) -> None:
        mine, container = entry.box
        if isinstance(container, dict):
            for key in [key for key, value in container.items() if value is mine]:
                del container[key]
        elif isinstance(container, list):
            container[:] = [item for item in container if item is not mine]
        elif isinstance(container, set):
            container.discard(mine)

    def _undo_attribute(self, entry: Entry) -> None:
        delattr(entry.box[1], entry.before)

    def _undo_instance(self, entry: Entry) -> None:
        entry.box.clear()

    def _undo_bump(self, entry: Entry) -> None:
        module, _, names = entry.action[1].partition(":")
        count = names.partition(",")[0]
        space = vars(sys.modules[module])
        if space[count] == entry.box[0]:
            space[count] = entry.before

    def _undo_rebind(self, entry: Entry) -> None:
        """The description says that it is the user's."""

    def _undo_closure(self, entry: Entry) -> None:
        entry.box.clear()

    def last_words(self) -> tuple[int, str]:
        """How many identities were checked, and what the tool said last."""
        return self.checked, str(self.tool.last)

    def numbers(self) -> dict[str, int]:
        """The identity of every module, and of every value in one."""
        found = {}
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] == PACKAGE:
                found[name] = id(module)
                found.update({f"{name}.{key}": id(value) for key, value in vars(module).items()})
        found.update({f"notebook.{key}": id(value) for key, value in self.notebook.items()})
        return found


def _class_values(cls: type, module: str, name: str) -> Iterator[tuple[str, Any]]:
    """The containers in the body of a class statement, from which a decorator may have derived *cls*."""
    for base in type.__dict__["__mro__"].__get__(cls):
        if base.__module__ == module and base.__qualname__ == name:
            for inner, own in own_dict(base).items():
                if type(own) in (list, dict, set):
                    yield inner, own


def _held(value: Any) -> Held:
    code = getattr(value, "__code__", None)
    return Held([value], id(value), _shape(value), getattr(code, "co_qualname", ""))


def _shape(value: Any) -> tuple[Any, ...]:
    """What decides whether CPython lets the object become another version of itself."""
    if isinstance(value, types.FunctionType):
        return value.__code__.co_freevars, value.__code__.co_qualname, value.__globals__["__name__"]
    if isinstance(value, type):
        # CPython compares what the two are derived from as well, up to a base that they share.
        layouts = tuple(map(_layout, type.__dict__["__mro__"].__get__(value)))
        # By id, as a replaced class is redirected here, too.
        return layouts, id(type(value)), id(value.__base__)
    if isinstance(value, (int, str)):
        return type(value).__base__, repr(value._value_) if isinstance(value, enum.Enum) else ""
    return _shape(type(value))


def _layout(cls: type) -> tuple[Any, ...]:
    """What instances look like in memory as far as the class has a part in it."""
    return (
        cls.__basicsize__,
        cls.__dictoffset__,
        cls.__weakrefoffset__,
        cls.__itemsize__,
        cls.__flags__ & (1 << 8),
        own_dict(cls).get("__slots__"),
        cls.__bases__ == (object,),  # which CPython keeps apart
    )


def _inner(cls: type) -> Iterator[tuple[str, Any]]:
    """Methods and enum members of the class."""
    for name, value in own_dict(cls).items():
        if (
            isinstance(value, types.FunctionType)
            and value.__qualname__ == f"{cls.__qualname__}.{name}"
        ):
            yield name, value
    if isinstance(cls, enum.EnumType):
        yield from (
            (name, member) for name, member in members_of(cls).items() if member._name_ == name
        )


def _comparable(place: str, before: ast.stmt, after: ast.stmt) -> bool:
    """Whether both versions define the thing in the plain way, once."""
    if type(before) is not type(after):
        return False
    path = place.partition(":")[2].split(".")
    if (
        len(path) == 1
        or not isinstance(before, ast.ClassDef)
        or not isinstance(after, ast.ClassDef)
    ):
        return True
    return _bound_once(before, path[1]) and _bound_once(after, path[1])


def _bound_once(node: ast.ClassDef, name: str) -> bool:
    """Whether the class body defines the name in one plain ``def`` or assignment."""
    found = [
        member
        for member in node.body
        if isinstance(member, ast.FunctionDef) and member.name == name and not member.decorator_list
    ]
    assigned = [
        inner
        for member in node.body
        if not isinstance(member, (ast.FunctionDef, ast.ClassDef))
        for inner in ast.walk(member)
        if isinstance(inner, ast.Name) and inner.id == name and isinstance(inner.ctx, ast.Store)
    ]
    return len(found) + len(assigned) == 1


def _has_identity(value: object) -> bool:
    """Whether the value is a container with something of its own, or an instance."""
    if (
        isinstance(value, (type, types.FunctionType, types.ModuleType, enum.Enum))
        or type(value).__module__ == "builtins"
    ):
        return type(value) in (list, dict, set)
    return type(value).__module__.split(".")[0] in (PACKAGE, "collections")


def _same_class_value(before: Facts, after: Facts, place: tuple[str, ...]) -> bool:
    """Whether both class bodies bind the name once, to the same display, and nothing else mentions it."""
    module, name, inner = place
    values = []
    for facts in (before, after):
        node = facts.definitions().get((module, name))
        if not isinstance(node, ast.ClassDef) or facts.mentions_of(inner) != 1:
            return False
        found = [
            m
            for m in node.body
            if isinstance(m, ast.Assign)
            and [ast.dump(t) for t in m.targets] == [f"Name(id='{inner}', ctx=Store())"]
        ]
        if len(found) != 1 or any(
            isinstance(n, (ast.Name, ast.Call)) for n in ast.walk(found[0].value)
        ):
            return False
        values.append(ast.dump(found[0].value))
    return values[0] == values[1]


@contextlib.contextmanager
def _uncounted() -> Iterator[None]:
    """Within it, classes count no instances: a session that made some is no fresh process.

    Nor is one that has cached what was computed by making some: asked again, that would count.
    """

    def counting() -> dict[type, int]:
        classes = (found for found in gc.get_objects() if isinstance(found, type))
        return {cls: own_dict(cls)["made"] for cls in classes if "made" in own_dict(cls)}

    def cached() -> dict[Any, int]:
        caches = (c for c in gc.get_objects() if isinstance(c, functools._lru_cache_wrapper))
        return {
            c: c.cache_info().currsize
            for c in caches
            if str(c.__module__).partition(".")[0] == PACKAGE
        }

    before, sizes = counting(), cached()
    try:
        yield
    finally:
        if counting() != before:
            for cache, size in cached().items():
                if size > sizes.get(cache, 0):
                    cache.cache_clear()
        for cls in counting():
            if cls in before:
                type.__setattr__(cls, "made", before[cls])
            else:
                type.__delattr__(cls, "made")


def _does_the_same(old: types.CodeType, new: types.CodeType) -> bool:
    """Whether two code objects differ in their positions at most: no pass over the heap is worth
    the line numbers of closures that somebody holds."""
    mine, theirs = (
        code.replace(
            co_firstlineno=1,
            co_linetable=b"",
            co_exceptiontable=b"",
            co_consts=(),
            co_flags=code.co_flags & 0xFFFF,  # less those of ``from __future__``
        )
        for code in (old, new)
    )
    return mine == theirs and all(
        _does_the_same(a, b)
        if isinstance(a, types.CodeType) and isinstance(b, types.CodeType)
        else a == b
        for a, b in zip(old.co_consts, new.co_consts, strict=False)
    )
