"""`pytest --changeover=…` on a small program, each time as a user runs it: in a process of its own."""

import re
from xml.etree import ElementTree

import pytest

from tests.changeover.support.lean_pytest import WITHOUT_OTHER_PLUGINS, run_pytest

pytest_plugins = ["pytester"]

DESK = """
from dataclasses import dataclass
from decimal import Decimal
from changeover import Migration

PLANTED = True

@dataclass
class Position:
    symbol: str
    quantity: int

class Broker:
    def positions(self):
        return {"SPY": Position("SPY", 312)}

    def history(self):
        return [1, 2]

    def submit_order(self, symbol, side, quantity):
        return "order-1"

broker = Broker()
migration = Migration(sample=0.0)
migration.port("broker", Broker, reads={"positions", "history"},
    effects={"submit_order": lambda symbol, side, quantity: (symbol, side)})

@migration.seam("portfolio.rebalance-plan")
def plan(weight):
    return {"items": [{"symbol": "SPY", "target_weight": weight}]}

@plan.candidate
def _(weight):
    return {"items": [{"symbol": "SPY", "target_weight": Decimal(0) if PLANTED else weight}]}

@migration.seam("trading.workflow")
def trade(weight):
    plan(weight)
    held = broker.positions()["SPY"].quantity
    broker.submit_order("SPY", "SELL", 18)
    return held > 0

@trade.candidate
def _(weight):
    held = broker.positions()["SPY"].quantity
    broker.submit_order("SPY", "SELL", held if PLANTED else 18)
    return held > 0

@migration.seam("trading.history")
def history(days):
    return [days]

@history.candidate
def _(days):
    return broker.history() and [days]

@migration.seam("trading.signals")
def signals(day):
    return ["BUY"]

signals.candidate(lambda day: ["BUY"])
"""
HEAD = """
from decimal import Decimal
import pytest
import desk
"""
DRIFT = """
def test_a_small_drift_is_trimmed():
    assert desk.trade(Decimal("0.2944"))
"""


@pytest.fixture(autouse=True)
def _without_other_plugins(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, options in WITHOUT_OTHER_PLUGINS.items():
        monkeypatch.setenv(name, options)


@pytest.fixture
def program(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    for name in ("CI", "BUILD_NUMBER"):  # pytest prints more there, and these tests count what it prints
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(desk=DESK)
    return pytester


def ran(program: pytest.Pytester, tests: str, *options: str, outcomes: dict[str, int]) -> str:
    """What pytest prints with these tests."""
    program.makepyfile(test_desk=HEAD + tests)
    result = run_pytest(program, "-p", "no:cacheprovider", "--strict-markers", *options)
    result.assert_outcomes(**outcomes)
    return result.stdout.str()


def test_a_planted_fault_fails_the_test_with_place_values_and_provenance(program: pytest.Pytester) -> None:
    said = ran(program, DRIFT, "--changeover=shadow", outcomes={"failed": 1})
    part = said[said.index("The test itself") : said.index("= changeover =")]
    said = re.sub(r"\([0-9a-f]{6}\)", "(......)", part[: part.rindex("\n")])
    assert (
        said
        == """\
The test itself passed. The candidate would have done something else:

    trading.workflow           UNSAFE   broker.submit_order(SPY, SELL).quantity
        18 -> 312   (......)
        312 is broker.positions()["SPY"].quantity, read 1
    portfolio.rebalance-plan            result.items[0].target_weight      0.2944 -> 0   (......)

    again   pytest test_desk.py::test_a_small_drift_is_trimmed --changeover=shadow
"""
    )


def test_the_summary_adds_up_and_names_the_seams_that_no_test_crossed(program: pytest.Pytester) -> None:
    tests = """
@pytest.mark.parametrize("mended", [True, False, False])
def test_trades(mended, monkeypatch):
    monkeypatch.setattr(desk, "PLANTED", not mended)
    desk.trade(Decimal("0.2944"))

def test_idle():
    pass

@pytest.mark.changeover(skip="is about something else")
def test_out(changeover):
    desk.trade(Decimal(1))
    assert not changeover
"""
    expected = """\
4 tests crossed 3 seams 7 times: 2 match, 1 not compared, 2 diverged, 2 unsafe; 1 test crossed none,
1 opted out
1 seam was never crossed by a test: trading.signals
"""
    history = "\ndef test_history():\n    assert desk.history(3) == [3]\n"
    outcomes = {"failed": 3, "passed": 3}
    assert expected in ran(program, tests + history, "--changeover=shadow", outcomes=outcomes)
    pytest.importorskip("xdist")
    assert expected in ran(program, tests + history, "--changeover=shadow", "-n2", outcomes=outcomes)


def test_a_run_that_could_not_be_compared_fails_with_its_reason(program: pytest.Pytester) -> None:
    tests = "\ndef test_history():\n    assert desk.history(3) == [3]\n"
    said = ran(program, tests, "--changeover=shadow", outcomes={"failed": 1})
    assert "The test itself passed. 1 run could not be compared:\n\n    trading.history\n" in said
    assert "        read-missing: broker.history: history()\n" in said
    assert re.search(r"^        \(.*/desk\.py:\d+\)$", said, re.MULTILINE)


def test_live_lets_the_candidate_answer_and_says_what_legacy_would_have_done(
    program: pytest.Pytester,
) -> None:
    tests = """
def test_plan():
    assert desk.plan(Decimal("0.3"))["items"][0]["target_weight"] == 0
"""
    said = ran(program, tests, "--changeover=live", outcomes={"failed": 1})
    assert "The test itself passed. Legacy would have done something else:" in said
    assert "0.3 -> 0" in said


def test_marks_say_what_a_test_is_meant_to_do(program: pytest.Pytester) -> None:
    tests = """
@pytest.mark.changeover(expect="diverged")
def test_meant(changeover):
    desk.trade(Decimal("0.2944"))
    assert [run.verdict for run in changeover] == ["diverged", "unsafe"]

@pytest.mark.changeover(expect="diverged")
def test_meant_and_missed():
    desk.signals(1)

@pytest.mark.changeover(expect="failed")
def test_not_compared():
    desk.history(3)
"""
    said = ran(program, tests, "--changeover=shadow", outcomes={"passed": 2, "failed": 1})
    assert 'The test is marked changeover(expect="diverged"), and no run of it diverged.' in said
    assert "1 match, 1 not compared as expected, 1 diverged as expected, 1\nunsafe as expected" in said


def test_a_mark_that_means_nothing_is_refused_with_what_is_allowed(program: pytest.Pytester) -> None:
    program.makepyfile(test_desk=HEAD + "\n@pytest.mark.changeover(expect='fine')\ndef test_one(): ...\n")
    result = run_pytest(program, "--changeover=shadow")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ['*test_one: mark changeover: was (expect=\'fine\'), allowed: expect="diverged" or *skip="reason"']
    )


def test_what_a_test_sets_itself_wins_and_nothing_is_compared_outside_tests(
    program: pytest.Pytester,
) -> None:
    tests = """
desk.trade(Decimal(1))

@pytest.mark.parametrize("variable", ["CHANGEOVER_KILL=1", "CHANGEOVER_STAGE_TRADING_SIGNALS=off"])
def test_wins(variable, monkeypatch, changeover):
    monkeypatch.setenv(*variable.split("="))
    desk.signals(1)
    assert not changeover

def test_after(changeover):
    desk.signals(1)
    assert [str(run.setting) for run in changeover] == ["shadow"]
    assert [run.verdict for run in changeover] == ["match"]
"""
    said = ran(program, tests, "--changeover=shadow", outcomes={"passed": 3})
    assert "1 test crossed 1 seam 1 time: 1 match; 2 tests crossed none" in said


def test_flags_are_neither_followed_nor_written(program: pytest.Pytester) -> None:
    folder = program.mkdir("migration")
    (folder / "phases.toml").write_text(
        '[migration]\nname = "m"\n[[phase]]\nname = "trading"\nseams = ["trade"]\n'
    )
    (folder / "flags.json").write_text("{ damaged")
    program.makepyfile(
        app="""
from changeover import Migration
migration = Migration.load("migration")
trade = migration.seam("trade", legacy=lambda day: day, candidate=lambda day: day)
"""
    )
    program.makepyprojecttoml('[tool.changeover]\napp = "app:migration"\n')
    program.makepyfile(test_app="def test_trade():\n    import app\n    assert app.trade(3) == 3\n")
    result = run_pytest(program, "--changeover=shadow")
    result.assert_outcomes(passed=1)
    told = "".join(result.stdout.str().split())  # where a line ends is the width of the place
    assert "/flags.json:wasnotvalidJSON" in told
    result.stdout.fnmatch_lines(["1 test crossed 1 seam 1 time: 1 match"])
    assert (folder / "flags.json").read_text() == "{ damaged"


def test_a_test_that_fails_by_itself_keeps_its_failure_and_an_expected_one_does_not_hide_a_divergence(
    program: pytest.Pytester,
) -> None:
    tests = """
def test_own():
    desk.trade(Decimal(1))
    raise ValueError("its own")

@pytest.mark.xfail
def test_known():
    desk.trade(Decimal(1))
    raise ValueError("known")

@pytest.fixture
def late():
    yield
    desk.trade(Decimal(1))

def test_teardown(late):
    pass
"""
    said = ran(program, tests, "--changeover=shadow", outcomes={"failed": 2, "errors": 1, "passed": 1})
    assert "ValueError: its own" in said
    assert said.count("The test itself failed. The candidate would have done something else:") == 2
    assert "The teardown itself passed. The candidate would have done something else:" in said


def test_counts_travel_in_junit_properties(program: pytest.Pytester) -> None:
    ran(program, DRIFT, "--changeover=shadow", "--junitxml=out.xml", outcomes={"failed": 1})
    case = ElementTree.parse(program.path / "out.xml").find(".//testcase")  # noqa: S314  made by the line above
    assert case is not None
    properties = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert properties == {"changeover.diverged": "1", "changeover.unsafe": "1"}


def test_without_the_option_nothing_of_the_toolkit_is_imported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
import sys
import pytest

@pytest.mark.changeover(expect="whatever")
def test_nothing(changeover):
    assert len(changeover) == 0
    assert [name for name in sys.modules if name.partition(".")[0] == "changeover"] == []
"""
    )
    result = run_pytest(pytester, "--strict-markers")
    result.assert_outcomes(passed=1)
    assert "= changeover =" not in result.stdout.str()


def test_a_program_whose_seams_are_never_imported_is_told_so(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): ...")
    result = run_pytest(pytester, "--changeover=shadow")
    result.stdout.fnmatch_lines(
        ["no test crossed a seam, so nothing was compared; 1 test crossed none", "no seam is declared: *"]
    )


def test_an_app_that_cannot_be_imported_is_an_error_of_usage(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.changeover]\napp = "nowhere:migration"\n')
    result = run_pytest(pytester, "--changeover=shadow")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*tool.changeover.app: importing 'nowhere:migration' raised ModuleNotFound*"]
    )
