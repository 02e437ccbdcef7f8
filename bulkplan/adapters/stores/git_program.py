"""Runs the `git` program in the project's repository: no prompts, no hooks, no configuration needed, never for ever."""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import subprocess  # git is a program
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bulkplan.errors import StoreError

_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.splitIndex=false",
    "core.fsmonitor=false",
    "index.sparse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "push.gpgSign=false",
    "push.followTags=false",
    "push.recurseSubmodules=no",
    "protocol.version=2",
    "advice.pushUpdateRejected=false",
)
_NEVER_INHERITED = re.compile(
    r"GIT_(DIR|COMMON_DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE|PREFIX|GRAFT_FILE"
    r"|SHALLOW_FILE|REPLACE_REF_BASE|QUARANTINE_PATH|TRACE.*|CURL_VERBOSE|AUTHOR_.*|COMMITTER_.*|LITERAL_PATHSPECS"
    r"|GLOB_PATHSPECS|NOGLOB_PATHSPECS|ICASE_PATHSPECS)"
)
"""What a hook that we run under would force on us, and what would print credentials. Those of `git config` stay."""
_USERINFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")


@dataclass(frozen=True)
class GitAnswer:
    """What git said. `code` is `None` when it was stopped for taking too long."""

    code: int | None
    out: bytes
    err: str

    @property
    def words(self) -> str:
        """Its complaint on one line, without credentials."""
        if self.code is None:
            return "it took too long"
        lines = [line.strip() for line in self.err.splitlines() if line.strip() and not line.startswith("hint:")]
        return _USERINFO.sub("***", " ".join(lines))[:400] or f"it ended with {self.code}"


class Git:
    """git, in one repository."""

    def __init__(self, program: str, folder: Path, environ: Mapping[str, str], *, timeout_s: float) -> None:
        self._command = [program, *(word for setting in _CONFIG for word in ("-c", setting))]
        self._folder = folder
        self._timeout_s = timeout_s
        kept = {name: value for name, value in environ.items() if not _NEVER_INHERITED.fullmatch(name)}
        self._environ = {
            **kept,
            **_runner_token(kept),
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_AUTHOR_NAME": "bulkplan",
            "GIT_AUTHOR_EMAIL": "bulkplan@localhost",
            "GIT_COMMITTER_NAME": "bulkplan",
            "GIT_COMMITTER_EMAIL": "bulkplan@localhost",
        }

    @classmethod
    def find(cls, folder: Path, environ: Mapping[str, str], *, timeout_s: float) -> Git:
        """git in the repository that `folder` is in. Raises `StoreError` when there is no git, or no repository."""
        program = shutil.which("git", path=environ.get("PATH"))
        if program is None:
            raise StoreError("state: git needs the program git, which is not installed", hint="install git")
        git = cls(program, folder, environ, timeout_s=timeout_s)
        answer = git.ask("rev-parse", "--git-dir")
        if answer.code != 0:
            raise StoreError(
                f"state: git needs the project to be in a git repository; git says: {answer.words}",
                hint="git init, then git remote add origin URL",
            )
        return git

    def ask(self, *words: str, stdin: bytes = b"", index: Path | None = None) -> GitAnswer:
        """Run one command; `index` is the index file that it works on."""
        environ = self._environ if index is None else {**self._environ, "GIT_INDEX_FILE": str(index)}
        # A session of its own: no terminal to ask on, no Ctrl-C in the middle of a push, and one group to end.
        with subprocess.Popen(  # noqa: S603 - our own words, no shell
            [*self._command, *words],
            cwd=self._folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(stdin, timeout=self._timeout_s)
            except subprocess.TimeoutExpired:
                _end_group(process)
                return GitAnswer(None, b"", "")
            except BaseException:
                _end_group(process)
                raise
        return GitAnswer(process.returncode, out, err.decode("utf-8", errors="replace"))

    def tell(self, *words: str, stdin: bytes = b"", index: Path | None = None) -> bytes:
        """Run a command that must work, and return what it printed. Raises `StoreError`."""
        answer = self.ask(*words, stdin=stdin, index=index)
        if answer.code != 0:
            raise StoreError(f"git {words[0]} failed: {answer.words}", hint="look at the repository: git fsck")
        return answer.out


def _runner_token(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Settings that let git in with the token of a GitHub runner, for the runner's own server alone.

    Needed where the checkout did not leave its credentials behind; where it did, the empty value takes them out, since
    two of them are refused. Variables are not seen in a list of processes.
    """
    server, token = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_TOKEN")
    if not server or not token:
        return {}
    header = "Authorization: Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode("ascii")
    count = environ.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    settings = {"GIT_CONFIG_COUNT": str(first + 2)}
    for number, value in enumerate(("", header), first):
        settings[f"GIT_CONFIG_KEY_{number}"] = f"http.{server.rstrip('/')}/.extraheader"
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return settings


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End git and the ssh or HTTP program it started, which would hold our pipes open."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.communicate()
