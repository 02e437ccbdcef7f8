"""A person's word, killed at any system call that touches state or network: taken once, or not at all, then again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from kill.points import Command, Tally, chosen, spread
from kill.strace import kill_at, require_strace

from bulkplan.model.record import Record

KEY = "mark@1"
APPLY = ("apply", "--auto-approve", "--no-wait", "--settle-timeout", "0s")
LATER = (
    "-c",
    """
import sys
from datetime import timedelta
from bulkplan.cli import wiring
from bulkplan.cli.main import run

class Later(wiring.SystemClock):
    def now(self):
        return super().now() + timedelta(hours=1)

    async def sleep(self, seconds):
        pass

wiring.SystemClock = Later
sys.exit(run(sys.argv[1:]))
""",
)
"""The program an hour from now, for which a minute is nothing: only then may a person say that a run did not run."""
SAMPLE = {"local": 2, "git": 1, "s3": 1, "postgres": 1}


@dataclass(frozen=True)
class Decision:
    """A word about a run, after which its record is `after`, and one entry of its history begins with `note`."""

    name: str
    after: str
    note: str
    words: tuple[str, ...]
    is_open: bool = True
    """Whether it is about a run that nobody can tell about; else about one that is done."""

    def command(self, by_hand: str) -> Command:
        """The command that says it; `by_hand` is the action that a person began."""
        words = [by_hand if word == "BY_HAND" else word for word in self.words]
        return Command(self.name, ("state", *words), LATER)


DECISIONS = (
    Decision(
        "did-not-run", "released", "a person says that it did not run",
        ("settle", KEY, "--did-not-run", "--reason", "the proxy's log says so", "--yes", "mark"),
    ),
    Decision("ran", "submitted", "a person says that it ran", ("settle", KEY, "--ran", "BY_HAND")),
    Decision(
        "forget", "forgotten", "forgotten: ",
        ("forget", KEY, "--reason", "it is given up", "--yes", "mark"), is_open=False,
    ),
)  # fmt: skip


@pytest.fixture(scope="session")
def kept() -> dict[bool, tuple[Record, str]]:
    """Records that decisions are about, open or not, and the ID of an action that somebody began by hand."""
    return {}


@pytest.fixture
def begin(new_project, crowded, states, kept):
    """Makes a project whose one run waits for a decision; the record is made once, by a real apply."""

    def record_for(decision):
        project = new_project("decided")
        if decision.is_open:
            crowded.fault("drop", method="POST", path="/bulk_action/edit/")
        assert project.run("apply", "--auto-approve", "--settle-timeout", "0s").code == (5 if decision.is_open else 0)
        record = states.record(project, KEY)
        by_hand = crowded.client.post("/bulk_action/edit/", json=record.body).raise_for_status().json()
        return record, by_hand["id"]

    def make(decision, name):
        if decision.is_open not in kept:
            kept[decision.is_open] = record_for(decision)
        record, by_hand = kept[decision.is_open]
        project = new_project(name)
        states.keep(project, record)
        return project, decision.command(by_hand)

    return make


def _check(project, crowded, states, decision, command, point):
    """Say it again, hold what is then against the promises, and tell how often the first time was enough."""
    again = project.run(*command.words, program=command.program)
    record = states.record(project, KEY)
    assert (record.status, again.code in (0, 3)) == (decision.after, True), (point, again)
    assert sum(entry.note.startswith(decision.note) for entry in record.history) == 1, (point, record.history)
    if decision.name == "did-not-run":
        assert project.run(*APPLY).code == 0
        after = states.record(project, KEY)
        assert (after.attempt, len(after.nonces)) == (record.attempt + 1, 2)
    wanted = 1 if decision.name == "did-not-run" else 0
    assert crowded.actions_of(project, KEY) == {KEY: wanted}, point
    return "said twice" if again.code == 0 else "said once"


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: decision.name)
@spread(SAMPLE)
def test_a_decision_killed_at_any_call_is_taken_whole_or_not_at_all(
    begin, crowded, states, share, decision, points_of, kill_all, tell
):
    require_strace()
    _, command = begin(decision, "first")
    points = points_of(command, states, lambda name: begin(decision, name)[0])
    mine = chosen(points, SAMPLE, states.kind, share, kill_all=kill_all)
    tally = Tally(len(mine))
    for number, point in tally.walk(mine, tell):
        project, command = begin(decision, f"killed-{number}")
        tally.n_killed += kill_at(project, point, *command.words, program=command.program)
        tally.ends[_check(project, crowded, states, decision, command, point)] += 1
    tell(f"{states.kind}: {len(points)} kill points in {decision.name}; {tally}")
