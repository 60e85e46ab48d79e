"""`changeover docs`: a topic is printed as plain Markdown, another word answered with where it is found."""

import os
import pty
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from changeover.cli.main import COMMANDS
from changeover.manual import TOPICS, find_topic, sections_about
from tests.changeover.support.projects import Shop

TOPICS_OF_ALL = [name for names in TOPICS.values() for name in names]

ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def installed(folder: Path) -> dict[str, str]:
    """The package as the wheel lays it out, and an environment in which it is the one that is found."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    for path in wheel["only-include"]:
        first, _, rest = path.partition("/")
        target = folder / wheel["sources"][first] / rest
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_dir():
            shutil.copytree(ROOT / path, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / path, target)
    return {**os.environ, "PYTHONPATH": str(folder)}


def run(environment: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "changeover", "docs", *words]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def test_without_a_topic_every_topic_is_listed_with_one_line(shop: Shop) -> None:
    answer = shop.run("docs")
    assert (answer.code, answer.err) == (0, "")
    listed = [line.split()[0] for line in answer.out.splitlines() if line.startswith("    ")]
    assert listed == [name for names in TOPICS.values() for name in names]
    assert re.search(r"^    limits +What can bypass the comparison, how it shows, and what", answer.out, re.M)


@pytest.mark.parametrize("spelled", ["limits", "LIMITS", "limits.md", "docs/limits.md"])
def test_a_topic_is_printed_as_plain_markdown(shop: Shop, spelled: str) -> None:
    answer = shop.run("docs", spelled)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("# What this cannot promise\n")
    assert "<!--" not in answer.out


def test_a_misspelt_topic_is_one_sentence_that_names_the_nearest(shop: Shop) -> None:
    answer = shop.run("docs", "comands")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(
        'changeover: TOPIC: "comands" is no topic, did you mean "commands"? allowed: start, life, '
    )
    assert answer.err.count("\n") == 1


def test_a_word_that_is_no_topic_is_answered_with_the_sections_that_speak_of_it(shop: Shop) -> None:
    answer = shop.run("docs", "kill", "switch")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(
        'changeover: TOPIC: "kill switch" is no topic; found in: glossary ("kill switch"), '
    )


def test_a_word_of_which_nothing_speaks_is_answered_with_all_topics(shop: Shop) -> None:
    assert '"xylophone" is no topic, allowed: start, life, ' in shop.run("docs", "xylophone").err


def test_a_word_that_is_near_a_topic_and_spoken_of_is_answered_with_both(shop: Shop) -> None:
    said = '"limit" is no topic, did you mean "limits"? found in: '
    assert said in shop.run("docs", "limit").err


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in TOPICS_OF_ALL])
def test_the_name_of_a_command_prints_what_there_is_about_it(shop: Shop, command: str) -> None:
    answer = shop.run("docs", command)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"# `{command}")
    assert f"`changeover {command}" in answer.out
    assert "changeover docs commands" in answer.out


def test_a_group_of_commands_prints_all_of_them(shop: Shop) -> None:
    out = shop.run("docs", "scenarios").out
    assert all(f"# `scenarios {word}`" in out for word in ("keep", "list", "record", "renew", "show"))
    assert shop.run("docs", "scenarios", "keep").out.startswith("# `scenarios keep`")


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("inti", "init"),
        ("comapre", "compare"),
        ("doctr", "doctor"),
        ("explian", "explain"),
        ("glosary", "glossary"),
    ],
)
def test_a_misspelt_command_names_the_command(shop: Shop, word: str, near: str) -> None:
    assert f'"{word}" is no topic, did you mean "{near}"?' in shop.run("docs", word).err


@pytest.mark.parametrize("word", ["stage", "xylophone", "lim"])
def test_what_is_only_as_short_as_a_topic_is_not_taken_for_it(shop: Shop, word: str) -> None:
    assert "did you mean" not in shop.run("docs", word).err


def test_a_section_whose_heading_has_the_words_comes_first() -> None:
    assert sections_about("postgresql")[0] == ("evidence", "PostgreSQL: one store for a fleet")
    assert sections_about("one store for a fleet")[0] == ("evidence", "PostgreSQL: one store for a fleet")
    assert sections_about("vacuous")[0] == ("glossary", "vacuous")


def test_the_title_of_a_page_counts_as_well() -> None:
    assert sections_about("python compare")[0] == ("api", "`compare`")


def test_an_installed_package_prints_its_own_pages(tmp_path: Path) -> None:
    environment = installed(tmp_path / "installed")
    for topic in ("start", "commands", "glossary"):
        answer = run(environment, tmp_path, topic)
        assert (answer.returncode, answer.stdout) == (0, find_topic(topic).text)


def test_an_installation_without_pages_says_so(tmp_path: Path) -> None:
    environment = installed(tmp_path / "installed")
    shutil.rmtree(tmp_path / "installed" / "changeover" / "docs")
    answer = run(environment, tmp_path, "start")
    assert answer.returncode == 2
    assert answer.stderr.startswith("changeover: docs: the pages of the manual are not beside ")


def test_open_shows_the_page_of_the_site_in_a_browser(tmp_path: Path) -> None:
    environment = installed(tmp_path / "installed")
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> {tmp_path}/opened\n')
    browser.chmod(0o755)
    environment["BROWSER"] = str(browser)
    site = tmp_path / "installed" / "changeover" / "site"
    missing = run(environment, tmp_path, "gate", "--open")
    assert missing.returncode == 2
    assert "no site is built there: mkdocs build makes one" in missing.stderr
    site.mkdir()
    for name in ("gate", "index"):
        (site / f"{name}.html").write_text("<p>")
    assert run(environment, tmp_path, "gate", "--open").returncode == 0
    assert run(environment, tmp_path, "--open").returncode == 0
    assert (tmp_path / "opened").read_text().split() == [
        (site / f"{name}.html").as_uri() for name in ("gate", "index")
    ]


@pytest.mark.skipif(shutil.which("sed") is None, reason="needs sed, as a pager that can be told from none")
def test_a_page_is_paged_on_a_terminal_only(tmp_path: Path) -> None:
    environment = {**os.environ, "PAGER": "sed s/^/paged:/"}
    assert "paged:" not in run(environment, tmp_path, "ci").stdout
    control, terminal = pty.openpty()
    command = [sys.executable, "-m", "changeover", "docs", "ci"]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdin=terminal, stdout=terminal, stderr=terminal
    ):
        os.close(terminal)
        seen = b""
        try:
            while part := os.read(control, 4096):
                seen += part
        except OSError:  # the other end is closed
            pass
    os.close(control)
    assert seen.startswith(b"paged:# In CI\r\n")
