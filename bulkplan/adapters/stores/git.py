"""State on a ref of its own in the project's git repository: one commit per write, shared by plain pushes."""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bulkplan.adapters.stores.framing import Framed, dump_frame, key_of, load_frame, next_framed, path_of, safe_name
from bulkplan.adapters.stores.git_program import Git
from bulkplan.adapters.stores.git_push import Push, read_push
from bulkplan.adapters.stores.git_seen import SeenHead
from bulkplan.errors import StoreError
from bulkplan.model.store import PutResult, Slot

DEFAULT_REMOTE = "origin"
REF_PREFIX = "refs/bulkplan/state/"
_INCOMING = "refs/bulkplan/incoming/"
_LINEAGE = "lineage"
_TIMEOUT_S = 60.0
_TRIES = 4
"""So often a write is tried at least while other keys move; with random pauses between them that grow."""
_PATIENCE_S = 3.0
"""So long it is tried at least: a connection to Close is open meanwhile, and may be ended when it idles for long."""
_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 0.5


class GitStore:
    """
    A `Store` on `refs/bulkplan/state/<target>` of a remote repository. It touches no checkout, index or branch.

    The remote is the truth: every read fetches, a write is stored once its push is acknowledged. A push is plain, never
    forced, so a ref that moved refuses it. A fetched head must descend from the one this machine saw last.
    """

    def __init__(self, git: Git, *, remote: str, ref: str, seen: SeenHead) -> None:
        self._git = git
        self._remote = remote
        self._ref = ref
        self._seen = seen
        self._head: str | None = None
        self.trouble: str | None = None
        """Why the last write was not taken, in the server's words; for people."""

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        target: str,
        remote: str = DEFAULT_REMOTE,
        environ: Mapping[str, str],
        timeout_s: float = _TIMEOUT_S,
    ) -> GitStore:
        """
        The store of a target, in the repository that the folder `root` is in. Opens no connection yet.

        Args:
            root: The project's folder; what was seen last is kept in its `.bulkplan/`.
            target: Name of the target.
            remote: Name of a remote, or an address.
            environ: Variables for git; those that name another repository are left out.
            timeout_s: Seconds that one command of git may take.

        Raises:
            StoreError: There is no git, no repository, or no such remote.
        """
        git = Git.find(root, environ, timeout_s=timeout_s)
        _require_remote(git, remote)
        folder = root / ".bulkplan" / "state" / "git" / safe_name(target)
        return cls(git, remote=remote, ref=REF_PREFIX + safe_name(target), seen=SeenHead(folder / safe_name(remote)))

    @property
    def name(self) -> str:
        """The ref and the remote, for people."""
        return f"git ({self._ref} of {_without_userinfo(self._remote)})"

    def lineage(self) -> str:
        """
        A random name given in the root commit.

        A store that nobody has written to is made; where this user may only read, its lineage is empty. A head that was
        fetched before tells it as well: every later one descends from it, or is refused. Raises `StoreError`.
        """
        for _ in range(_TRIES):
            head = self._head or self._fetch()
            if head is not None:
                return self._lineage_at(head)
            root = self._root_commit()
            pushed, self.trouble = self._push(root)
            if pushed in (Push.REFUSED, Push.NOT_SENT):
                return ""
            if pushed is Push.DONE:
                return self._lineage_at(root)
        raise self._away("its state ref could not be made")

    def get(self, key: str) -> Slot | None:
        """The slot, or `None`. Raises `StoreError`."""
        head = self._fetch()
        framed = self._read(head, key) if head else None
        return framed.slot if framed else None

    def list(self, prefix: str = "", *, first_hand: bool = False) -> Sequence[Slot]:  # noqa: ARG002 - no copies
        """Every slot whose key begins with `prefix`, by key, after one fetch. Raises `StoreError`."""
        head = self._fetch()
        if head is None:
            return []
        blobs = self._blobs(head)
        keys = {key: path for path in blobs if (key := key_of(path)) is not None and key.startswith(prefix)}
        contents = self._contents([blobs[path] for path in keys.values()])
        slots = [load_frame(key, content).slot for key, content in zip(keys, contents, strict=True)]
        return sorted(slots, key=lambda slot: slot.key)

    def put(self, key: str, text: str, *, expected_version: int) -> PutResult:
        """Store over `expected_version` (0: absent): push one commit, and again when only other keys moved."""
        self.trouble = None
        wanted = next_framed(key, text, expected_version=expected_version)
        try:
            head = self._head or self._fetch()
            if not self._fits(head, wanted) and not self._fits(self._fetch(), wanted):
                return PutResult.CONFLICT
            for pause_s in _pauses():
                result = self._try(wanted)
                if result is not None:
                    return result
                time.sleep(pause_s)
            return PutResult.BUSY
        except StoreError as error:  # what may be sent is settled in _try: here it surely was not
            self.trouble = error.message
        return PutResult.UNAVAILABLE

    def close(self) -> None:
        """Nothing stays open between two calls."""

    def _fits(self, head: str | None, wanted: Framed) -> bool:
        found = self._read(head, wanted.slot.key) if head else None
        # An unreadable slot has version 0, but is there: nothing is created over it.
        return (found.slot.version if found else 0) == wanted.slot.version - 1 and (not found or found.slot.version > 0)

    def _try(self, wanted: Framed) -> PutResult | None:
        """One push on top of the head we know. `None`: surely not stored, and worth another try on the new head."""
        parent = self._head
        commit = self._commit(wanted, parent)
        pushed, self.trouble = self._push(commit)
        if pushed is Push.DONE:
            return PutResult.STORED
        if pushed in (Push.REFUSED, Push.NOT_SENT):
            return PutResult.UNAVAILABLE
        try:
            head = self._fetch()
            if head is not None and self._descends(head, commit):
                return PutResult.STORED
            fits = self._fits(head, wanted)
        except StoreError:
            if pushed is Push.LOST:
                return PutResult.UNSURE
            raise
        if pushed is Push.LOST and head == parent:
            return PutResult.UNSURE  # it may still arrive; once the ref moved it cannot
        return None if fits else PutResult.CONFLICT

    def _push(self, commit: str) -> tuple[Push, str]:
        answer = self._git.ask("push", "--porcelain", "--no-verify", self._remote, f"{commit}:{self._ref}")
        pushed, why = read_push(answer, self._ref)
        if pushed is Push.DONE:
            try:
                self._take(commit)
            except StoreError as error:  # it is stored all the same
                why = error.message
        return pushed, why

    def _fetch(self) -> str | None:
        """The head of the remote's ref, its history here; `None` when it has none. Raises `StoreError`."""
        seen = self._seen.load()  # before the fetch: another process may see a newer head meanwhile
        incoming = _INCOMING + secrets.token_hex(8)
        tip = [f"--negotiation-tip={self._head}"] if self._head else []
        answer = self._git.ask(
            *("fetch", "--quiet", "--no-tags", "--no-filter", "--no-prune", "--no-recurse-submodules", "--refmap="),
            *("--no-write-fetch-head", "--no-auto-maintenance", "--no-show-forced-updates", *tip),
            *(self._remote, f"+{self._ref}:{incoming}"),
        )
        if answer.code != 0:
            if f"couldn't find remote ref {self._ref}" not in answer.err:
                raise self._away(answer.words)
            self._refuse_vanished(seen)
            self._head = None
            return None
        head = self._git.tell("rev-parse", "--verify", incoming).decode("ascii").strip()
        self._git.ask("update-ref", "-d", incoming)
        if seen is not None and seen != head and not self._descends(head, seen):
            raise self._rewritten(seen, f"its head {head} does not descend from it")
        if head != self._head:
            self._take(head)
        return head

    def _take(self, head: str) -> None:
        """Go on from here, and remember it; the local ref keeps git's own clean-up away from the objects."""
        self._head = head
        self._git.ask("update-ref", "--no-deref", self._ref, head)
        self._seen.save(head)

    def _descends(self, head: str, ancestor: str) -> bool:
        # 128: the commit is not here, though all that the head descends from is
        return self._git.ask("merge-base", "--is-ancestor", ancestor, head).code == 0

    def _read(self, head: str, key: str) -> Framed | None:
        blobs = self._blobs(head, path_of(key))
        return load_frame(key, self._contents(list(blobs.values()))[0]) if blobs else None

    def _lineage_at(self, head: str) -> str:
        blobs = self._blobs(head, _LINEAGE)
        if not blobs:
            raise StoreError(
                f"{self.name} holds no state of bulkplan: it has no file {_LINEAGE}",
                hint=f"look at it: git log {head}; bulkplan needs this ref for itself",
            )
        return self._contents(list(blobs.values()))[0].decode("ascii", errors="replace").strip()

    def _blobs(self, head: str, path: str | None = None) -> dict[str, str]:
        """The object of each path (or of one) in a commit."""
        words = ["ls-tree", "-r", "-z", "--full-tree", head, *(["--", path] if path else [])]
        lines = self._git.tell(*words).decode("utf-8", errors="replace").split("\0")
        entries = [line.partition("\t") for line in lines if line]
        return {name: meta.split()[2] for meta, _, name in entries if path in (None, name)}

    def _contents(self, blobs: Sequence[str]) -> Sequence[bytes]:
        """What these objects hold, in their order, from one process."""
        if not blobs:
            return []
        out = self._git.tell("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode("ascii"))
        contents, at = [], 0
        for blob in blobs:
            end = out.find(b"\n", at)
            header = out[at:end].split()
            if header[1:2] != [b"blob"]:
                raise StoreError(f"the object {blob} of {self.name} is missing here", hint="git fsck says more")
            at = end + 1 + int(header[2])
            contents.append(out[end + 1 : at])
            at += 1
        return contents

    def _commit(self, wanted: Framed, parent: str | None) -> str:
        parent = parent or self._root_commit()
        slot = wanted.slot
        subject = f"{slot.key} version {slot.version}"
        return self._commit_file(_File(path_of(slot.key), dump_frame(wanted)), subject, parent=parent)

    def _root_commit(self) -> str:
        lineage = secrets.token_hex(10)
        return self._commit_file(_File(_LINEAGE, f"{lineage}\n".encode()), f"bulkplan state {lineage}", parent=None)

    def _commit_file(self, file: _File, subject: str, *, parent: str | None) -> str:
        """A commit that adds or replaces one file of its parent, made without a checkout."""
        blob = self._git.tell("hash-object", "-w", "--stdin", stdin=file.content).decode("ascii").strip()
        with tempfile.TemporaryDirectory(prefix="bulkplan-") as folder:
            index = Path(folder) / "index"
            if parent:
                self._git.tell("read-tree", parent, index=index)
            entry = f"100644 {blob}\t{file.path}\n".encode()
            self._git.tell("update-index", "--add", "--index-info", stdin=entry, index=index)
            tree = self._git.tell("write-tree", index=index).decode("ascii").strip()
        parents = ["-p", parent] if parent else []
        return self._git.tell("commit-tree", tree, *parents, "-m", subject).decode("ascii").strip()

    def _refuse_vanished(self, seen: str | None) -> None:
        if seen is not None:
            raise self._rewritten(seen, "it is gone")

    def _rewritten(self, seen: str, what: str) -> StoreError:
        return StoreError(
            f"the history of {self.name} was rewritten: {seen} was seen here, and now {what}; nothing is sent on such "
            "a state",
            hint=f"find out who did it, and bring it back (git push --force {_without_userinfo(self._remote)} "
            f"{seen}:{self._ref}); if the state was replaced on purpose: rm {self._seen.path}",
        )

    def _away(self, why: str) -> StoreError:
        return StoreError(
            f"the state in {self.name} cannot be reached: {why}",
            hint=f"try it by hand: git ls-remote {_without_userinfo(self._remote)} {self._ref}",
        )


def _pauses() -> Iterator[float]:
    """Seconds to wait after each try of a write that others outrun: a random part of a pause that grows."""
    started = time.monotonic()
    for tried in count():
        if tried >= _TRIES and time.monotonic() - started > _PATIENCE_S:
            return
        yield secrets.randbelow(1000) / 1000 * min(_PAUSE_S * tried, _LONGEST_PAUSE_S)


@dataclass(frozen=True)
class _File:
    path: str
    content: bytes


def _require_remote(git: Git, remote: str) -> None:
    """Refuse a name that no remote has: state on a ref that only this clone holds would be shared with nobody."""
    if re.search(r"[/:]", remote) or git.ask("remote", "get-url", "--", remote).code == 0:
        return
    raise StoreError(
        f'the repository has no remote "{remote}", so its state would be shared with nobody',
        hint=f"git remote add {remote} URL; or name another one: state: git+REMOTE",
    )


def _without_userinfo(remote: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]+(?=@)", "***", remote)
