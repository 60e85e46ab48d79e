"""With --jobs other processes replay runs, and nothing that is shown or kept is another for that."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from changeover.evidence.store.place import store_path
from changeover.evidence.store.records import Evidence
from changeover.evidence.store.store import read_evidence
from tests.programs.process import run_python, start_python

APP = Path(__file__).parents[1] / "support" / "kinds_app.py"
PHASES = """\
[migration]
name = "kinds"
code = ["kinds_app"]
redact = ["arguments.note"]

[[phase]]
name = "ledger"
number = 1
seams = ["inner", "outer", "empty", "later"]

[phase.gate.shadow]
corpus = { sources = ["kinds"], tags = ["even", "in", "never"] }
"""
RULES = """\
[[rule]]
path = "result.near"
abs = "0.01"
reason = "cents"

[[rule]]
path = "result.never"
ignore = true
reason = "nobody has it"
"""
OWN_TIMES = frozenset({"own_time_s"})
USUAL = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "1", "KINDS_CASES": "30"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kinds_app.py").write_bytes(APP.read_bytes())
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "kinds_app:migration"\n')
    (tmp_path / "migration").mkdir()
    (tmp_path / "migration" / "phases.toml").write_text(PHASES)
    (tmp_path / "migration" / "rules.toml").write_text(RULES)
    return tmp_path


def start(project: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    return start_python(
        ["-m", "changeover", *arguments],
        cwd=project,
        env={**kept, **USUAL, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(project: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    process = start(project, *arguments, **environment)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def without_times(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: without_times(part) for name, part in data.items() if name not in OWN_TIMES}
    return [without_times(part) for part in data] if isinstance(data, list) else data


def compared(project: Path, jobs: int, *more: str, **environment: str) -> Any:
    code, out, err = run(project, "compare", "--jobs", str(jobs), "--format", "json", *more, **environment)
    assert code in (0, 1, 3), err
    return json.dumps(without_times(json.loads(out)))


def rows(project: Path) -> list[Any]:
    """All that the latest comparison keeps of its runs, but for identifiers, moments and times."""
    with closing(sqlite3.connect(project / ".changeover" / "evidence.db")) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(
            "SELECT * FROM runs WHERE corpus IS (SELECT max(number) FROM corpora) ORDER BY rowid"
        ).fetchall()
    left_out = {"id", "at", "corpus", "legacy_s", "candidate_s", "renewed_at", "body"}
    return [
        ({name: row[name] for name in row.keys() if name not in left_out}, body_of(row["body"]))  # noqa: SIM118
        for row in found
    ]


def body_of(body: Any) -> Any:
    if body is None:
        return None
    text = body if isinstance(body, str) else __import__("zlib").decompress(body).decode()
    return [*map(without_own_time, [json.loads(text)])]


def without_own_time(data: Any) -> Any:
    data = dict(data)
    for side in ("legacy", "candidate"):
        if data.get(side):
            data[side] = {name: part for name, part in data[side].items() if name != "own_time_s"}
    return data


def test_a_comparison_shows_and_keeps_the_same_whatever_the_number_of_jobs(project: Path) -> None:
    shown = [(compared(project, jobs, KINDS_CASES="60"), rows(project)) for jobs in (1, 2, 3)]
    assert json.loads(shown[0][0])["comparisons"][0]["cases"] == 60
    assert shown[1] == shown[0]
    assert shown[2] == shown[0]


def test_the_screen_is_the_same(project: Path) -> None:
    screens = [
        [
            line
            for line in run(project, "compare", "--jobs", jobs, COLUMNS="60")[1].splitlines()
            if not any(word in line for word in ("own time", " ms", "(x "))
        ]
        for jobs in ("1", "2")
    ]
    assert any("UNSAFE" in line for line in screens[0])
    assert screens[1] == screens[0]


@pytest.mark.parametrize("more", [("--noise", "--runs", "23"), ("outer", "--answer", "candidate")])
def test_the_same_holds_of_other_ways_to_compare(project: Path, more: tuple[str, ...]) -> None:
    assert compared(project, 2, *more) == compared(project, 1, *more)


def test_runs_in_an_event_loop_are_replayed_elsewhere_too(project: Path) -> None:
    _, out, err = run(project, "compare", "later", "--jobs", "2", "--format", "json")
    assert json.loads(out)["comparisons"][0]["total"]["runs"] == 5
    assert "in this process alone" not in err
    assert json.dumps(without_times(json.loads(out))) == compared(project, 1, "later")


def test_the_same_holds_where_the_store_is_a_database(project: Path, database: str) -> None:
    shown = [compared(project, jobs, CHANGEOVER_STORE=database) for jobs in (1, 2)]
    assert json.loads(shown[0])["comparisons"][0]["cases"] == 30
    assert shown[1] == shown[0]
    kept = evidence_of(database)
    assert [len(one.clusters) for one in kept.corpora] == [len(kept.corpora[0].clusters)] * 2
    assert not (project / ".changeover" / "evidence.db").exists()


def evidence_of(address: str) -> Evidence:
    found = read_evidence(store_path(Path("here"), {"CHANGEOVER_STORE": address}))
    assert found.problem is None
    return found


def test_a_candidate_that_goes_by_what_the_program_is_at_that_moment_meets_it(project: Path) -> None:
    by_state = "MODE['state'] == number % 5 or sys.exit('another moment')"
    assert compared(project, 2, KINDS_EXTRA=by_state) == compared(project, 1, KINDS_EXTRA=by_state)


def test_of_a_candidate_that_remembers_its_replays_none_is_made_elsewhere(project: Path) -> None:
    counts = "MODE.update(n=MODE.get('n', 0) + 1) or MODE['n'] % 3 or sys.exit('each third time')"
    _, out, err = run(project, "compare", "--jobs", "2", "--format", "json", KINDS_EXTRA=counts)
    assert "in this process alone: a path answers otherwise when it is replayed again" in err
    assert json.dumps(without_times(json.loads(out))) == compared(project, 1, KINDS_EXTRA=counts)


def failed_runs(project: Path) -> dict[str, str]:
    with closing(sqlite3.connect(project / ".changeover" / "evidence.db")) as connection:
        found = connection.execute(
            "SELECT name, reason FROM runs WHERE corpus IS (SELECT max(number) FROM corpora)"
            " AND reason LIKE 'the process%'"
        ).fetchall()
    return dict(found)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("getattr(ctypes.CDLL(None), 'raise')(9)", "it was ended by SIGKILL"),
        ("ctypes.CDLL(None)._exit(0)", "it exited with 0"),
        ("ctypes.string_at(0)", "it was ended by SIGSEGV"),
    ],
)
def test_a_process_that_ends_fails_the_runs_it_was_at_and_no_others(
    project: Path, end: str, reason: str
) -> None:
    whole = json.loads(compared(project, 1))["comparisons"][0]
    found = json.loads(compared(project, 2, KINDS_EXTRA=f"number == 20 and {end}"))["comparisons"][0]
    lost = failed_runs(project)
    assert lost == {"kinds/2020-09-02-20": f"the process that replayed it did not come to its end: {reason}"}
    assert found["cases"] == whole["cases"]
    assert found["total"]["runs"] == whole["total"]["runs"]
    assert found["total"]["not_compared"] == whole["total"]["not_compared"] + 2  # the inner and the outer run


def test_where_other_threads_run_everything_is_replayed_in_one_process_and_that_is_said(
    project: Path,
) -> None:
    thread = "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    _, out, err = run(project, "compare", "--jobs", "2", "--format", "json", KINDS_AT_IMPORT=thread)
    assert "replayed in this process alone: other threads run in the program" in err
    assert json.dumps(without_times(json.loads(out))) == compared(project, 1)


def processes_of(session: int) -> list[int]:
    """Those of a session that are no zombies."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, one = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(one) == session and state != "Z":
            found.append(int(folder.name))
    return found


def wait_until(is_so: Any, seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def has_children_for_long(session: int) -> bool:
    """Whether two children replay what takes long: those of the first cases are soon over."""
    before = set(processes_of(session))
    time.sleep(0.3)
    return len(before & set(processes_of(session))) >= 3


SLOW = "time.sleep(0.5 * (number > 12))"


def test_the_interrupt_key_shows_and_keeps_what_was_seen_and_leaves_no_process(project: Path) -> None:
    process = start(project, "compare", "--jobs", "2", "--format", "json", KINDS_EXTRA=SLOW)
    assert wait_until(lambda: has_children_for_long(process.pid))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    shown = json.loads(out)["comparisons"][0]
    assert shown["stopped"] == "interrupted"
    assert 10 <= shown["cases"] < 30
    assert len(rows(project)) == shown["total"]["runs"]
    assert wait_until(lambda: not processes_of(process.pid))


def test_no_process_outlives_a_comparison_that_is_killed(project: Path) -> None:
    process = start(project, "compare", "--jobs", "2", KINDS_EXTRA="time.sleep(0.2 if number < 20 else 60)")
    assert wait_until(lambda: len(processes_of(process.pid)) >= 3)
    process.kill()
    process.communicate(timeout=30)
    assert wait_until(lambda: not processes_of(process.pid))


def test_the_first_difference_ends_it_with_fail_fast_and_leaves_no_process(project: Path) -> None:
    late = "number > 20 and sys.exit('differs')"
    shown = []
    for jobs in ("1", "2"):
        process = start(
            project, "compare", "inner", "--fail-fast", "--jobs", jobs, "--format", "json", KINDS_EXTRA=late
        )
        out, _ = process.communicate(timeout=60)
        shown.append(without_times(json.loads(out)))
        assert wait_until(lambda group=process.pid: not processes_of(group))
    assert shown[0]["comparisons"][0]["stopped"] == "fail-fast"
    assert shown[1] == shown[0]


RECORD = """\
import kinds_app
for number in range(60):
    try:
        kinds_app.run(number)
    except KeyError:
        pass
kinds_app.migration.flush()
"""


def test_stored_runs_are_renewed_alike_and_their_rows_too(project: Path) -> None:
    environment = {**os.environ, "CHANGEOVER_STAGE_LEDGER": "shadow", "CHANGEOVER_MODE": "inline"}
    run_python(["-c", RECORD], cwd=project, env=environment, check=True, timeout=60)
    (project / "kinds_app.py").write_text((project / "kinds_app.py").read_text() + "\nNEW = 1\n")
    evidence = project / ".changeover" / "evidence.db"
    before = evidence.read_bytes()
    shown = []
    for jobs in (1, 2, 3):
        evidence.write_bytes(before)
        shown.append((compared(project, jobs, "--source", "store"), production(project)))
    assert json.loads(shown[0][0])["comparisons"][0]["total"]["runs"] > 100
    assert shown[1] == shown[0]
    assert shown[2] == shown[0]


def production(project: Path) -> list[Any]:
    with closing(sqlite3.connect(project / ".changeover" / "evidence.db")) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM runs WHERE corpus IS NULL ORDER BY rowid").fetchall()
    left_out = {"legacy_s", "candidate_s", "renewed_at", "body"}
    return [
        ({name: row[name] for name in row.keys() if name not in left_out}, body_of(row["body"]))  # noqa: SIM118
        for row in found
    ]


def test_scenarios_are_compared_and_gated_alike(project: Path) -> None:
    made = run(project, "scenarios", "record", "--source", "kinds", "--output", "migration/scenarios/k.jsonl")
    assert made[0] in (0, 3), made
    shown = [compared(project, jobs, "--source", "scenarios") for jobs in (1, 2)]
    assert json.loads(shown[0])["comparisons"][0]["cases"] > 50
    assert shown[1] == shown[0]
    gates = [run(project, "gate", "--scenarios", "--jobs", jobs)[:2] for jobs in ("1", "2")]
    assert gates[1] == gates[0]


def test_jobs_below_one_are_refused_and_a_gate_of_evidence_takes_none(project: Path) -> None:
    assert run(project, "compare", "--jobs", "0")[0] == 2
    code, _, err = run(project, "gate", "ledger", "--jobs", "2")
    assert code == 2
    assert "goes with --scenarios" in err


IGNORED = """
[[rule]]
path = "result.value"
ignore = true
reason = "each path has its own"
"""


@pytest.mark.parametrize("more", [(), ("--everything", "--runs", "20")])
def test_blind_spots_are_the_same(project: Path, more: tuple[str, ...]) -> None:
    (project / "migration" / "rules.toml").write_text(RULES + IGNORED)
    found = [
        run(project, "rules", "blindspots", "--jobs", jobs, "--format", "json", *more)[:2]
        for jobs in ("1", "2")
    ]
    data = json.loads(found[0][1])
    assert data["tried"] > 50
    assert data["unnoticed"] > 5
    assert found[1] == found[0]
