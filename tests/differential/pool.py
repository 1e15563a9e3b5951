"""Worker processes that play plans and run cases, so that whoever asks stays small and unharmed.

A worker is a fresh interpreter that has imported only what ``driver.prepare`` says: sessions and fresh
processes are forks of it. Requests and replies are pickles on its standard streams.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from .case import Case
from .dice import Plan, Played, Player
from .driver import Outcome, Unsound, prepare, run_case
from .minimize import minimize

TOP = Path(__file__).parents[__name__.count(".")]


class Worker:
    """A worker process, seen from outside."""

    def __init__(self) -> None:
        environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(TOP), *filter(None, [environment.get("PYTHONPATH")])]
        )
        command = [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )

    def _ask(self, *request: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(request, self._process.stdin)
        self._process.stdin.flush()
        ok, reply = pickle.load(self._process.stdout)
        if not ok:
            raise reply
        return reply

    def play(self, plan: Plan) -> Played:
        """Play a plan."""
        played: Played = self._ask("play", plan)
        return played

    def run(self, case: Case, tool: str) -> Outcome:
        """Run a case.

        Raises:
            Unsound: a version of it cannot be imported.
        """
        outcome: Outcome = self._ask("run", case, tool)
        return outcome

    def shrink(self, case: Case, tool: str, budget: int) -> Case:
        """The smallest case that fails as *case* does."""
        smallest: Case = self._ask("shrink", case, tool, budget)
        return smallest

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def serve() -> None:
    """Answer requests until the other side goes away."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    prepare()
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        try:
            reply: tuple[bool, object] = True, _handle(*request)
        except Exception as error:
            reply = False, error
        pickle.dump(reply, replies)
        replies.flush()


def _handle(what: str, *arguments: Any) -> object:
    if what == "play":
        return Player(*arguments).play()
    if what == "run":
        return run_case(*arguments)
    case, tool, budget = arguments
    return shrink(case, tool, budget)


def shrink(case: Case, tool: str, budget: int) -> Case:
    """The smallest case near *case* with the same kind of difference in its last version."""
    wanted = _kinds(case, tool)
    return minimize(case, lambda smaller: bool(wanted & _kinds(smaller, tool)), budget)


def _kinds(case: Case, tool: str) -> set[str]:
    try:
        outcome = run_case(case, tool)
    except Unsound:
        return set()
    last = outcome.version == len(case.versions) - 1
    return {outcome.differences[0].kind} if outcome.differences and last else set()


def play_all(plans: Iterable[Plan], workers: int) -> Iterator[tuple[Plan, Played]]:
    """Play all plans with several workers; in the order in which they end."""
    idle: SimpleQueue[Worker] = SimpleQueue()
    everyone = [Worker() for _ in range(workers)]
    for worker in everyone:
        idle.put(worker)

    def play(plan: Plan) -> tuple[Plan, Played]:
        worker = idle.get()
        try:
            return plan, worker.play(plan)
        finally:
            idle.put(worker)

    threads = ThreadPoolExecutor(workers)
    try:
        for done in as_completed([threads.submit(play, plan) for plan in plans]):
            yield done.result()
    finally:
        threads.shutdown(cancel_futures=True)
        for worker in everyone:
            worker.close()
