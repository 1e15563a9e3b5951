"""Why a module or definition was, was not or would be reloaded, and what it reaches.

A name is looked for as people write it: a module, a definition in one, a name of the notebook's,
or the bare name of a definition.
"""

from __future__ import annotations

import difflib
import sys
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ReloadMagicError
from ..modules import module_spec
from ..plan import Planner
from ..report.failures import STILL_HOLDS, error_text
from ..report.names import label_names, short_names
from ..report.words import place, ran_text, reasons_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..changes import Change
    from ..engine import Outcome
    from ..modules import Statement, TrackedModule
    from ..plan import ModulePlan, Plan
    from ..reach.index import Token
    from ..reloader import Reloader

__all__ = ["Explanation", "UnknownName", "explain", "find_name", "known_names"]

MOST = 8  # lines told of one kind
Fact = tuple[str, tuple[str, ...]]


class UnknownName(ReloadMagicError, LookupError):
    """A name that means no module and no definition of the user's.

    Attributes:
        name: as it was asked for.
        candidates: names that it may have meant.
    """

    def __init__(self, name: str, candidates: Iterable[str] = (), why: str = "") -> None:
        self.name = name
        self.candidates = tuple(candidates)
        meant = f" Did you mean {' or '.join(self.candidates)}?" if self.candidates else ""
        super().__init__(f"{why or f'No module or definition of yours is called {name!r}.'}{meant}")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of one name.

    Attributes:
        name: in full, such as ``"shapes.Circle.grow"``.
        kind: ``module``, ``function``, ``method``, ``class``, ``import`` or ``value``.
        place: file and line.
        facts: titles, such as ``"now"`` or ``"reaches"``, with sentences.
    """

    name: str
    kind: str
    place: str
    facts: tuple[Fact, ...]

    def __str__(self) -> str:
        width = max((len(title) for title, _ in self.facts), default=0)
        lines = [f"{self.name} · {self.kind} · {self.place}"]
        for title, sentences in self.facts:
            lines += [
                f"  {'' if number else title:<{width}}  {sentence}"
                for number, sentence in enumerate(sentences)
            ]
        return "\n".join(lines)


def explain(reloader: Reloader, name: str) -> Explanation:
    """All that is known of *name*.

    Raises:
        UnknownName: it means no module, and nothing in one that is tracked.
    """
    plan = reloader.plan()
    alone = _left_alone(reloader, name)
    if alone is not None:
        return alone
    module, definition = find_name(reloader, name)
    teller = _Teller(reloader, plan, reloader.tracked[module])
    return teller.definition(definition) if definition else teller.module()


# Which name is meant -------------------------------------------------------------------------------


def find_name(reloader: Reloader, name: str) -> tuple[str, str]:
    """The module and the definition in it that *name* means; ``""`` for the module itself.

    Raises:
        UnknownName: it means nothing that is tracked.
    """
    name = name.removesuffix("()")
    found = _absolute(reloader, name) or _in_notebook(reloader, name)
    if found is not None:
        return found
    ending = [full for full in _definitions(reloader) if full.endswith(f".{name}")]
    if len(ending) == 1:
        found = _absolute(reloader, ending[0])
        assert found is not None
        return found
    if ending:
        raise UnknownName(name, ending[:MOST], why=f"Several are called {name!r}.")
    why = _why_unknown(reloader, name)
    raise UnknownName(name, () if why else _close(name, known_names(reloader)), why)


def _close(name: str, known: list[str]) -> list[str]:
    """Full names that *name*, or its end, was perhaps meant to be."""
    by_end: dict[str, str] = {}
    for full in known:
        by_end.setdefault(full.rpartition(".")[2].lower(), full)
    close = difflib.get_close_matches(name, known, n=3)
    ends = difflib.get_close_matches(name.rpartition(".")[2].lower(), by_end, n=3)
    return list(dict.fromkeys([*close, *(by_end[end] for end in ends)]))[:3]


def known_names(reloader: Reloader) -> list[str]:
    """Full names of all modules, their definitions and the members of classes."""
    names = []
    for module, entry in reloader.index.modules.items():
        names.append(module)
        inside = dict.fromkeys((*entry.bindings, *entry.classes, *entry.functions))
        names += [f"{module}.{inner}" for inner in inside if "<" not in inner and inner != "*"]
    return names


def _definitions(reloader: Reloader) -> Iterator[str]:
    """As `known_names`, without what is only imported there."""
    index = reloader.index
    for full in known_names(reloader):
        module, definition = _absolute(reloader, full) or (full, "")
        entry = index.modules[module]
        numbers = entry.bindings.get(definition, ())
        kinds = {entry.source.statements[number].fragment.kind for number in numbers}
        if kinds != {"import"}:
            yield full


def _absolute(reloader: Reloader, name: str) -> tuple[str, str] | None:
    """Module and definition where *name* begins with a tracked module's name."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        module = ".".join(parts[:count])
        if module in reloader.tracked:
            definition = ".".join(parts[count:])
            return (module, definition) if _is_in(reloader, module, definition) else None
    return None


def _is_in(reloader: Reloader, module: str, definition: str) -> bool:
    entry = reloader.index.modules.get(module)
    if not definition:
        return True
    if entry is None:
        return False
    return any(
        definition in names for names in (entry.bindings, entry.classes, entry.functions)
    ) or (_class_attribute(entry, definition) is not None)


def _class_attribute(entry: Any, definition: str) -> tuple[str, str] | None:
    owner, _, attr = definition.rpartition(".")
    known = entry.classes.get(owner)
    return (owner, attr) if known is not None and attr in known[1].attrs else None


def _in_notebook(reloader: Reloader, name: str) -> tuple[str, str] | None:
    """What a name of the user's own namespace stands for: an import, a class, an instance."""
    root, _, rest = name.partition(".")
    for space in reloader.namespaces:
        if root not in space.names:
            continue
        candidates = [".".join(origin) for origin in space.provenance.get(root, ())]
        candidates += _origins(space.names[root])
        for candidate in candidates:
            found = _absolute(reloader, f"{candidate}.{rest}" if rest else candidate)
            if found is not None:
                return found
    return None


def _origins(value: object) -> Iterator[str]:
    """Full names of what *value* is, read without running any code of the user's."""
    kind = type(value)  # isinstance() would ask a proxy for its __class__
    if issubclass(kind, types.ModuleType):
        spec = module_spec(value)
        if spec is not None:
            yield spec.name
    elif kind is types.FunctionType:
        assert isinstance(value, types.FunctionType)
        yield f"{value.__module__}.{value.__qualname__}"
    else:
        for base in type.__dict__["__mro__"].__get__(value if issubclass(kind, type) else kind):
            module = type.__getattribute__(base, "__dict__").get("__module__")
            yield f"{module}.{type.__dict__['__qualname__'].__get__(base)}"


def _left_alone(reloader: Reloader, name: str) -> Explanation | None:
    """What there is to say of a module that is not tracked; None for any other name."""
    why = reloader.why_untracked(name)
    if not why:
        return None
    spec = module_spec(sys.modules[name])
    origin = spec.origin if spec is not None and spec.has_location else None
    where = place(origin, 0) if type(origin) is str else "no file"
    return Explanation(name, "module", where, (("now", (f"left alone: {why}",)),))


def _why_unknown(reloader: Reloader, name: str) -> str:
    """Why a name that means a module, or something in one, is left alone; else ``""``."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        module = ".".join(parts[:count])
        if module in reloader.tracked:
            return ""
        if module in sys.modules:
            return f"{module} is left alone: {reloader.why_untracked(module)}."
    return ""


# What is told of it --------------------------------------------------------------------------------


class _Teller:
    """Collects the facts about one module and what is in it."""

    def __init__(self, reloader: Reloader, plan: Plan, tracked: TrackedModule) -> None:
        self.reloader = reloader
        self.plan = plan
        self.tracked = tracked
        self.index = reloader.index
        self.entry = self.index.modules.get(tracked.name)
        self.change = next((c for c in plan.changes if c.module == tracked.name), None)
        self.planned = plan.modules.get(tracked.name)

    def module(self) -> Explanation:
        """The module as a whole."""
        name = self.tracked.name
        imports = self.index.imports()
        steps = [str(step) for step in self.plan.steps if step.module == name]
        names = list(self.entry.bindings) if self.entry is not None else []
        reached = self._consequences(("bind", name, bound) for bound in names)
        facts: list[Fact] = [
            ("now", tuple(self._now())),
            ("would", tuple(steps if self.plan else ())),
            ("imports", _short(sorted(imports.get(name, ())))),
            ("imported by", _short(sorted(a for a, found in imports.items() if name in found))),
            ("reaches", _several([line for where, line in reached if where != name])),
            ("notebook", _short(self._notebook_names(""))),
            ("history", tuple(self._module_history())),
        ]
        return self._explanation("", "module", 0, facts)

    def definition(self, definition: str) -> Explanation:
        """A definition in the module."""
        number = self._statement(definition)
        statement = self.entry.source.statements[number] if self.entry is not None else None
        kind = self._kind(definition, statement)
        facts: list[Fact] = [
            ("now", tuple(self._now(definition))),
            ("would", tuple(self._would(definition))),
            ("uses", _several(self._uses(definition, number))),
            *self._reach(definition, kind),
            ("notebook", _short(self._notebook_names(definition))),
            ("history", tuple(self._history(definition))),
        ]
        return self._explanation(definition, kind, self._lineno(definition, statement), facts)

    def _explanation(
        self, definition: str, kind: str, lineno: int, facts: list[Fact]
    ) -> Explanation:
        name = f"{self.tracked.name}.{definition}" if definition else self.tracked.name
        told = tuple((title, sentences) for title, sentences in facts if sentences)
        where = (self.tracked.path, 0)
        if self.entry is not None and lineno:
            where = self.entry.source.place_of(lineno)
        return Explanation(name, kind, place(*where), told)

    def _statement(self, definition: str) -> int:
        """The last statement that binds the definition's outermost name."""
        assert self.entry is not None
        return self.entry.bindings[definition.partition(".")[0]][-1]

    def _kind(self, definition: str, statement: Statement | None) -> str:
        assert self.entry is not None
        if definition in self.entry.functions:
            return "method" if "." in definition else "function"
        if definition in self.entry.classes:
            return "class"
        if statement is not None and statement.fragment.kind == "import":
            return "import"
        return "value"

    def _lineno(self, definition: str, statement: Statement | None) -> int:
        """The line of the definition itself, inside a class too."""
        import ast

        if statement is None:
            return 0
        _, _, inner = definition.partition(".")
        body: list[ast.stmt] = statement.parse()
        lineno = statement.lineno
        for part in inner.split(".") if inner else ():
            body = [child for node in body for child in getattr(node, "body", ())]
            named = [node for node in body if getattr(node, "name", None) == part]
            if not named:
                break
            lineno, body = named[-1].lineno, list(named[-1:])
        return lineno

    # How it stands -------------------------------------------------------------------------------

    def _now(self, definition: str = "") -> Iterator[str]:
        if self.tracked.failed is not None:
            yield f"failed: {error_text(self.tracked.failed)}. {STILL_HOLDS}"
            yield "it is tried again when a file is edited that could mend it"
        elif self.tracked.name in self.reloader.undone:
            yield "undone: an older version runs than the one in the file, until that is edited"
        elif self.change is None or self.change.kind == "touched":
            yield "current: what last ran is what the file holds"
        elif definition and not self._is_edited(self.change, definition):
            yield "the file is edited, this definition is not"
        else:
            yield f"stale: {_KINDS.get(self.change.kind, 'edited since it last ran')}"

    def _is_edited(self, change: Change, definition: str) -> bool:
        if change.after is None or change.before is None:
            return True
        top = definition.partition(".")[0]
        keys = [
            [s.fragment.key for s in source.statements if top in s.binds]
            for source in (change.before, change.after)
        ]
        return keys[0] != keys[1]

    def _would(self, definition: str) -> Iterator[str]:
        """What a reload would do to the definition now."""
        planned = self.planned
        if planned is None:
            return
        top = definition.partition(".")[0]
        for number, pair in planned.patch.items():
            if top in planned.after.statements[number].binds:
                names = [edit.qualname for edit in pair.bodies]
                yield f"patch {', '.join(names)} in place; the statement does not run"
        for number in sorted(planned.run):
            if top in planned.after.statements[number].binds:
                line = planned.after.line_text(planned.after.statements[number].lineno)
                yield f"run {line} again, as {_why(planned, number)}"
        if top in planned.dropped:
            yield f"drop {top}: the file no longer binds it"
        for number in planned.pinned:
            if top in planned.after.statements[number].binds:
                yield "keep its value: it is pinned"

    # What it uses and reaches ----------------------------------------------------------------------

    def _uses(self, definition: str, number: int) -> list[str]:
        """Tracked names that make its statement run again when they change."""
        assert self.entry is not None
        module = self.tracked.name
        unit = self.entry.summaries[number].now
        found: dict[str, None] = {}
        for path in unit.paths:
            for (where, name), _ in self.index.resolve(module, path):
                known = self.index.modules.get(where)
                if known is not None and name in known.bindings:
                    found[f"{where}.{name}"] = None
        found.pop(f"{module}.{definition}", None)
        return list(found)

    def _reach(self, definition: str, kind: str) -> Iterator[Fact]:
        """What runs again when the definition changes, in words for its kind."""
        module, top = self.tracked.name, definition.partition(".")[0]
        if kind in {"function", "method"}:
            code: Token = ("code", module, definition)
            yield "its body", self._ways([code], "is patched in place")
            head = self._ways([code, ("bind", module, top)])
            if kind == "function" and head != self._ways([code]):
                yield "its head", head
        elif kind == "class":
            yield "its methods", ("are patched in place, each on its own",)
            tokens: list[Token] = [("head", module, top), ("shape", module, top)]
            yield "its head", self._ways(tokens)
        else:
            yield "its value", self._ways([("bind", module, top), ("content", module, top)])

    def _ways(self, tokens: list[Token], first: str = "") -> tuple[str, ...]:
        lines = [line for _, line in self._consequences(tokens)]
        if not lines:
            return (f"{first}, and nothing runs again" if first else "nothing runs again",)
        return _several([f"{f'{first}; ' if first else ''}runs again: {lines[0]}", *lines[1:]])

    def _consequences(self, tokens: Iterable[Token]) -> list[tuple[str, str]]:
        """Modules and statements that may run if *tokens* change, in order of import."""
        planner = Planner(
            self.index,
            self.reloader.tracked,
            patchable=lambda plan, pair: True,  # noqa: ARG005
            keep=self.reloader.keep,
        )
        plans = planner.follow(tokens)
        return [
            (plan.name, _planned_text(plan, number))
            for plan in plans
            for number in sorted(plan.run)
        ]

    # What became of it -------------------------------------------------------------------------------

    def _notebook_names(self, definition: str) -> list[str]:
        """Names that cells imported it under."""
        module = self.tracked.name
        found = []
        for space in self.reloader.namespaces:
            if definition:
                origin = (module, definition)
                found += [n for n, known in space.provenance.items() if origin in known]
            else:
                found += [
                    n for n, value in list(space.names.items()) if value is self.tracked.module
                ]
                found += [
                    f"{n} (from {module} import {attr})"
                    for n, known in space.provenance.items()
                    for origin, attr in known
                    if origin == module
                ]
        return found

    def _module_history(self) -> Iterator[str]:
        """The last reloads that had to do with the module, newest first."""
        told = list(self._told_of())
        for number, outcome in told[:3]:
            names = short_names(outcome)
            what = f" ({', '.join(names[:MOST])})" if names else ""
            why = "" if outcome.edited else ", reached by another module's edit"
            error = f": {error_text(outcome.error)}" if outcome.error is not None else ""
            yield f"reload {number}: {outcome.status}{what}{why}{error}"
        if not told:
            yield "not reloaded since it was imported"

    def _history(self, definition: str) -> Iterator[str]:
        """The last reloads that had to do with the definition, newest first."""
        found = []
        for number, outcome in self._told_of():
            words = [f"{d.kind}" for d in outcome.definitions if _is_same(d.name, definition)]
            top = definition.partition(".")[0]
            words += [f"ran {ran_text(r)}" for r in outcome.ran if top in label_names(r.label)]
            if words and outcome.status == "failed":
                words.append("rolled back, as the reload failed")
            if words:
                found.append(f"reload {number}: {'; '.join(words)}")
        yield from found[:3] or ["unchanged since its module was imported"]

    def _told_of(self) -> Iterator[tuple[int, Outcome]]:
        history = list(enumerate(self.reloader.history, 1))
        for number, report in reversed(history):
            for outcome in report.outcomes:
                if outcome.module == self.tracked.name and outcome.status != "touched":
                    yield number, outcome


_KINDS = {
    "modified": "edited since it last ran",
    "deleted": "its file is gone",
    "moved": "an import finds it in another file now",
    "opaque": "changed, and only a restart can load it",
    "unreadable": "edited since it last ran, and cannot be read or parsed",
}


def _why(planned: ModulePlan, number: int) -> str:
    return reasons_text(planned.why(number))


def _planned_text(plan: ModulePlan, number: int) -> str:
    """``model.py:3 WIDTH, as it uses config.K``."""
    statement = plan.after.statements[number]
    why = f", as {reasons_text(plan.why(number)[:1])}" if plan.why(number) else ""
    return f"{place(*plan.after.place_of(statement.lineno))} {statement.label}{why}"


def _is_same(name: str, definition: str) -> bool:
    """Is *name* the definition, a part of it, or what it is a part of?"""
    return (
        name == definition or name.startswith(f"{definition}.") or definition.startswith(f"{name}.")
    )


def _several(lines: list[str]) -> tuple[str, ...]:
    """As many lines as one can read, and how many more there are."""
    if len(lines) <= MOST + 1:
        return tuple(lines)
    return (*lines[:MOST], f"… {len(lines) - MOST} more")


def _short(names: list[str]) -> tuple[str, ...]:
    """Names on one line."""
    if not names:
        return ()
    more = f" … {len(names) - MOST} more" if len(names) > MOST + 1 else ""
    return (", ".join(names if not more else names[:MOST]) + more,)
