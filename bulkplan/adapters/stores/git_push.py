"""What the answer of `git push` means for a write: stored, outrun, refused, never sent, or nobody knows."""

from __future__ import annotations

from enum import StrEnum

from bulkplan.adapters.stores.git_program import GitAnswer


class Push(StrEnum):
    """What became of a push of one commit to one ref."""

    DONE = "done"
    OUTRUN = "outrun"
    """The ref moved, or somebody else is moving it: surely not stored."""
    REFUSED = "refused"
    """A rule of the server: surely not stored, and will not be."""
    NOT_SENT = "not sent"
    """The server was not reached, or let nobody in."""
    LOST = "lost"
    """It may or may not be stored, now or a little later."""


_OUTRUN = (
    "fetch first",
    "non-fast-forward",
    "stale info",
    "failed to update ref",
    "failed to lock",
    "cannot lock ref",
    "reference already exists",
    "incorrect old value provided",
    "needs force",
)
_NOT_SENT = (
    "unable to access",
    "could not read from remote repository",
    "hung up upon initial contact",
    "does not appear to be a git repository",
    "authentication failed",
    "could not read username",
    "could not read password",
    "repository not found",
)
"""Said by git before it has sent the first byte of a pack."""


def read_push(answer: GitAnswer, ref: str) -> tuple[Push, str]:
    """
    The meaning of `git push --porcelain`, and the server's reason where it gave one.

    The line of the ref decides; without one, only words that git says before it sends anything make it "not sent".
    """
    status = _status_line(answer.out.decode("utf-8", errors="replace"), ref)
    if status is None:
        said = answer.err.lower()
        surely = answer.code is not None and any(words in said for words in _NOT_SENT)
        return (Push.NOT_SENT if surely else Push.LOST), answer.words
    flag, summary = status
    if flag != "!":
        return Push.DONE, ""
    if summary.startswith("[remote failure]"):
        return Push.LOST, summary
    outrun = any(words in summary for words in _OUTRUN)
    return (Push.OUTRUN if outrun else Push.REFUSED), summary


def _status_line(out: str, ref: str) -> tuple[str, str] | None:
    """The flag and the summary of `<flag>\\t<from>:<to>\\t<summary>`; a space means moved, `*` made, `=` is there."""
    for line in out.splitlines():
        parts = line.split("\t")
        if len(parts) == 3 and parts[1].endswith(f":{ref}"):
            return parts[0], parts[2]
    return None
