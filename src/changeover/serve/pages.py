"""Answers requests with pages: reads the address, asks `changeover.api`, lets `changeover.views` draw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import wraps
from http import HTTPStatus
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from changeover.api.alerts import list_alerts
from changeover.api.live import LiveProject, Look
from changeover.api.live_runs import (
    cluster_look,
    clusters_named,
    rule_uses,
    runs_listed,
    runs_of_case,
    search,
    tolerated_today,
)
from changeover.errors import ChangeoverError
from changeover.evidence.store.alert_ledger import ToldAlert
from changeover.gate.seen_clusters import ClusterState
from changeover.values.gate_verdict import GateVerdict
from changeover.values.verdict import Verdict
from changeover.views.live import phase_pages, run_pages, watch_pages
from changeover.views.live.data import RunsWanted
from changeover.views.live.drawing import Frame
from changeover.views.live.strips import describe_move

DAYS_SHOWN = 30
TEXT_MAX = 300
_NO_SUCH = HTTPStatus.NOT_FOUND
Drawn = Callable[["Pages", Request, Look], str | Response]


def page(draw: Drawn) -> Callable[[Pages, Request], Response]:
    """A page of the project as it is now; what is wrong with the project is said on a page as well."""

    @wraps(draw)
    def answer(self: Pages, request: Request) -> Response:
        try:
            look = self.live.look(request.headers.get("x-changed"))
            drawn = draw(self, request, look)
        except ChangeoverError as error:
            return self.said(
                request, HTTPStatus.SERVICE_UNAVAILABLE, "Nothing can be shown.", [str(error)], "/"
            )
        return HTMLResponse(drawn) if isinstance(drawn, str) else drawn

    return answer


class Pages:
    """Every page. Each method answers one address, in a thread of its own."""

    def __init__(self, live: LiveProject, *, has_moves: bool) -> None:
        self.live, self.has_moves = live, has_moves

    @page
    def phases(self, request: Request, look: Look) -> str:
        """Where every phase stands."""
        with_seams = tuple(one.name for one in look.state.plan.phases.values() if one.seams)
        return phase_pages.phases_page(
            self.frame(look),
            look.phases,
            look.over_time(with_seams, _days_ago(look, DAYS_SHOWN)),
            look.problems,
            look.notices,
            look.recorded,
            killed=look.state.killed,
        )

    @page
    def phase(self, request: Request, look: Look) -> str | Response:
        """One phase."""
        name = request.path_params["phase"]
        found = next((one for one in look.phases if one.phase.name == name), None)
        if found is None:
            return self._none(request, look, f"There is no phase “{name}”.")
        history = [one for one in look.state.history if one.phase in (name, None)]
        return phase_pages.phase_page(
            self.frame(look),
            found,
            look.over_time((name,), _days_ago(look, DAYS_SHOWN)),
            [one for one in look.clusters if one.phase == name and one.state is not ClusterState.FIXED],
            history,
            _moved_text(look, name, request.query_params.get("moved")),
        )

    @page
    def timeline(self, request: Request, look: Look) -> str:
        """Runs, moves and alerts over time."""
        days = _number(request.query_params.get("days"), DAYS_SHOWN)
        wanted = request.query_params.get("phase", "")
        names = tuple(one.name for one in look.state.plan.phases.values() if one.seams)
        chosen = tuple(name for name in names if wanted in ("", name))
        first = None if days == 0 else _days_ago(look, days)
        return phase_pages.timeline_page(
            self.frame(look),
            look.over_time(chosen, first),
            [one for one in look.state.history if wanted in ("", one.phase)],
            self._alerts(look),
            days,
            wanted if wanted in names else "",
        )

    @page
    def clusters(self, request: Request, look: Look) -> str:
        """Every cluster."""
        state = request.query_params.get("state", "")
        phase = request.query_params.get("phase", "")
        known = state if state in list(ClusterState) else ""
        return run_pages.clusters_page(
            self.frame(look), look.clusters, known, phase if phase in look.state.plan.phases else ""
        )

    @page
    def cluster(self, request: Request, look: Look) -> str | Response:
        """One cluster, by any beginning of its name that is long enough."""
        name = request.path_params["digest"]
        found = clusters_named(look, name)
        seam = request.query_params.get("seam")
        found = [one for one in found if seam in (None, one.seam)]
        if not found:
            return self._none(request, look, f"No cluster is known as “{name[:TEXT_MAX]}”.")
        if len(found) > 1:
            return run_pages.several_page(self.frame(look), name, found)
        one = cluster_look(look, found[0])
        return run_pages.cluster_page(self.frame(look), one, look.cluster_over_time(one.cluster))

    @page
    def runs(self, request: Request, look: Look) -> str:
        """Some of the runs in production."""
        plan = look.state.plan
        listed = runs_listed(look, runs_wanted(request))
        seams = [seam for phase in plan.phases.values() for seam in phase.seams]
        return run_pages.runs_page(self.frame(look), listed, list(plan.phases), seams)

    @page
    def run(self, request: Request, look: Look) -> str | Response:
        """One run, or the runs of one case."""
        name = unquote(request.path_params["name"])
        found = runs_of_case(look, name[:TEXT_MAX])
        if not found:
            return self._none(request, look, f"No run “{name[:TEXT_MAX]}” is kept.")
        return run_pages.run_page(self.frame(look), found)

    @page
    def rules(self, request: Request, look: Look) -> str:
        """The rules with their hits, and the waivers."""
        rules, problem = look.rules
        return watch_pages.rules_page(
            self.frame(look),
            rules.rules,
            rule_uses(look),
            look.state.waivers,
            tolerated_today(look),
            look.state.now.date(),
            problem,
        )

    @page
    def workers(self, request: Request, look: Look) -> str:
        """Workers, lag and alerts."""
        state = look.state
        return watch_pages.workers_page(
            self.frame(look), look.recorded, look.workers, self._alerts(look), state.now, state.plan.lag_max_s
        )

    @page
    def search(self, request: Request, look: Look) -> str | Response:
        """What a search finds; the name of one cluster leads there at once."""
        text = request.query_params.get("q", "")[:TEXT_MAX]
        exact = clusters_named(look, text.strip())
        if len(exact) == 1:
            return RedirectResponse(f"/clusters/{exact[0].digest}", HTTPStatus.SEE_OTHER)
        return run_pages.search_page(self.frame(look), search(look, text))

    def frame(self, look: Look) -> Frame:
        """What is around a page."""
        state = look.state
        return Frame(
            state.plan.name,
            state.code,
            state.rules,
            state.now,
            look.mark,
            len(look.problems),
            look.word,
            self.has_moves,
        )

    def said(
        self,
        request: Request,
        status: HTTPStatus,
        title: str,
        sentences: list[str],
        back: str,
        gate: GateVerdict | None = None,
    ) -> Response:
        """A page of some sentences; drawn also where nothing of the project can be read."""
        try:
            frame = self.frame(self.live.look())
        except ChangeoverError:
            frame = Frame(self.live.project.root.name, None, "", datetime.now(UTC), self.live.mark())
        word = "" if gate is None else str(gate.answer).upper()
        return HTMLResponse(watch_pages.said_page(frame, title, sentences, back, word, gate), status)

    def missing(self, request: Request) -> Response:
        """There is no such page."""
        return self.said(request, _NO_SUCH, "There is no such page.", [], "/")

    def _none(self, request: Request, look: Look, title: str) -> Response:
        return HTMLResponse(watch_pages.said_page(self.frame(look), title, [], "/"), _NO_SUCH)

    def _alerts(self, look: Look) -> tuple[ToldAlert, ...]:
        return list_alerts(project=look.project).alerts


def runs_wanted(request: Request) -> RunsWanted:
    """The filter of an address; what cannot be read in it asks for nothing."""
    asked = request.query_params
    verdict = asked.get("verdict", "")
    cluster = asked.get("cluster", "").lower()
    return RunsWanted(
        asked.get("phase", ""),
        asked.get("seam", ""),
        Verdict(verdict) if verdict in list(Verdict) else None,
        cluster if set(cluster) <= set("0123456789abcdef") else "",
        _day(asked.get("first")),
        _day(asked.get("last")),
        _moment(asked.get("until")),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _number(text: str | None, otherwise: int) -> int:
    known = {str(days): days for days, _ in phase_pages.RANGES}
    return known.get(text or "", otherwise)


def _days_ago(look: Look, days: int) -> date:
    return look.state.now.date() - timedelta(days=days - 1)


def _moved_text(look: Look, phase: str, revision: str | None) -> str:
    """What the form has done that led here; only what the history knows is said."""
    if revision == "nothing":
        return "Nothing was moved: it stands there already."
    entries = [one for one in look.state.history if str(one.revision) == revision and one.phase == phase]
    return f"Done: {describe_move(entries[-1])}, revision {entries[-1].revision}." if entries else ""
