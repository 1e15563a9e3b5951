"""What changed in a module, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reloadmagic.engine import Definition, Outcome, Ran

    from . import Reloaded

__all__ = ["changed_by_module", "changed_names", "label_names", "short_names"]

_SIGNS = {"added": "+", "dropped": "-"}


def short_names(outcome: Outcome) -> list[str]:
    """What changed in a module by name, ``+`` for added, ``-`` for dropped; moves are no change."""
    told: dict[str, str] = {}
    moved: set[str] = set()
    for definition in outcome.definitions:
        if definition.kind == "moved":
            moved.add(definition.name)
        else:
            told[definition.name] = _SIGNS.get(definition.kind, "") + definition.name
    for ran in _ran_besides(outcome):
        for name in _news(ran):
            is_new = ran.because == ("added",) or name in ran.new
            told.setdefault(name, f"+{name}" if is_new and name not in moved else name)
        if not label_names(ran.label):
            told.setdefault(ran.label, ran.label)
    return list(told.values())


def changed_names(outcome: Outcome | Reloaded) -> list[str]:
    """Names of the module that are or do something else now: ``["area", "WIDTH"]``."""
    definitions = [definition.name for definition in _definitions(outcome)]
    ran = [name for ran in _ran_besides(outcome) for name in _news(ran)]
    return list(dict.fromkeys([*definitions, *ran]))


def changed_by_module(modules: Iterable[Reloaded]) -> dict[str, list[str]]:
    """`changed_names` for each module that was reloaded."""
    return {reloaded.module: changed_names(reloaded) for reloaded in modules}


def _definitions(outcome: Outcome | Reloaded) -> list[Definition]:
    return [definition for definition in outcome.definitions if definition.kind != "moved"]


def _ran_besides(outcome: Outcome | Reloaded) -> list[Ran]:
    """Statements that ran, without those of definitions that are told: these tell it better."""
    if not outcome.ran or not outcome.definitions:
        return list(outcome.ran)
    owners = {definition.name.partition(".")[0] for definition in _definitions(outcome)}
    return [ran for ran in outcome.ran if owners.isdisjoint(label_names(ran.label))]


def _news(ran: Ran) -> list[str]:
    """Names of a statement that ran which may be or do something else now."""
    return [name for name in label_names(ran.label) if name not in ran.same]


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
    if label.startswith(('"', "'")):
        return ["__doc__"]
    names = label.removeprefix("class ").removeprefix("def ").split(", ")
    return names if all(map(str.isidentifier, names)) else []
