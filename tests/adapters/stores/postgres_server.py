"""A PostgreSQL server of our own, and a standby that follows it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg


class PostgresServer:
    """A server of our own in a folder, on a free port."""

    def __init__(self, folder: Path, programs: Path, port: int):
        self.folder, self._programs, self.port = folder, programs, port
        is_root = os.getuid() == 0
        self._as_whom = {"user": "postgres", "group": "postgres", "extra_groups": []} if is_root else {}
        if is_root:
            shutil.chown(folder, "postgres", "postgres")
            folder.chmod(0o700)
        self._run(
            "initdb", "-D", "data", "-U", "bulkplan", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"
        )
        self.start("data", port)
        self.run("CREATE DATABASE state")

    def start(self, data, port):
        options = f"-p {port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_wal_senders=2"
        self._run("pg_ctl", "-D", data, "-w", "-l", f"{data}.log", "-o", options, "start")

    def stop(self, data="data"):
        self._run("pg_ctl", "-D", data, "-m", "immediate", "stop")

    def standby(self, port):
        """A second server that follows this one, read only."""
        source = f"host=127.0.0.1 port={self.port} user=bulkplan"
        self._run("pg_basebackup", "-D", "standby", "-R", "-c", "fast", "--no-sync", "-d", source)
        self.start("standby", port)

    def _run(self, program, *words):
        command = [str(self._programs / program), *words]
        told = subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, check=False, **self._as_whom)
        assert told.returncode == 0, command

    def url(self, database="postgres", user="bulkplan"):
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, statement, *values, database="postgres"):
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
