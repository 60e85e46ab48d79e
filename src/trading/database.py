"""The one place that knows SQLite: files that are opened safely, carry a version, and say what is wrong."""

import sqlite3
from pathlib import Path
from time import monotonic, sleep

Connection = sqlite3.Connection
Cursor = sqlite3.Cursor
SqlError = sqlite3.Error
ConstraintViolated = sqlite3.IntegrityError

BUSY_TIMEOUT_S = 5.0
LOOK_AGAIN_S = 0.01


UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
)  # what damaged values raise


class DatabaseUnusable(Exception):
    """A database file that cannot be used as it is; the text says which, why and what to do."""


def open_database(
    path: Path | None,
    *,
    kind: str,
    version: int,
    schema: str,
    durable: bool = True,
    busy_timeout_s: float | None = None,
) -> Connection:
    """Open or create a database of one kind; None is a database in memory.

    `kind` names what the file holds ("paper account"), `schema` creates it at `version`: statements that
    each end at a semicolon and hold none within. Transactions are the caller's (`isolation_level=None`:
    nothing begins by itself). `durable` means a commit survives a loss of power (synchronous=FULL);
    otherwise it survives a crash of the process (NORMAL with a write-ahead log). `busy_timeout_s` is how long
    another process is waited for, None the usual time.

    Raises DatabaseUnusable for a file that cannot be written, is no database, is of another kind, has
    several names, or was written by another version; the file and its write-ahead log are then left byte
    for byte as they were.
    """
    where = ":memory:" if path is None else str(path)
    try:
        if path is not None:
            _refuse_second_name(path, kind=kind)
            _refuse_unopened(path, kind=kind, version=version)
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = _connect(where, busy_timeout_s)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUnusable(
            f"{where}: cannot be opened as a {kind}: {error}; name a file that can be written"
        ) from error
    try:
        _make_ready(connection, where, kind=kind, version=version, schema=schema)
        if path is not None:
            _write_ahead(connection, BUSY_TIMEOUT_S if busy_timeout_s is None else busy_timeout_s)
        set_durable(connection, durable=durable)
    except (sqlite3.Error, *UNREADABLE) as error:  # names of tables may be damaged as well
        connection.close()
        raise DatabaseUnusable(f"{where}: cannot be used as a {kind}: {error}; name another file") from error
    except DatabaseUnusable:
        connection.close()
        raise
    return connection


def open_to_read(path: Path, *, kind: str, version: int) -> Connection:
    """Open a database of one kind that is there already, to look at it alone.

    Nothing of it can be written through this connection, and whoever writes never waits for a look. Raises
    DatabaseUnusable as `open_database` does, and for a file that is not there.
    """
    try:
        _refuse_second_name(path, kind=kind)
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            timeout=BUSY_TIMEOUT_S,
            check_same_thread=False,
        )
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUnusable(f"{path}: is no {kind} that can be read: {error}") from error
    try:
        if not _tables(connection):
            raise DatabaseUnusable(f"{path}: holds nothing, and no {kind}; name another file")
        _refuse_other(connection, str(path), kind=kind, version=version)
    except (sqlite3.Error, *UNREADABLE) as error:
        connection.close()
        raise DatabaseUnusable(f"{path}: is no {kind} that can be read: {error}") from error
    except DatabaseUnusable:
        connection.close()
        raise
    return connection


def set_durable(connection: Connection, *, durable: bool) -> None:
    """Whether commits from now on survive a loss of power; the next one that does takes all before it along.

    Outside a transaction: within one SQLite changes nothing.
    """
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")


def copy_database(connection: Connection) -> Connection:
    """An independent copy in memory, with all that is committed."""
    copy = _connect(":memory:")
    connection.backup(copy)
    return copy


PAIRS = "CREATE TABLE IF NOT EXISTS pair (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL)"


def read_pair_id(connection: Connection) -> str | None:
    """The id that this file shares with the file it belongs to, or None where it has none yet."""
    if "pair" not in _tables(connection):
        return None
    row = connection.execute("SELECT id FROM pair").fetchone()
    return None if row is None else str(row[0])


def write_pair_id(connection: Connection, pair_id: str) -> str:
    """Give this file an id, unless another process was first; the id that it has now."""
    connection.execute(PAIRS)
    connection.execute("INSERT INTO pair VALUES (1, ?) ON CONFLICT (one) DO NOTHING", (pair_id,))
    [(kept,)] = connection.execute("SELECT id FROM pair").fetchall()
    return str(kept)


class _MemoryConnection(sqlite3.Connection):
    """Closes when nobody holds it any more: a database in memory has no file that could be left open."""

    def __del__(self) -> None:
        self.close()


def _connect(where: str, busy_timeout_s: float | None = None) -> Connection:
    return sqlite3.connect(
        where,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S if busy_timeout_s is None else busy_timeout_s,
        check_same_thread=False,
        factory=_MemoryConnection if where == ":memory:" else sqlite3.Connection,
    )


def _refuse_second_name(path: Path, *, kind: str) -> None:
    """Refuse a file of several hard links: its write-ahead log lies beside one name, unseen by the others."""
    if path.is_file() and (names := path.stat().st_nlink) > 1:
        raise DatabaseUnusable(
            f"{path}: this {kind} has {names} names (hard links), and whoever opens it by one does not see "
            "what is written by another; remove all names but one, or name another file"
        )


def _refuse_unopened(path: Path, *, kind: str, version: int) -> None:
    """Refuse a file that has a write-ahead log without touching either: to close one opened to be written
    moves its log into it. (Without a log nothing is moved, and only reading would leave empty ones behind.)

    What cannot be read this way is not refused here: opening it to be written mends it, or says why not.
    """
    if not Path(f"{path}-wal").exists():
        return
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
    except sqlite3.Error:
        return
    try:
        _refuse_other(connection, str(path), kind=kind, version=version)
    except (sqlite3.Error, *UNREADABLE):
        return
    finally:
        connection.close()


def _make_ready(connection: Connection, where: str, *, kind: str, version: int, schema: str) -> None:
    connection.execute("BEGIN IMMEDIATE")  # also asks whether the file can be written at all
    try:
        if _tables(connection):
            _refuse_other(connection, where, kind=kind, version=version)
        else:
            connection.execute("CREATE TABLE about (kind TEXT NOT NULL, version INTEGER NOT NULL)")
            connection.execute("INSERT INTO about VALUES (?, ?)", (kind, version))
            for statement in filter(str.strip, schema.split(";")):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself rolls back after some errors
            connection.execute("ROLLBACK")
        raise


def _write_ahead(connection: Connection, patience_s: float) -> None:
    """Let the file have a write-ahead log: SQLite itself does not wait there for who writes right now."""
    until = monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "is locked" not in str(error) or monotonic() >= until:
                raise
        sleep(LOOK_AGAIN_S)


def _refuse_other(connection: Connection, where: str, *, kind: str, version: int) -> None:
    tables = _tables(connection)
    if not tables:
        return
    rows = connection.execute("SELECT kind, version FROM about").fetchall() if "about" in tables else []
    if [row[0] for row in rows] != [kind]:
        what = f"a {rows[0][0]}" if len(rows) == 1 else "something else"
        raise DatabaseUnusable(f"{where}: holds {what}, not a {kind}; name another file")
    if rows[0][1] != version:
        raise DatabaseUnusable(
            f"{where}: {kind} of version {rows[0][1]}, this program reads version {version}; "
            "use the program that wrote it, or name another file"
        )


def _tables(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
