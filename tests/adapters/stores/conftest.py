"""Real services for the stores, each started once on a free port of this machine."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.request
import uuid
from pathlib import Path

import pytest
from adapters.stores.conformance import store
from support.sample_records import sample_record

__all__ = ["store"]


def require(is_there, what):
    """Skip where a program is missing; in CI nothing may be missing."""
    if not is_there:
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop(f"{what} is not installed")


@pytest.fixture
def record():
    return sample_record(version=1)


@pytest.fixture
def local_lab(tmp_path):
    from adapters.stores.labs import LocalLab

    return LocalLab(tmp_path)


@pytest.fixture
def git_lab(tmp_path):
    require(shutil.which("git"), "git")
    from adapters.stores.git_lab import GitLab

    return GitLab(tmp_path)


@pytest.fixture(scope="session")
def moto_port():
    require(importlib.util.find_spec("moto"), "moto (the dependency group services)")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/bulkplan-tests", method="PUT")).close()
    yield port
    server.stop()


@pytest.fixture
def s3_lab(moto_port):
    from adapters.stores.labs import S3Lab

    lab = S3Lab(moto_port, uuid.uuid4().hex)
    yield lab
    lab.close()


@pytest.fixture(scope="session")
def postgres_server():
    programs = _postgres_programs()
    require(programs, "PostgreSQL (its programs initdb and pg_ctl)")
    from adapters.stores.postgres_server import PostgresServer

    with tempfile.TemporaryDirectory(prefix="bulkplan-pg-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), programs, free_port())
        yield server
        server.stop()


@pytest.fixture
def postgres_lab(postgres_server):
    from adapters.stores.labs import PostgresLab

    lab = PostgresLab(postgres_server)
    yield lab
    lab.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _postgres_programs():
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("pg_config")
    if on_path:
        bindir = subprocess.run([on_path, "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        folders.append(Path(bindir))
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


@pytest.fixture
def unused_port():
    return free_port()
