"""A saved plan: what it refuses to be applied for."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from support.plan_world import ORGANIZATION, FakeReader, email_data, make_record, plan_of, spec_data, wanted_run
from support.small_catalog import CATALOG, NOW

from bulkplan.core.digest import canonical_json, sha256_text
from bulkplan.core.seal import (
    Circumstances,
    check_sealed,
    dump_sealed,
    load_sealed,
    moved_dependencies,
    moved_records,
    seal,
)
from bulkplan.errors import PlanRefusedError
from bulkplan.model.plan import SealedPlan
from bulkplan.model.record import RecordStatus

RUN = wanted_run(email_data())
EDITED = RUN.model_copy(update={"source": RUN.source.model_copy(update={"digest": "sha256:ffff"})})
OTHER_VARS = RUN.model_copy(update={"fingerprint": "v1:ffff"})
KEY = b"a secret"


async def sealed_plan(*, key: bytes | None = None, runs=(RUN,)) -> SealedPlan:
    result = await plan_of(*runs, reader=FakeReader(totals={"stat_chu": 20}))
    return seal(result.plan, key=key)


def here(**changes) -> Circumstances:
    facts = {
        "now": NOW + timedelta(hours=1),
        "organization_id": ORGANIZATION,
        "target": "production",
        "project_id": "ab" * 8,
        "lineage": "lineage-1",
        "wanted": {RUN.key: RUN},
    }
    return Circumstances(**{**facts, **changes})


async def test_a_plan_comes_back_from_its_file_as_it_was():
    sealed = await sealed_plan(key=KEY)
    assert load_sealed(dump_sealed(sealed)) == sealed
    assert check_sealed(sealed, here(key=KEY)) == ()


async def test_a_plan_written_as_ascii_is_the_same_plan():
    sealed = await sealed_plan()
    text = json.dumps(json.loads(dump_sealed(sealed)), indent=2, ensure_ascii=True) + "\n"
    assert text != dump_sealed(sealed)
    assert load_sealed(text) == sealed


async def test_every_single_byte_that_is_altered_is_refused():
    raw = dump_sealed(await sealed_plan(key=KEY)).encode()
    for index in range(len(raw)):
        flipped = raw[:index] + bytes([raw[index] ^ (1 << index % 7)]) + raw[index + 1 :]
        assert is_refused(flipped.decode("utf-8", "replace")), f"byte {index}"


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", "null", '{"schema": 1}', "[" * 100_000])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(PlanRefusedError, match="no plan"):
        load_sealed(text)


def is_refused(text: str) -> bool:
    try:
        return bool(check_sealed(load_sealed(text), here(key=KEY)))
    except PlanRefusedError:
        return True


@pytest.mark.parametrize(
    ("old", "new"),
    [('"bulkplan/plan/v1"', '"bulkplan/plan/v2"'), ('"format_version": "1.0"', '"format_version": "1.1"')],
)
async def test_a_newer_format_is_refused_with_both_versions(old, new):
    text = dump_sealed(await sealed_plan()).replace(old, new)
    with pytest.raises(PlanRefusedError, match=r"v2.*v1|1\.1.*1\.0"):
        load_sealed(text)


@pytest.mark.parametrize("is_newer", [False, True], ids=["fewer keys", "more keys"])
async def test_a_plan_of_another_version_is_told_from_an_altered_one(is_newer):
    content = json.loads(dump_sealed(await sealed_plan()))
    row = content["plan"]["changes"][0]
    if is_newer:
        row["mood"] = "good"
    else:
        del row["forecast"]
    content["plan"]["tool_version"] = "0.0.7"
    altered = json.dumps(content, indent=2) + "\n"
    content["digest"] = sha256_text(canonical_json(content["plan"]))
    with pytest.raises(PlanRefusedError, match=r"made by another version of bulkplan \(it says 0\.0\.7\)") as caught:
        load_sealed(json.dumps(content, indent=2) + "\n")
    assert "make a new plan" in caught.value.hint
    with pytest.raises(PlanRefusedError, match="altered"):
        load_sealed(altered)


async def test_a_plan_with_another_count_is_refused_even_when_it_is_well_formed():
    content = json.loads(dump_sealed(await sealed_plan()))
    content["plan"]["changes"][0]["matches"]["total"] = 1
    with pytest.raises(PlanRefusedError, match="altered"):
        load_sealed(json.dumps(content, indent=2) + "\n")


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"organization_id": "orga_other"}, [ORGANIZATION, "orga_other"]),
        ({"target": "staging"}, ["production", "staging"]),
        ({"project_id": None}, ["ab" * 8, "None"]),
        ({"lineage": "lineage-2"}, ["lineage-1", "lineage-2"]),
        ({"now": NOW + timedelta(hours=24)}, ["2026-11-23 10:30 UTC"]),
        ({"now": NOW - timedelta(minutes=1)}, ["clocks differ"]),
        ({"wanted": {}}, ["winback@1", "no spec asks"]),
        ({"wanted": {RUN.key: EDITED}}, ["sha256:ffff", RUN.source.digest[:19]]),
        ({"wanted": {RUN.key: OTHER_VARS}}, ["vars of the project", "v1:ffff", RUN.fingerprint[:19]]),
        ({"suppression": "Do Not Contact is Yes"}, ["nothing then", "Do Not Contact is Yes now"]),
    ],
)
async def test_each_reason_names_both_values(changes, facts):
    reasons = check_sealed(await sealed_plan(), here(**changes))
    assert len(reasons) == 1
    assert all(fact in reasons[0] for fact in facts)


async def test_all_reasons_are_told_at_once():
    assert len(check_sealed(await sealed_plan(), here(target="staging", lineage="x", wanted={}))) == 3


async def test_a_key_in_the_environment_demands_a_signature_made_with_it():
    unsigned, signed = await sealed_plan(), await sealed_plan(key=KEY)
    assert "not signed" in check_sealed(unsigned, here(key=KEY))[0]
    assert "wrong" in check_sealed(signed, here(key=b"another"))[0]
    assert "BULKPLAN_PLAN_KEY is not set" in check_sealed(signed, here())[0]


async def test_a_plan_that_deletes_expires_after_two_hours():
    delete = wanted_run(spec_data("purge", action={"type": "delete"}))
    plan = (await sealed_plan(runs=(delete, RUN))).plan
    assert plan.expires_at == NOW + timedelta(hours=2)
    assert (await sealed_plan()).plan.expires_at == NOW + timedelta(hours=24)


async def test_a_blocked_delete_does_not_shorten_the_plan():
    delete = wanted_run(spec_data("purge", action={"type": "delete"}, guards={"max_matches": 1}))
    assert (await sealed_plan(runs=(delete,))).plan.expires_at == NOW + timedelta(hours=24)


async def test_a_record_that_moved_is_named_with_both_versions():
    record = make_record(RUN, RecordStatus.REFUSED)
    plan = (await plan_of(RUN, records=[record], reader=FakeReader(totals={"stat_chu": 20}))).plan
    assert moved_records(plan, {"winback@1": 3}) == ()
    assert "version 3 when planned, 5 now" in moved_records(plan, {"winback@1": 5})[0]
    assert "0 now" in moved_records(plan, {})[0]


async def test_an_edited_template_is_named():
    planned = (await plan_of(RUN, reader=FakeReader(totals={"stat_chu": 20}))).plan.changes[0]
    template = CATALOG.templates[0].model_copy(update={"body": "Come back, please"})
    edited = CATALOG.model_copy(update={"templates": (template, *CATALOG.templates[1:])})
    fresh = (await plan_of(RUN, reader=FakeReader(totals={"stat_chu": 20}, catalog=edited))).plan.changes[0]
    assert moved_dependencies(planned, planned.request) == ()
    assert "Win-back 2026" in moved_dependencies(planned, fresh.request)[0]
