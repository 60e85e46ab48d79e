"""Real trading processes that are killed at a stage, somebody who goes back, and the same command again.

`python -m trading trade` is killed (SIGKILL) before or after a commit of its journal or a call of its broker,
while the event-driven path answers (live, ramp, complete) or legacy does (shadow, off). Then all phases are
rolled back, or the kill switch is put, or nothing is done; and the command is given again, with --again where
it says that the session was traded already by a direct run, which nobody can resume. The account must end as
it does without a kill: no order twice, none lost, whichever path comes next.
"""

import argparse
import json
import os
import random
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

from changeover.rollout.flags_file import flags_content
from changeover.values.stage import Setting, Stage
from tests.programs import process
from tests.trading.support.command_files import write_command_files
from tests.trading.support.deaths import (
    SECOND,
    Moment,
    Outcome,
    Reaper,
    account_after_a_session,
    copied,
    outcome,
    trade,
)
from trading.composition import configure_logging
from trading.domain.order import OrderStatus
from trading.handlers.transitions import WorkflowState
from trading.run_guard import DIRECT_ENDED
from trading.screens.progress import show_progress

ROOT = Path(__file__).parents[2]
MIGRATION = ROOT / "migration"
PHASES = ("portfolio", "trading", "entry-points")
STAGES = {
    "live": Setting(Stage.LIVE),
    "ramp": Setting(Stage.RAMP, 99),
    "complete": Setting(Stage.COMPLETE),
    "shadow": Setting(Stage.SHADOW),
    "off": Setting(Stage.OFF),
}
THEN = ("rollback", "kill", "nothing")
REFUSED = 2
PATIENT_S = 60
"""A command that lasts longer hangs."""
OVER = (WorkflowState.COMPLETED, WorkflowState.FAILED, DIRECT_ENDED)
BROKER_CALLS = (
    *("account", "positions", "open_orders", "quote", "is_market_open", "submit_order", "get_order"),
    *("find_order", "cancel_order"),
)
COMMITS = ("append", "settle", "keep")


@dataclass(frozen=True)
class Round:
    """Killed at this moment of this stage, and what was done about it."""

    stage: str
    moment: Moment
    then: str

    def __str__(self) -> str:
        return f"{self.stage}, {self.moment}, then {self.then}"


@dataclass(frozen=True)
class Ended:
    """How a round ended. `again` says that the operator had to say --again, `problem` what is wrong."""

    killed: bool
    again: bool
    problem: str | None


class Rounds:
    """A scratch folder with an account that has traded once, and how the next session ends undisturbed."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._template = account_after_a_session(scratch / "template")
        write_command_files(scratch)
        whole = copied(self._template, scratch / "whole")
        assert trade(whole, SECOND) == "ended"
        self._read = copied(self._template, scratch / "read")  # who opens a database changes files beside it
        self.whole = outcome(whole, self._read)

    def moments(self, stage: str) -> list[Moment]:
        """Every moment of a session at this stage, counted in one that nobody disturbs."""
        folder = self._copy(f"whole-{stage}", stage)
        _expect(0, self._trade(folder, Moment("none", 0, done=False)))
        if wrong := _wrong(outcome(folder, self._read), self.whole):
            raise AssertionError(f"{stage}, undisturbed: {wrong}")
        counts = json.loads((folder / "counts.json").read_text())
        return [
            Moment(what, number, done)
            for what in ("commit", "call")
            for number in range(1, counts[what] + 1)
            for done in (False, True)
        ]

    def survive(self, one: Round) -> Ended:
        """Kill, go back, and give the command again."""
        folder = self._copy(f"account-{one}".replace(" ", "-").replace(",", ""), one.stage)
        died = self._trade(folder, one.moment)
        if died.returncode not in (0, -signal.SIGKILL):
            return Ended(False, False, f"{one}: ended with {died.returncode}: {died.stderr[-500:]}")
        self._go_back(folder, one.then)
        done = self._trade(folder)
        again = done.returncode == REFUSED and "already, by run-" in done.stderr
        if again:
            done = self._trade(folder, again=True)
        if done.returncode not in (0, REFUSED):
            return Ended(True, again, f"{one}: then ended with {done.returncode}: {done.stderr[-500:]}")
        wrong = _wrong(outcome(folder, self._read), self.whole)
        return Ended(died.returncode != 0, again, f"{one}: {wrong}" if wrong else None)

    def _copy(self, name: str, stage: str) -> Path:
        folder = copied(self._template, self._scratch / name)
        self._stand(folder, stage)
        return folder

    def _stand(self, folder: Path, stage: str) -> None:
        """The committed plan and rules, with every phase at this stage."""
        directory = folder / "migration"
        directory.mkdir(exist_ok=True)
        for name in ("phases.toml", "rules.toml"):
            (directory / name).write_bytes((MIGRATION / name).read_bytes())
        flags = flags_content(dict.fromkeys(PHASES, STAGES[stage]), revision=1)
        (directory / "flags.json").write_text(json.dumps(flags))

    def _go_back(self, folder: Path, then: str) -> None:
        commands = {"rollback": ["rollback", "--all"], "kill": ["kill", "--reason", "a process died"]}
        if then in commands:
            _expect(0, self._run(folder, ["-m", "changeover", *commands[then]]))

    def _trade(
        self, folder: Path, moment: Moment | None = None, *, again: bool = False
    ) -> subprocess.CompletedProcess[str]:
        command = ["trade", "--account", str(folder / "a.db"), "--at", SECOND.isoformat()]
        command += ["--settings", str(self._scratch / "settings.toml"), *(["--again"] if again else [])]
        if moment is None:
            return self._run(folder, ["-m", "trading", *command])
        when = "after" if moment.done else "before"
        asked = ["-m", "tests.sweeps.stage_kills", str(folder), moment.what, str(moment.number), when]
        return self._run(folder, [*asked, *command])

    def _run(self, folder: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER")}
        environment |= {"CHANGEOVER_DIR": str(folder / "migration"), "CHANGEOVER_STORE": "none"}
        loads = process.COMMAND if "changeover" in command else process.TRADING
        return process.run_python(
            command, loads=loads, cwd=ROOT, env=environment, text=True, timeout=PATIENT_S
        )


def _wrong(found: Outcome, expected: Outcome) -> str:
    """What is not as it is without a kill; empty where nothing is."""
    ours, theirs = _essence(found), _essence(expected)
    return "; ".join(
        f"{name} {ours[name]}, expected {theirs[name]}" for name in ours if ours[name] != theirs[name]
    )


def _essence(ended: Outcome) -> Mapping[str, object]:
    """What a direct run left open is cancelled, unfilled, before the session is traded anew."""
    return {
        "orders": [order for order in ended.orders if order[-1] != OrderStatus.CANCELLED.value],
        "names given twice": len(ended.orders) - ended.names,
        "holdings": ended.holdings,
        "cash": ended.cash,
        "problems of the books": ended.problems,
        "undelivered": ended.undelivered,
        "dead letters": ended.dead,
        "unfinished": [state for state in ended.states if state not in OVER],
    }


def _expect(code: int, done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode != code:
        raise AssertionError(f"{done.args[2:]}: ended with {done.returncode}: {done.stdout}{done.stderr}")


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where an account ended otherwise."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps stage-kills", description=__doc__)
    options.add_argument("--rounds", type=int, help="so many, drawn by the seed; all of them without")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args(arguments)
    configure_logging()
    with tempfile.TemporaryDirectory() as scratch:
        rounds = Rounds(Path(scratch))
        every = every_round(rounds)
        if chosen.rounds is not None:
            drawn = random.Random(chosen.seed)  # noqa: S311  (which moments are tried is no secret)
            every = drawn.sample(every, min(chosen.rounds, len(every)))
        with ThreadPoolExecutor(chosen.jobs) as pool:
            tried: Iterator[tuple[Round, Ended]] = zip(every, pool.map(rounds.survive, every), strict=True)
            ends = list(show_progress(tried, len(every), label=lambda done: str(done[0])))
    for stage in STAGES:
        ended = [end for one, end in ends if one.stage == stage]
        print(
            f"{stage:<9} {len(ended):>5,} rounds   {sum(end.killed for end in ended):>5,} killed   "
            f"{sum(end.again for end in ended):>5,} went on with --again"
        )
    print(f"orders        {len(rounds.whole.orders)} in each")
    wrong = [end.problem for _, end in ends if end.problem is not None]
    print(f"ended wrong   {len(wrong):,}")
    print("\n".join(wrong))
    return 1 if wrong else 0


def every_round(rounds: Rounds) -> list[Round]:
    """Every moment of every stage, and every way to go on."""
    return [
        Round(stage, moment, then) for stage in STAGES for moment in rounds.moments(stage) for then in THEN
    ]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _reap(cls: type, names: Sequence[str], what: str, reaper: Reaper) -> None:
    """Let every call of these methods be one of the reaper's moments."""
    for name in names:
        setattr(cls, name, _reaped(getattr(cls, name), what, reaper))


def _reaped(method: Any, what: str, reaper: Reaper) -> Any:
    @wraps(method)
    def reaped(*args: Any, **kwargs: Any) -> Any:
        reaper.before(what)
        try:
            return method(*args, **kwargs)
        finally:
            reaper.after(what)

    return reaped


def _trade_and_die(folder: Path, moment: Moment, command: Sequence[str]) -> None:
    """The real program, in which somebody pulls the plug; ports are instrumented over what is put in here."""
    from trading.broker.paper import PaperBroker
    from trading.events.journal.sqlite import SqliteJournal

    reaper = Reaper(moment if moment.number else None, _die)
    _reap(PaperBroker, BROKER_CALLS, "call", reaper)
    _reap(SqliteJournal, COMMITS, "commit", reaper)
    sys.argv = ["trading", *command]
    try:
        runpy.run_module("trading", run_name="__main__", alter_sys=True)
    finally:
        (folder / "counts.json").write_text(json.dumps(reaper.counts))


if __name__ == "__main__":
    _folder, _what, _number, _when, *_command = sys.argv[1:]
    _trade_and_die(Path(_folder), Moment(_what, int(_number), _when == "after"), _command)
