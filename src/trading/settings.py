"""What a user may set, checked as a whole before anything runs."""

import re
import tomllib
from dataclasses import fields
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from trading.broker.faults import DELAY_S_MAX, Faults, OrdersOf
from trading.domain.money import ONE, ZERO
from trading.execution.orders import ExecutionPolicy
from trading.strategies.registry import STRATEGIES
from trading.strategies.strategy import Strategy, WeightedStrategy

PLAINER = (  # the validator's words, and TOML's
    (r"Decimal\('([^']*)'\)", r"\1"),
    (r"valid tuple", "list"),
    (r"valid dictionary", "table"),
    (r"(String should) match pattern '\^\\S\+@\\S\+\$'", r"\1 be a mail address, name@host"),
)
MONEY_MAX = 10**12  # keeps every sum and product exact
WAIT_S_MAX = 86_400


def _number(found: Any) -> Any:
    if isinstance(found, bool):  # which Python counts among the numbers
        raise ValueError("should be a number, not true or false")
    return found


Number = BeforeValidator(_number)
Fraction = Annotated[Decimal, Number, Field(ge=0, lt=1)]
Money = Annotated[Decimal, Number, Field(ge=0, le=MONEY_MAX)]
Seconds = Annotated[float, Number, Field(gt=0, le=WAIT_S_MAX, allow_inf_nan=False)]
Delay = Annotated[float, Number, Field(ge=0, le=DELAY_S_MAX, allow_inf_nan=False)]
Address = Annotated[str, Field(pattern=r"^\S+@\S+$")]


class SettingsError(Exception):
    """Settings that cannot be used; the text names file, key, what was found and what is allowed."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExecutionSettings(_Part):
    """Bounds of execution, see `ExecutionPolicy`."""

    quantity_step: Annotated[Decimal, Number, Field(ge=Decimal("0.000001"), le=1_000_000)] = Decimal(1)
    poll_interval_s: Annotated[Seconds, Field(ge=0.01)] = 1.0
    settle_deadline_s: Seconds = 60.0
    attempts_max: Annotated[int, Number, Field(ge=1, le=20)] = 3
    retry_pause_s: Seconds = 2.0


class FaultSettings(_Part):
    """Failures of the paper broker on demand, by symbol; see `Faults`."""

    reject: tuple[str, ...] = ()
    partial: dict[str, Fraction] = {}
    delay_s: dict[str, Delay] = {}
    lose_reply: tuple[str, ...] = ()
    no_quote: tuple[str, ...] = ()
    outage_methods: tuple[str, ...] = ()
    outage_calls: Annotated[int, Number] | None = None
    market_closed: bool = False

    @property
    def symbols(self) -> set[str]:
        """Every symbol that is named."""
        return {*self.reject, *self.partial, *self.delay_s, *self.lose_reply, *self.no_quote}

    def build(self) -> Faults:
        """The faults as the broker takes them."""
        return Faults(
            reject=frozenset(OrdersOf(symbol) for symbol in self.reject),
            partial={OrdersOf(symbol): fraction for symbol, fraction in self.partial.items()},
            delay_s={OrdersOf(symbol): seconds for symbol, seconds in self.delay_s.items()},
            lose_reply={OrdersOf(symbol): 1 for symbol in self.lose_reply},
            no_quote=frozenset(self.no_quote),
            outage_methods=frozenset(self.outage_methods),
            outage_calls=self.outage_calls,
            market_closed=self.market_closed,
        )

    @model_validator(mode="after")
    def _checked(self) -> "FaultSettings":
        self.build()
        return self


class PaperSettings(_Part):
    """The paper account as it is opened; an account that exists keeps what it holds."""

    account_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.-]+$")] = "paper"
    cash: Annotated[Money, Field(decimal_places=2)] = Decimal("100000.00")
    fill_delay_s: Delay = 1.0
    faults: FaultSettings = FaultSettings()


class SmtpSettings(_Part):
    """Where mail goes; the password comes from the environment, `TRADING_SMTP_PASSWORD`."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Number, Field(ge=1, le=65535)] = 587
    sender: Address
    recipient: Address
    user: str | None = None
    password: SecretStr | None = None
    starttls: bool = True


def check_web_address(url: str) -> str:
    """The same; raises ValueError for what is no http or https address, without repeating it."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (raises for a port that is none)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s\x00-\x1f]", url):
        raise ValueError("should be an http or https address")
    return url


class AlertSettings(_Part):
    """Who hears of alerts beside the log of `serve`; a secret address comes from the environment."""

    webhook: Annotated[str, AfterValidator(check_web_address)] | None = None
    email: Address | None = None


class StrategySettings(_Part):
    """A strategy's share of the account; other keys are parameters of that strategy."""

    model_config = ConfigDict(extra="allow", frozen=True)
    weight: Annotated[Decimal, Number, Field(gt=0, le=1)]


_DEFAULT_WEIGHTS = {"trend_rotation": "0.40", "rsi_ladder": "0.25", "inverse_volatility": "0.35"}


class Settings(_Part):
    """Everything; the defaults trade the bundled symbols on paper."""

    cash_reserve: Fraction = Decimal("0.02")
    minimum_trade: Money = Decimal("500")
    strategies: dict[str, StrategySettings] = {
        kind: StrategySettings(weight=Decimal(weight)) for kind, weight in _DEFAULT_WEIGHTS.items()
    }
    execution: ExecutionSettings = ExecutionSettings()
    paper: PaperSettings = PaperSettings()
    smtp: SmtpSettings | None = None
    alerts: AlertSettings = AlertSettings()
    price_files: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _mail_has_a_server(self) -> "Settings":
        if self.alerts.email is not None and self.smtp is None:
            raise ValueError("alerts.email: needs a mail server: write a table [smtp]")
        return self

    @model_validator(mode="after")
    def _weights_are_whole(self) -> "Settings":
        unknown = sorted(self.strategies.keys() - STRATEGIES.keys())
        if unknown:
            raise ValueError(f"strategies: {', '.join(unknown)} unknown, allowed: {', '.join(STRATEGIES)}")
        total = sum((part.weight for part in self.strategies.values()), ZERO)
        if total != ONE:
            each = ", ".join(f"{kind} {part.weight}" for kind, part in self.strategies.items())
            raise ValueError(f"strategies: weights add up to {total} ({each}), they must add up to 1")
        self.weighted_strategies()
        return self

    def weighted_strategies(self) -> tuple[WeightedStrategy, ...]:
        """The strategies as configured, in the order of the settings."""
        return tuple(
            WeightedStrategy(_build_strategy(kind, part.model_extra or {}), part.weight)
            for kind, part in self.strategies.items()
        )

    def execution_policy(self) -> ExecutionPolicy:
        """Bounds of execution."""
        return ExecutionPolicy(**self.execution.model_dump())

    def check_symbols(self, known: frozenset[str], where: str) -> None:
        """Raise SettingsError for a symbol of a strategy or a fault that has no prices."""
        used = {
            f"strategies.{weighted.strategy.name}": set(weighted.strategy.symbols)
            for weighted in self.weighted_strategies()
        } | {"paper.faults": self.paper.faults.symbols}
        for key, symbols in used.items():
            if unknown := sorted(symbols - known):
                raise SettingsError(
                    f"{where}: {key}: no prices for {', '.join(unknown)}, allowed: {', '.join(sorted(known))}"
                )


def load_settings(path: Path | None) -> Settings:
    """The settings of a TOML file, or the defaults; raises SettingsError naming file and key."""
    if path is None:
        return Settings()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}; name a settings file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not TOML: {error}") from error
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(_problem(found) for found in error.errors(include_url=False))
    # Raised apart from the validation error, which quotes what it found: there may be a password in it.
    raise SettingsError(f"{path}: {problems}")


def _problem(found: Any) -> str:
    where = ".".join(str(part) for part in found["loc"])
    message = str(found["msg"]).removeprefix("Value error, ")
    if not where:
        return message
    if found["type"] == "extra_forbidden":
        return f"{where}: no such setting, allowed: {', '.join(_keys_beside(found['loc']))}"
    if found["type"] == "missing":
        return f"{where} is missing: write a value"
    if found["type"] == "model_type":
        message = "should be a table"
    is_secret = "password" in where or where == "alerts.webhook"  # there may be a token in an address
    shown = "" if isinstance(found["input"], dict) or is_secret else f" was {found['input']!r}"
    for technical, plain in PLAINER:
        message = re.sub(technical, plain, message)
    return f"{where}{shown}: {message[:1].lower()}{message[1:]}"


def _keys_beside(place: tuple[str, ...]) -> list[str]:
    """The settings that are known where an unknown one was found."""
    part: Any = Settings
    for key in place[:-1]:
        annotation = part.model_fields[key].annotation
        part = next((kind for kind in get_args(annotation) if kind is not type(None)), annotation)
    return list(part.model_fields)


@cache
def _adapter(kind: str) -> TypeAdapter[Strategy]:
    """Made once: making it takes a hundred times as long as a validation."""
    return TypeAdapter[Strategy](STRATEGIES[kind])


def _build_strategy(kind: str, parameters: dict[str, Any]) -> Strategy:
    allowed = [field.name for field in fields(STRATEGIES[kind]) if field.name != "name"]
    if unknown := sorted(parameters.keys() - set(allowed)):
        raise ValueError(
            f"strategies.{kind}: {', '.join(unknown)} unknown, allowed: weight, {', '.join(allowed)}"
        )
    try:
        return _adapter(kind).validate_python(parameters)
    except ValidationError as error:
        problems = "; ".join(_problem(found) for found in error.errors(include_url=False))
        raise ValueError(f"strategies.{kind}: {problems}") from error
