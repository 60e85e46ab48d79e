"""`compare` and `gate` for a build server: one exit code in every format, files, source lines, a summary."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return shop_in(tmp_path_factory.mktemp("shop"))


@pytest.mark.parametrize(("planted", "code"), [("", 0), ("whole", 1), ("question", 3)])
def test_the_exit_code_is_the_same_in_every_format(shop: Shop, planted: str, code: int) -> None:
    files = ("out.xml", "out.md", "out.json")
    outputs = [word for file in files for word in ("--output", file)]
    done = {
        format_: shop.run("compare", "--runs", "1", "--format", format_, *more, planted=planted)
        for format_, more in (("text", outputs), ("markdown", []), ("junit", []))
    }
    assert {format_: answer.code for format_, answer in done.items()} == dict.fromkeys(done, code)
    xml, markdown, written = ((shop.root / file).read_text("utf-8") for file in files)
    assert json.loads(written)["comparisons"][0]["exit_code"] == code
    # A file has what the format prints, times aside.
    assert markdown == done["markdown"].out
    names = [
        [(one.tag, one.get("name"), one.get("message")) for one in ElementTree.fromstring(text).iter()]  # noqa: S314
        for text in (xml, done["junit"].out)
    ]
    assert names[0] == names[1]


def test_json_has_the_line_of_the_call_and_of_the_raise_on_each_side(shop: Shop) -> None:
    lines = ["", *(shop.root / "shop.py").read_text("utf-8").splitlines()]

    def source(planted: str) -> dict[str, list[str | None]]:
        told = json.loads(shop.run("compare", "--runs", "1", "--format", "json", planted=planted).out)
        (comparison,) = told["comparisons"]
        return {
            cluster["place"]: [
                None if place is None else lines[int(place.removeprefix("shop.py:"))].strip()
                for place in (cluster["source_lines"]["legacy"], cluster["source_lines"]["candidate"])
            ]
            for cluster in comparison["clusters"]
        }

    legacy, candidate = "def legacy(item: str, target: int)", "def candidate(item: str, target: int)"
    found = source("whole")
    assert found["effects.depot.order[*].quantity"] == ["depot.order(item, missing)"] * 2
    assert [str(line).partition(" ->")[0] for line in found["result.cost"]] == [legacy, candidate]
    raised = source("raises")
    assert raised["error"][1] == 'raise LookupError("no such shelf")'
    assert raised["effects.depot.order[*]"][0] == "depot.order(item, missing)"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("out.txt", "has no format by its name, allowed: .xml (junit), .md (markdown), .json (json)"),
        ("nowhere/out.xml", "there is no folder nowhere"),
        ("folder.md", "was a folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_said_before_anything_runs(shop: Shop, file: str, said: str) -> None:
    (shop.root / "folder.md").mkdir(exist_ok=True)
    for command in (["compare"], ["gate", "--scenarios"]):
        answer = shop.run(*command, "--output", file)
        assert (answer.code, answer.out) == (2, "")
        assert said in answer.err
        assert "comparison" not in answer.err


def test_markdown_in_a_workflow_is_the_summary_of_the_step_with_annotations_of_lines(
    shop: Shop, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_WORKSPACE": str(shop.root.parent),
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SHA": "abc",
    }
    answer = shop.run("compare", "--runs", "1", "--format", "markdown", planted="dear", **github)
    assert summary.read_text("utf-8").strip() == answer.out.strip()
    folder = shop.root.name
    assert f"](https://github.com/o/r/blob/abc/{folder}/shop.py#L" in answer.out
    (annotation,) = [line for line in answer.err.splitlines() if line.startswith("::")]
    assert annotation.startswith(f"::error file={folder}/shop.py,line=")
    assert "result.cost: 357.00 -> 358.00" in annotation
    unknown = {**github, "GITHUB_SERVER_URL": "javascript:alert(1)", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    told = shop.run("compare", "--runs", "1", "--format", "markdown", planted="dear", **unknown)
    assert "](" not in told.out
    assert "warning: GITHUB_STEP_SUMMARY: could not be written" in told.err
    assert told.code == answer.code == 1
