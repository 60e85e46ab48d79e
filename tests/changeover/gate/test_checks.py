"""Check commands: every way in which one may end has an answer, and only exit 0 is a pass."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from changeover.gate.check_commands import LINE_CHARACTERS_MAX, TAIL_LINES, run_check
from changeover.values.gate_verdict import Answer

LOOKS_MAX = 500


@pytest.mark.parametrize(
    ("code", "answer", "found"),
    [
        ("pass", Answer.PASS, "exit 0"),
        ("raise SystemExit(1)", Answer.FAIL, "exit 1"),
        ("raise SystemExit(3)", Answer.INCONCLUSIVE, "exit 3"),
        ("raise SystemExit(5)", Answer.FAIL, "exit 5"),
        ("import os; os.kill(os.getpid(), 9)", Answer.FAIL, "killed by SIGKILL"),
    ],
)
def test_a_command_answers_by_its_exit_code(tmp_path: Path, code: str, answer: Answer, found: str) -> None:
    result = run_check(f"python -I -S -c '{code}'", tmp_path, 30)
    assert (result.answer, result.found) == (answer, found)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("no-such-command-anywhere --all", "could not be started: no-such-command-anywhere: No such file"),
        ("./pyproject.toml", "could not be started: ./pyproject.toml: Permission denied"),
        ('pytest "tests', "is no command line: No closing quotation"),
        ("   ", "is no command line: it is empty"),
    ],
)
def test_a_command_that_cannot_be_started_could_not_tell(tmp_path: Path, command: str, found: str) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    result = run_check(command, tmp_path, 30)
    assert result.answer is Answer.INCONCLUSIVE
    assert result.found.startswith(found)


def test_a_command_that_takes_too_long_is_killed_with_everything_it_started(tmp_path: Path) -> None:
    child = f"import time; open({str(tmp_path / 'child')!r}, 'w').write('up'); time.sleep(600)"
    (tmp_path / "slow.py").write_text(
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-I', '-S', '-c', {child!r}])\n"
        "print('child', child.pid, flush=True)\ntime.sleep(600)\n"
    )
    result = run_check("python slow.py", tmp_path, 0.5)
    assert result.answer is Answer.INCONCLUSIVE
    assert result.found == "took longer than 0.5 s and was killed"
    pid = int(result.tail[-1].split()[1])
    for _ in range(LOOKS_MAX):
        if not is_running(pid):
            return
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("what the command had started outlived it")


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie that waits for init."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("between", ["&&", "||", ";", "|", ">", "2>&1", "&"])
def test_what_only_a_shell_would_read_is_refused_and_nothing_runs(tmp_path: Path, between: str) -> None:
    for command in (f"python -c pass {between} touch made", f"touch made {between} false"):
        result = run_check(command, tmp_path, 30)
        assert result.answer is Answer.INCONCLUSIVE
        assert "no shell reads it" in result.found
    assert list(tmp_path.iterdir()) == []


def test_what_is_quoted_is_handed_on_as_it_stands(tmp_path: Path) -> None:
    result = run_check("python -c 'import sys; print(sys.argv[1:])' 'a;b' \"x & y\" $HOME", tmp_path, 30)
    assert result.tail == ("['a;b', 'x & y', '$HOME']",)


def test_a_command_means_the_environment_that_the_gate_runs_in(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.executable); print(os.getcwd()); print(os.environ['PATH'])"
    (tmp_path / "python").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "python").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}/usr/bin"
    result = run_check(f'python -I -S -c "{code}"', tmp_path, 30, {"PATH": path})
    interpreter, folder, seen = result.tail
    assert (interpreter, folder) == (sys.executable, str(tmp_path.resolve()))
    assert seen == f"{Path(sys.executable).parent}{os.pathsep}{path}"


def test_the_end_of_a_long_output_is_kept_and_its_lines_are_cut(tmp_path: Path) -> None:
    code = "import sys; [print(n, 'x' * 2000) for n in range(5000)]; print('last', file=sys.stderr)"
    result = run_check(f'python -I -S -c "{code}"', tmp_path, 30)
    assert result.answer is Answer.PASS
    assert len(result.tail) == TAIL_LINES
    assert all(len(line) <= LINE_CHARACTERS_MAX for line in result.tail)
    assert any(line.startswith("4999 ") for line in result.tail)


def test_output_that_is_no_text_harms_nobody(tmp_path: Path) -> None:
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)))"
    assert run_check(f'python -I -S -c "{code}"', tmp_path, 30).answer is Answer.PASS


def test_a_check_that_takes_long_says_how_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[run_check.__module__], "TOLD_EVERY_S", 0.1)
    heard: list[str] = []
    slow = 'python -c "import time; time.sleep(0.6)"'
    assert run_check(slow, tmp_path, 60, told=heard.append).answer is Answer.PASS
    assert heard
    assert all("of at most 60 s" in line for line in heard)
    assert run_check('python -c "import time; time.sleep(9)"', tmp_path, 0.3).answer is Answer.INCONCLUSIVE
