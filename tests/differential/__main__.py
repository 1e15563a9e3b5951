"""``python -m tests.differential``: a long run from the command line."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .case import parse
from .dice import Plan, Played, plan_from_seed
from .driver import Outcome
from .pool import Worker, play_all
from .tools import TOOLS

SESSION = 8  # edits a session


@dataclass(slots=True)
class Tally:
    """What a run added up to."""

    sessions: int = 0
    edits: int = 0
    broken: int = 0
    rejected: int = 0
    names: int = 0
    checked: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[Plan, Played]] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def add(self, plan: Plan, played: Played) -> None:
        """Count a session."""
        self.sessions += 1
        self.edits += played.outcome.edits
        self.broken += played.outcome.broken
        self.rejected += played.rejected
        self.names += played.outcome.names
        self.checked += played.outcome.checked
        self.kinds += played.kinds
        if played.outcome.differences:
            self.failed.append((plan, played))

    def __str__(self) -> str:
        seconds = time.perf_counter() - self.started
        done = self.edits + self.broken
        kinds = Counter(played.outcome.differences[0].kind for _, played in self.failed)
        differing = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none"
        return (
            f"{self.sessions} sessions, {self.edits} edits, {self.broken} broken versions ({self.rejected} drawn in vain), "
            f"{self.names} names compared, {self.checked} identities checked; sessions with a difference: {differing}; "
            f"{done / seconds:.1f} a second, {seconds:.0f} s"
        )


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; 1 when there is a difference."""
    options = _parser().parse_args(arguments)
    if options.case:
        return _replay(options)
    if options.play is not None:
        plans = [
            plan_from_seed(
                options.play, edits=options.session, broken=options.broken, tool=options.tool
            )
        ]
    else:
        sessions = -(-options.edits // options.session)
        first = options.seed * 1_000_000
        plans = [
            plan_from_seed(
                first + number, edits=options.session, broken=options.broken, tool=options.tool
            )
            for number in range(sessions)
        ]
    tally = Tally()
    for plan, played in play_all(plans, options.jobs):
        tally.add(plan, played)
        if played.outcome.differences and not options.quiet:
            print(f"seed {plan.seed}: {played.outcome.differences[0]}", flush=True)
        if len(tally.failed) >= options.stop:
            break
    _show_smallest(tally, options)
    print(tally)
    if options.verbose:
        print(", ".join(f"{kind} {count}" for kind, count in tally.kinds.most_common()))
    return 1 if tally.failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument(
        "--edits", type=int, default=2000, help="about how many edits (default 2000)"
    )
    parser.add_argument("--seed", type=int, default=1, help="where the dice start (default 1)")
    parser.add_argument("--session", type=int, default=SESSION, help="edits a session (default 8)")
    parser.add_argument(
        "--broken",
        type=float,
        default=0.0,
        help="share of versions that cannot be imported, e.g. 0.33",
    )
    parser.add_argument("--tool", choices=sorted(TOOLS), default="reloadmagic")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (default 2)")
    parser.add_argument(
        "--minimize", type=int, default=3, help="cut down so many differences (default 3)"
    )
    parser.add_argument(
        "--budget", type=int, default=600, help="runs spent on cutting one down (default 600)"
    )
    parser.add_argument(
        "--stop", type=int, default=1_000_000, help="stop after so many sessions with a difference"
    )
    parser.add_argument("--save", type=Path, help="folder to write the minimized cases to")
    parser.add_argument("--play", type=int, metavar="SEED", help="play one session again")
    parser.add_argument("--case", type=Path, help="run a case file")
    parser.add_argument("--quiet", action="store_true", help="say nothing before the end")
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="count the kinds of edits too; with --case, show the tool's report",
    )
    return parser


def _show_smallest(tally: Tally, options: argparse.Namespace) -> None:
    """Cut down some differences, of different kinds first, and print each as a case."""
    chosen: list[tuple[Plan, Played]] = []
    for failed in tally.failed:
        kinds = [played.outcome.differences[0].kind for _, played in chosen]
        chosen.insert(len(chosen) if failed[1].outcome.differences[0].kind in kinds else 0, failed)
    for plan, played in chosen[: options.minimize]:
        with Worker() as worker:
            case = worker.shrink(played.case, options.tool, options.budget)
            outcome = worker.run(case, options.tool)
        print(
            f"\n=== seed {plan.seed}, cut down ===\n{case}=== differences ===\n{_told(outcome) or _told(played.outcome)}\n"
        )
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            (options.save / f"seed-{plan.seed}.case").write_text(str(case), encoding="utf-8")


def _replay(options: argparse.Namespace) -> int:
    with Worker() as worker:
        outcome = worker.run(parse(options.case.read_text(encoding="utf-8")), options.tool)
    print(_told(outcome) or "no difference")
    if options.verbose:
        print(outcome.report)
    return 1 if outcome.differences else 0


def _told(outcome: Outcome) -> str:
    return "\n".join(str(difference) for difference in outcome.differences)


if __name__ == "__main__":
    sys.exit(main())
