"""`migration.use("smtp")`: a mail is an effect, and talking to the server is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from changeover.packs.host import Host, Operation, is_replayed
from changeover.packs.smtp.exchange import Client, Exchange, SmtpAnswer, SmtpFault
from changeover.packs.smtp.mail import mail_of
from changeover.packs.smtp.stand_ins import BeforeStandIns, know, stand_ins
from changeover.record.port import CallClass
from changeover.replay.derived_reads import NotDerived

_PACKAGES = ("smtplib", "aiosmtplib", "email")
_REFUSING = 400
_CODES = {"connect": 220, "starttls": 220, "login": 235, "quit": 221}
_GREETED = 250


class SmtpPack:
    """The port `smtp`. A mail is an effect, with its recipients as key.

    Args:
        leave_out: names of headers that are not compared, besides those that are new in every mail.
    """

    name = "smtp"

    def __init__(self, *, leave_out: Sequence[str] = ()) -> None:
        self._leave_out = leave_out

    def install(self, host: Host) -> None:
        """Open the channel, and cover each library that the program imports."""
        found = self._leave_out
        if isinstance(found, str) or not all(isinstance(one, str) for one in found):
            host.wrong("leave_out", found, "a list of names of headers")
        self._left_out = frozenset(name.lower() for name in found)
        host.keeps(SmtpAnswer, SmtpFault)
        self._channel = host.channel(self.name, _OPERATIONS, packages=_PACKAGES)
        for module, client in (("smtplib", "smtplib_client"), ("aiosmtplib", "aiosmtplib_client")):
            host.when_imported(module, _PATCHES[client])

    def follow(self, session: Any, *, waits: bool, stays: bool) -> BeforeStandIns | None:
        """What a test has put in the place of a client; else there is nothing to follow."""
        found = stand_ins()
        return BeforeStandIns(found) if found else None

    def _mail(self, envelope: tuple[Any, ...], options: Iterable[str]) -> tuple[Any, ...]:
        return mail_of(envelope, options, self._left_out).arguments()

    def send(
        self, envelope: tuple[Any, ...], options: Iterable[str], client: Client, really: Callable[[], Any]
    ) -> Any:
        """Send a mail, or take from the tape how sending ended; raises the library's errors.

        Args:
            envelope: sender, recipients and message.
            options: of the envelope.
            client: the library.
            really: sends it.
        """
        return self._ask("send", self._mail(envelope, options), client, really)

    async def send_async(
        self,
        envelope: tuple[Any, ...],
        options: Iterable[str],
        client: Client,
        really: Callable[[], Awaitable[Any]],
    ) -> Any:
        """The same for a library that is awaited."""
        return await self._ask_async("send", self._mail(envelope, options), client, really)

    def talk(self, step: str, about: str, client: Client, really: Callable[[], Any]) -> Any:
        """Take a step before or after a mail; in a replay nobody is talked to. Raises the library's errors.

        Args:
            step: such as `connect`, `ehlo`, `login`.
            about: the server's address, or the user's name.
            client: the library.
            really: takes it.
        """
        try:
            found = self._ask("talk", (step, about), client, really)
        except Exception:
            self._note_trouble()
            raise
        if client.answer_of(found).code >= _REFUSING:
            self._note_trouble()
        return found

    async def talk_async(
        self, step: str, about: str, client: Client, really: Callable[[], Awaitable[Any]]
    ) -> Any:
        """The same for a library that is awaited."""
        try:
            found = await self._ask_async("talk", (step, about), client, really)
        except Exception:
            self._note_trouble()
            raise
        if client.answer_of(found).code >= _REFUSING:
            self._note_trouble()
        return found

    def unknown_extension(self, name: str) -> None:
        """A replayed path asks what the server offers, and nobody recorded it: the path is refused."""
        self._channel.ask("offers", (name,), lambda: False)

    def _note_trouble(self) -> None:
        """From now on nobody knows what the server would have said to what the recorded path did not try."""
        if not is_replayed():
            self._channel.ask("trouble", (), lambda: True)

    def _ask(
        self, operation: str, arguments: tuple[Any, ...], client: Client, really: Callable[[], Any]
    ) -> Any:
        exchange = Exchange(client)

        def real() -> SmtpAnswer:
            try:
                return exchange.took(really())
            except Exception as error:  # noqa: BLE001  handed on right below
                fault = exchange.fault_of(error)
            raise fault

        try:
            return exchange.given(self._channel.ask(operation, arguments, real))
        except (SmtpFault, OSError) as fault:
            error = exchange.error_of(fault)
        raise error

    async def _ask_async(
        self,
        operation: str,
        arguments: tuple[Any, ...],
        client: Client,
        really: Callable[[], Awaitable[Any]],
    ) -> Any:
        exchange = Exchange(client)

        async def real() -> SmtpAnswer:
            try:
                return exchange.took(await really())
            except Exception as error:  # noqa: BLE001  handed on right below
                fault = exchange.fault_of(error)
            raise fault

        try:
            return exchange.given(await self._channel.ask_async(operation, arguments, real))
        except (SmtpFault, OSError) as fault:
            error = exchange.error_of(fault)
        raise error


def _untold(recorded: Any, step: str, about: str) -> SmtpAnswer:
    """What a server says to a step that the recorded path did not take: yes, where it said nothing else."""
    try:
        recorded.trouble()
    except NotDerived:
        return SmtpAnswer(_CODES.get(step, _GREETED), "")
    raise NotDerived(f"{step} {about}: the server was in trouble when the other path ran")


_OPERATIONS = (
    Operation(
        "send",
        CallClass.EFFECT,
        ("recipients", "sender", "headers", "body", "options"),
        lambda recipients, *_: recipients,
    ),
    Operation("talk", CallClass.READ, ("step", "about"), unaffected=True, derive=_untold),
    Operation("offers", CallClass.READ, ("extension",), unaffected=True),
    Operation("trouble", CallClass.READ, (), unaffected=True, is_mark=True),
)


def _patch(client: str, module: Any) -> None:
    import_module(f"changeover.packs.smtp.{client}").patch(module)
    know(module)


_PATCHES: dict[str, Callable[[Any], None]] = {
    client: partial(_patch, client) for client in ("smtplib_client", "aiosmtplib_client")
}
