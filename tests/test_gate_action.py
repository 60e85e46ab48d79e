"""The GitHub action of the gate is valid; its steps are run in a foreign project, beside a small GitHub."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
import yaml

from tests.changeover.support.ci_schemas import problems_by_schema
from tests.changeover.support.projects import Shop, shop_in

FOLDER = Path(__file__).parents[1] / ".github" / "actions" / "gate"
ACTION = yaml.safe_load((FOLDER / "action.yml").read_text("utf-8"))
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
TOKEN = "token of the workflow"
MARKER = re.compile(r"<!-- changeover gate [0-9a-f]{16} -->\n")


@dataclass
class Comments:
    """GitHub's comments of one pull request, over HTTP; `refuses` is the code that answers any writing."""

    address: str = ""
    kept: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refuses: int | None = None
    login: str | None = None

    def add(self, body: str, login: str, kind: str) -> dict[str, Any]:
        made = {"id": len(self.kept) + 1, "body": body, "user": {"login": login, "type": kind}}
        self.kept.append(made)
        return made

    def answer(self, method: str, target: str, content: Mapping[str, Any]) -> tuple[int, Any]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path == "/user":
            return (200, {"login": self.login}) if self.login else (403, {"message": "not for integrations"})
        if method == "GET" and path == "/repos/o/r/issues/7/comments":
            start = (int(query["page"][0]) - 1) * 100
            return 200, self.kept[start : start + 100]
        if self.refuses is not None:
            return self.refuses, {"message": "Resource not accessible by integration"}
        if method == "POST" and path == "/repos/o/r/issues/7/comments":
            return 201, self.add(content["body"], "github-actions[bot]", "Bot")
        number = path.removeprefix("/repos/o/r/issues/comments/")
        if method == "PATCH" and number.isdecimal():
            self.kept[int(number) - 1]["body"] = content["body"]
            return 200, self.kept[int(number) - 1]
        return 404, {}


@pytest.fixture
def comments() -> Iterator[Comments]:
    kept = Comments()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept.asked.append(f"{self.command} {self.path}")
            kept.tokens.add(self.headers.get("Authorization", ""))
            code, content = kept.answer(self.command, self.path, json.loads(data or b"{}"))
            body = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815  names of the standard library

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    kept.address = f"http://127.0.0.1:{server.server_port}"
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Ran:
    """What an action did: the code and the text of each step by name, its outputs, the summary."""

    steps: dict[str, tuple[int, str]]
    outputs: dict[str, str]
    summary: str

    @property
    def succeeded(self) -> bool:
        return all(code == 0 for code, _ in self.steps.values())


@dataclass
class Runner:
    """Runs the steps of the action as GitHub's runner does: bash, and the variables that a step declares."""

    project: Path
    folder: Path
    api: str
    event: Mapping[str, Any] = field(default_factory=lambda: {"pull_request": {"number": 7}})

    def run(self, *, planted: str = "", names: frozenset[str] = frozenset(), **given: str) -> Ran:
        inputs = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
        inputs |= {"python": sys.executable, "working-directory": str(self.project)}
        inputs |= {name.replace("_", "-"): value for name, value in given.items()}
        event, summary = self.folder / "event.json", self.folder / "summary.md"
        event.write_text(json.dumps(self.event))
        outputs: dict[str, dict[str, str]] = {}
        values = {"github.token": TOKEN, **{f"inputs.{name}": value for name, value in inputs.items()}}
        inputs = {name: self._filled(value, values) for name, value in inputs.items()}
        values |= {f"inputs.{name}": value for name, value in inputs.items()}
        ran = Ran({}, {}, "")
        for step in ACTION["runs"]["steps"]:
            if not self._goes_on(step["if"], values, ran) or (names and step["name"] not in names):
                continue
            told = self.folder / "output"
            told.write_text("")
            variables = {name: self._filled(value, values) for name, value in step["env"].items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self._filled(step.get("working-directory", str(self.project)), values),
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": str(self.folder),
                    "RUNNER_TEMP": str(self.folder),
                    "SHOP_PLANTED": planted,
                    "GITHUB_ACTIONS": "true",
                    "GITHUB_ACTION_PATH": str(FOLDER),
                    "GITHUB_API_URL": self.api,
                    "GITHUB_EVENT_PATH": str(event),
                    "GITHUB_OUTPUT": str(told),
                    "GITHUB_REPOSITORY": "o/r",
                    "GITHUB_RUN_ID": "99",
                    "GITHUB_SERVER_URL": "https://github.com",
                    "GITHUB_SHA": "abc",
                    "GITHUB_STEP_SUMMARY": str(summary),
                    "GITHUB_WORKSPACE": str(self.project.parent),
                    **variables,
                },
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            ran.steps[step["name"]] = (done.returncode, done.stdout + done.stderr)
            if "id" in step:
                outputs[step["id"]] = dict(
                    line.split("=", 1) for line in told.read_text().splitlines() if "=" in line
                )
                values |= {
                    f"steps.{step['id']}.outputs.{name}": value for name, value in outputs[step["id"]].items()
                }
        ran.outputs = {name: self._filled(one["value"], values) for name, one in ACTION["outputs"].items()}
        ran.summary = summary.read_text() if summary.exists() else ""
        return ran

    @staticmethod
    def _filled(text: str, values: Mapping[str, str]) -> str:
        return EXPRESSION.sub(lambda found: values.get(found[1], ""), text)

    @staticmethod
    def _goes_on(condition: str, values: Mapping[str, str], ran: Ran) -> bool:
        """Of the conditions that the action has: a step after a failed one runs where it asks for that."""
        inner = EXPRESSION.fullmatch(condition)
        assert inner is not None, condition
        parts = inner[1].split(" && ")
        if "!cancelled()" not in parts and not ran.succeeded:
            return False
        for part in parts:
            if part == "!cancelled()":
                continue
            compared = re.fullmatch(r"(inputs\.[\w-]+) (==|!=) '(\w*)'", part)
            assert compared is not None, part
            if (values[compared[1]] == compared[3]) is (compared[2] == "!="):
                return False
        return True


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A foreign project, in a folder of its repository, with one scenario and no evidence."""
    root = tmp_path_factory.mktemp("repository") / "services"
    root.mkdir()
    made = shop_in(root)
    made.run("compare", "--runs", "1", CHANGEOVER_STORE="none")
    kept = made.run("compare", "--runs", "1")
    assert kept.code == 0, kept.err
    assert made.run("scenarios", "keep", "days/day-01").code == 0
    return made


@pytest.fixture
def runner(shop: Shop, comments: Comments, tmp_path: Path) -> Runner:
    return Runner(shop.root, tmp_path, comments.address)


def test_the_action_fits_the_schema_of_actions() -> None:
    assert problems_by_schema("vendor.github-actions", FOLDER / "action.yml") == ""


def test_no_input_stands_in_the_text_of_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_every_input_is_used_and_every_used_one_is_declared() -> None:
    text = (FOLDER / "action.yml").read_text("utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])


def test_a_change_that_differs_is_told_and_the_next_one_that_does_not_takes_its_place(
    runner: Runner, comments: Comments
) -> None:
    comments.add("looks good", "ada", "User")
    differs = runner.run(planted="whole")
    assert {name: code for name, (code, _) in differs.steps.items()} == {
        "rules": 0,
        "stages": 0,
        "gate": 1,
        "comment": 0,
    }
    assert (differs.outputs["answer"], differs.outputs["exit-code"]) == ("fail", "1")
    body = comments.kept[1]["body"]
    assert MARKER.match(body)
    assert "[Log of this run](https://github.com/o/r/actions/runs/99)" in body
    shop = (runner.project / "shop.py").read_text("utf-8").splitlines()
    old, new = (number for number, line in enumerate(shop, 1) if "depot.order(item, missing)" in line)
    page = "https://github.com/o/r/blob/abc/services/shop.py"
    row = next(
        line for line in body.splitlines() if "depot.order\\[\\*\\].quantity" in line and "UNSAFE" in line
    )
    assert f"| 42<br>[services/shop.py:{old}]({page}#L{old}) |" in row
    assert f"| 60<br>[services/shop.py:{new}]({page}#L{new}) |" in row
    assert body.split("\n", 1)[1].strip().startswith(differs.summary.strip()[:200])
    assert f"::error file=services/shop.py,line={new},title=UNSAFE" in differs.steps["gate"][1]
    suites = ElementTree.parse(differs.outputs["junit"]).getroot()  # noqa: S314  it is our own
    assert int(suites.get("failures", "")) > 0
    assert json.loads(Path(differs.outputs["json"]).read_text("utf-8"))["comparison"]["exit_code"] == 1

    passes = runner.run()
    assert passes.outputs["answer"] == "pass", passes.steps
    assert passes.succeeded
    assert len(comments.kept) == 2
    assert "### shelf on scenarios: PASS" in comments.kept[1]["body"]
    assert comments.kept[0]["body"] == "looks good"
    assert comments.tokens == {f"Bearer {TOKEN}"}


def test_what_is_given_as_an_input_is_never_a_command(runner: Runner, comments: Comments) -> None:
    attack = '"; touch pwned; $(touch pwned) `touch pwned` && touch pwned #'
    ran = runner.run(
        names=frozenset({"gate", "comment"}), phases=attack, jobs=attack, comment="always", name=attack
    )
    assert ran.steps["gate"][0] == 2
    assert (ran.outputs["answer"], ran.outputs["exit-code"]) == ("error", "2")
    assert not [*runner.project.rglob("pwned"), *runner.folder.rglob("pwned")]
    assert "### changeover gate: ERROR" in comments.kept[0]["body"]
    assert "pwned" not in comments.kept[0]["body"]
    assert runner.run(names=frozenset({"gate"}), phases="--format json").steps["gate"][0] == 2


@pytest.fixture(scope="module")
def comment() -> ModuleType:
    """The script of the last step, to be called in this process."""
    spec = spec_from_file_location("gate_comment", FOLDER / "comment.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def variables(comments: Comments, tmp_path: Path) -> dict[str, str]:
    """What the step is told of a gate that failed."""
    (tmp_path / "event.json").write_text('{"pull_request": {"number": 7}}')
    (tmp_path / "gate.md").write_text("### shelf: FAIL\n")
    return {
        "COMMENT": "failures",
        "COMMENT_NAME": "gate",
        "ANSWER": "fail",
        "MARKDOWN": str(tmp_path / "gate.md"),
        "GITHUB_TOKEN": "t",
        "GITHUB_API_URL": comments.address,
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"GITHUB_TOKEN": ""}, "there is no token"),
        ({"GITHUB_EVENT_PATH": ""}, "does not run for a pull request"),
        ({"GITHUB_EVENT_PATH": "/nowhere.json"}, "GITHUB_EVENT_PATH could not be read"),
        ({"GITHUB_API_URL": "http://127.0.0.1:1"}, "GitHub could not be asked"),
        ({"GITHUB_API_URL": "file:///etc"}, "do not say where to write it"),
    ],
)
def test_where_no_comment_can_be_written_a_sentence_says_why_and_nothing_fails(
    comment: ModuleType,
    variables: dict[str, str],
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, str],
    said: str,
) -> None:
    assert comment.main(variables | changed) == 0
    out = capsys.readouterr().out
    assert out.startswith("::notice title=changeover gate::no comment was written: ")
    assert said in out
    assert len(out.splitlines()) == 1


def test_a_token_that_may_not_write_is_told_which_permission_is_needed(
    comment: ModuleType, comments: Comments, variables: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    comments.refuses = 403
    assert comment.main(variables) == 0
    assert (
        "GitHub refused it (403): the job needs `permissions: pull-requests: write`"
        in capsys.readouterr().out
    )


def test_a_gate_that_passes_needs_no_new_comment_unless_one_is_asked_for(
    comment: ModuleType, comments: Comments, variables: dict[str, str]
) -> None:
    assert comment.main({**variables, "ANSWER": "pass"}) == 0
    assert comments.kept == []
    assert comment.main({**variables, "ANSWER": "pass", "COMMENT": "always"}) == 0
    assert len(comments.kept) == 1
    assert comment.main({**variables, "COMMENT": "never"}) == 0
    assert comment.main({**variables, "COMMENT": "sometimes"}) == 2


def test_our_comment_is_found_on_later_pages_and_nobody_elses_is_touched(
    comment: ModuleType, comments: Comments, variables: dict[str, str]
) -> None:
    comment.main(variables)
    marked = comments.kept.pop()["body"]
    forged = comments.add(marked, "mallory", "User")
    for _ in range(119):
        comments.add("text", "ada", "User")
    comment.main(variables)
    ours = comments.kept[-1]
    assert (len(comments.kept), ours["user"]["type"]) == (121, "Bot")
    (Path(variables["MARKDOWN"])).write_text("### shelf: INCONCLUSIVE\n")
    comment.main(variables)
    assert len(comments.kept) == 121
    assert "INCONCLUSIVE" in ours["body"]
    assert forged["body"] == marked
    # A person's token knows its own comments, and another gate has another one.
    comments.login = "mallory"
    comment.main(variables)
    assert "INCONCLUSIVE" in forged["body"]
    comment.main({**variables, "COMMENT_NAME": "other"})
    assert len(comments.kept) == 122


def test_a_result_that_is_too_long_is_cut_at_the_end_of_a_line(
    comment: ModuleType, comments: Comments, variables: dict[str, str]
) -> None:
    Path(variables["MARKDOWN"]).write_text("| a row |\n" * 9_000)
    comment.main({**variables, "GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "99"})
    body = comments.kept[0]["body"]
    assert len(body) <= 65_536
    assert "| a row |\n\nThe rest is in the summary of the step.\n" in body
    assert body.endswith("[Log of this run](https://github.com/o/r/actions/runs/99)\n")
