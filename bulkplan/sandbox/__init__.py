"""A local Close: a seeded organization over SQLite that speaks the same HTTP, in process or served."""

from bulkplan.sandbox.faults import FaultKind, FaultRule
from bulkplan.sandbox.http import SandboxRequest, SandboxResponse
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.settings import Echo, OpenQuestions, RateLimit, RateLimits, SandboxSettings, served_settings

__all__ = [
    "Echo",
    "FaultKind",
    "FaultRule",
    "OpenQuestions",
    "RateLimit",
    "RateLimits",
    "Sandbox",
    "SandboxRequest",
    "SandboxResponse",
    "SandboxSettings",
    "served_settings",
]
