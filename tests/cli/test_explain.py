"""`bulkplan explain` over the examples: all of them can be explained, and it says what is not known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bulkplan.cli.main import run

ROOT = Path(__file__).parents[2]
NAMES = {
    "clear-competitor": "clear",
    "news-for-regions": "send",
    "onboard-free-plans": "subscribe",
    "owner-by-country": "set",
    "purge-bad-fit": "delete",
    "resume-renewals": "resume",
    "success-team-for-renewals": "add",
}


def _examples(folder: Path) -> Path:
    for name in ("specs", "filters"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.fixture(autouse=True, scope="module")
def _in_project(tmp_path_factory):
    folder = _examples(tmp_path_factory.mktemp("project"))
    (folder / "bulkplan.yaml").write_text("schema: bulkplan/project/v1\ntargets: {sandbox: {sandbox: {leads: 60}}}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("CI", "BULKPLAN_TARGET", "NO_COLOR", "FORCE_COLOR"):
            patch.delenv(name, raising=False)
        yield


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_action_is_explained_with_the_origin_of_each_key(capfd, name):
    assert run(["explain", name, "--format", "json"]) == 0
    for explained in json.loads(capfd.readouterr().out)["runs"]:
        assert explained["summary"].startswith(NAMES[name])
        assert [fact["name"] for fact in explained["body"]] == [
            key for key in explained["request"]["body"] if key != "s_query"
        ]
        assert [fact["name"] for fact in explained["body"] if not fact["why"]] == []


def test_the_text_shows_parts_beside_their_lines(capfd):
    assert run(["explain", "winback-churned"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("winback-churned@1  specs/winback-churned.yaml:3\n")
    assert "    - status is Churned (filter, specs/winback-churned.yaml:12)\n" in out
    assert "  max_matches  200 (spec, specs/winback-churned.yaml:" in out
    assert "Record\n  none of winback-churned@1\n" in out


def test_offline_nothing_is_asked_and_nothing_made(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(_examples(tmp_path))
    assert run(["explain", "news-for-regions", "--offline"]) == 0
    out, err = capfd.readouterr()
    assert "names are not resolved: Close was not asked" in out
    assert "bulkplan explain 'news-for-regions[APAC]'" in err
    assert not (tmp_path / ".bulkplan").exists()


def test_an_unknown_name_is_wrong_usage(capfd):
    assert run(["explain", "winback-chruned"]) == 64
    assert 'did you mean "winback-churned"' in capfd.readouterr().err
