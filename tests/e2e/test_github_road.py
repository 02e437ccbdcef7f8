"""The road through GitHub, walked by the actions' own scripts: plan, comment, merge, apply; and where it stops."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from adapters.stores.git_http import GitHttpServer
from e2e.project import API_KEY, environ, leaks, spec
from ruamel.yaml import YAML
from support.composite import Finished, Runner
from support.github_api import TOKEN, GitHubApi

ACTIONS = Path(__file__).parents[2] / ".github" / "actions"
AT = "2026-11-26T11:00:00Z"
SANDBOX = "{sandbox: {leads: 20, seed: 7}}"


class Road:
    """A repository on a forge of this test: its bare remote over HTTP, its API, a maintainer's clone, its runners."""

    def __init__(self, folder: Path, served) -> None:
        self.folder, self.served = folder, served
        self.api = GitHubApi()
        self.git_host = GitHttpServer(folder, TOKEN)
        self.bare, self.clone = folder / "acme" / "crm", folder / "clone"
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        self.number, self.pull = 0, 6
        self._git("init", "-q", "--bare", "-b", "main", str(self.bare), at=folder)
        self._git("config", "http.receivepack", "true", at=self.bare)
        self._git("init", "-q", "-b", "main", str(self.clone), at=folder)
        (folder / "bin").mkdir()
        program = folder / "bin" / "bulkplan"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -m bulkplan "$@"\n')
        program.chmod(0o755)

    def close(self) -> None:
        self.api.close()
        self.git_host.close()

    def commit(self, files: dict[str, str | None], *, branch: str = "main") -> str:
        """Commit files (or their removal) to a branch and push it; returns the commit."""
        if branch != "main":
            self._git("checkout", "-q", "-B", branch, "main")
        for name, text in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True) if text is None else path.write_text(text)
        self._git("add", "-A")
        self._git("commit", "-q", "-m", f"change {', '.join(files)}")
        self._git("push", "-q", str(self.bare), branch)
        return self._git("rev-parse", "HEAD")

    def project(self, files: dict[str, str]) -> None:
        """The first commit: a project whose production is the served sandbox, with its state in git."""
        target = f"{{base_url: {self.served.base_url}, api_key_env: CLOSE_API_KEY, state: git}}"
        text = f'schema: bulkplan/project/v1\nproject_id: "{"ab" * 8}"\n'
        text += "default_target: sandbox\nrequire_saved_plan: true\n"
        self.commit({"bulkplan.yaml": f"{text}targets:\n  production: {target}\n  sandbox: {SANDBOX}\n", **files})

    def plan(self, head: str, *, repository: str = "acme/crm", **inputs: str) -> Finished:
        """What the workflow of a pull request does, on the merge of `head` into main; its artefact is left."""
        self.pull += 1
        self._git("checkout", "-q", "--detach", "main")
        self._git("merge", "-q", "--no-ff", "-m", "merge", head)
        merge = self._git("rev-parse", "HEAD")
        self._git("push", "-q", "-f", str(self.bare), f"HEAD:refs/pull/{self.pull}/merge")
        self._git("checkout", "-q", "main")
        pull = {
            "number": self.pull,
            "head": {"sha": head, "ref": "change", "repo": {"full_name": repository}},
            "base": {"sha": self._git("rev-parse", "main"), "ref": "main", "repo": {"full_name": "acme/crm"}},
        }
        runner = self.runner({"pull_request": pull}, ref=f"refs/pull/{self.pull}/merge", sha=merge)
        done = runner.run(ACTIONS / "plan", {"target": "production", **inputs}, CLOSE_API_KEY=API_KEY)
        for action, words in done.used:
            assert action.startswith("actions/upload-artifact@")
            pattern = Path(words["path"])
            files = {each.name: each.read_text() for each in pattern.parent.glob(pattern.name)}
            assert "plan.json" in files
            self.api.leave(words["name"], files, head_sha=head, at=AT)
        return done

    def merge(self, head: str) -> str:
        """What the button does; returns the merge."""
        self._git("merge", "-q", "--no-ff", "-m", f"Merge pull request {self.pull}", head)
        self._git("push", "-q", str(self.bare), "main")
        sha = self._git("rev-parse", "HEAD")
        self.api.merge(self.pull, head_sha=head, merge_sha=sha, at=self._moment())
        return sha

    def apply(self, **more) -> Finished:
        """What the workflow does after a merge, at the tip of main."""
        runner = self.runner({"ref": "refs/heads/main"}, ref="refs/heads/main", sha=self._git("rev-parse", "main"))
        runner.start = more.pop("start", runner.start)
        return runner.run(ACTIONS / "apply", {"target": "production"}, CLOSE_API_KEY=API_KEY)

    def audit(self) -> Finished:
        """What the nightly workflow runs after setting up."""
        text = (ACTIONS.parent / "workflows" / "bulkplan-audit.yml").read_text(encoding="utf-8")
        step = YAML(typ="safe").load(text)["jobs"]["audit"]["steps"][-1]
        folder = self.folder / "audit"
        folder.mkdir()
        inputs = {name: {"default": ""} for name in ("target", "directory")}
        action = {"inputs": inputs, "runs": {"using": "composite", "steps": [{**step, "shell": "bash"}]}}
        with (folder / "action.yml").open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(action, file)
        runner = self.runner({"schedule": "43 3 * * *"}, ref="refs/heads/main", sha=self._git("rev-parse", "main"))
        runner.secrets = {"CLOSE_READ_KEY": API_KEY}
        return runner.run(folder, {"target": "production", "directory": "."})

    def runner(self, event: dict, *, ref: str, sha: str) -> Runner:
        """A fresh runner that has checked out a ref and kept no credentials."""
        self.number += 1
        root = self.folder / f"runner-{self.number}"
        workspace = root / "workspace"
        self._git("clone", "-q", "--no-checkout", str(self.bare), str(workspace), at=self.folder)
        self._git("fetch", "-q", str(self.bare), ref, at=workspace)
        self._git("checkout", "-q", "--detach", "FETCH_HEAD", at=workspace)
        self._git("remote", "set-url", "origin", f"{self.git_host.url}/acme/crm", at=workspace)
        path = root / "event.json"
        path.write_text(json.dumps(event))
        github = {"event": event, "token": TOKEN, "repository": "acme/crm"}
        seen = environ(
            CI="true",
            GITHUB_ACTIONS="true",
            GITHUB_ACTOR="dana",
            GITHUB_API_URL=self.api.url,
            GITHUB_SERVER_URL=self.git_host.url,
            GITHUB_REPOSITORY="acme/crm",
            GITHUB_EVENT_PATH=str(path),
            GITHUB_REF_NAME=ref.removeprefix("refs/heads/").removeprefix("refs/pull/"),
            GITHUB_RUN_ID="41",
            GITHUB_SHA=sha,
            HOME=str(self.home),
        )
        return Runner(root, workspace, {**seen, "PATH": f"{self.folder / 'bin'}:{seen['PATH']}"}, github)

    def state(self) -> str:
        """What the state ref of the remote holds, as text."""
        ref = "refs/bulkplan/state/production"
        return self._git("grep", "-h", "", ref, at=self.bare) if self._git("for-each-ref", ref, at=self.bare) else ""

    def _moment(self) -> str:
        return subprocess.run(["date", "-u", "+%Y-%m-%dT%H:%M:%SZ"], capture_output=True, text=True, check=True).stdout[
            :-1
        ]

    def _git(self, *words: str, at: Path | None = None) -> str:
        command = ["git", "-c", "user.name=x", "-c", "user.email=x@y", "-c", "init.defaultBranch=main", *words]
        home = environ(HOME=str(self.home), GIT_CONFIG_NOSYSTEM="1")
        done = subprocess.run(command, cwd=at or self.clone, env=home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.strip()


@pytest.fixture
def road(tmp_path, own_served):
    made = Road(tmp_path / "forge", own_served)
    yield made
    made.close()


def _change_leads(served, status: str, *, n: int) -> None:
    """Some leads of a status get another: whoever counts them finds fewer."""
    ids = {one["label"]: one["id"] for one in served.pages("/status/lead/")}
    leads = [lead["id"] for lead in served.pages("/lead/") if lead["status_id"] == ids[status]][:n]
    for lead in leads:
        served.client.put(f"/lead/{lead}/", json={"status_id": ids["Customer"]}).raise_for_status()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_plan_comment_merge_apply_and_apply_again(road, addresses):
    road.project({"specs/mark.yaml": spec("mark"), "specs/old.yaml": spec("old", status="Contacted")})
    head = road.commit(
        {
            "specs/mark.yaml": spec("mark", tag="partner"),
            "specs/fresh.yaml": spec("fresh", status="Churned"),
            "specs/old.yaml": None,
        },
        branch="change",
    )
    plan = road.plan(head)
    assert plan.code == 0, plan.printed
    assert plan.outputs["has_changes"] == "true"
    assert plan.outputs["max_risk"] == "low"
    assert int(plan.outputs["match_total"]) > 0
    assert plan.outputs["plan_digest"].startswith("sha256:")
    assert (plan.outputs["blocked"], plan.outputs["unknown"], plan.outputs["failed"]) == ("0", "0", "false")
    (comment,) = road.api.bodies(7)
    assert comment.startswith("<!-- bulkplan:plan:production -->\n")
    assert "1 new, 1 edited, 1 removed" in comment
    for name, kind in (("mark@1", "edited"), ("fresh@1", "new"), ("old@1", "removed")):
        assert any(f"`{name}`" in line and kind in line for line in comment.splitlines()), name
    assert "1 new, 1 edited, 1 removed" in plan.summary
    assert road.served.starts() == 0
    assert "mark@1" not in road.state()

    road.merge(head)
    done = road.apply()
    assert done.code == 0, done.printed
    assert road.served.starts() == 2
    assert "2 done" in done.summary
    assert "mark@1" in road.state()
    again = road.apply()
    assert again.code == 0, again.printed
    assert road.served.starts() == 2, "a retried job sends nothing"
    assert len(road.api.bodies(7)) == 1
    audit = road.audit()
    assert audit.code == 0, audit.printed
    assert "ours" in audit.summary
    steps = (plan, done, again, audit)
    said = "".join((*(f"{each.printed}{each.summary}" for each in steps), comment, road.state()))
    assert TOKEN not in said
    assert leaks(said.encode(), addresses) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_apply_stops_where_the_leads_are_not_those_reviewed_and_a_new_plan_mends_it(road):
    """The road again, with a cancelled job in it."""
    road.project({"specs/mark.yaml": spec("mark")})
    head = road.commit({"specs/fresh.yaml": spec("fresh", status="Contacted")}, branch="change")
    assert road.plan(head, base="false", comment="false").code == 0
    _change_leads(road.served, "Contacted", n=6)
    road.merge(head)
    stopped = road.apply()
    assert stopped.code == 4, stopped.printed
    assert road.served.starts() == 0, "one row that is not as reviewed stops all"
    comment = road.api.bodies(7)[-1]
    assert len(road.api.bodies(7)) == 1
    assert "this is not what was reviewed" in comment
    assert "fresh@1" in comment
    assert "mark@1" not in comment

    head = road.commit({"specs/mark.yaml": spec("mark", more="owner: revops\n")}, branch="again")
    assert road.plan(head, base="false", comment="false").code == 0
    road.merge(head)
    road.served.fault("latency", method="POST", path="/bulk_action/edit/", seconds=1.5)
    cancelled = road.apply(start=_interrupting(road.served))
    assert cancelled.code == 130, cancelled.printed
    assert road.served.starts() == 1, "what was in flight is finished, nothing new starts"
    road.served.heal()
    done = road.apply()
    assert done.code == 0, done.printed
    assert road.served.starts() == 2
    assert '"unknown"' not in road.state()


def _interrupting(served):
    """Runs steps as `subprocess.run`; the one that starts a bulk action is sent what a runner sends: SIGINT."""

    def start(command, *, check, **words):
        with subprocess.Popen(command, **words) as process:
            ending = threading.Event()

            def watch():
                while not ending.wait(0.05):
                    if served.starts():
                        process.send_signal(signal.SIGINT)
                        return

            watching = threading.Thread(target=watch)
            if "apply.sh" in Path(command[-1]).read_text():
                watching.start()
            out, _ = process.communicate()
            ending.set()
            if watching.ident:
                watching.join()
        return subprocess.CompletedProcess(command, process.returncode, out)

    return start


def test_a_fork_s_pull_request_reaches_no_key_no_close_and_no_api(road):
    road.project({"specs/mark.yaml": spec("mark")})
    text = spec("mark", more="description: '::add-mask::x ##[set-output name=tier]counting'\nowner: '##[error]x'\n")
    bad = "schema: bulkplan/v1\nname: '::error::x'\n"
    head = road.commit({"specs/mark.yaml": text, "specs/bad.yaml": bad}, branch="change")
    before = road.served.requests().total()
    plan = road.plan(head, repository="eve/crm")
    assert plan.code == 65, "what can be checked without secrets is checked"
    assert road.served.requests().total() == before, "the key was there, and was not used"
    assert road.api.calls == []
    assert plan.used == [], "no artefact"
    assert "specs/bad.yaml:2:7" in plan.printed
    commands = [line.split("::")[1].split(" ")[0] for line in plan.commands]
    assert set(commands) <= {"error", "warning", "notice"}
    assert any("file=specs/bad.yaml" in line for line in plan.commands)
    assert "##[" not in "".join(plan.commands)
