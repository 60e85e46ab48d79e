"""`pytest --changeover=shadow`: the tests of a program, as they are, compare both paths of every seam.

Without the option nothing is imposed and nothing of the toolkit is imported. Stages hold for the session
only: no file is written, and what a test itself sets in the environment (stages, kill switch) wins. With and
without it, what tests run is no sample of production: it is not kept, and it trips no wire.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from gc import collect
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from changeover.evidence.test_session import CrossedRuns, SuiteTally
    from changeover.record.run import Run
    from changeover.redaction.redactor import Redactor

STAGES = ("shadow", "live")
MARKER = (
    'changeover(expect=None, skip=None): under --changeover, expect="diverged" or "failed" says that a seam '
    'does so in this test; skip="reason" leaves its stages as they are without the option.'
)
_PLUGIN = "changeover-session"
_OUTPUT = "changeover"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option, with its help."""
    parser.getgroup("changeover").addoption(
        "--changeover",
        choices=STAGES,
        help="run every seam in this stage, and fail the tests in which the other path differs",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take part only where the option is given; but no test's run is one in production."""
    os.environ.setdefault("CHANGEOVER_POPULATION", "generated")
    config.addinivalue_line("markers", MARKER)
    stage = config.getoption("--changeover")
    if stage is not None:
        config.pluginmanager.register(ComparedSession(config, stage), _PLUGIN)


@pytest.fixture
def changeover(request: pytest.FixtureRequest) -> Sequence[Run]:
    """The compared runs of this test, growing as it goes on; empty without `--changeover`."""
    session = request.config.pluginmanager.get_plugin(_PLUGIN)
    return session.runs if isinstance(session, ComparedSession) else ()


class ComparedSession:
    """One session, or one worker's part of it, with every seam in one stage while a test runs."""

    def __init__(self, config: pytest.Config, stage: str) -> None:
        from changeover.evidence.test_session import SuiteTally

        self._config = config
        self._stage = stage
        self._worker = getattr(config, "workeroutput", None)
        self._tally: SuiteTally = SuiteTally()
        self._tested: CrossedRuns | None = None
        self._ran = False
        _import_app(config)

    @property
    def runs(self) -> Sequence[Run]:
        """Those of the test that runs; empty where it opted out."""
        return () if self._tested is None else self._tested.runs

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse marks that mean nothing, before any test runs."""
        for item in items:
            _mark_of(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """One test, with its fixtures' setup and teardown."""
        from changeover.evidence.test_session import EXPECTABLE, CrossedRuns

        mark = _mark_of(item)
        self._ran = False
        opted_out = mark.get("skip") is not None
        self._tested = None if opted_out else CrossedRuns(EXPECTABLE.get(mark.get("expect") or "", ()))
        try:
            with self._stages_overridden(self._tested):
                return (yield)
        finally:
            if self._tested is None:
                self._tally.opted_out += 1
            elif self._ran or self._tested.counts:
                self._tally.add_test(self._tested)
            self._tested = None

    def _stages_overridden(self, tested: CrossedRuns | None) -> AbstractContextManager[None]:
        from changeover.rollout.test_override import StageOverride, override_stages
        from changeover.values.stage import parse_setting

        return (
            nullcontext()
            if tested is None
            else override_stages(StageOverride(parse_setting(self._stage), tested.watch))
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report say what differed; a test that went well by itself has failed then."""
        report = yield
        self._ran = self._ran or report.when == "call"
        tested = self._tested
        if tested is None:
            return report
        # What differed while fixtures were set up is said with the test, once it had its chance to run.
        text = "" if report.when == "setup" and report.passed else self._failure_text(item, report, tested)
        if report.failed and text:
            report.sections.append(("changeover", text))
        elif text:
            report.outcome, report.longrepr = "failed", text
            vars(report).pop("wasxfail", None)
        if report.when == "teardown":
            counts = sorted(tested.verdicts.items())
            report.user_properties += [(f"changeover.{verdict}", number) for verdict, number in counts]
        return report

    def _failure_text(self, item: pytest.Item, report: pytest.TestReport, tested: CrossedRuns) -> str:
        from changeover.views.layout import Screen
        from changeover.views.text.test_summary import expected_text, failure_text

        again = f"pytest {shlex.quote(self._name_from_here(item))} --changeover={self._stage}"
        problems = [self._redactor.run(run) for run in tested.take_problems()]
        if problems:
            what = "test" if report.when == "call" else report.when
            skipped = "failed" if hasattr(report, "wasxfail") else "was skipped"
            ended = skipped if report.skipped else report.outcome
            return failure_text(
                f"The {what} itself {ended}.", problems, tested.problems_left_out, again, Screen()
            )
        if report.when == "call" and report.passed and tested.lacks_expectation:
            return expected_text(str(_mark_of(item)["expect"]), again)
        return ""

    @cached_property
    def _redactor(self) -> Redactor:
        """What a report may not tell; without a plan that can be read, what types and environment say."""
        from changeover.errors import ConfigurationError
        from changeover.project import find_project
        from changeover.redaction.redactor import Redactor
        from changeover.rollout.plan_file import redact_paths_of

        root = self._config.rootpath
        try:
            project = find_project(root, os.environ)
            return Redactor.for_project(redact_paths_of(project.plan()), project.root)
        except ConfigurationError:
            return Redactor.for_project((), root)

    def _name_from_here(self, item: pytest.Item) -> str:
        """The test as it is called from the folder in which pytest was started."""
        file = os.path.relpath(item.path, self._config.invocation_params.dir)
        return "::".join([file.replace(os.sep, "/"), *item.nodeid.split("::")[1:]])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Note what is declared; a worker sends its counts to the controller."""
        from changeover.migration import migrations_alive

        collect()  # migrations that a test made for itself are gone, and none of the program's
        for migration in migrations_alive():
            self._tally.note(migration.seams, migration.problems)
        if self._worker is not None:
            self._worker[_OUTPUT] = self._tally.to_data()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add what a worker of pytest-xdist counted."""
        data = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if data is None:
            self._tally.lost_workers += 1
        else:
            self._tally.join(data)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was compared, and what was not."""
        from changeover.views.layout import Screen
        from changeover.views.text.test_summary import summary_lines

        terminalreporter.write_sep("=", "changeover")
        for line in summary_lines(self._tally, Screen()):
            terminalreporter.write_line(line)


def _mark_of(item: pytest.Item) -> dict[str, Any]:
    """What the closest mark says; raises UsageError for one that means nothing."""
    from changeover.evidence.test_session import EXPECTABLE

    mark = item.get_closest_marker("changeover")
    if mark is None:
        return {}
    options = dict(mark.kwargs)
    wrong = bool(mark.args) or not options.keys() <= {"expect", "skip"} or len(options) != 1
    wrong = wrong or options.get("expect", "diverged") not in EXPECTABLE
    if wrong or not isinstance(options.get("skip", ""), str):
        allowed = " or ".join([f'expect="{word}"' for word in EXPECTABLE] + ['skip="reason"'])
        raise pytest.UsageError(
            f"{item.nodeid}: mark changeover: was {_format_mark(mark)}, allowed: {allowed}"
        )
    return options


def _format_mark(mark: pytest.Mark) -> str:
    words = [repr(word) for word in mark.args] + [f"{name}={word!r}" for name, word in mark.kwargs.items()]
    return f"({', '.join(words)})"


def _import_app(config: pytest.Config) -> None:
    """Import the module that pyproject.toml names as the app, so that methods it wraps are seams.

    The module alone: a factory is for the toolkit's commands, and may change what tests go by.
    """
    from changeover.errors import ConfigurationError
    from changeover.project import find_project

    try:
        project = find_project(config.rootpath, os.environ)
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from error
    if project.app is None:
        return
    project.make_importable()
    try:
        import_module(project.app.partition(":")[0])
    except Exception as error:  # the app's own modules may raise anything
        what = f"importing {project.app!r} raised {type(error).__name__}: {error}"
        raise pytest.UsageError(f"pyproject.toml: tool.changeover.app: {what}") from error
