"""A program that listens to webhooks, written as the documentation of Close says, against a served sandbox."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import httpx
import pytest
from outside.serving import API_KEY, serve

Delivery = tuple[dict[str, str], bytes]


@contextmanager
def listening() -> Iterator[tuple[str, Queue[Delivery]]]:
    """A URL on this machine, and what is posted to it."""
    taken: Queue[Delivery] = Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taken.put(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", taken
        server.shutdown()
        thread.join(20)


@pytest.fixture(scope="module")
def base_url():
    with serve() as url:
        yield url


@pytest.fixture
def close(base_url):
    with httpx.Client(base_url=base_url, auth=(API_KEY, ""), timeout=20) as client:
        yield client


def test_an_event_is_delivered_signed_as_documented(close):
    with listening() as (url, taken):
        events = [{"object_type": "lead", "action": "created"}]
        hook = close.post("/webhook/", json={"url": url, "events": events}).raise_for_status().json()
        lead = close.post("/lead/", json={"name": "Heard Of"}).raise_for_status().json()
        headers, body = taken.get(timeout=30)
        close.delete(f"/webhook/{hook['id']}/").raise_for_status()
    signed = headers["close-sig-timestamp"].encode() + body
    expected = hmac.new(bytes.fromhex(hook["signature_key"]), signed, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["close-sig-hash"], expected)
    delivered = json.loads(body)
    assert delivered["subscription_id"] == hook["id"]
    assert (delivered["event"]["action"], delivered["event"]["object_id"]) == ("created", lead["id"])
