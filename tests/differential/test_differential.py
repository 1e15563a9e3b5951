from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .case import Case, parse
from .dice import Plan, Played, plan_from_seed
from .driver import Outcome
from .pool import Worker, play_all

CASES = sorted((Path(__file__).parent / "cases").glob("*.case"))
BUDGET = 300  # runs spent on cutting a difference down before it is shown

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="sessions are forked")

PLANS = st.builds(
    Plan,
    seed=st.integers(0, 2**32),
    modules=st.integers(1, 4),
    blocks=st.integers(1, 8),
    edits=st.integers(1, 5),
    broken=st.sampled_from((0.0, 0.33)),
    user=st.booleans(),
    sources=st.booleans(),
)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker() as worker:
        yield worker


def told(outcome: Outcome) -> str:
    return "\n".join(map(str, outcome.differences))


def smallest(worker: Worker, played: Played, tool: str = "reloadmagic") -> str:
    """What to show of a session with a difference: the least of it that has one, ready for ``cases/``."""
    case = worker.shrink(played.case, tool, BUDGET)
    return f"{case}\n=== {told(worker.run(case, tool)) or told(played.outcome)}"


def assert_no_difference(worker: Worker, plans: list[Plan]) -> None:
    failed = [played for _, played in play_all(plans, 2) if played.outcome.differences]
    assert not failed, smallest(worker, failed[0])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_difference_once_found_stays_away(worker: Worker, path: Path) -> None:
    outcome = worker.run(parse(path.read_text(encoding="utf-8")), "reloadmagic")
    assert told(outcome) == ""


def test_random_sessions_are_what_fresh_processes_are(worker: Worker) -> None:
    assert_no_difference(worker, [plan_from_seed(seed) for seed in range(100)])


def test_sessions_recover_from_broken_versions(worker: Worker) -> None:
    assert_no_difference(worker, [plan_from_seed(seed, broken=0.33) for seed in range(1000, 1060)])


def test_any_session_is_what_a_fresh_process_is(worker: Worker) -> None:
    failed: list[Played] = []

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(PLANS)
    def play(plan: Plan) -> None:
        played = worker.play(plan)
        if played.outcome.differences:
            failed.append(played)
        assert not played.outcome.differences

    try:
        play()
    except AssertionError:
        # Hypothesis ends with the smallest plan; the minimizer goes on from there, in the text.
        pytest.fail(smallest(worker, failed[-1]))


@pytest.mark.parametrize("broken", [0.0, 0.33])
def test_sessions_with_notebooks_are_what_they_are_with_files(broken: float) -> None:
    files = [plan_from_seed(seed, edits=5, broken=broken) for seed in range(3000, 3005)]
    plans = [*files, *(replace(plan, notebooks=True) for plan in files)]
    found = {plan: told(played.outcome) for plan, played in play_all(plans, 2)}
    assert [found[replace(plan, notebooks=True)] for plan in files] == [found[p] for p in files]


def test_importing_everything_again_shows_no_difference() -> None:
    plans = [plan_from_seed(seed, tool="purge") for seed in range(2000, 2010)]
    assert [told(played.outcome) for _, played in play_all(plans, 2)] == [""] * len(plans)


def test_importlib_reload_shows_differences() -> None:
    plans = [plan_from_seed(seed, tool="importlib") for seed in range(2000, 2010)]
    assert sum(bool(played.outcome.differences) for _, played in play_all(plans, 2)) > 7


def test_a_difference_is_cut_down_to_a_few_lines(worker: Worker) -> None:
    played = worker.play(plan_from_seed(2000, tool="importlib"))
    text = str(worker.shrink(played.case, "importlib", BUDGET))
    assert len(text.splitlines()) < 20 < len(str(played.case).splitlines())


def test_a_plan_is_played_in_the_same_way_again(worker: Worker) -> None:
    plan = plan_from_seed(2001, broken=0.3, tool="purge")
    assert worker.play(plan).case == worker.play(plan).case


def test_a_case_is_read_back_from_its_text(worker: Worker) -> None:
    case: Case = worker.play(plan_from_seed(2002, broken=0.5, tool="purge")).case
    assert str(parse(str(case))) == str(case)
