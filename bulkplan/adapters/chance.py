"""Randomness: nonces, write IDs, and what spreads things out."""

from __future__ import annotations

import random
import secrets

from bulkplan.core.marker import NONCE_BYTES, encode_word


def draw_word() -> str:
    """80 random bits as 16 letters and digits."""
    return encode_word(secrets.token_bytes(NONCE_BYTES))


def draw_share() -> float:
    """A number from 0 to 1, to keep many from doing something at the same moment."""
    return random.random()  # noqa: S311 - spreads things out, keeps no secret
