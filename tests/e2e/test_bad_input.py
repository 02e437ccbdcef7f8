"""Bad input gets a clear error with its place, the right exit code, and never a traceback."""

from __future__ import annotations

import re
import socket

import pytest
from e2e.project import KEY_VARIABLE, spec

MARK = spec("mark")
_LEVELS = zip("abcdefgh", "bcdefghi", strict=True)
BOMB = "schema: bulkplan/v1\nname: bomb\nversion: 1\nvars:\n  a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"  {name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in _LEVELS
)


@pytest.fixture
def project(make_project):
    """A project on the embedded sandbox, of few leads."""
    made = make_project()
    made.configure({"sandbox": "{sandbox: {leads: 20}}"})
    return made


BAD = {
    "unknown-key": (MARK + "actoin: {}\n", "6:1", ["actoin", 'did you mean "action"?']),
    "double-key": (MARK + "version: 2\n", "6:1", ["version"]),
    "tab": (MARK.replace("filter:", "\tfilter:"), "4:1", ["tab"]),
    "utf-16": (MARK.encode("utf-16"), "1:1", ["UTF-8"]),
    "latin-1": (MARK.encode() + b"description: caf\xe9\n", "6:", ["UTF-8"]),
    "bomb": (BOMB, "", ["alias"]),
    "version": (MARK.replace("schema: bulkplan/v1", "schema: bulkplan/v7"), "1:9", ["bulkplan/v1"]),
    "no-filter": (MARK.replace("filter: {where: {field: status, is: Potential}}\n", ""), "", ["filter"]),
    "empty-filter": (MARK.replace("{where: {field: status, is: Potential}}", "{}"), "4:", ["filter"]),
    "word": (MARK.replace("operation: add", "operation: ad"), "5:", ["operation", "add"]),
    "expression": (MARK.replace("Potential", '"{{ vars.nothing }}"'), "4:", ["vars.nothing"]),
    "escape": (MARK.replace("Potential", '"{{ ().__class__ }}"'), "4:", []),
    "list": ("- 1\n- 2\n", "1:1", []),
    "open": ("{", "1:", []),
    "binary": (b"\x00\x01\x02", "", []),
    "deep": ("a: " + "[" * 5000, "", []),
}


def test_every_bad_file_is_told_at_once_each_with_its_place(project):
    for name, (content, _, _) in BAD.items():
        project.write(f"specs/{name}.yaml", content)
    project.write("specs/good.yaml", MARK)
    outcome = project.run("plan")
    assert (outcome.code, outcome.out) == (65, "")
    told = {name: _told_of(f"specs/{name}.yaml", outcome.err) for name in BAD}
    for name, (_, place, facts) in BAD.items():
        assert f"specs/{name}.yaml:{place}" in told[name], (name, outcome.err)
        assert [fact for fact in facts if fact not in told[name]] == [], told[name]
    assert outcome.words.endswith("files; nothing was sent to Close.")


def _told_of(file, said):
    """The messages about one file: from each line that begins with it to the next one that begins with a place."""
    parts = re.split(r"^(?=specs/)", said, flags=re.MULTILINE)
    return "".join(part for part in parts if part.startswith(f"{file}:"))


@pytest.mark.parametrize("name", ["utf-16", "bomb", "binary", "deep"])
def test_one_hostile_file_alone_is_told_too(project, name):
    project.write("specs/bad.yaml", BAD[name][0])
    outcome = project.run("plan", timeout_s=20)
    assert (outcome.code, outcome.out) == (65, "")
    assert "specs/bad.yaml:" in outcome.err


def test_every_unknown_name_of_every_file_is_told_at_once(project):
    project.write("specs/a.yaml", MARK.replace("Potential", "Potentail").replace("vip", "vipp"))
    project.write("specs/b.yaml", spec("other").replace("Tags", "Tagss"))
    outcome = project.run("apply", "--auto-approve")
    assert outcome.code == 65
    for fact in ("specs/a.yaml:4:", '"Potential"', "specs/a.yaml:5:", "vip", "specs/b.yaml:5:", '"Tags"'):
        assert fact in outcome.words


def test_an_ambiguous_name_is_told_with_its_ids(project):
    project.write("specs/hot.yaml", MARK.replace("{where: {field: status, is: Potential}}", "{smart_view: Hot leads}"))
    outcome = project.run("plan")
    assert outcome.code == 65
    assert "specs/hot.yaml:4:" in outcome.err
    assert outcome.words.count("save_") == 2


def test_two_specs_of_one_name_are_told_with_both_places(project):
    project.write("specs/a.yaml", MARK)
    project.write("specs/b.yaml", MARK)
    outcome = project.run("plan")
    assert outcome.code == 65
    assert "specs/a.yaml" in outcome.err
    assert "specs/b.yaml" in outcome.err


@pytest.mark.parametrize(
    ("old", "new"),
    [("targets:", "tragets:"), ("{leads: 20}", "{leads: many}"), ("schema: bulkplan/project/v1", "\t"), ("20", "0")],
)
def test_a_bad_project_file_is_refused_with_its_place(project, old, new):
    project.write("specs/mark.yaml", MARK)
    project.edit("bulkplan.yaml", old, new)
    outcome = project.run("plan")
    assert outcome.code == 65
    assert "bulkplan.yaml:" in outcome.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["paln"],
        ["plan", "--colour"],
        ["plan", "--target", "nowhere"],
        ["plan", "--select", "nobody"],
        ["plan", "-C", "no/such/folder"],
        ["apply", "--settle-timeout", "soon"],
        ["apply", "missing.json"],
        ["pause"],
        ["state"],
        ["state", "show", "nobody@1"],
    ],
)
def test_wrong_usage_is_64(project, words):
    project.write("specs/mark.yaml", MARK)
    outcome = project.run(*words)
    assert (outcome.code, outcome.out) == (64, "")
    assert outcome.err != ""


def test_a_project_without_specs_says_so(project):
    (project.root / "specs").rmdir()
    outcome = project.run("plan")
    assert outcome.code in (0, 64)
    assert "no run is wanted" in outcome.words or "specs" in outcome.words


def test_without_its_key_a_target_is_not_asked(make_project, served):
    project = make_project()
    project.configure({"served": served.target})
    project.write("specs/mark.yaml", MARK)
    outcome = project.run("plan", **{KEY_VARIABLE: ""})
    assert outcome.code == 77
    assert f"${KEY_VARIABLE} is not set" in outcome.words
    assert project.run("plan", **{KEY_VARIABLE: "api_of.somebody.else"}).code == 77
    assert served.starts() == 0


def test_a_key_of_another_organization_is_refused_before_anything_else(make_project, served):
    project = make_project()
    project.configure({"served": served.target.replace("{", "{organization_id: orga_Elsewhere, ")})
    project.write("specs/mark.yaml", MARK)
    (organization,) = served.get("/me/")["organizations"]
    for words in (["plan"], ["apply", "--auto-approve"]):
        outcome = project.run(*words)
        assert outcome.code == 77
        assert "orga_Elsewhere" in outcome.words
        assert organization["id"] in outcome.words
    asked = {path for _, path in served.requests() if not path.startswith("/_sandbox")}
    assert asked == {"/me/"}


def test_a_close_that_cannot_be_reached_is_told_in_words(make_project):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # taken, and nobody listens
        port = silent.getsockname()[1]
        project = make_project()
        project.configure({"served": f"{{base_url: http://127.0.0.1:{port}/api/v1, api_key_env: {KEY_VARIABLE}}}"})
        project.write("specs/mark.yaml", MARK)
        outcome = project.run("plan", timeout_s=100)
    assert outcome.code in (1, 75)
    assert f"no connection to 127.0.0.1:{port}" in outcome.words


def test_names_from_close_cannot_steer_the_terminal(make_project, served):
    lead = next(lead for lead in served.pages("/lead/") if lead["status_label"] == "Churned")
    served.client.put(f"/lead/{lead['id']}/", json={"name": "\x1b[2Jgone"}).raise_for_status()
    served.fault("status", method="POST", path="/bulk_action/edit/", status=400, body={"error": "\x1b[31mred\x07"})
    project = make_project()
    project.configure({"served": served.target})
    project.write("specs/mark.yaml", spec("mark", status="Churned"))
    outcome = project.run("apply", "--auto-approve", FORCE_COLOR="")
    assert outcome.code == 1
    assert "\x1b" not in outcome.out + outcome.err
    assert "\x07" not in outcome.out + outcome.err


def test_a_broken_state_is_told_and_never_taken_for_an_empty_one(project):
    project.write("specs/mark.yaml", MARK)
    assert project.run("apply", "--auto-approve").code == 0
    (state,) = (project.root / ".bulkplan" / "state").glob("*.db")
    whole = state.read_bytes()
    for broken in (b"not a database", whole[: len(whole) // 2], whole.replace(b'"done"', b'"gone"')):
        state.write_bytes(broken)
        for words in (["plan"], ["apply", "--auto-approve"], ["status"]):
            outcome = project.run(*words)
            assert outcome.code in (1, 3), (words, outcome)
            assert "cannot be" in outcome.words
            assert "bulk action was sent" not in outcome.out
