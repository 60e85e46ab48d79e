"""One wrong byte in `flags.json` never gives another stage."""

import random
from pathlib import Path

from tests.changeover.support.flags_bytes import moved_desk, try_all, variants

EVERY = 25  # positions here; `python -m tests.sweeps flips` takes all of them


def test_with_any_byte_wrong_a_running_program_keeps_its_stages_and_a_fresh_one_runs_legacy(
    tmp_path: Path,
) -> None:
    desk = moved_desk(tmp_path / "migration")
    good = desk.place.flags.read_bytes()
    drawn = random.Random(7)  # noqa: S311
    positions = range(drawn.randrange(EVERY), len(good), EVERY)
    counts, wrong = try_all(desk, list(variants(good, drawn, positions)))
    assert wrong == []
    assert counts["refused"] > 200
    assert counts["same content"] > 0
