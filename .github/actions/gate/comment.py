"""Write the result of the gate as one comment of the pull request, and the next one in its place.

It needs nothing but Python. Where no comment can be written it says why in a notice and ends with 0, as the
answer is that of the gate. What it is told stands in variables: COMMENT, COMMENT_NAME, ANSWER, MARKDOWN (a
file), GITHUB_TOKEN, and those that GitHub sets for every step.
"""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

BODY_MAX = 65_536
"""Characters that GitHub takes."""
SECONDS_MAX = 15.0
"""For each question to GitHub."""
PAGES_MAX, PAGE = 30, 100
ANSWER_BYTES_MAX = 32_000_000
WHEN = ("always", "failures", "never")
NO_ANSWER = "### changeover gate: ERROR\n\nThe gate gave no answer: the log of the step says why.\n"


class NoComment(Exception):
    """Why no comment is written."""


class GitHub:
    """The part of GitHub's API that is needed here, for one pull request."""

    def __init__(self, address: str, repository: str, number: int, token: str) -> None:
        self._address = address.rstrip("/")
        self._token = token
        self._issue = f"/repos/{repository}/issues/{number}/comments"
        self._comment = f"/repos/{repository}/issues/comments/"

    def write(self, marker: str, body: str, *, anew: bool) -> str:
        """Put the body in place of the comment with this marker; where there is none, `anew` says whether.

        Returns:
            What was done, or why nothing was.
        """
        number = self._own_comment(marker)
        if number is not None:
            self._ask("PATCH", f"{self._comment}{number}", {"body": body})
            return f"comment {number} is up to date"
        if not anew:
            return "no comment is needed: the gate passed, and there is none to bring up to date"
        made = self._ask("POST", self._issue, {"body": body})
        return f"comment {made.get('id') if isinstance(made, dict) else ''} was written"

    def _own_comment(self, marker: str) -> int | None:
        """The first comment that begins with the marker and is our own: anybody could write the marker."""
        for page in range(1, PAGES_MAX + 1):
            found = self._ask("GET", f"{self._issue}?per_page={PAGE}&page={page}")
            if not isinstance(found, list):
                raise NoComment("GitHub listed no comments")
            for one in found:
                if str(one.get("body") or "").startswith(marker) and self._is_own(one.get("user") or {}):
                    return int(one["id"])
            if len(found) < PAGE:
                break
        return None

    def _is_own(self, user: dict[str, Any]) -> bool:
        """The token of a workflow is a bot's and cannot ask who it is; that of a person can."""
        if user.get("type") == "Bot":
            return True
        try:
            me = self._ask("GET", "/user")
        except NoComment:
            return False
        return isinstance(me, dict) and me.get("login") == user.get("login")

    def _ask(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        data = None if content is None else json.dumps(content).encode()
        request = Request(f"{self._address}{path}", data, method=method)  # noqa: S310  checked in `pull_request`
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        request.add_header("Content-Type", "application/json")
        request.add_header("User-Agent", "changeover-gate")
        # Not carried on to wherever an answer redirects.
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        try:
            with urlopen(request, timeout=SECONDS_MAX) as answer:  # noqa: S310  the same
                return json.loads(answer.read(ANSWER_BYTES_MAX) or b"null")
        except HTTPError as error:
            with error:
                raise NoComment(_refusal(method, error.code)) from None
        except (OSError, HTTPException, ValueError) as error:
            raise NoComment(f"GitHub could not be asked: {type(error).__name__}: {error}") from None


def _refusal(method: str, code: int) -> str:
    if code in (401, 403, 404) and method != "GET":
        needed = "the job needs `permissions: pull-requests: write`; a pull request from a fork has none"
        return f"GitHub refused it ({code}): {needed}"
    return f"GitHub answered {code} to {method}"


def pull_request(environment: dict[str, str]) -> GitHub:
    """The pull request that the workflow runs for; raises NoComment where there is none, or no token."""
    number = _number(environment.get("GITHUB_EVENT_PATH", ""))
    token = environment.get("GITHUB_TOKEN", "").strip()
    if not token:
        raise NoComment("there is no token: give the input `token` one that may write comments")
    address = environment.get("GITHUB_API_URL") or "https://api.github.com"
    repository = environment.get("GITHUB_REPOSITORY", "")
    if not address.startswith(("https://", "http://")) or repository.count("/") != 1:
        raise NoComment("GITHUB_API_URL and GITHUB_REPOSITORY do not say where to write it")
    return GitHub(address, repository, number, token)


def _number(file: str) -> int:
    try:
        event = json.loads(Path(file).read_text("utf-8")) if file else {}
    except (OSError, ValueError) as error:
        raise NoComment(f"GITHUB_EVENT_PATH could not be read: {error}") from None
    event = event if isinstance(event, dict) else {}
    issue = event.get("issue") or {}
    for about in (event.get("pull_request"), issue if "pull_request" in issue else None):
        if isinstance(about, dict) and isinstance(about.get("number"), int):
            return int(about["number"])
    raise NoComment("the workflow does not run for a pull request")


def body_of(marker: str, environment: dict[str, str]) -> str:
    """The marker, the result, and where the log is; cut at the end of a line where it is too long."""
    file = environment.get("MARKDOWN", "")
    try:
        text = Path(file).read_text("utf-8") if file else NO_ANSWER
    except (OSError, ValueError):
        text = NO_ANSWER
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environment.get(name, "") for name in names)
    log = (
        f"[Log of this run]({server}/{repository}/actions/runs/{run})\n"
        if server and repository and run
        else ""
    )
    room = BODY_MAX - len(marker) - len(log) - 60
    if len(text) > room:
        text = f"{text[: text.rfind(chr(10), 0, room) + 1]}\nThe rest is in the summary of the step.\n"
    return f"{marker}\n{text}\n{log}"


def notice(sentence: str) -> None:
    """A sentence in the log and on the page of the run."""
    escaped = sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::notice title=changeover gate::{escaped}")


def main(environment: dict[str, str]) -> int:
    """Write the comment; 2 where an input is wrong, else 0."""
    when = environment.get("COMMENT", "failures")
    if when not in WHEN:
        print(f"input `comment`: was {when!r}, allowed: {', '.join(WHEN)}", file=sys.stderr)
        return 2
    if when == "never":
        return 0
    # A digest: the name may hold what would end a comment of HTML.
    digest = sha256(environment.get("COMMENT_NAME", "gate").encode("utf-8", "surrogatepass")).hexdigest()[:16]
    marker = f"<!-- changeover gate {digest} -->"
    try:
        github = pull_request(environment)
        passed = environment.get("ANSWER") == "pass"
        print(github.write(marker, body_of(marker, environment), anew=when == "always" or not passed))
    except NoComment as why:
        notice(f"no comment was written: {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
