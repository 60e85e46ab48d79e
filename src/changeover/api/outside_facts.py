"""What `doctor` says of a program's ways to the outside that no port covers."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.migration import Migration
from changeover.record.open_clients import open_clients
from changeover.record.uncovered_clients import uncovered_clients


def outside_facts(migration: Migration) -> Iterator[tuple[str, str]]:
    """The clients that are imported, apart those that nothing stops, and what is open; each where any is."""
    book = migration.runtime.book
    uncovered = uncovered_clients(book, book.packs)
    refused = [str(one) for one in uncovered if not one.client.in_c]
    if refused:
        yield "clients", f"no port covers {'; '.join(refused)}"
    unstopped = [str(one) for one in uncovered if one.client.in_c]
    if unstopped:
        yield "in C", f"no replay is kept from {'; '.join(unstopped)}"
    opened = open_clients()
    if opened:
        yield "open", "; ".join(opened)
