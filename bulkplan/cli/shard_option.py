"""What `--shard 2/4` means."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # --help must not load the models
    from bulkplan.cli.arguments import Args
    from bulkplan.model.shard import Shard

MAX_SHARDS = 1000
_FORM = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)


def parse_shard(text: str) -> tuple[int, int]:
    """
    Read `2/4`: the second of four.

    Raises:
        argparse.ArgumentTypeError: It is of another form, or there is no such shard.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f'"{text}" is no shard: write which of how many, e.g. 1/4')
    number, of = int(match[1]), int(match[2])
    if not 1 <= of <= MAX_SHARDS:
        raise argparse.ArgumentTypeError(f'"{text}" is no shard: there can be 1 to {MAX_SHARDS:,} of them')
    if not 1 <= number <= of:
        raise argparse.ArgumentTypeError(f'"{text}" is no shard: of {of} there are 1/{of} to {of}/{of}')
    return number, of


def given_shard(args: Args) -> Shard | None:
    """The shard that the command line names."""
    if args.shard is None:
        return None
    from bulkplan.model.shard import Shard

    number, of = args.shard
    return Shard(number=number, of=of)
