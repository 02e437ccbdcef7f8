"""Archives that somebody prepared: one file of a known name is read from them in memory, within bounds, or none."""

from __future__ import annotations

import io
import os
import zipfile

import pytest
import stamina
from support.github_api import TOKEN, GitHubApi

from bulkplan.adapters.github import MAX_PLAN_BYTES, open_github
from bulkplan.adapters.secret import Secret
from bulkplan.errors import GitHubError

PLAN, BESIDE = "plan.json", "plan.json.members"


@pytest.fixture
def read():
    """What is read from an archive that lies at GitHub; `None` where that is refused."""
    api = GitHubApi()
    with (
        stamina.set_testing(True, attempts=1),
        open_github(api_url=api.url, repository=api.repository, token=Secret(TOKEN)) as github,
    ):
        found = api.leave("plan", {PLAN: "{}"}, head_sha="a" * 40, at="2026-11-26T11:00:00Z")

        def text_of(content: bytes) -> str | None:
            api.files[found] = content
            try:
                text, beside = github.artifact_text(found, PLAN, beside=BESIDE)
                return text if beside is None else f"{text} beside {beside.decode()}"
            except GitHubError:
                return None

        yield text_of
    api.close()


def archive(*files: tuple[str, str], **info: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in files:
            one = zipfile.ZipInfo(name)
            one.compress_type = zipfile.ZIP_DEFLATED
            for key, value in info.items():
                setattr(one, key, value)
            zipped.writestr(one, text)
    return packed.getvalue()


@pytest.mark.parametrize(
    "name", ["../plan.json", "/plan.json", "x/plan.json", "C:\\plan.json", "PLAN.JSON", "plan.json "]
)
def test_only_the_very_name_is_read_and_nothing_is_written(read, name, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert read(archive((name, "evil"), ("../evil", "x"))) is None
    assert read(archive((name, "evil"), (PLAN, "sound"))) == "sound"
    assert list(tmp_path.rglob("*")) == [tmp_path / "here"]


def test_what_lies_beside_a_plan_is_read_within_the_same_bounds(read):
    assert read(archive((PLAN, "{}"), (BESIDE, "members"))) == "{} beside members"
    assert read(archive((PLAN, "{}"), (f"x/{BESIDE}", "members"))) == "{}"
    assert read(archive((PLAN, "{}"), (BESIDE, "a" * (MAX_PLAN_BYTES + 1)))) is None
    assert read(archive((BESIDE, "members"))) is None


def test_a_link_in_an_archive_is_text(read):
    assert read(archive((PLAN, "/etc/passwd"), external_attr=0o120777 << 16)) == "/etc/passwd"


def test_what_unpacks_to_more_than_a_plan_is_refused(read):
    assert read(archive((PLAN, "a" * (MAX_PLAN_BYTES + 1)))) is None


def test_a_size_that_is_a_lie_is_found_out(read):
    content = archive((PLAN, "a" * 100_000))
    assert read(content) == "a" * 100_000
    assert read(content.replace((100_000).to_bytes(4, "little"), (99).to_bytes(4, "little"))) is None


@pytest.mark.parametrize("method", [99, 97, 12, 14])
def test_a_way_of_packing_that_is_not_known_or_broken_is_refused(read, method):
    content = archive((PLAN, "{}"))
    assert read(content.replace(b"\x08\x00\x00\x00", bytes([method, 0, 0, 0]))) is None


def test_an_archive_with_any_byte_altered_is_read_or_refused_in_words(read):
    sound = os.urandom(64).hex()
    content = archive((PLAN, sound))
    for index in range(len(content)):
        flipped = content[:index] + bytes([content[index] ^ 0xFF]) + content[index + 1 :]
        assert read(flipped) in (sound, None), index
