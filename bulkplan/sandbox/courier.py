"""How webhook deliveries are sent: one after the other by hand, or by a thread beside a served sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from bulkplan.sandbox.webhooks import Delivery, is_loopback

PAUSE_S = 0.2
"""How long the thread rests when nothing is due."""

Post = Callable[[Delivery], str | None]
"""Makes one attempt: None when it was answered with 2xx, or else what went wrong."""


def poster(*, timeout_s: float) -> Post:
    """Return what posts to loopback addresses: no proxy, no redirect, no check of certificates made for localhost."""

    def post(delivery: Delivery) -> str | None:
        if not is_loopback(delivery.url):  # the last door: nothing leaves this machine
            return "The sandbox delivers to loopback addresses only."
        try:
            with httpx.Client(
                timeout=timeout_s,
                trust_env=False,
                follow_redirects=False,
                verify=False,  # noqa: S501 - loopback
            ) as client:
                answer = client.post(delivery.url, content=delivery.body, headers=dict(delivery.headers))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}"
        return None if answer.is_success else f"Answered with {answer.status_code}."

    return post


@contextmanager
def delivering(step: Callable[[], int]) -> Iterator[None]:
    """Call `step` again and again in a thread until the block ends; it returns how many deliveries it made."""
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            if step() == 0:
                stopping.wait(PAUSE_S)

    thread = threading.Thread(target=run, name="sandbox-webhooks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
