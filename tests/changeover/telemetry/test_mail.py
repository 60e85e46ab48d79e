"""Alerts by e-mail, over a real SMTP server."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from changeover.telemetry.alerts import Alert, AlertKind
from changeover.telemetry.mail import EmailAlerts
from changeover.telemetry.receiver import Message, NotDelivered
from tests.changeover.support.alert_receivers import DRIPPING, HANGING, MailServer, serving

TO = ("anna@till.example", "kim@till.example")
ALERT = Alert(AlertKind.TRIPPED, "till: live -> shadow", "till", run="run-1", cluster="09ad52")
MESSAGE = Message("0a1b2c-77", ALERT)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


def with_tls(certificate: Path) -> MailServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return MailServer(tls=context)


def test_a_password_is_told_in_tls_alone(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(with_tls(certificate)) as server:
        mail = EmailAlerts("localhost", server.port, "c@till.example", TO, login=("anna", "hunter2"))
        assert mail.send(MESSAGE) == "2 of 2 addresses"
    assert server.logins == [("anna:hunter2", True)]
    assert server.keys == ["0a1b2c-77"]


def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(certificate: Path) -> None:
    with serving(with_tls(certificate)) as server, pytest.raises(NotDelivered, match="SSLCert") as refused:
        EmailAlerts("localhost", server.port, "c@till.example", TO, login=("anna", "hunter2")).send(MESSAGE)
    assert (server.logins, server.got) == ([], [])
    assert "hunter2" not in str(refused.value)


def mail_to(server: MailServer, *to: str, starttls: bool = False, deadline_s: float = 10.0) -> EmailAlerts:
    return EmailAlerts(
        "127.0.0.1",
        server.port,
        "changeover@till.example",
        to or TO,
        starttls=starttls,
        deadline_s=deadline_s,
    )


def test_a_letter_says_what_happened_and_what_to_type() -> None:
    with serving(MailServer()) as server:
        assert mail_to(server).send(MESSAGE) == "2 of 2 addresses"
    ((to, letter),) = server.got
    assert tuple(to) == TO
    assert (letter["Subject"], letter["From"]) == ("changeover tripped: till", "changeover@till.example")
    assert letter["Message-ID"] == "<0a1b2c-77@changeover.invalid>"
    text = letter.get_content()
    assert text.splitlines()[0] == "till: live -> shadow"
    assert "look: changeover explain 09ad52" in text


def test_the_same_alert_twice_is_the_same_letter_twice() -> None:
    with serving(MailServer()) as server:
        for _ in range(2):
            mail_to(server).send(MESSAGE)
    assert server.keys == ["0a1b2c-77"] * 2
    assert len({letter["Message-ID"] for _, letter in server.got}) == 1


def test_whatever_stands_in_a_phase_or_a_text_no_header_begins_there() -> None:
    odd = replace(ALERT, phase="till\r\nBcc: all@till.example", text="half \udc80\n.\nRSET ü 🦊")
    with serving(MailServer()) as server:
        mail_to(server).send(Message("k", odd))
    ((_, letter),) = server.got
    assert letter["Bcc"] is None
    assert letter["Subject"] == "changeover tripped: till Bcc: all@till.example"
    assert letter.get_content().splitlines()[:3] == ["half ?", ".", "RSET ü 🦊"]


def test_one_address_that_is_refused_costs_the_others_no_second_letter() -> None:
    with serving(MailServer()) as server:
        assert mail_to(server, "nobody@till.example", *TO).send(MESSAGE) == "2 of 3 addresses"


def test_where_all_are_refused_it_has_failed() -> None:
    with serving(MailServer()) as server, pytest.raises(NotDelivered, match="SMTPRecipientsRefused"):
        mail_to(server, "nobody@till.example").send(MESSAGE)


def test_a_server_that_does_not_take_it_is_named_with_its_answer() -> None:
    refused = pytest.raises(NotDelivered, match=r"127\.0\.0\.1:\d+: it answered 451")
    with serving(MailServer(fault="451 later")) as server, refused:
        mail_to(server).send(MESSAGE)


def test_a_server_without_tls_is_told_nothing_where_tls_is_needed() -> None:
    with serving(MailServer()) as server, pytest.raises(NotDelivered):
        mail_to(server, starttls=True).send(MESSAGE)
    assert server.got == []


@pytest.mark.parametrize("manner", [DRIPPING, HANGING])
def test_a_server_that_never_comes_to_an_end_is_left_at_the_deadline(manner: str) -> None:
    late = pytest.raises(NotDelivered, match=r"no answer within 0\.3 s")
    with serving(MailServer(manner)) as server, late:
        mail_to(server, deadline_s=0.3).send(MESSAGE)
