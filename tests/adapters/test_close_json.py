import gzip
import zlib

import httpx
import pytest
from adapters.close_fakes import KEY
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.adapters.close_json import MAX_DEPTH, BodyError, decode_json, read_body
from bulkplan.adapters.secret import Secret
from bulkplan.model.remote import Answer

SECRET = Secret(KEY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"a":',
        b'{"a": NaN}',
        b"[Infinity]",
        b"[1e999]",
        b'{"a": 1, "a": 2}',
        b'"\xff"',
        b"9" * 5000,
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    ],
)
def test_what_is_no_strict_json_is_refused(body):
    with pytest.raises(BodyError):
        decode_json(body, key=SECRET)


def test_the_deepest_allowed_body_fits_into_an_answer():
    deepest = decode_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, key=SECRET)
    assert Answer(handed_over=True, status=200, body=deepest).body == deepest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\ud83d\ude00"', "😀"),
        (r'"\ud83d"', "\ufffd"),
        (r'"x\udc00\ud83d\ude00"', "x\ufffd😀"),
        (r'"\\ud83d"', r"\ud83d"),
        (r'"\\\ud83d"', "\\\ufffd"),
        ('\ufeff"a"', "a"),
    ],
)
def test_half_characters_are_replaced_and_whole_ones_kept(text, value):
    assert decode_json(text.encode(), key=SECRET) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_a_body_error(body):
    try:
        value = decode_json(body, key=SECRET)
    except BodyError:
        return
    Answer(handed_over=True, body=value)


def test_an_answer_that_quotes_the_key_loses_it():
    assert decode_json(f'{{"error": "bad key {KEY}"}}'.encode(), key=SECRET) == {"error": "bad key ***"}


class Chunks(httpx.AsyncByteStream):
    def __init__(self, *chunks):
        self.chunks, self.given, self.closed = chunks, 0, False

    async def __aiter__(self):
        for chunk in self.chunks:
            self.given += 1
            yield chunk

    async def aclose(self):
        self.closed = True


def packed(*chunks, encoding="gzip"):
    return httpx.Response(200, headers={"content-encoding": encoding} if encoding else {}, stream=Chunks(*chunks))


async def test_packed_bodies_are_unpacked():
    assert await read_body(packed(gzip.compress(b"hello", mtime=0)), max_bytes=5) == b"hello"
    assert await read_body(packed(b"hel", b"lo", encoding=""), max_bytes=5) == b"hello"
    assert await read_body(packed(), max_bytes=5) == b""


async def test_an_endless_body_is_read_no_further_than_its_limit():
    response = packed(*[b"x" * 10] * 1000, encoding="")
    with pytest.raises(BodyError, match="too large"):
        await read_body(response, max_bytes=25)
    assert response.stream.given == 3
    assert response.stream.closed


async def test_a_gzip_bomb_is_bounded_by_what_it_unpacks_to():
    bomb = gzip.compress(b"\0" * 20_000_000, mtime=0)
    with pytest.raises(BodyError, match="too large"):
        await read_body(packed(bomb), max_bytes=1000)


@pytest.mark.parametrize(
    ("chunk", "encoding", "words"),
    [
        (b"no gzip at all", "gzip", "badly packed"),
        (gzip.compress(b"hello" * 100, mtime=0)[:-9], "gzip", "too early"),
        (zlib.compress(b"x"), "deflate", "not asked for"),
        (b"x", "br", "not asked for"),
    ],
)
async def test_badly_packed_bodies_say_so(chunk, encoding, words):
    with pytest.raises(BodyError, match=words):
        await read_body(packed(chunk, encoding=encoding), max_bytes=1000)
