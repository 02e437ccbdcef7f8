"""The exact request that each action sends, and every reason why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from support.small_catalog import CATALOG, CONTEXT, LEAD_CLAUSE, VIEW_QUERY, make_spec

from bulkplan.core.digest import canonical_json, digest_json
from bulkplan.core.render import RenderContext, Rendered, render_request, with_ceiling
from bulkplan.model.request import Request
from bulkplan.model.where import Where

EVERYTHING = {"type": "and", "queries": [LEAD_CLAUSE]}
DEFAULT_SORT = [
    {"direction": "asc", "field": {"type": "regular_field", "object_type": "lead", "field_name": "date_created"}}
]
SELECTION = {"s_query": EVERYTHING, "results_limit": None, "sort": DEFAULT_SORT, "send_done_email": False}
SUPPRESS: Where = TypeAdapter(Where).validate_python(
    {"any": [{"field": "custom.Do Not Contact", "is": True}]}, strict=False
)


def render(context: RenderContext = CONTEXT, **parts) -> Rendered:
    return render_request(make_spec(**parts), catalog=CATALOG, context=context)


def request(context: RenderContext = CONTEXT, **parts) -> Request:
    rendered = render(context, **parts)
    assert rendered.problems == ()
    assert rendered.request is not None
    return rendered.request


def problems(context: RenderContext = CONTEXT, **parts):
    rendered = render(context, **parts)
    assert rendered.request is None
    return rendered.problems


ACTIONS = {
    "email": (
        {"type": "email", "template": "Win-back 2026", "sender": "Dana Reyes <dana@example.com>"},
        "email",
        {
            "template_id": "tmpl_win",
            "contact_preference": "lead",
            "email_account_id": "emailacct_dana",
            "sender": "Dana Reyes <dana@example.com>",
        },
    ),
    "email by ids, to contacts": (
        {"type": "email", "template": "tmpl_f2", "sender": "emailacct_milan", "contact_preference": "contact"},
        "email",
        {
            "template_id": "tmpl_f2",
            "contact_preference": "contact",
            "email_account_id": "emailacct_milan",
            "sender": "milan@example.com",
        },
    ),
    "set_lead_status": (
        {"type": "set_lead_status", "status": "churned"},
        "edit",
        {"type": "set_lead_status", "lead_status_id": "stat_chu"},
    ),
    "set a choice": (
        {"type": "set_custom_field", "field": "Industry", "value": "saas"},
        "edit",
        {"type": "set_custom_field", "custom_field_id": "cf_industry", "custom_field_value": "SaaS"},
    ),
    "set a number": (
        {"type": "set_custom_field", "field": "custom.Employees", "value": 12.5},
        "edit",
        {"type": "set_custom_field", "custom_field_id": "cf_employees", "custom_field_value": 12.5},
    ),
    "set a date": (
        {"type": "set_custom_field", "field": "Renewal Date", "value": "2026-12-24"},
        "edit",
        {"type": "set_custom_field", "custom_field_id": "cf_renewal", "custom_field_value": "2026-12-24"},
    ),
    "set a relative date": (
        {"type": "set_custom_field", "field": "Renewal Date", "value": "in 1 month"},
        "edit",
        {"type": "set_custom_field", "custom_field_id": "cf_renewal", "custom_field_value": "2026-12-22"},
    ),
    "set a time": (
        {"type": "set_custom_field", "field": "Last Login", "value": "today"},
        "edit",
        {
            "type": "set_custom_field",
            "custom_field_id": "cf_login",
            "custom_field_value": "2026-11-21T23:00:00+00:00",
        },
    ),
    "set a user": (
        {"type": "set_custom_field", "field": "Account Owner", "value": "milan@example.com"},
        "edit",
        {"type": "set_custom_field", "custom_field_id": "cf_owner", "custom_field_value": "user_milan"},
    ),
    "set the user to me": (
        {"type": "set_custom_field", "field": "Account Owner", "value": "me"},
        "edit",
        {"type": "set_custom_field", "custom_field_id": "cf_owner", "custom_field_value": "user_dana"},
    ),
    "set yes": (
        {"type": "set_custom_field", "field": "Do Not Contact", "value": True},
        "edit",
        {"type": "set_custom_field", "custom_field_id": "cf_dnc", "custom_field_value": "Yes"},
    ),
    "replace several": (
        {"type": "set_custom_field", "field": "Tags", "values": ["vip", "VIP", "partner"]},
        "edit",
        {"type": "set_custom_field", "custom_field_id": "cf_tags", "custom_field_values": ["vip", "partner"]},
    ),
    "add one": (
        {"type": "set_custom_field", "field": "Tags", "value": "win-back", "operation": "add"},
        "edit",
        {
            "type": "set_custom_field",
            "custom_field_id": "cf_tags",
            "custom_field_value": "win-back",
            "custom_field_operation": "add",
        },
    ),
    "remove users": (
        {
            "type": "set_custom_field",
            "field": "Success Team",
            "values": ["Dana Reyes", "Milan Novak"],
            "operation": "remove",
        },
        "edit",
        {
            "type": "set_custom_field",
            "custom_field_id": "cf_team",
            "custom_field_values": ["user_dana", "user_milan"],
            "custom_field_operation": "remove",
        },
    ),
    "clear_custom_field": (
        {"type": "clear_custom_field", "field": "cf_source"},
        "edit",
        {"type": "clear_custom_field", "custom_field_id": "cf_source"},
    ),
    "delete": ({"type": "delete"}, "delete", {}),
    "subscribe": (
        {"type": "sequence_subscribe", "sequence": "Trial onboarding", "sender": "milan@example.com"},
        "sequence_subscription",
        {
            "action_type": "subscribe",
            "sequence_id": "seq_trial",
            "sender_account_id": "emailacct_milan",
            "sender_name": "Milan Novak",
            "sender_email": "milan@example.com",
            "contact_preference": "lead",
        },
    ),
    "pause": (
        {"type": "sequence_pause", "sequence": "Cold outreach"},
        "sequence_subscription",
        {"action_type": "pause", "sequence_id": "seq_cold"},
    ),
    "resume all": (
        {"type": "sequence_resume", "all_sequences": True},
        "sequence_subscription",
        {"action_type": "resume"},
    ),
    "resume finished": (
        {"type": "sequence_resume_finished", "sequence": "seq_trial"},
        "sequence_subscription",
        {"action_type": "resume_finished", "sequence_id": "seq_trial"},
    ),
}


@pytest.mark.parametrize(("action", "kind", "keys"), ACTIONS.values(), ids=ACTIONS.keys())
def test_an_action_sends_exactly_this_body(action, kind, keys):
    rendered = request(action=action)
    assert rendered.kind == kind
    assert rendered.body == {**keys, **SELECTION}


ACTION_PROBLEMS = {
    "unknown template": (
        {"type": "email", "template": "Winback 2026", "sender": "dana@example.com"},
        ("action", "template"),
        "no e-mail template",
        "Win-back 2026",
    ),
    "ambiguous template": (
        {"type": "email", "template": "Follow-up", "sender": "dana@example.com"},
        ("action", "template"),
        "2 e-mail templates",
        "tmpl_f1 or tmpl_f2",
    ),
    "archived template": (
        {"type": "email", "template": "Old pricing", "sender": "dana@example.com"},
        ("action", "template"),
        "archived",
        "restore",
    ),
    "unknown sender": (
        {"type": "email", "template": "tmpl_win", "sender": "dina@example.com"},
        ("action", "sender"),
        "dina@example.com",
        "dana@example.com",
    ),
    "identity of nobody": (
        {"type": "email", "template": "tmpl_win", "sender": "Dora <dana@example.com>"},
        ("action", "sender"),
        "Dora",
        "Dana Reyes <dana@example.com>",
    ),
    "ambiguous sender": (
        {"type": "email", "template": "tmpl_win", "sender": "Sales <sales@example.com>"},
        ("action", "sender"),
        "2 connected accounts",
        "emailacct_dana or emailacct_milan",
    ),
    "unknown account": (
        {"type": "email", "template": "tmpl_win", "sender": "emailacct_nobody"},
        ("action", "sender"),
        "emailacct_nobody",
        "Dana Reyes",
    ),
    "name instead of sender": (
        {"type": "email", "template": "tmpl_win", "sender": "Dana Reyes"},
        ("action", "sender"),
        "is no sender",
        "Dana Reyes <dana@example.com>",
    ),
    "unknown status": (
        {"type": "set_lead_status", "status": "Chruned"},
        ("action", "status"),
        "no lead status",
        "Churned",
    ),
    "unknown field": (
        {"type": "clear_custom_field", "field": "Industri"},
        ("action", "field"),
        "no custom field",
        "Industry",
    ),
    "unknown field id": ({"type": "clear_custom_field", "field": "cf_zzz"}, ("action", "field"), "the ID", "Industry"),
    "unknown choice": (
        {"type": "set_custom_field", "field": "Industry", "value": "Sass"},
        ("action", "value"),
        "no choice",
        "SaaS",
    ),
    "unknown second choice": (
        {"type": "set_custom_field", "field": "Tags", "values": ["vip", "vup"]},
        ("action", "values", 1),
        "no choice",
        "vip",
    ),
    "several on a single field": (
        {"type": "set_custom_field", "field": "Industry", "values": ["SaaS", "Retail"]},
        ("action", "values"),
        "one value",
        "value:",
    ),
    "add on a single field": (
        {"type": "set_custom_field", "field": "Source", "value": "x", "operation": "add"},
        ("action", "operation"),
        "nothing to add",
        "replaced",
    ),
    "text for a number": (
        {"type": "set_custom_field", "field": "Employees", "value": "12"},
        ("action", "value"),
        "a number",
        "",
    ),
    "number for text": (
        {"type": "set_custom_field", "field": "Source", "value": 12},
        ("action", "value"),
        "holds text",
        '"12"',
    ),
    "no date": (
        {"type": "set_custom_field", "field": "Renewal Date", "value": "soon"},
        ("action", "value"),
        "no moment",
        "2026-01-31",
    ),
    "time on a date": (
        {"type": "set_custom_field", "field": "Renewal Date", "value": "2 hours ago"},
        ("action", "value"),
        "without a time",
        "today",
    ),
    "contact by name": (
        {"type": "set_custom_field", "field": "Main Contact", "value": "Ann"},
        ("action", "value"),
        "by its ID",
        "cont_",
    ),
    "paused sequence": (
        {"type": "sequence_subscribe", "sequence": "Cold outreach", "sender": "dana@example.com"},
        ("action", "sequence"),
        "paused",
        "active",
    ),
    "draft sequence": (
        {"type": "sequence_subscribe", "sequence": "Event follow-up", "sender": "dana@example.com"},
        ("action", "sequence"),
        "draft",
        "active",
    ),
    "unknown sequence": (
        {"type": "sequence_pause", "sequence": "Trail onboarding"},
        ("action", "sequence"),
        "no sequence",
        "Trial onboarding",
    ),
    "no sequence": ({"type": "sequence_pause"}, ("action",), "all_sequences", ""),
}  # fmt: skip


@pytest.mark.parametrize(("action", "path", "message", "hint"), ACTION_PROBLEMS.values(), ids=ACTION_PROBLEMS.keys())
def test_a_problem_of_an_action_says_where_what_and_how_to_mend_it(action, path, message, hint):
    (found,) = problems(action=action)
    assert found.path == path
    assert message in found.message
    assert hint in (found.hint or "")


def test_an_ambiguous_name_lists_at_most_five_ids():
    template = CATALOG.templates[1]
    many = tuple(template.model_copy(update={"id": f"tmpl_x{number}"}) for number in range(8))
    catalog = CATALOG.model_copy(update={"templates": many})
    spec = make_spec(action={"type": "email", "template": "Follow-up", "sender": "dana@example.com"})
    (found,) = render_request(spec, catalog=catalog, context=CONTEXT).problems
    assert "8 e-mail templates" in found.message
    assert "tmpl_x4 (and 3 more)" in (found.hint or "")


def test_all_problems_of_a_spec_are_collected():
    found = problems(
        filter_={"where": {"field": "status", "is": "Nope"}},
        action={"type": "email", "template": "Nope", "sender": "nope@example.com"},
        options={"sort": ["-created_by", "name", "nope"]},
        context=replace(CONTEXT, suppress=TypeAdapter(Where).validate_python({"field": "x", "is": "y"}, strict=False)),
    )
    assert [one.path for one in found] == [
        ("filter", "where", "is"),
        ("action", "template"),
        ("action", "sender"),
        ("options", "sort", 0),
        ("options", "sort", 2),
        ("suppress", "field"),
    ]


def test_options_become_limit_and_sort():
    body = request(options={"results_limit": 500, "sort": ["-date_updated", "custom.Employees"]}).body
    assert body["results_limit"] == 500
    assert body["sort"] == [
        {"direction": "desc", "field": {"type": "regular_field", "object_type": "lead", "field_name": "date_updated"}},
        {"direction": "asc", "field": {"type": "custom_field", "custom_field_id": "cf_employees"}},
    ]


@pytest.mark.parametrize("name", ["status", "custom.Account Owner", "custom.Industry", "city", "-custom.Tags"])
def test_references_choices_and_fields_of_others_cannot_be_sorted_by(name):
    (found,) = problems(options={"sort": [name]})
    assert found.path == ("options", "sort", 0)
    assert "cannot be sorted" in found.message


def test_suppression_takes_leads_out_of_mail_and_sequences_but_not_of_edits():
    context = replace(CONTEXT, suppress=SUPPRESS)
    mail = request(context, action={"type": "email", "template": "tmpl_win", "sender": "dana@example.com"})
    reviewed, suppressed = mail.body["s_query"]["queries"]
    assert reviewed == mail.unsuppressed == EVERYTHING
    assert suppressed["negate"] is True
    assert suppressed["queries"][0]["condition"] == {"type": "term", "values": ["Yes"]}
    assert mail.names["cf_dnc"] == "Do Not Contact"
    pause = request(context, action={"type": "sequence_pause", "all_sequences": True})
    assert pause.unsuppressed == EVERYTHING
    edit = request(context, action={"type": "set_lead_status", "status": "Churned"})
    assert (edit.body["s_query"], edit.unsuppressed) == (EVERYTHING, None)


def test_without_suppression_there_is_nothing_unsuppressed():
    assert request(action={"type": "email", "template": "tmpl_win", "sender": "dana@example.com"}).unsuppressed is None


def test_what_a_request_relies_on_is_kept_by_digest():
    mail = request(action={"type": "email", "template": "tmpl_win", "sender": "dana@example.com"})
    assert [(one.kind, one.id, one.name) for one in mail.dependencies] == [
        ("template", "tmpl_win", "Win-back 2026"),
        ("sender", "emailacct_dana", "Dana Reyes <dana@example.com>"),
    ]
    assert mail.dependencies[0].digest == digest_json({"subject": "Hello", "body": "Come back", "is_archived": False})
    pause = request(action={"type": "sequence_pause", "sequence": "Trial onboarding"})
    assert pause.dependencies[0].digest == digest_json({"status": "active", "steps": [{"delay": 1}]})


def test_names_tell_what_the_ids_are():
    mail = request(
        filter_={"where": {"all": [{"field": "status", "is": "Churned"}, {"field": "custom.Industry", "is": "SaaS"}]}},
        action={"type": "email", "template": "tmpl_win", "sender": "dana@example.com"},
    )
    assert mail.names == {
        "cf_industry": "Industry",
        "emailacct_dana": "Dana Reyes <dana@example.com>",
        "stat_chu": "Churned",
        "tmpl_win": "Win-back 2026",
    }
    assert list(mail.names) == sorted(mail.names)


def test_a_smart_view_gives_its_query_limit_and_sort():
    view = request(filter_={"smart_view": "Hot leads"})
    assert view.body["s_query"] == VIEW_QUERY
    assert view.body["results_limit"] == 40
    assert view.body["sort"][0]["direction"] == "desc"
    assert [(one.kind, one.id) for one in view.dependencies] == [("smart view", "save_hot")]
    assert view.names["save_hot"] == "Hot leads"


def test_options_win_over_those_of_a_smart_view():
    body = request(filter_={"smart_view": "Hot leads"}, options={"results_limit": 50, "sort": ["name"]}).body
    assert body["results_limit"] == 50
    assert body["sort"][0]["field"]["field_name"] == "name"


def test_a_view_that_depends_on_the_user_is_allowed_and_said():
    rendered = render(filter_={"smart_view": "My leads"})
    assert rendered.request is not None
    assert any("depends on who asks" in note for note in rendered.notes)


def test_a_view_inside_a_view_is_a_dependency_too():
    nested = request(filter_={"smart_view": "Nested"})
    assert [one.id for one in nested.dependencies] == ["save_nest", "save_hot"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("Executives", "selects contacts"), ("Old text view", "old text search"), ("Hot leeds", "no smart view")],
)
def test_views_that_cannot_be_used_are_refused(name, message):
    (found,) = problems(filter_={"smart_view": name})
    assert found.path == ("filter", "smart_view")
    assert message in found.message


def test_a_ceiling_is_the_smaller_of_asked_and_approved():
    free, limited = request(), request(options={"results_limit": 10})
    assert with_ceiling(free, 25).body["results_limit"] == 25
    assert with_ceiling(limited, 25).body["results_limit"] == 10
    assert with_ceiling(limited, 4).body["results_limit"] == 4
    assert limited.body["results_limit"] == 10


@pytest.mark.parametrize("approved", [0, -1])
def test_a_ceiling_of_nothing_cannot_be_made(approved):
    with pytest.raises(ValueError, match="ceiling"):
        with_ceiling(request(), approved)


def test_the_same_spec_at_the_same_instant_gives_the_same_bytes():
    parts = {
        "filter_": {"where": {"field": "date_created", "before": "3 hours ago"}},
        "action": {"type": "set_custom_field", "field": "Tags", "values": ["vip", "partner"]},
    }
    assert canonical_json(request(**parts).body) == canonical_json(request(**parts).body)


def test_relative_days_do_not_move_within_a_day():
    parts = {"filter_": {"where": {"field": "date_created", "before": "90 days ago"}}}
    later = replace(CONTEXT, now=CONTEXT.now.replace(hour=22))
    assert request(**parts).body == request(later, **parts).body


names = st.sampled_from(["Churned", "Industry", "Tags", "Nope", "tmpl_win", "Follow-up", "dana@example.com", "<", "@"])
actions = st.one_of(
    st.builds(lambda a, b: {"type": "email", "template": a, "sender": b}, names, names),
    st.builds(lambda a: {"type": "set_lead_status", "status": a}, names),
    st.builds(
        lambda a, value, op: {"type": "set_custom_field", "field": a, "value": value, "operation": op},
        st.sampled_from([field.name for field in CATALOG.lead_fields]),
        names | st.integers(-3, 3) | st.booleans() | st.sampled_from(["today", "now", "me"]),
        st.sampled_from(["replace", "add"]),
    ),
    st.builds(lambda a: {"type": "sequence_pause", "sequence": a}, names),
)


@given(actions)
def test_rendering_never_fails_and_gives_a_request_or_problems(action):
    rendered = render(action=action)
    assert (rendered.request is None) is bool(rendered.problems)
    for found in rendered.problems:
        assert found.path[0] == "action"


@pytest.mark.parametrize(
    "query",
    [
        {"type": "match_all"},
        {"type": "and", "queries": []},
        {"type": "object_type", "object_type": "lead"},
        {"query": {"type": "or", "queries": [{"type": "match_all"}, {"type": "id", "value": "lead_1"}]}},
    ],
)
def test_a_query_that_asks_nothing_of_a_lead_is_an_error(query):
    rendered = render(filter_={"query": query})
    assert rendered.request is None
    assert "all_leads: true" in rendered.problems[0].hint
