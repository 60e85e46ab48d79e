"""`explore`: the candidate under other orders of its events."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from changeover.api.arguments import check_choice, check_positive
from changeover.api.comparison import chosen_sources, collector_as_it_was
from changeover.compare.rules import STRICT
from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import judged_code
from changeover.evidence.source_comparison import COLLECT_EVERY, Interruption
from changeover.evidence.sources import SourceOptions
from changeover.evidence.store.records import EXPLORED, Review
from changeover.evidence.store.store import keep_review, store_path
from changeover.explore.exploration import Explorer, FailingSchedule
from changeover.explore.explored import Explored, ExploreListener
from changeover.explore.recorded import recorded_cases
from changeover.migration import Migration
from changeover.project import Project, open_project
from changeover.redaction.redactor import Redactor
from changeover.replay.schedule import parse_schedule
from changeover.rollout.plan_file import redact_paths_of
from changeover.rollout.waivers import Waivers, load_waivers, today_utc
from changeover.settings import WAIVERS_FILE
from changeover.values.observation import Side

SCHEDULES = 1_000


def explore(
    seam: str,
    *,
    source: str | None = None,
    runs: int = 1,
    run: str | None = None,
    schedules: int = SCHEDULES,
    schedule: str | None = None,
    seed: int = 0,
    world: str = "tape",
    jobs: int = 1,
    project: str | Path | Project = ".",
    listener: ExploreListener | None = None,
) -> Explored:
    """Replay the candidate on one tape again and again, under other orders of its events; changes no stage.

    All orders where they are few, each with every delivery twice and a restart before every delivery; beyond
    them schedules that are drawn by the seed.

    Args:
        seam: whose candidate is replayed; its bus has to ask for the order of its deliveries.
        source: where the cases come from; the first that is declared unless given.
        runs: so many cases of it.
        run: one case: SOURCE/CASE, or CASE with a source.
        schedules: so many for each case.
        schedule: this one alone, as an earlier exploration has printed it; nothing is kept then.
        seed: for the schedules that are drawn, and for sources that generate cases.
        world: what answers the candidate: `tape`, the recording, or `copy`, copies of the ports.
        jobs: so many processes replay, with the same result.
        project: a folder of the project, or the project.
        listener: is told how far it is.

    Returns:
        What each case showed, with the smallest schedule of each cluster; it is kept for the gate.

    Raises:
        ConfigurationError: the app, a file of the project or an argument is wrong.

    Example:
        done = changeover.explore("trading.workflow", schedules=10_000)
        assert done.exit_code == 0, done.explorations[0].found
    """
    check_choice("world", world, ("tape", "copy"))
    for name, number in (("runs", runs), ("schedules", schedules), ("jobs", jobs)):
        check_positive(name, number)
    only = None if schedule is None else parse_schedule(schedule)
    began = monotonic()
    found = open_project(project)
    migration = found.migration()
    _check_seam(migration, seam)
    (chosen,), case = chosen_sources(migration, () if source is None else (source,), run)
    options = SourceOptions(
        None if case else runs, seed, "copy" if world == "copy" else "tape", Side.LEGACY, case
    )
    rules = found.rules(date.today())
    waivers = Waivers(load_waivers(found.directory / WAIVERS_FILE, today_utc()))
    redactor = Redactor.for_project(redact_paths_of(migration.plan), found.root, os.environ)
    hears, done = listener or ExploreListener(), []
    with _collecting_less(), Interruption() as interruption:
        cases = recorded_cases(migration, chosen, options, seam, rules, waivers)
        for one in cases:
            hears.begins(one.name, 1 if only else schedules)
            explorer = Explorer(
                one.recording,
                inside_loop=one.inside_loop,
                case=one.name,
                seed=seed,
                jobs=jobs,
                told=hears.tried,
                is_stopped=lambda: interruption.is_asked_for,
            )
            try:
                made = explorer.explore(schedules) if only is None else explorer.only(only)
            finally:
                hears.ends()
            made.found = [_fit(failing, redactor) for failing in made.found]
            made.reasons = type(made.reasons)({redactor.text(why): n for why, n in made.reasons.items()})
            done.append(made)
            if interruption.is_asked_for:
                break
    plan = migration.plan
    explored = Explored(
        seam,
        chosen.name,
        judged_code(plan),
        (rules or STRICT).digest,
        seed,
        world,
        tuple(done),
        monotonic() - began,
        is_interrupted=interruption.is_asked_for,
        offers_copies=any(port.world is not None for port in migration.book.ports.values()),
    )
    return explored if only is not None or explored.is_interrupted else _kept(found, explored)


def _check_seam(migration: Migration, name: str) -> None:
    if name not in migration.seams:
        raise ConfigurationError.unknown(name, "is no seam", name, migration.seams, none="none is declared")
    if not migration.book.buses:
        problem = "has no bus whose order could be changed: declare it with migration.bus"
        raise ConfigurationError(name, problem)


@contextmanager
def _collecting_less() -> Iterator[None]:
    with collector_as_it_was():
        gc.freeze()
        gc.set_threshold(COLLECT_EVERY, 20, 50)
        yield


def _fit(failing: FailingSchedule, redactor: Redactor) -> FailingSchedule:
    """The same without secrets."""
    clean = redactor.run(failing.run)
    number = next(n for n, one in enumerate(failing.run.divergences) if one is failing.divergence)
    return FailingSchedule(
        failing.fingerprint,
        clean.divergences[number],
        failing.schedules,
        failing.schedule,
        tuple(map(redactor.text, failing.events)),
        clean,
    )


def _kept(project: Project, explored: Explored) -> Explored:
    """Keep it as a review of this code and these rules: for the gate, and for `scenarios keep`."""
    found = f"{explored.divergences:,} of {explored.tried:,} schedules differ"
    review = Review(
        EXPLORED,
        explored.seam,
        datetime.now(UTC),
        explored.code,
        explored.rules,
        str(explored.answer),
        found,
        _body(explored),
    )
    return replace(explored, problem=keep_review(store_path(project.root), review))


def _body(explored: Explored) -> Mapping[str, Any]:
    return {
        "schedules": explored.tried,
        "divergences": explored.divergences,
        "not_compared": explored.not_compared,
        "exhaustive": all(one.is_exhaustive for one in explored.explorations),
        "seed": explored.seed,
        "failing": [
            {"cluster": one.fingerprint.digest, "case": made.case, "schedule": str(one.schedule)}
            for made in explored.explorations
            for one in made.found
        ],
    }
