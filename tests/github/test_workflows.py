"""The workflows and actions, ours and our users': pinned, with the least rights, no way from a fork to a key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bulkplan import __version__
from bulkplan.cli.command_table import COMMAND_BY_NAME
from bulkplan.model.project import Project

ROOT = Path(__file__).parents[2]
OURS = ROOT / ".github"
SCAFFOLD = ROOT / "bulkplan" / "adapters" / "scaffold" / "github"
FILES = sorted([*OURS.rglob("*.yml"), *SCAFFOLD.rglob("*.yml")])
WORKFLOWS = [path for path in FILES if path.parent.name == "workflows"]
OWN_BRANCH = "github.event.pull_request.head.repo.full_name == github.repository"


def _name(path):
    return path.relative_to(ROOT).as_posix()


def _load(path):
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def _steps(content):
    if "runs" in content:
        return content["runs"]["steps"]
    return [step for job in content["jobs"].values() for step in job.get("steps", [])]


def test_what_init_writes_is_what_we_run_ourselves():
    twins = {path.relative_to(SCAFFOLD): path for path in SCAFFOLD.rglob("*") if path.is_file()}
    assert twins.pop(Path("workflows/bulkplan.yml"))  # when to run is each team's own
    ours = {path.relative_to(OURS) for path in OURS.rglob("*") if path.is_file()}
    assert set(twins) == {path for path in ours if path.parts[0] == "actions" or path.name.startswith("bulkplan-")}
    for name, path in twins.items():
        assert (OURS / name).read_bytes() == path.read_bytes(), name
        assert os.access(OURS / name, os.X_OK) == os.access(path, os.X_OK) == (path.suffix == ".sh"), name


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_actions_of_others_are_pinned_by_commit_and_name_their_version(path):
    for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
        assert line.startswith("$/.github/") or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_nothing_is_interpolated_into_a_shell(path):
    assert [step["run"] for step in _steps(_load(path)) if "${{" in step.get("run", "")] == []
    for script in path.parent.glob("*.sh"):
        text = script.read_text(encoding="utf-8")
        assert "${{" not in text
        assert "\nset -euo pipefail\n" in text
        assert "eval" not in text


@pytest.mark.parametrize("path", WORKFLOWS, ids=_name)
def test_rights_are_none_but_what_a_job_says(path):
    content = _load(path)
    assert content["permissions"] == {}
    assert all("permissions" in job for job in content["jobs"].values())
    events = content.get("on", content.get(True))
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(events)
    assert "inherit" not in [job.get("secrets") for job in content["jobs"].values()]
    for step in _steps(content):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_no_job_that_a_fork_can_start_is_given_a_key_or_a_right_to_write():
    jobs = _load(SCAFFOLD / "workflows" / "bulkplan-plan.yml")["jobs"]
    for name, job in jobs.items():
        is_for_own_branches = OWN_BRANCH in job.get("if", "")
        assert is_for_own_branches == (name == "counting")
        if not is_for_own_branches:
            assert job["permissions"] == {"contents": "read"}
            assert "secrets." not in str(job)
            assert "github.token" not in str(job)


def test_the_key_that_writes_is_read_behind_the_environment_alone():
    for path in (SCAFFOLD / "workflows").iterdir():
        for name, job in _load(path)["jobs"].items():
            steps = str(job.get("steps", []))
            if "secrets.CLOSE_API_KEY" in steps:
                assert job["environment"] == "${{ inputs.environment }}", (path, name)
    apply = _load(SCAFFOLD / "workflows" / "bulkplan-apply.yml")["jobs"]["apply"]
    assert apply["concurrency"] == {"group": "bulkplan-apply-${{ inputs.target }}", "cancel-in-progress": False}


def test_whoever_calls_a_workflow_gives_it_the_rights_that_it_asks_for():
    """GitHub refuses to start a workflow whose called one asks for more than its caller has."""
    for path in (SCAFFOLD / "workflows").iterdir():
        for job in _load(path)["jobs"].values():
            if "uses" not in job:
                continue
            called = _load(SCAFFOLD / job["uses"].removeprefix("$/.github/"))
            for inner in called["jobs"].values():
                for right, degree in inner["permissions"].items():
                    assert job["permissions"].get(right) in ("write", degree), (path.name, job["uses"], right)
            asked = called.get("on", called.get(True))["workflow_call"]
            assert set(job["with"]) <= set(asked["inputs"])
            assert {name for name, each in asked["inputs"].items() if each.get("required")} <= set(job["with"])
            assert set(job["secrets"]) <= set(asked["secrets"])


def test_an_action_s_wanted_version_is_the_one_that_wrote_it():
    assert _load(SCAFFOLD / "actions" / "setup" / "action.yml")["inputs"]["version"]["default"] == __version__


def _wheel(folder):
    """A bulkplan that only knows its version, for pip to find."""
    info = f"bulkplan-{__version__}.dist-info"
    folder.mkdir()
    with zipfile.ZipFile(folder / f"bulkplan-{__version__}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("small.py", f'def main(): print("bulkplan {__version__}")\n')
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: bulkplan\nVersion: {__version__}\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\nbulkplan = small:main\n")
        wheel.writestr(f"{info}/RECORD", "")


def _setup(tmp_path, **env):
    seen = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    seen |= {"RUNNER_TEMP": str(tmp_path / "temp"), "GITHUB_PATH": str(tmp_path / "path")}
    seen |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"), "INPUT_VERSION": __version__}
    script = SCAFFOLD / "actions" / "setup" / "setup.sh"
    return subprocess.run([script], env={**seen, **env}, capture_output=True, text=True, check=False)


def test_setup_installs_the_version_and_puts_bulkplan_alone_on_the_path(tmp_path):
    _wheel(tmp_path / "wheels")
    done = _setup(tmp_path)
    assert (done.returncode, done.stdout) == (0, f"bulkplan {__version__}\n"), done.stderr
    (folder,) = (tmp_path / "path").read_text().splitlines()
    assert [path.name for path in Path(folder).iterdir()] == ["bulkplan"]


@pytest.mark.parametrize(
    "env", [{"INPUT_VERSION": "0.1.0; echo x"}, {"INPUT_VERSION": ""}, {"INPUT_EXTRAS": "s3] --index-url=http://x"}]
)
def test_setup_refuses_what_is_no_version_and_no_extra(tmp_path, env):
    done = _setup(tmp_path, **env)
    assert done.returncode == 64
    assert done.stdout.startswith("::error title=bulkplan setup::")


def test_the_docs_name_every_output_and_their_project_file_is_valid():
    text = (ROOT / "docs" / "github.md").read_text(encoding="utf-8")
    outputs = _load(OURS / "actions" / "plan" / "action.yml")["outputs"]
    table = text[text.index("| output of `plan`") :]
    assert set(re.findall(r"`([a-z_]+)`", table[: table.index("\n\n")])) >= set(outputs)
    block = re.search(r"```yaml\n(.*?)```", text, flags=re.DOTALL)[1]
    project = Project.model_validate_json(json.dumps(YAML(typ="safe").load(block)))
    assert project.targets["production"].state == "git"


@pytest.mark.parametrize("hook", YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")))
def test_the_hooks_of_pre_commit_are_commands_that_need_no_connection(hook):
    program, command = hook["entry"].split()
    assert (program, hook["language"]) == ("bulkplan", "python")
    assert command in COMMAND_BY_NAME
    for name in ("specs/a.yaml", "crm/specs/b/c.yml", "bulkplan.yaml", "filters/x.yaml"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], ".github/workflows/ci.yml")
