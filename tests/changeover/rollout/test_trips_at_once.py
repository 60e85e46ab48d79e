"""Two programs, or two threads of one, that meet an unsafe run at the same moment move the phase once."""

import subprocess
import threading
from pathlib import Path

from changeover.rollout.history import read_history
from tests.changeover.support.live_program import Broker, LiveDesk, sells
from tests.programs.process import start_python

PROGRAM = """
import sys
from pathlib import Path
from tests.changeover.support.live_program import LiveDesk, sells

desk = LiveDesk(Path(sys.argv[1]), fresh=False)
assert desk.stage == "live"
def candidate(broker, account):
    print("ready", flush=True)
    sys.stdin.readline()
    return sells(312)(broker, account)
desk.candidate = candidate
desk.order("one")
print(desk.runs[-1].verdict, desk.stage, *desk.kinds, flush=True)
"""
ROOT = Path(__file__).parents[3]


def trips(folder: Path) -> list[tuple[int, str | None]]:
    entries, damaged = read_history(folder)
    assert damaged == []
    return [(entry.revision, entry.new) for entry in entries if entry.action == "trip"]


def test_two_processes_that_trip_at_once_make_one_flip(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    started = [
        start_python(
            ["-c", PROGRAM, str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0].split() for process in started]
    assert [words[:2] for words in said] == [["unsafe", "shadow"]] * 2
    assert ["tripped"] in [words[2:] for words in said]
    assert trips(desk.folder) == [(15, "shadow")]
    assert not (tmp_path / ".changeover" / "trips.json").exists()


def test_threads_that_trip_at_once_make_one_flip_and_one_alert(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    together = threading.Barrier(8)

    def candidate(broker: Broker, account: str) -> object:
        together.wait()
        return sells(312)(broker, account)

    desk.candidate = candidate
    threads = [threading.Thread(target=desk.order, args=(f"account {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {run.verdict for run in desk.runs} == {"unsafe"}
    assert desk.stage == "shadow"
    assert trips(desk.folder) == [(15, "shadow")]
    assert desk.kinds == ["tripped"]
