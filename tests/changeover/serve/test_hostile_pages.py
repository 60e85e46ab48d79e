"""No text of a program, a person or a file acts on a page, whatever it is."""

from dataclasses import replace
from datetime import date

import pytest

from changeover.api.live import Look
from changeover.api.live_runs import cluster_look, runs_listed, runs_of_case, search
from changeover.gate.seen_clusters import SeenCluster
from changeover.views.live import phase_pages, run_pages, watch_pages
from changeover.views.live.data import RunsWanted
from changeover.views.live.drawing import Frame
from tests.changeover.support.hostile_pages import Parts
from tests.changeover.support.hostile_texts import STRINGS, obeyed
from tests.changeover.support.planted_texts import planted
from tests.changeover.support.served_shop import busy_shop, live_of

HARMLESS = "harmless"
OWN = ("script", "form")
"""Every page has one script, which is a file of the server, and the form of the search."""


@pytest.fixture(scope="module")
def look(tmp_path_factory: pytest.TempPathFactory) -> Look:
    return live_of(busy_shop(tmp_path_factory.mktemp("shop"))).look()


def drawn(look: Look, text: str) -> list[str]:
    """Pages in which this text stands wherever a program, a person or a file may have put one."""
    state = look.state
    frame = Frame(text, state.code, state.rules, state.now, look.mark, 1, "", has_moves=True)
    phases = [planted(one, lambda: text) for one in look.phases]
    named = [replace(one, phase=replace(one.phase, name=text, title=text)) for one in phases]
    over = look.over_time(("shelf",))
    over = replace(over, phases=dict.fromkeys([text], over.phases["shelf"]))
    history = [planted(replace(one, phase=text), lambda: text) for one in state.history]
    clusters = [_cluster(one, text) for one in look.clusters]
    one = planted(cluster_look(look, look.clusters[0]), lambda: text)
    listed = runs_listed(look, RunsWanted())
    runs = tuple(
        replace(run, name=text, reason=text, key=text, tags=(text,), seam=text) for run in listed.runs
    )
    whole = [run for run in listed.runs if run.clusters][:1]
    (case, *_) = runs_of_case(look, whole[0].id)
    waivers = [planted(one, lambda: text) for one in state.waivers]
    return [
        phase_pages.phases_page(frame, named, over, [text], [text], look.recorded, killed=False),
        phase_pages.phase_page(frame, named[0], over, clusters, history, text),
        phase_pages.timeline_page(frame, over, history, (), 30, text),
        run_pages.clusters_page(frame, clusters, "", text),
        run_pages.cluster_page(frame, replace(one, cluster=clusters[0]), over),
        run_pages.runs_page(frame, replace(listed, runs=runs, wanted=RunsWanted(text, text)), [text], [text]),
        run_pages.run_page(frame, [replace(case, name=text, body=_body(case.body or "", text))]),
        watch_pages.rules_page(frame, look.rules[0].rules, {text: ()}, waivers, 1, date(2026, 1, 1), text),
        run_pages.search_page(frame, replace(search(look, "shelf"), text=text, phases=(text,), runs=runs)),
        watch_pages.said_page(frame, text, [text], "/"),
    ]


def _cluster(one: SeenCluster, text: str) -> SeenCluster:
    return replace(one, place=text, kind=text, seam=text, phase=text, sources=(text,))


def _body(body: str, text: str) -> str:
    """What both paths asked and did, with the text as the values of what was ordered and noted."""
    import json

    return json.dumps(json.loads(body), ensure_ascii=True).replace("apples", json.dumps(text)[1:-1])


def test_hostile_texts_are_texts_on_every_page(look: Look) -> None:
    harmless = [Parts(page) for page in drawn(look, HARMLESS)]
    for start in range(0, len(STRINGS), 10):
        text = " ".join(one for one in STRINGS[start : start + 10] if one.strip())
        for page, known in zip(drawn(look, text), harmless, strict=True):
            parts = Parts(page)
            assert parts.elements == known.elements, text
            assert [one for one in parts.live if one not in OWN] == [], text
            assert not obeyed(page)


def test_the_texts_do_stand_on_the_pages(look: Look) -> None:
    for page in drawn(look, "<b>bold</b>"):
        assert "&lt;b&gt;bold&lt;/b&gt;" in page
