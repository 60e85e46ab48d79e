"""`migration.use("celery", app)`: what every pack holds, and what tasks have besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kombu.exceptions
import pytest
import redis
from celery import Celery, chain, chord, group, signals
from celery.contrib.testing.worker import start_worker
from kombu.transport.memory import Transport

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.values.pins import PINNED, Pins
from changeover.values.stage import Setting, Stage
from tests.changeover.packs.pack_contract import PackContract

LOOK_S = 0.01
"""How often a worker looks into its queue, which it does every second where nothing else is said."""


class Published:
    """Counts what goes to the broker in memory."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, sender: str, **_: Any) -> None:
        self.names.append(sender)


@contextmanager
def published() -> Iterator[Published]:
    """What is published until the block ends."""
    counted = Published()
    signals.after_task_publish.connect(counted)
    try:
        yield counted
    finally:
        signals.after_task_publish.disconnect(counted)


def _leaves_logging_alone(**_: Any) -> None:
    """Celery asks whether somebody else sets up logging."""


@contextmanager
def worker(app: Any) -> Iterator[None]:
    """A worker in a thread of this process, until the block ends."""
    signals.setup_logging.connect(_leaves_logging_alone)
    drain = Transport.drain_events
    try:
        with pytest.MonkeyPatch.context() as patch:  # a worker asks whether it is to end every two seconds
            patch.setattr(Transport, "drain_events", lambda *given, timeout=0: drain(*given, timeout=LOOK_S))
            with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=20):
                yield
    finally:
        signals.setup_logging.disconnect(_leaves_logging_alone)


def taken(result: Any) -> Any:
    """What a task gave; whether one is at work is asked of the process, where other tests left a worker."""
    return result.get(timeout=5, disable_sync_subtasks=False)


def app_in_memory(**options: Any) -> Any:
    """An app with two tasks, its queue and its results in memory."""
    app = Celery("shop", broker="memory://", backend="cache+memory://")
    looked_into = {"broker_transport_options": {"polling_interval": LOOK_S}}
    app.conf.update(broker_connection_retry_on_startup=False, **looked_into, **options)

    @app.task(name="shop.charge", shared=False)  # type: ignore[untyped-decorator]
    def charge(order: int, cents: int = 5) -> int:
        return order * cents

    @app.task(name="shop.add", shared=False)  # type: ignore[untyped-decorator]
    def add(numbers: Any, more: int = 0) -> Any:
        return sum(numbers) + more

    app.finalize()
    return app


class TestCelery(PackContract):
    failure = kombu.exceptions.OperationalError

    def begin(self) -> None:
        self.app = app_in_memory()
        self.charge = self.app.tasks["shop.charge"]
        self.unreachable = Celery("far", broker="amqp://127.0.0.1:9//")
        at_once = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
        self.unreachable.conf.update(broker_connection_timeout=0.1, broker_transport_options=at_once)
        self._counting = published()
        self.published = self._counting.__enter__()
        self.known = self.app.AsyncResult("known")
        self.app.backend.store_result("known", 7, "SUCCESS")

    def end(self) -> None:
        self._counting.__exit__(None, None, None)
        self.app.close()
        self.unreachable.close()

    def use(self, migration: Migration) -> None:
        migration.use("celery", self.app)

    def read(self) -> Any:
        return self.app.AsyncResult("known").get(timeout=1)

    def act(self, number: int) -> Any:
        return self.charge.delay(number).id is not None

    def fail(self) -> Any:
        self.read()
        return self.unreachable.send_task("shop.charge", (1,), retry=False)

    def acts(self) -> int:
        return len(self.published.names)


@pytest.fixture
def app() -> Iterator[Any]:
    made = app_in_memory()
    yield made
    made.close()


def run_of(app: Any, legacy: Callable[[], Any], candidate: Callable[[], Any]) -> tuple[Any, Run, list[str]]:
    """What the caller got, the run, and the names of what was published."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("celery", app)
    with published() as counted:
        answer = migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())(1)
    return answer, runs[-1], counted.names


def ways(app: Any) -> dict[str, Callable[[], Any]]:
    charge = app.tasks["shop.charge"]
    return {
        "delay": lambda: charge.delay(3, cents=7) and None,
        "apply_async": lambda: charge.apply_async((3, 7)) and None,
        "send_task": lambda: app.send_task("shop.charge", (3,), {"cents": 7}) and None,
        "signature": lambda: charge.s(cents=7).delay(3) and None,
    }


@pytest.mark.parametrize("candidate", sorted(ways(app_in_memory())))
@pytest.mark.parametrize("legacy", sorted(ways(app_in_memory())))
def test_one_way_of_sending_against_another_is_the_same_task(app: Any, legacy: str, candidate: str) -> None:
    _, run, sent = run_of(app, ways(app)[legacy], ways(app)[candidate])
    assert (run.verdict, sent) == ("match", ["shop.charge"]), run.reason or run.divergences


def test_options_of_the_declaration_are_those_of_the_task_however_it_is_sent(app: Any) -> None:
    @app.task(name="shop.slow", shared=False, time_limit=9)  # type: ignore[untyped-decorator]
    def slow(order: int) -> None:
        """Does nothing."""

    def by_task() -> None:
        slow.delay(1)

    def by_name() -> None:
        app.send_task("shop.slow", (1,), time_limit=9)

    def elsewhere() -> None:
        slow.apply_async((1,), time_limit=5)

    _, run, _ = run_of(app, by_task, by_name)
    assert run.verdict == "match", run.reason or run.divergences
    assert run_of(app, by_task, elsewhere)[1].verdict == "unsafe"


def test_an_argument_differs_by_its_name(app: Any) -> None:
    charge = app.tasks["shop.charge"]
    _, run, _ = run_of(app, lambda: charge.delay(3) and None, lambda: charge.delay(3, cents=50) and None)
    assert [(one.place, one.legacy, one.candidate) for one in run.divergences] == [
        ('effects.celery.send["shop.charge"].arguments.cents', 5, 50)
    ]


@pytest.mark.parametrize(
    "option", [{"countdown": 9}, {"queue": "slow"}, {"priority": 3}, {"task_id": "mine"}]
)
def test_how_and_when_a_task_runs_is_compared(app: Any, option: dict[str, Any]) -> None:
    charge = app.tasks["shop.charge"]

    def plain() -> None:
        charge.apply_async((1,))

    def other() -> None:
        charge.apply_async((1,), **option)

    assert run_of(app, plain, other)[1].verdict == "unsafe"
    assert run_of(app, other, other)[1].verdict == "match"


def test_the_replay_gets_the_id_that_the_task_was_sent_under(app: Any) -> None:
    charge = app.tasks["shop.charge"]
    answer, run, _ = run_of(app, lambda: charge.delay(1).id, lambda: charge.delay(1).id)
    assert run.verdict == "match", run.divergences
    assert run.candidate is not None
    assert getattr(run.candidate.outcome, "value", None) == answer


def test_a_result_is_read_once_and_given_to_both(app: Any) -> None:
    charge = app.tasks["shop.charge"]

    def ask() -> Any:
        sent = charge.delay(3)
        return sent.ready(), sent.get(timeout=5)

    with worker(app):
        answer, run, sent = run_of(app, ask, ask)
    assert answer[1] == 15
    assert (run.verdict, sent) == ("match", ["shop.charge"]), run.reason or run.divergences


def test_an_error_of_a_task_is_raised_in_both(app: Any) -> None:
    app.backend.store_result("bad", ValueError("no money"), "FAILURE")

    def ask() -> str:
        try:
            app.AsyncResult("bad").get(timeout=1)
        except ValueError as error:
            return str(error)
        return "none"

    answer, run, _ = run_of(app, ask, ask)
    assert (answer, run.verdict) == ("no money", "match"), run.reason or run.divergences


CANVAS: dict[str, Callable[[Any, Any, int], Any]] = {
    "group": lambda charge, add, cents: group(charge.s(1, cents), charge.s(2)),
    "chain": lambda charge, add, cents: chain(charge.s(1), charge.s(cents), charge.s()),
    "chord": lambda charge, add, cents: chord([charge.s(1), charge.s(2)])(add.s(more=cents)),
}


@pytest.mark.parametrize("kind", sorted(CANVAS))
def test_a_canvas_is_one_effect_for_each_task_that_it_sends(app: Any, kind: str) -> None:
    charge, add = app.tasks["shop.charge"], app.tasks["shop.add"]

    def sending(cents: int) -> Callable[[], None]:
        def send() -> None:
            made = CANVAS[kind](charge, add, cents)
            if kind != "chord":
                made.apply_async()

        return send

    _, run, sent = run_of(app, sending(3), sending(3))
    own = [name for name in sent if not name.startswith("celery.")]
    assert (run.verdict, len(own)) == ("match", 1 if kind == "chain" else 2), run.reason or run.divergences
    assert run.legacy is not None
    assert len(run.legacy.effects) == len(own)
    _, run, _ = run_of(app, sending(3), sending(4))
    assert run.verdict == "unsafe"


def test_a_replayed_chord_writes_nothing_into_the_store_of_results(app: Any) -> None:
    charge, add = app.tasks["shop.charge"], app.tasks["shop.add"]

    def send() -> None:
        chord([charge.s(1), charge.s(2)])(add.s())

    def groups() -> int:
        return sum(b"taskset-meta" in (one if isinstance(one, bytes) else one.encode()) for one in stored)

    stored = app.backend.client.cache
    before = groups()
    assert run_of(app, send, send)[1].verdict == "match"
    assert groups() == before + 1


def test_a_task_by_which_celery_carries_out_a_chord_is_no_effect(tmp_path: Path) -> None:
    app = app_in_memory(result_backend=f"file://{tmp_path}")
    charge, add = app.tasks["shop.charge"], app.tasks["shop.add"]

    def send() -> None:
        chord([charge.s(1), charge.s(2)])(add.s())

    _, run, sent = run_of(app, send, send)
    app.close()
    assert sent.count("celery.chord_unlock") == 1
    assert run.verdict == "match", run.reason or run.divergences
    assert run.legacy is not None
    assert [one.key for one in run.legacy.effects] == ["shop.charge"] * 2


def test_the_stages_of_a_task_end_with_it(app: Any) -> None:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "off"})
    migration.use("celery", app)
    migration.seam("s", legacy=lambda: "legacy", candidate=lambda: "candidate")
    charge = app.tasks["shop.charge"]
    pins = Pins({"s": Setting(Stage.LIVE)}, None, "a" * 32)
    charge.push_request(headers={"changeover": pins.to_data()})
    try:
        signals.task_prerun.send(sender=charge, task_id="one", task=charge)
        inside = migration.pinned().correlation_id
        signals.task_postrun.send(sender=charge, task_id="one", task=charge)
    finally:
        charge.pop_request()
    assert inside == "a" * 32
    assert migration.pinned().correlation_id != inside


def test_the_stages_of_a_task_end_with_it_where_there_are_several_migrations(app: Any) -> None:
    """Each has entered them inside of those of the one before."""
    migrations = [Migration(environment={"CHANGEOVER_STAGE_S": "off"}) for _ in range(3)]
    for migration in migrations:
        migration.use("celery", app)
        migration.seam("s", legacy=lambda: "legacy", candidate=lambda: "candidate")
    charge = app.tasks["shop.charge"]
    pins = Pins({"s": Setting(Stage.LIVE)}, None, "a" * 32)
    before = PINNED.get()
    charge.push_request(headers={"changeover": pins.to_data()})
    try:
        signals.task_prerun.send(sender=charge, task_id="one", task=charge)
        assert [migration.pinned().correlation_id for migration in migrations] == ["a" * 32] * 3
        signals.task_postrun.send(sender=charge, task_id="one", task=charge)
    finally:
        charge.pop_request()
    assert PINNED.get() is before


@pytest.mark.parametrize("data", [7, {}, {"stages": {"s": "sideways"}, "key": None, "correlation_id": "a"}])
def test_stages_that_nobody_can_read_are_those_of_now(app: Any, data: Any) -> None:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "live"})
    migration.use("celery", app)
    seam = migration.seam("s", legacy=lambda: "legacy", candidate=lambda: "candidate")
    charge = app.tasks["shop.charge"]
    charge.push_request(headers={"changeover": data})
    try:
        signals.task_prerun.send(sender=charge, task_id="two", task=charge)
        assert seam() == "candidate"
        signals.task_postrun.send(sender=charge, task_id="two", task=charge)
    finally:
        charge.pop_request()


def test_a_task_that_runs_at_once_is_the_paths_own_work() -> None:
    app = app_in_memory(task_always_eager=True)
    bank: list[int] = []

    class Bank:
        def pay(self, cents: int) -> None:
            bank.append(cents)

    here = Bank()

    @app.task(name="shop.pay", shared=False)  # type: ignore[untyped-decorator]
    def pay(cents: int) -> int:
        here.pay(cents)
        return cents

    def run_with(cents: int) -> Run:
        runs: list[Run] = []
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
        migration.port("bank", here, effects={"pay": None})
        migration.use("celery", app)
        seam = migration.seam(
            "s", legacy=lambda n: pay.delay(n).get(), candidate=lambda _: pay.delay(cents).get()
        )
        assert seam(5) == 5
        return runs[-1]

    run = run_with(5)
    assert (run.verdict, bank) == ("match", [5]), run.reason or run.divergences
    assert run.legacy is not None
    assert [(one.port, one.method) for one in run.legacy.effects] == [("bank", "pay")]
    assert (run_with(6).verdict, bank) == ("unsafe", [5, 5])
    app.close()


def test_telling_workers_something_is_an_effect(app: Any) -> None:
    def revoke(name: str) -> None:
        app.control.revoke(name)

    assert run_of(app, lambda: revoke("a"), lambda: revoke("a"))[1].verdict == "match"
    assert run_of(app, lambda: revoke("a"), lambda: revoke("b"))[1].verdict == "unsafe"


def test_a_task_has_the_stages_of_the_run_that_sent_it(app: Any) -> None:
    stages = {"CHANGEOVER_STAGE_S": "shadow", "CHANGEOVER_STAGE_TASK": "live"}
    runs: list[Run] = []
    migration = Migration(environment=stages, sink=runs.append)
    migration.use("celery", app)
    seen: list[tuple[str, Any]] = []
    inner = migration.seam("task", legacy=lambda: "legacy", candidate=lambda: "candidate")

    @app.task(name="shop.inner", bind=True, shared=False)  # type: ignore[untyped-decorator]
    def work(self: Any) -> str:
        seen.append((migration.pinned().correlation_id, self.request.headers))
        return inner()

    outer = migration.seam("s", legacy=lambda: work.delay().id, candidate=lambda: work.delay().id)
    task_id = outer()
    stages["CHANGEOVER_STAGE_TASK"] = "off"
    migration.look_again()
    with worker(app):
        assert taken(app.AsyncResult(task_id)) == "candidate"
        assert taken(work.delay()) == "legacy"
    of_outer = next(run for run in runs if run.seam == "s")
    assert seen[0][0] == of_outer.correlation_id
    assert "changeover" not in (seen[1][1] or {})


def test_stages_stay_at_home_where_that_is_said(app: Any) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("celery", app, carries_stages=False)
    headers: list[Any] = []

    def heard(headers: Any = None, **_: Any) -> None:
        seen.append(headers)

    seen = headers
    signals.before_task_publish.connect(heard)
    charge = app.tasks["shop.charge"]
    migration.seam("s", legacy=lambda: charge.delay(1).id, candidate=lambda: charge.delay(1).id)()
    signals.before_task_publish.disconnect(heard)
    assert ["changeover" in one for one in headers] == [False]


@pytest.mark.parametrize("packs", [("celery",), ("celery", "redis")], ids="+".join)
def test_subscribing_to_results_in_redis_is_no_work_of_the_path(packs: tuple[str, ...]) -> None:
    """Celery tells the store so when it sends, when a group is sent, and when a result is held by nobody."""
    try:
        redis.Redis(socket_connect_timeout=1).ping()
    except redis.ConnectionError as error:
        pytest.skip(f"no Redis answers on this machine: {error}")
    app = app_in_memory(result_backend="redis://127.0.0.1:6379/15")
    charge = app.tasks["shop.charge"]

    def sends(_: int) -> str:
        charge.delay(1)
        group(charge.s(2), charge.s(3)).apply_async()
        chain(charge.s(4), charge.s()).apply_async()
        return "sent"

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    for pack in packs:
        migration.use(pack)
    migration.seam("s", legacy=sends, candidate=lambda n: sends(n))(1)
    app.close()
    assert runs[0].verdict == "match", runs[0].reason or runs[0].divergences


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_a_bound_task_is_a_seam_and_has_its_task_on_both_sides(app: Any, stage: str) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_WORK": stage}, sink=runs.append)
    migration.use("celery", app)
    charge = app.tasks["shop.charge"]

    @app.task(bind=True, shared=False)  # type: ignore[untyped-decorator]
    @migration.seam("work")
    def work(self: Any, order: int) -> str:
        charge.delay(order)
        return str(self.name)

    @work.run.candidate  # type: ignore[untyped-decorator]
    def by_events(self: Any, order: int) -> str:
        charge.apply_async((order,))
        return str(self.name)

    for order in (1, 2):
        assert work(order) == work.name
    assert [str(run.verdict) for run in runs] == ["match", "match"], [run.reason for run in runs]


def test_a_worker_that_ends_lets_its_runs_be_compared(app: Any) -> None:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": "shadow", "CHANGEOVER_MODE": "background"}
    migration = Migration(environment=environment, sink=runs.append)
    migration.use("celery", app)
    seam = migration.seam("s", legacy=lambda n: n, candidate=lambda n: n)
    for n in range(1, 21):
        seam(n)
    signals.worker_process_shutdown.send(sender=None, pid=0, exitcode=0)
    assert [str(run.verdict) for run in runs] == ["match"] * 20
    migration.close()


def test_what_is_no_app_is_refused() -> None:
    with pytest.raises(DeclarationError, match="app was"):
        Migration().use("celery", "shop")
