"""`blindspots.toml` is read strictly, and never accepts anything about an effect."""

from pathlib import Path

import pytest

from changeover.errors import ConfigurationError
from changeover.gate.accepted_blind_spots import AcceptedBlindSpot, load_accepted_blind_spots


def loaded(folder: Path, text: str) -> tuple[AcceptedBlindSpot, ...]:
    file = folder / "blindspots.toml"
    file.write_text(text)
    return load_accepted_blind_spots(file)


def entry(place: str = "result.at", seam: str = "s", reason: str = "a clock") -> str:
    return f"[[blindspot]]\nseam = '{seam}'\nplace = '{place}'\nreason = '{reason}'\n"


@pytest.mark.parametrize("text", ["", "# nothing is accepted\n"])
def test_a_file_without_entries_accepts_nothing(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text) == ()


def test_a_missing_file_accepts_nothing(tmp_path: Path) -> None:
    assert load_accepted_blind_spots(tmp_path / "blindspots.toml") == ()


@pytest.mark.parametrize(
    ("pattern", "place", "covered"),
    [
        ("result.at", "result.at", True),
        ("result.at", "result.at.zone", False),
        ("result.*", "result.at", True),
        ("result.**", "result.rows[*].id", True),
        ("result.rows[*].id", "result.rows[*].id", True),
        ("result.rows.id", "result.rows[*].id", False),
        ("result.{at,on}", "result.on", True),
        ("result.<code>.price", "result.<code>.price", True),
        ("{result,error}.**", "error.message", True),
        ("result.**", "effects.mail.send[*].text", False),
    ],
)
def test_an_entry_covers_the_places_that_its_pattern_matches(
    tmp_path: Path, pattern: str, place: str, covered: bool
) -> None:
    (accepted,) = loaded(tmp_path, entry(pattern))
    assert accepted.covers("s", place) is covered


def test_an_entry_covers_the_seams_that_it_names(tmp_path: Path) -> None:
    (accepted,) = loaded(tmp_path, entry(seam="trading.*"))
    assert accepted.covers("trading.signals", "result.at")
    assert not accepted.covers("portfolio.analysis", "result.at")


@pytest.mark.parametrize(
    "place", ["effects.mail.send[*].text", "effects.**", "**", "*", "**.text", "{result,effects}.text"]
)
def test_a_place_that_could_be_an_effect_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigurationError, match=r"blindspot\[0\]\.place.*effect is never accepted"):
        loaded(tmp_path, entry(place))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[blindspot]]\nseam = 's'\nplace = 'result.at'\n", "reason.*is missing"),
        (entry(reason=" "), "reason.*was empty"),
        (entry(place="result..at"), "place.*found"),
        (entry(place="elsewhere.at"), "allowed at its start"),
        (entry(seam="no seam"), "seam.*allowed: a seam's name"),
        (entry() + "until = 2030-01-01\n", r'line 5: blindspot\[0\]: unknown key "until", allowed'),
        (entry() + entry(), "accepted already"),
        ("[blindspot]\nseam = 's'\n", "an array of tables"),
        ("[[blind]]\n", 'unknown key "blind", did you mean "blindspot"'),
        ("not toml", "was not valid TOML"),
    ],
)
def test_whatever_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        loaded(tmp_path, text)
