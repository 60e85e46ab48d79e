"""The JSON Schemas: current, valid, and such that the committed files and every output fit them."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from changeover.cli.main import COMMANDS
from changeover.models import catalogue
from changeover.models.catalogue import ENDINGS, FILES, OUTPUTS, described, fitted, schema_text
from changeover.models.readiness import GateAnswer
from tests.changeover.support.json_schemas import SCHEMAS, held_against_schema, validator
from tests.changeover.support.projects import Shop, shop_in

ROOT = Path(__file__).parents[3]


def _toml(path: Path) -> Any:
    return json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))


@pytest.mark.parametrize("name", described())
def test_the_published_schema_is_the_one_that_the_models_give(name: str) -> None:
    published = (SCHEMAS / f"{name}.json").read_text(encoding="utf-8")
    assert published == schema_text(name), "write them anew: changeover schema --output docs/schemas"


def test_nothing_else_is_published() -> None:
    assert sorted(path.name for path in SCHEMAS.iterdir()) == sorted(f"{name}.json" for name in described())


@pytest.mark.parametrize("name", FILES)
def test_every_key_of_a_file_is_explained(name: str) -> None:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    for table in (schema, *schema.get("$defs", {}).values()):
        if table.get("title") in ("SeamVariants", "CheckVariants"):  # each stage is its own value
            continue
        for key, node in table.get("properties", {}).items():
            explained = node if "description" in node else schema["$defs"][node["$ref"].rpartition("/")[2]]
            assert explained["description"].endswith("."), (table["title"], key)


def test_what_init_writes_fits(tmp_path: Path) -> None:
    Shop(tmp_path).run("init")
    for name in ("phases", "rules"):
        assert [
            one.message for one in validator(name).iter_errors(_toml(tmp_path / "migration" / f"{name}.toml"))
        ] == []


def test_every_command_with_json_has_a_schema_and_every_schema_a_command() -> None:
    """By the source: each name is given where a command shows its JSON."""
    shown = set()
    for path in (ROOT / "src" / "changeover" / "cli").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        shown |= set(re.findall(r'show_(?:json\(|result\(\s*format_,)\s*"([a-z-]+)"', text))
    assert shown == {*OUTPUTS, *ENDINGS}
    assert {name.partition("-")[0] for name in OUTPUTS} <= set(COMMANDS)


def test_an_output_that_lost_gained_or_changed_a_field_fails() -> None:
    good = {"schema_version": 1, "file": "rules.toml", "problems": [], "digest": None}
    assert held_against_schema("rules-check", good)[0] == good
    lost = {key: value for key, value in good.items() if key != "digest"}
    for wrong in (lost, {**good, "more": 1}, {**good, "problems": [{"line": "1", "problem": "x"}]}):
        with pytest.raises(AssertionError, match="changeover schema rules-check"):
            held_against_schema("rules-check", wrong)


def test_an_output_that_does_not_fit_is_shown_all_the_same_and_said_to_be_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "fitted", fitted)  # as in production
    monkeypatch.setitem(OUTPUTS, "rules-check", "evidence:ScenariosListOutput")
    answer = shop_in(tmp_path).run("rules", "check", "--format", "json")
    assert answer.code == 0
    assert json.loads(answer.out)["problems"] == []
    assert answer.err.startswith(
        "! not as `changeover schema rules-check` has it: scenarios: Field required; "
    )


def test_a_field_keeps_its_name_in_the_file_and_its_place() -> None:
    assert list(GateAnswer.model_fields)[2] == "from_"
    document, _ = fitted("history", {"schema_version": 1, "entries": [], "damaged": [], "agreement": _AGREES})
    assert list(document) == ["schema_version", "entries", "damaged", "agreement"]


_AGREES = {"agrees": True, "revision": 0, "findings": [], "known": []}


def test_without_a_name_the_command_lists_all_with_a_line_each(tmp_path: Path) -> None:
    answer = Shop(tmp_path).run("schema")
    assert answer.code == 0
    assert [line.split("  ")[0] for line in answer.out.splitlines()] == list(described())


def test_the_command_prints_and_writes_the_schema(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    printed = shop.run("schema", "phases")
    assert (printed.code, printed.out) == (0, schema_text("phases"))
    assert shop.run("schema", "--output", "all").code == 0
    assert len(list((tmp_path / "all").iterdir())) == len(described())
    assert shop.run("schema", "rules", "--output", "one").code == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["rules.json"]


@pytest.mark.parametrize(
    ("name", "near"), [("phase", "phases"), ("blind-spots", "blindspots"), ("rule check", "rules-check")]
)
def test_an_unknown_name_is_a_usage_error_that_names_the_nearest(
    tmp_path: Path, name: str, near: str
) -> None:
    answer = Shop(tmp_path).run("schema", name)
    assert (answer.code, answer.out) == (2, "")
    assert f'"{name}" is no schema, did you mean "{near}"? allowed: phases, rules, ' in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["schema"],
        ["schema", "--help"],
        ["kill", "--dry-run"],
        ["history"],
        ["rollback", "shelf", "--dry-run"],
    ],
)
def test_what_needs_no_model_does_not_import_pydantic(arguments: list[str], tmp_path: Path) -> None:
    shop_in(tmp_path)
    script = f"""
import sys
sys.argv = ["changeover", *{arguments!r}]
from changeover.cli.main import main
try:
    main()
except SystemExit as end:
    assert end.code in (0, None), end.code
assert "pydantic" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_program_reads_its_files_without_pydantic(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    shop.run("flip", "shelf", "shadow", "--reason", "r", "--force")
    (shop.root / "migration" / "rules.toml").write_text(
        '[[rule]]\npath = "result.a"\nreason = "r"\nabs = "1"\n'
    )
    (shop.root / "migration" / "waivers.toml").write_text("# none\n")
    (shop.root / "migration" / "KILL").write_text("")
    script = """
import sys
from changeover import Migration
migration = Migration.load("migration")
assert migration.stages().settings
assert "kill switch" in migration.problems[0]
assert "pydantic" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
