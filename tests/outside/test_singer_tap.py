"""The Singer tap for Close, against a served sandbox: what it takes out is what is there."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from outside.serving import API_KEY, N_LEADS, serve

PYTHON = os.environ.get("TAP_CLOSEIO_PYTHON")
STREAMS = ("custom_fields", "leads", "activities", "tasks", "users", "event_log")

pytestmark = pytest.mark.skipif(
    not PYTHON,
    reason="TAP_CLOSEIO_PYTHON names no Python with tap-closeio: it wants an environment of its own (jsonschema 2.6)",
)


def tap(folder: Path, base_url: str, *words: str) -> list[dict]:
    """Run the tap, and read the messages it writes."""
    config = folder / "config.json"
    config.write_text(json.dumps({"start_date": "2020-01-01T00:00:00Z", "api_key": API_KEY, "date_window": 3000}))
    command = [str(PYTHON), str(Path(__file__).with_name("tap.py")), base_url, "-c", str(config), *words]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr
    if "--discover" in words:
        return [json.loads(ended.stdout)]
    return [json.loads(line) for line in ended.stdout.splitlines()]


def selected(catalog: dict) -> dict:
    """The catalog with all of its streams switched on."""
    for stream in catalog["streams"]:
        stream["schema"]["selected"] = True
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = True
    return catalog


def test_every_stream_is_discovered_and_taken_out_whole(tmp_path):
    with serve() as base_url:
        (catalog,) = tap(tmp_path, base_url, "--discover")
        assert [stream["stream"] for stream in catalog["streams"]] == list(STREAMS)
        path = tmp_path / "catalog.json"
        path.write_text(json.dumps(selected(catalog)))
        messages = tap(tmp_path, base_url, "--catalog", str(path))
    records = [(each["stream"], each["record"]["id"]) for each in messages if each["type"] == "RECORD"]
    counts = Counter(stream for stream, _ in records)
    assert len(set(records)) == len(records)
    assert counts["leads"] == N_LEADS
    assert all(counts[stream] for stream in ("custom_fields", "activities", "tasks", "users"))
    last = [each["value"] for each in messages if each["type"] == "STATE"][-1]
    assert last["bookmarks"].keys() >= {"leads", "activities", "tasks"}
