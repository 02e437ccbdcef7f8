"""Reads and conditionally writes objects of one S3 bucket; obstore's errors end here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from bulkplan.errors import MissingExtraError, StoreError

try:
    import obstore
    from obstore.exceptions import AlreadyExistsError, BaseError, NotSupportedError, PreconditionError
    from obstore.store import S3Store
except ImportError as error:
    raise MissingExtraError('This store needs: pip install "bulkplan[s3]"') from error

if TYPE_CHECKING:  # obstore has these for type checkers alone
    from obstore import UpdateVersion
    from obstore.store import ClientConfig, S3Config

_CONNECT_TIMEOUT = timedelta(seconds=10)
_READ_RETRIES = 3
_READERS = 32
"""Objects that are read at once; their connections are kept and shared."""
_PAGE = 1_000
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


class Wrote(StrEnum):
    """What a conditional write was answered with."""

    STORED = "stored"
    REFUSED = "refused"
    """The condition did not hold (412), or somebody else was writing (409)."""
    UNSUPPORTED = "unsupported"
    """The server says that it knows no conditional writes (501)."""
    DENIED = "denied"
    """Surely not stored: no right, no bucket, or no connection."""
    UNSURE = "unsure"


@dataclass(frozen=True)
class Found:
    """An object: what it holds, and the tag that a swap must name."""

    content: bytes
    e_tag: str


@dataclass(frozen=True)
class Listed:
    """An object as a listing names it: its size in bytes, its tag, when it was written (aware)."""

    path: str
    e_tag: str
    size: int
    modified: datetime


class Bucket:
    """
    Objects under a prefix of a bucket.

    Reads are tried again; a write is one request, since a retry by somebody else than us could meet its own first try.
    """

    def __init__(self, reader: S3Store, writer: S3Store) -> None:
        self._reader = reader
        self._writer = writer
        self.trouble = ""
        """What the server said about the last write that it did not take."""

    @classmethod
    def open(cls, bucket: str, prefix: str, *, environ: Mapping[str, str], timeout_s: float) -> Bucket:
        """
        Opens no connection yet.

        Args:
            bucket: Name of the bucket.
            prefix: What every object's path begins with, without slashes at the ends.
            environ: The usual `AWS_*` variables.
            timeout_s: Seconds that one request may take.

        Raises:
            StoreError: The variables make no sense.
        """
        try:
            stores = [
                S3Store(
                    bucket,
                    prefix=prefix,
                    config=_config(environ),
                    client_options=_client(environ, timeout_s),
                    retry_config={"max_retries": n},
                )
                for n in (_READ_RETRIES, 0)
            ]
        except (BaseError, ValueError) as error:
            raise StoreError(
                f"s3://{bucket} cannot be used: {brief(error)}", hint="look at the AWS_* variables"
            ) from error
        return cls(*stores)

    def read(self, path: str) -> Found | None:
        """The object, or `None` when there surely is none. Raises `StoreError`."""
        try:
            result = obstore.get(self._reader, path)
            return Found(result.bytes().to_bytes(), result.meta["e_tag"] or "")
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise _away("there is no such bucket") from error
            return None
        except BaseError as error:
            raise _away(brief(error)) from error

    def read_all(self, paths: Sequence[str]) -> dict[str, Found]:
        """The objects that are still there, by path; read side by side. Raises `StoreError`."""
        with ThreadPoolExecutor(_READERS, thread_name_prefix="state") as pool:
            found = zip(paths, pool.map(self.read, paths), strict=True)
            return {path: each for path, each in found if each is not None}

    def list_objects(self, folder: str) -> Sequence[Listed]:
        """Every object below a folder, in no promised order: a request per thousand. Raises `StoreError`."""
        try:
            return [
                Listed(meta["path"], meta["e_tag"] or "", meta["size"], meta["last_modified"])
                for page in obstore.list(self._reader, folder, chunk_size=_PAGE)
                for meta in page
            ]
        except (BaseError, FileNotFoundError) as error:
            raise _away(brief(error)) from error

    def create(self, path: str, content: bytes) -> Wrote:
        """Write an object that must not be there yet (`If-None-Match: *`)."""
        return self._write(path, content, None)

    def swap(self, path: str, content: bytes, *, e_tag: str) -> Wrote:
        """Write over the object with this tag (`If-Match`)."""
        return self._write(path, content, e_tag)

    def delete(self, path: str) -> None:
        """Delete an object that nobody needs, where that is allowed."""
        with suppress(BaseError, FileNotFoundError, PermissionError):
            obstore.delete(self._writer, path)

    def _write(self, path: str, content: bytes, e_tag: str | None) -> Wrote:
        self.trouble = ""
        mode: Literal["create"] | UpdateVersion = "create" if e_tag is None else {"e_tag": e_tag}
        try:
            obstore.put(self._writer, path, content, mode=mode, use_multipart=False)
        except (BaseError, FileNotFoundError, PermissionError) as error:
            self.trouble = brief(error)
            return _meaning(error)
        return Wrote.STORED


def _meaning(error: Exception) -> Wrote:
    said = str(error)
    if "501 Not Implemented" in said or isinstance(error, NotSupportedError):
        return Wrote.UNSUPPORTED
    if isinstance(error, AlreadyExistsError | PreconditionError):
        return Wrote.REFUSED
    if not isinstance(error, BaseError) or any(f"status code: {code}" in said for code in (400, 401, 403, 404)):
        return Wrote.DENIED
    return Wrote.UNSURE


def _away(why: str) -> StoreError:
    hint = "look at the bucket, its region and the AWS_* variables (endpoint, key, role)"
    return StoreError(f"the state store cannot be read: {why}", hint=hint)


def brief(error: Exception) -> str:
    """The status and the code that a server answered; else the first line of an error, without the server's XML."""
    status, code = (re.search(form, str(error)) for form in (r"status code: (\d{3})", r"<Code>(\w+)</Code>"))
    if status:
        return f"the server answered {status[1]}" + (f" ({code[1]})" if code else "")
    return str(error).partition("\n")[0].partition(": <?xml")[0].partition(": <Error")[0].strip()[:300]


def endpoint_of(environ: Mapping[str, str]) -> str | None:
    """The server's address where it is not Amazon's own."""
    return next((environ[name] for name in _ENDPOINTS if environ.get(name)), None)


def _config(environ: Mapping[str, str]) -> S3Config:
    config: S3Config = {}
    if value := environ.get("AWS_ACCESS_KEY_ID"):
        config["access_key_id"] = value
    if value := environ.get("AWS_SECRET_ACCESS_KEY"):
        config["secret_access_key"] = value
    if value := environ.get("AWS_SESSION_TOKEN"):
        config["session_token"] = value
    if value := environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"):
        config["region"] = value
    if value := endpoint_of(environ):
        config["endpoint"] = value
    return config


def _client(environ: Mapping[str, str], timeout_s: float) -> ClientConfig:
    """Plain http on this machine only, unless `AWS_ALLOW_HTTP` asks for it."""
    options: ClientConfig = {"timeout": timedelta(seconds=timeout_s), "connect_timeout": _CONNECT_TIMEOUT}
    host = urlsplit(endpoint_of(environ) or "").hostname or ""
    if _is_loopback(host) or environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"}:
        options["allow_http"] = True
    return options


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
