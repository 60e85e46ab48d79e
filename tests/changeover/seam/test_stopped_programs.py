"""The sweep `signals`, cut small: real processes that are told to stop, and one that time limits strike."""

import random
from pathlib import Path

import pytest

from tests.sweeps.signals import ASYNCIO, KINDS, ended, limited, project_in


@pytest.mark.parametrize(("kind", "manner"), KINDS)
def test_a_process_that_is_told_to_stop_ends_as_it_does_alone(kind: str, manner: str, tmp_path: Path) -> None:
    after_s = random.Random(f"{kind} {manner}").uniform(0.0, 0.03)  # noqa: S311
    folder = project_in(tmp_path)
    codes = (ended(folder, kind, manner, after_s) for _ in range(3))  # asyncio loses one stop in some hundred
    assert next(code for code in codes if code != ASYNCIO) == KINDS[kind, manner]


def test_time_limits_at_any_moment_leave_everything_as_it_was(tmp_path: Path) -> None:
    assert limited(project_in(tmp_path), 40) == ""
