"""A program that is forked from a loaded interpreter is what a started one is."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.programs.process import SWITCH, run_python, start_python

SEEN = """\
import json, os, signal, sys, threading
main = sys.modules["__main__"]
print(json.dumps({
    "words": sys.argv, "all words": sys.orig_argv[1:], "first on the path": sys.path[0], "path": sys.path[1:],
    "folder": os.getcwd(), "environment": dict(os.environ), "flags": list(sys.flags),
    "parent": os.getppid(), "is a group": os.getpgid(0) == os.getppid(),
    "session": os.getsid(0) == os.getpid(),
    "files": sorted(os.listdir("/proc/self/fd")), "threads": threading.active_count(),
    "module": sorted(vars(main)), "file": getattr(main, "__file__", None), "name": __name__,
    "streams": [
        [one.name, one.mode, one.encoding, one.errors, one.line_buffering, one.newlines, one.buffer.name,
         one.write_through]
        for one in (sys.stdin, sys.stdout, sys.stderr)
    ],
    "interrupted": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "pipe": signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN,
    "terminated": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
    "bytecode": sys.dont_write_bytecode,
    "own modules": sorted(n for n in sys.modules if n.startswith("tests")),
}))
"""
KINDS = ["-c", "-m", "file"]


@pytest.fixture(params=["forked", "anew"])
def _start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each property is that of both."""
    monkeypatch.setenv(SWITCH, request.param)


def seen(folder: Path, kind: str, start: str, monkeypatch: pytest.MonkeyPatch, **how: Any) -> Any:
    monkeypatch.setenv(SWITCH, start)
    (folder / "seen.py").write_text(SEEN)
    arguments = {"-c": ["-c", SEEN], "-m": ["-m", "seen"], "file": ["seen.py"]}[kind]
    done = run_python([*arguments, "a", "b c"], cwd=folder, text=True, timeout=60, **how)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found | {"environment": found["environment"] | {SWITCH: ""}}
    return found


def differences(forked: Any, anew: Any) -> Any:
    return {
        name: (forked[0].get(name), anew[0].get(name))
        for forked, anew in (((forked,), (anew,)), ((forked["environment"],), (anew["environment"],)))
        for name in forked[0].keys() | anew[0].keys()
        if forked[0].get(name) != anew[0].get(name)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_sees_what_it_would_see_in_an_interpreter_of_its_own(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forked, anew = (seen(tmp_path, kind, start, monkeypatch) for start in ("forked", "anew"))
    assert differences(forked, anew) == {}


@pytest.mark.parametrize(
    "more", [{"PYTHONHASHSEED": "7"}, {"PYTHONUNBUFFERED": "1"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}]
)
def test_the_environment_is_that_of_the_program(
    tmp_path: Path, more: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"PATH": os.environ["PATH"], "WORD": "a word", "PYTHONDONTWRITEBYTECODE": "1", **more}
    how: Any = {"env": environment, "start_new_session": True, "stderr": subprocess.STDOUT}
    forked, anew = (
        seen(tmp_path, "-m", start, monkeypatch, **{**how, "env": {**environment, SWITCH: start}})
        for start in ("forked", "anew")
    )
    assert differences(forked, anew) == {}
    assert forked["session"]
    assert forked["environment"].items() >= environment.items()


@pytest.mark.usefixtures("_start")
@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("", 0),
        ("import sys; sys.exit(3)", 3),
        ("import os; os._exit(4)", 4),
        ("raise SystemExit('no')", 1),
        ("raise ValueError('no')", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("raise KeyboardInterrupt", -signal.SIGINT),
    ],
)
def test_the_exit_code_is_that_of_the_program(program: str, code: int) -> None:
    assert run_python(["-c", program], timeout=60).returncode == code


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_shown_as_an_interpreter_shows_it(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def fail():\n    raise ValueError('no')\n\nfail()\n"
    (tmp_path / "wrong.py").write_text(text)
    arguments = {"-c": ["-c", text], "-m": ["-m", "wrong"], "file": ["wrong.py"]}[kind]
    told = []
    for start in ("forked", "anew"):
        monkeypatch.setenv(SWITCH, start)
        told.append(run_python(arguments, cwd=tmp_path, text=True, timeout=60).stderr)
    assert "ValueError: no" in told[0]
    if kind == "-c" and sys.version_info >= (3, 13):  # which shows lines of a text that is no file, too
        told = [one.splitlines()[-1] for one in told]
    assert told[0] == told[1]


@pytest.mark.usefixtures("_start")
def test_what_stands_on_standard_input_is_read_and_both_outputs_are_apart() -> None:
    program = "import sys; text = sys.stdin.read(); print(text.upper()); print(text, file=sys.stderr)"
    done = run_python(["-c", program], input="a word", text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("A WORD\n", "a word\n")


@pytest.mark.usefixtures("_start")
def test_what_is_written_to_a_terminal_is_written_line_by_line() -> None:
    terminal, given = os.openpty()
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"}
    program = "import sys; print(sys.stdout.line_buffering, sys.stdout.isatty(), file=sys.stderr)"
    done = run_python(["-c", program], env=environment, stdout=given, text=True, timeout=60)
    os.close(terminal)
    os.close(given)
    assert done.stderr == "True True\n"


@pytest.mark.usefixtures("_start")
def test_what_is_done_at_the_end_of_an_interpreter_is_done() -> None:
    program = """if True:
        import atexit, sys, threading
        class Kept:
            def __del__(self, print=print):
                print("kept is gone")
        kept = Kept()
        atexit.register(print, "at exit")
        threading.Thread(target=lambda: (threading.main_thread().join(), print("thread"))).start()
        sys.stdout.write("first ")
    """
    done = run_python(["-c", program], text=True, timeout=60)
    assert done.stdout.splitlines() == ["first thread", "at exit", "kept is gone"]


@pytest.mark.usefixtures("_start")
def test_the_toolkit_has_all_of_itself_when_it_ends() -> None:
    """It was imported before the program began, and what it does at the end it does after the program."""
    program = """if True:
        import changeover.migration, sys
        from changeover.evidence.process_end import WRITERS
        class Writer:
            def close(self):
                print(*("closed", "json" in sys.modules, "changeover.migration" in sys.modules))
        writer = Writer()
        WRITERS.add(writer)
        import json
    """
    assert run_python(["-c", program], text=True, timeout=60).stdout == "closed True True\n"


@pytest.mark.usefixtures("_start")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_reaches_the_program(sign: signal.Signals) -> None:
    # Python does not notice a signal that comes right before it begins to sleep, until it wakes up.
    program = "import time; print('ready', flush=True)\nwhile True: time.sleep(0.05)"
    how: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with start_python(["-c", program], **how) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(sign)
        assert process.wait(timeout=60) == -sign


@pytest.mark.usefixtures("_start")
def test_what_a_program_leaves_behind_is_no_child_of_the_tests() -> None:
    leave = "(os.closerange(0, 3), time.sleep(60))"
    program = f"import os, time; child = os.fork(); print(child, end='') if child else {leave}"
    done = run_python(["-c", program], text=True, timeout=60)
    left = int(done.stdout)
    status = Path(f"/proc/{left}/stat").read_text()
    os.kill(left, signal.SIGKILL)
    assert int(status.rpartition(")")[2].split()[1]) != os.getpid()


@pytest.mark.usefixtures("_start")
def test_a_program_that_does_not_end_is_ended() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_python(["-c", "import time; time.sleep(60)"], timeout=0.2)


@pytest.mark.usefixtures("_start")
def test_a_failure_is_raised_where_it_is_asked_for() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        run_python(["-c", "raise SystemExit(2)"], timeout=60, check=True)


def test_programs_have_nothing_in_common(tmp_path: Path) -> None:
    how: Any = {"cwd": tmp_path, "text": True, "timeout": 60}
    program = (
        "import changeover, random; print(hasattr(changeover, 'mine'), random.random()); changeover.mine = 1"
    )
    first, second = (run_python(["-c", program], **how).stdout.split() for _ in range(2))
    assert (first[0], second[0]) == ("False", "False")
    assert first[1] != second[1]


def test_the_toolkit_is_there_without_being_imported() -> None:
    program = "import sys; print('changeover.migration' in sys.modules)"
    done = run_python(["-c", program], text=True, timeout=60)
    assert done.stdout == f"{sys.platform == 'linux' and os.environ.get(SWITCH) != 'anew'}\n"


def test_a_forked_test_process_has_interpreters_of_its_own() -> None:
    program = """if True:
        import os, sys
        from tests.programs.process import run_python
        parent = run_python(["-c", "import os; print(os.getppid())"], text=True, timeout=60).stdout
        child = os.fork()
        if child:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        own = run_python(["-c", "import os; print(os.getppid())"], text=True, timeout=60).stdout
        print(int(parent) == os.getppid(), int(own) == os.getpid())
    """
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("True True\n", "")
