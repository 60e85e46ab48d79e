"""Retries that a person confirmed: each confirmation is worth one retry, however often it is sent.

What is offered is bound to the browser that asked and to how the letter stood then. A second click shows how
the first one ended; a second browser is told that the letter has changed since. One retry runs at a time, as
the command `python -m trading retry` in a process of its own: this process never claims the journal.
"""

import hmac
import os
import secrets
import subprocess
import sys
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

OFFERS_MAX = 1000
OFFER_LASTS_S = 900.0
WRONG_MAX = 10  # so many wrong tokens in so long a time, then nobody is asked
WRONG_WITHIN_S = 60.0
SENTENCE_CHARACTERS_MAX = 1000
CHANGED = "Nothing was done: it was retried or has changed since this page was shown. Look at it again."


class Refusal(Enum):
    """Why nothing was begun."""

    UNKNOWN = "This confirmation is too old, or is not of this browser. Nothing was done; ask for a new one."
    WRONG_TOKEN = "That is not the token of this server. Nothing was done."  # noqa: S105  (a sentence)
    TOO_OFTEN = "Too many wrong tokens. Nothing was done; wait a minute."


@dataclass(frozen=True, slots=True)
class RetryOutcome:
    """How a retry ended."""

    went_well: bool
    sentence: str


@dataclass(slots=True)
class Offer:
    """One confirmation that may be given, once."""

    letter: str
    run: str | None
    version: str
    browser: str
    made_at: float
    began: bool = False
    ended: Event = field(default_factory=Event)
    outcome: RetryOutcome | None = None


class RetryDesk:
    """Takes confirmations and has letters retried, one after the other."""

    def __init__(
        self,
        retry: Callable[[str], RetryOutcome],
        version_of: Callable[[str, str | None], str | None],
        token: str,
        *,
        ended: Callable[[], None] = lambda: None,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        """`version_of` says how a letter of a run stands, None where it needs no retry any more."""
        self._retry = retry
        self._version_of = version_of
        self._token = token.encode()
        self._told_ended = ended
        self._timer = timer
        self._offers: OrderedDict[str, Offer] = OrderedDict()
        self._tried: dict[str, int] = {}
        self._wrong: deque[float] = deque(maxlen=WRONG_MAX)
        self._lock = Lock()
        self._at_work = Lock()

    def offer(self, letter: str, run: str | None, browser: str) -> str | None:
        """A confirmation that this browser may give for this letter as it stands; None where it is gone."""
        version = self._version(letter, run)
        if version is None:
            return None
        name = secrets.token_urlsafe(24)
        with self._lock:
            while len(self._offers) >= OFFERS_MAX:
                self._offers.popitem(last=False)
            self._offers[name] = Offer(letter, run, version, browser, self._timer())
        return name

    def find(self, name: str, browser: str) -> Offer | None:
        """An offer that was made to this browser."""
        with self._lock:
            found = self._offers.get(name)
        return found if found is not None and hmac.compare_digest(found.browser, browser) else None

    def confirm(self, name: str, letter: str, browser: str, token: str) -> Offer | Refusal:
        """Begin the retry, unless this confirmation has begun it already."""
        offer = self.find(name, browser)
        if offer is None or offer.letter != letter:
            return Refusal.UNKNOWN
        now = self._timer()
        with self._lock:
            if len(self._wrong) == WRONG_MAX and now - self._wrong[0] < WRONG_WITHIN_S:
                return Refusal.TOO_OFTEN
            if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
                self._wrong.append(now)
                return Refusal.WRONG_TOKEN
            if offer.began:
                return offer
            if now - offer.made_at > OFFER_LASTS_S:
                return Refusal.UNKNOWN
            offer.began = True
        Thread(target=self._run, args=(offer,), name="trading-retry", daemon=True).start()
        return offer

    def _run(self, offer: Offer) -> None:
        with self._at_work:
            try:
                offer.outcome = self._outcome(offer)
            except Exception as error:  # noqa: BLE001  (a person waits for how it ended)
                offer.outcome = RetryOutcome(False, f"It ended early: {type(error).__name__}: {error}")
        offer.ended.set()
        self._told_ended()

    def _outcome(self, offer: Offer) -> RetryOutcome:
        if self._version(offer.letter, offer.run) != offer.version:
            return RetryOutcome(False, CHANGED)
        self._tried[offer.letter] = self._tried.get(offer.letter, 0) + 1
        return self._retry(offer.letter)

    def _version(self, letter: str, run: str | None) -> str | None:
        """How often it was tried from here is part of it: a letter that failed again may look the same."""
        stands = self._version_of(letter, run)
        return None if stands is None else f"{self._tried.get(letter, 0)} {stands}"


def retry_command(account: Path, settings_path: Path | None) -> Callable[[str], RetryOutcome]:
    """`python -m trading retry` in a process and a session of its own, which outlives this one."""
    options = ["--account", str(account), *(["--settings", str(settings_path)] if settings_path else [])]

    def retry(letter: str) -> RetryOutcome:
        done = subprocess.run(  # noqa: S603  (the program itself; the letter is one argument after `--`)
            [sys.executable, "-m", "trading", "retry", *options, "--", letter],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, "NO_COLOR": "1"},
            start_new_session=True,
            check=False,
        )
        return RetryOutcome(done.returncode == 0, _sentence(done))

    return retry


def _sentence(done: subprocess.CompletedProcess[bytes]) -> str:
    """The outcome that it prints, or the error that ended it; what else is on standard error is its log."""
    said, errors = (text.decode("utf-8", "replace").strip() for text in (done.stdout, done.stderr))
    error = errors[errors.find("Error: ") :] if "Error: " in errors else f"it ended with {done.returncode}"
    return " ".join((said or error).split())[:SENTENCE_CHARACTERS_MAX]
