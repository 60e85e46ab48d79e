"""What every database may be asked, and the row changes that are told of it afterwards."""

from __future__ import annotations

from collections.abc import Iterable

from changeover.packs.database.row_effect import RowEffect
from changeover.packs.host import Channel, Operation
from changeover.record.port import CallClass

ROW_OPERATIONS = (
    Operation("look", CallClass.READ, (), is_mark=True),
    Operation("read", CallClass.READ, ("statement", "parameters")),
    Operation("write", CallClass.EFFECT, ("statement", "parameters")),
    Operation("commit", CallClass.EFFECT, ()),
    *(
        Operation(name, CallClass.EFFECT, ("row", "columns"), key=lambda row, columns: row)
        for name in ("insert", "update", "delete")
    ),
)


def tell_rows(channel: Channel, effects: Iterable[RowEffect]) -> None:
    """Put changed rows on the tape of the path under way, behind the database that it has seen."""
    channel.tell("look", ())
    for effect in effects:
        channel.tell(effect.operation, (effect.row, effect.columns))
