"""Whether the tests of a draft pass: one that does not is no help to its author."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo

from bulkplan.app.new_spec import plain_data
from bulkplan.core.digest import fingerprint
from bulkplan.core.spec_draft import SpecDraft
from bulkplan.core.spec_problems import load_model
from bulkplan.core.spec_tests import Circumstances, judge_test, prepare_test
from bulkplan.errors import BadRequestError
from bulkplan.model.run import RunKey, SpecSource, WantedRun
from bulkplan.model.spec import Spec
from bulkplan.ports import Matcher


def with_tests_that_pass(draft: SpecDraft, *, matcher: Matcher, now: datetime, zone: tzinfo) -> SpecDraft:
    """The draft; without its tests when one of them does not pass, or cannot be evaluated."""
    spec = load_model(Spec, plain_data(draft.data))
    if isinstance(spec, Spec) and all(
        _passes(spec, index, matcher, Circumstances(now, zone)) for index in range(len(spec.tests))
    ):
        return draft
    return replace(draft, data={key: value for key, value in draft.data.items() if key != "tests"})


def _passes(spec: Spec, index: int, matcher: Matcher, circumstances: Circumstances) -> bool:
    prepared = prepare_test(_run_of(spec), index, circumstances)
    if prepared.problems:
        return False
    try:
        answers = matcher.find_ids(
            prepared.queries,
            lead=prepared.fixture.lead,
            catalog=prepared.catalog,
            now=prepared.now,
            zone=prepared.zone,
        )
    except BadRequestError:
        return False
    return judge_test(prepared, answers, place=lambda _: None).outcome == "passed"


def _run_of(spec: Spec) -> WantedRun:
    source = SpecSource(file=f"specs/{spec.name}.yaml", digest="")
    return WantedRun(key=RunKey(spec.name, spec.version), spec=spec, source=source, fingerprint=fingerprint(spec))
