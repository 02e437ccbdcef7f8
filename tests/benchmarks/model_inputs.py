"""The like of many specs for tools that plan models of a warehouse: a model a file, in DuckDB."""

from __future__ import annotations

from pathlib import Path

_COLUMNS = "".join(f"  {{number}} + {index} AS condition_{index},\n" for index in range(24))


def _select(number: int) -> str:
    columns = _COLUMNS.format(number=number)
    return f"SELECT\n{columns}  'churned {number}' AS segment,\n  {30 + number % 90} AS quiet_days\n"


def write_sqlmesh(folder: Path, n_models: int) -> Path:
    """A project of SQLMesh."""
    models = folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(
        "gateways:\n  local:\n    connection: {type: duckdb, database: db.duckdb}\n"
        "default_gateway: local\nmodel_defaults: {dialect: duckdb, start: 2026-01-01}\n",
        encoding="utf-8",
    )
    for number in range(n_models):
        head = f"MODEL (\n  name winback.segment_{number:05d},\n  kind VIEW\n);\n\n"
        (models / f"segment_{number:05d}.sql").write_text(head + _select(number), encoding="utf-8")
    return folder


def write_dbt(folder: Path, n_models: int) -> Path:
    """A project of dbt, with its profile beside it."""
    models = folder / "models"
    models.mkdir(parents=True, exist_ok=True)
    (folder / "dbt_project.yml").write_text(
        "name: winback\nversion: '1.0'\nprofile: winback\nmodel-paths: [models]\n", encoding="utf-8"
    )
    (folder / "profiles.yml").write_text(
        "winback:\n  target: local\n  outputs: {local: {type: duckdb, path: db.duckdb}}\n", encoding="utf-8"
    )
    for number in range(n_models):
        (models / f"segment_{number:05d}.sql").write_text(_select(number), encoding="utf-8")
    return folder
