"""Two migrations in one program: what a run does through ports of the other one is done in that run too."""

import threading
from typing import Any

import pytest

from changeover import Migration, Run

STAGES = ["off", "shadow", "live", "complete"]


def migration_at(stage: str, mode: str = "inline") -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    environment = {
        "CHANGEOVER_STAGE": stage,
        "CHANGEOVER_STAGE_OUTER": stage,
        "CHANGEOVER_STAGE_INNER": stage,
    }
    return Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode), runs


class Sent:
    def __init__(self) -> None:
        self.texts: list[str] = []


def programs(
    outer_stage: str, inner_stage: str, mode: str, planted: str = "yes"
) -> tuple[list[str], list[Run]]:
    sent = Sent()

    class Mail:
        def send(self, text: str) -> None:
            sent.texts.append(text)

    orders, runs = migration_at(outer_stage, mode)
    mails, _ = migration_at(inner_stage, mode)
    mails.port("mail", Mail, effects={"send"})
    inner: Any = mails.seam(
        "inner", legacy=lambda text: Mail().send(text), candidate=lambda text: Mail().send(text)
    )
    outer: Any = orders.seam("outer", legacy=lambda n: inner("yes"), candidate=lambda n: inner(planted))
    outer(1)
    orders.close()
    mails.close()
    return sent.texts, runs


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("inner", STAGES)
@pytest.mark.parametrize("outer", ["shadow", "live"])
def test_a_seam_of_another_migration_acts_once(outer: str, inner: str, mode: str) -> None:
    sent, runs = programs(outer, inner, mode)
    assert (sent, [str(run.verdict) for run in runs]) == (["yes"], ["match"])


@pytest.mark.parametrize("inner", STAGES)
@pytest.mark.parametrize("outer", ["shadow", "live"])
def test_what_it_does_otherwise_is_a_difference_of_the_run_around_it(outer: str, inner: str) -> None:
    sent, runs = programs(outer, inner, "inline", planted="no")
    assert sent == (["yes"] if outer == "shadow" else ["no"])
    assert str(runs[0].verdict) == "unsafe"


def test_legacy_does_not_answer_in_place_of_a_candidate_whose_work_goes_on() -> None:
    sent = Sent()

    class Mail:
        def send(self, text: str) -> None:
            sent.texts.append(text)

    going = threading.Event()

    def late() -> None:
        going.wait(5)
        Mail().send("bill")

    def candidate(number: int) -> None:
        threading.Thread(target=late).start()
        raise RuntimeError("after the work was handed out")

    migration, _ = migration_at("live")
    migration.port("mail", Mail, effects={"send"})
    seam = migration.seam(
        "outer", legacy=lambda number: Mail().send("bill"), candidate=candidate, fallback=True
    )
    with pytest.raises(RuntimeError, match="handed out"):
        seam(1)
    going.set()
    migration.close()
    assert sent.texts in ([], ["bill"])
