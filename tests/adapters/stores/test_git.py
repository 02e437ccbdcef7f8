"""The git store: a ref of its own on a remote, and nothing else of the repository touched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from adapters.stores.conformance import KEY, ServiceLaws
from adapters.stores.git_http import GitHttpServer
from adapters.stores.git_lab import GitLab

from bulkplan.adapters.stores.framing import path_of
from bulkplan.adapters.stores.git import REF_PREFIX, GitStore
from bulkplan.errors import StoreError
from bulkplan.model.store import PutResult, Slot

REF = f"{REF_PREFIX}main"


class TestGitKeepsTheLaws(ServiceLaws):
    @pytest.fixture
    def lab(self, git_lab):
        return git_lab


@pytest.fixture
def lab(git_lab):
    git_lab.git("config", "transfer.fsckObjects", "true", at=git_lab.remote)  # as the large hosts have it
    return git_lab


@pytest.fixture
def store(lab):
    return lab.open()


def _another_machine(lab, *words):
    """A clone of the project, which has a commit of its own."""
    lab.git("commit", "-q", "--allow-empty", "-m", "first")
    lab.git("commit", "-q", "--allow-empty", "-m", "second")
    lab.git("push", "-q", "origin", "HEAD:refs/heads/main")
    lab.git("symbolic-ref", "HEAD", "refs/heads/main", at=lab.remote)
    root = lab.root.parent / "clone"
    lab.git("clone", "-q", *words, lab.remote.as_uri(), str(root), at=lab.root.parent)
    return root


@pytest.mark.parametrize("words", [(), ("--depth=1",), ("--filter=blob:none",)], ids=["whole", "shallow", "partial"])
def test_another_clone_sees_it_and_goes_on(lab, store, words):
    lab.git("config", "uploadpack.allowFilter", "true", at=lab.remote)
    store.put(KEY, "one", expected_version=0)
    root = _another_machine(lab, *words)
    other = lab.open(root=root)
    assert other.get(KEY) == Slot(KEY, 1, "one")
    assert other.put(KEY, "two", expected_version=1) is PutResult.STORED
    assert store.get(KEY) == Slot(KEY, 2, "two")
    assert other.lineage() == store.lineage()


def test_a_shallow_clone_stays_shallow(lab, store):
    root = _another_machine(lab, "--depth=1")
    before = (root / ".git" / "shallow").read_text()
    lab.open(root=root).put(KEY, "one", expected_version=0)
    assert (root / ".git" / "shallow").read_text() == before


def test_checkout_index_branches_and_fetch_head_stay_as_they_are(lab, store):
    root = _another_machine(lab)
    (root / "draft.txt").write_text("not committed")
    lab.git("add", "draft.txt", at=root)
    (root / "draft.txt").write_text("edited since")
    look = lambda: (  # noqa: E731 - taken twice
        lab.git("status", "--porcelain", at=root),
        lab.git("for-each-ref", "refs/heads", "refs/remotes", "refs/tags", at=root),
        (root / ".git" / "index").read_bytes(),
        (root / ".git" / "FETCH_HEAD").exists(),
    )
    before = look()
    store = lab.open(root=root)
    store.put(KEY, "one", expected_version=0)
    store.list()
    (root / ".bulkplan" / ".gitignore").write_text("*\n")
    assert look() == before
    assert lab.git("for-each-ref", "--format=%(refname)", "refs/bulkplan", at=root) == REF


def test_every_write_is_a_commit_of_bulkplan_with_a_subject_for_people(lab, store):
    store.put("run/a@1", "one", expected_version=0)
    store.put("run/a@1", "two", expected_version=1)
    told = lab.git("log", "--reverse", "--format=%an, %cn: %s", REF, at=lab.remote).splitlines()
    assert told[0] == f"bulkplan, bulkplan: bulkplan state {store.lineage()}"
    assert told[1:] == ["bulkplan, bulkplan: run/a@1 version 1", "bulkplan, bulkplan: run/a@1 version 2"]
    assert lab.git("show", f"{REF}:run/a@1.json", at=lab.remote).endswith("\ntwo")


def test_hooks_of_the_repository_do_not_run(lab, store, tmp_path):
    for hook in ("pre-push", "reference-transaction", "post-index-change"):
        path = lab.root / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\necho {hook} >> {tmp_path}/ran\nexit 1\n")
        path.chmod(0o755)
    assert store.put(KEY, "one", expected_version=0) is PutResult.STORED
    assert store.get(KEY) is not None
    assert not (tmp_path / "ran").exists()


def test_variables_that_a_hook_sets_do_not_lead_it_elsewhere(lab, tmp_path):
    lab.git("init", "-q", str(tmp_path / "other"), at=tmp_path)
    lab.environ |= {"GIT_DIR": str(tmp_path / "other" / ".git"), "GIT_INDEX_FILE": "x", "GIT_AUTHOR_NAME": "me"}
    assert GitStore.open(lab.root, target="main", environ=lab.environ).put(KEY, "1", expected_version=0) == "stored"
    clean = GitLab.git
    lab.environ = {name: value for name, value in lab.environ.items() if not name.startswith("GIT_")}
    assert clean(lab, "log", "-1", "--format=%an", REF, at=lab.remote) == "bulkplan"


def test_a_rule_of_the_server_is_said_in_its_own_words(lab, store):
    store.put(KEY, "one", expected_version=0)
    hook = lab.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert store.put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
    assert "pre-receive hook declined" in store.trouble
    assert store.get(KEY).text == "one"


def test_a_server_without_room_stores_nothing(lab, store):
    store.put(KEY, "one", expected_version=0)
    lab.git("config", "receive.maxInputSize", "1", at=lab.remote)
    assert store.put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
    assert store.trouble
    lab.git("config", "--unset", "receive.maxInputSize", at=lab.remote)
    assert store.get(KEY).text == "one"
    assert store.put(KEY, "two", expected_version=1) is PutResult.STORED


def test_a_full_disk_of_our_own_stores_nothing(lab, store):
    store.put(KEY, "one", expected_version=0)
    words = json.dumps({"root": str(lab.root), "environ": lab.environ, "key": KEY})
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}  # noqa: PTH109 - a text
    told = subprocess.run(
        [sys.executable, "-c", _ON_A_FULL_DISK, words], check=True, capture_output=True, text=True, env=environ
    )
    assert told.stdout == "unavailable\n"
    assert store.get(KEY) == Slot(KEY, 1, "one")
    assert store.put(KEY, "two", expected_version=1) is PutResult.STORED


_ON_A_FULL_DISK = """
import json, pathlib, resource, signal, sys
from bulkplan.adapters.stores.git import GitStore
given = json.loads(sys.argv[1])
store = GitStore.open(pathlib.Path(given["root"]), target="main", environ=given["environ"])
store.get(given["key"])
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
sys.stdout.write(store.put(given["key"], "x" * 100_000, expected_version=1) + "\\n")
"""


def test_who_may_only_read_reads(lab, store):
    store.put(KEY, "one", expected_version=0)
    lab.arm("deny")
    assert store.put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
    assert "you may only read" in store.trouble
    assert store.get(KEY).text == "one"


def test_who_may_only_read_finds_a_new_store_empty_and_without_lineage(lab, store):
    lab.arm("deny")
    assert store.lineage() == ""
    assert store.list() == []


def test_a_ref_that_vanished_is_refused_until_a_person_says_it_was_meant(lab, store):
    store.put(KEY, "one", expected_version=0)
    lab.git("update-ref", "-d", REF, at=lab.remote)
    assert lab.open().put("run/b@1", "new", expected_version=0) is PutResult.UNAVAILABLE
    with pytest.raises(StoreError, match="rewritten") as caught:
        store.list()
    seen = re.search(r"rm (\S+)$", caught.value.hint)
    assert seen is not None
    subprocess.run(["rm", seen[1]], check=True)
    assert store.list() == []


def test_the_hint_of_a_rewritten_history_brings_it_back(lab, store):
    store.put(KEY, "one", expected_version=0)
    before = lab.snapshot()
    store.put(KEY, "two", expected_version=1)
    lab.restore(before)
    with pytest.raises(StoreError) as caught:
        store.get(KEY)
    mend = re.search(r"git (push --force [^)]*)\)", caught.value.hint)
    assert mend is not None
    lab.git(*mend[1].split())
    assert store.get(KEY).text == "two"


def test_a_file_that_somebody_committed_is_unreadable_and_the_rest_is_not(lab, store):
    store.put("run/a@1", "a text", expected_version=0)
    store.put("run/b@1", "a text", expected_version=0)
    lab.commit_files({path_of("run/a@1"): b'{"format": "bulkplan/sl', "README": b"hello"})
    assert store.list() == [Slot("run/a@1", 0, '{"format": "bulkplan/sl'), Slot("run/b@1", 1, "a text")]
    assert store.put("run/a@1", "over it", expected_version=0) is PutResult.CONFLICT


def test_a_ref_of_somebody_else_is_not_taken_for_state(lab, store):
    lab.git("commit", "-q", "--allow-empty", "-m", "not state")
    lab.git("push", "-q", "origin", f"HEAD:{REF}")
    with pytest.raises(StoreError, match="no state of bulkplan"):
        store.lineage()


def test_a_server_that_never_answers_is_waited_for_only_so_long(lab):
    store = GitStore.open(lab.root, target="main", environ=lab.environ, timeout_s=1.0)
    store.put(KEY, "one", expected_version=0)
    lab.arm("LOSE_REQUEST")
    script = lab.root.parent / "receive-pack"
    script.write_text("#!/bin/sh\nexec cat >/dev/null\n")
    assert store.put(KEY, "two", expected_version=1) is PutResult.UNSURE
    assert "too long" in store.trouble


def test_an_address_may_stand_for_the_remote(lab, tmp_path):
    lab.git("remote", "remove", "origin")
    store = GitStore.open(lab.root, target="main", remote=str(lab.remote), environ=lab.environ)
    assert store.put(KEY, "one", expected_version=0) is PutResult.STORED


@pytest.mark.parametrize("remote", ["origin", "upstream"])
def test_a_remote_that_the_repository_lacks_is_named_with_the_way_out(lab, remote):
    lab.git("remote", "remove", "origin")
    with pytest.raises(StoreError, match=f'no remote "{remote}"') as caught:
        GitStore.open(lab.root, target="main", remote=remote, environ=lab.environ)
    assert "git remote add" in caught.value.hint


def test_outside_of_a_repository_it_says_so(lab, tmp_path):
    (tmp_path / "plain").mkdir()
    environ = {**lab.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    with pytest.raises(StoreError, match="in a git repository"):
        GitStore.open(tmp_path / "plain", target="main", environ=environ)


def test_without_the_program_it_says_so(lab, tmp_path):
    with pytest.raises(StoreError, match="not installed"):
        GitStore.open(lab.root, target="main", environ={"PATH": str(tmp_path)})


def test_a_token_in_the_address_is_shown_nowhere(lab):
    address = "http://me:ghp_canary@127.0.0.1:1/state.git"
    lab.git("remote", "set-url", "origin", address)
    for remote in ("origin", address):
        store = GitStore.open(lab.root, target="main", remote=remote, environ=lab.environ)
        with pytest.raises(StoreError) as caught:
            store.get(KEY)
        assert store.put(KEY, "one", expected_version=0) is PutResult.UNAVAILABLE
        assert "canary" not in f"{store.name} {caught.value.message} {caught.value.hint} {store.trouble}"


@pytest.fixture
def runner(lab):
    """A runner of a host that wants a token, whose checkout kept no credentials."""
    server = GitHttpServer(lab.root.parent, "ghs_canary")
    lab.git("config", "http.receivepack", "true", at=lab.remote)
    lab.git("remote", "set-url", "origin", f"{server.url}/remote.git")
    lab.environ |= {"GITHUB_SERVER_URL": server.url, "GITHUB_TOKEN": "ghs_canary"}
    yield server
    server.close()


def test_the_token_of_a_runner_is_enough(lab, runner):
    store = lab.open()
    assert store.put(KEY, "one", expected_version=0) is PutResult.STORED
    assert lab.open().put(KEY, "two", expected_version=1) is PutResult.STORED
    assert [slot.text for slot in store.list()] == ["two"]
    assert store.put(KEY, "too late", expected_version=1) is PutResult.CONFLICT
    assert "canary" not in (lab.root / ".git" / "config").read_text()


def test_it_takes_the_place_of_credentials_that_the_checkout_left(lab, runner):
    lab.git("config", f"http.{runner.url}/.extraheader", "AUTHORIZATION: basic b2xk")
    assert lab.open().put(KEY, "one", expected_version=0) is PutResult.STORED


def test_a_token_that_may_only_read_reads(lab, runner):
    lab.open().put(KEY, "one", expected_version=0)
    runner.may_push = False
    store = lab.open()
    assert store.get(KEY).text == "one"
    assert store.put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
    assert "403" in store.trouble
    assert lab.open(target="new").lineage() == ""


def test_without_a_token_it_fails_at_once_and_asks_nobody(lab, runner):
    del lab.environ["GITHUB_TOKEN"]
    with pytest.raises(StoreError, match="could not read Username"):
        lab.open().get(KEY)
