"""Randomness: nonces, write IDs, plan IDs."""

from __future__ import annotations

import secrets

from bulkplan.core.marker import NONCE_BYTES, encode_word


def draw_word() -> str:
    """80 random bits as 16 letters and digits."""
    return encode_word(secrets.token_bytes(NONCE_BYTES))
