"""A deterministic simulator of apply: from a seed to appliers, faults, a schedule, and an oracle after each step."""
