"""Long lists of IDs are cut for people, and say how many there are; everything else stays."""

from __future__ import annotations

from support.sample_records import sample_record

from bulkplan.report.lines import plain_text
from bulkplan.report.long_lists import without_long_lists
from bulkplan.report.record_text import record_lines

IDS = [f"lead_{number:04}" for number in range(3_000)]


def test_a_long_list_is_cut_wherever_it_stands():
    query = {"type": "and", "queries": [{"type": "id", "value": IDS}, *({"type": "match_all"} for _ in range(20))]}
    shown = without_long_lists({"s_query": query, "sort": []})
    assert shown["s_query"]["queries"][0]["value"] == [*IDS[:3], "… and 2,997 more"]
    assert shown["s_query"]["queries"][1:] == query["queries"][1:]
    assert shown["sort"] == []


def test_a_short_list_is_shown_whole():
    assert without_long_lists({"value": IDS[:10]}) == {"value": IDS[:10]}


def test_a_record_of_a_frozen_run_shows_some_of_its_leads():
    text = plain_text(
        record_lines(sample_record(body={"s_query": {"type": "id", "value": IDS}, "results_limit": 3000}))
    )
    assert "lead_0002" in text
    assert "lead_0003" not in text
    assert "… and 2,997 more" in text


def test_the_leads_that_a_frozen_query_names_are_cut_too():
    ids = [{"type": "id", "value": f"lead_{number}"} for number in range(2_000)]
    shown = without_long_lists({"queries": ids})
    assert shown == {"queries": [*ids[:3], "… and 1,997 more"]}
    clauses = [{"type": "text", "value": str(number)} for number in range(20)]
    assert without_long_lists({"queries": clauses}) == {"queries": clauses}
