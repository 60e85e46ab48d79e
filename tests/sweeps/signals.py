"""Processes that are told to stop at random moments while they answer, replay, compare and keep evidence.

Each round starts a program whose seam is compared inline, sends it a signal after a moment that is drawn, and
sees how it ends: with the code that its own handler asks for, every time, and never as if nothing had been. A
last kind of round strikes one process again and again with time limits, which it catches, and looks whether
everything is as it was after each.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ENDED, LEFT_OVER = 41, 13
PLAN = '[migration]\nname = "m"\ncode = ["json"]\n[[phase]]\nname = "p"\nseams = ["s"]\n'
PROGRAM = """
import asyncio, faulthandler, os, random, signal, sys, time
faulthandler.register(signal.SIGUSR1)
from pathlib import Path
from changeover import Migration
from changeover.record.context import SESSION
from changeover.values.pins import PINNED

KIND, FOLDER, IS_ASYNC = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "async"
os.environ["CHANGEOVER_STAGE_P"] = "shadow"


class Client:
    def read(self, number):
        return number

    def send(self, number):
        return number


class Limit(Exception):
    pass


client = Client()
migration = Migration.load(FOLDER, refresh_s=0.001, mode="inline")
migration.port("client", client, reads={"read"}, effects={"send"})


def legacy(number):
    return client.send(client.read(number))


def candidate(number):
    try:
        for _ in range(50):
            number + 1
        return client.send(client.read(number))
    except BaseException:
        return number


async def legacy_async(number):
    await asyncio.sleep(0)
    return legacy(number)


async def candidate_async(number):
    await asyncio.sleep(0)
    return candidate(number)


paths = (legacy_async, candidate_async) if IS_ASYNC else (legacy, candidate)
seam = migration.seam("s", legacy=paths[0], candidate=paths[1])


def end(number, frame):
    sys.exit(41)


def limit(number, frame):
    raise Limit


def state():
    signals = [signal.getsignal(one) for one in signal.valid_signals()]
    return {
        "signals": signals,
        "session": SESSION.get(),
        "pins": PINNED.get(),
        "random": random.getstate(),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "streams": (sys.stdout, sys.stderr),
    }


async def for_ever():
    while True:
        await seam(7)


def struck(rounds):
    signal.signal(signal.SIGALRM, limit)
    seam(7)
    drawn, before, strikes = random.Random(rounds), state(), 0
    until = time.monotonic() + 60
    while strikes < rounds and time.monotonic() < until:
        try:
            try:
                signal.setitimer(signal.ITIMER_REAL, drawn.uniform(0.00005, 0.003))
                for _ in range(50):
                    seam(7)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except Limit:
            strikes += 1
        now = state()
        if now != before:
            print({name: repr(now[name])[:200] for name in now if now[name] != before[name]}, flush=True)
            os._exit(13)
    seam(7)
    compared = migration.counts["s", "match"]
    seam(7)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    print(strikes)
    os._exit(0 if migration.counts["s", "match"] == compared + 1 else 13)


if KIND == "limits":
    struck(int(sys.argv[4]))
if KIND == "exit":
    signal.signal(signal.SIGTERM, end)
if KIND == "interrupt":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
if KIND == "loop":
    async def main():
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
        print("ready", flush=True)
        try:
            await for_ever()
        except asyncio.CancelledError:
            sys.exit(41)
    asyncio.run(main())
seam(7) if not IS_ASYNC else asyncio.run(seam(7))
try:
    print("ready", flush=True)
    if IS_ASYNC:
        asyncio.run(for_ever())
    while True:
        seam(7)
except KeyboardInterrupt:
    sys.exit(41)
"""
KINDS = {
    ("exit", "sync"): ENDED,
    ("exit", "async"): ENDED,
    ("interrupt", "sync"): ENDED,
    ("keyboard", "sync"): ENDED,
    ("keyboard", "async"): ENDED,
    ("default", "sync"): -signal.SIGTERM,
    ("loop", "async"): ENDED,
}
HANGS_S = 10.0
NEVER_SCHEDULED = "in _cancel_all_tasks"
"""Where asyncio waits for ever: a task is not scheduled where a handler raises just before that."""
ASYNCIO = "asyncio itself lost the stop"
BARE = """
import asyncio, signal, sys

def end(number, frame):
    sys.exit(41)

async def for_ever():
    while True:
        await asyncio.sleep(0)
        for _ in range(200):
            pass

signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
asyncio.run(for_ever())
"""
"""The same without the toolkit, for how often asyncio does that."""


def ended(folder: Path, kind: str, manner: str, after_s: float) -> int | str:
    """The code with which a process ended that was told to stop so long after it was ready."""
    command = [sys.executable, str(folder / "program.py"), kind, str(folder / "migration"), manner]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(signal.SIGINT if kind == "keyboard" else signal.SIGTERM)
        try:
            _, said = process.communicate(timeout=HANGS_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.5)
            process.kill()
            where = process.communicate()[1]
            return ASYNCIO if NEVER_SCHEDULED in where else f"it went on: {where[-800:]}"
    return process.returncode if process.returncode in (ENDED, -signal.SIGTERM) else said[-800:]


def lost_by_asyncio(rounds: int, drawn: random.Random) -> int:
    """How many of so many programs without the toolkit go on: asyncio has lost what their handler raised."""
    lost = 0
    for _ in range(rounds):
        with subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(drawn.uniform(0.0, 0.03))
            process.terminate()
            try:
                process.wait(HANGS_S / 3)
            except subprocess.TimeoutExpired:
                lost += 1
                process.kill()
    return lost


def limited(folder: Path, strikes: int) -> str:
    """What is wrong after so many time limits in one process, empty where nothing is."""
    command = [sys.executable, str(folder / "program.py"), "limits", str(folder / "migration"), "sync"]
    done = subprocess.run([*command, str(strikes)], capture_output=True, text=True, timeout=120, check=False)
    return "" if done.returncode == 0 else f"{done.returncode}: {(done.stdout + done.stderr)[-800:]}"


def project_in(folder: Path) -> Path:
    """A folder with a program and its migration."""
    (folder / "migration").mkdir()
    (folder / "migration" / "phases.toml").write_text(PLAN)
    (folder / "program.py").write_text(PROGRAM)
    (folder / "pyproject.toml").write_text("[tool.changeover]\n")
    return folder


def main(arguments: Sequence[str]) -> int:
    """Print how the processes ended, and 1 where one ended otherwise."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps signals", description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--strikes", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)
    drawn = random.Random(chosen.seed)  # noqa: S311  (which moments are tried is no secret)
    kinds = list(KINDS)
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = project_in(Path(scratch))
        for number in range(chosen.rounds):
            kind, manner = kinds[number % len(kinds)]
            after_s = drawn.uniform(0.0, 0.05)
            found = ended(folder, kind, manner, after_s)
            seen[f"{kind}, {manner}"] += 1
            if found == ASYNCIO:
                seen[ASYNCIO] += 1
            elif found != KINDS[kind, manner]:
                wrong.append(f"{kind}, {manner}, after {after_s * 1000:.1f} ms: {found}")
        left = limited(folder, chosen.strikes) if chosen.strikes else ""
        wrong += [left] if left else []
    for name, count in seen.items():
        print(f"{name:<30}{count} processes")
    if seen[ASYNCIO]:
        bare = lost_by_asyncio(chosen.rounds // 10, drawn)
        print(f"of {chosen.rounds // 10} programs without the toolkit asyncio lost the stop of {bare}")
    print(f"{'time limits':<20}{chosen.strikes} in one process")
    print(f"{'ended otherwise':<20}{len(wrong)}")
    print("\n".join(wrong))
    return 1 if wrong else 0
