"""What this project's own rules and invariants do not notice: a cut of `changeover rules blindspots`."""

from datetime import date
from pathlib import Path

from changeover.compare.rules_file import load_rules
from changeover.evidence.blind_spot_search import BlindSpotSearch
from changeover.evidence.case_runner import select
from changeover.evidence.sources import SourceOptions
from changeover.gate.accepted_blind_spots import load_accepted_blind_spots
from trading.composition import compose_migration

REPOSITORY = Path(__file__).parents[3]
DIRECTORY = REPOSITORY / "migration"
ACCEPTED = load_accepted_blind_spots(DIRECTORY / "blindspots.toml")

MIGRATION = compose_migration()


def found(source: str, cases: int) -> set[tuple[str, str]]:
    search = BlindSpotSearch(MIGRATION, load_rules(DIRECTORY / "rules.toml", today=date.today()))
    chosen = MIGRATION.sources.named(source)
    for _ in search.look_at(chosen, SourceOptions(cases), select(MIGRATION, ())):
        pass
    assert search.tried.total() > 400
    assert not search.unfinished
    return {(spot.seam, spot.place) for spot in search.spots}


def test_what_history_does_not_notice_is_accepted_by_name_and_is_no_effect() -> None:
    spots = found("history", 2)
    assert spots
    for seam, place in spots:
        assert not place.startswith("effects")
        assert any(one.covers(seam, place) for one in ACCEPTED), (seam, place)


def test_the_page_lists_what_the_file_accepts_and_nothing_else() -> None:
    page = (REPOSITORY / "docs" / "blindspots.md").read_text(encoding="utf-8")
    rows = [f"| `{one.seam}` | `{one.place}` | {one.reason} |" for one in ACCEPTED]
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows
