"""Records of asyncpg as plain columns and rows, and records that are made of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from changeover.packs.database.driver_answer import DriverAnswer
from changeover.record.class_lookup import full_name
from changeover.values.libraries.asyncpg_values import made_record

STATUS_ALONE = "the answering path asked a statement for no rows, and this one asks for them"
OF_THE_PROGRAM = "records of the class {}, which is derived from asyncpg.Record: only asyncpg can make them"


def answer_of(records: Sequence[Any] | None, status: bytes | str | None, *details: Any) -> DriverAnswer:
    """What a statement gave; None where no rows were asked for."""
    from asyncpg import Record

    text = status.decode() if isinstance(status, bytes) else status
    if records is None:
        return DriverAnswer(None, (), text, "", details)
    if not records:
        return DriverAnswer((), (), text, "", details)
    cls = type(records[0])
    made_by = "" if cls is Record else full_name(cls)
    return DriverAnswer(tuple(records[0].keys()), tuple(map(tuple, records)), text, made_by, details)


def records_of(answer: DriverAnswer, record_class: type | None) -> list[Any]:
    """The records of an answer; raises ValueError where they cannot be made again.

    Args:
        answer: what a statement gave.
        record_class: that the path asks for; None for whichever the answering path had.
    """
    from asyncpg import Record

    if answer.columns is None:
        raise ValueError(STATUS_ALONE)
    wanted = full_name(record_class) if record_class not in (None, Record) else answer.made_by
    if answer.rows and wanted:
        raise ValueError(OF_THE_PROGRAM.format(wanted))
    return [made_record(answer.columns, row) for row in answer.rows]
