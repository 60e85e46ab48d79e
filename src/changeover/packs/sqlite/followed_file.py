"""What all followers of a path have that uses databases of `sqlite3`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from changeover.packs.database.row_operations import tell_rows
from changeover.packs.sqlite.opened_database import file_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from changeover.packs.database.row_effect import RowEffect
    from changeover.packs.host import Channel

MANY = "two databases in one path, {} and {}: give each a line with its file and a port of its own"


class FollowedFile:
    """Follows one path on one database.

    Args:
        name: of the pack.
        database: the file that the pack covers; None where it is the one that a path uses.
        channel: through which statements and rows come onto the tape.
        session: of the path.
    """

    def __init__(self, name: str, database: str | None, channel: Channel, session: Any) -> None:
        self.name = name
        self.database = database
        self.channel = channel
        self.session = session
        self.replaying: bool = session.replaying
        self.set_here: dict[tuple[int, str], Any] = {}
        self._path: str | None = None

    def covers_file(self, path: str) -> bool:
        """Whether it follows the path on this database."""
        return self.database is None or path == self.database

    def covers_database(self, name: str) -> bool:
        """Whether it follows what `sqlite3.connect` is given: a file, or the address of one."""
        path = file_of(name, uri=True)
        return path is not None and self.covers_file(path)

    def meet(self, path: str) -> None:
        """The path uses a database; one alone can be turned back for a replay."""
        if self._path is None:
            self._path = path
        elif path != self._path:
            self.cannot_see(MANY.format(self._path, path))

    def cannot_see(self, what: str) -> Any:
        """The run cannot be compared; a replay ends."""
        return self.session.cannot_follow(self.name, what)

    def spent(self, began: float, ended: float) -> None:
        """The database took that time."""
        self.session.spend(began, ended)

    def tell(self, effects: Iterable[RowEffect]) -> None:
        """Put changed rows on the tape of the path."""
        tell_rows(self.channel, effects)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Connections in arguments stay what they are: in a replay they stand for the copy."""
        return args, kwargs

    def end(self) -> None:
        """The path has ended."""

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The same: `sqlite3` is not awaited."""
        return self.begin(args, kwargs)

    async def end_async(self) -> None:
        """The same: `sqlite3` is not awaited."""
        self.end()
