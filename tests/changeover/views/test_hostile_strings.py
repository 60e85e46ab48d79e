"""Nothing that stands in data acts where it is shown: two hundred texts, in every field, on every output."""

import json
import logging
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from changeover import Run
from changeover.rollout.history import HistoryEntry
from changeover.rollout.waivers import Waiver, entry_text, parse_waivers
from changeover.telemetry.logs import logger
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.safe_text import json_text, markdown_text, pasted, visible, visible_lines, xml_text
from changeover.values.stage import Setting, Stage
from changeover.values.toml_table import parse_toml
from changeover.values.value_text import change_text, value_text
from changeover.views.ci.gate import gate_annotations, gate_junit, gate_markdown
from changeover.views.json import gate_json
from changeover.views.layout import Screen, call_text, cut, wrapped
from changeover.views.text.gate import gate_screen
from changeover.views.text.history import history_screen
from changeover.views.text.test_summary import failure_text
from tests.changeover.support.hostile_texts import STRINGS, obeyed
from tests.changeover.support.planted_texts import planted
from tests.changeover.support.small_trade import Trade

CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
NOW = datetime(2026, 11, 23, tzinfo=UTC)
VERDICT = GateVerdict(
    "trading",
    3,
    Setting(Stage.SHADOW),
    Setting(Stage.LIVE),
    "c" * 64,
    "r" * 64,
    "e" * 64,
    tuple(Criterion("name", answer, "required", "found", "do", "detail") for answer in Answer),
    ("not counted",),
    ("not shown",),
)


def _verdict(text: str) -> GateVerdict:
    verdict: GateVerdict = planted(VERDICT, lambda: text)
    return verdict


def test_there_are_two_hundred_and_each_once() -> None:
    assert len(set(STRINGS)) == len(STRINGS) == 200


def test_visible_text_is_one_line_of_printable_letters_and_stays_so() -> None:
    for text in STRINGS:
        shown = visible(text)
        assert shown.isprintable(), ascii(text)
        assert visible(shown) == shown
        assert not obeyed(visible_lines(text))
    assert visible("plain ünïcode שלום") == "plain ünïcode שלום"
    assert visible("\x1b[31m\u202e\n\ud800") == "\\x1b[31m\\u202e\\n\\ud800"


def test_only_colours_of_our_own_hand_get_to_a_terminal() -> None:
    ours = Screen(coloured=True).paint("UNSAFE")
    assert visible_lines(f"{ours} \x1b[2J\x1b[8m", coloured=True) == f"{ours} \\x1b[2J\\x1b[8m"
    assert not obeyed(visible_lines(ours))


def test_values_places_and_prose_are_shown_without_what_a_terminal_obeys() -> None:
    for text in STRINGS:
        shown = [
            value_text(text),
            value_text({text: [text]}),
            value_text(ValueError(text)),
            change_text(text, f"{text}!"),
            call_text("submit", {"order": text, "note": {text}}, 80),
            cut(text, 40),
            *wrapped(text, 80, "  "),
        ]
        for line in shown:
            assert line.isprintable(), ascii(text)
    assert cut("\x1b" * 90, 40).count("…") == 1


def test_json_is_what_was_said_and_has_no_letter_that_cannot_be_seen() -> None:
    content = {text: [text, {"name": text}] for text in STRINGS}
    written = json_text(content)
    assert not obeyed(written)
    assert json.loads(written) == content
    assert not any(obeyed(json_text({"text": text})) for text in STRINGS)
    written.encode()


def test_a_name_in_a_command_is_one_word_of_a_shell() -> None:
    for text in STRINGS:
        assert shlex.split(pasted(text)) == [visible(text)]
    assert pasted("history/2011-08-09") == "history/2011-08-09"


def test_xml_is_well_formed_and_says_what_is_visible() -> None:
    for text in STRINGS:
        element = ElementTree.fromstring(f'<a b="{xml_text(text)}">{xml_text(text)}</a>')  # noqa: S314
        assert (element.text or "") == element.get("b") == visible(text)


def test_markdown_has_no_live_letter_of_a_text() -> None:
    for text in STRINGS:
        shown = markdown_text(text)
        assert shown.isprintable()
        assert not re.search(r"[<>]|(?<!\\)(\\\\)*[|`*_\[\]$~]", shown), ascii(text)
        assert not re.search(r"::|://|@\w|(?<!&)#\d|www\.|^\s|^[-+=]|^\d+[.)]", shown), ascii(text)


def test_a_gate_tells_nothing_live_in_any_format() -> None:
    for text in STRINGS:
        verdict = _verdict(text)
        assert not obeyed(gate_screen(verdict, Screen())), ascii(text)
        assert json.loads(json_text(gate_json(verdict)))
        junit = gate_junit([verdict])
        assert not obeyed(junit)
        root = ElementTree.fromstring(junit.encode())  # noqa: S314
        assert [case.get("name") for case in root.iter("testcase")] == [visible(text)] * 3
        assert len(list(root.iter())) == len(list(ElementTree.fromstring(gate_junit([VERDICT])).iter()))  # noqa: S314
        for line in gate_annotations([verdict]):
            assert re.match(r"::(error|warning) title=[^:,]*::", line)
            assert line.isprintable()
            assert "%" not in line.replace("%25", "").replace("%3A", "").replace("%2C", "")


def test_a_gate_in_markdown_keeps_its_table_and_starts_no_command() -> None:
    harmless = len(gate_markdown([_verdict("harmless")]).splitlines())
    for text in STRINGS:
        shown = gate_markdown([_verdict(text)])
        assert not obeyed(shown)
        lines = shown.splitlines()
        assert len(lines) == harmless or not text.strip(), ascii(text)
        for line in lines:
            bare = CODE_SPAN.sub("", line)
            assert "<" not in bare, ascii(text)
            assert not line.lstrip().startswith(("::", "##[")), ascii(text)
            if line.startswith("|"):
                assert len(re.findall(r"(?<!\\)\|", line)) == 5, ascii(line)


def test_the_history_has_no_line_that_a_reason_made() -> None:
    entry = HistoryEntry(3, "flip", NOW, "who", "reason", "b", "a", "trading", "shadow", "live", "pass")
    for text in STRINGS:
        if text.strip():
            shown = history_screen([replace(entry, who=text, reason=text)], 0, [], Screen())
            assert not obeyed(shown)
            assert all(line.startswith("  ") for line in shown.splitlines()[1:] if line), ascii(text)


def test_a_waiver_gives_back_what_was_said() -> None:
    for text in STRINGS:
        if text.strip():
            written = entry_text(Waiver("09ad52", text, text, NOW.date()))
            assert not obeyed(written)
            (entry,) = parse_toml(written, "waivers.toml")["waiver"]
            assert entry["reason"] == entry["owner"] == text.encode("utf-8", "replace").decode()
            (waiver,) = parse_waivers(written, "waivers.toml", NOW.date())
            assert waiver.reason == entry["reason"]


def test_a_failing_test_is_told_of_without_what_a_terminal_obeys() -> None:
    for text in STRINGS[::4]:  # a sample: each is a run of its own
        run = _told_twice(text)
        assert run.verdict == "unsafe"
        shown = failure_text("The test itself passed.", [run], 0, f"pytest {text}", Screen())
        assert not obeyed(shown), ascii(text)


def _told_twice(text: str) -> Run:
    def path(end: str) -> Callable[[Trade], object]:
        return lambda desk: {text: desk.broker.submit(text, "SPY", "BUY", len(end)).client_id + end}

    return Trade().run(path(""), path("."), tags=lambda _: (text,), key=lambda _: text)


def test_lines_of_the_log_are_single_lines(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "changeover"):
        for text in STRINGS:
            logger("seam").warning("it said %s", text)
    assert all(record.getMessage().isprintable() for record in caplog.records)
    assert len(caplog.records) == len(STRINGS)
