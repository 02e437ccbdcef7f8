"""An audit in every form: what stands in it, and that no name from outside is more than text in any of them."""

from __future__ import annotations

import csv
import io
import json

import jsonschema
import pytest
from report.test_html_page import Page
from report.test_plan_markdown import check
from support.any_plan import HOSTILE
from support.sample_audit import action, hostile_audit, sample_audit

from bulkplan.cli.console import painted
from bulkplan.core.visible import visible
from bulkplan.report.audit_csv import audit_csv
from bulkplan.report.audit_html import MAX_ROWS, audit_html
from bulkplan.report.audit_json import dump_audit
from bulkplan.report.audit_markdown import MIN_BYTES, audit_markdown
from bulkplan.report.audit_text import MAX_ACTIONS, audit_lines
from bulkplan.report.lines import plain_text
from bulkplan.report.schemas import audit_schema

NAMES = (*HOSTILE, "=1+1", "＝1", "\t=cmd|' /C calc'!A0", "\r\n=1", "\x00@x", 'a","=1', "-1+1|x|", "\x1b[31mred\x1b[0m")


def test_every_form_of_an_audit(golden):
    report = sample_audit()
    golden("audit/audit.txt", plain_text(audit_lines(report)))
    golden("audit/audit.json", dump_audit(report))
    golden("audit/audit.csv", audit_csv(report).replace("\r\n", "\n"))
    golden("audit/audit.md", audit_markdown(report))
    golden("audit/audit.html", audit_html(report))


def test_the_json_is_what_the_schema_says():
    for report in (sample_audit(), sample_audit(since=None, project_id=None, actions=()), hostile_audit(NAMES)):
        jsonschema.validate(json.loads(dump_audit(report)), audit_schema())


def test_no_cell_of_the_table_is_a_formula_and_none_is_lost():
    report = hostile_audit(NAMES)
    text = audit_csv(report)
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert len(rows) == len(NAMES)
    assert text.count("\r\n") == len(NAMES) + 1
    for row in rows:
        assert len(row) == len(head)
        assert not any(cell.lstrip().startswith(tuple("=+-@＝＋－＠")) for cell in row)
        assert not any(ord(letter) < 0x20 for cell in row for letter in cell)


def test_the_table_names_the_alarms_of_each_action():
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(audit_csv(sample_audit()), newline=""))}
    assert rows["bulkedit_4"]["alarms"] == "ran-more-than-once"
    assert rows["bulkdelete_3"]["alarms"] == ""


def test_no_name_reaches_the_terminal_as_it_is():
    shown = "".join(painted(line, colour=False) for line in audit_lines(hostile_audit(NAMES)))
    assert visible(shown) == shown


def test_no_name_is_markup_on_the_page():
    page = Page(audit_html(hostile_audit(NAMES)))
    assert all(visible(name) in page.words for name in NAMES)


def test_no_name_is_markup_in_a_comment():
    check(audit_markdown(hostile_audit(NAMES)))


@pytest.mark.parametrize("max_bytes", [MIN_BYTES, 3_000, 10_000])
def test_a_comment_keeps_to_its_bytes_and_counts_what_it_leaves_out(max_bytes):
    many = sample_audit(actions=tuple(action(f"bulkedit_{number}") for number in range(1_000)))
    text = audit_markdown(many, max_bytes=max_bytes)
    assert len(text.encode()) <= max_bytes
    assert "**Left out**" in text
    assert "ran-more-than-once" in text or "has 2 actions" in text
    check(text)


def test_long_lists_are_cut_where_people_read_them_and_nowhere_else():
    many = sample_audit(actions=tuple(action(f"bulkedit_{number:04}") for number in range(1_000)))
    text = plain_text(audit_lines(many))
    assert f"and {1_000 - MAX_ACTIONS} older ones" in text
    assert f"And {1_000 - MAX_ROWS} older ones" in audit_html(many)
    assert audit_csv(many).count("bulkedit_") == 1_000
    assert len(json.loads(dump_audit(many))["actions"]) == 1_000


def test_a_quiet_organization_is_said_to_be_one():
    quiet = sample_audit(actions=(), findings=(), runs=(), unapplied=(), limits=(), n_earlier=0)
    text = plain_text(audit_lines(quiet))
    assert "No bulk action. No alarm." in text
    Page(audit_html(quiet))
    check(audit_markdown(quiet))
