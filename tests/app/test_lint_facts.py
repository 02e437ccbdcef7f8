"""What lint asks Close: counts and names, never a lead."""

from __future__ import annotations

from support.plan_world import FakeReader, email_data, make_workspace, spec_data, wanted_run
from support.small_catalog import CATALOG, CONTEXT

from bulkplan.app.lint_facts import gather_facts
from bulkplan.core.lint.rule import EmptyTag, UnknownTag
from bulkplan.model.catalog import SmartView, Template


def _catalog(**more):
    return CATALOG.model_copy(update=more)


async def _facts(data, *, reader):
    run = wanted_run(data)
    facts = await gather_facts([run], make_workspace([run]), reader=reader, context=CONTEXT)
    return facts[run.key]


async def test_placeholders_are_counted_within_the_cohort():
    body = "{{ contact.title }} {{ lead.custom.Gone }} {{ lead.url | default: 'us' }}"
    template = Template(id="tmpl_winback", name="Win-back 2026", subject="Hi", body=body)
    reader = FakeReader(leads=40, totals={'"field_name":"title"': 7}, catalog=_catalog(templates=(template,)))
    facts = await _facts(email_data(), reader=reader)
    assert facts.empty_tags == (EmptyTag("{{ contact.title }}", "Win-back 2026", 7, 40, is_some_contact=True),)
    assert facts.unknown_tags == (UnknownTag("{{ lead.custom.Gone }}", "Win-back 2026"),)
    assert all('"stat_chu"' in query for query in reader.counted)


async def test_a_smart_view_that_asks_for_me_is_told_also_through_another():
    me = {"type": "field_condition", "field": {}, "condition": {"type": "current_user"}}
    inner = SmartView(id="save_in", name="Mine", s_query={"query": {"type": "and", "queries": [me]}})
    nested = {"type": "and", "queries": [{"type": "saved_search", "saved_search_id": "save_in"}]}
    outer = SmartView(id="save_out", name="Team", s_query={"query": nested})
    facts = await _facts(
        spec_data(filter={"smart_view": "Team"}), reader=FakeReader(catalog=_catalog(smart_views=(inner, outer)))
    )
    assert facts.user_views == ("Mine",)


async def test_a_sender_whose_user_has_left_is_told():
    facts = await _facts(email_data(), reader=FakeReader(catalog=_catalog(users=())))
    assert facts.sender_without_user == "Dana Reyes <dana@example.com>"
    assert (await _facts(email_data(), reader=FakeReader())).sender_without_user is None


async def test_what_close_does_not_know_is_a_problem_with_its_path():
    facts = await _facts(spec_data(filter={"where": {"field": "status", "is": "Chruned"}}), reader=FakeReader())
    assert [problem.path for problem in facts.problems] == [("filter", "where", "is")]


async def test_the_templates_of_a_sequences_steps_are_looked_at_and_a_question_is_asked_once():
    templates = (
        Template(id="tmpl_1", name="First", body="Hi {{ contact.title }}"),
        Template(id="tmpl_2", name="Second", subject="{{ contact.title }}"),
        Template(id="tmpl_3", name="Not in it", body="{{ lead.url }}"),
    )
    steps = ({"email_template_id": "tmpl_1"}, {"email_template_id": None}, {"email_template_id": "tmpl_2"})
    trial = CATALOG.sequences[0].model_copy(update={"steps": steps})
    reader = FakeReader(leads=9, catalog=_catalog(templates=templates, sequences=(trial,)))
    action = {"type": "sequence_subscribe", "sequence": "Trial onboarding", "sender": "dana@example.com"}
    facts = await _facts(spec_data(action=action), reader=reader)
    assert [(tag.template, tag.n_empty) for tag in facts.empty_tags] == [("First", 9), ("Second", 9)]
    assert (facts.mail_key, len(reader.counted)) == ("sequence", 2)
