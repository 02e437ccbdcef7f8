"""The funnel and the forecast: what a plan says of messages is what the local Close then sends."""

from __future__ import annotations

import pytest
from support.applying import PROJECT, Applying
from support.plan_world import FakeReader, email_data, plan_of, spec_data, wanted_run

from bulkplan.app.funnel import MAX_UNSUBSCRIBED
from bulkplan.errors import BadRequestError, NotAuthorizedError

SENDER = "sender: Dana Reyes <dana@example.com>"
EMAIL = "{type: email, template: Win-back 2026, %s, contact_preference: %s}"
SUBSCRIBE = "{type: sequence_subscribe, sequence: %s, %s, contact_preference: %s}"
ACTIONS = {
    "email-lead": EMAIL % (SENDER, "lead"),
    "email-contact": EMAIL % (SENDER, "contact"),
    "subscribe-lead": SUBSCRIBE % ("Trial onboarding", SENDER, "lead"),
    "subscribe-contact": SUBSCRIBE % ("Trial onboarding", SENDER, "contact"),
    "pause": "{type: sequence_pause, all_sequences: true}",
    "resume": "{type: sequence_resume, sequence: Renewal nurture}",
    "finished": "{type: sequence_resume_finished, sequence: Trial onboarding}",
}
TABLES = {
    "email": ("activity", "bulk_email_action_id"),
    "sequence_subscription": ("sequence_subscription", "bulk_action_id"),
}
SPEC = "schema: bulkplan/v1\nname: {name}\nversion: 1\nfilter: {{all_leads: true}}\naction: {action}\n{more}"
LOOSE = "guards: {email: {max_percent: 100%}, sequence: {max_percent: 100%}}"


def write(job: Applying, name: str, *, more: str = "") -> None:
    text = SPEC.format(name=name, action=ACTIONS[name], more=more)
    (job.root / "specs" / f"{name}.yaml").write_text(text)


def made(job: Applying, kind: str) -> int:
    """What was sent, or subscribed, by the one action of a kind."""
    table, column = TABLES[kind]
    ((action_id, status, _),) = job.actions(kind)
    assert status == "done"
    query = f"SELECT count(*) FROM {table} WHERE {column} = ?"  # noqa: S608 - own names
    return job.sandbox.world.connection.execute(query, (action_id,)).fetchone()[0]


@pytest.fixture
def job(tmp_path) -> Applying:
    job = Applying(tmp_path, n_leads=150)
    (tmp_path / "bulkplan.yaml").write_text(PROJECT.replace(PROJECT.splitlines()[-1], LOOSE))
    return job


@pytest.mark.parametrize("name", ACTIONS)
def test_as_many_messages_are_sent_as_were_forecast(job, name):
    write(job, name)
    (row,) = job.plan().changes
    job.apply()
    n_made = made(job, row.request.kind)
    assert row.forecast.at_least <= n_made <= row.forecast.messages
    assert n_made


@pytest.mark.parametrize("name", ACTIONS)
def test_where_the_forecast_names_one_number_it_is_the_number(job, name):
    with job.sandbox.world.connection as connection:
        connection.execute("DELETE FROM unsubscribed_email")
        if name == "subscribe-lead":
            connection.execute("DELETE FROM sequence_subscription")
    write(job, name)
    (row,) = job.plan().changes
    job.apply()
    assert row.forecast.at_least == row.forecast.messages == made(job, row.request.kind) > 0


def test_a_frozen_cohort_is_forecast_by_its_own_leads(job):
    more = "cohort: frozen\noptions: {results_limit: 12, sort: [name]}\n"
    write(job, "email-contact", more=more)
    (row,) = job.plan().changes
    assert row.funnel[0].leads == 12
    job.apply()
    assert row.forecast.at_least <= made(job, "email") <= row.forecast.messages


MAIL = wanted_run(email_data())
SENDERS = {"senders": {"Dana@example.com": {"daily_limit": 100}, "default": {"daily_limit": 9}}}


def few(**more) -> FakeReader:
    return FakeReader(totals={"stat_chu": 214}, **more)


async def only_row(wanted, reader=None, **project):
    (row,) = (await plan_of(wanted, reader=reader or few(), project=project)).plan.changes
    return row


async def test_equal_queries_are_counted_once_over_all_rows():
    one, two = few(), few()
    await plan_of(MAIL, reader=one)
    await plan_of(MAIL, wanted_run(email_data("twin")), reader=two, project={"overlaps": {"two_emails": "allow"}})
    assert len(two.counted) == len(one.counted)
    assert (one.fetched_unsubscribed, two.fetched_unsubscribed) == (1, 1)


async def test_runs_that_write_to_nobody_are_not_asked_about():
    reader = few()
    row = await only_row(wanted_run(spec_data()), reader)
    assert (row.funnel, row.forecast, reader.fetched_unsubscribed) == ((), None, 0)


async def test_days_are_those_of_the_sender_and_begun_ones_count():
    row = await only_row(MAIL, **SENDERS)
    assert (row.forecast.messages, row.forecast.daily_limit, row.forecast.days) == (214, 100, 3)
    assert "about 3 days at 100 a day (bulkplan.yaml:" in row.forecast.words
    others = await only_row(MAIL, senders={"default": {"daily_limit": 214}})
    assert (others.forecast.days, others.forecast.daily_limit) == (1, 214)
    assert (await only_row(MAIL)).forecast.days is None


async def test_runs_of_one_sender_share_his_days():
    other = wanted_run(email_data("twin"))
    plan = (await plan_of(MAIL, other, reader=few(), project=SENDERS)).plan
    for row in plan.changes:
        assert row.forecast.days == 3
        assert "about 3 days at 100 a day" in row.forecast.words
        assert row.forecast.words.endswith(", 5 with the other run of this sender")


async def test_a_limit_that_cuts_off_makes_the_forecast_a_bound():
    row = await only_row(wanted_run(email_data(options={"results_limit": 50, "sort": ["name"]})))
    assert [step.name for step in row.funnel[:2]] == ["matched", "limited"]
    assert (row.forecast.messages, row.forecast.at_least) == (50, 50)  # whoever is taken: each of them is reached
    action = {**MAIL.spec.action.model_dump(), "contact_preference": "contact"}
    row = await only_row(wanted_run(email_data(action=action, options={"results_limit": 50, "sort": ["name"]})))
    assert (row.forecast.messages, row.forecast.at_least) == (214, None)
    assert row.forecast.words.startswith("at most 214 messages expected: which 50 of 214 leads are taken is known")


class Forbidding(FakeReader):
    """Shows nobody who is unsubscribed."""

    async def fetch_unsubscribed(self, *, max_addresses):
        raise NotAuthorizedError("no")


async def test_unsubscribed_addresses_that_are_not_known_are_said_to_be():
    many = [f"{number}@example.com" for number in range(MAX_UNSUBSCRIBED + 1)]
    for reader, why in ((few(unsubscribed=many), "more than 500 addresses"), (Forbidding(totals={}), "does not see")):
        row = await only_row(MAIL, reader)
        assert "reachable" not in [step.name for step in row.funnel]
        assert row.forecast.at_least is None
        assert row.forecast.words.startswith("at most ")
        assert why in row.forecast.words


class Refusing(FakeReader):
    """Understands no query about addresses of contacts."""

    async def count(self, s_query, *, results_limit=None):
        if "exact_value" in str(s_query):
            raise BadRequestError("Unknown text mode: exact_value")
        return await super().count(s_query, results_limit=results_limit)


async def test_what_close_would_not_count_is_left_out_and_said():
    row = await only_row(MAIL, Refusing(totals={"stat_chu": 214}, unsubscribed=["a@example.com"]))
    assert [step.name for step in row.funnel] == ["matched", "with-address", "with-contact"]
    assert row.forecast.words == "at most 214 messages expected: Close would not count who is not unsubscribed"


async def test_no_plan_holds_an_address_of_a_lead():
    result = await plan_of(MAIL, reader=few(unsubscribed=["kim@private.example"]))
    assert "private.example" not in result.plan.model_dump_json()
