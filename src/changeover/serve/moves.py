"""Forms that move a phase: with the token alone, from a page of this server, and never past a gate."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from changeover.api.going_back import Rollback, kill, rollback, unkill
from changeover.api.live import LiveProject
from changeover.api.moves import Flip, flip
from changeover.errors import ChangeoverError
from changeover.project import Project
from changeover.serve.access import TRIES_S, Allowed, Token, is_of_this_site
from changeover.settings import NO_REASON
from changeover.values.gate_verdict import GateVerdict
from changeover.values.stage import Stage

BODY_BYTES_MAX = 16 * 1024
FIELDS_MAX = 20
_WITH_REASON = ("flip", "unkill")
_BUSY = "Another move is under way. Its gate may run commands for a while: look again later."
Said = Callable[[Request, HTTPStatus, str, list[str], str, GateVerdict | None], Response]


class Moves:
    """Answers the forms; one move at a time."""

    def __init__(self, live: LiveProject, token: Token, said: Said) -> None:
        self._live, self._token, self._said = live, token, said
        self._lock = threading.Lock()

    def move(self, request: Request, body: bytes) -> Response:
        """One form; `body` is what was sent, as far as it may be long."""
        refused = self._refusal(request, body)
        if refused is not None:
            return refused
        fields = fields_of(body)
        if not fields.get("who", "").strip():
            return self._no(request, HTTPStatus.BAD_REQUEST, "It needs to be said who moves.")
        if _what(request) in _WITH_REASON and not fields.get("reason", "").strip():
            return self._no(request, HTTPStatus.BAD_REQUEST, "It needs to be said why.")
        if not self._lock.acquire(blocking=False):
            return self._no(request, HTTPStatus.CONFLICT, _BUSY)
        try:
            return self._moved(request, fields)
        except ChangeoverError as error:
            return self._no(request, HTTPStatus.CONFLICT, str(error))
        finally:
            self._lock.release()

    def _refusal(self, request: Request, body: bytes) -> Response | None:
        if not is_of_this_site(request.headers):
            return self._no(request, HTTPStatus.FORBIDDEN, "The form was not sent by a page of this server.")
        if len(body) > BODY_BYTES_MAX:
            sentence = f"The form is too long, allowed: {BODY_BYTES_MAX:,} bytes."
            return self._no(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
        allowed = self._token.check(fields_of(body).get("token", ""))
        if allowed is Allowed.LATER:
            sentence = f"There were too many wrong tokens: try again in {TRIES_S:g} s."
            return self._no(request, HTTPStatus.TOO_MANY_REQUESTS, sentence)
        if allowed is Allowed.NO:
            sentence = "The token is wrong: changeover serve printed it when it began, or it was given one."
            return self._no(request, HTTPStatus.FORBIDDEN, sentence)
        return None

    def _moved(self, request: Request, fields: Mapping[str, str]) -> Response:
        project, who = self._live.project, f"{fields['who'].strip()} (serve)"
        reason = fields.get("reason", "").strip()
        phase = str(request.path_params.get("phase", ""))
        what = _what(request)
        if what == "flip":
            return self._flipped(request, project, phase, fields, who, reason)
        if what == "rollback":
            stage = fields.get("stage") or None
            done = rollback(phase, to=stage, reason=reason or NO_REASON, who=who, project=project)
            return self._gone_back(request, phase, done)
        if what == "kill":
            kill(reason=reason or NO_REASON, who=who, project=project)
        else:
            unkill(reason=reason, who=who, project=project)
        self._live.look_anew()
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)

    def _flipped(
        self, request: Request, project: Project, phase: str, fields: Mapping[str, str], who: str, reason: str
    ) -> Response:
        stage, percent = fields.get("stage", ""), fields.get("percent", "").strip()
        if stage == Stage.RAMP and percent:
            stage = f"{stage}:{percent}"
        done: Flip = flip(phase, stage, reason=reason, who=who, project=project)
        self._live.look_anew()
        if done.entry is None and done.verdict is not None:
            title = f"The gate of {done.verdict.title} does not pass. Nothing was moved."
            back = f"/phases/{quote(phase, safe='')}"
            return self._said(request, HTTPStatus.CONFLICT, title, list(done.caveats), back, done.verdict)
        return _to_phase(phase, None if done.entry is None else done.entry.revision)

    def _gone_back(self, request: Request, phase: str, done: Rollback) -> Response:
        self._live.look_anew()
        if done.failure is not None:
            return self._no(
                request, HTTPStatus.INTERNAL_SERVER_ERROR, " ".join(done.warnings) or done.failure
            )
        return _to_phase(phase, done.entries[-1].revision if done.entries else None)

    def _no(self, request: Request, status: HTTPStatus, sentence: str) -> Response:
        back = request.url.path.rpartition("/")[0] or "/"
        return self._said(request, status, "Nothing was moved.", [sentence], back, None)


def _what(request: Request) -> str:
    """`flip`, `rollback`, `kill` or `unkill`."""
    path: str = request.url.path
    return path.rpartition("/")[2]


def _to_phase(phase: str, revision: int | None) -> Response:
    """The page of the phase, which says what was moved; a form is not sent again by loading that anew."""
    asked = "nothing" if revision is None else str(revision)
    return RedirectResponse(f"/phases/{quote(phase, safe='')}?moved={asked}", HTTPStatus.SEE_OTHER)


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of a form, the first of each name; none of what is no form."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except (ValueError, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found
