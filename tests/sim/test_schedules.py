"""Twenty thousand schedules of faults: nothing runs twice, nothing is forgotten, nothing is left unsaid."""

from __future__ import annotations

import pickle

import pytest

from sim.campaign import read_keep, run_block
from sim.facts import ViolationError
from sim.plan import Kind, draw_plan
from sim.simulate import Options as SimOptions
from sim.simulate import explain, run_seed, shrink, tell

BLOCK = 1_000


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 20 * BLOCK, BLOCK))
def test_every_invariant_holds_after_each_step_and_every_run_ends_settled(first):
    block = run_block(first, BLOCK)
    assert not block.failed, "\n\n".join(explain(verdict) for verdict in block.failed[:2])
    assert set(block.ends) <= {"done", "submitted", "unknown", "refused", "released"}
    assert (
        block.ends["refused"] + block.ends["released"] < block.ends["done"] / 100
    )  # those that nobody matches any more
    assert block.ends["unknown"] < block.ends["done"] / 4


def test_a_seed_given_by_hand_is_told_and_judged(request):
    seed = request.config.getoption("--sim-seed", None)
    if seed is None:
        pytest.skip("no --sim-seed")
    text = tell(seed, keep=read_keep(request.config.getoption("--sim-keep")))
    print(text)  # noqa: T201 - the trace is what was asked for
    assert text.endswith("holds"), text


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(24817, id="the sender's own refusal cannot be stored"),
        pytest.param(198254, id="others settle it between two looks at a store that is away for a moment"),
        pytest.param(744366, id="the sender of a repeated request cannot reach its store"),
        pytest.param(70747, id="who saw both actions of a repeated request is killed"),
    ],
)
def test_a_schedule_that_failed_once_holds(seed):
    assert run_seed(seed, SimOptions(is_wide=False)).violation is None


def test_a_violation_survives_the_way_between_two_processes():
    error = pickle.loads(pickle.dumps(ViolationError("runs_at_most_once", "run-0@1 runs a second time")))  # noqa: S301
    assert (error.invariant, str(error)) == ("runs_at_most_once", "runs_at_most_once: run-0@1 runs a second time")


@pytest.mark.parametrize("seed", [3, 216, 2647, 7062])
def test_a_seed_replays_to_the_same_bytes(seed):
    assert tell(seed) == tell(seed)


def test_a_trace_is_numbered_and_names_its_seed_and_its_faults():
    seed = next(seed for seed in range(100) if len(draw_plan(seed).faults) > 2)
    faults = draw_plan(seed).faults
    lines = tell(seed, keep=(0,)).splitlines()
    assert lines[0].startswith(f"seed {seed}: ")
    assert lines[1:3] == [f"fault 0: {faults[0]}", f"fault 1 (left out): {faults[1]}"]
    steps = [line.split()[0] for line in lines[1 + len(faults) : -2]]
    assert steps == [str(number) for number in range(1, len(steps) + 1)]


def test_each_kind_of_fault_strikes_in_the_schedules_of_every_run():
    """A fault that is drawn, and never takes place, would prove nothing."""
    silent = {
        Kind.STRANGER,
        Kind.PERSON_RAN,
        Kind.PERSON_DID_NOT_RUN,
        Kind.LOG_HIDDEN,
        Kind.STORE_AWAY,
        Kind.COHORT_MOVES,
    }
    struck = set(run_block(0, BLOCK).struck)
    assert {str(kind) for kind in Kind} - {str(kind) for kind in silent} <= struck
    drawn = {fault.kind for seed in range(BLOCK) for fault in draw_plan(seed).faults}
    assert drawn == set(Kind)


def test_a_failing_schedule_is_shrunk_to_the_faults_that_matter():
    careless = SimOptions(is_careless=True, always=(Kind.REQUEST_LATE, Kind.PERSON_DID_NOT_RUN))
    verdicts = (run_seed(seed, careless) for seed in range(2_000))
    failing = next(verdict for verdict in verdicts if verdict.violation)
    keep = shrink(failing, careless)
    faults = careless.plan(failing.seed).faults
    assert {faults[number].kind for number in keep} >= {Kind.PERSON_DID_NOT_RUN}
    assert run_seed(failing.seed, careless, keep=keep).violation.invariant == failing.violation.invariant
    for number in keep:
        fewer = tuple(one for one in keep if one != number)
        assert run_seed(failing.seed, careless, keep=fewer).violation is None
