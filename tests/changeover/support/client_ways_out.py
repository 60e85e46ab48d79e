"""Ways in which sync code reaches the outside through clients of HTTP, mail and files."""

from __future__ import annotations

import ftplib
import http.client
import imaplib
import poplib
import smtplib
import ssl
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.changeover.support.outside_servers import HOST, http_server, line_server
from tests.changeover.support.ways_out import Reached, way


def asked(connection: http.client.HTTPConnection, method: str, body: bytes | None = None) -> None:
    connection.request(method, "/", body)
    connection.getresponse().read()


@way("http.client", "http.client")
def http_client(folder: Path, certificate: Path) -> Iterator[Reached]:
    with http_server() as (port, seen), closing(http.client.HTTPConnection(HOST, port)) as one:
        asked(one, "GET")
        yield lambda: asked(one, "POST", b"x"), seen


@way("http.client over TLS", "http.client")
def https_client(folder: Path, certificate: Path) -> Iterator[Reached]:
    context = ssl.create_default_context(cafile=str(certificate))
    with (
        http_server(certificate) as (port, seen),
        closing(http.client.HTTPSConnection(HOST, port, context=context)) as one,
    ):
        asked(one, "GET")
        yield lambda: asked(one, "POST", b"x"), seen


@way("urllib.request", "http.client (urllib.request)")
def urlopen(folder: Path, certificate: Path) -> Iterator[Reached]:
    with http_server() as (port, seen):
        address = f"http://{HOST}:{port}/"
        yield lambda: urllib.request.urlopen(address, b"x").close(), seen


@way("urllib3", "http.client (urllib3)")
def urllib3_pool(folder: Path, certificate: Path) -> Iterator[Reached]:
    urllib3 = pytest.importorskip("urllib3")
    with http_server() as (port, seen), urllib3.PoolManager() as one:
        one.request("GET", f"http://{HOST}:{port}/")
        yield lambda: one.request("POST", f"http://{HOST}:{port}/", body=b"x"), seen


@way("requests", "http.client (requests)")
def requests_session(folder: Path, certificate: Path) -> Iterator[Reached]:
    requests = pytest.importorskip("requests")
    with http_server() as (port, seen), requests.Session() as one:
        one.get(f"http://{HOST}:{port}/")
        yield lambda: one.post(f"http://{HOST}:{port}/", b"x"), seen


@way("requests over TLS", "http.client (requests)")
def requests_over_tls(folder: Path, certificate: Path) -> Iterator[Reached]:
    requests = pytest.importorskip("requests")
    with http_server(certificate) as (port, seen), requests.Session() as one:
        one.verify, one.trust_env = str(certificate), False
        one.get(f"https://{HOST}:{port}/")
        yield lambda: one.post(f"https://{HOST}:{port}/", b"x"), seen


@way("httpx", "httpx")
def httpx_client(folder: Path, certificate: Path) -> Iterator[Reached]:
    httpx = pytest.importorskip("httpx")
    with http_server() as (port, seen), httpx.Client(base_url=f"http://{HOST}:{port}") as one:
        one.get("/")
        yield lambda: one.post("/", content=b"x"), seen


@way("httpx over TLS", "httpx")
def httpx_over_tls(folder: Path, certificate: Path) -> Iterator[Reached]:
    httpx = pytest.importorskip("httpx")
    context = ssl.create_default_context(cafile=str(certificate))
    with (
        http_server(certificate) as (port, seen),
        httpx.Client(base_url=f"https://{HOST}:{port}", verify=context) as one,
    ):
        one.get("/")
        yield lambda: one.post("/", content=b"x"), seen


@way("botocore", "http.client (botocore)")
def botocore_client(folder: Path, certificate: Path) -> Iterator[Reached]:
    session = pytest.importorskip("botocore.session")
    config = pytest.importorskip("botocore.config")
    with http_server() as (port, seen):
        one = session.Session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=f"http://{HOST}:{port}",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}),
        )
        with closing(one):
            one.head_bucket(Bucket="shop")
            yield lambda: one.put_object(Bucket="shop", Key="k", Body=b"x"), seen


@way("smtplib", "smtplib")
def smtp(folder: Path, certificate: Path) -> Iterator[Reached]:
    replies = {"": "250 ok", "DATA": "354 go on", "QUIT": "221 bye"}
    with (
        line_server(counts="MAIL", greeting="220 here", replies=replies) as (port, seen),
        smtplib.SMTP(HOST, port, local_hostname="here") as one,
    ):
        one.ehlo()
        yield lambda: one.sendmail("a@shop", ["b@shop"], "Subject: x\n\ntext"), seen


@way("ftplib", "ftplib")
def ftp(folder: Path, certificate: Path) -> Iterator[Reached]:
    replies = {"": "257 made", "USER": "230 in", "QUIT": "221 bye"}
    with line_server(counts="MKD", greeting="220 here", replies=replies) as (port, seen):
        one = ftplib.FTP()  # noqa: S321  to a server of this test
        one.connect(HOST, port)
        one.login()
        with one:
            yield lambda: one.mkd("x"), seen


@way("imaplib", "imaplib")
def imap(folder: Path, certificate: Path) -> Iterator[Reached]:
    capability = "* CAPABILITY IMAP4REV1\r\nTAG OK done"
    replies = {"": "TAG OK done", "CAPABILITY": capability, "LOGOUT": "* BYE\r\nTAG OK done"}
    with line_server(counts="NOOP", greeting="* PREAUTH here", replies=replies) as (port, seen):
        one = imaplib.IMAP4(HOST, port)
        with closing(one.file), closing(one.sock):
            yield lambda: one.noop(), seen


@way("poplib", "poplib")
def pop(folder: Path, certificate: Path) -> Iterator[Reached]:
    with line_server(counts="DELE", greeting="+OK here", replies={"": "+OK"}) as (port, seen):
        one = poplib.POP3(HOST, port)
        with closing(one):
            yield lambda: one.dele(1), seen
