"""What explain says of a run is what would be sent, each part at its place."""

from __future__ import annotations

import pytest
from support.linting import documents
from support.plan_world import FakeReader, make_record
from support.small_catalog import CATALOG, CONTEXT, NOW, make_spec

from bulkplan.app.explain import Scene, explain_offline, explain_run, find_runs
from bulkplan.app.workspace import examine
from bulkplan.core.render import RenderContext, render_request
from bulkplan.core.request_origins import origin_of
from bulkplan.errors import InvalidFilesError, UsageError
from bulkplan.model.document import ProjectFiles
from bulkplan.model.record import RecordStatus

SPEC = """\
schema: bulkplan/v1
name: winback
version: 2
owner: revops@example.com
depends_on: [tag]
filter:
  where:
    all:
      - {field: status, is: Churned}
      - any:
          - {field: custom.Industry, is: SaaS}
          - not: {has: opportunity, where: {field: status_type, is: active}}
      - {use: quiet}
action:
  type: email
  template: Win-back 2026
  sender: Dana Reyes <dana@example.com>
guards: {max_matches: 200}
---
schema: bulkplan/v1
name: tag
version: 1
filter: {where: {field: status, is: Churned}}
action: {type: set_lead_status, status: Potential}
"""
FRAGMENT = """\
schema: bulkplan/filter/v1
name: quiet
where: {field: last_communication_date, before: 90 days ago}
"""
PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
suppress: {field: custom.Do Not Contact, is: "Yes"}
guards: {email: {max_percent: 5%}}
"""


def _scene(spec: str = SPEC, *, records=None) -> Scene:
    files = ProjectFiles(
        project=documents("bulkplan.yaml", PROJECT)[0],
        specs=documents("specs/winback.yaml", spec),
        fragments=documents("filters/quiet.yaml", FRAGMENT),
    )
    findings = examine(files, now=NOW)
    assert not findings.problems, findings.problems
    return Scene(findings.workspace, NOW, "Europe/Berlin", records)


def _context(scene: Scene) -> RenderContext:
    return RenderContext(NOW, CONTEXT.timezone, scene.workspace.project.suppress, CONTEXT.user_id)


async def _explained(scene: Scene, name: str = "winback"):
    (wanted,) = find_runs(scene.workspace, name)
    return await explain_run(wanted, scene, reader=FakeReader(), context=_context(scene))


def _nodes(value):
    """Every object in a query, each with and without its negation."""
    if isinstance(value, dict):
        yield value
        yield {key: item for key, item in value.items() if key != "negate"}
        for item in value.values():
            yield from _nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from _nodes(item)


async def test_every_part_stands_in_the_request_and_beside_its_line():
    explained = await _explained(_scene())
    inside = list(_nodes(explained.request.body["s_query"]))
    told = [(part.depth, part.words, part.at) for part in explained.parts]
    assert told == [
        (0, "is a lead", None),
        (0, "all of", "specs/winback.yaml:8"),
        (1, "status is Churned", "specs/winback.yaml:9"),
        (1, "any of", "specs/winback.yaml:10"),
        (2, "Industry is SaaS", "specs/winback.yaml:11"),
        (2, "not", "specs/winback.yaml:12"),
        (3, "an opportunity, of which", "specs/winback.yaml:12"),
        (4, "status type is active", "specs/winback.yaml:12"),
        (1, "the fragment quiet", "specs/winback.yaml:13"),
        (2, "last communication date is before 90 days ago", "filters/quiet.yaml:3"),
        (0, "none of those who are left out", "bulkplan.yaml:3"),
        (1, "Do Not Contact is Yes", "bulkplan.yaml:3"),
        (0, "the marker, which every lead meets", None),
    ]
    assert [part.words for part in explained.parts if part.node is not None and part.node not in inside] == []
    assert sum(part.node is not None for part in explained.parts) == 6


async def test_keys_names_and_guards_say_where_they_come_from():
    explained = await _explained(_scene())
    keys = {fact.name: (fact.why.partition(":")[0], fact.at) for fact in explained.body}
    assert keys["template_id"] == ("spec", "specs/winback.yaml:16")
    assert keys["contact_preference"] == ("default", None)
    assert keys["sort"] == ("default", None)
    assert ("Churned", "stat_chu", "specs/winback.yaml:9") in [
        (fact.name, fact.value, fact.at) for fact in explained.names
    ]
    guards = {fact.name: (fact.value, fact.why, fact.at) for fact in explained.guards}
    assert guards["max_matches"] == ("200", "spec", "specs/winback.yaml:18")
    assert guards["max_percent"] == ("5%", "project", "bulkplan.yaml:4")
    assert guards["max_drift"] == ("5%", "default", None)


async def test_what_is_recorded_decides_when_it_runs():
    scene = _scene()
    (tag,), (winback,) = find_runs(scene.workspace, "tag"), find_runs(scene.workspace, "winback@2")
    never = await _explained(_scene(records=()))
    assert (never.decision.reason, never.record) == ("never ran", None)
    assert "it never ran" in never.timing[0].why
    ran = await _explained(_scene(records=(make_record(tag), make_record(winback, RecordStatus.DONE))))
    assert (ran.decision.kind, ran.record.status) == ("no-op", "done")
    assert ran.timing[0].why.startswith("it ran (done at")
    assert "not looked at" in (await _explained(scene)).timing[0].why


def test_offline_there_are_words_and_places_but_no_nodes():
    scene = _scene()
    explained = explain_offline(find_runs(scene.workspace, "winback")[0], scene)
    assert explained.request is None
    assert explained.body == explained.names == ()
    assert [part.node for part in explained.parts] == [None] * len(explained.parts)
    assert len(explained.parts) == 13


@pytest.mark.parametrize(
    ("filter_", "words"),
    [
        ("{query: {type: and, queries: [{type: in_status, status_ids: [stat_chu]}]}}", ["is a lead", "all of"]),
        ("{smart_view: Hot leads}", ["all of", "is a lead"]),
        ("{all_leads: true}", ["is a lead", "nothing else: every lead"]),
    ],
)
async def test_every_form_of_filter_is_taken_apart(filter_, words):
    spec = SPEC.partition("---\n")[2].replace("{where: {field: status, is: Churned}}", filter_)
    explained = await _explained(_scene(spec), "tag")
    assert [part.words for part in explained.parts][: len(words)] == words
    inside = list(_nodes(explained.request.body["s_query"]))
    assert all(part.node is None or part.node in inside for part in explained.parts)


async def test_a_name_that_close_does_not_know_is_told_at_its_place():
    with pytest.raises(InvalidFilesError) as caught:
        await _explained(_scene(SPEC.replace("is: Churned}\n      - any", "is: Chruned}\n      - any")))
    assert str(caught.value.problems[0].at).startswith("specs/winback.yaml:9:")


def test_a_name_that_no_spec_has_is_told_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        find_runs(_scene().workspace, "winbak")
    assert "winback" in caught.value.hint


_SENDS = {"template": "Win-back 2026", "sender": "Dana Reyes <dana@example.com>"}
_STARTS = {"sequence": "Trial onboarding", "sender": "Dana Reyes <dana@example.com>"}


@pytest.mark.parametrize(
    "action",
    [
        {"type": "email", **_SENDS},
        {"type": "set_lead_status", "status": "Potential"},
        {"type": "set_custom_field", "field": "Tags", "values": ["vip"], "operation": "add"},
        {"type": "set_custom_field", "field": "Source", "value": "web"},
        {"type": "clear_custom_field", "field": "Source"},
        {"type": "delete"},
        {"type": "sequence_subscribe", **_STARTS},
        *(
            {"type": f"sequence_{what}", "sequence": "Trial onboarding"}
            for what in ("pause", "resume", "resume_finished")
        ),
    ],
    ids=lambda action: action["type"],
)
def test_every_key_that_an_action_sends_has_its_origin(action):
    request = render_request(make_spec(action=action), catalog=CATALOG, context=CONTEXT).request
    assert [key for key in request.body if origin_of(key, action["type"]) is None] == []
