"""Processes that flip at the same time, are killed, and read while others write. POSIX only: they fork."""

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import cause_of, entries_of, read_lines
from changeover.rollout.migration_files import stages_of
from changeover.rollout.move import MovedMeanwhileError, plan_rollback, roll_back
from changeover.rollout.verify import repair
from changeover.values.stage import Setting
from tests.changeover.support.migration_folder import (
    NOW,
    STEPS,
    TIMES,
    Desk,
    Dying,
    FullDisk,
    desk_in,
    setting,
)

PROCESSES = 8
LONGEST_LIFE_S = 0.05
_CYCLE = ("off", "shadow")
_forking: Any = multiprocessing.get_context("fork") if hasattr(os, "fork") else None


@dataclass
class Figures:
    """What was counted, and what was not as it must be."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def demand(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.wrong.append(otherwise)


def _in_child(act: Callable[[], None]) -> int:
    """Fork; the child does this and ends. The parent must have one thread only."""
    child = os.fork()
    if child:
        return child
    try:
        act()
        os._exit(0)
    except BaseException:  # noqa: BLE001  a forked child must not go on as its parent
        os._exit(1)


def race(folder: Path, rounds: int) -> Figures:
    """In each round every process flips the same phase on the same revision."""
    figures = Figures()
    desk_in(folder)
    barrier = _forking.Barrier(PROCESSES)
    wins = _forking.Array("i", rounds)
    losses = _forking.Array("i", rounds)
    racers = [
        _forking.Process(target=_racer, args=(folder, barrier, rounds, wins, losses, number))
        for number in range(PROCESSES)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    desk = desk_in(folder)
    entries = entries_of(read_lines(desk.place.history))
    figures.counts.update(rounds=rounds, winners=sum(wins), refused=sum(losses), lines=len(entries))
    figures.demand(all(racer.exitcode == 0 for racer in racers), "a process failed")
    figures.demand(list(wins) == [1] * rounds, "a round without exactly one winner")
    figures.demand(list(losses) == [PROCESSES - 1] * rounds, "a loser was not told that another moved first")
    figures.demand([one.revision for one in entries] == [*range(1, rounds + 1)], "a revision is not one more")
    figures.demand(desk.flags_state().revision == rounds, "the flags are not at the last revision")
    figures.demand(desk.agreement().agrees, "flags and history do not agree")
    return figures


def _racer(folder: Path, barrier: Any, rounds: int, wins: Any, losses: Any, number: int) -> None:
    try:
        _race(desk_in(folder), barrier, rounds, wins, losses, number)
    except BaseException:
        barrier.abort()  # the others must not wait for one that failed
        raise


def _race(desk: Desk, barrier: Any, rounds: int, wins: Any, losses: Any, number: int) -> None:
    for at in range(rounds):
        barrier.wait()
        try:
            desk.move(
                "portfolio", _CYCLE[at % 2], _CYCLE[1 - at % 2], expected_revision=at, who=f"racer {number}"
            )
        except MovedMeanwhileError:
            with losses.get_lock():
                losses[at] += 1
        else:
            with wins.get_lock():
                wins[at] += 1


def deaths(folder: Path, kills: int, drawn: random.Random) -> Figures:
    """A process flips without end and is killed: at a chosen step of a move, or whenever it happens to be."""
    figures = Figures()
    desk = desk_in(folder)
    desk.walk("portfolio", "off", "shadow")
    for number in range(kills):
        revision = desk.flags_state().revision
        chosen = number % 2 == 0
        step, moment = drawn.choice(STEPS[:3]), drawn.choice(TIMES)
        files = Dying(step, moment) if chosen else None
        child = _in_child(lambda files=files: _flip_for_ever(desk_in(folder, files)))  # type: ignore[misc]
        if not chosen or (step, moment) == ("replace", "half"):
            time.sleep(drawn.uniform(0, LONGEST_LIFE_S))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        figures.demand(os.WTERMSIG(status) == signal.SIGKILL, f"kill {number}: the process ended by itself")
        _check_after_death(desk, revision, f"kill {number} ({step} {moment}, {chosen=})", figures)
    figures.counts["kills"] = kills
    figures.counts["revisions"] = desk.flags_state().revision
    return figures


def _flip_for_ever(desk: Desk) -> None:
    while True:
        now = desk.stages()["portfolio"]
        desk.move("portfolio", now, _CYCLE[1 - _CYCLE.index(now)])


def _check_after_death(desk: Desk, revision: int, name: str, figures: Figures) -> None:
    flags_state, lines = desk.flags_state(), read_lines(desk.place.history)
    figures.demand(flags_state.problem is None, f"{name}: {flags_state.problem}")
    figures.demand(flags_state.revision >= revision, f"{name}: the revision went back")
    figures.demand(desk.stages()["portfolio"] in _CYCLE, f"{name}: another stage")
    whole = lines[-1].entry is not None and lines[-1].entry.after == flags_state.digest
    agrees = desk.agreement().agrees
    figures.demand(agrees == whole, f"{name}: verify says {agrees}, the last line says {whole}")
    figures.counts["agreed" if agrees else "disagreed"] += 1
    if not agrees:
        repair(desk.place, stages_of(desk.plan), "ben", NOW)
        figures.demand(desk.agreement().agrees, f"{name}: the repair does not help")


def reading(folder: Path, reads: int, *, full_disk: bool = False) -> Figures:
    """Read while another process flips; on a full disk it writes over the old flags where they lie."""
    figures = Figures()
    desk = desk_in(folder)
    desk.walk("portfolio", "off", "shadow", "live")
    desk.walk("trading", "off", "shadow", "live")
    writer = _in_child(lambda: _go_back_and_forth(folder) if full_disk else _flip_for_ever_from_live(desk))
    revisions = set()
    last = 0
    try:
        for _ in range(reads):
            found = desk.flags_state()
            if found.problem is not None:
                figures.counts["refused"] += 1
                continue
            revisions.add(found.revision)
            figures.demand(found.revision >= last, f"revision {found.revision} after {last}")
            figures.demand(str(found.settings["portfolio"]) in ("live", *_CYCLE), f"{found.settings}")
            last = found.revision
    finally:
        with suppress(ProcessLookupError):
            os.kill(writer, signal.SIGKILL)
        _, status = os.waitpid(writer, 0)
    figures.demand(os.WTERMSIG(status) == signal.SIGKILL, "the writer ended by itself")
    figures.counts.update(reads=reads, revisions=len(revisions))
    if not full_disk:
        figures.demand(figures.counts["refused"] == 0, f"{figures.counts['refused']} torn reads")
    figures.demand(len(revisions) > 1, "nobody wrote beside the reader")
    return figures


def _flip_for_ever_from_live(desk: Desk) -> None:
    desk.move("portfolio", "live", "shadow")
    _flip_for_ever(desk)


def _go_back_and_forth(folder: Path) -> None:
    full, roomy = desk_in(folder, FullDisk()), desk_in(folder)
    cause = cause_of("rollback", "anna", "a test", NOW)
    quiet_place = replace(full.place, warn=lambda _: None)
    while True:
        stages = stages_of(full.plan)
        for phase, to in (("trading", "shadow"), ("portfolio", "off"), ("trading", "off")):
            asked: dict[str, Setting | None] = {phase: setting(to)}
            flags_state, lines = read_flags(quiet_place.flags, stages), read_lines(quiet_place.history)
            roll_back(quiet_place, stages, plan_rollback(flags_state, lines, stages, asked), cause)
        roomy.walk("portfolio", "off", "shadow", "live")
        roomy.walk("trading", "off", "shadow", "live")
