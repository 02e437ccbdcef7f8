"""What a plan says about a run, from what state has recorded: one table, and the rules around it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum

from bulkplan.core.fates import fate, is_open, is_paused_too_long, record_words, resumable_until
from bulkplan.core.words import fragment_words
from bulkplan.model.plan import ChangeKind, FieldChange
from bulkplan.model.record import Recorded, RecordStatus
from bulkplan.model.run import RunKey, WantedRun

_NEVER_RAN = frozenset({RecordStatus.REFUSED, RecordStatus.RELEASED})


class Edited(Enum):
    """What an edit of the spec after its record was written means."""

    COUNTS_NOT = "counts not"
    """The row stays what it is."""
    IS_COMPARED = "is compared"
    """The rendered requests decide: equal keeps the row, different makes it a conflict."""


@dataclass(frozen=True)
class Row:
    """One row of the table. `reason` and `hint` are formats over `record_words`."""

    kind: ChangeKind
    reason: str
    hint: str | None = None
    edited: Edited = Edited.COUNTS_NOT


ROW_BY_STATUS: Mapping[RecordStatus, Row] = {
    RecordStatus.SENDING: Row(
        ChangeKind.UNKNOWN,
        "{key} was begun at {when} on {host}, and no outcome is recorded",
        "apply looks in Close what became of it, and never sends it blindly",
    ),
    RecordStatus.SUBMITTED: Row(
        ChangeKind.IN_PROGRESS,
        "Close has had {key}{remote} since {when}; it is not finished",
        "apply waits for it; nothing is sent again",
        Edited.IS_COMPARED,
    ),
    RecordStatus.DONE: Row(ChangeKind.NO_OP, "done at {when}", None, Edited.IS_COMPARED),
    RecordStatus.FAILED: Row(
        ChangeKind.FAILED,
        "{key}{remote} ran and ended in an error in Close at {when}",
        "raise the version to run it again: version: {next_version}",
    ),
    RecordStatus.REFUSED: Row(ChangeKind.RUN, "{key} was not executed the last time ({note}), so it runs now"),
    RecordStatus.UNKNOWN: Row(
        ChangeKind.UNKNOWN,
        "nobody can tell whether {key} ran: it was sent after {when}, and no answer came",
        "apply looks in Close again; else decide by bulkplan state settle '{key}', with --ran ID or --did-not-run",
    ),
    RecordStatus.RELEASED: Row(ChangeKind.RUN, "a person vouched that {key} did not run ({note}), so it runs now"),
    RecordStatus.FORGOTTEN: Row(
        ChangeKind.NO_OP,
        "{key} was forgotten by hand ({note}); its run key stays taken",
        "raise the version to run it: version: {next_version}",
    ),
}
"""What a record of the very run key means. Every status has its row."""

PAUSED_ROW = Row(
    ChangeKind.PAUSED,
    "{key} has been paused in Close since {paused_at}; it can be resumed until {resumable_until}",
    "bulkplan resume '{full_name}' lets it go on; nothing is sent again",
    Edited.IS_COMPARED,
)
PAUSED_TOO_LONG_ROW = Row(
    ChangeKind.PAUSED,
    "{key} was paused in Close on {paused_at}, and could be resumed only until {resumable_until}",
    "raise the version to run the rest: version: {next_version}",
    Edited.IS_COMPARED,
)


@dataclass(frozen=True)
class Decision:
    """
    What a plan says about one run key before anything is counted.

    `record` is the record the row speaks of. `compare_with` is the run whose request the new one is compared with;
    `needs_compare` says that the comparison decides the kind. `blockers` are records of other versions or periods
    of the same spec whose run is still open.
    """

    kind: ChangeKind
    reason: str
    hint: str | None = None
    record: Recorded | None = None
    compare_with: Recorded | None = None
    needs_compare: bool = False
    blockers: tuple[Recorded, ...] = ()

    @property
    def needs_request(self) -> bool:
        """Whether the request has to be rendered to say more."""
        return self.needs_compare or self.needs_count

    @property
    def needs_count(self) -> bool:
        """Whether its leads are counted: it runs now, or as soon as it may."""
        return self.kind in (ChangeKind.RUN, ChangeKind.NOT_YET)


def decide(wanted: WantedRun, records: Collection[Recorded], *, now: datetime, timezone: tzinfo) -> Decision:
    """
    Decide what a plan says about a wanted run.

    Args:
        wanted: The run that a spec asks for.
        records: Every record of the same spec and variant: all versions, all periods.
        now: The plan's instant, aware.
        timezone: Where days of `not_before` and `not_after` begin and end.
    """
    others = tuple(record for record in records if record.key != wanted.key)
    blockers = tuple(record for record in _by_age(others) if is_open(record, now))
    newer = [record for record in others if _is_newer(record, wanted.key)]
    if newer:
        return replace(_lowered(wanted.key, newer), blockers=blockers)
    own = next((record for record in records if record.key == wanted.key), None)
    decision = _from_own(wanted, own, now) if own else _first_time(wanted, others)
    if decision.kind is ChangeKind.RUN:
        decision = _in_time(decision, wanted, now=now, timezone=timezone)
    if decision.kind is ChangeKind.RUN and blockers:
        decision = _after(decision, wanted.key, blockers[0])
    return replace(decision, blockers=blockers)


def from_record(record: Recorded, now: datetime) -> Decision:
    """What the table says about a record by itself."""
    row = _row_of(record, now)
    words = record_words(record)
    return Decision(
        kind=row.kind,
        reason=row.reason.format_map(words),
        hint=row.hint.format_map(words) if row.hint else None,
        record=record,
    )


def compared(decision: Decision, wanted: WantedRun, differences: Sequence[FieldChange]) -> Decision:
    """The decision once the rendered request was compared with what the recorded run sent."""
    if not differences:
        words = f"{decision.reason}; the spec was edited since, but it would send the same request"
        return replace(decision, reason=words, needs_compare=False)
    key, count, fragments = wanted.key, len(differences), wanted.source.fragments
    files = " ".join(dict.fromkeys((wanted.source.file, *(fragment.file for fragment in fragments))))
    what = f"{key}, or a fragment that it uses ({fragment_words(fragments)})," if fragments else str(key)
    return replace(
        decision,
        kind=ChangeKind.CONFLICT,
        reason=f"{what} was edited after it ran: {count} difference{'s' if count != 1 else ''} to what was sent",
        hint=f"raise the version to run it as it is now (version: {key.version + 1}), or take the edit back: "
        f"git checkout <commit> -- {files}, or git revert",
        needs_compare=False,
    )


def orphans(records: Collection[Recorded], full_names: Collection[str], *, now: datetime) -> tuple[Decision, ...]:
    """
    The records whose spec is gone: of each name the open ones, else the latest; by name, then age.

    Args:
        records: Every record of the store.
        full_names: Names (with variant) that specs still ask for.
        now: The plan's instant.
    """
    gone: dict[str, list[Recorded]] = {}
    for record in _by_age(records):
        if record.key.full_name not in full_names:
            gone.setdefault(record.key.full_name, []).append(record)
    return tuple(_orphan(record, now) for name in sorted(gone) for record in _told(gone[name], now))


def _row_of(record: Recorded, now: datetime) -> Row:
    if resumable_until(record) is None:
        return ROW_BY_STATUS[record.status]
    return PAUSED_TOO_LONG_ROW if is_paused_too_long(record, now) else PAUSED_ROW


def _from_own(wanted: WantedRun, own: Recorded, now: datetime) -> Decision:
    decision = from_record(own, now)
    if _row_of(own, now).edited is Edited.IS_COMPARED and own.fingerprint != wanted.fingerprint:
        return replace(decision, compare_with=own, needs_compare=True)
    return decision


def _first_time(wanted: WantedRun, others: Collection[Recorded]) -> Decision:
    """No record of this key, and none of a newer version."""
    key = wanted.key
    ran = [record for record in _by_age(others) if record.status not in _NEVER_RAN]
    if not ran:
        return Decision(ChangeKind.RUN, "never ran")
    same_version = [record for record in ran if record.key.version == key.version]
    if unlike := [record for record in same_version if (record.key.period is None) != (key.period is None)]:
        return _rescheduled(key, unlike[-1])
    latest = next((record for record in reversed(ran) if record.key.period == key.period), ran[-1])
    reason = (
        f"version raised from {latest.key.version} to {key.version}: {latest.key} {fate(latest)}"
        if latest.key.version != key.version
        else f"new period {key.period}: {latest.key} {fate(latest)}"
    )
    return Decision(ChangeKind.RUN, reason, compare_with=latest if _has_run(latest) else None)


def _rescheduled(key: RunKey, ran: Recorded) -> Decision:
    did = "a schedule was added" if key.period else "the schedule was taken away"
    return Decision(
        ChangeKind.CONFLICT,
        f"{did} after {ran.key} {fate(ran)}, which would run version {key.version} once more",
        hint=f"raise the version to say that it shall run again: version: {key.version + 1}",
        record=ran,
    )


def _lowered(key: RunKey, newer: Sequence[Recorded]) -> Decision:
    newest = max(newer, key=lambda record: (record.key.version, record.sent_after))
    version = newest.key.version
    return Decision(
        ChangeKind.CONFLICT,
        f"the spec says version {key.version}, but {newest.key} {fate(newest)}: a version never goes down",
        hint=f"set version: {version} if that run is meant, or version: {version + 1} to run the spec as it is now",
        record=newest,
    )


def _is_newer(record: Recorded, key: RunKey) -> bool:
    return record.key.version > key.version and record.status not in _NEVER_RAN


def _in_time(decision: Decision, wanted: WantedRun, *, now: datetime, timezone: tzinfo) -> Decision:
    """Hold a run to its `not_before` and `not_after`. A day counts whole."""
    spec = wanted.spec
    if spec.not_after is not None and now >= _instant(spec.not_after, timezone, days=1):
        return replace(
            decision,
            kind=ChangeKind.EXPIRED,
            reason=f"never ran, and not_after ({_limit_words(spec.not_after)}) has passed",
            hint="set a later not_after to run it after all, or remove the spec",
            compare_with=None,
        )
    if spec.not_before is not None and now < _instant(spec.not_before, timezone, days=0):
        words = f"{decision.reason}; not before {_limit_words(spec.not_before)}"
        return replace(decision, kind=ChangeKind.NOT_YET, reason=words)
    return decision


def _instant(limit: date | datetime, timezone: tzinfo, *, days: int) -> datetime:
    """A limit as an instant; a plain day begins at local midnight, `days` later."""
    if isinstance(limit, datetime):
        return limit if limit.tzinfo else limit.replace(tzinfo=timezone)
    return datetime.combine(limit + timedelta(days=days), time(), tzinfo=timezone)


def _limit_words(limit: date | datetime) -> str:
    return limit.isoformat(" ", "minutes") if isinstance(limit, datetime) else limit.isoformat()


def _after(decision: Decision, key: RunKey, blocker: Recorded) -> Decision:
    """An open run of the same spec comes first: two of them at once would touch the same leads."""
    return replace(
        decision,
        kind=ChangeKind.NOT_YET,
        reason=f"{decision.reason}; {blocker.key} {fate(blocker)}, and {key} runs only after it has ended",
        hint=f"plan again when {blocker.key} has ended",
    )


def _told(records: Sequence[Recorded], now: datetime) -> Sequence[Recorded]:
    return [record for record in records if is_open(record, now)] or records[-1:]


def _orphan(record: Recorded, now: datetime) -> Decision:
    decision = from_record(record, now)
    hint = decision.hint if is_open(record, now) else "its run key stays taken; restore the spec to see it here again"
    return replace(
        decision, kind=ChangeKind.ORPHAN, reason=f"no spec asks for it any more; it {fate(record)}", hint=hint
    )


def _has_run(record: Recorded) -> bool:
    return record.status in (RecordStatus.DONE, RecordStatus.FAILED, RecordStatus.SUBMITTED)


def _by_age(records: Collection[Recorded]) -> list[Recorded]:
    return sorted(records, key=lambda record: (record.sent_after, record.key.version, str(record.key)))
