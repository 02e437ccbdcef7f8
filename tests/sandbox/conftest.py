"""What the sandbox's tests share: a small world in memory, with a clock that stands still."""

import pytest
from support.sandbox_client import SandboxClient


@pytest.fixture
def client():
    client = SandboxClient()
    yield client
    client.sandbox.close()


@pytest.fixture
def open_client():
    """Make clients with other settings, or on a file; all are closed at the end."""
    opened = []

    def make(path=None, **options):
        client = SandboxClient(path, **options)
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.sandbox.close()
