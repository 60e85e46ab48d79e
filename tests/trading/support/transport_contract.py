"""What every transport has to pass: a class that the tests of each inherit."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from tests.trading.support.brokers import Site
from tests.trading.support.carried import (
    ANSWERS,
    HANDLERS,
    Receiver,
    Sender,
    World,
    drained,
    next_of,
    requests,
)
from tests.trading.support.deaths import Moment, Reaper, interrupt
from tests.trading.support.event_samples import event, request
from tests.trading.support.fakes import Interrupted
from trading.events.bus.handling import Handling
from trading.events.bus.retry import RetryPolicy
from trading.events.journal.port import JournalBusy
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.messages.signals import SignalsRequested
from trading.events.relay import handler_bus
from trading.events.schema.catalogue import VERSIONS
from trading.events.transport.cloud_event import event_of, message_of
from trading.events.transport.port import Arrival, Aside, Message, TransportLost

STEPS = ("accept", "effect", "settle", "send", "mark", "finish")
EVERY_STEP = [
    Moment("received", 2, False),
    *(Moment(what, 2, done) for what in STEPS for done in (False, True)),
]


def read(arrivals: Sequence[Arrival]) -> list[BaseEvent]:
    return [event_of(arrival.headers, arrival.body, VERSIONS) for arrival in arrivals]


def answered(arrivals: Sequence[Arrival]) -> list[str | None]:
    """What was answered, each answer once however often it came."""
    answers = {one.event_id: one.causation_id for one in read(arrivals)}
    return sorted(answers.values(), key=str)


class TransportContract:
    """The promises of the port, and what they add up to between two journals."""

    deaths: Sequence[Moment] = EVERY_STEP
    senders_deaths: Sequence[Moment] = (
        *(Moment("send", 1, False), Moment("send", 1, True)),
        Moment("mark", 1, False),
    )

    @pytest.fixture
    @abstractmethod
    def site(self) -> Iterator[Site] | Site:
        """Where it is tried: each transport has its own."""

    @pytest.fixture
    def sender(self, tmp_path: Path, site: Site) -> Iterator[Sender]:
        sender = Sender(tmp_path, site)
        yield sender
        sender.close()

    @pytest.fixture
    def world(self) -> World:
        return World()

    @pytest.fixture
    def receiver(self, tmp_path: Path, site: Site, world: World) -> Iterator[Receiver]:
        receiver = Receiver(tmp_path, site, world)
        yield receiver
        receiver.close()

    def test_an_event_arrives_as_it_was_sent_and_its_headers_tell_its_version(self, site: Site) -> None:
        transport, sent = site.connect(), request("e-1")
        transport.send([message_of(sent, VERSIONS)])
        [arrival] = drained(transport, HANDLERS, wanted=1)
        assert read([arrival]) == [sent]
        assert (arrival.headers["event-type"], arrival.headers["schema-version"]) == ("SignalsRequested", "1")
        transport.close()

    def test_a_group_gets_the_types_that_it_takes_and_no_others(self, site: Site) -> None:
        transport, asked = site.connect(), event(AccountDataRequested, "a-1")
        events = [request("e-1"), asked, request("e-2")]
        transport.send([message_of(one, VERSIONS) for one in events])
        assert read(drained(transport, HANDLERS, wanted=2)) == [events[0], events[2]]
        assert read(drained(transport, ANSWERS, wanted=1)) == [asked]
        transport.close()

    def test_the_events_of_a_workflow_arrive_in_order_also_after_a_subscriber_has_left(
        self, site: Site
    ) -> None:
        transport = site.connect()
        runs = [f"run-{number}" for number in range(4)]
        events = [request(f"{run}.{number:02}", run=run) for number in range(12) for run in runs]
        transport.send([message_of(one, VERSIONS) for one in events])
        subscriber, found = transport.subscribe(HANDLERS), list[Arrival]()
        while len(found) < 10:
            found.append(arrival := next_of(subscriber))
            if len(found) < 10:  # the last one is not finished: it comes again, before those behind it
                subscriber.finish(arrival)
        subscriber.close()
        found += drained(transport, HANDLERS, wanted=len(events) - 9, beyond=False)
        came = [one.event_id for one in read(found)]
        for run in runs:
            first = list(dict.fromkeys(one for one in came if one.startswith(run)))
            assert first == sorted(first)
            assert len(first) == 12
        transport.close()

    def test_what_was_received_and_not_finished_comes_again_and_says_so(self, site: Site) -> None:
        transport = site.connect()
        transport.send([message_of(request("e-1"), VERSIONS)])
        for may_be_the_first in (True, False, False):
            subscriber = transport.subscribe(HANDLERS)
            assert next_of(subscriber).redelivered or may_be_the_first
            subscriber.close()
        assert len(drained(transport, HANDLERS, wanted=1)) == 1
        assert drained(transport, HANDLERS, wanted=0) == []
        transport.close()

    def test_an_event_that_comes_twice_has_its_effects_once(
        self, site: Site, sender: Sender, receiver: Receiver, world: World
    ) -> None:
        events = requests(3)
        sender.publish(events)
        sender.transport.send([message_of(one, VERSIONS) for one in events])
        receiver.work(lambda: receiver.handled(events))
        receiver.consumer.begin()
        for _ in events:
            receiver.consumer.step()
        assert [event_id for event_id, _ in world.attempts] == [one.event_id for one in events]
        answers = drained(sender.transport, ANSWERS, wanted=3)
        assert answered(answers) == ["e-0", "e-1", "e-2"]

    @pytest.mark.parametrize("loses_power", [False, True], ids=["killed", "without-power"])
    def test_a_receiver_that_ends_at_any_step_leaves_no_gap_and_no_second_effect(
        self, tmp_path: Path, site: Site, sender: Sender, loses_power: bool
    ) -> None:
        died, names = 0, list[str]()
        for number, moment in enumerate(self.deaths):
            world = World()
            events = requests(3, named=f"d{number}")
            sender.publish(events)
            receiver = Receiver(tmp_path, site, world, reaper=Reaper(moment, interrupt))
            try:
                receiver.work(lambda r=receiver, e=events: r.handled(e))  # type: ignore[misc]
            except Interrupted:
                died += 1
            receiver.close()
            if loses_power:
                receiver.journal.lose_power()
            receiver = Receiver(tmp_path, site, world)
            receiver.work(lambda r=receiver, e=events: r.handled(e))  # type: ignore[misc]
            receiver.close()
            assert world.handled() == [one.event_id for one in events], moment
            names += world.handled()
        assert died == len(self.deaths)
        assert answered(drained(sender.transport, ANSWERS, wanted=len(names))) == sorted(names)

    def test_a_sender_killed_between_commit_and_confirm_has_its_events_sent_by_the_next_one(
        self, tmp_path: Path, site: Site, receiver: Receiver
    ) -> None:
        events: list[SignalsRequested] = []
        for number, moment in enumerate(self.senders_deaths):
            events += (new := requests(2, named=f"s{number}"))
            sender = Sender(tmp_path, site, Reaper(moment, interrupt))
            with pytest.raises(Interrupted):
                sender.publish(new)
            sender.close()
        sender = Sender(tmp_path, site)
        sender.relay.send_all()
        receiver.work(lambda: receiver.handled(events))
        arrivals = drained(sender.transport, ANSWERS, wanted=len(events))
        assert answered(arrivals) == sorted(one.event_id for one in events)
        assert sender.journal.unsent() == []
        sender.close()

    def test_what_the_broker_has_not_confirmed_stays_in_the_outbox(
        self, site: Site, sender: Sender, receiver: Receiver
    ) -> None:
        sender.publish(requests(1, named="before"))
        events = requests(2)
        self.lose_what_is_sent(site)
        with pytest.raises(TransportLost):
            sender.publish(events)
        assert [entry.event for entry in sender.journal.unsent()] == events
        self.find_again(site)
        sender.relay.send_all()
        assert sender.journal.unsent() == []
        receiver.work(lambda: receiver.handled(events))

    def lose_what_is_sent(self, site: Site) -> None:
        site.stop()

    def find_again(self, site: Site) -> None:
        site.start()

    def test_a_broker_that_stops_and_starts_in_the_middle_loses_nothing(
        self, tmp_path: Path, site: Site, sender: Sender, world: World
    ) -> None:
        events = requests(8)

        def stop_at_the_third(event: SignalsRequested, handling: Handling) -> None:
            if event.event_id == "e-2" and not world.attempts[2:]:
                site.stop()
                Timer(0.05, site.start).start()
            receiver.answer(event, handling)

        receiver = Receiver(tmp_path, site, world, handle=stop_at_the_third)
        sender.publish(events)
        receiver.work(lambda: receiver.handled(events))
        receiver.close()
        assert [event_id for event_id, _ in world.attempts] == [one.event_id for one in events]
        with closing(site.connect()) as again:
            answers = drained(again, ANSWERS, wanted=len(events))
        assert answered(answers) == [one.event_id for one in events]

    def test_a_handler_that_fails_is_tried_within_bounds_and_holds_up_nobody(
        self, tmp_path: Path, site: Site, sender: Sender, world: World
    ) -> None:
        def fail(event: SignalsRequested, handling: Handling) -> None:
            world.attempts.append((event.event_id, handling.redelivered))
            if event.event_id == "e-0":
                raise ValueError("poison")

        policy = RetryPolicy(attempts_max=3, first_delay_s=1.0)
        receiver = Receiver(tmp_path, site, world, handle=fail, retry=policy)
        events = requests(3)
        sender.publish(events)
        receiver.work(lambda: receiver.handled(events[1:]))
        assert [event_id for event_id, _ in world.attempts] == ["e-0", "e-1", "e-2"]
        for _ in range(4):
            receiver.clock.sleep(2.0)
            receiver.bus.run_due()
        assert world.attempts[3:] == [("e-0", True)] * 2
        [letter] = receiver.journal.dead_letters()
        assert (letter.event_id, letter.attempts, letter.failure.message) == ("e-0", 3, "poison")
        receiver.close()

    def test_an_event_that_kills_whoever_handles_it_is_given_up_and_the_rest_goes_on(
        self,
        tmp_path: Path,
        site: Site,
        sender: Sender,
        world: World,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(handler_bus, "STARTS_MAX", 2)

        def die(event: SignalsRequested, handling: Handling) -> None:
            world.attempts.append((event.event_id, handling.redelivered))
            if event.event_id == "e-0":
                raise Interrupted

        events = requests(3)
        sender.publish(events)
        deaths = 0
        while True:
            receiver = Receiver(tmp_path, site, world, handle=die)
            try:
                receiver.work(lambda r=receiver: r.handled(events))  # type: ignore[misc]
                break
            except Interrupted:
                deaths += 1
                assert deaths <= 3
            finally:
                receiver.consumer.leave()
                dead = receiver.journal.dead_letters()
                receiver.close()
        assert deaths == 3  # the first time, and as often again
        assert [(letter.event_id, letter.failure.error_type) for letter in dead] == [("e-0", "HandlerDied")]
        assert world.attempts[-2:] == [("e-1", False), ("e-2", False)]

    def test_what_cannot_be_read_is_parked_with_the_reason_and_blocks_nothing(
        self, site: Site, sender: Sender, receiver: Receiver
    ) -> None:
        good = message_of(request("never handled"), VERSIONS)
        newer = {**good.headers, "schema-version": "7"}
        bad = [
            Message("v", good.event_type, good.key, newer, good.body),
            Message("h", good.event_type, good.key, {}, good.body),
            Message("b", good.event_type, good.key, good.headers, b"\xff{"),
        ]
        events = requests(2)
        sender.transport.send(bad)
        sender.publish(events)
        receiver.work(lambda: receiver.handled(events))
        parked = sender.transport.aside(Aside.PARKED)
        assert [one.body for one in parked] == [one.body for one in bad]
        assert parked[0].headers["schema-version"] == "7"
        assert [one.reason.split(";")[0] for one in parked] == [
            "message: SignalsRequested of schema-version '7'",
            "message: should name event-type and schema-version in its headers",
            "message: cannot be read as JSON: expected value at line 1 column 1",
        ]
        listed = receiver.journal.backlog().parked
        assert [(one.place, one.reason) for one in listed] == [("parked", one.reason) for one in parked]
        assert sender.transport.aside(Aside.DEAD) == []
        assert drained(sender.transport, HANDLERS, wanted=0) == []

    def test_a_second_receiver_stands_by_until_the_first_has_gone(
        self,
        tmp_path: Path,
        site: Site,
        sender: Sender,
        receiver: Receiver,
        world: World,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("trading.database.BUSY_TIMEOUT_S", 0.01)
        events = requests(6)
        receiver.consumer.begin()
        second = Receiver(tmp_path, site, world)
        with pytest.raises(JournalBusy, match="is at work on handlers"):
            second.consumer.begin()
        sender.publish(events)
        while len(world.attempts) < 2:
            receiver.consumer.step()
        receiver.close()
        second.work(lambda: second.handled(events))
        second.close()
        assert [event_id for event_id, _ in world.attempts] == [one.event_id for one in events]
