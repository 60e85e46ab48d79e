"""From the outbox of a shared journal to the transport."""

import structlog

from trading.events.journal.shared import SharedJournal, Unsent
from trading.events.schema.catalogue import VERSIONS
from trading.events.schema.versions import Versions
from trading.events.transport.cloud_event import message_of
from trading.events.transport.port import Message, MessageRefused, Transport

log = structlog.get_logger(__name__)


class OutboxRelay:
    """Sends what any process of this journal has committed, in the order of the commits.

    An entry leaves the outbox when the transport has confirmed it. A process that ends in between leaves it
    there, and the next one sends it again: the inbox of each handler knows it by its id.
    """

    def __init__(self, journal: SharedJournal, transport: Transport, versions: Versions = VERSIONS) -> None:
        self._journal = journal
        self._transport = transport
        self._versions = versions

    def send_all(self) -> int:
        """How many entries were sent; raises TransportLost, and what is not confirmed stays where it is."""
        sent = 0
        while entries := self._journal.unsent():
            try:
                self._transport.send([message for entry in entries for message in self._messages(entry)])
                self._journal.mark_sent(entries)
            except MessageRefused:
                for entry in entries:
                    self._send_alone(entry)
            sent += len(entries)
        return sent

    def _send_alone(self, entry: Unsent) -> None:
        """One that the broker never takes holds up no other: its handlers find it in the journal."""
        try:
            self._transport.send(self._messages(entry))
        except MessageRefused as refused:
            log.error("event_cannot_travel", seq=entry.seq, why=str(refused))
        self._journal.mark_sent([entry])

    def _messages(self, entry: Unsent) -> list[Message]:
        if entry.event is None:
            log.error("damaged_event_not_sent", seq=entry.seq)
            return []
        return [message_of(entry.event, self._versions)]
