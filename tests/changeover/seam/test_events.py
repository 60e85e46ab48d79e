"""Events of declared buses: part of the observation, held against a contract, compared where both publish."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from changeover import (
    BusEvent,
    Carries,
    ConfigurationError,
    EventContract,
    EventPoint,
    Migration,
    Observation,
    Run,
    Side,
)
from changeover.compare.event_contract import contract_breaches
from changeover.evidence.store.rows_of_runs import contents_of
from changeover.evidence.store.run_contents import contents_data, read_contents
from changeover.record.recorded_run import written
from changeover.record.recorded_run_reading import read_recorded
from changeover.redaction.redactor import Redactor
from changeover.seam.judge import comparing_judge
from changeover.values.divergence import Divergence, Kind
from changeover.values.event import EventStep
from changeover.values.limits import Limits
from tests.changeover.support.event_shop import CONTRACT, async_shop, declare, shop
from tests.changeover.support.foreign_bus import Message, WatchedBus, describe


def found(run: Run) -> list[tuple[str, str]]:
    return [(str(one.kind), one.place) for one in run.divergences]


def types(observation: Observation | None) -> list[str]:
    assert observation is not None
    return [step.type for step in observation.events if step.point is EventPoint.PUBLISHED]


ALL = ["Placed", "Charge", "Charged", "Shipped"]


@pytest.mark.parametrize(("stage", "side"), [("shadow", Side.CANDIDATE), ("live", Side.CANDIDATE)])
def test_events_of_a_path_are_in_its_observation_whether_it_answers_or_is_replayed(
    stage: str, side: Side
) -> None:
    ship, runs, _ = shop(stage)
    assert ship("a") == "shipped a"
    assert runs[0].verdict == "match", found(runs[0])
    seen = runs[0].candidate
    assert seen is not None
    assert types(seen) == ALL
    assert types(runs[0].legacy) == []
    first = [step for step in seen.events if step.event_id == "m0"]
    assert [(step.point.value, step.handler) for step in first] == [
        ("published", None),
        ("delivered", "shop.placed"),
        ("handled", "shop.placed"),
    ]
    assert first[0].content == {"order": "a", "sum": 5}
    assert [step.position for step in seen.events if step.type == "Charge"] == [2, 2, 2]


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_events_of_an_async_path_are_in_its_observation(stage: str) -> None:
    ship, runs = async_shop(stage)
    assert asyncio.run(ship("a")) == "shipped a"
    assert runs[0].verdict == "match", found(runs[0])
    assert types(runs[0].candidate) == ALL


def test_every_run_has_the_events_of_its_own_bus() -> None:
    ship, runs, _ = shop("shadow")
    ship("a")
    ship("bb")
    assert [types(run.candidate) for run in runs] == [ALL, ALL]
    bodies = [run.candidate.events[0].content["order"] for run in runs if run.candidate]
    assert bodies == ["a", "bb"]


def test_outside_of_runs_nothing_is_read_of_an_event() -> None:
    migration = Migration()
    asked: list[Any] = []

    def described(message: Message) -> BusEvent:
        asked.append(message)
        return describe(message)

    events = migration.bus("shop", describe=described)
    bus = events.watch(WatchedBus())
    bus.on("Placed", "shop.placed", lambda message: [])
    bus.handle(Message("Placed", "m0", "run"))
    assert asked == []


def test_what_a_handler_changes_later_is_not_in_what_was_published() -> None:
    migration = Migration(environment={"CHANGEOVER_STAGE_SHIP": "shadow"}, refresh_s=0)
    runs: list[Run] = []
    migration.runtime.sink = runs.append
    events = declare(migration, contract=None)

    def candidate(order: str) -> str:
        bus = events.watch(WatchedBus())
        bus.on("Placed", "shop.placed", lambda message: message.body.clear() or [])
        bus.handle(Message("Placed", "m0", "run", None, {"order": order}))
        return order

    migration.seam("ship", legacy=lambda order: order, candidate=candidate)("a")
    assert runs[0].candidate is not None
    assert runs[0].candidate.events[0].content == {"order": "a"}


BREACHES = [
    ("field lost", "event-field-lost", "events.shop.Charge.sum", "diverged"),
    ("field left out", "event-field-lost", "events.shop.Charge.sum", "diverged"),
    ("no cause", "event-cause", "events.shop.Charge", "diverged"),
    ("unknown cause", "event-cause", "events.shop.Charge", "diverged"),
    ("unknown type", "event-unknown", "events.shop.Surprise", "diverged"),
    ("answer before question", "event-too-early", "events.shop.Charged", None),
    ("end before answer", "event-unanswered", "events.shop.Charge", None),
    ("swallowed", "event-unanswered", "events.shop.Charge", "unsafe"),
    ("wrong run", "event-correlation", "events.shop.Charged", "diverged"),
    ("a run of its own", "event-correlation", "events.shop.Charged", "diverged"),
    ("twice", "event-repeated", "events.shop.Charged", "unsafe"),
    ("no end", "event-unanswered", "events.shop.Placed", "unsafe"),
    ("after the end", "event-after-end", "events.shop.Announced", "unsafe"),
    ("delivered twice", "handled-twice", 'events.shop.Charge["shop.charge"]', "unsafe"),
]


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(("fault", "kind", "place", "verdict"), BREACHES, ids=[row[0] for row in BREACHES])
def test_a_breach_of_the_contract_is_a_divergence_of_its_own_kind(
    stage: str, fault: str, kind: str, place: str, verdict: str | None
) -> None:
    ship, runs, _ = shop(stage, fault)
    ship("a")
    assert (kind, place) in found(runs[0])
    if verdict is not None:
        assert runs[0].verdict == verdict, found(runs[0])


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [(row[0], row[1]) for row in BREACHES if row[3] == "diverged" and row[0] != "a run of its own"],
)
def test_a_breach_is_found_alone_where_result_and_effects_are_the_same(
    stage: str, fault: str, kind: str
) -> None:
    ship, runs, _ = shop(stage, fault)
    ship("a")
    assert {one for one, _ in found(runs[0])} - {"event-field-lost"} == {kind} - {"event-field-lost"}


def test_a_run_without_a_contract_breaks_none() -> None:
    ship, runs, _ = shop("shadow", "delivered twice", contract=None)
    ship("a")
    assert runs[0].verdict == "match"


def test_an_event_that_carries_more_or_other_names_is_not_held_against_anything_undeclared() -> None:
    ship, runs, _ = shop("shadow", "field lost", contract=replace(CONTRACT, carries=[]))
    ship("a")
    assert runs[0].verdict == "match", found(runs[0])


def step(number: int, kind: str, cause: int | None = None, **known: Any) -> EventStep:
    caused = None if cause is None else f"m{cause}"
    given = {"correlation_id": "run", "causation_id": caused, **known}
    return EventStep(EventPoint.PUBLISHED, "shop", f"m{number}", kind, 1, **given)


def breaches(*steps: EventStep, contract: EventContract = CONTRACT, raised: bool = False) -> list[str]:
    from changeover import Raised, Returned

    outcome = Raised(ValueError()) if raised else Returned(1)
    seen = Observation(Side.CANDIDATE, outcome, (), (), events=steps)
    return [f"{one.kind} {one.place}" for one in contract_breaches({"shop": contract}, seen, replayed=True)]


GOOD = (step(0, "Placed"), step(1, "Charge", 0), step(2, "Charged", 1), step(3, "Shipped", 2))


REFUSED = step(2, "Refused", 1)


def handled(event: EventStep) -> EventStep:
    return event._replace(point=EventPoint.DELIVERED, handler="h")


@pytest.mark.parametrize(
    "steps",
    [
        (),
        GOOD,
        (*GOOD[:2], REFUSED, handled(REFUSED), step(3, "Shipped", 2)),
        (*GOOD, step(4, "Refused", 3)),
        (*GOOD, *(one._replace(event_id=f"n{one.event_id}", correlation_id="other",
                               causation_id=one.causation_id and f"n{one.causation_id}") for one in GOOD)),
        (*GOOD, GOOD[1]),
        (step(2, "Charge", 1),),
        (step(2, "Charged", 1), step(3, "Shipped", 2)),
    ],
    ids=["none", "good", "excused", "late and allowed", "two runs", "twice", "begun before", "and ended"],
)  # fmt: skip
def test_what_a_workflow_may_do_is_no_breach(steps: tuple[EventStep, ...]) -> None:
    assert breaches(*steps) == []


def test_a_path_that_raised_may_leave_its_run_without_an_end() -> None:
    assert breaches(*GOOD[:2], raised=True) == []
    assert breaches(*GOOD[:2]) == [
        "event-unanswered events.shop.Placed",
        "event-unanswered events.shop.Charge",
    ]


def test_a_deadline_that_lies_ahead_excuses_no_missing_answer() -> None:
    steps = (*GOOD[:2], REFUSED, step(3, "Shipped", 1))
    assert breaches(*steps) == ["event-unanswered events.shop.Charge"]


def delivery(point: EventPoint, *, again: bool = False) -> EventStep:
    return step(1, "Charge", 0)._replace(point=point, handler="h", again=again)


@pytest.mark.parametrize(
    ("second", "is_breach"),
    [
        ((delivery(EventPoint.HANDLED), delivery(EventPoint.DELIVERED)), True),
        ((delivery(EventPoint.DELIVERED),), True),
        ((delivery(EventPoint.FAILED), delivery(EventPoint.DELIVERED)), False),
        ((delivery(EventPoint.HANDLED), delivery(EventPoint.DELIVERED, again=True)), False),
    ],
    ids=["after success", "meanwhile", "after a failure", "on purpose"],
)
def test_a_handler_is_given_an_event_again_only_after_a_failure_or_on_purpose(
    second: tuple[EventStep, ...], is_breach: bool
) -> None:
    found = breaches(*GOOD, delivery(EventPoint.DELIVERED), *second)
    assert found == (["handled-twice events.shop.Charge[h]"] if is_breach else [])


def test_invariants_see_the_events() -> None:
    ship, runs, migration = shop("shadow")

    @migration.invariant("ship")
    def charges_once(seen: Observation) -> bool:
        return sum(step.type == "Charge" and step.point == "published" for step in seen.events) <= 1

    @migration.invariant("ship")
    def ships_nothing(seen: Observation) -> bool:
        return not any(step.type == "Shipped" for step in seen.events)

    ship("a")
    assert found(runs[0]) == [("invariant-broken", "invariant.ships_nothing")]


def both_publish(
    legacy: list[tuple[str, Any]], candidate: list[tuple[str, Any]], rules: Path | None = None
) -> Run:
    runs: list[Run] = []
    judge = None if rules is None else comparing_judge(rules_file=rules)
    migration = Migration(
        environment={"CHANGEOVER_STAGE_SAY": "shadow"}, sink=runs.append, refresh_s=0, judge=judge
    )
    events = migration.bus("news", describe=describe, both=["Up", "Down"])

    def path(told: list[tuple[str, Any]]) -> Any:
        def say(name: str) -> str:
            bus = events.watch(WatchedBus())
            for number, (kind, body) in enumerate(told):
                bus.handle(Message(kind, f"{name}{number}{id(told)}", name, None, {"price": body}))
            return name

        return say

    migration.seam("say", legacy=path(legacy), candidate=path(candidate))("x")
    return runs[0]


@pytest.mark.parametrize(
    ("legacy", "candidate", "expected"),
    [
        ([("Up", 1)], [("Up", 1)], []),
        ([("Up", 1)], [("Up", 1), ("Other", 2)], []),
        ([("Up", 1)], [], [("event-missing", "events.news.Up")]),
        ([], [("Up", 1)], [("event-extra", "events.news.Up")]),
        ([("Up", 1)], [("Up", 2)], [("event-changed", "events.news.Up.price")]),
        ([("Up", 1), ("Up", 1)], [("Up", 1)], [("event-missing", "events.news.Up")]),
        ([("Up", 1), ("Down", 1)], [("Down", 1), ("Up", 1)], [("event-order", "events.news")]),
    ],
    ids=["same", "more types", "missing", "extra", "content", "count", "order"],
)
def test_events_that_both_paths_publish_are_compared_by_type_order_and_content(
    legacy: list[tuple[str, Any]], candidate: list[tuple[str, Any]], expected: list[tuple[str, str]]
) -> None:
    run = both_publish(legacy, candidate)
    assert found(run) == expected
    assert run.verdict == ("diverged" if expected else "match")


def test_rules_say_how_the_content_of_an_event_is_compared(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\npath = "events.news.Up.price"\nabs = "1"\nreason = "rounded"\n')
    assert both_publish([("Up", 1)], [("Up", 2)], rules).verdict == "tolerated"
    assert both_publish([("Up", 1)], [("Up", 3)], rules).verdict == "diverged"


def test_a_run_on_its_way_to_a_worker_keeps_its_events_and_one_of_before_has_none() -> None:
    from changeover.record.recorded_run import Passage, RecordedRun
    from changeover.record.tape import Tape
    from changeover.values.observation import Returned
    from changeover.values.pins import Pins

    _, _, migration = shop("shadow")
    passage = Passage("1", 1.0, "ship", "ship", "production", Side.CANDIDATE, Pins({}))
    steps = (GOOD[0]._replace(content={"order": "a", "sum": 5}), delivery(EventPoint.DELIVERED, again=True))
    run = RecordedRun(passage, (), {}, Tape(), Returned(1), 0.0, {}, events=steps)
    data = written(run, migration.codec)
    assert read_recorded(data, migration.codec, migration.book).events == steps
    none = written(run._replace(events=()), migration.codec)
    assert read_recorded(none, migration.codec, migration.book).events == ()
    before = written(run._replace(events=None), migration.codec)
    assert b"events" not in before
    assert read_recorded(before, migration.codec, migration.book).events is None
    broken = data.replace(b'"point":"delivered"', b'"point":"thrown"')
    with pytest.raises(ConfigurationError, match="what happened on a bus"):
        read_recorded(broken, migration.codec, migration.book)


def test_secrets_in_events_are_redacted() -> None:
    ship, runs, _ = shop("shadow")
    ship("a")
    redacted = Redactor.of(["events.shop.*.order"], {}, None).run(runs[0])
    assert redacted.candidate is not None
    contents = [one.content for one in redacted.candidate.events if one.content]
    assert contents
    assert all("order" not in content or content["order"] != "a" for content in contents)
    assert contents[0]["sum"] == 5


def test_more_events_than_a_run_may_have_make_it_no_comparison() -> None:
    for stage in ("shadow", "live"):
        ship, runs, migration = shop(stage)
        migration.runtime.limits = Limits(event_steps_max=5)
        assert ship("a") == "shipped a"
        assert runs[0].verdict == "failed"
        assert "5 steps of events" in str(runs[0].reason)


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_an_event_that_cannot_be_read_fails_the_run_and_no_path(stage: str) -> None:
    ship, runs, _ = shop(stage, describe=lambda message: message.nothing)
    assert ship("a") == "shipped a"
    assert runs[0].verdict == "failed"
    assert "an event of bus shop" in str(runs[0].reason)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bus": "no bus"}, "has no method watch"),
        ({"contract": {"start": "A"}}, "allowed: EventContract"),
        ({"contract": EventContract(end="Shipped")}, "contract.end was 'Shipped', allowed: a list of types"),
        ({"contract": EventContract(before=["ab"])}, "allowed: pairs of types"),  # type: ignore[list-item]
        ({"contract": EventContract(start="Plased", types=["Placed"])}, 'did you mean "Placed"'),
        ({"contract": EventContract(carries=["A"])}, "allowed: Carries"),  # type: ignore[list-item]
        ({"contract": EventContract(carries=[Carries("A", "B", [1])])}, "fields"),  # type: ignore[list-item]
        ({"contract": EventContract(answers=["A"])}, "types of answers"),  # type: ignore[arg-type]
        ({"both": "Up"}, "both was 'Up'"),
        ({"describe": 3}, "describe was 3"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_what_is_wrong_in_a_declaration_is_said_in_a_sentence(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match='bus "shop"') as raised:
        Migration().bus("shop", **options)
    assert said in str(raised.value)


def test_a_bus_has_a_name_of_its_own() -> None:
    migration = Migration()
    migration.bus("shop")
    with pytest.raises(ConfigurationError, match="declared twice"):
        migration.bus("shop")


def test_an_event_that_nobody_described_is_said_to_be_none() -> None:
    ship, runs, _ = shop("shadow", describe=lambda message: BusEvent)
    ship("a")
    assert "is no BusEvent" in str(runs[0].reason)


PAGE = (Path(__file__).parents[3] / "docs" / "comparing.md").read_text(encoding="utf-8")


def test_the_page_has_every_kind_with_the_verdict_that_it_gives() -> None:
    section = PAGE.split("## Events of a bus\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    told = {
        row[1].strip("`").partition("`")[0]: row[2]
        for row in rows
        if len(row) == 3 and row[0] != "what happens"
    }
    kinds = {kind for kind in Kind if kind.startswith("event-") or kind is Kind.HANDLED_TWICE}
    compared = {Kind.EVENT_MISSING, Kind.EVENT_EXTRA, Kind.EVENT_CHANGED, Kind.EVENT_ORDER}
    assert set(told) == kinds - compared == {kind for _, kind, _, _ in BREACHES}
    for kind, verdict in told.items():
        assert verdict == ("unsafe" if Divergence("x", Kind(kind), 1, 2).is_unsafe else "diverged"), kind
    assert all(f"`{kind}`" in section for kind in compared)


def test_a_record_of_before_events_were_kept_is_held_against_none() -> None:
    """What legacy published is not known: that the candidate publishes it is no difference."""
    from changeover.operate.judging import judged
    from changeover.record.recorded_run import Passage, RecordedRun
    from changeover.record.replay_problems import ReplayProblems
    from changeover.record.tape import Tape
    from changeover.replay.runner import Replayed
    from changeover.values.observation import Returned
    from changeover.values.pins import Pins

    _, _, migration = shop("shadow", both=["Placed"])
    seam, answer = migration.seams["ship"], Returned("shipped a")
    passage = Passage("1", 1.0, "ship", "ship", "production", Side.LEGACY, Pins({}))
    run = RecordedRun(passage, ("a",), {}, Tape(), answer, 0.0, {})
    steps = tuple(one._replace(both=one.type == "Placed", content={"order": "a"}) for one in GOOD)
    seen = Observation(Side.CANDIDATE, answer, (), (), events=steps)

    def found_in(recorded: RecordedRun, contract: EventContract | None) -> list[tuple[str, str]]:
        migration.book.buses["shop"].contract = contract
        return found(judged(migration, seam, recorded, Replayed(seen, ReplayProblems()), ()))

    assert found_in(run, None) == []
    assert found_in(run._replace(events=()), None) == [("event-extra", "events.shop.Placed")]
    assert found_in(run, EventContract(end=["Delivered"])) == [("event-unanswered", "events.shop.Placed")]


def test_a_stored_run_keeps_its_events_and_one_of_before_has_none() -> None:
    ship, runs, _ = shop("shadow")
    ship("a")
    data = json.loads(json.dumps(contents_data(contents_of(runs[0]))))
    read = read_contents(data).candidate
    assert read is not None
    assert runs[0].candidate is not None
    assert read.events == runs[0].candidate.events
    del data["candidate"]["events"]
    before = read_contents(data).candidate
    assert before is not None
    assert before.events == ()
