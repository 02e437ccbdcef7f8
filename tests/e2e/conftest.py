"""Fixtures for tests of the whole program: worlds, served sandboxes, projects."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from e2e.project import API_KEY, KEY_VARIABLE, Project, environ
from e2e.served import Served, copied, serve

QUICK = ("--leads-per-second", "100000")


@pytest.fixture(scope="session")
def small_world(tmp_path_factory) -> Path:
    """A world of 60 leads."""
    return _world(tmp_path_factory.mktemp("worlds") / "small.db", 60)


@pytest.fixture(scope="session")
def whole_world(tmp_path_factory) -> Path:
    """A world of 1,000 leads, as the embedded sandbox has it."""
    return _world(tmp_path_factory.mktemp("worlds") / "whole.db", 1000)


def _world(path: Path, leads: int) -> Path:
    with serve(path, "--leads", str(leads)):
        return path


@pytest.fixture(scope="session")
def addresses(small_world, whole_world) -> frozenset[str]:
    """The e-mail addresses of all people in the worlds. No users: who sends is named in plans."""
    found: set[str] = set()
    for world in (small_world, whole_world):
        with closing(sqlite3.connect(world)) as connection:
            found.update(address for (address,) in connection.execute("SELECT email FROM contact_email"))
            found.difference_update(address for (address,) in connection.execute("SELECT email FROM user"))
    assert len(found) > 500
    return frozenset(found)


@pytest.fixture
def sandbox(small_world, tmp_path) -> Iterator[Callable[..., Served]]:
    """Serves a world of its own (60 leads unless another is given) until the test ends; words are for the server."""
    with ExitStack() as stack:

        def start(*words: str, world: Path = small_world) -> Served:
            return stack.enter_context(serve(copied(world, tmp_path / "served"), *words))

        yield start


@pytest.fixture(scope="module")
def shared(small_world, tmp_path_factory) -> Iterator[Served]:
    """One served sandbox for the tests of a module."""
    with serve(copied(small_world, tmp_path_factory.mktemp("shared")), *QUICK) as server:
        yield server


@pytest.fixture
def served(shared) -> Iterator[Served]:
    """A served sandbox of 60 leads whose bulk actions are quick. Its clock, and who is in which status, stay alone."""
    yield shared.as_new()
    shared.heal()


@pytest.fixture
def own_served(sandbox) -> Served:
    """The same for one test alone, which may change leads and move the clock."""
    return sandbox(*QUICK)


@pytest.fixture
def make_project(tmp_path, addresses) -> Iterator[Callable[..., Project]]:
    """Makes project folders; at the end of the test nothing in them, and nothing printed, may hold a secret."""
    made: list[Project] = []

    def make(name: str = "project", **environment: str) -> Project:
        root = tmp_path / name
        (root / "specs").mkdir(parents=True)
        project = Project(root, environ(**{KEY_VARIABLE: API_KEY, **environment}), addresses)
        made.append(project)
        return project

    yield make
    for project in made:
        project.check_discretion()


@pytest.fixture
def project(make_project, served) -> Project:
    """A project whose one target is the served sandbox."""
    made = make_project()
    made.configure({"served": served.target})
    return made
