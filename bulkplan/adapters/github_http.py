"""How one call to GitHub's REST API is made: headers, limits, and the retry of what may be repeated."""

from __future__ import annotations

import json
import logging
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import stamina
from pydantic import JsonValue

from bulkplan import __version__
from bulkplan.adapters.secret import Secret
from bulkplan.core.loopback import is_loopback
from bulkplan.core.visible import visible
from bulkplan.errors import GitHubAwayError, GitHubError
from bulkplan.model.base import JsonMapping

DEFAULT_API_URL = "https://api.github.com"
PATIENCE_S = 60.0
"""So long all waiting of one command may take together: it is a comment, and the job has better things to do."""

MAX_JSON_BYTES = 16 * 2**20
MAX_FILE_BYTES = 128 * 2**20
_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_MAX_TRIES = 5
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="next"')
_MAX_SAID_CHARS = 300

logging.getLogger("stamina").addHandler(logging.NullHandler())


class PassingGitHubError(GitHubAwayError):
    """A call that may work later: `wait_s` is the wait that GitHub asked for, if it did. It surely changed nothing."""

    def __init__(self, message: str, *, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(message, hint="run the job again later", status=status)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Answer:
    """A good answer: what it holds, and the address of the next page where there is one."""

    content: bytes
    next_url: str | None = None

    @property
    def json(self) -> JsonValue:
        """What it says. Raises `GitHubError` where it is no JSON."""
        try:
            value: JsonValue = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise GitHubError("GitHub's answer is not JSON") from error
        return value


@dataclass
class GitHubCaller:
    """
    Calls one GitHub with one token; no proxies, no `.netrc`, no redirects, TLS always verified.

    `patience_s` is what is left of the time for waiting; it shrinks from call to call.
    """

    api_url: str
    token: Secret
    patience_s: float = PATIENCE_S
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.api_url = checked_api_url(self.api_url)
        # Loading the certificates takes a tenth of a second: without TLS, a context that trusts nobody.
        is_tls = self.api_url.startswith("https:")
        verify = True if is_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = httpx.Client(
            timeout=_TIMEOUT, follow_redirects=False, headers=_HEADERS, verify=verify, trust_env=False
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def get(self, path: str, *, params: Mapping[str, str | int] | None = None) -> Answer:
        """What `GET path` answers; tried again where that may help. Raises `GitHubError`."""
        return self.repeat("GET", self._url(path), params=params)

    def follow(self, url: str) -> Answer:
        """A next page, which must be on the same server: the token goes nowhere else."""
        if not url.startswith(f"{self.api_url}/"):
            raise GitHubError(f"GitHub names a next page on another server: {visible(url, max_chars=120)}")
        return self.repeat("GET", url)

    def patch(self, path: str, body: JsonMapping) -> Answer:
        """Change something to what is the same when done twice. Raises `GitHubError`."""
        return self.repeat("PATCH", self._url(path), body=body)

    def post(self, path: str, body: JsonMapping) -> Answer:
        """
        Make something; sent again only where GitHub surely did not take it.

        Raises `GitHubError`, with `is_ambiguous` where nobody knows whether it was made.
        """
        return self.repeat("POST", self._url(path), body=body)

    def download(self, path: str) -> bytes:
        """A file that the API answers with an address of; the token is not sent to that. Raises `GitHubError`."""
        redirect = self._send("GET", self._url(path))
        if redirect.status_code == 200:
            return redirect.content
        target = redirect.headers.get("location", "")
        if redirect.status_code != 302 or not _may_be_fetched(target):
            raise _error_of("GET", redirect)
        answer = self._exchange(httpx.Request("GET", target, headers=_HEADERS), max_bytes=MAX_FILE_BYTES)
        if answer.status_code != 200:
            raise GitHubError(f"the file could not be fetched: status {answer.status_code}", status=answer.status_code)
        return answer.content

    def repeat(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: JsonMapping | None = None,
    ) -> Answer:
        """A call, repeated while it fails for a reason that may pass and there is patience left."""
        for attempt in stamina.retry_context(
            on=self._wait_after, attempts=_MAX_TRIES, timeout=None, wait_initial=0.5, wait_max=8.0
        ):
            with attempt:
                response = self._send(method, url, params=params, body=body)
                if not 200 <= response.status_code < 300:
                    raise _error_of(method, response)
                following = _NEXT.search(response.headers.get("link", ""))
                return Answer(response.content, following[1] if following else None)
        raise AssertionError("stamina ends by a result or by raising")

    def _send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: JsonMapping | None = None,
    ) -> httpx.Response:
        headers = {**_HEADERS, "authorization": f"Bearer {self.token.reveal()}"}
        return self._exchange(self._client.build_request(method, url, params=params, json=body, headers=headers))

    def _exchange(self, request: httpx.Request, *, max_bytes: int = MAX_JSON_BYTES) -> httpx.Response:
        try:
            response = self._client.send(request, stream=True)
            try:
                content = _read(response, max_bytes)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise PassingGitHubError(f"GitHub cannot be reached at {request.url.host}") from error
        except httpx.HTTPError as error:
            what = f"{request.method} {request.url.path} got no answer: {type(error).__name__}"
            if request.method == "POST":
                raise GitHubError(what, is_ambiguous=True) from error
            raise PassingGitHubError(what) from error
        return httpx.Response(response.status_code, headers=_plain(response.headers), content=content)

    def _wait_after(self, error: Exception) -> bool | float:
        """For stamina: seconds to wait, or `False` to give up."""
        if not isinstance(error, PassingGitHubError):
            return False
        wait_s = 1.0 if error.wait_s is None else error.wait_s
        if wait_s > self.patience_s:
            return False
        self.patience_s -= max(wait_s, 0.5)
        return wait_s if error.wait_s is not None else True

    def _url(self, path: str) -> str:
        return f"{self.api_url}{path}"


_HEADERS = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": f"bulkplan/{__version__}",
}


def checked_api_url(url: str) -> str:
    """The API's address without a slash at its end. Raises `GitHubError` for one that no token may be sent to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not is_safe or parts.username or parts.query or parts.fragment:
        raise GitHubError(
            f"$GITHUB_API_URL {visible(url, max_chars=120)} cannot be used",
            hint=f"a token is sent over https only; GitHub's own is {DEFAULT_API_URL}",
        )
    return url.rstrip("/")


def _read(response: httpx.Response, max_bytes: int) -> bytes:
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > max_bytes:
            raise GitHubError(f"GitHub's answer is larger than {max_bytes // 2**20} MiB")
    return bytes(content)


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Without what no longer holds once a body was read and unpacked."""
    gone = {"content-encoding", "content-length", "transfer-encoding"}
    return {name: value for name, value in headers.items() if name.lower() not in gone}


def _may_be_fetched(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _error_of(method: str, response: httpx.Response) -> GitHubError:
    """What an answer that is no success means. Source: GitHub REST API, "Rate limits", "Troubleshooting"."""
    status, said = response.status_code, _said(response.content)
    words = f"GitHub answered {status}" + (f": {said}" if said else "")
    if status == 429 or (status == 403 and _is_rate_limit(response, said)):
        return PassingGitHubError(words, status=status, wait_s=_wait_asked_s(response.headers))
    if status >= 500:
        if method == "POST":
            return GitHubError(words, status=status, is_ambiguous=True)
        return PassingGitHubError(words, status=status)
    return GitHubError(words, hint=_HINTS.get(status), status=status)


_HINTS = {
    401: "the token is not accepted: give the step GITHUB_TOKEN: ${{ github.token }}",
    403: "give the job the permission that this needs (a comment: pull-requests: write); a pull request from a fork "
    "never has it",
    404: "the token cannot see this: check the repository, and that the job has the permission "
    "(a comment: pull-requests: write)",
    422: "GitHub did not take the content; the plan is in the summary of the job",
}


def _said(content: bytes) -> str:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    message = value.get("message") if isinstance(value, dict) else None
    return visible(message, max_chars=_MAX_SAID_CHARS) if isinstance(message, str) else ""


def _is_rate_limit(response: httpx.Response, said: str) -> bool:
    headers = response.headers
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in said.lower()


def _wait_asked_s(headers: httpx.Headers) -> float | None:
    """Seconds until the limit is over; `None` where that is not said."""
    after = headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return float(after)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset) - time.time())
    return None
