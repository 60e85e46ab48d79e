"""Mail leaves by SMTP or fails in one sentence, and a password is never in what is said about it."""

import logging
import traceback

import pytest

from tests.trading.support.fake_smtp import mail_server
from trading.notify.port import Notification, NotificationFailed
from trading.notify.smtp import SmtpNotifier

PASSWORD = "correct horse"
NOTE = Notification("trading", "2016-01-04: trading run done", "Orders\n  BUY Ärger\n")


def notifier(port: int, *, password: str | None = PASSWORD, starttls: bool = False) -> SmtpNotifier:
    return SmtpNotifier("127.0.0.1", port, "a@here", "b@there", "me", password, starttls=starttls)


def failure_of(sender: SmtpNotifier) -> NotificationFailed:
    with pytest.raises(NotificationFailed) as caught:
        sender.send(NOTE)
    return caught.value


def test_a_message_is_delivered_after_logging_in() -> None:
    with mail_server() as server:
        notifier(server.port).send(NOTE)
    [message] = server.messages
    assert "Subject: 2016-01-04: trading run done" in message
    assert server.logins == [f"\0me\0{PASSWORD}"]


def test_without_a_password_nobody_logs_in() -> None:
    with mail_server() as server:
        notifier(server.port, password=None).send(NOTE)
    assert (len(server.messages), server.logins) == (1, [])


@pytest.mark.parametrize("command", ["AUTH", "MAIL", "RCPT", "DATA"])
def test_a_server_that_refuses_is_a_failed_notification(command: str) -> None:
    with mail_server(refuse=command) as server:
        error = failure_of(notifier(server.port))
    assert f"127.0.0.1:{server.port} took no message" in str(error)
    assert server.messages == []


def test_a_server_that_is_not_there_is_a_failed_notification() -> None:
    with mail_server() as server:
        port = server.port
    assert "ConnectionRefusedError" in str(failure_of(notifier(port)))


def test_a_server_without_encryption_gets_no_password_where_encryption_is_asked_for() -> None:
    with mail_server() as server:
        error = failure_of(notifier(server.port, starttls=True))
    assert "SMTPNotSupportedError" in str(error)
    assert server.logins == []


@pytest.mark.parametrize("password", [PASSWORD, "pässwort"])
def test_a_password_is_in_no_text_of_a_failure_not_even_in_its_chain(
    password: str, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server(refuse="AUTH") as server:
        error = failure_of(notifier(server.port, password=password))
    logging.getLogger("test").error("mail", exc_info=error)
    chained = [error, error.__cause__, error.__context__]
    texts = [*map(repr, chained), *map(str, chained), *traceback.format_exception(error), caplog.text]
    assert not [text for text in texts if password in text or ascii(password)[1:-1] in text]


def test_a_password_is_not_in_the_notifiers_own_text() -> None:
    assert PASSWORD not in f"{notifier(25)!r} {notifier(25)}"
