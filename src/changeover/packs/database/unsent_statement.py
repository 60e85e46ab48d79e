"""Why a replayed statement has no answer on a tape."""

from __future__ import annotations

from typing import Any

UNSENT = (
    "the answering path sent no such statement; what both change is compared with rows = true, where the "
    "mode is inline or background (a worker replays statements alone)"
)
ROWS_ALONE = (
    "a stored run holds the rows that the answering path has changed, and no statements: "
    "it cannot be replayed without the database as it was then"
)
SHOWN_MAX = 200


def why_unsent(session: Any, port: str, kind: str, statement: str) -> str:
    """The reason for which this proves nothing, empty where the tape may be asked.

    A path that wrote or asked, and never by this statement, may have done the same.
    """
    if session.recorded_calls(port, "look"):
        return session.why_no_script or ROWS_ALONE
    statements = {call["statement"] for call in session.recorded_calls(port, kind)}
    return f"{UNSENT}: {statement[:SHOWN_MAX]}" if statements and statement not in statements else ""
