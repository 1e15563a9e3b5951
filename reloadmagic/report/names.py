"""What changed in a module, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadmagic.engine import Outcome, Ran

__all__ = ["changed_names", "label_names", "short_names"]

_SIGNS = {"added": "+", "dropped": "-"}


def short_names(outcome: Outcome) -> list[str]:
    """What changed in a module by name, ``+`` for added, ``-`` for dropped; moves are no change."""
    definitions = {
        definition.name: _SIGNS.get(definition.kind, "") + definition.name
        for definition in outcome.definitions
        if definition.kind != "moved"
    }
    return list(dict.fromkeys([*definitions.values(), *_ran_besides(outcome, definitions)]))


def changed_names(outcome: Outcome) -> list[str]:
    """Names of the module that are or do something else now: ``["area", "WIDTH"]``."""
    definitions = [d.name for d in outcome.definitions if d.kind != "moved"]
    ran = [name for said in _ran_besides(outcome, definitions) for name in label_names(said)]
    return list(dict.fromkeys([*definitions, *ran]))


def _ran_besides(outcome: Outcome, definitions: Iterable[str]) -> list[str]:
    """Statements that ran, without those of *definitions*: these tell it better."""
    owners = {name.partition(".")[0] for name in definitions}
    return [name for name in map(_ran_name, outcome.ran) if name not in owners]


def _ran_name(ran: Ran) -> str:
    """``"class Circle"`` is told as ``Circle``, as its definitions are; an import by its names."""
    return ", ".join(label_names(ran.label)) or ran.label


def label_names(label: str) -> list[str]:
    """The names that a statement binds, as far as its label tells; empty for other statements."""
    head, _, imported = label.partition("import ")
    if head.startswith("from __future__"):
        return []
    if imported and (not head or head.startswith("from ")):
        parts = imported.strip("()\n ").split(",")
        names = [part.split(" as ")[-1].strip() for part in parts]
        names = [name if head else name.partition(".")[0] for name in names]
        return [name for name in names if name.isidentifier()]
    names = label.removeprefix("class ").removeprefix("def ").split(", ")
    return names if all(name.isidentifier() for name in names) else []
