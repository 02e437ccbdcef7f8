"""What the answer of a push means."""

from __future__ import annotations

import pytest

from bulkplan.adapters.stores.git_program import GitAnswer
from bulkplan.adapters.stores.git_push import Push, read_push

REF = "refs/bulkplan/state/main"
COMMIT = "0d88f3068443bcb95c1e37e447686f85a29b57a2"


def _line(flag, summary):
    return f"To origin\n{flag}\t{COMMIT}:{REF}\t{summary}\nDone\n".encode()


@pytest.mark.parametrize(
    ("flag", "summary", "meaning"),
    [
        (" ", "71c1ac9..0d88f30", Push.DONE),
        ("*", "[new reference]", Push.DONE),
        ("=", "[up to date]", Push.DONE),
        ("!", "[rejected] (fetch first)", Push.OUTRUN),
        ("!", "[rejected] (non-fast-forward)", Push.OUTRUN),
        ("!", "[remote rejected] (failed to update ref)", Push.OUTRUN),
        ("!", "[remote rejected] (incorrect old value provided)", Push.OUTRUN),
        ("!", f"[remote rejected] (cannot lock ref '{REF}': is at 1 but expected 2)", Push.OUTRUN),
        ("!", "[remote rejected] (pre-receive hook declined)", Push.REFUSED),
        ("!", "[remote rejected] (push declined due to repository rule violations)", Push.REFUSED),
        ("!", "[remote failure] (remote failed to report status)", Push.LOST),
    ],
)
def test_the_line_of_the_ref_decides(flag, summary, meaning):
    assert read_push(GitAnswer(1 if flag == "!" else 0, _line(flag, summary), "fatal: x"), REF)[0] is meaning


@pytest.mark.parametrize(
    ("code", "said", "meaning"),
    [
        (128, "fatal: unable to access 'http://x/': Failed to connect to x port 1", Push.NOT_SENT),
        (128, "ssh: connect to host x port 22: refused\nfatal: Could not read from remote repository.", Push.NOT_SENT),
        (128, "fatal: Authentication failed for 'https://x/'", Push.NOT_SENT),
        (128, "fatal: could not read Username for 'https://x': terminal prompts disabled", Push.NOT_SENT),
        (128, "send-pack: unexpected disconnect\nfatal: the remote end hung up unexpectedly", Push.LOST),
        (1, "error: RPC failed; HTTP 502\nfatal: the remote end hung up unexpectedly", Push.LOST),
        (0, "", Push.LOST),
        (None, "", Push.LOST),
    ],
)
def test_without_one_only_words_from_before_the_first_byte_mean_not_sent(code, said, meaning):
    assert read_push(GitAnswer(code, b"", said), REF)[0] is meaning


def test_credentials_are_no_part_of_its_words():
    said = "hint: x\nfatal: unable to access 'https://me:token@host/x/': 403"
    assert GitAnswer(128, b"", said).words == "fatal: unable to access 'https://***@host/x/': 403"
