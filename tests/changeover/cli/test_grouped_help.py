"""`changeover` alone and `changeover --help`: every command once, in a group, and the exit codes."""

from pathlib import Path

import pytest

from changeover.cli.grouped_help import EXIT_CODES, GROUPS, OTHERS, grouped
from changeover.cli.main import COMMANDS
from changeover.errors import ExitCode
from tests.changeover.support.projects import Shop


def test_help_and_no_arguments_print_the_same(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    helped, alone = shop.run("--help"), shop.run()
    assert (helped.code, alone.code) == (0, 2)
    assert helped.out == alone.out
    assert (helped.err, alone.err) == ("", "")


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_no_line_is_wider_than_the_screen(tmp_path: Path, columns: int) -> None:
    lines = Shop(tmp_path).run("--help", COLUMNS=str(columns)).out.splitlines()
    assert max(map(len, lines)) <= min(columns, 100)


def test_every_command_stands_in_one_group(tmp_path: Path) -> None:
    found = grouped({name: about for name, (_, about) in COMMANDS.items()})
    assert sorted(name for rows in found.values() for name, _ in rows) == sorted(COMMANDS)
    lines = Shop(tmp_path).run("--help").out.splitlines()
    assert [line[:-1] for line in lines if line[:-1] in found] == list(found)
    assert all(any(line.startswith(f"  {name} ") for line in lines) for name in COMMANDS)


def test_a_command_that_no_group_names_is_listed_all_the_same() -> None:
    assert grouped({"status": "where", "another": "new"})[OTHERS] == [("another", "new")]
    assert set(grouped({"status": "where"})) == {"Watch"}


def test_a_group_names_only_commands() -> None:
    assert {name for names in GROUPS.values() for name in names} <= set(COMMANDS)


def test_every_exit_code_is_listed(tmp_path: Path) -> None:
    assert list(EXIT_CODES) == list(ExitCode)
    said = Shop(tmp_path).run("--help").out
    assert all(f"\n  {int(code):<3}  {about}\n" in said for code, about in EXIT_CODES.items())
