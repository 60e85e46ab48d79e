"""`changeover status --watch`: what changed is shown, whatever file it stands in, until somebody ends it."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from changeover.api import watching
from changeover.api.watching import LOOK_ANYWAY_S, StatusWatch
from changeover.cli import status as status_command
from changeover.errors import ConfigurationError
from changeover.views.text.status import Status
from tests.changeover.support.projects import Answer, Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def watched(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, *meanwhile: Callable[[], object], **more: str
) -> Answer:
    """What is shown while these things happen, one between each look and the next; then comes Ctrl-C."""
    happening: Iterator[Callable[[], object]] = iter(meanwhile)

    def sleep(_seconds: float) -> None:
        next(happening, lambda: signal.raise_signal(signal.SIGINT))()

    monkeypatch.setattr(status_command, "sleep", sleep)
    return shop.run("status", "--watch", *more.values())


def test_each_change_is_a_screen_and_ctrl_c_is_no_failure(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill = shop.root / "migration" / "KILL"
    answer = watched(shop, monkeypatch, lambda: None, kill.touch, lambda: None, kill.unlink, lambda: None)
    before, killed, after = answer.out.split("as of ")[1:]
    assert answer.code == 0
    assert answer.err == ""
    assert "! kill switch on" in killed
    assert before.partition("\n")[2].strip() == after.partition("\n")[2].strip()


def test_a_file_that_is_being_written_ends_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = shop.root / "migration" / "phases.toml"
    whole = plan.read_text()
    answer = watched(
        shop, monkeypatch, lambda: plan.write_text("[["), lambda: plan.write_text(whole), lambda: None
    )
    _, broken, mended = answer.out.split("as of ")[1:]
    assert "phases.toml: was not valid TOML" in " ".join(broken.split())
    assert "kill switch off" in mended
    assert answer.code == 0


def test_sigterm_ends_it_too_and_check_answers_for_the_last_screen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    answer = watched(shop, monkeypatch, lambda: signal.raise_signal(signal.SIGTERM), more="--check")
    assert answer.code == shop.run("status", "--check").code == 3
    assert signal.getsignal(signal.SIGTERM) is before


def test_it_is_no_json_document_and_begins_with_a_sound_project(tmp_path: Path) -> None:
    refused = shop_in(tmp_path).run("status", "--watch", "--format", "json")
    assert refused.code == 2
    assert "--watch: was given with --format json" in refused.err
    (tmp_path / "migration" / "phases.toml").unlink()
    assert Shop(tmp_path).run("status", "--watch").code == 2


def test_a_look_costs_nothing_where_no_file_has_changed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.root)
    now = [0.0]
    watch = StatusWatch(clock=lambda: now[0])
    assert isinstance(watch.look(), Status)
    watch.look()  # the first look may have made the folder of the evidence
    asked = []
    monkeypatch.setattr(watching, "status", lambda **options: asked.append(options))
    assert watch.look() is None
    assert asked == []
    now[0] += LOOK_ANYWAY_S
    watch.look()
    assert len(asked) == 1


@pytest.mark.parametrize(
    "file", ["migration/flags.json", "migration/rules.toml", "migration/scenarios/new.jsonl", "shop.py"]
)
def test_whatever_file_changes_is_looked_at(shop: Shop, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    monkeypatch.chdir(shop.root)
    watch = StatusWatch()
    watch.look()
    watch.look()
    assert watch.look() is None
    path = shop.root / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{path.read_text() if path.exists() else ''}# \n")
    assert watch.look() is not None


def test_a_new_run_is_looked_at_and_a_database_is_asked_each_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.root)
    watch = StatusWatch()
    watch.look()
    watch.look()
    shop.run("compare", "--runs", "1")
    assert isinstance(watch.look(), Status)
    monkeypatch.setenv("CHANGEOVER_STORE", "postgresql://127.0.0.1:1/nothing")
    monkeypatch.setattr(watching, "status", lambda **_: ConfigurationError("store", "asked"))
    assert isinstance(watch.look(), ConfigurationError)
    assert isinstance(watch.look(), ConfigurationError)
