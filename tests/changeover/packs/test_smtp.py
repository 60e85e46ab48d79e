"""`migration.use("smtp")`: what every pack holds, and what mail has besides."""

from __future__ import annotations

import asyncio
import email.utils
import smtplib
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from functools import partial
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from tests.changeover.packs.mail_server import REFUSED, MailServer
from tests.changeover.packs.pack_contract import PackContract


def written(number: int = 1, to: str = "a@x.org, b@x.org", text: str = "thank you") -> EmailMessage:
    """A mail as a program writes it today."""
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = f"Order {number}", "shop@x.org", to
    made["Date"], made["Message-ID"] = email.utils.formatdate(), email.utils.make_msgid()
    made.set_content(text)
    return made


class MailContract(PackContract):
    """A program that sends mail."""

    def begin(self) -> None:
        self.server = MailServer()

    def end(self) -> None:
        self.server.close()

    def use(self, migration: Migration) -> None:
        migration.use("smtp")

    def acts(self) -> int:
        return len(self.server.came)


class TestSmtplib(MailContract):
    failure = smtplib.SMTPRecipientsRefused

    def read(self) -> Any:
        with smtplib.SMTP("127.0.0.1", self.server.port) as client:
            client.ehlo()
            return client.has_extn("8bitmime"), client.noop()

    def act(self, number: int) -> Any:
        with smtplib.SMTP("127.0.0.1", self.server.port) as client:
            client.login("u", "secret")
            return client.send_message(written(number))

    def fail(self) -> Any:
        with smtplib.SMTP("127.0.0.1", self.server.port) as client:
            return client.sendmail("shop@x.org", REFUSED, "Subject: x\n\nx")


class TestAiosmtplib(MailContract):
    failure = aiosmtplib.SMTPRecipientsRefused

    def read(self) -> Any:
        return asyncio.run(self.read_async())

    def act(self, number: int) -> Any:
        return asyncio.run(self.act_async(number))

    def fail(self) -> Any:
        async def failing() -> Any:
            async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.server.port) as client:
                return await client.sendmail("shop@x.org", REFUSED, "Subject: x\n\nx")

        return asyncio.run(failing())

    async def read_async(self) -> Any:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.server.port) as client:
            await client.ehlo()
            return client.supports_extension("8bitmime"), await client.noop()

    async def act_async(self, number: int) -> Any:
        return await aiosmtplib.send(
            written(number), hostname="127.0.0.1", port=self.server.port, username="u", password="secret"
        )


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.close()


def run_of(legacy: Callable[[], Any], candidate: Callable[[], Any], **options: Any) -> tuple[Any, Run]:
    """What the caller got, and the run."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("smtp", **options)
    answer = migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())(1)
    return answer, runs[-1]


def by_sendmail(port: int, text: str = "thank you") -> Any:
    made = MIMEMultipart()
    made["Subject"], made["From"], made["To"] = "Order 1", "shop@x.org", "a@x.org, b@x.org"
    made.attach(MIMEText(text + "\n"))
    made["Date"], made["Message-ID"] = email.utils.formatdate(), email.utils.make_msgid()
    client = smtplib.SMTP("127.0.0.1", port)
    client.sendmail("shop@x.org", ["b@x.org", "a@x.org"], made.as_string())
    client.quit()


def by_send_message(port: int, text: str = "thank you") -> Any:
    made = MIMEMultipart("mixed")
    made["Message-ID"], made["To"], made["From"] = (
        email.utils.make_msgid(),
        "a@x.org, b@x.org",
        "shop@x.org",
    )
    made["Subject"] = "Order 1"
    made.attach(MIMEText(text, _charset="utf-8"))  # in base64
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(made)


def by_aiosmtplib(port: int, text: str = "thank you") -> Any:
    made = MIMEMultipart()
    made["Subject"], made["From"], made["To"] = "Order 1", "shop@x.org", "a@x.org, b@x.org"
    made.attach(MIMEText(text))
    asyncio.run(aiosmtplib.send(made, hostname="127.0.0.1", port=port))


WAYS = [by_sendmail, by_send_message, by_aiosmtplib]


@pytest.mark.parametrize("candidate", WAYS)
@pytest.mark.parametrize("legacy", WAYS)
def test_one_way_of_sending_against_another_is_the_same_mail(
    server: MailServer, legacy: Any, candidate: Any
) -> None:
    _, run = run_of(lambda: legacy(server.port), lambda: candidate(server.port))
    assert (run.verdict, len(server.came)) == ("match", 1), run.reason or run.divergences


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server shows of itself, and a client that trusts it."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import IPv4Address

    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file: Path = tmp_path_factory.mktemp("certificate") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def by_smtplib_over_tls(port: int, tls: ssl.SSLContext, at_once: bool, text: str) -> Any:
    if at_once:
        with smtplib.SMTP_SSL("127.0.0.1", port, context=tls) as client:
            client.login("u", "secret")
            return client.send_message(written(text=text))
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.starttls(context=tls)
        client.login("u", "secret")
        return client.send_message(written(text=text))


def by_aiosmtplib_over_tls(port: int, tls: ssl.SSLContext, at_once: bool, text: str) -> Any:
    async def sent() -> Any:
        await aiosmtplib.send(
            written(text=text),
            hostname="127.0.0.1",
            port=port,
            username="u",
            password="secret",
            tls_context=tls,
            use_tls=at_once,
            start_tls=not at_once,
        )
        return {}

    return asyncio.run(sent())


OVER_TLS = [by_smtplib_over_tls, by_aiosmtplib_over_tls]


@pytest.mark.parametrize("at_once", [True, False], ids=["SMTP_SSL", "STARTTLS"])
@pytest.mark.parametrize("candidate", OVER_TLS)
@pytest.mark.parametrize("legacy", OVER_TLS)
def test_a_mail_over_tls_is_sent_once_and_compared(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext], legacy: Any, candidate: Any, at_once: bool
) -> None:
    theirs, ours = certificate
    server = MailServer(theirs, at_once=at_once)
    try:
        for text, verdict in (("thank you", "match"), ("no, thank you", "unsafe")):
            _, run = run_of(
                lambda: legacy(server.port, ours, at_once, "thank you"),
                partial(candidate, server.port, ours, at_once, text),
            )
            assert run.verdict == verdict, run.divergences or run.reason
        assert len(server.came) == 2
        assert ("STARTTLS" in server.said) is not at_once
    finally:
        server.close()


def test_another_text_differs_at_its_part(server: MailServer) -> None:
    _, run = run_of(lambda: by_sendmail(server.port), lambda: by_send_message(server.port, "thanks"))
    assert [(one.place, one.legacy, one.candidate) for one in run.divergences] == [
        ('effects.smtp.send["a@x.org","b@x.org"].body.parts[0].content', "thank you", "thanks")
    ]


def test_one_recipient_more_is_another_mail(server: MailServer) -> None:
    def send(to: list[str]) -> None:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.sendmail("shop@x.org", to, "Subject: x\n\nx")

    _, run = run_of(lambda: send(["a@x.org"]), lambda: send(["a@x.org", "spy@y.org"]))
    assert (run.verdict, len(server.came)) == ("unsafe", 1)


def test_who_was_refused_is_told_to_both_paths(server: MailServer) -> None:
    def send() -> Any:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            return client.sendmail("shop@x.org", ["a@x.org", REFUSED], "Subject: x\n\nx")

    answer, run = run_of(send, send)
    assert (answer, run.verdict) == ({REFUSED: (550, b"unknown")}, "match")


def refused_by_smtplib(port: int) -> Any:
    with smtplib.SMTP("127.0.0.1", port) as client:
        try:
            return client.sendmail("shop@x.org", [REFUSED], "Subject: x\n\nx")
        except smtplib.SMTPRecipientsRefused as error:
            return {who: code for who, (code, _) in error.recipients.items()}


def refused_by_aiosmtplib(port: int) -> Any:
    async def send() -> Any:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            try:
                return await client.sendmail("shop@x.org", [REFUSED], "Subject: x\n\nx")
            except aiosmtplib.SMTPRecipientsRefused as error:
                return {one.recipient: one.code for one in error.recipients}

    return asyncio.run(send())


@pytest.mark.parametrize("candidate", [refused_by_smtplib, refused_by_aiosmtplib])
@pytest.mark.parametrize("legacy", [refused_by_smtplib, refused_by_aiosmtplib])
def test_each_library_raises_its_own_error_of_a_refusal(
    server: MailServer, legacy: Any, candidate: Any
) -> None:
    answer, run = run_of(lambda: legacy(server.port), lambda: candidate(server.port))
    assert (answer, run.verdict) == ({REFUSED: 550}, "match"), run.divergences or run.reason


def test_a_wrong_password_is_refused_in_the_replay_too(server: MailServer) -> None:
    def send() -> Any:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            try:
                client.login("u", "wrong")
            except smtplib.SMTPAuthenticationError as error:
                return error.smtp_code, error.smtp_error

    answer, run = run_of(send, send)
    assert (answer, run.verdict) == ((535, b"who are you"), "match"), run.divergences or run.reason


def test_a_server_that_is_not_there_is_not_there_in_the_replay(server: MailServer) -> None:
    def send() -> Any:
        try:
            smtplib.SMTP("127.0.0.1", 9).sendmail("shop@x.org", ["a@x.org"], "Subject: x\n\nx")
        except ConnectionRefusedError as error:
            return error.errno

    answer, run = run_of(send, send)
    assert (answer, run.verdict) == (111, "match"), run.divergences or run.reason


def test_nobody_says_what_another_server_would_have_done_where_one_was_in_trouble(
    server: MailServer,
) -> None:
    def send(port: int) -> Any:
        try:
            with smtplib.SMTP("127.0.0.1", port) as client:
                client.sendmail("shop@x.org", ["a@x.org"], "Subject: x\n\nx")
        except ConnectionRefusedError as error:
            return error.errno

    _, run = run_of(lambda: send(9), lambda: send(server.port))
    assert (run.verdict, len(server.came)) == ("failed", 0)


def test_saying_hello_or_less_is_no_difference(server: MailServer) -> None:
    def send(*, hello: bool) -> None:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            if hello:
                client.ehlo()
                client.noop()
                client.login("u", "secret")
            client.sendmail("shop@x.org", ["a@x.org"], "Subject: x\n\nx")

    assert run_of(lambda: send(hello=True), lambda: send(hello=False))[1].verdict == "match"
    assert run_of(lambda: send(hello=False), lambda: send(hello=True))[1].verdict == "match"


def test_what_the_server_offers_is_not_guessed(server: MailServer) -> None:
    open_before = smtplib.SMTP("127.0.0.1", server.port)
    open_before.ehlo()

    def old() -> Any:
        return open_before.sendmail("shop@x.org", ["a@x.org"], "Subject: x\n\nx")

    def new() -> Any:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.ehlo()
            client.has_extn("size")
            return client.sendmail("shop@x.org", ["a@x.org"], "Subject: x\n\nx")

    _, run = run_of(old, new)
    open_before.quit()
    assert run.verdict == "failed"
    assert "smtp.offers" in str(run.reason)


def test_a_connection_of_the_program_stays_open_through_a_replay(server: MailServer) -> None:
    client = smtplib.SMTP("127.0.0.1", server.port)
    client.ehlo()

    def send() -> Any:
        return client.sendmail("shop@x.org", ["a@x.org"], "Subject: x\n\nx")

    def send_and_quit() -> Any:
        found = send()
        client.quit()
        client.close()
        return found

    _, run = run_of(send, send_and_quit)
    assert run.verdict == "match", run.reason
    assert client.noop()[0] == 250
    assert client.has_extn("size")
    client.quit()


def test_commands_one_by_one_are_not_followed(server: MailServer) -> None:
    def send() -> Any:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.ehlo()
            client.mail("shop@x.org")
            client.rcpt("a@x.org")
            client.data("Subject: x\n\nx")

    _, run = run_of(send, lambda: None)
    assert (run.verdict, len(server.came)) == ("failed", 1)
    assert "commands of SMTP one by one" in str(run.reason)


def test_a_picture_in_the_text_is_the_same_whatever_its_name(server: MailServer) -> None:
    def send(picture: bytes) -> None:
        made = written()
        name = email.utils.make_msgid()
        made.add_alternative(f'<img src="cid:{name[1:-1]}">', subtype="html")
        parts = made.get_payload()
        parts[1].add_related(picture, "image", "png", cid=name)  # type: ignore[index,union-attr]
        made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.send_message(made)

    assert run_of(lambda: send(b"one"), lambda: send(b"one"))[1].verdict == "match"
    _, run = run_of(lambda: send(b"one"), lambda: send(b"two"))
    assert [one.place.rpartition(".")[2] for one in run.divergences] == ["content"]


def test_a_header_is_left_out_where_it_is_named(server: MailServer) -> None:
    def send(trace: str) -> None:
        made = written()
        made["X-Trace"] = trace
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.send_message(made)

    _, run = run_of(lambda: send("first trace"), lambda: send("second trace"))
    assert [one.place for one in run.divergences] == [
        'effects.smtp.send["a@x.org","b@x.org"].headers.x-trace'
    ]
    _, run = run_of(lambda: send("first trace"), lambda: send("second trace"), leave_out=["X-Trace"])
    assert run.verdict == "match"


def test_a_password_is_on_no_tape(server: MailServer) -> None:
    def send() -> None:
        with smtplib.SMTP("127.0.0.1", server.port) as client:
            client.login("u", "secret")
            client.sendmail("shop@x.org", ["a@x.org"], "Subject: x\n\nx")

    _, run = run_of(send, send)
    assert "secret" not in repr([(entry.arguments, entry.outcome) for entry in run.tape.entries])


@pytest.mark.parametrize("names", ["x-trace", [3]])
def test_headers_that_are_none_are_refused(names: Any) -> None:
    with pytest.raises(DeclarationError, match="leave_out was"):
        Migration().use("smtp", leave_out=names)


def test_two_paths_that_name_a_mail_match_without_any_pack() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)

    def path(_: int) -> bool:
        return len(email.utils.make_msgid()) > 0

    migration.seam("s", legacy=path, candidate=lambda x: path(x))(1)
    assert runs[-1].verdict == "match"
