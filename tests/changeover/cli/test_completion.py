"""What a shell is told when a line is to be completed: names out of files, at once, and never a complaint."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.changeover.support.projects import Shop, shop_in

PROGRAM = '''\
"""The app of a project: importing it leaves a file behind."""
from pathlib import Path

Path("was-imported").touch()

@migration.source("weeks", population="generated")
def weeks(options): ...

@migration.source(NAME)
def unnamed(options): ...
'''


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A project with clusters and a scenario; its app may be read, and not imported."""
    made = shop_in(tmp_path_factory.mktemp("completion", numbered=False))
    assert made.run("compare", "--runs", "4", planted="whole").code == 1
    assert made.run("scenarios", "keep", "days/day-01").code == 0
    (made.root / "shop.py").write_text(PROGRAM)
    return made


def completed(shop: Shop, line: str, **environment: str) -> list[str]:
    """What may stand where a line ends, as bash is told it."""
    answer = shop.run(_CHANGEOVER_COMPLETE="bash_complete", COMP_TYPED=f"changeover {line}", **environment)
    assert (answer.code, answer.err) == (0, "")
    assert not (shop.root / "was-imported").exists()
    return [one.partition(",")[2] for one in answer.out.splitlines() if one]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("fl", ["flip", "flags"]),
        ("rules ", ["blindspots", "check"]),
        ("status --che", ["--check"]),
        ("status --trace", ["--traceback"]),
        ("flip ", ["shelf", "cleanup"]),
        ("-q flip cl", ["cleanup"]),
        ("flip shelf s", ["shadow"]),
        ("flip cleanup ", ["open", "done"]),
        ("gate shelf --to li", ["live"]),
        ("flip shelf ramp:2", ["25"]),
        ("compare sh", ["shelf", "shelf.refill"]),
        ("explore ", ["shelf.refill"]),
        ("compare --source ", ["days", "weeks", "scenarios", "store"]),
        ("compare --format ", ["text", "json", "junit", "markdown"]),
        ("compare --format=j", ["json", "junit"]),
        ("scenarios show ", ["days/day-01/shelf.refill"]),
        ("alerts test --receiver s", ["slack"]),
        ("docs exit", ["exit-codes"]),
        ("schema rules-c", ["rules-check"]),
        ("completion z", ["zsh"]),
    ],
)
def test_a_line_is_completed_with_what_may_stand_there(shop: Shop, line: str, names: list[str]) -> None:
    assert completed(shop, line) == names


def test_clusters_are_completed_as_screens_name_them(shop: Shop) -> None:
    known = completed(shop, "explain ")
    assert known
    assert f"{known[0]}   " in shop.run("explain").out
    assert completed(shop, f"waive {known[0][:3].upper()}") == [known[0]]


def test_names_are_those_of_the_folder_that_the_line_names(shop: Shop, tmp_path: Path) -> None:
    assert completed(Shop(tmp_path), f"-C {shop.root} flip ") == ["shelf", "cleanup"]
    assert completed(Shop(tmp_path), "flip ") == []


@pytest.mark.parametrize(
    "damage", ["migration/phases.toml", "pyproject.toml", ".changeover/evidence.db", "shop.py"]
)
def test_whatever_is_damaged_nothing_is_said(tmp_path: Path, damage: str) -> None:
    shop = shop_in(tmp_path)
    (tmp_path / ".changeover").mkdir()
    (tmp_path / damage).write_bytes(b"\xff[[ no such thing")
    for line in ("flip ", "compare --source ", "explain ", "status --fo", 'diff "', "-C /nowhere flip "):
        completed(shop, line)
    assert completed(shop, "flip ", CHANGEOVER_STORE="mysql://nowhere") is not None


@pytest.mark.parametrize("instruction", ["", "bash", "tcsh_complete", "bash_source", "fish_complete"])
def test_another_question_is_answered_with_nothing(shop: Shop, instruction: str) -> None:
    answer = shop.run(_CHANGEOVER_COMPLETE=instruction)
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_a_name_that_a_shell_would_read_as_a_command_is_not_offered(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    plan = tmp_path / "migration" / "phases.toml"
    for number, name in enumerate(("$(touch pwned)", "a;b", "two words", "*", "`x`"), start=10):
        plan.write_text(f'{plan.read_text()}\n[[phase]]\nname = "{name}"\nnumber = {number}\n')
    assert shop.run("status").code == 0
    assert completed(shop, "flip ") == ["shelf", "cleanup"]


def test_a_real_bash_completes_by_the_script_that_is_printed(shop: Shop, tmp_path: Path) -> None:
    command = tmp_path / "changeover"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m changeover "$@"\n')
    command.chmod(0o700)
    script = shop.run("completion", "bash")
    assert "changeover completion bash" in script.err
    asked = '_changeover_completion changeover; printf "%s\\n" "${COMPREPLY[@]}"'
    lines = "".join(
        f"COMP_LINE='{line}' COMP_POINT={len(line)}; {asked}\n" for line in ("changeover flip cl",)
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script.out}\n{lines}complete -p changeover"],
        cwd=shop.root,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, registered = done.stdout.splitlines()
    assert first == "cleanup"
    assert registered.endswith("-F _changeover_completion changeover")
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_ask_in_the_same_way(shop: Shop, shell: str) -> None:
    script = shop.run("completion", shell).out
    assert f"_CHANGEOVER_COMPLETE={shell}_complete" in script
    answer = shop.run(
        _CHANGEOVER_COMPLETE=f"{shell}_complete",
        COMP_WORDS="changeover flip cl",
        COMP_CWORD=ZSH_OR_FISH[shell],
    )
    assert "cleanup" in answer.out


ZSH_OR_FISH = {"zsh": "2", "fish": "cl"}
