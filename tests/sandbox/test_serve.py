"""The sandbox over real HTTP: answers, faults on the wire, stopping."""

import signal
import subprocess
import sys
import threading

import httpx
import pytest
from support.sandbox_client import EVERY_LEAD, SandboxClient, basic

from bulkplan.sandbox import FaultKind, FaultRule, SandboxSettings
from bulkplan.sandbox.serve import SandboxServer


@pytest.fixture(scope="module")
def served():
    client = SandboxClient(settings=SandboxSettings(control=True))
    ready = threading.Event()
    server = SandboxServer(client.sandbox, on_ready=lambda port: ready.set())
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(20)
    client.base_url = f"http://127.0.0.1:{server.port}"
    yield client
    server.stop()
    thread.join(20)
    client.sandbox.close()
    assert not thread.is_alive()


@pytest.fixture
def http(served):
    served.sandbox.clear_faults()
    with httpx.Client(base_url=f"{served.base_url}/api/v1", headers={"authorization": basic()}, timeout=20) as http:
        yield http


def test_lists_searches_and_errors_come_over_the_wire(http):
    answer = http.get("/user/", params={"_limit": 2, "_fields": "id,email"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["ratelimit"].startswith("limit=")
    assert len(answer.json()["data"]) == 2
    count = http.post("/data/search/", json={"query": EVERY_LEAD, "include_counts": True, "results_limit": 0}).json()
    assert count["count"]["total"] == 60
    assert http.get("/nope/").json() == {"error": "Not found."}
    assert http.get("/me/", headers={"authorization": "x"}).status_code == 401
    assert http.head("/me/").status_code == 405


def test_parameters_and_bodies_may_hold_any_letters(http):
    lead = http.post("/lead/", json={"name": "Übermaß & Söhne"}).json()
    assert http.get(f"/lead/{lead['id']}/", params={"_fields": "name"}).json() == {"name": "Übermaß & Söhne"}
    assert http.get("/phone_number/", params={"number": "+1 é"}).json()["data"] == []
    http.delete(f"/lead/{lead['id']}/").raise_for_status()


@pytest.mark.parametrize(
    ("kind", "n_taken"),
    [(FaultKind.LOSE_ANSWER, 1), (FaultKind.DROP, 0), (FaultKind.HALF_BODY, 1), (FaultKind.REFUSE, 0)],
)
def test_a_cut_loses_the_answer(served, http, kind, n_taken):
    body = {"s_query": EVERY_LEAD, "results_limit": 0}
    before = len(served.get("/bulk_action/delete/")["data"])
    served.sandbox.add_faults([FaultRule(kind, method="POST", path="/bulk_action/*")])
    with pytest.raises(httpx.TransportError):
        http.post("/bulk_action/delete/", json=body)
    assert len(http.get("/bulk_action/delete/").json()["data"]) == before + n_taken
    assert http.post("/bulk_action/delete/", json=body).status_code == 200


def test_faults_can_be_set_from_outside(served, http):
    httpx.post(
        f"{served.base_url}/_sandbox/faults", json={"rules": [{"kind": "status", "status": 504}]}
    ).raise_for_status()
    assert http.get("/me/").status_code == 504
    assert http.get("/me/").status_code == 200


def test_requests_are_answered_side_by_side(served):
    codes = []

    def ask():
        codes.append(
            httpx.get(f"{served.base_url}/api/v1/lead/", headers={"authorization": basic()}, timeout=20).status_code
        )

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 8


PROGRAM = """
from bulkplan.sandbox import Sandbox
from bulkplan.sandbox.serve import serve
serve(Sandbox.open(None, leads=5), port=0, on_ready=lambda port: print(port, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_quietly(number):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        port = int(server.stdout.readline())
        assert httpx.get(f"http://127.0.0.1:{port}/api/v1/me/", headers={"authorization": basic()}).status_code == 200
        server.send_signal(number)
        out, err = server.communicate(timeout=20)
    assert (server.returncode, out, err) == (0, "stopped\n", "")


def test_a_signal_ends_it_quietly_while_an_answer_is_late():
    command = [sys.executable, "-m", "bulkplan", "sandbox", "serve", "--port", "0", "--leads", "1", "--control"]
    with subprocess.Popen(
        [*command, "--api-key", "late"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            base_url = process.stdout.readline().rsplit(" ", 1)[-1].strip()
            with httpx.Client(auth=("late", ""), timeout=20) as http:
                rule = {"kind": "latency", "path": "/me/", "seconds": 600}
                control = base_url.removesuffix("/api/v1") + "/_sandbox"
                http.post(f"{control}/faults", json={"rules": [rule]}).raise_for_status()
                lost = []

                def ask():
                    try:
                        http.get(f"{base_url}/me/")
                    except httpx.RemoteProtocolError as error:
                        lost.append(error)

                asking = threading.Thread(target=ask)
                asking.start()
                seen = ""
                while "/me/" not in seen:
                    seen = httpx.get(f"{control}/requests", auth=("late", "")).text
                process.send_signal(signal.SIGTERM)
                out, err = process.communicate(timeout=20)
                asking.join(20)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "", "One API key is accepted.\nThe sandbox has stopped.\n")
    assert len(lost) == 1


def test_a_taken_port_is_an_error(served):
    with pytest.raises(OSError, match="in use"):
        SandboxServer(served.sandbox, port=int(served.base_url.rpartition(":")[2]), on_ready=print)
