"""Settings are checked as a whole, and one that cannot be used is refused in one sentence."""

import re
import traceback
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from trading.broker.faults import OrdersOf
from trading.market.history import load_bundled
from trading.settings import (
    AlertSettings,
    ExecutionSettings,
    FaultSettings,
    PaperSettings,
    Settings,
    SettingsError,
    SmtpSettings,
    load_settings,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
SMTP = '[smtp]\nhost = "h"\nsender = "a@b"\nrecipient = "c@d"\n'


def load(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "trading.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def refusal(tmp_path: Path, text: str) -> str:
    """The sentence, without the file that it names."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    sentence = str(caught.value)
    assert sentence.startswith(f"{tmp_path / 'trading.toml'}: ")
    assert "\n" not in sentence
    return sentence.partition(".toml: ")[2]


def example() -> str:
    [text] = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return str(text)


def test_without_a_file_the_defaults_are_used() -> None:
    assert load_settings(None) == Settings()


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Settings()


def test_the_defaults_are_valid_and_have_prices() -> None:
    settings = Settings.model_validate(Settings().model_dump())
    settings.check_symbols(frozenset(load_bundled().symbols), "settings")
    assert sum(weighted.weight for weighted in settings.weighted_strategies()) == 1


def test_the_documented_example_is_loaded_as_it_reads(tmp_path: Path) -> None:
    settings = load(tmp_path, example())
    settings.check_symbols(frozenset(load_bundled().symbols), "settings")
    assert [weighted.weight for weighted in settings.weighted_strategies()] == [
        Decimal("0.6"),
        Decimal("0.4"),
    ]
    assert settings.weighted_strategies()[1].strategy.symbols == ("IEF", "TIP", "XLU")
    assert settings.execution_policy().attempts_max == 5
    assert settings.paper.faults.build().partial == {OrdersOf("IEF"): Decimal("0.5")}
    assert settings.smtp is not None
    assert settings.smtp.port == 587


@pytest.mark.parametrize(
    "part", [Settings, ExecutionSettings, PaperSettings, FaultSettings, SmtpSettings, AlertSettings]
)
def test_every_setting_is_documented(part: type[BaseModel]) -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    tables = {"strategies", "execution", "paper", "faults", "smtp", "alerts"}
    missing = [key for key in part.model_fields if key not in tables and f"| `{key}` |" not in document]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[strategies.guess]\nweight = 1",
            "strategies: guess unknown, allowed: trend_rotation, rsi_ladder, inverse_volatility",
        ),
        (
            "[strategies.rsi_ladder]\nweight = 0.5\n[strategies.trend_rotation]\nweight = 0.4",
            "strategies: weights add up to 0.9 (rsi_ladder 0.5, trend_rotation 0.4), they must add up to 1",
        ),
        ("[strategies.rsi_ladder]\nperiod = 9", "strategies.rsi_ladder.weight is missing: write a value"),
        (
            "[strategies.rsi_ladder]\nweight = 1\nperiod = 1",
            "strategies.rsi_ladder: rsi_ladder: period was 1, allowed: 2 or more",
        ),
        (
            "[strategies.rsi_ladder]\nweight = 1\nperiods = 9",
            "strategies.rsi_ladder: periods unknown, allowed: weight, symbols, period, ladder, overbought",
        ),
        ("strategies = 5", "strategies was 5: input should be a table"),
        (
            "cash_reserved = 0.1",
            "cash_reserved: no such setting, "
            "allowed: cash_reserve, minimum_trade, strategies, execution, paper, smtp, alerts, price_files",
        ),
        (
            "[paper]\ncahs = 5",
            "paper.cahs: no such setting, allowed: account_id, cash, fill_delay_s, faults",
        ),
        (
            f"{SMTP}hots = 5",
            "smtp.hots: no such setting, allowed: host, port, sender, recipient, user, password, starttls",
        ),
        ('minimum_trade = "much"', "minimum_trade was 'much': input should be a valid decimal"),
        ("cash_reserve = true", "cash_reserve was True: should be a number, not true or false"),
        ("[paper]\ncash = -1", "paper.cash was -1: input should be greater than or equal to 0"),
        (
            "[paper]\ncash = 1e13",
            "paper.cash was 10000000000000.0: input should be less than or equal to 1000000000000",
        ),
        (
            "[paper]\ncash = 1.234",
            "paper.cash was 1.234: decimal input should have no more than 2 decimal places",
        ),
        ("cash_reserve = nan", "cash_reserve was nan: input should be a finite number"),
        ("cash_reserve = 1", "cash_reserve was 1: input should be less than 1"),
        (
            "[execution]\nsettle_deadline_s = inf",
            "execution.settle_deadline_s was inf: input should be less than or equal to 86400",
        ),
        (
            "[execution]\nquantity_step = 0",
            "execution.quantity_step was 0: input should be greater than or equal to 0.000001",
        ),
        (
            "[execution]\nattempts_max = 0",
            "execution.attempts_max was 0: input should be greater than or equal to 1",
        ),
        (
            "[paper]\nfill_delay_s = 1e9",
            "paper.fill_delay_s was 1000000000.0: input should be less than or equal to 604800",
        ),
        ('[paper.faults]\nreject = "SPY"', "paper.faults.reject was 'SPY': input should be a list"),
        (
            "[paper.faults]\npartial = { SPY = 1.5 }",
            "paper.faults.partial.SPY was 1.5: input should be less than 1",
        ),
        (
            '[paper.faults]\noutage_methods = ["fly"]',
            "paper.faults: outage of fly: no method of a broker, allowed: account, cancel_order, find_order, "
            "get_order, is_market_open, open_orders, positions, quote, submit_order",
        ),
        (
            "[paper.faults]\noutage_calls = 3",
            "paper.faults: outage of 3 calls, but of no method: name outage_methods",
        ),
        (
            SMTP.replace("a@b", "nobody"),
            "smtp.sender was 'nobody': string should be a mail address, name@host",
        ),
    ],
)
def test_a_bad_setting_is_refused_with_its_key_and_what_is_allowed(
    tmp_path: Path, text: str, sentence: str
) -> None:
    assert refusal(tmp_path, text) == sentence


def test_all_bad_settings_are_named_at_once(tmp_path: Path) -> None:
    assert refusal(tmp_path, "cash_reserve = 2\nminimum_trade = -1").count(" was ") == 2


def test_what_is_not_toml_is_refused_with_its_place(tmp_path: Path) -> None:
    assert refusal(tmp_path, "cash_reserve = 0.1\nnonsense").startswith("is not TOML: Expected '='")


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trading.toml").write_bytes(b'[paper]\naccount_id = "\xe4"')
    with pytest.raises(SettingsError, match=r"trading.toml: is not TOML: 'utf-8'"):
        load_settings(tmp_path / "trading.toml")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none.toml: cannot be read: No such file .*; name a settings"):
        load_settings(tmp_path / "none.toml")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory; name a settings file"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[strategies.rsi_ladder]\nweight = 1\nsymbols = ["KO", "ZZZ"]', "strategies.rsi_ladder"),
        ('[paper.faults]\nreject = ["ZZZ"]', "paper.faults"),
    ],
)
def test_a_symbol_without_prices_is_refused(tmp_path: Path, text: str, key: str) -> None:
    settings = load(tmp_path, text)
    with pytest.raises(SettingsError, match=f"^here: {key}: no prices for ZZZ, allowed: AAPL, "):
        settings.check_symbols(frozenset(load_bundled().symbols), "here")


@pytest.mark.parametrize(
    "text",
    [
        '[smtp]\npassword = "271828"',
        f"{SMTP}password = 271828",
        f'{SMTP}password = "271828"\nport = 0',
        f'{SMTP}password = "271828"\nhots = 1',
    ],
)
def test_a_password_is_in_no_text_of_a_refusal_not_even_in_its_chain(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert "271828" not in "".join(traceback.format_exception(caught.value))
    assert "271828" not in repr(caught.value.__context__)


def test_a_password_is_not_in_the_text_of_settings(tmp_path: Path) -> None:
    assert "271828" not in repr(load(tmp_path, f'{SMTP}password = "271828"'))
