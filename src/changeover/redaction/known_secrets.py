"""The secrets that runs of this process held lately, so that its log and its alerts tell none of them."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

SECRETS_REMEMBERED_MAX = 500
_lately: dict[str, None] = {}
_lock = Lock()


def remember(secrets: Iterable[str]) -> None:
    """The latest `SECRETS_REMEMBERED_MAX` stay known."""
    with _lock:
        for secret in secrets:
            _lately.pop(secret, None)
            _lately[secret] = None
        for secret in list(_lately)[:-SECRETS_REMEMBERED_MAX]:
            del _lately[secret]


def remembered() -> frozenset[str]:
    """All that are known."""
    with _lock:
        return frozenset(_lately)
