"""Answers that somebody prepared: what they unpack to is bounded before memory is taken for it."""

from __future__ import annotations

import gzip
import tracemalloc

import httpx
import pytest

from bulkplan.adapters.close_json import BodyError, read_body
from bulkplan.adapters.github_http import Answer
from bulkplan.errors import GitHubError


class Bomb(httpx.AsyncByteStream):
    """200 MB of nothing in one packed chunk."""

    async def __aiter__(self):
        yield PACKED


PACKED = gzip.compress(bytes(200 * 2**20), compresslevel=1, mtime=0)


async def test_a_bomb_takes_no_more_memory_than_its_bound():
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Bomb())
    tracemalloc.start()
    try:
        with pytest.raises(BodyError, match="too large"):
            await read_body(response, max_bytes=2**20)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"a":' * 200_000, b"\xff", b"", b"nul"])
def test_an_answer_of_github_that_is_no_json_is_said_to_be_none(content):
    with pytest.raises(GitHubError, match="not JSON"):
        _ = Answer(content).json
