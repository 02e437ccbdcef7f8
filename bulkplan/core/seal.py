"""A plan as a file: sealed with a digest, and why a saved plan may not be applied."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import JsonValue, ValidationError

from bulkplan.core.cohort import is_sound
from bulkplan.core.digest import canonical_json, sha256_text
from bulkplan.core.fates import moment_words
from bulkplan.core.visible import visible, visible_json
from bulkplan.errors import PlanRefusedError
from bulkplan.model.plan import Change, Plan, SealedPlan
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey, SpecSource, WantedRun

KEY_VARIABLE = "BULKPLAN_PLAN_KEY"
VALID_FOR = timedelta(hours=24)
VALID_FOR_DELETES = timedelta(hours=2)
"""What is deleted cannot come back, so its review must be fresh."""

_SCHEMA = "bulkplan/plan/v1"
_FORMAT_VERSION = "1.0"
_AGAIN = "make a new plan with bulkplan plan --out FILE and have it reviewed"


@dataclass(frozen=True)
class Circumstances:
    """
    Where a saved plan is about to be applied.

    `wanted` are the runs that the specs ask for now, `suppression` what the project leaves out now, in words; `lineage`
    is that of the state store. `key` is the secret of the environment, where there is one.
    """

    now: datetime
    organization_id: str
    target: str
    project_id: str | None = None
    lineage: str | None = None
    wanted: Mapping[RunKey, WantedRun] = field(default_factory=dict)
    suppression: str | None = None
    key: bytes | None = None


def expiry(changes: tuple[Change, ...], now: datetime) -> datetime:
    """Until when a plan with these rows may be applied."""
    deletes = any(change.would_run and change.action_type == "delete" for change in changes)
    return now + (VALID_FOR_DELETES if deletes else VALID_FOR)


def seal(plan: Plan, *, key: bytes | None) -> SealedPlan:
    """The plan with its digest, and with an HMAC-SHA256 when there is a key."""
    text = _canonical(plan)
    return SealedPlan(plan=plan, digest=sha256_text(text), hmac=_mac(text, key) if key else None)


def dump_sealed(sealed: SealedPlan) -> str:
    """The text of a saved plan: indented JSON that ends in a newline."""
    return _dump(sealed, only_ascii=False)


def load_sealed(text: str) -> SealedPlan:
    """
    Read a saved plan.

    Raises:
        PlanRefusedError: It is no plan, is of a format this bulkplan does not know, was made by a version that keeps
            other facts in plans, or was altered.
    """
    content = _object(text)
    _check_format(content)
    try:
        sealed = SealedPlan.model_validate_json(text)
    except ValidationError as error:
        _refuse_other_version(content)
        where = ".".join(str(step) for step in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise PlanRefusedError(f"the plan was altered: {where} is not what bulkplan writes", hint=_AGAIN) from error
    digest = sha256_text(_canonical(sealed.plan))
    if not hmac.compare_digest(digest.encode(), sealed.digest.encode()):
        _refuse_other_version(content)
        raise PlanRefusedError(f"the plan was altered: it says {sealed.digest}, its content is {digest}", hint=_AGAIN)
    unsound = next((row for row in sealed.plan.changes if row.cohort and not is_sound(row.cohort)), None)
    if unsound is not None:
        raise PlanRefusedError(f"the plan was altered: the members of {unsound.key} are none", hint=_AGAIN)
    if text not in (dump_sealed(sealed), _dump(sealed, only_ascii=True)):
        raise PlanRefusedError("the plan was altered: its text is not as bulkplan wrote it", hint=_AGAIN)
    return sealed


def check_sealed(sealed: SealedPlan, circumstances: Circumstances) -> tuple[str, ...]:
    """
    Why a saved plan may not be applied here and now.

    Returns:
        One sentence for each reason, naming both values; none when it may be applied.
    """
    plan, here = sealed.plan, circumstances
    pairs = (
        ("organization", plan.organization_id, here.organization_id),
        ("target", plan.target, here.target),
        ("project", plan.project_id, here.project_id),
        # A plan made before the first write by who may only read knows no store: record versions bind it alone.
        ("state store", plan.state_lineage, here.lineage if plan.state_lineage != "" else ""),
    )
    moved = [f"the plan is for {what} {then}, this is {now}" for what, then, now in pairs if then != now]
    return (
        *signature_reasons(sealed, here.key),
        *_expiry_reasons(plan, here.now),
        *moved,
        *_spec_reasons(plan, here),
        *_suppression_reasons(plan, here),
    )


def foreign_reasons(sealed: SealedPlan, here: Plan, *, key: bytes | None) -> tuple[str, ...]:
    """
    Why a saved plan does not speak of the same place as a plan made here, or may not be believed.

    A state store that a plan could only read may not have been made yet: then it has no lineage to compare.
    """
    plan = sealed.plan
    pairs = [
        ("organization", plan.organization_id, here.organization_id),
        ("target", plan.target, here.target),
        ("project", plan.project_id, here.project_id),
    ]
    if plan.state_lineage and here.state_lineage:
        pairs.append(("state store", plan.state_lineage, here.state_lineage))
    moved = (f"it is for {what} {then}, this is {now}" for what, then, now in pairs if then != now)
    return (*signature_reasons(sealed, key), *moved)


def signature_reasons(sealed: SealedPlan, key: bytes | None) -> tuple[str, ...]:
    """Why the signature is not good enough; none where it is right, or where neither plan nor environment has a key."""
    if not key and sealed.hmac is None:
        return ()
    if not key:
        return (f"the plan is signed, but ${KEY_VARIABLE} is not set, so its signature cannot be checked",)
    if sealed.hmac is None:
        return (f"the plan is not signed, and ${KEY_VARIABLE} is set: only signed plans are applied here",)
    if not hmac.compare_digest(sealed.hmac.encode(), _mac(_canonical(sealed.plan), key).encode()):
        return (f"the plan's signature is wrong: it was altered, or signed with another ${KEY_VARIABLE}",)
    return ()


def moved_records(plan: Plan, versions: Mapping[str, int]) -> tuple[str, ...]:
    """
    The runs whose record moved since the plan was made, in words.

    Args:
        plan: The saved plan.
        versions: Version of each record now, by run key; 0 or absent where there is none.
    """
    return tuple(
        f"the record of {change.key} moved: version {change.record_version} when planned, "
        f"{versions.get(str(change.key), 0)} now"
        for change in plan.changes
        if change.would_run and change.record_version != versions.get(str(change.key), 0)
    )


def moved_dependencies(change: Change, fresh: Request) -> tuple[str, ...]:
    """What a row relies on in Close (template, sequence, ...) and was edited since the plan, in words."""
    now = {(each.kind, each.id): each for each in fresh.dependencies}
    planned = change.request.dependencies if change.request else ()
    return tuple(
        f'{change.key}: the {then.kind} "{then.name}" was edited since the plan: {_short(then.digest)} then, '
        f"{_short(now[then.kind, then.id].digest) if (then.kind, then.id) in now else 'gone'} now"
        for then in planned
        if (then.kind, then.id) not in now or now[then.kind, then.id].digest != then.digest
    )


def _expiry_reasons(plan: Plan, now: datetime) -> tuple[str, ...]:
    if now < plan.now:
        return (f"the plan was made at {moment_words(plan.now)}, but it is {moment_words(now)} here: clocks differ",)
    if now >= plan.expires_at:
        return (f"the plan expired at {moment_words(plan.expires_at)}; it is {moment_words(now)}",)
    return ()


def _spec_reasons(plan: Plan, here: Circumstances) -> tuple[str, ...]:
    reasons: list[str] = []
    for change in plan.changes:
        if change.source is None:
            continue
        then, now = change.source.digest, here.wanted.get(change.key)
        if now is None:
            reasons.append(f"{change.key} is in the plan ({change.source.file}), but no spec asks for it now")
        elif now.source.digest != then:
            reasons.append(
                f"the spec of {change.key} was edited since the plan: {_short(then)} then, "
                f"{_short(now.source.digest)} now"
            )
        elif edited := _edited_fragments(change.source, now.source):
            reasons.append(f"{change.key} uses fragments that were edited since the plan: {edited}")
        elif now.fingerprint != change.fingerprint:
            reasons.append(
                f"{change.key} means something else since the plan, by the vars of the project: "
                f"{_short(str(change.fingerprint))} then, {_short(now.fingerprint)} now"
            )
    return tuple(reasons)


def _edited_fragments(then: SpecSource, now: SpecSource) -> str:
    """The fragments that differ, each with both digests; empty where none does."""
    before, after = ({one.name: one.digest for one in source.fragments} for source in (then, now))
    files = {one.name: one.file for one in (*then.fragments, *now.fragments)}
    names = [name for name in sorted(files) if before.get(name) != after.get(name)]
    return "; ".join(
        f"{name} ({files[name]}), {_short(before.get(name, 'absent'))} then, {_short(after.get(name, 'absent'))} now"
        for name in names
    )


def _suppression_reasons(plan: Plan, here: Circumstances) -> tuple[str, ...]:
    """Whom no message may reach is not left to what held when the plan was made."""
    then, now = plan.suppression, here.suppression
    if then == now:
        return ()
    return (f"what the project suppresses was edited since the plan: {then or 'nothing'} then, {now or 'nothing'} now",)


def _object(text: str) -> dict[str, JsonValue]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanRefusedError("this is no plan: it is not valid JSON", hint=_AGAIN) from error
    if not isinstance(content, dict):
        raise PlanRefusedError("this is no plan: it is not a JSON object", hint=_AGAIN)
    return content


def _check_format(content: Mapping[str, JsonValue]) -> None:
    schema = content.get("schema")
    if schema != _SCHEMA:
        if isinstance(schema, str) and schema.startswith("bulkplan/plan/"):
            raise PlanRefusedError(
                f"the plan is of the format {schema}, this bulkplan knows {_SCHEMA}",
                hint="apply it with the version of bulkplan that made it",
            )
        raise PlanRefusedError(f'this is no plan: its "schema" is not {_SCHEMA}', hint=_AGAIN)
    plan = content.get("plan")
    version = plan.get("format_version") if isinstance(plan, dict) else None
    if version != _FORMAT_VERSION:
        raise PlanRefusedError(
            f"the plan is of format version {version}, this bulkplan knows {_FORMAT_VERSION}",
            hint="apply it with the version of bulkplan that made it",
        )


def _refuse_other_version(content: Mapping[str, JsonValue]) -> None:
    """What does not fit our form, and yet its own digest, nobody altered: raises `PlanRefusedError`."""
    plan, digest = content.get("plan"), content.get("digest")
    try:
        is_whole = isinstance(plan, dict) and sha256_text(canonical_json(plan)) == digest
    except (ValueError, RecursionError):
        return
    if isinstance(plan, dict) and is_whole:
        version = visible(str(plan.get("tool_version")), max_chars=40)
        raise PlanRefusedError(
            f"the plan was made by another version of bulkplan (it says {version}), whose plans hold other facts",
            hint=f"{_AGAIN}; or apply it with that version",
        )


def _dump(sealed: SealedPlan, *, only_ascii: bool) -> str:
    """Only ASCII is what a terminal or pipe without UTF-8 gets."""
    content: JsonValue = sealed.model_dump(mode="json", by_alias=True)
    return visible_json(json.dumps(content, indent=2, ensure_ascii=only_ascii, allow_nan=False)) + "\n"


def _canonical(plan: Plan) -> str:
    content: dict[str, JsonValue] = plan.model_dump(mode="json", by_alias=True)
    return canonical_json(content)


def _mac(text: str, key: bytes) -> str:
    return "hmac-sha256:" + hmac.new(key, text.encode(), "sha256").hexdigest()


def _short(digest: str) -> str:
    """Enough of a digest to tell two apart."""
    return digest[:19]
