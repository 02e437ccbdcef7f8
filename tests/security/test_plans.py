"""Plans that somebody forged: with a digest of their own, with another's signature, with rows that no spec asks for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress

import pytest
from core.test_seal import KEY, RUN, here, sealed_plan
from support.applying import Applying

from bulkplan.core.seal import check_sealed, dump_sealed, load_sealed, seal
from bulkplan.errors import PlanRefusedError, RefusedError
from bulkplan.model.plan import ChangeKind, Plan, SealedPlan
from bulkplan.model.run import RunKey

OTHER = {str: "forged", int: 999, bool: None, float: 9.9, type(None): "forged"}


def leaves(value, path=()) -> Iterator[tuple]:
    """The place of every value in some JSON that holds no others."""
    if isinstance(value, dict | list) and value:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path


def altered(value, path):
    """The same JSON with another value at one place."""
    if not path:
        return not value if isinstance(value, bool) else [1] if value == [] else {} if value == {} else _other(value)
    rest = altered(value[path[0]], path[1:])
    if isinstance(value, dict):
        return {**value, path[0]: rest}
    return [rest if index == path[0] else item for index, item in enumerate(value)]


def _other(value):
    return value + 1 if isinstance(value, int) else "sha256:0" if value != "sha256:0" else "x"


@pytest.fixture(scope="module")
def signed() -> SealedPlan:
    return asyncio.run(sealed_plan(key=KEY))


def test_no_value_of_a_signed_plan_can_be_another_whatever_its_digest_says(signed):
    content = json.loads(dump_sealed(signed))["plan"]
    n_forged = 0
    for path in leaves(content):
        with suppress(ValueError):  # no plan at all: refused as such
            plan = Plan.model_validate_json(json.dumps(altered(content, path)))
            forged = seal(plan, key=None).model_copy(update={"hmac": signed.hmac})
            if plan == signed.plan:
                continue
            n_forged += 1
            assert "signature is wrong" in " ".join(check_sealed(load_sealed(dump_sealed(forged)), here(key=KEY))), path
    assert n_forged > 40


@pytest.mark.parametrize(
    "update",
    [{"hmac": None}, {"hmac": ""}, {"hmac": "é"}, {"hmac": "hmac-sha256:"}, {"hmac": "hmac-sha256:" + "0" * 64}],
)
def test_no_other_signature_will_do(signed, update):
    assert check_sealed(signed.model_copy(update=update), here(key=KEY))
    for key in (b"", b"a secre", KEY + b"!", KEY[::-1]):
        other = seal(signed.plan, key=key)
        assert check_sealed(other, here(key=KEY)), key


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:" + "0" * 64, "é", "md5:0", "SHA256"])
def test_no_other_digest_will_do(signed, digest):
    with pytest.raises(PlanRefusedError):
        load_sealed(dump_sealed(signed.model_copy(update={"digest": digest})))


@pytest.mark.parametrize(
    "text",
    [
        '{"schema":',
        "\x00",
        "PK\x03\x04",
        "\x80\x04\x95",
        "!!python/object:os.system",
        "[" * 10**6,
        "9" * 10**6,
        '"' * 99,
    ],
)
def test_what_is_no_plan_is_never_made_one(text):
    for content in (text, f'{{"schema": "bulkplan/plan/v1", "plan": {text}'):
        with pytest.raises(PlanRefusedError):
            load_sealed(content)


def test_a_plan_says_each_thing_once(signed):
    text = dump_sealed(signed)
    doubled = text.replace('"target": ', '"target": "staging",\n    "target": ', 1)
    with pytest.raises(PlanRefusedError):
        load_sealed(doubled)
    for odd in (text + " ", " " + text, text.replace("  ", "\t"), text.replace('"plan"', '"pl\\u0061n"', 1)):
        with pytest.raises(PlanRefusedError):
            load_sealed(odd)


def test_another_run_cannot_take_the_place_of_a_reviewed_one(signed):
    (row,) = signed.plan.changes
    for key in (RunKey("other", 1), row.key._replace(version=9), row.key._replace(variant="x")):
        plan = signed.plan.model_copy(update={"changes": (row.model_copy(update={"key": key}),)})
        assert any("no spec asks" in reason for reason in check_sealed(seal(plan, key=None), here()))
    assert check_sealed(seal(signed.plan, key=None), here(wanted={RUN.key: RUN})) == ()


@pytest.fixture
def job(tmp_path):
    job = Applying(tmp_path / "project")
    job.write("warm-up")
    return job


MATCH_ALL = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}


def _body(**keys):
    return lambda row: {"request": row.request.model_copy(update={"body": {**row.request.body, **keys}})}


FORGERIES = {
    "every lead": _body(s_query=MATCH_ALL),
    "another status": _body(lead_status_id="stat_forged"),
    "another action": _body(type="clear_custom_field", custom_field_id="cf_forged"),
    "one key more": _body(send_done_email=True),
    "another kind": lambda row: {"request": row.request.model_copy(update={"kind": "delete"})},
    "another kind in words": lambda row: {
        "request": row.request.model_copy(update={"kind": "delete"}),
        "action_type": "delete",
    },
    "frozen to others": lambda row: {
        "cohort_kind": "frozen",
        "request": row.request.model_copy(
            update={"body": {**row.request.body, "s_query": {"type": "id", "value": "lead_forged"}}}
        ),
    },
    "another fingerprint": lambda row: {"fingerprint": "v1:" + "0" * 64},
    "an older record": lambda row: {"record_version": 7},
    "a larger count": lambda row: {"matches": row.matches.model_copy(update={"total": 999_999, "limited": 999_999})},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_without_a_key_a_forged_row_still_sends_only_what_its_spec_asks_for(job, forgery):
    saved = job.save()
    (row,) = saved.plan.changes
    forged = row.model_copy(update=FORGERIES[forgery](row))
    with pytest.raises((PlanRefusedError, RefusedError)):
        job.apply_saved(seal(saved.plan.model_copy(update={"changes": (forged,)}), key=None))
    assert job.actions() == job.actions("delete") == job.actions("email") == []


def test_without_a_key_no_row_can_be_added(job):
    saved = job.save()
    (row,) = saved.plan.changes
    added = row.model_copy(update={"key": RunKey("purge", 1), "action_type": "delete"})
    with pytest.raises(PlanRefusedError, match="no spec asks"):
        job.apply_saved(seal(saved.plan.model_copy(update={"changes": (row, added)}), key=None))
    assert job.actions() == job.actions("delete") == []


def test_a_forged_plan_that_bears_the_id_of_a_used_one_sends_nothing(job):
    saved = job.save()
    job.apply_saved(saved)
    before = job.actions()
    (row,) = saved.plan.changes
    for kind in ChangeKind:
        forged = row.model_copy(update={"key": RunKey("purge", 1), "kind": kind})
        with suppress(PlanRefusedError, RefusedError):
            job.apply_saved(seal(saved.plan.model_copy(update={"changes": (forged,)}), key=None))
    assert (job.actions(), job.actions("delete")) == (before, [])
