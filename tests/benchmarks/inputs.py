"""What the benchmarks work on: specs of about 40 lines and 1.3 kB, some of them broken; and the like for others."""

from __future__ import annotations

import json
from pathlib import Path

SPEC = """\
# yaml-language-server: $schema=../schemas/bulk-action.v1.schema.json
schema: bulkplan/v1
name: winback-{number:05d}
version: {version}
description: >-
  Win back churned leads of segment {number} that nobody talked to for a while;
  written by the generator of the benchmarks, and as long as specs use to be.
owner: revops@example.com
vars:
  quiet_days: {days}
  segment: "{number}"
filter:
  where:
    all:
      - field: status
        is: [Churned, Bad Fit]
      - field: last_communication_date
        before: "{{{{ vars.quiet_days }}}} days ago"
      - field: custom.Industry
        is: SaaS
      - field: custom.Do Not Contact
        is_not: "Yes"
      - any:
          - {{field: name, contains: "segment {number}"}}
          - {{field: url, exists: true}}
      - not:
          has: opportunity
          where: {{field: status_type, is: active}}
action:
  type: set_custom_field
  field: Competitor  # what they left us for
  value: "none of {number}"
options:
  results_limit: 500
  sort: [-date_created]
  send_done_email: false
guards:
  max_matches: 900
  min_matches: 0
  max_percent: 90%
  max_drift: 5%
"""
BROKEN = ("filter:", "filtre:")
"""One key misspelt: two problems, each with its place."""

PROJECT = """\
schema: bulkplan/project/v1
project_id: "7f3c0c1e2b9d4a60"
overlaps: {{two_values: allow}}
targets:
  {target}
"""
SANDBOX = "sandbox: {sandbox: {leads: 1000, seed: 7}}"


def served(url: str) -> str:
    """The target of a project that asks a sandbox over HTTP."""
    return f"sandbox: {{base_url: {json.dumps(url)}, api_key_env: BENCHMARK_KEY}}"


def write_project(
    folder: Path, n_specs: int, *, target: str = SANDBOX, version: int = 1, broken_every: int = 0
) -> Path:
    """Write a project of so many specs, one a file; of each `broken_every` files one is broken (0: none)."""
    specs = folder / "specs"
    specs.mkdir(parents=True, exist_ok=True)
    (folder / "bulkplan.yaml").write_text(PROJECT.format(target=target), encoding="utf-8")
    for number in range(n_specs):
        text = SPEC.format(number=number, days=30 + number % 90, version=version)
        if broken_every and number % broken_every == 0:
            text = text.replace(*BROKEN)
        (specs / f"winback-{number:05d}.yaml").write_text(text, encoding="utf-8")
    return folder


def write_terraform(folder: Path, n_files: int) -> Path:
    """The like for Terraform: a resource a file, of the provider that is built in."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n_files):
        conditions = "".join(
            f'    condition_{index} = "field {index} of segment {number} is one of churned, bad fit"\n'
            for index in range(28)
        )
        (folder / f"winback_{number:05d}.tf").write_text(
            f'variable "quiet_days_{number}" {{\n  type    = number\n  default = {30 + number % 90}\n}}\n\n'
            f'resource "terraform_data" "winback_{number:05d}" {{\n  input = {{\n{conditions}'
            f'    days = "${{var.quiet_days_{number}}} days ago"\n  }}\n}}\n',
            encoding="utf-8",
        )
    return folder


def write_octodns(folder: Path, n_zones: int) -> Path:
    """The like for octoDNS: a zone a file, with ten records."""
    zones = folder / "zones"
    zones.mkdir(parents=True, exist_ok=True)
    rows = "".join(
        f"  zone{number:05d}.example.:\n    sources: [config]\n    targets: [out]\n" for number in range(n_zones)
    )
    (folder / "config.yaml").write_text(
        "providers:\n"
        "  config: {class: octodns.provider.yaml.YamlProvider, directory: ./zones}\n"
        "  out: {class: octodns.provider.yaml.YamlProvider, directory: ./out}\n"
        f"zones:\n{rows}",
        encoding="utf-8",
    )
    for number in range(n_zones):
        records = "".join(
            f"host{index}:\n  ttl: 300\n  type: A\n  values:\n  - 10.0.{index}.{number % 250 + 1}\n"
            for index in range(8)
        )
        (zones / f"zone{number:05d}.example.yaml").write_text(f"---\n{records}", encoding="utf-8")
    (folder / "out").mkdir(exist_ok=True)
    return folder


def write_custodian(folder: Path, n_files: int) -> Path:
    """The like for Cloud Custodian: a policy a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n_files):
        filters = "".join(
            f"      - type: value\n        key: tag:segment-{index}\n        value: churned {number}\n"
            for index in range(9)
        )
        (folder / f"winback-{number:05d}.yml").write_text(
            f"policies:\n  - name: winback-{number:05d}\n    resource: aws.ec2\n"
            f"    description: of segment {number}, as long as policies use to be\n"
            f"    filters:\n{filters}"
            f"    actions:\n      - type: tag\n        key: winback\n        value: yes-{number}\n",
            encoding="utf-8",
        )
    return folder


def write_puppet(folder: Path, n_files: int) -> Path:
    """The like for Puppet: a class a manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n_files):
        lines = "".join(
            f"  notify {{ 'condition {index} of {number}':\n    message => \"quiet for ${{days}} days\",\n  }}\n"
            for index in range(11)
        )
        (folder / f"winback_{number:05d}.pp").write_text(
            f"class winback_{number:05d} (\n  Integer $days = {30 + number % 90},\n) {{\n{lines}}}\n", encoding="utf-8"
        )
    return folder
