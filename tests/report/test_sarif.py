"""Findings for code scanning: places, levels, suppressions, and names that stay."""

from __future__ import annotations

import json

import jsonschema
import pytest
from support.linting import example_world
from support.node import NODE_MODULES

from bulkplan.core.lint.judge import judge
from bulkplan.core.lint.rule import Example
from bulkplan.core.lint.table import RULES
from bulkplan.report.sarif import sarif_document

SCHEMA = NODE_MODULES / "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
WIPE = "name: wipe\nfilter: {all_leads: true}\naction: {type: delete}\nlint: {ignore: {all-leads: ten leads only}}\n"


def _document(text=WIPE, folder=""):
    linted = judge(example_world(Example(text, without=("guards",))))
    return sarif_document(linted, rules=RULES, version="1.2.3", folder=folder)


def _results(document):
    return document["runs"][0]["results"]


def test_a_finding_has_its_rule_its_level_and_its_place():
    result = _results(_document(folder="crm specs"))[0]
    rule = _document()["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (result["ruleId"], rule["id"], rule["name"]) == ("BP102", "BP102", "delete-without-max-matches")
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "crm%20specs/specs/s.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 1, "startColumn": 7, "endColumn": 11},
    }


def test_what_is_ignored_is_suppressed_with_its_reason():
    suppressed = [result for result in _results(_document()) if "suppressions" in result]
    assert [result["suppressions"] for result in suppressed] == [
        [{"kind": "inSource", "justification": "ten leads only"}]
    ]


def test_a_name_stays_when_lines_move_and_differs_within_a_file():
    def names(text):
        return [result["partialFingerprints"]["bulkplan/v1"] for result in _results(_document(text))]

    assert names("# a comment\n" + WIPE) == names(WIPE)
    assert len(set(names(WIPE))) == len(names(WIPE)) > 1


def test_every_rule_has_its_help():
    for rule in _document()["runs"][0]["tool"]["driver"]["rules"]:
        assert "\n\nTold" in rule["help"]["markdown"]
        assert rule["shortDescription"]["text"].endswith(".")


def test_the_document_is_what_the_standard_says():
    if not SCHEMA.exists():
        pytest.skip("the schema of SARIF comes by npm, which is not here")
    jsonschema.validate(_document(), json.loads(SCHEMA.read_text(encoding="utf-8")))
