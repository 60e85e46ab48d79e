"""Threads that belong to nobody's run, as a migration is told: a sampler of metrics, a heartbeat."""

from __future__ import annotations

from collections.abc import Collection

from changeover.record.named_threads import ThreadKind
from changeover.record.port import PortBook


class WithThreads:
    """A migration that is told of threads: they are known to `book`."""

    book: PortBook

    def threads(self, *, permitted: Collection[str] = (), withheld: Collection[str] = ()) -> None:
        """Declare threads that paths start for themselves, and that no comparison is to be about.

        What such a thread does is in no run, and no run waits for its end. All others belong to the run of
        the path that starts them. A name is a pattern as in `fnmatch`, held against `Thread.name` when the
        thread is started.

        Args:
            permitted: run in a replay as they do in the program, and what they do happens once more: for
                threads that only look, such as a sampler.
            withheld: run where a path answers, and in a replay end as soon as they are started.

        Raises:
            DeclarationError: something else than names was given, or one name as both.

        Example:
            migration.threads(permitted=["watchdog"], withheld=["heartbeat-*"])
        """
        for kind, patterns in ((ThreadKind.PERMITTED, permitted), (ThreadKind.WITHHELD, withheld)):
            self.book.threads.add(kind, patterns)
