"""The road through GitHub, walked by the actions' own scripts: plan, comment, merge, apply; and where it stops."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from adapters.stores.git_http import GitHttpServer
from e2e.project import API_KEY, environ, leaks, spec
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
        self.number = 0
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

    def plan(self, head: str, *, repository: str = "acme/crm", **env: str) -> Finished:
        """What the workflow of a pull request does, on the merge of `head` into main; its artefact is left."""
        self._git("checkout", "-q", "--detach", "main")
        self._git("merge", "-q", "--no-ff", "-m", "merge", head)
        merge = self._git("rev-parse", "HEAD")
        self._git("push", "-q", "-f", str(self.bare), "HEAD:refs/pull/7/merge")
        self._git("checkout", "-q", "main")
        pull = {
            "number": 7,
            "head": {"sha": head, "ref": "change", "repo": {"full_name": repository}},
            "base": {"sha": self._git("rev-parse", "main"), "ref": "main", "repo": {"full_name": "acme/crm"}},
        }
        runner = self.runner({"pull_request": pull}, ref="refs/pull/7/merge", sha=merge)
        done = runner.run(ACTIONS / "plan", {"target": "production"}, **{"CLOSE_API_KEY": API_KEY, **env})
        for action, words in done.used:
            assert action.startswith("actions/upload-artifact@")
            self.api.leave(words["name"], {"plan.json": Path(words["path"]).read_text()}, head_sha=head, at=AT)
        return done

    def merge(self, head: str) -> str:
        """What the button does; returns the merge."""
        self._git("merge", "-q", "--no-ff", "-m", "Merge pull request 7", head)
        self._git("push", "-q", str(self.bare), "main")
        sha = self._git("rev-parse", "HEAD")
        self.api.merge(7, head_sha=head, merge_sha=sha, at=self._moment())
        return sha

    def apply(self, **more) -> Finished:
        """What the workflow does after a merge, at the tip of main."""
        runner = self.runner({"ref": "refs/heads/main"}, ref="refs/heads/main", sha=self._git("rev-parse", "main"))
        runner.start = more.pop("start", runner.start)
        return runner.run(ACTIONS / "apply", {"target": "production"}, CLOSE_API_KEY=API_KEY)

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
    said = "".join((plan.printed, done.printed, again.printed, comment, plan.summary, done.summary, road.state()))
    assert TOKEN not in said
    assert leaks(said.encode(), addresses) == []
