"""The exit code of a command is its own answer: no code of the program chooses one."""

import re
import sys
from pathlib import Path

import pytest

from changeover.api import status as status_verbs
from changeover.errors import ExitCode
from tests.changeover.support.own_app import OwnApp

DOCS = Path(__file__).parents[3] / "docs" / "exit-codes.md"
EXITS = "__import__('sys').exit({})"
CODES = (0, "'gone'")
PLACES = {
    "at_import": (("compare", 2), ("doctor", 2), ("gate --scenarios", 2), ("rules blindspots", 2)),
    "in_source": (
        ("compare", 2),
        ("rules blindspots", 2),
        ("scenarios record --source cases --output x.jsonl", 2),
    ),
    "in_count": (("compare", 2),),
    "in_case": (("compare", 3),),
    "in_legacy": (("compare", 3),),
    "in_port": (("compare", 3),),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    ("place", "command", "expected"),
    [(place, command, code) for place, asked in PLACES.items() for command, code in asked],
)
def test_a_program_that_ends_the_process_answers_nothing(
    tmp_path: Path, place: str, command: str, expected: int, code: object
) -> None:
    answer = OwnApp(tmp_path, **{place: EXITS.format(code)}).run(*command.split())
    assert answer.code == expected, answer.err
    assert "asked for the end of the process (SystemExit" in answer.err + answer.out


def test_a_case_that_ends_the_process_takes_no_other_case_with_it(tmp_path: Path) -> None:
    answer = OwnApp(tmp_path, in_legacy=f"number == 1 and {EXITS.format(0)}").run("compare")
    assert answer.code == ExitCode.INCONCLUSIVE
    assert "4 comparisons in" in answer.err


@pytest.mark.parametrize("command", ["compare", "doctor"])
def test_a_factory_that_ends_the_process_is_a_wrong_declaration(tmp_path: Path, command: str) -> None:
    app = OwnApp(tmp_path, at_end=f"def opened():\n    {EXITS.format(0)}\n", attribute="opened")
    assert app.run(command).code == ExitCode.USAGE


def test_a_signal_handler_of_the_program_still_ends_the_command(tmp_path: Path) -> None:
    handler = "import signal; signal.signal(signal.SIGUSR1, lambda *_: __import__('sys').exit(0))"
    asked = "number == 1 and signal.raise_signal(signal.SIGUSR1)"
    answer = OwnApp(tmp_path, at_import=handler, in_case=asked).run("compare")
    assert answer.code == ExitCode.INCONCLUSIVE
    assert "comparisons in" not in answer.err


def test_a_defect_of_the_tool_is_one_sentence_and_a_code_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("two phases, one flag")

    monkeypatch.setattr(status_verbs, "status", broken)
    app = OwnApp(tmp_path)
    answer = app.run("status")
    assert answer.code == ExitCode.DEFECT
    assert "two phases, one flag" in answer.err
    assert len(answer.err.splitlines()) == 1
    assert "Traceback" in app.run("status", CHANGEOVER_TRACEBACK="1").err


@pytest.mark.parametrize("count", ["5", "'5'", "[1]"])
def test_a_count_that_is_no_function_is_refused_where_it_is_declared(tmp_path: Path, count: str) -> None:
    answer = OwnApp(tmp_path, options=f", count={count}").run("compare")
    assert answer.code == ExitCode.USAGE
    assert "count=" in answer.err


@pytest.mark.parametrize("gives", ["-1", "'many'", "1 / 0"])
def test_a_count_that_gives_no_number_is_named(tmp_path: Path, gives: str) -> None:
    answer = OwnApp(tmp_path, options=f", count=lambda options: {gives}").run("compare")
    assert answer.code == ExitCode.USAGE
    assert "count=" in answer.err


def test_the_page_lists_every_exit_code() -> None:
    listed = re.findall(r"^\| (\d+) \| (\w+) \|", DOCS.read_text(), re.MULTILINE)
    assert listed == [(str(int(code)), code.name.lower()) for code in ExitCode]


def test_the_exit_codes_of_a_process_are_those_of_the_command(tmp_path: Path) -> None:
    done = OwnApp(tmp_path, at_import=EXITS.format(0)).process("compare")
    assert done.returncode == ExitCode.USAGE, done.stderr
    assert sys.executable not in done.stderr


@pytest.mark.parametrize("status", [0, 7])
@pytest.mark.parametrize(
    ("place", "command"),
    [
        *(("at_import", command) for command in ("compare", "doctor", "gate --scenarios")),
        *(("in_source", "compare"), ("in_legacy", "compare"), ("in_legacy", "rules blindspots")),
    ],
)
def test_a_program_that_leaves_past_every_handler_answers_nothing(
    tmp_path: Path, place: str, command: str, status: int
) -> None:
    answer = OwnApp(tmp_path, **{place: f"__import__('os')._exit({status})"}).process(*command.split())
    assert answer.returncode == ExitCode.INCONCLUSIVE, answer.stderr
    assert "asked for the end of the process (os._exit" in answer.stderr


def test_a_child_of_the_program_leaves_as_it_asks_to(tmp_path: Path) -> None:
    forks = "os = __import__('os'); child = os.fork() or os._exit(7)"
    says = "print('it ended with', os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=sys.stderr)"
    answer = OwnApp(tmp_path, at_import=f"import sys; {forks}; {says}").process("compare")
    assert "it ended with 7" in answer.stderr
    assert answer.returncode == ExitCode.YES


def test_a_case_without_an_answer_is_no_scenario_and_is_told(tmp_path: Path) -> None:
    app = OwnApp(tmp_path, in_legacy=f"number == 1 and {EXITS.format(0)}")
    answer = app.run("scenarios", "record", "--source", "cases", "--output", "x.jsonl")
    assert answer.code == ExitCode.INCONCLUSIVE
    assert "SystemExit" in answer.err
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == 4


def test_a_source_of_which_no_case_can_become_a_scenario_says_so_of_each(tmp_path: Path) -> None:
    asks = "prices.of(number); return number"
    partial = "return __import__('functools').partial(int)"
    app = OwnApp(tmp_path, in_port=partial, in_legacy=asks, in_candidate=asks)
    answer = app.run("scenarios", "record", "--source", "cases", "--output", "x.jsonl")
    assert answer.code == ExitCode.INCONCLUSIVE
    assert answer.err.count("functools.partial cannot be rebuilt") == 5
    assert not (tmp_path / "x.jsonl").exists()
