"""Why a replayed statement has no answer on a tape."""

from __future__ import annotations

from typing import Any

UNSENT = "the answering path sent no such statement"
BY_ROWS = (
    "; what both change is compared with rows = true, where the mode is inline or background (a worker "
    "replays statements alone)"
)
BY_A_PORT = (
    ", and nobody can say whether another one does the same: let both paths send the same, or call a "
    "function that is a port of its own"
)
ROWS_ALONE = (
    "a stored run holds the rows that the answering path has changed, and no statements: "
    "it cannot be replayed without the database as it was then"
)
WITHIN = "; rows are compared of the seam around it, and of this one where it is called by itself"
SHOWN_MAX = 200


def why_unsent(
    session: Any, pack: str, port: str, kind: str, statement: str, way_out: str | None = None
) -> str:
    """The reason for which this proves nothing, empty where the tape may be asked.

    A path that wrote or asked, and never by this statement, may have done the same. What was written and
    rolled back was sent as well.
    """
    if session.recorded_calls(port, "look"):
        return session.why_no_script or ROWS_ALONE
    kinds = ("write", "undone") if kind == "write" else (kind,)
    statements = {call["statement"] for one in kinds for call in session.recorded_calls(port, one)}
    if not statements or statement in statements:
        return ""
    if way_out is None:
        way_out = WITHIN if session.is_seen_around(pack) else BY_ROWS
    return f"{UNSENT}{way_out}: {statement[:SHOWN_MAX]}"
