"""Hostile texts in every place of every value that is shown, in every form of it: nothing of them is active."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from itertools import cycle, islice

import pytest
from report.test_html_page import Page
from report.test_plan_markdown import check
from support.composite import read_outputs
from support.consoles import console_in_memory
from support.fifteen_specs import plan_of_fifteen
from support.hostile import ENCODED, TEXTS, infected
from support.plan_world import spec_data, wanted_run
from support.sample_audit import sample_audit
from support.sample_records import STARTED, sample_record

from bulkplan.adapters.github_job import append_summary, write_outputs
from bulkplan.adapters.member_files import MemberFile
from bulkplan.cli.commands.lint import annotation_of
from bulkplan.cli.console import Manners
from bulkplan.core.changes import Decision
from bulkplan.core.comparison import compare_plans
from bulkplan.core.explain import Explanation, Fact
from bulkplan.core.lint.rule import Finding, Linted
from bulkplan.core.lint.table import RULES
from bulkplan.core.query_parts import Part
from bulkplan.core.result import ApplyResult, ResultKind, RunResult
from bulkplan.core.seal import dump_sealed, load_sealed, seal
from bulkplan.core.visible import visible
from bulkplan.errors import BulkplanError, InvalidFilesError, Location, Problem
from bulkplan.model.chain_report import ChainBreak, ChainReport
from bulkplan.model.failure import Failure, FailureProblem
from bulkplan.model.lead import FoundLead
from bulkplan.model.plan import ChangeKind
from bulkplan.model.run import RunKey
from bulkplan.model.spec_test_report import Clause, TestReport, TestResult
from bulkplan.model.store import Provenance
from bulkplan.report.actions_text import action_lines
from bulkplan.report.annotations import annotation_lines, problem_annotation
from bulkplan.report.apply_json import apply_report, dump_report
from bulkplan.report.apply_text import apply_lines
from bulkplan.report.audit_csv import audit_csv
from bulkplan.report.audit_html import audit_html
from bulkplan.report.audit_json import dump_audit
from bulkplan.report.audit_markdown import audit_markdown
from bulkplan.report.audit_text import audit_lines
from bulkplan.report.chain_text import chain_lines
from bulkplan.report.comment import Setting, comment_body, content_of, marker_of
from bulkplan.report.explain_json import explain_document
from bulkplan.report.explain_text import explain_lines
from bulkplan.report.lint_json import lint_document
from bulkplan.report.lint_text import lint_lines
from bulkplan.report.plan_html import plan_html
from bulkplan.report.plan_json import plan_document
from bulkplan.report.plan_markdown import plan_markdown
from bulkplan.report.plan_text import plan_lines
from bulkplan.report.problems_json import problems_document
from bulkplan.report.record_text import record_lines
from bulkplan.report.sarif import sarif_document
from bulkplan.report.spec_tests_text import spec_test_lines
from bulkplan.report.status_json import record_document, status_document
from bulkplan.report.status_text import status_lines
from bulkplan.report.text_diff import diff_lines

TURNS = range(0, len(TEXTS), 31)
"""Where in the list a turn begins: each place of a value meets another text in each turn."""


@pytest.fixture(params=TURNS)
def texts(request):
    """The hostile texts one after the other, for ever; each turn begins with another one."""
    return cycle((*islice(TEXTS, request.param, None), *TEXTS[: request.param]))


@pytest.fixture(params=TURNS)
def encoded(request):
    """The same for values that are digested."""
    return cycle((*islice(ENCODED, request.param, None), *ENCODED[: request.param]))


@pytest.fixture(scope="module")
def plan():
    return asyncio.run(plan_of_fifteen())


def _problem(texts) -> Problem:
    return Problem(next(texts), next(texts), at=Location(next(texts), 1, 1, 4, next(texts)))


def _problems(texts, n: int = 40) -> tuple[Problem, ...]:
    return tuple(_problem(texts) for _ in range(n))


def _linted(texts) -> Linted:
    return Linted(
        findings=tuple(Finding(RULES[0], "warning", _problem(texts), next(texts), next(texts)) for _ in range(30)),
        ignored=tuple(Finding(RULES[1], "note", _problem(texts), ignored=next(texts)) for _ in range(30)),
    )


def _explanation(texts) -> Explanation:
    sound = Explanation(
        wanted_run(spec_data(description="x", owner="x")),
        *("x", "x", "x"),
        Decision(ChangeKind.RUN, "x", "x"),
        tuple(Part("x", "x", "x", depth=number) for number in range(20)),
        *(tuple(Fact("x", {"x": ["x"]}, "x", "x") for _ in range(20)) for _ in range(4)),
        "x",
        None,
        sample_record(),
        ("x", "x"),
    )
    return infected(sound, texts)


def _applied(texts) -> ApplyResult:
    rows = (RunResult(sample_record().key, kind, "x", "x", sample_record(), note="x") for kind in ResultKind)
    return ApplyResult(tuple(infected(row, texts) for row in rows))


def _tested(texts) -> TestReport:
    clause = Clause(words="x", holds=False, at="x", found="x", clauses=(Clause(words="x", holds=True),))
    result = TestResult(
        run="x",
        number=1,
        name="x",
        at="x",
        expected=True,
        matches=False,
        outcome="failed",
        reason="x",
        clauses=(clause,),
    )
    sound = TestReport(specs=1, untested=("x",) * 20, passed=0, failed=9, not_evaluated=0, results=(result,) * 9)
    return infected(sound, texts)


def _chain(texts) -> ChainReport:
    words = dict.fromkeys(("tool_version", "target", "store", "lineage", "head", "compared"), "x")
    breaks = tuple(ChainBreak(key="x", entry=1, problem="x") for _ in range(30))
    counts = {"n_records": 1, "n_entries": 1, "n_before_chain": 0, "is_ok": False}
    return infected(ChainReport(**words, **counts, checked_at=STARTED, breaks=breaks), texts)


def _failure(texts) -> Failure:
    problems = tuple(FailureProblem(message="x", hint="x", file="x", line=1, column=1) for _ in range(60))
    sound = Failure(command="plan", target="x", exit_code=65, message="x", hint="x", problems=problems)
    return infected(sound, texts)


def _report(plan, texts):
    who = Provenance(actor="x", host="x", pid=7, ci_run_url="x", commit="x")
    values = {"plan": plan, "sealed": None, "who": who, "finished_at": STARTED, "exit_code": 1, "error": "x"}
    return infected(apply_report(_applied(texts), **values), texts)


LINES = {
    "plan": lambda plan, texts: plan_lines(infected(plan, texts), payload=True),
    "narrow plan": lambda plan, texts: plan_lines(infected(plan, texts), width=40, payload=True),
    "status": lambda _, texts: status_lines(
        (infected(sample_record(), texts),) * 3, target=next(texts), store=next(texts), problems=(next(texts),)
    ),
    "state show": lambda _, texts: [line for _ in range(20) for line in record_lines(infected(sample_record(), texts))],
    "explain": lambda _, texts: explain_lines(_explanation(texts), width=60),
    "lint": lambda _, texts: lint_lines(_linted(texts), n_specs=1, width=60, verbose=True),
    "audit": lambda _, texts: audit_lines(infected(sample_audit(), texts), width=60),
    "audit verify": lambda _, texts: chain_lines(_chain(texts), width=60),
    "apply": lambda _, texts: apply_lines(_applied(texts)),
    "test": lambda _, texts: spec_test_lines(_tested(texts), is_full=True, width=60),
    "fmt --diff": lambda _, texts: diff_lines(next(texts), "\n".join(islice(texts, 60)), "\n".join(islice(texts, 40))),
    "import --list": lambda _, texts: action_lines(infected(sample_audit(), texts).actions, {}),
}
ERRORS = {
    "invalid files": lambda texts: InvalidFilesError(_problems(texts)),
    "any error": lambda texts: BulkplanError("\n".join(islice(texts, 99)), hint=next(texts)),
    "a place": lambda texts: BulkplanError(next(texts), at=Location(next(texts), 1, 1, 2, "".join(islice(texts, 99)))),
}
DOCUMENTS = {
    "plan": lambda plan, texts: plan_document(seal(infected(plan, texts), key=None)),
    "status": lambda _, texts: status_document((infected(sample_record(), texts),), target="x", problems=[next(texts)]),
    "state show": lambda _, texts: [record_document(infected(sample_record(), texts)) for _ in range(20)],
    "explain": lambda _, texts: explain_document([_explanation(texts)]),
    "lint": lambda _, texts: lint_document(_linted(texts), n_specs=1),
    "sarif": lambda _, texts: sarif_document(_linted(texts), rules=RULES, version="1", folder=next(texts)),
    "validate": lambda _, texts: problems_document(
        n_files=1, n_specs=1, problems=_problems(texts), warnings=_problems(texts)
    ),
    "test": lambda _, texts: _tested(texts).model_dump(mode="json"),
}
DUMPS = {
    "plan --out": lambda plan, texts: dump_sealed(seal(infected(plan, texts), key=None)),
    "apply --report": lambda plan, texts: dump_report(_report(plan, texts)),
    "audit": lambda _, texts: dump_audit(infected(sample_audit(), texts)),
    "audit verify": lambda _, texts: dump_audit(_chain(texts)),
}


def inert(text: str) -> bool:
    """Whether all of a text shows as it is, and no line of it is a command to GitHub's runner."""
    for line in text.split("\n"):
        assert visible(line) == line
        assert not line.strip().startswith("::"), line
        assert "##[" not in line, line
    return True


@pytest.mark.parametrize("sink", LINES)
def test_no_text_steers_a_terminal_or_a_runner(plan, texts, sink):
    lines = tuple(LINES[sink](plan, texts))
    plain, coloured = console_in_memory(), console_in_memory(Manners(colour_out=True))
    for heard in (plain, coloured):
        heard.console.result(lines)
    assert plain.out.getvalue()
    assert inert(plain.out.getvalue())
    assert inert(re.sub(r"\x1b\[(?:[0-2]|3[1-3]|1;31)m", "", coloured.out.getvalue()))


@pytest.mark.parametrize("sink", ERRORS)
def test_no_text_in_an_error_steers_a_terminal_or_a_runner(texts, sink):
    heard = console_in_memory()
    heard.console.error(ERRORS[sink](texts))
    for text in islice(texts, 99):
        heard.console.note(text)
    assert inert(heard.err.getvalue())


def test_no_text_in_a_bug_or_its_traceback_steers_a_terminal_or_a_runner(texts):
    heard = console_in_memory(Manners(verbose=True))
    for text in islice(texts, 99):
        heard.console.bug(ValueError(text))
    assert inert(heard.err.getvalue())


@pytest.mark.parametrize("sink", DOCUMENTS)
def test_json_is_inert_as_text_and_loses_nothing(plan, encoded, sink):
    document = DOCUMENTS[sink](plan, encoded)
    heard = console_in_memory()
    heard.console.document(document)
    assert inert(heard.out.getvalue())
    assert json.loads(heard.out.getvalue()) == document


@pytest.mark.parametrize("sink", DUMPS)
def test_json_files_are_inert_as_text(plan, encoded, sink):
    assert inert(DUMPS[sink](plan, encoded))


def test_a_plan_full_of_hostile_names_can_still_be_read(plan, encoded):
    sealed = seal(infected(plan, encoded), key=b"key")
    assert load_sealed(dump_sealed(sealed)) == sealed


def test_no_text_is_markup_on_a_page(plan, encoded):
    for text in (plan_html(infected(plan, encoded)), audit_html(infected(sample_audit(), encoded))):
        assert Page(text).words
        assert "##[" not in text


def _comments(plan, encoded):
    base, head = infected(plan, encoded), infected(plan, encoded)
    base = base.model_copy(update={"target": head.target, "organization_id": head.organization_id})
    setting = Setting(commit="ab" * 20, run_url=None)
    sealed = seal(head, key=None)
    comparison = compare_plans(base, head)
    for document, of in ((sealed, comparison), (_failure(encoded), None), (_report(plan, encoded), None)):
        yield content_of(document, setting, comparison=of, max_bytes=60_000)


def test_no_text_is_markup_in_a_comment_or_a_summary(plan, encoded):
    audit = audit_markdown(infected(sample_audit(), encoded))
    for text in (plan_markdown(infected(plan, encoded)).text, audit, *_comments(plan, encoded)):
        check(text)
        assert inert(text)


def test_no_text_ends_the_marker_of_a_comment():
    for text in ENCODED:
        body = comment_body(marker_of(text), "content", Setting("ab" * 20, None))
        assert body.startswith(f"{marker_of(text)}\n")
        assert re.fullmatch(r"<!-- [^<>\n]+ -->", marker_of(text))


def test_notes_beside_lines_are_one_command_each(texts):
    notes = [problem_annotation(problem) for problem in _problems(texts, 9)]
    notes += [annotation_of(finding) for finding in _linted(texts).findings[:9]]
    lines = annotation_lines(notes, folder=next(texts))
    assert len(lines) == len(notes)
    for line in lines:
        assert re.fullmatch(r"::(error|warning|notice) [^\x00-\x1f:]*::.*", line)
        assert visible(line) == line


def test_no_value_sets_another_output(tmp_path):
    wanted = {f"name{number}": "\n".join(text.splitlines()) for number, text in enumerate(ENCODED) if text.strip()}
    write_outputs({"GITHUB_OUTPUT": str(tmp_path / "outputs")}, wanted)
    text = (tmp_path / "outputs").read_text(encoding="utf-8")
    assert read_outputs(text) == wanted
    write_outputs({"GITHUB_OUTPUT": str(tmp_path / "again")}, wanted)
    assert (tmp_path / "again").read_text(encoding="utf-8") != text, "the word that ends a value cannot be known"


def test_no_summary_is_larger_than_its_room(tmp_path):
    environ = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    assert append_summary(environ, lambda room: "x" * room)
    assert not append_summary(environ, lambda room: "x" * (room + 1))
    assert (tmp_path / "summary").stat().st_size <= 2**20


def _is_safe_table(text: str) -> bool:
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert rows
    for row in rows:
        assert len(row) == len(head)
        for cell in row:
            assert not cell.lstrip().startswith(tuple("=+-@＝＋－＠")), cell
            assert not re.search(r"[\x00-\x1f\x7f-\x9f]|##\[", cell), cell
    return True


def test_no_cell_of_a_table_is_a_formula(texts):
    assert _is_safe_table(audit_csv(infected(sample_audit(), texts)))


def test_no_cell_of_a_list_of_members_is_a_formula(tmp_path):
    with MemberFile(tmp_path / "members.csv", with_names=True) as members:
        for text in ENCODED:
            members.write(infected(RunKey("name", 1), iter([text])), [FoundLead("lead_1", text)])
        members.keep()
    assert _is_safe_table((tmp_path / "members.csv").read_bytes().decode())
