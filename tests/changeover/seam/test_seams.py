"""Seams: forms of declaration, methods, nesting, pins, fallback, sampling, views and invariants."""

import asyncio
import gc
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import ref

import pytest

from changeover import ConfigurationError, Migration, Observation, Pins, Run
from changeover.record.recorder import Recorder
from changeover.record.tape import Entry
from changeover.replay.replayer import Replay


def migration_at(stages: dict[str, str], **options: Any) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    environment = {f"CHANGEOVER_STAGE_{name.upper()}": stage for name, stage in stages.items()}
    return Migration(environment=environment, sink=runs.append, refresh_s=0, **options), runs


def test_a_decorated_function_keeps_its_name_and_signature() -> None:
    migration, runs = migration_at({"plan": "shadow"})

    @migration.seam("plan")
    def plan(account: int, *, dust: int = 1) -> int:
        """Plan."""
        return account - dust

    @plan.candidate
    def _(account: int, *, dust: int = 1) -> int:
        return account - dust - 1

    import inspect

    assert plan(5) == 4
    assert plan.__name__ == "plan"  # type: ignore[attr-defined]
    assert list(inspect.signature(plan).parameters) == ["account", "dust"]
    assert runs[0].arguments == {"account": 5, "dust": 1}
    assert [(found.place, found.legacy, found.candidate) for found in runs[0].divergences] == [
        ("result", 4, 3)
    ]


def test_values_stand_legacy_first_whichever_path_answered() -> None:
    migration, runs = migration_at({"plan": "live"})
    plan = migration.seam("plan", legacy=lambda given: "old", candidate=lambda given: "new")
    assert plan(1) == "new"
    assert [(found.legacy, found.candidate) for found in runs[0].divergences] == [("old", "new")]


class Desk:
    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.Lock()

    def trade(self, quantity: int) -> str:
        return f"{self.name} sells {quantity}"


def test_a_replayed_method_has_a_copy_of_its_object_which_is_no_argument() -> None:
    migration, runs = migration_at({"desk": "shadow"})
    seen: list[Desk] = []

    def candidate(self: Desk, quantity: int) -> str:
        seen.append(self)
        return f"{self.name} sells {quantity}"

    class Trading(Desk):
        trade = migration.seam("desk")(Desk.trade)
        trade.candidate(candidate)

    desk = Trading("north")
    assert desk.trade(5) == "north sells 5"
    assert [type(one) for one in seen] == [Trading]
    assert seen[0] is not desk
    assert runs[0].arguments == {"quantity": 5}
    assert runs[0].verdict == "match"


def test_generators_are_refused_where_they_are_declared() -> None:
    migration, _ = migration_at({})

    def stream() -> Iterator[int]:
        yield 1

    with pytest.raises(ConfigurationError, match="a call has one answer"):
        migration.seam("plan", legacy=stream)
    with pytest.raises(ConfigurationError, match="a call has one answer"):
        migration.seam("plan")(stream)


@pytest.mark.parametrize("name", ["", "Plan", "a b", "a..b", "../x"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="is no name of a seam"):
        Migration(environment={}).seam(name, legacy=lambda: 1)


def test_complete_never_calls_legacy() -> None:
    migration, runs = migration_at({"plan": "complete"})

    def legacy() -> str:
        raise AssertionError("legacy was called")

    assert migration.seam("plan", legacy=legacy, candidate=lambda: "new")() == "new"
    assert runs == []


def test_a_seam_without_candidate_lets_legacy_answer_and_says_so() -> None:
    migration, runs = migration_at({"plan": "live"})
    assert migration.seam("plan", legacy=lambda: "old")() == "old"
    assert migration.problems == ("seam 'plan' has no candidate path: legacy answers",)
    assert runs == []


def test_a_flip_in_the_middle_of_a_run_changes_nothing_for_it() -> None:
    environment = {"CHANGEOVER_STAGE_INNER": "off"}
    migration = Migration(environment=environment, refresh_s=0)
    inner = migration.seam("inner", legacy=lambda: "legacy", candidate=lambda: "candidate")

    def outer() -> list[str]:
        first = inner()
        environment["CHANGEOVER_STAGE_INNER"] = "complete"
        return [first, inner()]

    seam = migration.seam("outer", legacy=outer, candidate=outer)
    assert seam() == ["legacy", "legacy"]
    assert inner() == "candidate"


def test_pins_travel_to_threads_and_through_messages() -> None:
    environment = {"CHANGEOVER_STAGE_INNER": "complete"}
    migration = Migration(environment=environment, refresh_s=0)
    inner = migration.seam("inner", legacy=lambda: "legacy", candidate=lambda: "candidate")
    pins = migration.pinned()
    message = pins.to_data()
    environment["CHANGEOVER_STAGE_INNER"] = "off"
    answers: list[str] = []

    def later() -> None:
        with migration.resume(Pins.from_data(message)) as resumed:
            answers.extend([inner(), resumed.correlation_id])

    thread = threading.Thread(target=later)
    thread.start()
    thread.join()
    assert answers == ["candidate", pins.correlation_id]
    assert inner() == "legacy"


def test_one_run_has_one_key_and_one_correlation_id() -> None:
    migration, runs = migration_at({"outer": "shadow", "inner": "shadow"})
    inner = migration.seam("inner", legacy=lambda n: n, candidate=lambda n: n, key=lambda n: "inner key")
    outer = migration.seam("outer", legacy=lambda n: inner(n), candidate=lambda n: inner(n), key=lambda n: n)
    outer("account-7")
    assert [run.seam for run in runs] == ["inner", "outer"]
    assert {run.key for run in runs} == {"account-7"}
    assert len({run.correlation_id for run in runs}) == 1


def test_inner_seams_are_replayed_after_the_outermost_answered_and_compare_nothing_in_a_replay() -> None:
    order: list[str] = []
    migration, runs = migration_at({"outer": "shadow", "inner": "live"})

    def said(word: str) -> Callable[[int], str]:
        def path(given: int) -> str:
            order.append(word)
            return "same"

        return path

    inner = migration.seam("inner", legacy=said("inner legacy"), candidate=said("inner candidate"))

    def outer_legacy(given: int) -> str:
        answer = inner(given)
        order.append("outer answered")
        return answer

    outer = migration.seam("outer", legacy=outer_legacy, candidate=lambda given: inner(given))
    assert outer(1) == "same"
    assert order == ["inner candidate", "outer answered", "inner legacy", "inner candidate"]
    assert [(run.seam, run.verdict) for run in runs] == [("inner", "match"), ("outer", "match")]


def test_calls_inside_an_inner_seam_stand_on_both_tapes() -> None:
    class Source:
        def get(self) -> int:
            return 1

    source = Source()
    migration, runs = migration_at({"outer": "shadow", "inner": "shadow"})
    migration.port("source", source, reads={"get"})
    inner = migration.seam("inner", legacy=lambda: source.get(), candidate=lambda: source.get())
    outer = migration.seam(
        "outer", legacy=lambda: inner() + source.get(), candidate=lambda: inner() + source.get()
    )
    assert outer() == 2
    assert {run.seam: len(run.tape) for run in runs} == {"inner": 1, "outer": 2}
    assert {run.verdict for run in runs} == {"match"}


class Mail:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)


@pytest.mark.parametrize("attempts", [False, True])
def test_fallback_lets_legacy_answer_only_before_an_effect_was_attempted(attempts: bool) -> None:
    mail = Mail()
    migration, runs = migration_at({"plan": "live"})
    migration.port("mail", mail, effects={"send"})

    def candidate(given: int) -> str:
        if attempts:
            mail.send("new")
        raise ValueError("candidate gave up")

    plan = migration.seam("plan", legacy=lambda given: "old", candidate=candidate, fallback=True)
    if attempts:
        with pytest.raises(ValueError, match="gave up"):
            plan(1)
        assert mail.sent == ["new"]
    else:
        assert plan(1) == "old"
        assert runs[0].fell_back
        assert [str(found.kind) for found in runs[0].divergences] == ["error-one-side"]
    assert len(runs) == 1


def test_sampled_out_runs_are_answered_as_before_and_counted() -> None:
    migration, runs = migration_at({"plan": "shadow"}, sample=0.0)
    called: list[int] = []
    plan = migration.seam("plan", legacy=lambda n: n, candidate=called.append)
    assert plan(1) == 1
    assert called == []
    assert [(run.verdict, run.reason) for run in runs] == [("unpaired", "sampled out")]


def test_views_say_what_is_compared() -> None:
    migration, runs = migration_at({"plan": "shadow"})
    plan = migration.seam(
        "plan",
        legacy=lambda n: {"total": n, "when": 1},
        candidate=lambda n: (n, "later"),
        view=(lambda answer: {"total": answer["total"]}, lambda answer: {"total": answer[0]}),
    )
    assert plan(3) == {"total": 3, "when": 1}
    assert runs[0].verdict == "match"


def test_invariants_are_checked_on_both_paths() -> None:
    migration, runs = migration_at({"plan": "shadow"})
    plan = migration.seam("plan", legacy=lambda n: n, candidate=lambda n: n)

    @migration.invariant("plan")
    def is_positive(seen: Observation) -> bool:
        positive: bool = seen.outcome.give() > 0
        return positive

    plan(1)
    plan(-1)
    assert [run.verdict for run in runs] == ["match", "diverged"]
    assert [str(found.kind) for found in runs[1].divergences] == ["invariant-broken"]


def test_tags_are_kept_with_the_run() -> None:
    migration, runs = migration_at({"plan": "shadow"})
    plan = migration.seam(
        "plan", legacy=len, candidate=len, tags=lambda items: ["empty"] if not items else []
    )
    plan([])
    assert runs[0].tags == ("empty",)


def test_the_world_digest_is_the_same_for_the_same_inputs_and_answers() -> None:
    migration, runs = migration_at({"plan": "shadow"})
    plan = migration.seam("plan", legacy=lambda items: len(items), candidate=lambda items: len(items))
    plan([1, 2])
    plan([1, 2])
    plan([2, 1])
    assert runs[0].world == runs[1].world != runs[2].world


def test_an_async_candidate_of_a_sync_seam_runs_on_a_loop_of_its_own() -> None:
    async def candidate(n: int) -> int:
        await asyncio.sleep(0)
        return n

    migration, runs = migration_at({"plan": "shadow", "other": "complete"})
    plan = migration.seam("plan", legacy=lambda n: n, candidate=candidate)
    other = migration.seam("other", legacy=lambda n: n, candidate=candidate)

    async def under_a_loop() -> tuple[int, int]:
        return plan(2), other(3)

    assert plan(1) == 1
    assert other(1) == 1
    assert asyncio.run(under_a_loop()) == (2, 3)
    assert [run.verdict for run in runs] == ["match", "match"]


@pytest.mark.parametrize("stage", ["off", "shadow", "live", "complete"])
@pytest.mark.parametrize("candidate_is_async", [True, False])
def test_a_seam_has_the_colour_of_legacy(stage: str, candidate_is_async: bool) -> None:
    async def path(n: int) -> int:
        await asyncio.sleep(0)
        return n

    def sync_path(n: int) -> int:
        return n

    migration, runs = migration_at({"plan": stage})
    plan = migration.seam("plan", legacy=path, candidate=path if candidate_is_async else sync_path)
    assert asyncio.iscoroutinefunction(plan) or stage
    assert asyncio.run(plan(4)) == 4
    assert [run.verdict for run in runs] == (["match"] if stage in ("shadow", "live") else [])


def test_cancelling_the_caller_of_an_async_seam_cancels_the_replay() -> None:
    async def hangs() -> str:
        await asyncio.sleep(3600)
        return "never"

    async def answers() -> str:
        return "answer"

    migration, _ = migration_at({"plan": "shadow"})
    plan = migration.seam("plan", legacy=answers, candidate=hangs)

    async def impatient() -> None:
        await asyncio.wait_for(plan(), 0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(impatient())


def test_an_async_candidate_that_cancels_itself_or_exits_is_contained() -> None:
    async def cancels() -> str:
        raise asyncio.CancelledError

    async def exits() -> str:
        raise SystemExit(1)

    async def answers() -> str:
        return "answer"

    migration, runs = migration_at({"one": "shadow", "two": "shadow"})
    one = migration.seam("one", legacy=answers, candidate=cancels)
    two = migration.seam("two", legacy=answers, candidate=exits)
    assert asyncio.run(one()) == asyncio.run(two()) == "answer"
    assert [str(run.divergences[0].kind) for run in runs] == ["error-one-side"] * 2


def test_a_pool_without_any_run_is_left_alone() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: 5).result() == 5


def test_importing_the_toolkit_is_cheap() -> None:
    code = (
        "import sys; from changeover import Migration; m = Migration(); m.seam('s', legacy=lambda: 1)();"
        "heavy = ('deepdiff', 'numpy', 'pydantic', 'asyncio', 'rich', 'structlog');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_public_is_sorted_and_there() -> None:
    import changeover

    assert changeover.__all__ == sorted(changeover.__all__)
    for name in changeover.__all__:
        assert getattr(changeover, name) is not None


def module_level(given: str) -> str:
    return given.upper()


class Holds:
    @staticmethod
    def method(given: str) -> str:
        return given.upper()


@pytest.mark.parametrize("legacy", [module_level, Holds.method])
@pytest.mark.parametrize("stage", ["off", "shadow", "complete"])
def test_a_seam_beside_its_function_goes_to_another_process_by_name(legacy: Any, stage: str) -> None:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0)
    seam: Any = migration.seam("s", legacy=legacy, candidate=lambda given: given.upper())
    assert pickle.loads(pickle.dumps(seam)) is seam  # noqa: S301  made here
    assert pickle.loads(pickle.dumps(legacy)) is legacy  # noqa: S301  made here
    assert seam("a") == "A"


@pytest.mark.parametrize(
    ("stage", "levels"), [("off", 300), ("complete", 300), ("shadow", 100), ("live", 100)]
)
def test_a_seam_that_calls_itself_answers_as_deep_as_the_stack_allows(stage: str, levels: int) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)

    def walk(level: int) -> int:
        return 0 if level == 0 else 1 + seam(level - 1)

    seam: Any = migration.seam("s", legacy=walk, candidate=walk)
    assert seam(levels) == levels
    assert {str(run.verdict) for run in runs} <= {"match", "failed"}
    reasons = {run.reason for run in runs if run.reason}
    assert reasons <= {"limit reached: more than 50 seams inside each other"}
    assert bool(reasons) == bool(runs)


def test_a_judged_run_leaves_nothing_that_waits_for_the_garbage_collector() -> None:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=lambda run: None)
    migration.port("port", Market, reads={"price"})
    market = Market()
    inner = migration.seam("inner", legacy=market.price, candidate=market.price)
    seam = migration.seam("s", legacy=inner, candidate=market.price)

    class Question:
        """It can be waited for."""

    def left_of_a_run() -> Question | None:
        question = Question()
        left = ref(question)
        seam(question)
        del question
        return left()

    left_of_a_run()  # what is made at the first run stays
    gc.collect()
    gc.disable()
    try:
        before = parts_of_runs()
        assert left_of_a_run() is None
        for _ in range(10):
            seam("SPY")
        assert parts_of_runs() <= before
    finally:
        gc.enable()


def parts_of_runs() -> int:
    """How much there is of runs, those of other tests too; no object is asked for its class."""
    return sum(type(one) in (Entry, Recorder, Replay) for one in gc.get_objects())


class Market:
    def price(self, question: Any) -> int:
        return 1
