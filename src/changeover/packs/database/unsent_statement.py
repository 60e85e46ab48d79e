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
WITHIN = (
    "the answering path sent no such statement; rows are compared of the seam around it, and of this one "
    "where it is called by itself"
)
SHOWN_MAX = 200


def why_unsent(session: Any, pack: str, port: str, kind: str, statement: str) -> str:
    """The reason for which this proves nothing, empty where the tape may be asked.

    A path that wrote or asked, and never by this statement, may have done the same.
    """
    if session.recorded_calls(port, "look"):
        return session.why_no_script or ROWS_ALONE
    statements = {call["statement"] for call in session.recorded_calls(port, kind)}
    if not statements or statement in statements:
        return ""
    why = WITHIN if session.is_seen_around(pack) else UNSENT
    return f"{why}: {statement[:SHOWN_MAX]}"
