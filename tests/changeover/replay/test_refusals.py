"""What a replay refuses: how the path ends, what counts until then, and what never heads the list."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changeover import Migration, Raised, Run
from changeover.compare.clusters import Clusters, RunFound, reached_by
from changeover.compare.comparison import NOT_COMPARED
from changeover.values.divergence import Divergence, Kind


class Desk:
    """A world of reads and effects, which counts what was really done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def ask(self, name: str) -> str:
        return f"answer to {name}"

    def act(self, name: str, size: int = 1) -> None:
        self.done.append(name)

    def number(self, name: str) -> str:
        self.done.append(name)
        return f"number {len(self.done)}"


def by_name(name: str, size: int = 1) -> str:
    return name


class Outcome:
    def __init__(self, stage: str = "shadow") -> None:
        self.desk, self.runs = Desk(), list[Run]()
        environment = {"CHANGEOVER_STAGE_S": stage}
        self.migration = Migration(environment=environment, sink=self.runs.append, refresh_s=0)
        self.migration.port(
            "desk",
            self.desk,
            reads={"ask"},
            effects={"act": by_name, "number": by_name},
        )

    def of(self, legacy: Callable[[], Any], candidate: Callable[[], Any]) -> Run:
        seam = self.migration.seam("s", legacy=called(legacy), candidate=called(candidate))
        with suppress(RuntimeError):
            seam(1)
        return self.runs[-1]


Step = tuple[str, str]
STEPS = st.lists(st.tuples(st.sampled_from(["ask", "act"]), st.sampled_from("abcd")), max_size=6)


def walk(desk: Desk, steps: list[Step]) -> Any:
    for kind, name in steps:
        getattr(desk, kind)(name)
    return len(steps)


def called(path: Callable[[], Any]) -> Callable[[int], Any]:
    """A path that takes the input of the seam."""

    def with_input(n: int) -> Any:
        return path()

    return with_input


def clusters_of(run: Run) -> tuple[Any, ...]:
    clusters = Clusters()
    assert run.legacy is not None
    assert run.candidate is not None
    clusters.add(RunFound("case", run.seam, run.divergences, reached=reached_by(run.legacy, run.candidate)))
    return clusters.found


@settings(deadline=None, max_examples=200)
@given(
    before=STEPS,
    after=STEPS,
    skipped=st.integers(0, 5),
    odd=st.sampled_from([("act", "odd"), ("ask", "odd")]),
    stage=st.sampled_from(["shadow", "live"]),
)
def test_the_head_of_the_list_is_never_a_consequence(
    before: list[Step], after: list[Step], skipped: int, odd: Step, stage: str
) -> None:
    """One path does something odd in the middle, and may leave out one step before or after it."""
    outcome = Outcome(stage)
    plain = [*before, *after]
    other = [*before, odd, *after]
    left_out = plain[skipped] if skipped < len(plain) else None
    if left_out is not None:
        other.remove(left_out)
    paths = (lambda: walk(outcome.desk, plain), lambda: walk(outcome.desk, other))
    run = outcome.of(*(paths if stage == "shadow" else paths[::-1]))
    assert run.verdict in ("unsafe", "failed", "diverged")
    first, *_ = clusters_of(run)
    head: Divergence = first.first.divergence
    assert head.consequence_of is None
    named = {found.place for found in run.divergences if found.consequence_of is None}
    assert {found.consequence_of for found in run.divergences} - {None} <= named
    if left_out is None:
        assert run.verdict == ("unsafe" if odd[0] == "act" else "failed")


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_an_effect_left_out_before_a_missing_read_is_evidence_and_one_after_it_is_none(stage: str) -> None:
    plain = [("act", "a"), ("act", "b"), ("act", "c")]
    for other, expected in (
        ([("act", "b"), ("ask", "odd"), ("act", "c")], "unsafe"),
        ([("act", "a"), ("ask", "odd"), ("act", "c")], "failed"),
        ([("ask", "odd"), *plain], "failed"),
    ):
        outcome = Outcome(stage)
        one, two = partial(walk, outcome.desk, plain), partial(walk, outcome.desk, other)
        run = outcome.of(*((one, two) if stage == "shadow" else (two, one)))
        assert run.verdict == expected, other


def swallowed(call: Callable[[], Any]) -> None:
    for _ in range(3):
        with suppress(Exception):
            call()


def in_a_pool(call: Callable[[], Any]) -> None:
    with ThreadPoolExecutor(1) as pool:
        swallowed(lambda: pool.submit(call).result())


def in_a_loop(call: Callable[[], Any]) -> None:
    async def later() -> Any:
        return call()

    async def gathered() -> None:
        await asyncio.gather(later(), return_exceptions=True)

    swallowed(lambda: asyncio.run(gathered()))


@pytest.mark.parametrize("through", [swallowed, in_a_pool, in_a_loop])
@pytest.mark.parametrize("asked", ["ask", "number"])
def test_a_refusal_is_swallowed_by_no_handler_and_no_retry(
    through: Callable[[Callable[[], Any]], None], asked: str
) -> None:
    reached: list[str] = []
    outcome = Outcome()

    def candidate() -> str:
        outcome.desk.act("a")
        through(lambda: getattr(outcome.desk, asked)("odd"))
        outcome.desk.act("b")
        reached.append("the end")
        return "done"

    run = outcome.of(lambda: outcome.desk.act("a"), candidate)
    assert not reached
    assert run.verdict == ("failed" if asked == "ask" else "unsafe")
    assert outcome.desk.done == ["a"]
    assert "effects.desk.act[b]" not in {found.place for found in run.divergences}
    assert not any(found.place.startswith("error") for found in run.divergences)


def test_a_withheld_effect_gives_what_all_recorded_ones_gave() -> None:
    outcome = Outcome()

    def candidate() -> str:
        outcome.desk.act("odd")
        return "done"

    def legacy() -> str:
        outcome.desk.act("a")
        return "done"

    run = outcome.of(legacy, candidate)
    assert run.candidate is not None
    assert run.candidate.outcome.give() == "done"
    assert {found.kind for found in run.divergences} == {Kind.EFFECT_EXTRA, Kind.EFFECT_MISSING}


def test_a_withheld_effect_whose_answers_differ_ends_the_path() -> None:
    outcome = Outcome()

    def legacy() -> Any:
        return outcome.desk.number("a"), outcome.desk.number("b")

    run = outcome.of(legacy, lambda: (outcome.desk.number("odd"), outcome.desk.number("a")))
    assert run.verdict == "unsafe"
    assert outcome.desk.done == ["a", "b"]
    head = clusters_of(run)[0].first.divergence
    assert (head.kind, head.place) == (Kind.EFFECT_EXTRA, "effects.desk.number[odd]")


@pytest.mark.parametrize("kind", ["ask", "act"])
def test_the_candidates_own_exception_is_in_the_observation_and_never_ours(kind: str) -> None:
    outcome = Outcome()

    def candidate() -> None:
        outcome.desk.ask("a")
        raise ValueError("the candidate's own")

    def legacy() -> None:
        outcome.desk.ask("a")
        getattr(outcome.desk, kind)("b")

    run = outcome.of(legacy, candidate)
    assert run.candidate is not None
    assert isinstance(run.candidate.outcome, Raised)
    assert isinstance(run.candidate.outcome.error, ValueError)
    places = [found.place for found in run.divergences if found.kind not in NOT_COMPARED]
    assert "error" in places


def test_effects_that_commute_may_come_in_any_order() -> None:
    class Mail(Desk):
        pass

    def judged(order: str | None) -> Any:
        mail, runs = Mail(), list[Run]()
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
        migration.port("mail", mail, reads={"ask"}, effects={"act": by_name}, order=order)

        def path(names: str) -> Callable[[int], str]:
            def sends(n: int) -> str:
                for name in names:
                    mail.act(name)
                return mail.ask("count")

            return sends

        migration.seam("s", legacy=path("abc"), candidate=path("cab"))(1)
        return runs[0].verdict

    assert (judged(None), judged("any")) == ("unsafe", "match")
