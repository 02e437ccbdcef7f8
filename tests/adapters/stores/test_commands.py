"""Every command works with every shared store: what one machine did, another one knows."""

from __future__ import annotations

import io
import json
import signal
import subprocess

import pytest

from bulkplan.cli.main import run

PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
targets:
  sandbox: {{sandbox: {{leads: 60, seed: 7}}, state: '{state}'}}
"""
MARK = """\
schema: bulkplan/v1
name: mark-potential
version: 1
filter: {where: {field: status, is: Potential}}
action: {type: set_lead_status, status: Contacted}
guards: {max_percent: 100%}
"""


@pytest.fixture(params=["git", "s3", "postgres"])
def state(request):
    """The address of a store that is there."""
    lab = request.getfixturevalue(f"{request.param}_lab")
    if request.param == "git":
        return f"git+{lab.remote}"
    if request.param == "s3":
        monkeypatch = request.getfixturevalue("monkeypatch")
        for name, value in lab.environ.items():
            monkeypatch.setenv(name, value)
    return lab.url


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    for name in ("BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def _machine(folder, state):
    (folder / "specs").mkdir(parents=True)
    (folder / "bulkplan.yaml").write_text(PROJECT.format(state=state))
    (folder / "specs" / "mark.yaml").write_text(MARK)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def test_a_saved_plan_is_applied_once_by_whichever_machine(state, tmp_path, capfd):
    one, other = _machine(tmp_path / "one", state), _machine(tmp_path / "other", state)
    plan = str(tmp_path / "plan.json")
    assert run(["plan", "-C", str(one), "--out", plan]) == 0
    assert run(["apply", "-C", str(one), plan]) == 0
    capfd.readouterr()

    assert run(["plan", "-C", str(other), "--detailed-exitcode"]) == 0
    assert run(["apply", "-C", str(other), plan]) == 0
    assert "Nothing was sent to Close" in capfd.readouterr().out
    assert run(["status", "-C", str(other), "--no-refresh", "--format", "json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert [row["key"] for row in told["runs"]] == ["mark-potential@1"]


def test_the_records_are_listed_and_shown(state, tmp_path, capfd):
    one = _machine(tmp_path / "one", state)
    assert run(["apply", "-C", str(one), "--auto-approve"]) == 0
    capfd.readouterr()
    for words in (["status"], ["state", "list"], ["state", "show", "mark-potential"]):
        assert run([*words, "-C", str(one)]) == 0
        out, err = capfd.readouterr()
        assert "mark-potential@1" in out
        assert "canary" not in f"{out} {err}"
