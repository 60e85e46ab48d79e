"""What an answering path sent to the outside past every port, by peer and client."""

from __future__ import annotations

from changeover.record.calling_client import CallingClient, way_out

_Sent = tuple[str, CallingClient]
DESTINATIONS_MAX = 100


class SentPastPorts:
    """Counts bytes by destination; of clients that hide theirs it knows no more than that they talked."""

    def __init__(self) -> None:
        self._bytes: dict[_Sent, int] = {}
        self._talked: dict[_Sent, None] = {}

    def add(self, peer: str, client: CallingClient, number: int | None) -> None:
        """So many bytes went out, None where their number is not known."""
        sent = (peer, client)
        if number is None:
            if len(self._talked) < DESTINATIONS_MAX:
                self._talked[sent] = None
        elif sent in self._bytes or len(self._bytes) < DESTINATIONS_MAX:
            self._bytes[sent] = self._bytes.get(sent, 0) + number

    def sentences(self, seam: str) -> dict[str, str]:
        """By client, what the path of this seam did, and the way out; the first destination of each."""
        found: dict[str, str] = {}
        # What a client was asked for is not said beside the bytes that it sent for it.
        talked: list[tuple[_Sent, int | None]] = [(one, None) for one in [*self._talked]]
        for (peer, client), number in [*self._bytes.items()] or talked:
            did = "talked" if number is None else f"sent {number} bytes"
            to = f" to {peer}" if peer else ""
            text = f"seam {seam} {did}{to} through {client}, past every port"
            found.setdefault(str(client), f"{text}: nothing of it is compared; {way_out(client)}")
        return found
