"""Where a key goes: to Close, in one header; not to a host that a file names, not into a list of processes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from support.spec_texts import SPEC

from bulkplan.adapters.stores.git import GitStore
from bulkplan.adapters.stores.postgres import PostgresStore
from bulkplan.cli.main import run
from bulkplan.errors import NotAuthorizedError, StoreError

KEY = "api_canary5kT2x9QzLm.7Wr3Yv8Bn"
PROJECT = """\
schema: bulkplan/project/v1
project_id: "7f3c0c1e2b9d4a60"
default_target: real
targets:
  real: {organization_id: orga_1, api_key_env: SECURITY_KEY, base_url: "https://close.evil.test/api/v1"}
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project whose file sends the key elsewhere."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "bulkplan.yaml").write_text(PROJECT)
    (tmp_path / "specs" / "a.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "BULKPLAN_ALLOW_HOST", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECURITY_KEY", KEY)
    return tmp_path


ASKING = [
    ("plan",),
    ("apply", "--auto-approve"),
    ("audit",),
    ("lint", "--online"),
    ("explain", "a"),
    ("pause", "a"),
    ("new", "b", "--from-status", "Churned", "--action", "delete"),
    ("import", "bulkedit_1", "--name", "b"),
]


@pytest.mark.parametrize("words", ASKING, ids=lambda words: words[0])
def test_no_command_sends_the_key_to_a_host_that_only_the_project_file_names(root, capfd, words):
    code = run([*words])
    out, err = capfd.readouterr()
    assert (code, "close.evil.test" in err, "BULKPLAN_ALLOW_HOST=" in err) == (77, True, True), out + err
    assert "canary" not in out + err


@pytest.mark.parametrize(
    "key", ["base_url", "api_key_env", "targets", "target", "state", "allow_host", "BULKPLAN_ALLOW_HOST"]
)
def test_neither_a_spec_nor_a_fragment_nor_the_project_says_where_keys_go(root, capfd, key):
    (root / "specs" / "a.yaml").write_text(f"{SPEC}{key}: https://close.evil.test/api/v1\n")
    assert run(["validate"]) == 65
    assert f"specs/a.yaml:6:1: error: unknown key {key}" in "".join(capfd.readouterr()).replace('"', "")
    (root / "specs" / "a.yaml").write_text(SPEC)
    if key not in ("targets",):
        (root / "bulkplan.yaml").write_text(f"{PROJECT}{key}: https://close.evil.test/api/v1\n")
        assert run(["validate"]) == 65


def test_a_key_that_stands_in_a_file_by_mistake_is_not_repeated(root, capfd):
    for line in (f"api_key_env: {KEY}", f"api_key: {KEY}", f'base_url: "https://{KEY}@api.close.com"'):
        (root / "bulkplan.yaml").write_text(PROJECT.replace("api_key_env: SECURITY_KEY", line))
        for words in (["validate"], ["plan", "-v"], ["lint", "--format", "json"], ["validate", "--format", "github"]):
            assert run(words) in (1, 65)
            assert "canary" not in "".join(capfd.readouterr()), (line, words)


HOSTS = [
    ("postgresql://db.evil.test/x", {}, False),
    ("postgresql://db.evil.test/x", {"PGPASSWORD": ""}, True),
    ("postgresql://dana:own@db.evil.test/x", {}, True),
    ("postgresql:///x?host=db.evil.test", {}, False),
    ("postgresql:///x?host=127.0.0.1&hostaddr=10.1.1.1", {}, False),
    ("postgresql://localhost,db.evil.test/x", {}, False),
    ("postgresql:///x?service=evil", {}, False),
    ("postgresql://db.evil.test/x", {"PGHOST": "db.acme.test"}, False),
    ("postgresql://db.acme.test/x", {"PGHOST": "db.acme.test"}, True),
    ("postgresql://DB.acme.test:6543/x", {"BULKPLAN_ALLOW_HOST": "close.acme.test db.acme.test"}, True),
    ("postgresql://127.0.0.1/x", {}, True),
    ("postgresql:///x?host=/run/postgresql", {}, True),
    ("postgresql:///x", {}, True),
]


@pytest.mark.parametrize(("url", "more", "is_given"), HOSTS)
def test_a_password_of_the_environment_goes_to_no_host_that_only_the_project_file_names(url, more, is_given):
    environ = {"PGPASSWORD": "canary", **more}
    if is_given:
        PostgresStore.open(url, target="t", environ=environ).close()
        return
    with pytest.raises(NotAuthorizedError, match=r"\$PGPASSWORD") as caught:
        PostgresStore.open(url, target="t", environ=environ)
    assert "canary" not in f"{caught.value} {caught.value.hint}"


def test_a_token_is_in_the_environment_of_git_and_never_among_its_words(tmp_path):
    listening = tmp_path / "git"
    listening.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/words\nenv >> {tmp_path}/environ\nexit 1\n')
    listening.chmod(listening.stat().st_mode | stat.S_IXUSR)
    environ = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_SERVER_URL": "https://github.test",
        "GITHUB_TOKEN": "ghs_canary",
    }
    with pytest.raises(StoreError):
        GitStore.open(tmp_path, target="t", remote="https://state.evil.test/x.git", environ=environ)
    assert "rev-parse" in (tmp_path / "words").read_text()
    assert "canary" not in (tmp_path / "words").read_text()
    header = next(line for line in (tmp_path / "environ").read_text().splitlines() if "extraheader" in line)
    assert header.endswith("=http.https://github.test/.extraheader")


def test_nothing_of_a_process_names_the_key(root):
    """Neither its words nor its title: Linux shows both to every user of the machine."""
    words = Path("/proc/self/cmdline").read_bytes() + Path("/proc/self/comm").read_bytes()
    run(["plan"])
    after = Path("/proc/self/cmdline").read_bytes() + Path("/proc/self/comm").read_bytes()
    assert after == words
    assert KEY.encode() not in after
