"""The small model of Close answers create, list, event log and fetch as the sandbox does."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from support.sandbox_client import NOON, SandboxClient

from bulkplan.sandbox import Echo, SandboxSettings
from sim.close_model import CloseModel

QUERY = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}
NEGATED = {"type": "id", "negate": True, "value": "lead_nobody"}
SEEN = ("status", "n_leads", "n_leads_processed", "s_query", "sort", "results_limit")
LOADING_S = 2.0


class Both:
    """One trace on both sides; IDs are told apart by the order in which they were taken."""

    def __init__(self, echo: str) -> None:
        self.echo, self.now, self.ids = echo, 0.0, []
        settings = SandboxSettings(leads_per_second=float("inf"), loading_seconds=LOADING_S, echo=Echo(echo))
        self.client = SandboxClient(leads=5, settings=settings)
        self.model = CloseModel(n_leads=3, loading_s=LOADING_S, echo=echo.replace("_", "-"))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.client.clock.advance(seconds)

    def create(self, limit: int) -> None:
        query = {"type": "and", "queries": [QUERY, NEGATED]}
        status_id = self.client.status_id("Potential")
        body = {"type": "set_lead_status", "lead_status_id": status_id}
        body |= {"s_query": query, "results_limit": limit, "sort": []}
        answer = self.client.ok("POST", "/bulk_action/edit/", body)
        taken = self.model.create("edit", body, now=self.now)
        self.ids.append((answer["id"], taken.id))
        self.agree([answer], [self.model.view(taken, now=self.now, just_taken=True)])

    def list(self) -> None:
        found = self.client.get("/bulk_action/edit/")["data"]
        self.agree(found, self.model.list("edit", now=self.now))

    def log(self) -> None:
        found = self.client.get("/event/", object_type="bulk_action.edit", action="created")["data"]
        self.agree([event["data"] for event in found], self.model.log("edit", now=self.now))

    def fetch(self, number: int) -> None:
        real, ours = self.ids[number]
        answer = self.client.get(f"/bulk_action/edit/{real}/")
        self.agree([answer], [self.model.fetch("edit", ours, now=self.now)])

    def agree(self, real, ours) -> None:
        names = dict(self.ids)
        assert [names[one["id"]] for one in real] == [one.id for one in ours]
        for left, right in zip(real, ours, strict=True):
            assert {name: left[name] for name in SEEN} == {name: getattr(right, name) for name in SEEN}
            made = datetime.fromisoformat(left["date_created"])
            made = made.replace(tzinfo=made.tzinfo or UTC)
            assert (made - NOON).total_seconds() == pytest.approx(right.date_created.timestamp() - EPOCH_S)


EPOCH_S = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("echo", ["as_sent", "normalized", "stripped"])
@pytest.mark.parametrize("seed", range(8))
def test_the_same_trace_is_answered_alike(seed, echo):
    dice, both = random.Random(seed), Both(echo)
    try:
        for _ in range(40):
            step = dice.choice((both.list, both.log, None, None, "create", "fetch"))
            if step is None:
                both.wait(dice.choice((0.001, 0.5, LOADING_S, 30.0)))
            elif step == "create" and len(both.ids) < 8:
                both.create(3)
            elif step == "fetch" and both.ids:
                both.fetch(dice.randrange(len(both.ids)))
            elif callable(step):
                step()
    finally:
        both.client.sandbox.close()
