"""The answers that are as documented in process are so over HTTP too, headers and all."""

import httpx
import pytest
from contract.asks_reads import READS
from contract.asks_writes import WRITES
from support.sandbox_client import basic

SAMPLE = {**READS, **{(method, path): WRITES[method, path] for method, path in WRITES if path.startswith("/lead/")}}


@pytest.fixture
def http(served):
    with httpx.Client(base_url=served.base_url, headers={"authorization": basic()}, timeout=20) as http:
        yield http


@pytest.mark.parametrize("operation", SAMPLE, ids=" ".join)
def test_an_answer_over_http_is_as_documented(document, served, http, operation):
    ask = SAMPLE[operation](served)
    sent = {} if ask.body is None else {"json": ask.body}
    answer = http.request(operation[0], ask.path, params=dict(ask.query), **sent)
    assert answer.status_code == ask.status
    assert document.problems(*operation, answer.status_code, answer.json()) == []
    documented = document.response(*operation, answer.status_code)["headers"]
    assert {name.lower() for name in documented} <= set(answer.headers)


def test_an_export_is_downloaded_from_where_it_says(served, http):
    made = http.post("/export/lead/", json={"format": "json", "type": "leads", "results_limit": 3}).json()
    served.clock.advance(600.0)
    done = http.get(f"/export/{made['id']}/").json()
    assert (done["status"], done["n_docs"]) == ("done", 3)
    assert len(httpx.get(done["download_url"], timeout=20).json()) == 3
