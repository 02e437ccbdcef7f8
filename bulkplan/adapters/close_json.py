"""From the bytes of an answer to JSON, within limits on size, depth and oddity."""

from __future__ import annotations

import json
import math
import re
import zlib

import httpx
from pydantic import JsonValue

from bulkplan.adapters.secret import Secret

MAX_READ_BYTES = 32 * 1024 * 1024
"""The largest answer to a read, unpacked."""

MAX_POST_BYTES = 1024 * 1024
"""The largest answer to the request that starts a bulk action, unpacked."""

MAX_DEPTH = 100

_SURROGATES = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one real character
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"  # half of one
    r"|\\."
)
_ONE_HALF = 6


class BodyError(Exception):
    """The bytes of an answer cannot be used; the message is the end of a sentence that begins `the answer `."""


async def read_body(response: httpx.Response, *, max_bytes: int) -> bytes:
    """
    Read an answer to its end, unpack it, and close it.

    Raises:
        BodyError: Larger than `max_bytes` (packed or unpacked), packed in an unknown way, or badly packed.
        httpx.TransportError: The connection failed on the way.
    """
    try:
        unpacker = _unpacker(response.headers.get("content-encoding", ""))
        body = bytearray()
        if not isinstance(response.stream, httpx.AsyncByteStream):
            raise BodyError("has no body that can be read")
        # The raw stream: httpx would unpack a whole chunk before its size could be judged.
        async for chunk in response.stream:
            body += unpacker.unpack(chunk, room=max_bytes - len(body))
        unpacker.check_whole()
        return bytes(body)
    finally:
        await response.aclose()


class _Plain:
    """A body as it is."""

    def unpack(self, chunk: bytes, *, room: int) -> bytes:
        """The chunk, if there is room for it."""
        if len(chunk) > room:
            raise BodyError("is too large")
        return chunk

    def check_whole(self) -> None:
        """The framing of HTTP says whether a plain body is whole."""


class _Gzip(_Plain):
    """A body packed by gzip; what is unpacked is bounded before memory is taken for it."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._started = False

    def unpack(self, chunk: bytes, *, room: int) -> bytes:
        self._started = self._started or bool(chunk)
        try:
            unpacked = self._stream.decompress(chunk, room + 1)
        except zlib.error as error:
            raise BodyError("is badly packed") from error
        return super().unpack(unpacked, room=room)

    def check_whole(self) -> None:
        if self._started and not self._stream.eof:
            raise BodyError("ends too early")


def _unpacker(encoding: str) -> _Plain:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case _:
            raise BodyError("is packed in a way that was not asked for")


def decode_json(body: bytes, *, key: Secret) -> JsonValue:
    """
    Parse strictly: UTF-8, finite numbers, no key twice in one object, at most `MAX_DEPTH` levels.

    Halves of surrogate pairs, which no UTF-8 file takes, become U+FFFD. Should the answer quote the API key, `***`
    stands in its place.

    Raises:
        BodyError: It is not such JSON.
    """
    try:
        text = key.hide_in(body.decode("utf-8-sig"))
        if re.search(r"\\u[dD][89a-fA-F]", text):
            text = _SURROGATES.sub(_mend_surrogate, text)
        value: JsonValue = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_object
        )
    except (ValueError, RecursionError) as error:
        raise BodyError("is not JSON") from error
    if _is_too_deep(value):
        raise BodyError(f"is nested more than {MAX_DEPTH} levels deep")
    return value


def _mend_surrogate(match: re.Match[str]) -> str:
    found = match.group()
    return "\\ufffd" if len(found) == _ONE_HALF else found


def _refuse_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _is_too_deep(value: JsonValue) -> bool:
    level: list[JsonValue] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def _children(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
