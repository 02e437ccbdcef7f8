"""The comment: within GitHub's limit whatever the plan, what was left out counted, older plans folded."""

from __future__ import annotations

from support.plan_world import FakeReader, plan_of, spec_data, wanted_run

from bulkplan.core.comparison import compare_plans
from bulkplan.core.seal import seal
from bulkplan.model.failure import Failure, FailureProblem
from bulkplan.report.ci_outputs import outputs_of
from bulkplan.report.comment import MAX_COMMENT_BYTES, Setting, comment_body, content_of, marker_of

SETTING = Setting("c0ffee" * 6, "https://github.example/acme/crm/actions/runs/9")
MARKER = marker_of("production")
NASTY = "@team #1 <img src=x> ]( `x` | --> <!-- bulkplan:older --> </details> ::error::x\n\u202e"


def _sized(text):
    return len(text.encode())


async def _sealed(*datas, **more):
    runs = [wanted_run(data) for data in datas]
    return seal((await plan_of(*runs, **more)).plan, key=None)


def _body(content, setting=SETTING, previous=None):
    return comment_body(MARKER, content, setting, previous=previous)


async def test_the_comment_of_a_huge_plan_fits_and_says_what_it_left_out():
    datas = [spec_data(f"tag-{number}", description="äöü " * 200) for number in range(400)]
    head = await _sealed(*datas)
    comparison = compare_plans(None, head.plan)
    content = content_of(head, SETTING, comparison=comparison, max_bytes=MAX_COMMENT_BYTES - 500)
    body = _body(content)
    assert _sized(body) <= MAX_COMMENT_BYTES
    assert "Left out for lack of room" in body
    assert body.startswith(f"{MARKER}\n")
    assert SETTING.run_url in body


async def test_within_any_budget_the_content_keeps_to_it():
    head = await _sealed(*(spec_data(f"tag-{number}") for number in range(40)))
    comparison = compare_plans(None, head.plan)
    for max_bytes in range(4_000, 60_000, 3_000):
        assert _sized(content_of(head, SETTING, comparison=comparison, max_bytes=max_bytes)) <= max_bytes


def test_an_earlier_plan_is_folded_and_that_of_the_same_commit_replaced():
    first = _body("FIRST", Setting("a" * 40))
    second = _body("SECOND", Setting("b" * 40), previous=first)
    again = _body("AGAIN", Setting("b" * 40), previous=second)
    third = _body("THIRD", Setting("c" * 40), previous=again)
    assert "SECOND" not in third
    assert third.index("THIRD") < third.index("AGAIN") < third.index("FIRST")
    assert third.count("<details>") == third.count("</details>") == 2
    assert "<code>bbbbbbbbbbbb</code>" in third


def test_older_plans_that_do_not_fit_are_dropped_oldest_first():
    body = None
    for number in range(30):
        content = f"PLAN-{number} " + "x" * 20_000
        body = _body(content, Setting(f"{number:040x}"), previous=body)
        assert _sized(body) <= MAX_COMMENT_BYTES
    assert "PLAN-29" in body
    assert "PLAN-28" in body
    assert "PLAN-20" not in body


def test_a_comment_that_a_browser_gave_back_with_other_line_ends_is_understood():
    first = _body("FIRST", Setting("a" * 40)).replace("\n", "\r\n")
    second = _body("SECOND", Setting("b" * 40), previous=first)
    assert "<code>aaaaaaaaaaaa</code>" in second
    assert "\r" not in second


async def test_names_from_outside_break_out_of_nothing():
    head = await _sealed(spec_data("tag", description=NASTY, owner=NASTY))
    content = content_of(head, SETTING, comparison=compare_plans(None, head.plan), max_bytes=60_000)
    body = _body(content, previous=_body(content, Setting("a" * 40)))
    assert body.count("<!-- bulkplan:older -->") == 1
    assert body.count("<details>") == body.count("</details>")
    assert "@team" not in body.replace("`@team`", ""), "in code type nobody is notified"
    assert "<img" not in body
    assert not any(line.lstrip().startswith("::") for line in body.splitlines())


def test_a_failure_says_what_is_wrong_where_and_shows_no_address():
    problems = tuple(
        FailureProblem(message=f"no user dana@example.com {number}", hint="near: li@x.example", file="specs/a.yaml",
                       line=number, column=3)
        for number in range(1, 4_000)
    )  # fmt: skip
    failure = Failure(command="plan", target="production", exit_code=65, message="3999 problems", problems=problems)
    content = content_of(failure, SETTING, max_bytes=20_000)
    assert _sized(content) <= 20_000
    assert "`specs/a.yaml:1:3`" in content
    assert "example.com" not in content
    assert "x.example" not in content
    assert "more; `bulkplan validate` lists them all" in content


def test_the_marker_of_a_target_is_one_line_that_no_name_can_end():
    marker = marker_of("--> <script>\n")
    assert marker.count("-->") == 1
    assert "\n" not in marker
    assert marker_of("a") != marker_of("b") != marker_of("b", "apply", said="x")


async def test_outputs_are_numbers_words_and_a_digest():
    head = await _sealed(spec_data("tag"), reader=FakeReader(totals={"stat_chu": 7}))
    outputs = outputs_of(head)
    assert outputs["has_changes"] == "true"
    assert outputs["match_total"].isdigit()
    assert outputs["plan_digest"] == head.digest
    assert set(outputs_of(None).values()) == {"", "true"}
