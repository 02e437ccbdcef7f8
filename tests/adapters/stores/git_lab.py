"""The lab of the git store: a bare remote, and a receiving end that loses what it is told to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from adapters.stores.faults import Fault
from adapters.stores.lab import Lab

from bulkplan.adapters.stores.framing import Framed, dump_frame, load_frame, path_of
from bulkplan.adapters.stores.git import REF_PREFIX, GitStore
from bulkplan.model.store import Slot

_RECEIVE_PACK = """#!{python} -IS
import os, shutil, subprocess, sys
lab, target = {lab!r}, sys.argv[-1]
armed = os.path.join(lab, "fault")
if not os.path.exists(armed):
    os.execvp("git", ["git", "receive-pack", target])
fault = open(armed).read()
os.remove(armed)
if fault == "deny":
    sys.exit("you may only read")
if fault == "DELAY":
    target = shutil.copytree(target, os.path.join(lab, "delayed.git"))
stdin = subprocess.DEVNULL if fault == "LOSE_REQUEST" else None
server = subprocess.Popen(["git", "receive-pack", target], stdin=stdin, stdout=subprocess.PIPE)
while (size := server.stdout.read(4)) != b"0000":
    sys.stdout.buffer.write(size + server.stdout.read(int(size, 16) - 4))
sys.stdout.buffer.write(size)
sys.stdout.buffer.flush()
if fault != "LOSE_REQUEST":
    server.stdout.read()
server.wait()
sys.exit(1)
"""
"""Stands between git and the receiving end: advertises truly, then loses the reply, the request, or delays it."""


class GitLab(Lab):
    remembers = True
    most_requests = 6  # processes: one fetch, its head, what was seen last, the tree, all contents
    rounds = 2, 2

    def __init__(self, folder):
        self._folder = folder
        self.remote = folder / "remote.git"
        self.root = folder / "work"
        self._log = folder / "git.log"
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
        self.git("init", "-q", "--bare", str(self.remote), at=folder)
        self.git("init", "-q", str(self.root), at=folder)
        self.git("remote", "add", "origin", str(self.remote))
        self.recipe = {"kind": "git", "root": str(self.root), "environ": self.environ}

    def git(self, *words, at=None, stdin=None):
        return subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@y", *words],
            cwd=at or self.root,
            env=self.environ,
            check=True,
            capture_output=True,
            text=True,
            input=stdin,
        ).stdout.strip()

    def open(self, target="main", root=None):
        return GitStore.open(root or self.root, target=target, environ=self.environ, timeout_s=20)

    def arm(self, fault):
        script = self._folder / "receive-pack"
        script.write_text(_RECEIVE_PACK.format(python=sys.executable, lab=str(self._folder)))
        script.chmod(0o755)
        self.git("config", "remote.origin.receivepack", str(script))
        (self._folder / "fault").write_text(fault.name if isinstance(fault, Fault) else fault)

    def release(self):
        """The push arrives now: its objects, and the ref if that is still where the push found it."""
        before, delayed = self._head(self.remote), self._folder / "delayed.git"
        after = self._head(delayed)
        old = self.git("rev-parse", f"{after}^", at=delayed) if before else ""
        self.git("fetch", "-q", str(delayed), f"{REF_PREFIX}main", at=self.remote)
        command = ["git", "update-ref", f"{REF_PREFIX}main", after, old]
        subprocess.run(command, cwd=self.remote, env=self.environ, check=False, capture_output=True)

    def _head(self, repository):
        return self.git("for-each-ref", "--format=%(objectname)", f"{REF_PREFIX}main", at=repository)

    def commit_files(self, files, *, message="by hand"):
        """Commit files to the state ref of the remote, without a bulkplan."""

        def run(*words, stdin=None):
            command = ["git", "-c", "user.name=x", "-c", "user.email=x@y", *words]
            index = {**self.environ, "GIT_INDEX_FILE": str(self._folder / "index")}
            told = subprocess.run(command, cwd=self.remote, env=index, check=True, capture_output=True, input=stdin)
            return told.stdout.decode().strip()

        head = self._head(self.remote)
        run("read-tree", head)
        with tempfile.TemporaryDirectory() as folder:
            drafts = [Path(folder) / str(number) for number in range(len(files))]
            for draft, content in zip(drafts, files.values(), strict=True):
                draft.write_bytes(content)
            paths = "".join(f"{draft}\n" for draft in drafts).encode()
            blobs = run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=paths).split()
        lines = "".join(f"100644 {blob}\t{path}\n" for path, blob in zip(files, blobs, strict=True))
        run("update-index", "--add", "--index-info", stdin=lines.encode())
        commit = run("commit-tree", run("write-tree"), "-p", head, "-m", message)
        run("update-ref", f"{REF_PREFIX}main", commit)

    def fill(self, n):
        self.open().lineage()
        slots = [Slot(f"run/r{number}@1", 1, "a text") for number in range(n)]
        self.commit_files({path_of(slot.key): dump_frame(Framed(slot, "w")) for slot in slots})

    def damage(self, key, text):
        content = self.git("show", f"{REF_PREFIX}main:{path_of(key)}", at=self.remote) + "\n"
        framed = load_frame(key, content.encode())
        slot = Slot(key, framed.slot.version, text)
        self.commit_files({path_of(key): dump_frame(Framed(slot, framed.write))})

    def snapshot(self):
        return self._head(self.remote)

    def restore(self, snapshot):
        self.git("update-ref", f"{REF_PREFIX}main", snapshot, at=self.remote)

    def stop(self):
        self.remote.rename(self._folder / "away.git")

    def start(self):
        (self._folder / "away.git").rename(self.remote)

    def forget_requests(self):
        """From here on git is a script that keeps a log."""
        folder = self._folder / "bin"
        self._log.write_text("")
        if folder.exists():
            return
        folder.mkdir()
        script = folder / "git"
        script.write_text(f'#!/bin/sh\necho "$@" >> "{self._log}"\nexec "{shutil.which("git")}" "$@"\n')
        script.chmod(0o755)
        self.environ["PATH"] = f"{folder}:{self.environ['PATH']}"

    def n_listings(self):
        lines = self._log.read_text().splitlines()
        return sum(any(word in line.split() for word in ("fetch", "ls-remote", "pull", "push")) for line in lines)

    def n_requests(self):
        return len(self._log.read_text().splitlines())
