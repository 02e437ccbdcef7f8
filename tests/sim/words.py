"""What the trace of a simulated schedule says about an effect and its result."""

from __future__ import annotations

from bulkplan.core import effects as fx
from bulkplan.model.record import Record
from bulkplan.model.remote import BulkAction, Identity


def effect_words(effect: fx.Effect[object]) -> str:
    """An effect, in short."""
    match effect:
        case fx.GetRecord(key):
            return f"get {key}"
        case fx.PutRecord(record):
            return f"put {record.key} v{record.version} {record.status} nonce {record.nonce[:4]}"
        case fx.FindActions(word=word):
            return f"look for {word[:4]}"
        case fx.Sleep(seconds):
            return f"sleep {seconds:.1f}"
        case fx.FetchAction(action_id=action_id):
            return f"fetch {action_id}"
    return type(effect).__name__


def result_words(result: object) -> str:
    """Its result, in short."""
    match result:
        case Record():
            return f"v{result.version} {result.status} attempt {result.attempt} nonce {result.nonce[:4]}"
        case tuple():
            return "[" + " ".join(action.id for action in result) + "]"
        case BulkAction():
            return f"{result.id} {result.status}"
        case Identity():
            return result.organization_id
    return str(result)
