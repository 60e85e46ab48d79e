"""What is done around one path on a database of `sqlite3`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlite3

    from changeover.packs.sqlite.connection import FollowedConnection
    from changeover.packs.sqlite.cursor import FollowedCursor


class Follower(Protocol):
    """What is done around one path; `set_here` has the attributes of connections that a replay has set."""

    replaying: bool
    set_here: dict[tuple[int, str], Any]

    def covers_file(self, path: str) -> bool:
        """Whether it follows the path on this database."""

    def cursor(self, connection: FollowedConnection, factory: type[sqlite3.Cursor]) -> Any:
        """A cursor for a replay."""

    def execute(self, cursor: FollowedCursor, how: str, statement: str, parameters: Any) -> None:
        """Send a statement, or what stands for it."""

    def commit(self, connection: FollowedConnection) -> None:
        """Commit."""

    def rollback(self, connection: FollowedConnection) -> None:
        """Roll back."""

    def close(self, connection: FollowedConnection) -> None:
        """Close the connection."""

    def drop(self, connection: FollowedConnection) -> None:
        """The path has let go of a connection that it opened, without closing it."""

    def standing_for(self, cursor: FollowedCursor) -> Any | None:
        """What gives the rows of a cursor in a replay; None where nothing was sent on it."""

    def is_open(self, connection: FollowedConnection) -> bool:
        """Whether a transaction is open on it in a replay."""

    def check(self, connection: FollowedConnection) -> None:
        """Raises ProgrammingError where a replay has closed it."""

    def close_cursor(self, cursor: FollowedCursor) -> None:
        """Let a cursor be closed for a replay."""

    def cannot_see(self, what: str) -> Any:
        """The run cannot be compared."""
