"""`[alerts]` of `phases.toml`: who hears of what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from changeover.errors import ConfigurationError
from changeover.models.base import UNSET, EachOnce, FileTable, Like, Text, refuse, said
from changeover.values.web_address import check_header, host_of

AlertWord = Literal[
    "unsafe",
    "diverged",
    "tripped",
    "not-demoted",
    "legacy-failed",
    "evidence-lost",
    "flags-refused",
    "object-changed",
    "unwatched",
    "new-cluster",
    "regressed",
    "gate-changed",
    "expires",
    "no-runs",
    "loop-held-up",
    "test",
]


def _http(url: str) -> str:
    try:
        host_of("url", url)
    except ConfigurationError as error:
        raise said(error.problem) from None
    return url


_Url = Annotated[str, Like(r"[\s\S]*\S[\s\S]*", "an http or https address"), AfterValidator(_http)]


class AlertAddress(FileTable):
    """An address that alerts are posted to: as it stands here, or in an environment variable."""

    url: _Url = Field(UNSET, description="The address; url_variable is better where it holds a secret.")
    url_variable: Text = Field(UNSET, description="The environment variable that holds the address.")

    @model_validator(mode="after")
    def _one_address(self) -> AlertAddress:
        if self.url is None and self.url_variable is None:
            wanted = "an address, or url_variable with the name of a variable that holds it"
            refuse([(("url",), f"is missing, needed: {wanted}")])
        if self.url is not None and self.url_variable is not None:
            refuse([(("url_variable",), "goes with no url, allowed: one of the two")])
        return self


class AlertWebhook(AlertAddress):
    """One address that every alert is posted to, as JSON."""

    headers: dict[str, Text] = Field({}, description="Headers that are sent as well.")
    header_variables: dict[str, Text] = Field(
        {}, description="The same; the values are names of environment variables that hold them."
    )
    secret_variable: Text = Field(
        UNSET, description="The environment variable with the secret that signs every request."
    )

    @model_validator(mode="after")
    def _headers_can_be_sent(self) -> AlertWebhook:
        found: list[tuple[tuple[str, ...], str]] = []
        for key in ("headers", "header_variables"):
            for name, value in getattr(self, key).items():
                try:
                    check_header(key, name, value)
                except ConfigurationError as error:
                    found.append(((key, name), error.problem))
        refuse(found)
        return self


class AlertEmail(FileTable):
    """An SMTP server, and who gets the letters."""

    host: Text = Field(description="The SMTP server.")
    port: Annotated[int, Field(ge=1, le=65_535)] = Field(587, description="Its port.")
    from_: Text = Field(alias="from", description="The address that letters come from.")
    to: Annotated[list[Text], EachOnce(), Field(min_length=1)] = Field(description="Who gets them.")
    starttls: bool = Field(True, description="Whether TLS is spoken before anything is told.")
    login_variable: Text = Field(
        UNSET, description="The environment variable that holds user:password, with starttls alone."
    )

    @model_validator(mode="after")
    def _no_password_in_the_open(self) -> AlertEmail:
        if self.login_variable is not None and not self.starttls:
            text = "goes with starttls = true: a password is not sent in the open"
            refuse([(("login_variable",), text)])
        return self


class Alerts(FileTable):
    """Who hears of what, beside the log, which hears of everything."""

    kinds: Annotated[list[AlertWord], EachOnce()] = Field(
        [], description="Kinds of alerts that are sent; empty: all of them."
    )
    no_runs_hours: Annotated[float, Field(gt=0)] = Field(
        24.0, description="So long a phase that is compared may have no run."
    )
    expires_days: Annotated[int, Field(ge=0)] = Field(
        14, description="So many days before its last day a rule or a waiver is told of."
    )
    deadline_s: Annotated[float, Field(gt=0, le=60)] = Field(
        10.0, description="How many seconds one alert may take to one receiver, all attempts together."
    )
    webhook: AlertWebhook = Field(UNSET, description="An address that every alert is posted to, as JSON.")
    slack: AlertAddress = Field(UNSET, description="An incoming webhook of Slack.")
    email: AlertEmail = Field(UNSET, description="Letters over an SMTP server.")
