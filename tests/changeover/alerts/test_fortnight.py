"""A cut of `python -m tests.sweeps fortnight`: all that happens is told to everybody, once, whoever dies."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from changeover.evidence.store.alert_ledger import told_alerts
from changeover.telemetry.alerts import AlertKind
from tests.changeover.support.fortnight import Fortnight


@pytest.mark.parametrize("seed", [1])
def test_without_deaths_all_of_it_reaches_each_receiver_once(seed: int, tmp_path: Path) -> None:
    fortnight = Fortnight(tmp_path, seed, timedelta(hours=6), kills=0)
    heard = fortnight.live()
    assert heard.untold(fortnight.expected) == (Counter(), Counter())
    assert set(heard.webhook) == set(heard.slack) == set(heard.email) == set(heard.subjects)
    assert {*heard.webhook.values(), *heard.slack.values(), *heard.email.values()} == {1}
    assert {subject.partition(":")[0] for subject in heard.subjects.values()} == {
        str(kind) for kind in AlertKind if kind is not AlertKind.TEST
    }
    store = tmp_path / ".changeover" / "evidence.db"
    assert all(one.sent_at for told in told_alerts(store) for one in told.deliveries)


@pytest.mark.parametrize("seed", [3])
def test_of_what_a_dying_process_sent_some_comes_twice_with_one_key_and_nothing_is_missed(
    seed: int, tmp_path: Path
) -> None:
    fortnight = Fortnight(tmp_path, seed, timedelta(hours=8), kills=20)
    heard = fortnight.live()
    assert heard.kills > 0
    assert heard.untold(fortnight.expected) == (Counter(), Counter())
    assert set(heard.webhook) == set(heard.slack) == set(heard.email) == set(heard.subjects)
    assert len(heard.repeated) <= 20 * heard.kills
