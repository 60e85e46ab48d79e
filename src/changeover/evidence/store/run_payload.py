"""A judged run as the payload of a frame: one line of JSON with its columns, and then the packed tape."""

from __future__ import annotations

import json

from changeover.evidence.store.reading import MORE_COLUMNS, READ_COLUMNS, read_run
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.writing import run_row
from changeover.values.error_text import class_and_message

_ENCODER = json.JSONEncoder(separators=(",", ":"))
_COLUMNS = (*READ_COLUMNS, *MORE_COLUMNS, "body")


def run_payload(run: StoredRun) -> bytes:
    """The run, which must be fit to be written: nothing is redacted here."""
    line = _ENCODER.encode(dict(zip(_COLUMNS, run_row(run, _COLUMNS), strict=True)))
    return line.encode() + b"\n" + (run.tape or b"")


def read_run_payload(payload: bytes) -> StoredRun:
    """The run again; raises ValueError for what this version cannot read."""
    line, _, tape = payload.partition(b"\n")
    try:
        data = json.loads(line)
        return read_run((*(data[name] for name in _COLUMNS), tape or None))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no run that this version can read: {class_and_message(error)}") from error
