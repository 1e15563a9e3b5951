"""What a plan would do, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine import Ran
from ..report.failures import error_text
from ..report.words import change_text, column, place, ran_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..changes import Change
    from ..plan import ModulePlan, Plan

__all__ = ["plan_text"]


def plan_text(plan: Plan) -> str:
    """What a reload by *plan* would do at most, module by module; empty if that is nothing."""
    blocks = [_left_alone(change) for change in plan.changes if change.module not in plan.modules]
    modules = sorted(plan.modules.values(), key=lambda module: module.tracked.order)
    blocks += [_module(module) for module in modules]
    return "\n\n".join("\n".join(lines) for lines in blocks if len(lines) > 1)


def _left_alone(change: Change) -> list[str]:
    """A change that nothing can be done about."""
    if change.error is not None:
        said = error_text(change.error)
    elif change.kind in {"deleted", "opaque"}:
        said = change_text(change.kind)
    else:
        return []
    return [f"{change.module} · {place(change.path, 0)}", *column("stays", [said])]


def _module(plan: ModulePlan) -> list[str]:
    return [f"{plan.name} · {place(plan.tracked.path, 0)}", *_facts(plan)]


def _facts(plan: ModulePlan) -> Iterator[str]:
    patched = [edit.qualname for pair in plan.patch.values() for edit in pair.bodies]
    statements = plan.after.statements
    yield from column("patch", [", ".join(patched)] if patched else [])
    yield from column("run", [_statement(plan, number) for number in sorted(plan.run)])
    yield from column("drop", [", ".join(plan.dropped)] if plan.dropped else [])
    yield from column("keep", [statements[number].label for number in sorted(plan.pinned)])


def _statement(plan: ModulePlan, number: int) -> str:
    """``line 3: WIDTH, because it uses config.K``."""
    statement = plan.after.statements[number]
    where = plan.after.line_text(statement.lineno)
    return ran_text(Ran(statement.lineno, statement.label, plan.why(number), where))
