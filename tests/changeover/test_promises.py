"""Promises of `docs/promises.md`, and that each one names its tests; each was seen to fail without it."""

import copy
import decimal
import json
import random
import signal
from collections.abc import Callable
from contextvars import ContextVar
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover import Migration, Run
from changeover.rollout.flags_file import flags_content
from changeover.seam.judge import Judgement
from changeover.values.divergence import ABSENT
from changeover.values.stage import SEAM_STAGES, Setting, Stage
from changeover.values.verdict import Verdict
from tests.changeover.support.doc_pages import DOCS
from tests.changeover.support.named_tests import existing_tests, named_tests
from tests.changeover.support.small_trade import Trade

PROMISES = 9
MOOD: ContextVar[str] = ContextVar("mood", default="calm")


def raises(error: BaseException) -> Callable[..., Any]:
    def raising(*args: Any, **kwargs: Any) -> Any:
        raise error

    return raising


def shadowing(candidate: Callable[..., Any], legacy: Callable[..., Any], **options: Any) -> Any:
    options = {"environment": {"CHANGEOVER_STAGE_S": "shadow"}, "refresh_s": 0, **options}
    declared = {name: options.pop(name) for name in ("view", "tags", "key") if name in options}
    migration = Migration(**options)
    return migration, migration.seam("s", legacy=legacy, candidate=candidate, **declared)


def test_every_promise_names_tests_that_there_are() -> None:
    _, *promises = (DOCS / "promises.md").read_text("utf-8").split("\n## ")
    assert [int(text.partition(".")[0]) for text in promises] == [*range(1, PROMISES + 1)]
    assert [text for text in promises if not named_tests(text)] == []
    assert set().union(*map(named_tests, promises)) - existing_tests() == set()


class Exits(Exception):
    pass


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1), Exits(), RecursionError(), MemoryError()])
def test_nothing_that_the_shadowed_path_raises_reaches_the_caller(error: BaseException) -> None:
    answer = [1, 2]
    _, seam = shadowing(raises(error), lambda: answer)
    assert seam() is answer


@pytest.mark.parametrize(
    "broken",
    [
        {"judge": raises(SystemExit(2))},
        {"judge": lambda facts: None},
        {"sink": raises(SystemExit(3))},
        {"sink": raises(OSError("disk full"))},
        {"view": (raises(ValueError("view")), None)},
        {"view": (None, raises(ValueError("view")))},
        {"tags": raises(ValueError("tags"))},
        {"key": raises(ValueError("key"))},
        {"view": (raises(SystemExit(4)), None)},
        {"view": (None, raises(SystemExit(4)))},
        {"tags": raises(SystemExit(5))},
        {"key": raises(SystemExit(6))},
    ],
)
def test_nothing_that_the_toolkit_runs_beside_the_answer_reaches_the_caller(broken: dict[str, Any]) -> None:
    answer = {"total": 1}
    _, seam = shadowing(lambda given: answer, lambda given: answer, **broken)
    assert seam({"account": 1}) is answer


def test_the_caller_gets_the_very_exception_of_the_answering_path() -> None:
    error = KeyError("SPY")
    _, seam = shadowing(lambda: 1, raises(error))
    with pytest.raises(KeyError) as raised:
        seam()
    assert raised.value is error
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None


def test_an_interrupt_of_the_answering_path_is_not_kept_waiting_for_a_replay() -> None:
    called: list[int] = []
    migration, seam = shadowing(lambda: called.append(1), raises(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        seam()
    assert called == []
    assert migration.counts == {("s", "unpaired"): 1}


def test_an_interrupt_during_an_inline_replay_propagates() -> None:
    migration, seam = shadowing(lambda: signal.raise_signal(signal.SIGINT), lambda: 1)
    with pytest.raises(KeyboardInterrupt):
        seam()
    assert migration.counts == {("s", "unpaired"): 1}


def test_the_shadowed_path_cannot_change_what_the_caller_holds() -> None:
    def candidate(account: dict[str, Any]) -> Any:
        account["cash"] = 0
        account["positions"].clear()
        MOOD.set("angry")
        decimal.getcontext().prec = 3
        random.seed(1)
        return account

    decimal.getcontext().prec = 28
    random.seed(42)
    expected = random.Random(42).random()  # noqa: S311
    given_account = {"cash": 10, "positions": [1]}
    runs: list[Run] = []
    _, seam = shadowing(candidate, lambda account: account, sink=runs.append)
    assert seam(given_account) is given_account
    assert given_account == {"cash": 10, "positions": [1]}
    assert MOOD.get() == "calm"
    assert decimal.getcontext().prec == 28
    assert random.random() == expected  # noqa: S311
    assert {found.place: (found.legacy, found.candidate) for found in runs[0].divergences} == {
        "result.cash": (10, 0),
        "result.positions[0]": (1, ABSENT),
        "arguments.account.cash": (10, 0),
        "arguments.account.positions[0]": (1, ABSENT),
    }


def test_the_shadowed_path_sees_the_inputs_as_they_were_before_the_answering_path_changed_them() -> None:
    def path(account: dict[str, int]) -> int:
        account["cash"] += 1
        return account["cash"]

    runs: list[Run] = []
    _, seam = shadowing(path, path, sink=runs.append)
    account = {"cash": 1}
    assert seam(account) == 2
    assert account == {"cash": 2}
    assert runs[0].verdict == "match"
    assert runs[0].arguments == {"account": {"cash": 1}}


def test_the_shadowed_path_sees_the_context_in_which_the_answering_path_began() -> None:
    def legacy() -> tuple[str, Decimal]:
        seen = MOOD.get(), Decimal(1) / Decimal(3)
        MOOD.set("legacy was here")
        return seen

    def in_a_context() -> None:
        MOOD.set("keen")
        seam()

    runs: list[Run] = []
    _, seam = shadowing(legacy, legacy, sink=runs.append)
    import contextvars

    contextvars.copy_context().run(in_a_context)
    assert runs[0].verdict in ("match", "vacuous")
    assert not runs[0].divergences


def test_random_in_the_shadowed_path_is_the_same_in_every_replay_of_a_run() -> None:
    drawn: list[float] = []
    migration, seam = shadowing(lambda: drawn.append(random.random()), lambda: None)  # noqa: S311
    pins = migration.pinned()
    for _ in range(2):
        with migration.resume(pins):
            seam()
    assert drawn[0] == drawn[1]


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.decimals(allow_nan=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_recording_gives_the_path_the_same_objects(value: Any) -> None:
    class Source:
        def get(self, wanted: Any) -> Any:
            self.asked = wanted
            return value

    source = Source()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"})
    migration.port("source", source, reads={"get"})
    seen: list[Any] = []
    seam = migration.seam("s", legacy=lambda: seen.append(source.get(value)), candidate=lambda: None)
    before = copy.deepcopy(value)
    seam()
    assert seen[0] is value
    assert source.asked is value
    assert value == before


@pytest.mark.parametrize(
    "stage", [str(stage) for stage in SEAM_STAGES if stage is not Stage.RAMP] + ["ramp:50"]
)
def test_only_the_answering_path_performs_effects_in_every_stage(stage: str) -> None:
    trade = Trade(stage=stage)

    def path(name: str) -> Callable[[str], str]:
        def run(key: str) -> str:
            trade.broker.submit(f"{name}-{key}", "SPY", "SELL", 1)
            trade.mailbox.send(name, key)
            return name

        return run

    seam = trade.migration.seam(
        "trade", legacy=path("legacy"), candidate=path("candidate"), key=lambda key: key
    )
    answers = [seam(str(number)) for number in range(20)]
    assert [to for to, _ in trade.mailbox.sent] == answers
    assert [order.client_id for order in trade.broker.orders.values()] == [
        f"{answer}-{number}" for number, answer in enumerate(answers)
    ]


def test_effects_tried_by_a_shadowed_path_that_swallows_refusals_never_happen() -> None:
    def stubborn(trade: Trade) -> Any:
        for symbol in ("SPY", "TLT") * 10:
            try:
                trade.broker.submit("x", symbol, "BUY", 100)
            except Exception:  # noqa: BLE001, S112
                continue
        return None

    trade = Trade()
    assert trade.run(lambda trade: None, stubborn).verdict == "unsafe"
    assert trade.broker.orders == {}


def test_two_paths_that_did_not_see_the_same_are_not_called_equal() -> None:
    def blind(trade: Trade) -> Any:
        try:
            return trade.broker.quote("TLT")
        except Exception:  # noqa: BLE001
            return 90

    run = Trade().run(lambda trade: 90, blind)
    assert run.verdict == "failed"


def test_a_run_whose_inputs_cannot_be_copied_is_not_compared() -> None:
    called: list[int] = []
    migration, seam = shadowing(lambda rows: called.append(1), lambda rows: "answer")
    assert seam(row for row in [1]) == "answer"
    assert called == []
    assert migration.counts == {("s", "failed"): 1}


def test_a_run_whose_answer_cannot_be_copied_is_not_compared() -> None:
    migration, seam = shadowing(lambda: 1, lambda: iter_of_nothing)
    iter_of_nothing = (item for item in [1])
    assert seam() is iter_of_nothing
    assert migration.counts == {("s", "failed"): 1}


def test_unreadable_flags_move_nothing_forward(tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text('[migration]\nname = "m"\n[[phase]]\nname = "p"\nseams = ["s"]\n')
    flags = tmp_path / "flags.json"
    flags.write_text(json.dumps(flags_content({"p": Setting(Stage.SHADOW)}, revision=1)))
    migration = Migration.load(
        tmp_path, environment={}, refresh_s=0, judge=lambda facts: Judgement(Verdict.MATCH, ())
    )
    seam = migration.seam("s", legacy=lambda: "legacy", candidate=lambda: "candidate")
    assert seam() == "legacy"
    live = flags_content({"p": Setting(Stage.LIVE)}, revision=2)
    live["flags"]["p"]["defaultVariant"] = "complete"
    flags.write_text(json.dumps(live))
    assert seam() == "legacy"
    assert migration.stages().settings["p"].stage is Stage.SHADOW
    fresh_process = Migration.load(tmp_path, environment={}, refresh_s=0)
    assert fresh_process.stages().settings["p"].stage is Stage.OFF
