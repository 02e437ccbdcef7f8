"""What an audit raises the alarm for, and what it only points at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from bulkplan.core.audit import Sighting
from bulkplan.core.codec import RUN_PREFIX
from bulkplan.core.records import FOLLOWED, OPEN
from bulkplan.model.audit import AuditFinding, Rule
from bulkplan.model.chain_report import ChainBreak
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.run import RunKey

_LOOK = "look at these actions in Close, and pause what must not go on; bulkplan touches none of them"
_NOT_RUN = {
    RecordStatus.RELEASED: "a person vouched that it did not run",
    RecordStatus.REFUSED: "it was recorded as not executed",
    RecordStatus.FORGOTTEN: "its run key was given up",
}


def findings(
    sightings: Sequence[Sighting], records: Sequence[Record], *, recent: Sequence[Record], chain: Sequence[ChainBreak]
) -> tuple[AuditFinding, ...]:
    """
    Alarms first, then warnings; each sort in the order of run keys and IDs.

    Args:
        sightings: Every action that a marker or a record ties to a run key, or that is of another organization.
        records: Every record that can be read.
        recent: Those of the time that is audited: Close should list their actions still.
        chain: What does not fit in the state itself.
    """
    found = [
        *_more_than_once(sightings, records),
        *_strays(sightings),
        *_foreign(sightings),
        *_mistaken(sightings),
        *_shared(records),
        *_recorded_alarms(records),
        *_open(records, sightings),
        *(_broken(each) for each in chain),
        *_missing(recent, sightings),
    ]
    ordered = sorted(found, key=lambda each: (each.severity != "alarm", each.run_key or "", each.rule, each.message))
    return tuple(ordered)


def is_notable(sighting: Sighting) -> bool:
    """Whether a sighting matters to findings, however old it is."""
    return sighting.key is not None or sighting.is_foreign or bool(sighting.candidate_of)


def _actions_by_key(sightings: Iterable[Sighting], records: Iterable[Record]) -> Mapping[RunKey, list[str]]:
    by_key: dict[RunKey, dict[str, None]] = {}
    for record in records:
        if record.remote_id:
            by_key.setdefault(record.key, {})[record.remote_id] = None
    for sighting in sightings:
        if sighting.key is not None:
            by_key.setdefault(sighting.key, {})[sighting.action.id] = None
    return {key: sorted(ids) for key, ids in by_key.items()}


def _more_than_once(sightings: Sequence[Sighting], records: Sequence[Record]) -> Iterable[AuditFinding]:
    for key, ids in _actions_by_key(sightings, records).items():
        if len(ids) > 1:
            yield AuditFinding(
                severity="alarm",
                rule="ran-more-than-once",
                message=f"{key} has {len(ids)} actions in Close: {', '.join(ids)}",
                hint=_LOOK,
                run_key=str(key),
                action_ids=tuple(ids),
            )


def _strays(sightings: Iterable[Sighting]) -> Iterable[AuditFinding]:
    """Actions with a marker of ours that no record names as its action."""
    for sighting in sightings:
        key, record = sighting.key, sighting.record
        if key is None or sighting.is_recorded or (record is not None and record.status in FOLLOWED):
            continue  # a second action of a run that ran is told as such
        rule, why, hint = _stray_words(record)
        yield AuditFinding(
            severity="alarm",
            rule=rule,
            message=f"{sighting.action.id} in Close carries the marker of {key}, and {why}",
            hint=hint,
            run_key=str(key),
            action_ids=(sighting.action.id,),
        )


def _stray_words(record: Record | None) -> tuple[Rule, str, str]:
    if record is None:
        hint = (
            "the state was lost, or another state store is in use: restore it; apply adopts what a spec still asks for"
        )
        return "marker-without-record", "no record tells of it", hint
    if record.status in OPEN:
        return "unsettled", f"its record says {record.status}", "bulkplan apply takes it as that run"
    why = f"{_NOT_RUN[record.status]}; so it ran after all"
    return "ran-after-all", why, "do not run it again; bulkplan apply takes it as that run, unless it was forgotten"


def _foreign(sightings: Iterable[Sighting]) -> Iterable[AuditFinding]:
    for sighting in sightings:
        if sighting.is_foreign:
            yield AuditFinding(
                severity="alarm",
                rule="other-organization",
                message=f"Close lists {sighting.action.id}, which is of another organization than the key",
                hint="check which organization the API key belongs to: bulkplan plan names it",
                run_key=str(sighting.key) if sighting.key else None,
                action_ids=(sighting.action.id,),
            )


def _mistaken(sightings: Iterable[Sighting]) -> Iterable[AuditFinding]:
    for sighting in sightings:
        if sighting.marked_as is not None:
            action_id, key, other = sighting.action.id, str(sighting.key), sighting.marked_as
            yield AuditFinding(
                severity="alarm",
                rule="marker-of-another-run",
                message=f"{action_id} is recorded as the action of {key}, and carries the marker of {other}",
                hint=f"compare them: bulkplan state show '{key}'",
                run_key=key,
                action_ids=(action_id,),
            )


def _shared(records: Iterable[Record]) -> Iterable[AuditFinding]:
    """One action is one run."""
    counted = Counter(record.remote_id for record in records if record.remote_id)
    for action_id, count in counted.items():
        if count > 1:
            keys = sorted(str(record.key) for record in records if record.remote_id == action_id)
            yield AuditFinding(
                severity="alarm",
                rule="one-action-for-two-runs",
                message=f"{action_id} is recorded as the action of {' and of '.join(keys)}",
                hint=f"compare them: bulkplan state show '{keys[0]}'",
                run_key=keys[0],
                action_ids=(action_id,),
            )


def _recorded_alarms(records: Iterable[Record]) -> Iterable[AuditFinding]:
    for record in records:
        if record.alarm and record.status is not RecordStatus.FORGOTTEN:
            yield AuditFinding(
                severity="alarm",
                rule="recorded-alarm",
                message=f"{record.key}: {record.alarm}",
                hint=f"bulkplan state show '{record.key}' has the details",
                run_key=str(record.key),
                action_ids=(record.remote_id,) if record.remote_id else (),
            )


def _open(records: Iterable[Record], sightings: Sequence[Sighting]) -> Iterable[AuditFinding]:
    """Attempts without a known outcome; with the actions outside of git that do the same."""
    for record in records:
        if record.status not in OPEN:
            continue
        like = tuple(sighting.action.id for sighting in sightings if record.key in sighting.candidate_of)
        seen = f"; {', '.join(like)} in Close does the same" if like else ""
        is_unknown = record.status is RecordStatus.UNKNOWN
        yield AuditFinding(
            severity="alarm" if is_unknown else "warning",
            rule="unknown" if is_unknown else "no-outcome",
            message=f"{record.key} was sent after {record.sent_after:%Y-%m-%d %H:%M} UTC, and nobody can tell whether "
            f"it ran{seen}",
            hint=f"bulkplan apply looks again; or decide: bulkplan state settle '{record.key}'",
            run_key=str(record.key),
            action_ids=like,
        )


def _broken(each: ChainBreak) -> AuditFinding:
    where = f"{each.key}, entry {each.entry}" if each.entry else each.key or "the state store"
    return AuditFinding(
        severity="alarm",
        rule="broken-history",
        message=f"{where}: {each.problem}",
        hint="bulkplan audit verify has the details; compare with a backup, or with the git history of the state",
        run_key=each.key.removeprefix(RUN_PREFIX) if each.key.startswith(RUN_PREFIX) else None,
    )


def _missing(records: Iterable[Record], sightings: Iterable[Sighting]) -> Iterable[AuditFinding]:
    listed = {sighting.action.id for sighting in sightings}
    for record in records:
        if record.remote_id and record.remote_id not in listed and record.status is not RecordStatus.FORGOTTEN:
            yield AuditFinding(
                severity="warning",
                rule="not-listed",
                message=f"Close does not list {record.remote_id}, the action of {record.key}",
                hint="how long Close lists an action is not documented; its record stays",
                run_key=str(record.key),
                action_ids=(record.remote_id,),
            )
