"""The options of the simulator's tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sim-seed", type=int, default=None, help="tell the simulated schedule of one seed and judge it")
    parser.addoption("--sim-keep", default=None, help="with --sim-seed: numbers of the faults to keep, or none")
