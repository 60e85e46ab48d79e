"""What a test puts in the place of a client of mail gets each mail once, and its runs are not compared."""

import asyncio
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from unittest import mock

import aiosmtplib
import pytest

from changeover import Migration, Run
from tests.changeover.packs.mail_server import MailServer

OUTBOX: list[str] = []


@pytest.fixture(autouse=True)
def _empty() -> None:
    OUTBOX.clear()


def mail(subject: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = subject, "shop@x.org", "a@x.org"
    return made


class Outbox:
    """As tests write one."""

    count = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        Outbox.count += 1

    def __enter__(self) -> "Outbox":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def send_message(self, message: EmailMessage) -> None:
        assert isinstance(self, smtplib.SMTP)
        OUTBOX.append(message["Subject"])


async def taken(message: EmailMessage, **_: Any) -> None:
    OUTBOX.append(message["Subject"])


def sends(subject: str) -> Callable[[int], int]:
    def path(number: int) -> int:
        with smtplib.SMTP("x") as client:
            client.send_message(mail(subject))
        return number

    return path


def sends_async(subject: str) -> Callable[[int], Any]:
    async def path(number: int) -> int:
        await aiosmtplib.send(mail(subject), hostname="x")
        return number

    return path


def migrating(mode: str = "inline") -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(environment=environment, sink=runs.append, refresh_s=0, mode=mode)
    migration.use("smtp")
    return migration, runs


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("other", ["one", "two"])
def test_it_gets_the_mail_of_the_answering_path_alone(
    other: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration, runs = migrating(mode)
    monkeypatch.setattr(smtplib, "SMTP", Outbox)
    assert migration.seam("s", legacy=sends("one"), candidate=sends(other))(1) == 1
    migration.flush()
    assert OUTBOX == ["one"]
    assert vars(smtplib)["SMTP"] is Outbox
    assert runs[0].verdict == "failed"
    assert "smtplib.SMTP was replaced" in str(runs[0].notes or runs[0].reason)


def test_so_does_a_function_of_a_library_that_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    migration, runs = migrating()
    monkeypatch.setattr(aiosmtplib, "send", taken)
    seam: Any = migration.seam("s", legacy=sends_async("one"), candidate=sends_async("two"))
    assert asyncio.run(seam(1)) == 1
    migration.flush()
    assert (OUTBOX, runs[0].verdict) == (["one"], "failed")
    assert aiosmtplib.send is taken


def test_a_seam_that_sends_no_mail_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    migration, runs = migrating()
    monkeypatch.setattr(smtplib, "SMTP", Outbox)
    migration.seam("s", legacy=lambda number: number, candidate=lambda number: number)(1)
    assert (runs[0].verdict, vars(smtplib)["SMTP"]) == ("match", Outbox)


def test_a_mock_is_asked_once_by_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    migration, _ = migrating()
    with mock.patch("smtplib.SMTP") as client:
        migration.seam("s", legacy=sends("one"), candidate=sends("one"))(1)
    assert client.call_count == 1


def test_a_derived_class_is_followed_as_its_base_is(monkeypatch: pytest.MonkeyPatch) -> None:
    migration, runs = migrating()
    server = MailServer()

    class Kept(smtplib.SMTP):
        pass

    def path(number: int) -> int:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.send_message(mail("one"))
        return number

    try:
        monkeypatch.setattr(smtplib, "SMTP", Kept)
        migration.seam("s", legacy=path, candidate=path)(1)
    finally:
        server.close()
    assert (len(server.came), runs[0].verdict) == (1, "match")
