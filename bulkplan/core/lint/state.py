"""Rules on what was recorded: specs that no longer say what they once ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bulkplan.core.changes import decide, orphans
from bulkplan.core.fates import fate
from bulkplan.core.lint.order import is_over
from bulkplan.core.lint.rule import Example, Hit, Rule, SpecView, World
from bulkplan.core.lookup import by_full_name
from bulkplan.errors import Problem
from bulkplan.model.record import Recorded, RecordStatus

_HAS_RUN = frozenset({RecordStatus.DONE, RecordStatus.FAILED, RecordStatus.SUBMITTED})
_NEVER_RAN = frozenset({RecordStatus.REFUSED, RecordStatus.RELEASED, RecordStatus.FORGOTTEN})
"""Nothing happened, or a person gave the run up with a reason."""


def _edited(world: World) -> Iterator[Hit]:
    for view, records in _recorded(world):
        for run in view.runs:
            mine = records.get(run.key.full_name, ())
            decision = decide(run, mine, now=world.now, timezone=world.zone)
            if decision.needs_compare:
                message = f"{run.key} {fate(decision.record) if decision.record else 'ran'}, and was edited since"
                hint = (
                    f"raise the version to run it as it is now (version: {run.key.version + 1}), or take the edit back"
                )
                yield Hit(view.document, Problem(message, hint, ("version",)))


def _lowered(world: World) -> Iterator[Hit]:
    for view, records in _recorded(world):
        for run in view.runs:
            mine = records.get(run.key.full_name, ())
            newest = max((record.key.version for record in mine if record.status in _HAS_RUN), default=0)
            if newest > run.key.version:
                message = f"version {newest} ran already: a version never goes down"
                hint = f"set version: {newest} if that run is meant, or version: {newest + 1} to run it as it is now"
                yield Hit(view.document, Problem(message, hint, ("version",)))


def _jump(world: World) -> Iterator[Hit]:
    for view, records in _recorded(world):
        mine = [record for run in view.runs for record in records.get(run.key.full_name, ())]
        newest = max((record.key.version for record in mine), default=view.spec.version)
        if view.spec.version > newest + 1:
            message = f"the last version that is recorded is {newest}: the versions between never ran"
            yield Hit(
                view.document, Problem(message, f"write version: {newest + 1}, unless the gap is meant", ("version",))
            )


def _removed(world: World) -> Iterator[Hit]:
    names = {run.key.full_name for view in world.specs for run in view.runs}
    for decision in orphans(world.records or (), names, now=world.now):
        record = decision.record
        if record is not None and record.status not in _NEVER_RAN:
            message = f"no spec asks for {record.key} any more; it {fate(record)}"
            hint = (
                "restore the spec; or give the key up for good: "
                f"bulkplan state forget '{record.key}' --reason 'why it is gone'"
            )
            yield Hit(world.workspace.project_document, Problem(message, hint))


def _idle_dependency(world: World) -> Iterator[Hit]:
    by_name = {view.spec.name: view for view in world.specs}
    for view, records in _recorded(world):
        for index, name in enumerate(view.spec.depends_on):
            other = by_name.get(name)
            if other is None or _has_run(other, records):
                continue
            path = ("depends_on", index)
            if is_over(other.spec, world.now):
                message = f"{name} never ran, and its not_after has passed: this spec waits for it for ever"
                yield Hit(view.document, Problem(message, "delete this item, or set a later not_after there", path))
            elif _has_run(view, records):
                message = f"this spec ran, and {name}, which should come first, never did"
                yield Hit(view.document, Problem(message, "delete this item, or run the other", path))


def _recorded(world: World) -> Iterator[tuple[SpecView, Mapping[str, Sequence[Recorded]]]]:
    groups = by_full_name(world.records or ())
    for view in world.specs:
        yield view, groups


def _has_run(view: SpecView, records: Mapping[str, Sequence[Recorded]]) -> bool:
    return any(record.status in _HAS_RUN for run in view.runs for record in records.get(run.key.full_name, ()))


_AS_IT_RAN = "name: tidy\nversion: 1\nfilter: {where: {field: status, is: Churned}}\n"
_NARROWER = "filter: {where: {field: status, is: Potential}}\naction: {type: set_lead_status, status: Contacted}\n"

RULES = (
    Rule(
        "BP601",
        "error",
        "a spec was edited after it ran, and its version is the same",
        "Nothing would run: the run key is taken. The file and the record say different things about what happened.",
        Example(f"name: tidy\nversion: 1  # edited-after-run\n{_NARROWER}", ran=_AS_IT_RAN),
        Example(f"name: tidy\nversion: 2\n{_NARROWER}", ran=_AS_IT_RAN),
        _edited,
        "state",
    ),
    Rule(
        "BP602",
        "warning",
        "a spec that ran is gone from the files",
        "Nothing is undone by that, and its run key stays taken. The file is part of the history: whoever asks what "
        "happened to a lead looks there.",
        Example(ran="name: gone\n"),
        Example("name: gone\n", ran="name: gone\n"),
        _removed,
        "state",
    ),
    Rule(
        "BP603",
        "error",
        "the version is lower than one that ran",
        "Versions only go up. A revert of the file should revert the filter, and raise the version.",
        Example("name: tidy\nversion: 1  # version-lowered\n", ran="name: tidy\nversion: 2\n"),
        Example("name: tidy\nversion: 2\n", ran="name: tidy\nversion: 2\n"),
        _lowered,
        "state",
    ),
    Rule(
        "BP604",
        "note",
        "the version was raised by more than one",
        "Somebody who reads the records later looks for the versions between.",
        Example("name: tidy\nversion: 4  # version-jump\n", ran="name: tidy\nversion: 1\n"),
        Example("name: tidy\nversion: 2\n", ran="name: tidy\nversion: 1\n"),
        _jump,
        "state",
    ),
    Rule(
        "BP605",
        "warning",
        "a spec depends on one that does not run",
        "A spec starts once all that it depends on is done. One that expired before it ran is never done.",
        Example(
            "name: second\ndepends_on: [first]  # idle-dependency\n---\nname: first\n"
            'not_after: "2020-01-31"\nfilter: {where: {field: status, is: Contacted}}\n'
            "lint: {ignore: {not-after-is-past: it stays for its history}}\n",
        ),
        Example(
            "name: second\ndepends_on: [first]\n---\nname: first\nfilter: {where: {field: status, is: Contacted}}\n"
        ),
        _idle_dependency,
        "state",
    ),
)
