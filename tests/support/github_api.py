"""A GitHub API in this process, with the shapes, paging, permissions and refusals that the real one has."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "ghs_canaryK3p9Xw7Lq2Zt"  # gitleaks:allow
BOT = {"login": "github-actions[bot]", "type": "Bot", "id": 41898282}
MAX_BODY_CHARS = 65_536


@dataclass
class Fault:
    """An answer instead of the usual one, `times` times. `after`: what was asked is done all the same, first."""

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""
    times: int = 1
    after: bool = False


@dataclass
class Call:
    """A request as it came in."""

    method: str
    path: str
    authorization: str | None
    body: dict | None


class GitHubApi:
    """One repository. Change its attributes to set the scene; `calls` is what was asked."""

    def __init__(self, repository: str = "acme/crm") -> None:
        self.repository = repository
        self.token, self.permissions = TOKEN, {"pull-requests: write", "actions: read", "pull-requests: read"}
        self.user: dict | None = None
        """Whose token it is; `None` for a job's own, which may not ask."""
        self.comments: dict[int, list[dict]] = {}
        self.pulls: list[dict] = []
        self.artifacts: list[dict] = []
        self.runs: dict[int, dict] = {}
        self.files: dict[int, bytes] = {}
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.page_size = 100
        self._lock, self._next_id = threading.RLock(), 1000
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _do(self) -> None:
                api._serve(self)

            do_GET = do_POST = do_PATCH = _do  # noqa: N815 - as http.server spells it

            def log_message(self, *words):
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def say(self, pull: int, body: str, *, user: dict | None = None) -> int:
        """A comment by somebody (the bot of Actions unless said otherwise); returns its ID."""
        with self._lock:
            self._next_id += 1
            comment = {"id": self._next_id, "body": body, "user": user or BOT}
            self.comments.setdefault(pull, []).append(comment)
            return self._next_id

    def bodies(self, pull: int) -> list[str]:
        return [comment["body"] for comment in self.comments.get(pull, [])]

    def merge(self, number: int, *, head_sha: str, merge_sha: str, at: str, repository: str | None = None) -> None:
        """A pull request, merged into main."""
        of = {"full_name": repository or self.repository}
        self.pulls.append(
            {
                "number": number,
                "state": "closed",
                "merged_at": at,
                "merge_commit_sha": merge_sha,
                "head": {"ref": "change", "sha": head_sha, "repo": of},
                "base": {"ref": "main", "sha": "0" * 40, "repo": {"full_name": self.repository}},
            }
        )

    def leave(self, name: str, files: dict[str, str], *, head_sha: str, at: str, **more) -> int:
        """An artefact, left by a run of the event `pull_request` unless `more` says otherwise; returns its ID."""
        with self._lock:
            self._next_id += 2
            artifact_id, run_id = self._next_id, self._next_id - 1
        run = {
            "id": run_id,
            "event": "pull_request",
            "head_sha": head_sha,
            "head_repository": {"full_name": self.repository},
        }
        self.runs[run_id] = {**run, **more.pop("run", {})}
        of = {"id": run_id, "repository_id": 1, "head_repository_id": more.pop("head_repository_id", 1)}
        self.artifacts.append(
            {
                "id": artifact_id,
                "name": name,
                "expired": False,
                "created_at": at,
                "workflow_run": {**of, "head_sha": head_sha, "head_branch": "change"},
                **more,
            }
        )
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for file, text in files.items():
                archive.writestr(file, text)
        self.files[artifact_id] = packed.getvalue()
        return artifact_id

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("content-length", 0))
        body = json.loads(handler.rfile.read(length)) if length else None
        call = Call(handler.command, unquote(handler.path), handler.headers.get("authorization"), body)
        with self._lock:
            self.calls.append(call)
            fault = self._fault(call)
            if fault is None or fault.after:
                status, headers, content = self._answer(call)
            if fault is not None:
                headers = {**fault.headers}
                status, content = fault.status, json.dumps({"message": fault.message}).encode()
        if status == 0:  # the connection is cut instead
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _fault(self, call: Call) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.method == call.method and re.search(fault.path, call.path):
                fault.times -= 1
                return fault
        return None

    def _answer(self, call: Call) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(call.path)
        if parts.path.startswith("/blob/"):
            if call.authorization is not None:
                return _json(400, {"message": "the store of files takes no authorization"})
            return 200, {"content-type": "application/zip"}, self.files[int(parts.path.rsplit("/", 1)[1])]
        if call.authorization != f"Bearer {self.token}":
            return _json(401, {"message": "Bad credentials"})
        if parts.path == "/user":
            return _json(200, self.user) if self.user else self._forbidden()
        root = f"/repos/{self.repository}"
        if not parts.path.startswith(root):
            return _json(404, {"message": "Not Found"})
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self._in_repository(call, parts.path.removeprefix(root), query)

    def _in_repository(self, call: Call, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if found := re.fullmatch(r"/issues/(\d+)/comments", path):
            number = int(found[1])
            if call.method == "GET":
                return self._page(self.comments.get(number, []), path, query)
            return self._written(lambda: self._create(number, call.body))
        if found := re.fullmatch(r"/issues/comments/(\d+)", path):
            return self._written(lambda: self._update(int(found[1]), call.body))
        if path == "/pulls":
            pulls = [pull for pull in self.pulls if pull["base"]["ref"] == query["base"]]
            return _json(200, pulls)
        if found := re.fullmatch(r"/commits/(\w+)/pulls", path):
            return _json(200, [pull for pull in self.pulls if pull["merge_commit_sha"] == found[1]])
        if "actions: read" not in self.permissions:
            return self._forbidden()
        if path == "/actions/artifacts":
            found = [each for each in self.artifacts if each["name"] == query["name"]]
            return _json(200, {"total_count": len(found), "artifacts": found})
        if found := re.fullmatch(r"/actions/runs/(\d+)", path):
            return _json(200, self.runs[int(found[1])])
        if found := re.fullmatch(r"/actions/artifacts/(\d+)/zip", path):
            return 302, {"location": f"{self.url}/blob/{found[1]}"}, b""
        return _json(404, {"message": "Not Found"})

    def _page(self, items: list[dict], path: str, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        size, page = min(int(query.get("per_page", 30)), self.page_size), int(query.get("page", 1))
        status, headers, content = _json(200, items[(page - 1) * size : page * size])
        if page * size < len(items):
            url = f"{self.url}/repos/{self.repository}{path}?per_page={size}&page="
            headers["link"] = f'<{url}{page + 1}>; rel="next", <{url}{-(-len(items) // size)}>; rel="last"'
        return status, headers, content

    def _written(self, write) -> tuple[int, dict[str, str], bytes]:
        return write() if "pull-requests: write" in self.permissions else self._forbidden()

    def _create(self, number: int, body: dict | None) -> tuple[int, dict[str, str], bytes]:
        if (refusal := _refusal(body)) is not None:
            return refusal
        self.say(number, body["body"], user=self.user or BOT)
        return _json(201, self.comments[number][-1])

    def _update(self, comment_id: int, body: dict | None) -> tuple[int, dict[str, str], bytes]:
        if (refusal := _refusal(body)) is not None:
            return refusal
        for comment in (one for all_of in self.comments.values() for one in all_of):
            if comment["id"] == comment_id:
                comment["body"] = body["body"]
                return _json(200, comment)
        return _json(404, {"message": "Not Found"})

    @staticmethod
    def _forbidden() -> tuple[int, dict[str, str], bytes]:
        return _json(403, {"message": "Resource not accessible by integration"})


def _refusal(body: dict | None) -> tuple[int, dict[str, str], bytes] | None:
    if not body or not body.get("body") or len(body["body"]) > MAX_BODY_CHARS:
        return _json(
            422, {"message": "Validation Failed", "errors": ["Body is too long (maximum is 65536 characters)"]}
        )
    return None


def _json(status: int, value) -> tuple[int, dict[str, str], bytes]:
    return status, {}, json.dumps(value).encode()
