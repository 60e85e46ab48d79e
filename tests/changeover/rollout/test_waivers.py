import json
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from changeover.compare.clusters import fingerprint_of
from changeover.errors import ConfigurationError
from changeover.rollout.migration_files import exclusive
from changeover.rollout.waivers import Waiver, Waivers, add_waiver, load_waivers, today_utc
from changeover.values.divergence import Divergence, Kind
from tests.changeover.support.projects import Shop, shop_in
from tests.changeover.support.small_trade import Trade

TODAY = date(2026, 11, 23)
ENTRY = '[[waiver]]\ncluster = "09ad52"\nowner = "kim"\nreason = "rounds twice"\nuntil = 2027-01-31\n'
RESULT = Divergence("result", Kind.VALUE, 1, 2)
EFFECT = Divergence("effects.broker.submit[SPY].quantity", Kind.EFFECT_CHANGED, 1, 2, 1)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def _waiver(digest: str = "09ad52", until: date = TODAY) -> Waiver:
    return Waiver(digest, "kim", "for now", until)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (ENTRY.replace('"09ad52"', '"09ad"'), "waiver[0].cluster: was '09ad', allowed: 6 to 64 digits"),
        (ENTRY.replace('"09ad52"', '"09AD5Z"'), "waiver[0].cluster: was '09AD5Z'"),
        (
            ENTRY.replace("owner", "onwer"),
            'line 3: waiver[0].owner: is missing, needed: a text (is "onwer" meant for it?)',
        ),
        (ENTRY.replace('"kim"', '" "'), "line 3: waiver[0].owner: was empty"),
        (ENTRY.replace('reason = "rounds twice"\n', ""), "waiver[0].reason: is missing"),
        (ENTRY.replace("until = 2027-01-31\n", ""), "waiver[0].until: is missing, needed: a day"),
        (ENTRY.replace("2027-01-31", '"2027-01-31"'), "waiver[0].until: was '2027-01-31'"),
        (ENTRY.replace("2027-01-31", "2027-01-31T10:00:00Z"), "waiver[0].until: was '2027-01-31 10:00"),
        (ENTRY.replace("2027-01-31", "2036-01-31"), "allowed: at most a year ahead, until 2027-11-24"),
        (
            ENTRY + ENTRY.replace("09ad52", "09ad52ff"),
            "waiver[1].cluster: '09ad52ff' is waived already, by kim",
        ),
        (ENTRY + 'effect = "any"\n', 'line 6: waiver[0]: unknown key "effect", allowed: cluster'),
        ("[waiver]\n", "waiver: was {}, allowed: an array of tables"),
        ("nonsense", "was not valid TOML"),
    ],
)
def test_a_wrong_file_names_entry_key_found_and_allowed(tmp_path: Path, entry: str, said: str) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(entry)
    with pytest.raises(ConfigurationError) as error:
        load_waivers(path, TODAY)
    assert said in str(error.value)
    assert str(path) in str(error.value)


def test_a_missing_file_a_blank_one_and_comments_alone_waive_nothing(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    assert load_waivers(path, TODAY) == ()
    for text in ("", "\n", "# nothing yet\n"):
        path.write_text(text)
        assert load_waivers(path, TODAY) == ()


def test_an_expired_waiver_is_read_and_covers_nothing() -> None:
    digest = fingerprint_of("desk", RESULT).digest
    for until, covers in ((TODAY, True), (TODAY - timedelta(days=1), False)):
        assert Waivers([_waiver(digest[:8], until)], lambda: TODAY)("desk", RESULT) is covers
    assert not Waivers([_waiver(digest[:8])], lambda: TODAY)("other", RESULT)


def test_an_effect_is_never_waived_even_by_its_own_digest() -> None:
    assert not Waivers([_waiver(fingerprint_of("desk", EFFECT).digest)], lambda: TODAY)("desk", EFFECT)


@pytest.mark.parametrize(
    "before", ["", "# ours\n", "# ours", ENTRY, "# ours\r\n" + ENTRY.replace("\n", "\r\n")]
)
def test_what_stands_in_the_file_stays_byte_for_byte(tmp_path: Path, before: str) -> None:
    path = tmp_path / "deep" / "waivers.toml"
    path.parent.mkdir()
    path.write_bytes(before.encode())
    added = Waiver("ffffff", 'K. "O\'Hara" \\ é', "tab\t, line\nand bell \a; ]]", TODAY)
    add_waiver(path, added, TODAY)
    assert path.read_bytes().startswith(before.encode())
    assert load_waivers(path, TODAY)[-1] == added
    assert [file.name for file in path.parent.iterdir()] == ["waivers.toml"]


def test_a_file_that_is_wrong_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    for wrong in ("nonsense", ENTRY):
        path.write_text(wrong)
        with pytest.raises(ConfigurationError):
            add_waiver(path, _waiver("09ad52"), TODAY)
        assert path.read_text() == wrong


def _clusters(shop: Shop, planted: str) -> list[dict[str, object]]:
    shop.run("compare", "--exit-zero", planted=planted)
    found = json.loads(shop.run("explain", "--format", "json").out)["clusters"]
    assert isinstance(found, list)
    return found


def _waive(shop: Shop, cluster: str, *more: str, until: date | None = None) -> tuple[int, str]:
    last = (until or today_utc() + timedelta(days=30)).isoformat()
    answer = shop.run("waive", cluster, "--owner", "kim", "--reason", "for now", "--until", last, *more)
    return answer.code, answer.out + answer.err


def test_who_waives_waits_for_who_does_so_too_and_neither_waiver_is_lost(shop: Shop) -> None:
    (cost,) = _clusters(shop, "dear")
    path, seen = shop.root / "migration" / "waivers.toml", list[bool]()
    mine = threading.Event()

    def somebody_else() -> None:
        with exclusive(path.parent):
            mine.set()
            time.sleep(0.3)  # ample for a command that would not wait
            seen.append(path.exists())
            add_waiver(path, _waiver(until=today_utc()), today_utc())

    other = threading.Thread(target=somebody_else)
    other.start()
    assert mine.wait(10)
    code, said = _waive(shop, str(cost["id"]))
    other.join()
    assert code == 0, said
    assert seen == [False]
    waived = load_waivers(path, today_utc())
    assert {one.cluster for one in waived} == {"09ad52", cost["id"]}


def test_a_waived_difference_counts_as_waived_until_its_day_and_shows_nothing(shop: Shop) -> None:
    (cost,) = _clusters(shop, "dear")
    code, said = _waive(shop, str(cost["id"]))
    assert code == 0, said
    assert f'undo        remove the entry of cluster "{cost["id"]}" from migration/waivers.toml' in said
    answer = shop.run("compare", planted="dear")
    assert answer.code == 3
    assert "50         ·          ·      50         ·             ·" in answer.out
    assert f"waived      {cost['id']}   kim    50 runs    until " in answer.out
    assert "50 runs are waived, which shows nothing." in answer.out
    assert "Shown       Nothing: every run that was compared is waived." in answer.out
    counted = json.loads(shop.run("compare", "--format", "json", planted="dear").out)["comparisons"][0]
    assert counted["distinct_worlds"] == 0  # a waived world speaks for no rate
    mended = shop.run("compare")
    assert mended.code == 0
    assert f"{cost['id']}   kim    matches nothing any more" in mended.out
    file = shop.root / "migration" / "waivers.toml"
    file.write_text(file.read_text().replace("until = 20", "until = 19"))
    expired = shop.run("compare", planted="dear")
    assert expired.code == 1
    assert "50 runs    expired 19" in expired.out


def test_what_cannot_be_waived_is_refused_and_nothing_is_written(shop: Shop) -> None:
    clusters = _clusters(shop, "whole")
    unsafe = next(str(one["id"]) for one in clusters if one["unsafe"])
    safe = next(str(one["id"]) for one in clusters if not one["unsafe"])
    today = today_utc()
    for cluster, until, said in (
        (unsafe, None, "cannot be waived: an effect differs"),
        (safe, today - timedelta(days=1), "or later"),
        (safe, today + timedelta(days=400), "at most a year ahead"),
        ("", None, "is no cluster that is kept"),
        ("zzzzzz", None, "is no cluster that is kept"),
        ("0123456789", None, "is no cluster that is kept"),
    ):
        code, told = _waive(shop, cluster, until=until)
        assert (code, said in told) == (2, True), told
    assert _waive(shop, safe, "--dry-run")[0] == 0
    assert not (shop.root / "migration" / "waivers.toml").exists()


def test_a_broken_file_stops_a_comparison_and_a_waiver(shop: Shop) -> None:
    cluster = str(_clusters(shop, "dear")[0]["id"])
    (shop.root / "migration" / "waivers.toml").write_text("nonsense")
    assert shop.run("compare").code == 2
    assert _waive(shop, cluster)[0] == 2


def test_a_running_program_waives_by_its_folder_and_nothing_by_a_broken_file(tmp_path: Path) -> None:
    digest = fingerprint_of("trade", Divergence("result", Kind.VALUE, 1, 3)).digest
    until = today_utc() + timedelta(days=9)
    for content, verdict in ((None, "waived"), ("nonsense", "diverged")):
        path = tmp_path / "waivers.toml"
        path.unlink(missing_ok=True)
        if content is None:
            add_waiver(path, _waiver(digest[:6], until), today_utc())
        else:
            path.write_text(content)
        trade = Trade(directory=tmp_path)
        assert trade.run(lambda _: 1, lambda _: 3).verdict == verdict
        assert any("no difference is waived" in one for one in trade.migration.problems) is (
            content is not None
        )
        sold = Trade(directory=tmp_path, seam="sold")
        run = sold.run(
            lambda desk: desk.broker.submit("a", "SPY", "BUY", 1).status,
            lambda desk: desk.broker.submit("a", "SPY", "BUY", 2).status,
        )
        assert run.verdict == "unsafe"
