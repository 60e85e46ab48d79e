"""The manual is whole: every page has its place, what is made is current, and nothing public is missing."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

import changeover
from changeover import Migration, Stage
from changeover.manual import TOPICS, all_topics
from changeover.telemetry.alerts import AlertKind
from changeover.values.verdict import Verdict
from pytest_changeover import MARKER, STAGES
from tests.docs.declared_page import OTHER_NAMES, VERBS, WHILE_IT_RUNS
from tests.docs.key_tables import TABLES, definitions, keys_of
from tests.docs.made import PARTS, pages
from tests.docs.pages import DOCS, ROOT, headings, made_part, page_text, section
from tests.docs.variables import variables

SOURCES = ROOT / "src"
A_NEW_PAGE = """\
A page has its place in nav of mkdocs.yml. One that users of the toolkit read is a topic as well: in the same
order in TOPICS of changeover/manual.py, and in only-include of the wheel in pyproject.toml. Then make what is
made of that: python -m tests.docs"""
MAKE_IT_AGAIN = "made of the code; make it again: python -m tests.docs"
NOT_DECLARED = {"undeclared", "sources"}
"""Members of a migration that commands and tests of the toolkit ask, and programs do not."""
OF_OTHERS = {
    "_CHANGEOVER_COMPLETE",
    "COMP_TYPED",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_WORKSPACE",
    "GITHUB_SERVER_URL",
    "GITHUB_REPOSITORY",
    "GITHUB_SHA",
    "GITLAB_CI",
    "CI_PROJECT_DIR",
    "CI_PROJECT_URL",
    "CI_COMMIT_SHA",
    "NO_COLOR",
    "COLUMNS",
    "PYTHONHASHSEED",
    "TZ",
    "PROMETHEUS_MULTIPROC_DIR",
    "PATH",
}


def navigation() -> dict[str, list[str]]:
    """By the titles of the first level: all pages below."""
    found = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    entries = [entry if isinstance(entry, dict) else {"": [entry]} for entry in found]
    return {title: list(_flat(below)) for entry in entries for title, below in entry.items()}


def _flat(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    parts = entry.values() if isinstance(entry, dict) else entry
    return [page for part in parts for page in _flat(part)]


def test_every_page_has_one_place_in_the_navigation() -> None:
    placed = [page for below in navigation().values() for page in below]
    pages = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    assert sorted(placed) == pages, A_NEW_PAGE


@pytest.mark.parametrize("kind", TOPICS)
def test_the_topics_are_the_pages_of_the_navigation_in_its_order(kind: str) -> None:
    pages = [page.removesuffix(".md") for page in navigation()[kind] if not page.startswith("decisions/")]
    assert [page for page in pages if page != "signatures"] == list(TOPICS[kind]), A_NEW_PAGE


def test_every_topic_says_what_kind_of_page_it_is_and_what_it_is_about() -> None:
    for topic in all_topics():
        kinds = re.match(r"# .+\n\n\*([\w-]+)(?: and ([\w-]+))?\. ", topic.text)
        assert kinds is not None, topic.name
        assert kinds[1] == topic.kind, topic.name
        assert topic.about != topic.title, topic.name


def test_the_wheel_carries_every_topic_and_no_other_page() -> None:
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]
    wheel, source = targets["wheel"], targets["sdist"]["include"]
    carried = [path for path in wheel["only-include"] if path.startswith("docs/")]
    assert carried == [f"docs/{name}.md" for names in TOPICS.values() for name in names], A_NEW_PAGE
    assert wheel["sources"] == {"src": "", "docs": "changeover/docs"}
    assert [path for path in carried if not any(PurePath(path).match(one) for one in source)] == []


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_made_is_current(name: str) -> None:
    page, content = PARTS[name]
    assert made_part(page, name) == content(), MAKE_IT_AGAIN


@pytest.mark.parametrize("page", pages())
def test_a_page_that_is_made_is_current(page: str) -> None:
    assert page_text(page) == pages()[page], MAKE_IT_AGAIN


@pytest.mark.parametrize("schema", TABLES)
def test_every_table_and_key_of_a_file_stands_in_the_reference(schema: str) -> None:
    assert definitions(schema) == {name for name in TABLES[schema].values() if name}
    page = "rules.md" if schema == "rules" else "configuration.md"
    for table, keys in keys_of(schema).items():
        assert [key for key in keys if f"| `{key}` |" not in made_part(page, f"{schema} {table}")] == []


@pytest.mark.parametrize("schema", [name for name in TABLES if name != "rules"])
def test_every_key_of_a_file_stands_in_an_example(schema: str) -> None:
    shown = "\n".join(
        re.findall(r"^```toml\n(.*?)^```$", page_text("configuration.md"), re.MULTILINE | re.DOTALL)
    )
    for table, keys in keys_of(schema).items():
        assert [key for key in keys if not re.search(rf"\b{key}\b( =|\]|\.)", shown)] == [], table


def test_every_environment_variable_that_is_read_stands_in_the_reference() -> None:
    known = {name.removesuffix("<PHASE>") for name, _ in variables()} | OF_OTHERS
    page = section("configuration.md", "Environment variables")
    assert [name for name in known - {"PATH"} if f"`{name}" not in page] == []
    text = "\n".join(path.read_text("utf-8") for path in SOURCES.rglob("*.py") if "trading" not in path.parts)
    named = set(re.findall(r'"(CHANGEOVER_[A-Z_]+)"', text))
    read = set(re.findall(r'(?:environ|environment|named)(?:\.get)?[\[(]"([A-Z_]+)"', text))
    read |= set(re.findall(r'^[A-Z_]*VARIABLE = "([A-Z_]+)"', text, re.MULTILINE))
    assert (named | read) - known == set()
    assert len(read) > 10


def test_every_public_name_stands_in_the_reference() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", made_part("declarations.md", "names"), re.MULTILINE))
    explained = set(re.findall(r"^### `(\w+)`$", page_text("api.md"), re.MULTILINE))
    assert explained == VERBS
    assert listed | explained == set(changeover.__all__)
    full = set(re.findall(r"^::: [\w.]+\.(\w+)$", page_text("signatures.md"), re.MULTILINE))
    assert full == set(changeover.__all__) - set(OTHER_NAMES)


def test_every_public_member_of_a_migration_stands_in_the_reference() -> None:
    members = {name for name, _ in inspect.getmembers(Migration) if not name.startswith("_")}
    declared = {
        title.rpartition(".")[2]
        for title in re.findall(r"^### `([\w.]+)`$", page_text("declarations.md"), re.M)
    }
    assert members - NOT_DECLARED <= declared | set(WHILE_IT_RUNS)


def test_every_kind_of_alert_that_is_sent_stands_in_the_reference() -> None:
    page = section("alerts.md", "What sends an alert")
    senders = [path for path in (SOURCES / "changeover").rglob("*.py") if path.name != "alerts.py"]
    text = "\n".join(path.read_text("utf-8") for path in senders)
    sent = [kind for kind in AlertKind if f"AlertKind.{kind.name}" in text]
    assert len(sent) >= 9
    assert [kind for kind in sent if f"| `{kind}` |" not in page] == []


def test_the_option_marks_and_fixture_of_pytest_stand_in_the_reference() -> None:
    page = section("configuration.md", "pytest")
    assert [stage for stage in STAGES if f"`--changeover={stage}`" not in page] == []
    for argument in re.findall(r"(\w+)=None", MARKER):
        assert f"@pytest.mark.changeover({argument}=" in page


def test_the_glossary_has_every_word_of_the_architecture_once_and_in_order() -> None:
    words = headings("glossary.md")[1:]
    assert words == sorted(set(words))
    table = section("architecture.md", "Words")
    named = {
        word
        for row in re.findall(r"^\| (\*\*.*?) \|", table, re.M)
        for word in re.findall(r"\*\*(.*?)\*\*|`(.*?)`", row)
    }
    wanted = {bold or code for bold, code in named} | {str(one) for one in (*Verdict, *Stage)}
    short = {"answering": "answering path", "replayed": "replayed path"}
    assert {short.get(word, word) for word in wanted} - set(words) == set()


def shown(file: Path) -> str:
    """The text of a source file that may come to a screen: all but what its module says of itself."""
    text = file.read_text("utf-8")
    about = ast.get_docstring(ast.parse(text), clean=False) if file.suffix == ".py" else None
    return text.replace(about or "", "", 1)


def test_screens_point_to_topics_that_there_are() -> None:
    topics = {name for names in TOPICS.values() for name in names}
    files = [path for path in (SOURCES / "changeover").rglob("*") if path.suffix in (".py", ".toml", ".html")]
    text = "\n".join(shown(path) for path in files if path.name != "manual.py")
    named = re.findall(r"changeover docs ([a-z-]+)", text)
    assert len(named) >= 5
    assert set(named) <= topics
    assert re.findall(r"docs/[\w-]+\.md", text) == []


def test_no_page_asks_another_machine_for_anything() -> None:
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert "font: false" in text
    assert "assets/iframe-worker.js" in text
    assert [
        path.name for path in DOCS.rglob("*.md") if re.search(r"!\[[^]]*\]\(https?:", path.read_text("utf-8"))
    ] == []


def test_the_check_builds_the_site_strictly_and_hears_its_warnings() -> None:
    """With --quiet mkdocs counts no warning, and --strict lets every broken link pass."""
    [step] = [line for line in (ROOT / ".ci" / "check").read_text("utf-8").splitlines() if "mkdocs" in line]
    assert step.endswith("build --strict")
