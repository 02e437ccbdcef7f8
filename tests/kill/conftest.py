"""Fixtures for tests that kill, cut and interrupt: a served sandbox of few leads, and project folders."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from adapters.stores.conftest import moto_port, postgres_server
from e2e.project import API_KEY, KEY_VARIABLE, Project, environ, spec
from e2e.served import Served, copied, serve
from kill.points import Points
from kill.servers import server
from kill.states import States

__all__ = ["moto_port", "postgres_server"]

QUICK = ("--leads-per-second", "100000")


class OneOfMany(Project):
    """A project among hundreds; of so many digests in hex one would read as a number in YAML."""

    @property
    def project_id(self) -> str:
        """The random word in its markers, made of its path here."""
        return f"ab{hashlib.sha256(str(self.root).encode()).hexdigest()[:14]}"


@pytest.fixture(scope="session")
def small_world(tmp_path_factory) -> Path:
    """A world of 60 leads."""
    path = tmp_path_factory.mktemp("worlds") / "small.db"
    with serve(path, "--leads", "60"):
        return path


@pytest.fixture(scope="session")
def addresses(small_world) -> frozenset[str]:
    """The e-mail addresses of all people in the world. No users: who sends is named in plans."""
    with closing(sqlite3.connect(small_world)) as connection:
        found = {address for (address,) in connection.execute("SELECT email FROM contact_email")}
        found.difference_update(address for (address,) in connection.execute("SELECT email FROM user"))
    return frozenset(found)


@pytest.fixture
def sandbox(small_world, tmp_path) -> Iterator[Callable[..., Served]]:
    """Serves a world of its own until the test ends; words are for the server."""
    with ExitStack() as stack:

        def start(*words: str) -> Served:
            return stack.enter_context(server(copied(small_world, tmp_path / "served"), *words))[1]

        yield start


@pytest.fixture
def served(sandbox) -> Served:
    """A served sandbox whose bulk actions are quick."""
    return sandbox(*QUICK)


@pytest.fixture(scope="session")
def busy_server(small_world, tmp_path_factory) -> Iterator[Served]:
    """One served sandbox for many projects, whose clock nobody moves."""
    with server(copied(small_world, tmp_path_factory.mktemp("busy")), *QUICK) as (_, served):
        yield served


@pytest.fixture
def crowded(busy_server) -> Served:
    """A served sandbox that others work with as well; without faults."""
    return busy_server.as_new()


@pytest.fixture(scope="session")
def points_of(tmp_path_factory):
    """The kill points of a command over a kind of state; a project made ready for it is traced where nobody has yet."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # that of all workers
    folder = root / "kill-points"
    folder.mkdir(exist_ok=True)
    return Points(folder).of


@pytest.fixture
def tell(capsys) -> Callable[[str], None]:
    """Prints figures for whoever runs a sweep by hand."""

    def say(words: str) -> None:
        with capsys.disabled():
            print(f"\n{words}")  # noqa: T201 - meant for the terminal

    return say


@pytest.fixture
def make_project(tmp_path, addresses) -> Iterator[Callable[[str, str], Project]]:
    """Makes project folders with one target; at the end nothing in them, and nothing printed, may hold a secret."""
    made: list[Project] = []

    def make(name: str, target: str) -> Project:
        root = tmp_path / name
        (root / "specs").mkdir(parents=True)
        project = OneOfMany(root, environ(**{KEY_VARIABLE: API_KEY}), addresses)
        project.configure({"served": target})
        made.append(project)
        return project

    yield make
    for project in made:
        project.check_discretion()


@pytest.fixture(scope="session")
def kill_all(request) -> bool:
    """Whether every kill point is wanted, not a sample of them."""
    return bool(request.config.getoption("--kill-all"))


@pytest.fixture
def states(request, crowded) -> States:
    """State of the kind that the test's parameter names, in a real server where it takes one."""
    kind = request.param
    server = ""
    if kind == "s3":
        server = f"http://127.0.0.1:{request.getfixturevalue('moto_port')}"
    elif kind == "postgres":
        server = request.getfixturevalue("postgres_server").url("state")
    return States(kind, crowded.base_url, server)


@pytest.fixture
def new_project(make_project, crowded, states) -> Callable[[str], Project]:
    """Makes projects of one run, mark@1, each: to the one Close behind them they are strangers."""

    def new(name: str) -> Project:
        project = make_project(name, crowded.target)
        states.give(project)
        project.write("specs/mark.yaml", spec("mark"))
        return project

    return new
