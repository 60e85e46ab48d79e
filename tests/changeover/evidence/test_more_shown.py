"""Runs that were not compared: what would show more, what was warned of, and a dead reference."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import structlog

from changeover.evidence.comparison_info import ComparisonInfo
from changeover.evidence.more_shown import Remedy, would_show_more
from changeover.values.observation import Side
from changeover.views.json import compare_json
from changeover.views.layout import Screen
from changeover.views.text.compare import compare_screen
from tests.changeover.evidence.test_comparison_totals import office_that_asks_something_else
from tests.changeover.support.shop_runs import Office

INFO = ComparisonInfo("guest-house", None, "5b20aa4bbbb", "desk")
CASES: list[tuple[dict[str, Any], list[Remedy]]] = [
    ({}, [Remedy.OFFER_COPY, Remedy.ANSWER]),
    ({"offer_copies": ("till",)}, [Remedy.COPY, Remedy.ANSWER]),
    ({"offer_copies": ("till",), "copied": ("till",)}, [Remedy.ANSWER]),  # legacy never called its till
    ({"offer_copies": ("other",)}, [Remedy.OFFER_COPY, Remedy.ANSWER]),
    ({"offer_copies": ("till",), "answer": Side.CANDIDATE}, [Remedy.COPY]),
    ({"noise": True}, [Remedy.OFFER_COPY]),
    ({"stored": True, "offer_copies": ("till",)}, []),
]


@pytest.mark.parametrize(("about", "remedies"), CASES, ids=str)
def test_what_fails_after_a_read_says_what_would_show_more(
    about: dict[str, Any], remedies: list[Remedy]
) -> None:
    info, corpus = replace(INFO, **about), office_that_asks_something_else().corpus()
    found = would_show_more(info, corpus.not_compared.reasons)
    assert [one.remedy for one in found] == remedies
    assert all((one.ports, one.runs) == (("till",), 20) for one in found)
    text = compare_screen(info, corpus, Screen())
    assert ("changeover compare --source desk --world copy" in text) == (Remedy.COPY in remedies)
    assert ("changeover compare --source desk --answer candidate" in text) == (Remedy.ANSWER in remedies)
    assert ("offers copies" in text) == (Remedy.OFFER_COPY in remedies)
    listed = compare_json(info, corpus)["would_show_more"]
    assert [one["remedy"] for one in listed] == [str(one) for one in remedies]


def test_where_every_run_is_compared_nothing_would_show_more() -> None:
    assert would_show_more(INFO, Office().corpus().not_compared.reasons) == ()


def test_what_the_replayed_path_warned_of_before_its_question_stands_beside_it() -> None:
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[])

    def owed(name: str) -> Decimal:
        log.warning("no_such_status", status="ACCEPTED")
        return office.till.balance(f"the {name}")

    office = Office(owed=owed)
    corpus = office.corpus()
    (reason,) = corpus.not_compared.reasons
    assert [(side, line.text) for side, line in reason.logged] == [
        (Side.CANDIDATE, "no_such_status status=ACCEPTED")
    ]
    assert "no_such_status status=ACCEPTED" in compare_screen(INFO, corpus, Screen())
    assert compare_json(INFO, corpus)["not_compared"][0]["logged"][0]["side"] == "candidate"


def test_a_reference_that_is_dead_is_said_so_where_no_run_could_be_compared() -> None:
    class Dead(Office):
        def legacy_owed(self, name: str) -> Decimal:
            if "guest" in name:
                raise ModuleNotFoundError("provider")
            return Decimal(0)

    def owed(name: str) -> Decimal:
        return office.till.balance(name)

    office = Dead(owed=owed)
    corpus = office.corpus()
    tally = corpus.seams["desk.owed"]
    assert (tally.failed, tally.compared) == (20, 0)
    assert (tally.gave_nothing, tally.answered) == (20, 20)
    assert "legacy gave nothing in 20 of 20 runs of desk.owed." in compare_screen(INFO, corpus, Screen())
    listed = compare_json(INFO, corpus)["reference_gave_nothing"]
    assert {"seam": "desk.owed", "runs": 20, "answered": 20, "compared": 0} in listed
