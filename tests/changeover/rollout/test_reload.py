"""Processes that run follow the flags: within `refresh_s`, and in a ramp with the same keys everywhere."""

import json
import os
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

from changeover.rollout.flags_file import flags_content
from changeover.rollout.resolver import Resolution, Resolver
from changeover.values.stage import SEAM_STAGES, Setting, Stage
from tests.changeover.support.live_program import LiveDesk

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from itertools import pairwise
from pathlib import Path
from tests.changeover.support.live_program import LiveDesk

desk = LiveDesk(Path(sys.argv[1]), fresh=False)
desk.candidate = lambda broker, account: "candidate"
desk.legacy = lambda broker, account: "legacy"
for _ in sys.stdin:
    accounts = [f"account-{number}" for number in range(150)]
    print(*[account for account in accounts if desk.order(account) == "candidate"], flush=True)
"""


class Process:
    """A desk in a process of its own, which says on demand for which accounts the candidate answers."""

    def __init__(self, root: Path, hash_seed: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(root)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answered_by_candidate(self) -> set[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return set(self._process.stdout.readline().split())

    def end(self) -> None:
        self._process.communicate()


def test_a_percentage_that_grows_only_adds_keys_in_every_process_alike(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path, "ramp:10")
    processes = [Process(tmp_path, seed) for seed in (1, 2)]
    seen: list[set[str]] = []
    for revision, stage in enumerate(("ramp:10", "ramp:30", "ramp:30.5", "ramp:90", "live"), start=15):
        desk.flip(stage, revision=revision)
        first, second = (process.answered_by_candidate() for process in processes)
        assert first == second
        seen.append(first)
    for process in processes:
        process.end()
    assert all(smaller <= larger for smaller, larger in pairwise(seen))
    assert 0 < len(seen[0]) < len(seen[1]) < len(seen[3]) < len(seen[4]) == 150


def test_a_flip_is_followed_at_the_first_look_after_refresh_s_and_not_before(tmp_path: Path) -> None:
    now = 100.0
    flags = tmp_path / "flags.json"
    resolver = Resolver(
        lambda: {"desk": SEAM_STAGES},
        directory=tmp_path,
        closed=True,
        environment={},
        refresh_s=1.0,
        monotonic=lambda: now,
    )
    flags.write_text(json.dumps(flags_content({"desk": Setting(Stage.SHADOW)}, revision=1)))
    assert resolver.current().settings["desk"].stage is Stage.SHADOW
    flags.write_text(json.dumps(flags_content({"desk": Setting(Stage.LIVE)}, revision=2), indent=1))
    now = 100.99
    assert resolver.current().settings["desk"].stage is Stage.SHADOW
    now = 101.0
    assert resolver.current().settings["desk"].stage is Stage.LIVE
    (tmp_path / "KILL").touch()
    now = 102.0
    assert resolver.current().killed


def test_whoever_asks_while_the_first_look_is_under_way_waits_for_what_it_sees(tmp_path: Path) -> None:
    (tmp_path / "flags.json").write_text(json.dumps(flags_content({"desk": Setting(Stage.LIVE)}, revision=1)))
    looking, go_on = threading.Event(), threading.Event()

    def phases() -> dict[str, tuple[Stage, ...]]:
        looking.set()
        assert go_on.wait(60)
        return {"desk": SEAM_STAGES}

    resolver = Resolver(phases, directory=tmp_path, closed=True, environment={})
    seen: list[Resolution] = []
    askers = [threading.Thread(target=lambda: seen.append(resolver.current())) for _ in range(2)]
    askers[0].start()
    assert looking.wait(60)
    askers[1].start()
    askers[1].join(0.2)  # it would be back by now with nothing
    assert seen == []
    go_on.set()
    for asker in askers:
        asker.join(60)
    assert [resolution.settings["desk"].stage for resolution in seen] == [Stage.LIVE] * 2


def test_to_look_again_is_not_forgotten_while_somebody_looks(tmp_path: Path) -> None:
    known: dict[str, tuple[Stage, ...]] = {"desk": SEAM_STAGES}

    def phases() -> dict[str, tuple[Stage, ...]]:
        found = dict(known)
        if "till" not in known:  # it is declared while this look is under way
            known["till"] = SEAM_STAGES
            resolver.look_again()
        return found

    resolver = Resolver(phases, directory=tmp_path, closed=True, environment={})
    assert "till" not in resolver.current().settings
    assert "till" in resolver.current().settings
