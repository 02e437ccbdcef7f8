"""What the contract tests share: the document, and small worlds, in process and behind HTTP."""

import threading

import pytest
from contract.document import Document
from support.sandbox_client import SandboxClient

from bulkplan.sandbox import SandboxSettings
from bulkplan.sandbox.serve import SandboxServer


@pytest.fixture(scope="session")
def document():
    return Document.load()


@pytest.fixture
def client():
    client = SandboxClient(leads=30)
    yield client
    client.sandbox.close()


@pytest.fixture(scope="module")
def served():
    """A client of a small world that is behind HTTP too, at `base_url`; what requests change stays changed."""
    client = SandboxClient(leads=40, settings=SandboxSettings(leads_per_second=float("inf"), loading_seconds=0.0))
    ready = threading.Event()
    server = SandboxServer(client.sandbox, on_ready=lambda port: ready.set())
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(20)
    client.base_url = f"http://127.0.0.1:{server.port}/api/v1"
    yield client
    server.stop()
    thread.join(20)
    client.sandbox.close()
