"""The option of the model's tests."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--model-full", action="store_true", help="search the protocol's model within its full budgets")
