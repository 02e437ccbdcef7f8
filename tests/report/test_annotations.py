"""Notes that GitHub puts beside lines: every one arrives as it was meant, and no more than are shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.visible import visible
from bulkplan.errors import Location, Problem
from bulkplan.report.annotations import Annotation, annotation_lines, problem_annotation

AT = Location("specs/a.yaml", 3, 9, 16)


def _read(line: str) -> tuple[str, dict[str, str], str]:
    """A command as GitHub's runner reads it. Source: actions/runner, ActionCommand.TryParseV2."""
    match = re.fullmatch(r"::(\w+)(?: (.*?))?::(.*)", line)
    assert match, line
    pairs = (part.split("=", 1) for part in (match[2] or "").split(",") if part)
    unescaped = {key: _unescape(value, {"%3A": ":", "%2C": ","}) for key, value in pairs}
    return match[1], unescaped, _unescape(match[3], {})


def _unescape(text: str, more: dict[str, str]) -> str:
    for code, sign in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(code, sign)
    return text


def test_a_problem_has_its_place_and_its_mend():
    problem = Problem('no lead status is named "Chruned"', 'did you mean "Churned"?', at=AT)
    (line,) = annotation_lines([problem_annotation(problem, title="unknown-name")], folder="crm")
    place, message = line.removeprefix("::").split("::")
    assert place == "error file=crm/specs/a.yaml,line=3,endLine=3,col=9,endColumn=15,title=unknown-name"
    assert message == 'no lead status is named "Chruned"%0Ahint: did you mean "Churned"?'


def test_what_has_no_place_is_told_without_one():
    assert annotation_lines([Annotation("notice", "no project_id")]) == ("::notice::no project_id",)


@given(st.text(max_size=40), st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_any_text_arrives_as_one_command_and_unaltered_but_for_what_would_not_show(message, title, file):
    (line,) = annotation_lines([Annotation("warning", message, title, Location(file, 1, 1))])
    assert len(line.splitlines()) == 1
    level, properties, text = _read(line)
    assert (level, properties["file"], properties["title"]) == ("warning", visible(file), visible(title))
    assert text == "\n".join(visible(part) for part in message.split("\n"))


@pytest.mark.parametrize(("given_notes", "shown", "left"), [(10, 10, None), (11, 10, 2), (500, 10, 491)])
def test_ten_of_a_level_are_shown_and_the_last_counts_the_others(given_notes, shown, left):
    notes = [Annotation("error", f"problem {number}") for number in range(given_notes)]
    lines = annotation_lines([*notes, Annotation("warning", "of another level")])
    assert len(lines) == shown + 1
    assert (f"{left} more are left out" in lines[9]) is (left is not None)
    assert lines[-1] == "::warning::of another level"
