"""Why a module or definition was, was not or would be reloaded, and what it reaches."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..modules import module_spec
from ..report.failures import STILL_HOLDS, error_text
from ..report.words import change_text, listed, place, reasons_text
from .finding import find_name
from .happened import definition_history, module_history
from .reaching import MOST, definition_reaches, module_reaches, several, used_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..changes import Change
    from ..modules import TrackedModule
    from ..plan import Plan
    from ..reach.entry import ModuleEntry
    from ..reloader import Reloader
    from ..source import Statement

__all__ = ["Explanation", "explain"]

Fact = tuple[str, tuple[str, ...]]
"""A title, such as ``"now"``, with sentences."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of one name.

    Attributes:
        name: in full, such as ``"shapes.Circle.grow"``.
        kind: ``module``, ``function``, ``method``, ``class``, ``import`` or ``value``.
        place: file and line.
        facts: titles, such as ``"now"`` or ``"uses"``, with sentences.
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


def _left_alone(reloader: Reloader, name: str) -> Explanation | None:
    """What there is to say of a module that is not tracked; None for any other name."""
    why = reloader.why_untracked(name)
    if not why:
        return None
    spec = module_spec(sys.modules[name])
    origin = spec.origin if spec is not None and spec.has_location else None
    where = place(origin, 0) if type(origin) is str else "no file"
    return Explanation(name, "module", where, (("now", (f"left alone: {why}",)),))


class _Teller:
    """Collects the facts about one module and what is in it."""

    def __init__(self, reloader: Reloader, plan: Plan, tracked: TrackedModule) -> None:
        self.reloader = reloader
        self.plan = plan
        self.tracked = tracked
        self.change = next((c for c in plan.changes if c.module == tracked.name), None)

    def module(self) -> Explanation:
        """The module as a whole."""
        name = self.tracked.name
        imports = self.reloader.index.imports.by_module()
        importers = sorted(other for other, found in imports.items() if name in found)
        steps = [step for step in self.plan.steps if step.module == name and step.action != "skip"]
        return self._explanation(
            name,
            "module",
            place(self.tracked.path, 0),
            ("now", self._now()),
            ("would", map(str, steps)),
            ("imports", _in_a_line(sorted(imports.get(name, ())))),
            ("imported by", _in_a_line(importers)),
            ("reaches", module_reaches(self.reloader, name)),
            ("your names", _in_a_line([*self._aliases(), *self._imported()])),
            ("history", module_history(self.reloader, name)),
        )

    def definition(self, definition: str) -> Explanation:
        """A definition in the module."""
        name = self.tracked.name
        entry = self.reloader.index.modules[name]
        number = entry.bindings[definition.partition(".")[0]][-1]
        statement = entry.source.statements[number]
        kind = _kind(entry, definition, statement)
        where = entry.source.place_of(_lineno(definition, statement))
        full = f"{name}.{definition}"
        uses = [used for used in used_by(self.reloader.index, name, number) if used != full]
        return self._explanation(
            full,
            kind,
            place(*where),
            ("now", self._now(definition)),
            ("would", self._would(definition)),
            ("uses", several(uses)),
            *definition_reaches(self.reloader, name, definition, kind),
            ("your names", _in_a_line(self._imported(definition))),
            ("history", definition_history(self.reloader, name, definition)),
        )

    @staticmethod
    def _explanation(
        name: str, kind: str, where: str, *facts: tuple[str, Iterable[str]]
    ) -> Explanation:
        told = ((title, tuple(sentences)) for title, sentences in facts)
        return Explanation(name, kind, where, tuple(fact for fact in told if fact[1]))

    def _now(self, definition: str = "") -> Iterator[str]:
        if self.tracked.failed is not None:
            yield f"failed: {error_text(self.tracked.failed)}. {STILL_HOLDS}"
            yield "It is tried again once an edit could mend it."
        elif self.tracked.name in self.reloader.undone:
            yield "undone: an older version runs than the one in the file, until that is edited"
        elif self.change is None or self.change.kind == "touched":
            yield "current: what last ran is what the file holds"
        elif definition and not _is_edited(self.change, definition):
            yield "the file is edited, this definition is not"
        else:
            yield f"stale: {change_text(self.change.kind)}"

    def _would(self, definition: str) -> Iterator[str]:
        """What a reload would do to the definition now."""
        planned = self.plan.modules.get(self.tracked.name)
        if planned is None:
            return
        top = definition.partition(".")[0]
        binders = {n for n, s in enumerate(planned.after.statements) if top in s.binds}
        for number in binders & planned.patch.keys():
            names = [edit.qualname for edit in planned.patch[number].bodies]
            yield f"patch {', '.join(names)} in place; the statement does not run"
        for number in sorted(binders & set(planned.run)):
            line = planned.after.line_text(planned.after.statements[number].lineno)
            yield f"run {line} again, as {reasons_text(planned.why(number))}"
        if top in planned.dropped:
            yield f"drop {top}: the file no longer binds it"
        if not binders.isdisjoint(planned.pinned):
            yield "keep its value: it is pinned"

    def _aliases(self) -> Iterator[str]:
        """The user's names that are the module itself."""
        for space in self.reloader.namespaces:
            for name, value in list(space.names.items()):
                if value is self.tracked.module:
                    yield name

    def _imported(self, definition: str = "") -> Iterator[str]:
        """The user's names that were imported from the module, or as *definition* alone."""
        for space in self.reloader.namespaces:
            for name, origins in space.provenance.items():
                for module, attr in origins:
                    if module == self.tracked.name and definition in {"", attr}:
                        yield name if name == attr else f"{name} (imported as {attr})"


def _kind(entry: ModuleEntry, definition: str, statement: Statement) -> str:
    if definition in entry.functions:
        return "method" if "." in definition else "function"
    if definition in entry.classes:
        return "class"
    return "import" if statement.fragment.kind == "import" else "value"


def _lineno(definition: str, statement: Statement) -> int:
    """The line of the definition itself, inside a class too."""
    lineno = statement.lineno
    body: list[ast.stmt] = statement.parse()
    for part in definition.split(".")[1:]:
        body = [child for node in body for child in getattr(node, "body", ())]
        named = [node for node in body if getattr(node, "name", None) == part]
        if not named:
            break
        lineno, body = named[-1].lineno, named[-1:]
    return lineno


def _is_edited(change: Change, definition: str) -> bool:
    if change.after is None or change.before is None:
        return True
    top = definition.partition(".")[0]
    before, after = (
        [s.fragment.key for s in source.statements if top in s.binds]
        for source in (change.before, change.after)
    )
    return before != after


def _in_a_line(names: Iterable[str]) -> tuple[str, ...]:
    found = list(names)
    return (listed(found, MOST),) if found else ()
