"""What `[alerts]` of the plan says, and the receivers that are made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from changeover.errors import ConfigurationError
from changeover.quick_dataclass import dataclass
from changeover.settings import WEBHOOK_VARIABLE
from changeover.telemetry.receiver import NoReceiver, Receiver

NO_RUNS_HOURS, EXPIRES_DAYS = 24.0, 14
DEADLINE_S, DEADLINE_S_MAX = 10.0, 60.0
SMTP_PORT = 587


@dataclass(frozen=True, slots=True)
class Address:
    """An http address: as it stands there, or in an environment variable."""

    url: str | None = None
    url_variable: str | None = None

    def read(self, environment: Mapping[str, str]) -> str:
        """The address; raises ConfigurationError where the variable is not set."""
        return self.url if self.url is not None else variable(environment, self.url_variable or "")


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """One webhook; the values of `header_variables` are names of environment variables."""

    address: Address
    headers: Mapping[str, str] = field(default_factory=dict)
    header_variables: Mapping[str, str] = field(default_factory=dict)
    secret_variable: str | None = None


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """One SMTP server; `login_variable` names a variable that holds `user:password`."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int = SMTP_PORT
    starttls: bool = True
    login_variable: str | None = None


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Who hears of what: `kinds` that are sent, empty for all; the log hears of everything.

    `no_runs_hours` is how long a phase that is compared may have no run, `expires_days` how long before its
    last day a rule or waiver is told of, `deadline_s` how long one alert may take to one receiver.
    """

    kinds: tuple[str, ...] = ()
    no_runs_hours: float = NO_RUNS_HOURS
    expires_days: int = EXPIRES_DAYS
    deadline_s: float = DEADLINE_S
    webhook: WebhookSettings | None = None
    slack: Address | None = None
    email: EmailSettings | None = None


def variable(environment: Mapping[str, str], name: str) -> str:
    """What stands in an environment variable; raises ConfigurationError where that is nothing."""
    found = environment.get(name, "")
    if not found:
        raise ConfigurationError("alerts", f"the environment variable {name} is not set")
    return found


def receivers_of(settings: AlertSettings, environment: Mapping[str, str]) -> list[Receiver]:
    """All that the plan and the environment name, beside the log; one that cannot be used says why.

    CHANGEOVER_ALERT_WEBHOOK goes before the address of the plan, and needs none there.
    """
    made: list[Receiver] = []
    named = environment.get(WEBHOOK_VARIABLE)
    webhook = settings.webhook
    if named:
        address = Address(url=named)
        webhook = WebhookSettings(address) if webhook is None else _at(webhook, address)
    if webhook is not None:
        made.append(_made("webhook", lambda: _webhook(webhook, settings, environment)))
    slack = settings.slack
    if slack is not None:
        made.append(_made("slack", lambda: _slack(slack, settings, environment)))
    email = settings.email
    if email is not None:
        made.append(_made("email", lambda: _email(email, settings, environment)))
    return made


def _at(webhook: WebhookSettings, address: Address) -> WebhookSettings:
    return WebhookSettings(address, webhook.headers, webhook.header_variables, webhook.secret_variable)


def _made(name: str, make: Callable[[], Receiver]) -> Receiver:
    try:
        return make()
    except ConfigurationError as error:
        return NoReceiver(name, error.problem)


def _webhook(webhook: WebhookSettings, settings: AlertSettings, environment: Mapping[str, str]) -> Receiver:
    from changeover.telemetry.webhook import WebhookAlerts

    said = {name: variable(environment, named) for name, named in webhook.header_variables.items()}
    secret = None if webhook.secret_variable is None else variable(environment, webhook.secret_variable)
    url = webhook.address.read(environment)
    return WebhookAlerts(
        url, headers={**webhook.headers, **said}, secret=secret, deadline_s=settings.deadline_s
    )


def _slack(address: Address, settings: AlertSettings, environment: Mapping[str, str]) -> Receiver:
    from changeover.telemetry.webhook import SlackAlerts

    return SlackAlerts(address.read(environment), deadline_s=settings.deadline_s)


def _email(email: EmailSettings, settings: AlertSettings, environment: Mapping[str, str]) -> Receiver:
    from changeover.telemetry.mail import EmailAlerts

    login = None
    if email.login_variable is not None:
        user, colon, password = variable(environment, email.login_variable).partition(":")
        if not colon:
            raise ConfigurationError("alerts", f"{email.login_variable} has no colon, allowed: user:password")
        login = (user, password)
    return EmailAlerts(
        email.host,
        email.port,
        email.sender,
        email.to,
        starttls=email.starttls,
        login=login,
        deadline_s=settings.deadline_s,
    )
