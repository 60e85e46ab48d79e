"""`changeover explain SEAM` and `PHASE`: their clusters and runs, or the command that makes some."""

from pathlib import Path

import pytest

from tests.changeover.support.own_app import OwnApp
from tests.changeover.support.paying_app import compare, in_production, paying_app

OTHER = """
other = migration.seam("other", legacy=lambda number: number, candidate=lambda number: -number)
never = migration.seam("never", legacy=legacy, candidate=candidate)


@migration.source("others", population="generated")
def others(options):
    for number in range(3):
        yield Case(f"other-{number}", lambda number=number: (pay(number), other(number)))
"""


@pytest.fixture
def app(tmp_path: Path) -> OwnApp:
    made = paying_app(tmp_path)
    file = tmp_path / "own_app.py"
    file.write_text(file.read_text() + OTHER)
    plan = tmp_path / "migration" / "phases.toml"
    plan.write_text(f'{plan.read_text()}\n[[phase]]\nname = "more"\nnumber = 2\nseams = ["other", "never"]\n')
    return made


def test_of_a_seam_its_own_clusters_are_listed(app: OwnApp) -> None:
    assert app.run("compare", "--source", "others", WRONG="everywhere").code == 1
    everything = app.run("explain").out
    double, other = app.run("explain", "double").out, app.run("explain", "other").out

    assert "  double  " in double
    assert "  other  " not in double
    assert "  other  " in other
    assert "  double  " not in other
    assert "UNSAFE" not in other.splitlines()[0]
    assert "  other  " in everything
    assert "  double  " in everything


def test_of_a_phase_the_clusters_of_its_seams_are_listed(app: OwnApp) -> None:
    assert app.run("compare", "--source", "others", WRONG="everywhere").code == 1
    assert app.run("explain", "more").out == app.run("explain", "other").out


def test_of_a_seam_where_nothing_differs_the_last_run_is_named(app: OwnApp) -> None:
    assert compare(app) == 3  # the seam `never` is crossed by nothing
    shown = app.run("explain", "double").out

    assert "nothing differs" in shown
    assert "changeover explain small/small-4" in shown


def test_of_a_seam_in_production_its_clusters_are_listed(app: OwnApp) -> None:
    in_production(app, WRONG="sevens")
    assert "  double  " in app.run("explain", "double").out


def test_of_a_seam_that_was_never_crossed_the_command_is_named(app: OwnApp) -> None:
    assert compare(app) == 3  # the seam `never` is crossed by nothing
    done = app.run("explain", "never")

    assert done.code == 2
    assert "never: was not compared yet" in done.err
    assert "changeover compare never" in done.err


def test_a_name_of_nothing_says_what_is_allowed(app: OwnApp) -> None:
    assert compare(app) == 3  # the seam `never` is crossed by nothing
    done = app.run("explain", "doubel")

    assert done.code == 2
    assert "doubel: is no cluster, run, seam or phase" in done.err


def test_a_cluster_that_only_a_test_showed_is_said_to_be_kept_nowhere(app: OwnApp) -> None:
    told = app.run("explain", "0537f5")
    assert told.code == 2
    assert "runs under pytest are not" in told.err
