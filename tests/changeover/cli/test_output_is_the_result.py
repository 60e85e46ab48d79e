"""Standard output is the result of the command alone, whatever the program prints and by which way."""

import json
from pathlib import Path

import pytest

from tests.changeover.support.own_app import OwnApp

WAYS = {
    "print": "print('from the program')",
    "a descriptor": "__import__('os').write(1, b'from the program')",
    "the first stream": "print('from the program', file=__import__('sys').__stdout__)",
    "a process": "__import__('subprocess').run(['echo', 'from the program'])",
    "the end": "__import__('atexit').register(print, 'from the program')",
}
COMMANDS = ("compare", "doctor", "gate double", "gate --scenarios", "rules blindspots")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["at_import", "in_legacy", "in_source"])
def test_what_a_program_prints_is_not_in_the_json(tmp_path: Path, place: str, command: str) -> None:
    answer = OwnApp(tmp_path, **{place: WAYS["print"]}).run(*command.split(), "--format", "json")
    assert json.loads(answer.out)
    if place == "at_import":
        assert "from the program" in answer.err


@pytest.mark.parametrize("way", WAYS)
def test_no_way_to_print_gets_into_the_result_of_a_process(tmp_path: Path, way: str) -> None:
    done = OwnApp(tmp_path, at_import=WAYS[way]).process("compare", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["comparisons"]
    assert "from the program" in done.stderr


def test_text_is_the_result_alone_as_well(tmp_path: Path) -> None:
    done = OwnApp(tmp_path, in_legacy=WAYS["print"]).process("compare")
    assert "from the program" not in done.stdout
    assert "double" in done.stdout


def test_help_and_version_are_on_standard_output(tmp_path: Path) -> None:
    app = OwnApp(tmp_path)
    for arguments in (["--help"], ["--version"], ["kill", "--help"], ["rules", "check", "--help"]):
        done = app.process(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout
