"""Webhooks: subscriptions, signed deliveries to this machine, retries, pauses."""

import hashlib
import hmac
import http.server
import json
import threading

import pytest

from bulkplan.sandbox import SandboxSettings
from bulkplan.sandbox.serve import SandboxServer
from bulkplan.sandbox.webhooks import is_loopback

LEAD_EVENTS = [{"object_type": "lead", "action": action} for action in ("created", "updated", "deleted")]
FIELD = "field_accessor"


class Receiver(http.server.ThreadingHTTPServer):
    """Notes what is posted to it, and answers with `status`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.got = []
        self.has_got = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((dict(self.headers.items()), body))
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("location", self.server.url)
        self.end_headers()
        self.server.has_got.set()

    def log_message(self, *_args):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(client, url, events=LEAD_EVENTS):
    answer = client.send("POST", "/webhook/", {"url": url, "events": events})
    assert answer.status == 201, answer.body
    return answer.json()


def deliver(client, seconds=0.0):
    client.clock.advance(seconds)
    return client.sandbox.deliver_due()


def test_a_subscription_is_made_paused_and_removed(client):
    made = subscribe(client, "https://example.com/hook")
    assert (made["status"], len(made["signature_key"]), made["verify_ssl"]) == ("active", 64, True)
    assert client.get("/webhook/")["data"] == [made]
    client.clock.advance(60)
    paused = client.ok("PUT", f"/webhook/{made['id']}/", {"status": "paused", "url": None})
    assert paused == {**made, "status": "paused", "pause_reason": "api", "date_updated": paused["date_updated"]}
    assert client.ok("PUT", f"/webhook/{made['id']}/", {"status": "active"})["pause_reason"] is None
    assert client.ok("DELETE", f"/webhook/{made['id']}/") == {}
    client.refused("GET", f"/webhook/{made['id']}/", status=404)


def test_forty_subscriptions_are_the_most(client):
    for number in range(40):
        subscribe(client, f"http://localhost:1/{number}")
    client.refused("POST", "/webhook/", {"url": "http://localhost/x", "events": LEAD_EVENTS})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": None}, "url"),
        ({"url": "ftp://localhost/"}, "url"),
        ({"url": "http://[::1/"}, "url"),
        ({"events": []}, "events"),
        ({"events": [{"object_type": "lead"}]}, "events.0.action"),
        ({"events": [{**LEAD_EVENTS[0], "extra_filter": {"type": "like"}}]}, "events.0.extra_filter"),
        ({"events": [{**LEAD_EVENTS[0], "extra_filter": {"type": "and", "filters": 1}}]}, "events.0.extra_filter"),
    ],
)
def test_a_wrong_key_is_named(client, body, field):
    errors = client.refused("POST", "/webhook/", {"url": "http://localhost/", "events": LEAD_EVENTS, **body})
    assert list(errors["field-errors"]) == [field]


def test_an_event_is_delivered_once_and_signed(client, receiver):
    webhook = subscribe(client, receiver.url)
    lead = client.ok("POST", "/lead/", {"name": "Zoë"})
    assert deliver(client) == 1
    assert deliver(client, 3600) == 0
    ((headers, body),) = receiver.got
    event = client.events(lead_id=lead["id"])[0]
    assert json.loads(body) == {"subscription_id": webhook["id"], "event": event}
    signed = headers["close-sig-timestamp"].encode() + body
    expected = hmac.new(bytes.fromhex(webhook["signature_key"]), signed, hashlib.sha256).hexdigest()
    assert headers["close-sig-hash"] == expected
    assert client.get(f"/webhook/{webhook['id']}/")["latest_error"] is None


def test_updates_wait_until_they_are_merged(client, receiver):
    subscribe(client, receiver.url)
    lead_id = client.lead_ids()[0]
    for name in ("One", "Two"):
        client.ok("PUT", f"/lead/{lead_id}/", {"name": name})
        client.clock.advance(2)
    assert deliver(client) == 0
    assert deliver(client, 11) == 1
    assert json.loads(receiver.got[0][1])["event"]["data"]["name"] == "Two"


def test_only_what_was_asked_for_is_delivered(client, receiver):
    subscribe(client, receiver.url, [{"object_type": "contact", "action": "created"}])
    client.ok("POST", "/lead/", {"name": "X", "contacts": [{"name": "A"}, {"name": "B"}]})
    assert deliver(client) == 2
    assert {json.loads(body)["event"]["object_type"] for _, body in receiver.got} == {"contact"}


@pytest.mark.parametrize(
    ("extra", "names"),
    [
        ({"type": "equals", "value": "Blue"}, ["Blue"]),
        ({"type": "not_equals", "value": "Blue"}, ["Red"]),
        ({"type": "contains", "value": "lu"}, ["Blue"]),
        ({"type": "not", "filter": {"type": "contains", "value": "e"}}, []),
        ({"type": "or", "filters": [{"type": "equals", "value": name} for name in ("Red", "Blue")]}, ["Blue", "Red"]),
        ({"type": "and", "filters": [{"type": "non_null"}, {"type": "equals", "value": "Red"}]}, ["Red"]),
        ({"type": "is_null"}, []),
        ({"type": "any_array_value", "filter": {"type": "non_null"}}, []),
    ],
)
def test_an_extra_filter_lets_some_events_through(client, receiver, extra, names):
    inner = {"type": FIELD, "field": "name", "filter": extra}
    events = [{**LEAD_EVENTS[0], "extra_filter": {"type": FIELD, "field": "data", "filter": inner}}]
    subscribe(client, receiver.url, events)
    for name in ("Blue", "Red"):
        client.ok("POST", "/lead/", {"name": name})
    deliver(client)
    assert [json.loads(body)["event"]["data"]["name"] for _, body in receiver.got] == names
    assert deliver(client, 7200) == 0


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_failed_delivery_is_tried_again_later_and_later(client, receiver, status):
    webhook = subscribe(client, receiver.url)
    client.ok("POST", "/lead/", {"name": "X"})
    receiver.status = status
    for wait in (0, 5, 10, 20, 40):
        assert deliver(client, wait - 0.5 if wait else 0) == (0 if wait else 1)
        if wait:
            assert deliver(client, 0.5) == 1
    found = client.get(f"/webhook/{webhook['id']}/")
    assert (found["health_status"], str(status) in found["latest_error"]["message"]) == ("unhealthy", True)
    receiver.status = 200
    assert deliver(client, 80) == 1
    assert client.get(f"/webhook/{webhook['id']}/")["health_status"] == "healthy"
    assert deliver(client, 86_400) == 0


def test_after_three_days_of_failures_a_subscription_is_paused(client):
    webhook = subscribe(client, "http://127.0.0.1:9/nobody")
    for hour in range(75):
        if hour % 24 == 0:
            client.ok("POST", "/lead/", {"name": "X"})
        deliver(client, 3600)
    found = client.get(f"/webhook/{webhook['id']}/")
    assert (found["status"], found["pause_reason"]) == ("paused", "failures")
    client.ok("POST", "/lead/", {"name": "Y"})
    assert deliver(client, 3600) == 0


def test_nothing_but_this_machine_is_ever_called(client):
    webhook = subscribe(client, "http://192.0.2.1/hook")
    client.ok("POST", "/lead/", {"name": "X"})
    assert deliver(client) == 0
    assert "loopback" in client.get(f"/webhook/{webhook['id']}/")["latest_error"]["message"]


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("http://localhost:8000/x", True),
        ("https://127.0.0.1/x", True),
        ("http://127.9.9.9/x", True),
        ("http://[::1]:80/x", True),
        ("http://localhost.example.com/x", False),
        ("http://0.0.0.0/x", False),
        ("http://10.0.0.1/x", False),
        ("http://127.0.0.1@example.com/x", False),
        ("http://2130706433/x", False),
        ("file:///etc/passwd", False),
        ("http://[::1", False),
    ],
)
def test_which_addresses_are_of_this_machine(url, is_local):
    assert is_loopback(url) is is_local


def test_a_served_sandbox_delivers_by_itself(open_client, receiver):
    client = open_client(settings=SandboxSettings(event_merge_seconds=0.0))
    ready = threading.Event()
    server = SandboxServer(client.sandbox, on_ready=lambda port: ready.set())
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(20)
    subscribe(client, receiver.url)
    client.ok("POST", "/lead/", {"name": "X"})
    got = receiver.has_got.wait(20)
    server.stop()
    thread.join(20)
    assert got
