"""Which findings stand: reasons in specs and in the project, other severities, reasons that nothing needs."""

from __future__ import annotations

from support.linting import example_world
from support.plan_world import make_record

from bulkplan.app.lint import lint
from bulkplan.core.lint.judge import judge
from bulkplan.core.lint.rule import Example
from bulkplan.model.record import RecordStatus

WIDE = "name: wide\nfilter: {all_leads: true}\n"
DELETE = "name: wipe\naction: {type: delete}\n"


def _slugs(findings):
    return [finding.rule.slug for finding in findings]


def test_a_reason_lets_a_finding_stand_and_is_kept():
    world = example_world(Example(WIDE + "lint: {ignore: {BP204: the sandbox has ten leads}}\n"))
    found = judge(world)
    assert (_slugs(found.findings), _slugs(found.ignored)) == ([], ["all-leads"])
    assert found.ignored[0].ignored == "the sandbox has ten leads"


def test_an_error_can_stand_for_a_reason_and_is_still_an_error():
    ignore = "lint: {ignore: {delete-without-max-matches: the project forbids more than ten}}\n"
    found = judge(example_world(Example(DELETE + ignore, without=("guards",))))
    assert [(each.rule.slug, each.severity) for each in found.ignored] == [("delete-without-max-matches", "error")]


def test_a_reason_of_the_project_holds_for_every_spec_and_one_of_a_spec_goes_first():
    project = "lint: {ignore: {all-leads: this is a sandbox only}}\n"
    own = "lint: {ignore: {all-leads: this one is meant}}\n"
    found = judge(example_world(Example(WIDE + own + "---\n" + WIDE.replace("wide", "other"), project)))
    assert [each.ignored for each in found.ignored if each.rule.slug == "all-leads"] == [
        "this one is meant",
        "this is a sandbox only",
    ]


def test_a_reason_that_only_one_of_two_equal_ones_needs_is_told_at_the_other():
    ignore = "lint: {ignore: {all-leads: this one is meant}}\n"
    found = judge(example_world(Example(WIDE + ignore + "---\nname: narrow\n" + ignore)))
    assert [(each.rule.slug, each.spec) for each in found.findings] == [("unused-ignore", "narrow")]


def test_a_reason_for_a_rule_that_was_not_looked_at_is_not_unused():
    world = example_world(Example("name: tidy\nlint: {ignore: {edited-after-run: only a comment moved}}\n"))
    assert judge(world).findings == ()
    assert "state" in judge(world).skipped
    assert judge(world, rules=("all-leads", "unused-ignore")).findings == ()


def test_the_project_says_how_much_a_rule_weighs():
    found = judge(example_world(Example(WIDE, "lint: {severity: {all-leads: error}}\n")))
    assert [(each.rule.slug, each.severity) for each in found.findings] == [("all-leads", "error")]


def test_several_runs_of_one_spec_are_told_once():
    text = "for_each: {region: [EMEA, APAC]}\nfilter: {where: {field: custom.Region, is_not: '{{ each.region }}'}}\n"
    assert _slugs(judge(example_world(Example(text))).findings) == ["negation-alone"]


def test_findings_are_narrowed_to_specs_and_files_after_the_whole_project_was_looked_at():
    world = example_world(Example(WIDE + "---\n" + WIDE.replace("wide", "other")))
    assert [(each.rule.slug, each.spec) for each in lint(world, select=("other",)).findings] == [
        ("same-meaning", "other"),
        ("all-leads", "other"),
    ]
    assert lint(world, files={"specs/another.yaml"}).findings == ()


def test_a_run_that_was_given_up_is_no_history():
    gone = example_world(Example("name: gone\n")).workspace.runs[0]
    records = (make_record(gone, RecordStatus.FORGOTTEN), make_record(gone, RecordStatus.RELEASED))
    assert judge(example_world(Example("name: tidy\n"), records=records)).findings == ()


FRAGMENT = "name: quiet\nwhere: {any: [{field: last_communication_date, before: 90 days ago}]}\n"


def test_a_fault_of_a_fragment_is_told_once_and_there():
    used = "filter: {where: {all: [{field: status, is: Churned}, {use: quiet}]}}\n"
    other = "name: other\naction: {type: set_lead_status, status: Contacted}\n"
    found = lint(example_world(Example(f"name: tidy\n{used}---\n{other}{used}", fragment=FRAGMENT))).findings
    assert [(each.rule.slug, str(each.problem.at)) for each in found] == [("any-of-one", "filters/f.yaml:2:9")]


def test_a_var_that_only_the_suppression_reads_is_used():
    project = "vars: {days: 30}\nsuppress: {use: quiet}\n"
    fragment = "name: quiet\nwhere: {field: last_communication_date, after: '{{ vars.days }} days ago'}\n"
    world = example_world(Example("name: tidy\n", project, fragment=fragment))
    assert judge(world).findings == ()
