"""What a definition uses, and what runs again when it changes.

It is asked of the index and of a planner that nothing is edited for, so it is what can run at most:
a value that comes out equal reaches nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..plan import Planner
from ..report.words import place, reasons_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..plan import ModulePlan
    from ..reach.index import Index
    from ..reach.tokens import Token
    from ..reloader import Reloader

__all__ = ["MOST", "definition_reaches", "module_reaches", "several", "used_by"]

MOST = 8  # told of one kind


def used_by(index: Index, module: str, number: int) -> list[str]:
    """Full names of the user's that make a statement run again when they change."""
    found: dict[str, None] = {}
    for path in index.modules[module].summaries[number].now.paths:
        for (where, name), _ in index.names.resolve(module, path):
            known = index.modules.get(where)
            if known is not None and name in known.bindings:
                found[f"{where}.{name}"] = None
    return list(found)


def module_reaches(reloader: Reloader, module: str) -> tuple[str, ...]:
    """What may run again in other modules when all values of *module* change."""
    entry = reloader.index.modules.get(module)
    names = entry.bindings if entry is not None else ()
    tokens: list[Token] = [("bind", module, name) for name in names]
    return several([line for where, line in _consequences(reloader, tokens) if where != module])


def definition_reaches(
    reloader: Reloader, module: str, definition: str, kind: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """By what may be edited of the definition, in words for its *kind*, what is done then."""
    top = definition.partition(".")[0]
    if kind == "class":
        functions = reloader.index.modules[module].functions
        methods = [name for name in functions if name.startswith(f"{definition}.")]
        if methods:
            code: list[Token] = [("code", module, name) for name in methods]
            yield "an edited method", _patched(_reruns(reloader, code))
        tokens: list[Token] = [(how, module, top) for how in ("head", "shape", "made")]
        yield "anything else", _reruns(reloader, tokens)
    elif kind in {"function", "method"}:
        body = _reruns(reloader, [("code", module, definition)])
        yield "an edited body", _patched(body)
        rest = _reruns(reloader, [("code", module, definition), ("bind", module, top)])
        if kind == "function" and rest != body:
            yield "anything else", rest
    else:
        tokens = [("bind", module, top), ("content", module, top)]
        yield "a new value", _reruns(reloader, tokens)


def _reruns(reloader: Reloader, tokens: Iterable[Token]) -> tuple[str, ...]:
    first, *others = [line for _, line in _consequences(reloader, tokens)] or ["nothing"]
    return several([f"reruns {first}", *others])


def _patched(lines: tuple[str, ...]) -> tuple[str, ...]:
    return (f"is patched in place; {lines[0]}", *lines[1:])


def _consequences(reloader: Reloader, tokens: Iterable[Token]) -> list[tuple[str, str]]:
    """Modules and statements that may run if *tokens* change, in order of import."""
    planner = Planner(
        reloader.index,
        reloader.tracked,
        patchable=lambda plan, pair: True,  # noqa: ARG005
        keep=reloader.keep,
    )
    return [
        (plan.name, _statement(plan, number))
        for plan in planner.follow(tokens)
        for number in sorted(plan.run)
    ]


def _statement(plan: ModulePlan, number: int) -> str:
    """``model.py:3 WIDTH, as it uses config.K``."""
    statement = plan.after.statements[number]
    why = f", as {reasons_text(plan.why(number)[:1])}" if plan.why(number) else ""
    return f"{place(*plan.after.place_of(statement.lineno))} {statement.label}{why}"


def several(lines: list[str]) -> tuple[str, ...]:
    """As many lines as one can read, and how many more there are."""
    if len(lines) <= MOST + 1:
        return tuple(lines)
    return (*lines[:MOST], f"… {len(lines) - MOST} more")
