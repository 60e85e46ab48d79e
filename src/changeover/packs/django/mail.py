"""A mail of Django is one effect, whichever backend sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from typing import Any

from changeover.packs.host import Host, Operation, is_replayed, outside
from changeover.packs.smtp.mail import mail_of
from changeover.record.port import CallClass

_SEND = Operation(
    "send",
    CallClass.EFFECT,
    ("recipients", "sender", "headers", "body"),
    lambda recipients, *_: recipients,
)
_LINE_END = "\r\n"


class MailPort:
    """The port `mail`."""

    def __init__(self, host: Host) -> None:
        self._channel = host.channel("mail", [_SEND], packages=("django", "email"))

    def send(self, backend: Any, messages: Iterable[Any], really: Callable[[list[Any]], Any]) -> Any:
        """Send mails one by one, or take from the tape how sending ended; raises the backend's errors.

        Args:
            backend: whose method was called.
            messages: of Django.
            really: sends a list of them.
        """
        listed = list(messages)
        with _one_connection(backend, len(listed)):
            counts = [
                self._channel.ask("send", _said(message), partial(_apart, really, [message]))
                for message in listed
            ]
        told = [count for count in counts if count is not None]
        return sum(told) if told else None


def _said(message: Any) -> tuple[Any, ...]:
    with outside():  # a mail without an id of its own asks for the name of this machine
        made = message.message()
        # Since Django 6.0 it is a message of the standard library, as `smtplib` is given it.
        is_modern = isinstance(made, EmailMessage)
        written = made.as_bytes(policy=SMTP) if is_modern else made.as_bytes(linesep=_LINE_END)
    return mail_of((message.from_email, message.recipients(), written), (), frozenset()).arguments()[:4]


def _apart(really: Callable[..., Any], *given: Any) -> Any:
    with outside():
        return really(*given)


@contextmanager
def _one_connection(backend: Any, mails: int) -> Iterator[None]:
    """Several mails go over one connection, as they do where they are sent at once."""
    opened = False
    if mails > 1 and not is_replayed():
        opened = bool(_apart(backend.open))
    try:
        yield
    finally:
        if opened:
            _apart(backend.close)
