"""The language server behind VS Code's YAML extension, spoken to as an editor does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType

from .node import NODE_MODULES

PROGRAM = NODE_MODULES / "yaml-language-server" / "bin" / "yaml-language-server"
_SETTINGS = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
"""As the extension has them, but for the catalogue of schemas on the network."""


class LanguageServer:
    """One server process; leave it by `with`."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(PROGRAM), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._number = 0
        self.diagnostics: dict[str, list[dict]] = {}
        capabilities = {"textDocument": {"completion": {"completionItem": {"documentationFormat": ["markdown"]}}}}
        self.ask("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": {"yaml": _SETTINGS}}})

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, path: Path, text: str) -> str:
        """Open a text as if it stood in a file; returns its URI."""
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return path.as_uri()

    def complete(self, uri: str, line: int, character: int) -> dict[str, str]:
        """What is offered at a place (from 0): labels with their documentation."""
        answer = self.ask("textDocument/completion", _place(uri, line, character))
        return {item["label"]: _text(item.get("documentation")) for item in answer["items"]}

    def hover(self, uri: str, line: int, character: int) -> str:
        """What is shown over a place (from 0)."""
        answer = self.ask("textDocument/hover", _place(uri, line, character))
        return _text(answer["contents"]) if answer else ""

    def problems(self, uri: str) -> list[str]:
        """What is underlined in a document, once it was looked at."""
        while uri not in self.diagnostics:
            self._receive()
        return [one["message"] for one in self.diagnostics[uri]]

    def ask(self, method: str, params: dict) -> dict:
        """One request and its answer; what the server asks meanwhile is answered."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._number and "method" not in message:
                return message["result"]

    def _receive(self) -> dict:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        assert length, "the language server has ended"
        message = json.loads(self._process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            items = message.get("params", {}).get("items", [])
            asked = [_SETTINGS if item.get("section") == "yaml" else {} for item in items]
            self._send({"id": message["id"], "result": asked if items else None})
        return message

    def _send(self, message: dict) -> None:
        assert self._process.stdin
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self._process.stdin.flush()


def _place(uri: str, line: int, character: int) -> dict:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


def _text(value: object) -> str:
    return str(value.get("value", "")) if isinstance(value, dict) else str(value or "")
