"""What a mail says, whoever wrote it: no boundary, no encoding, nothing that is new in every mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Any

from changeover.quick_dataclass import dataclass

_OF_EACH_MAIL = frozenset({"date", "message-id", "resent-date", "resent-message-id"})
_OF_THE_FORM = frozenset({"mime-version", "content-type", "content-transfer-encoding", "content-disposition"})
_LEFT_OUT = _OF_EACH_MAIL | _OF_THE_FORM
_OF_THE_WIRE = ("size=", "body=", "smtputf8")
"""What a library adds to an envelope by itself, depending on what the server offers."""


@dataclass(frozen=True, slots=True)
class Mail:
    """The envelope, and the mail as it is compared; `body` is a text, bytes, or a tree of parts."""

    recipients: tuple[str, ...]
    sender: str
    headers: dict[str, Any]
    body: Any
    options: tuple[str, ...]

    def arguments(self) -> tuple[Any, ...]:
        """In the order of the channel's parameters."""
        return self.recipients, self.sender, self.headers, self.body, self.options


def mail_of(envelope: tuple[Any, Any, Any], options: Iterable[str], left_out: frozenset[str]) -> Mail:
    """The mail of these arguments of a library.

    Args:
        envelope: the sender, the recipients in any order, and head and body as they go to the server.
        options: of both commands of the envelope.
        left_out: names of further headers that are not compared, in lower case.
    """
    sender, recipients, message = envelope
    raw = message.encode("utf-8", "surrogateescape") if isinstance(message, str) else bytes(message)
    parsed = BytesParser(policy=policy.default).parsebytes(raw)
    inline = {found: f"part-{n}" for n, part in enumerate(parsed.walk()) if (found := _content_id(part))}
    addresses = [recipients] if isinstance(recipients, str) else recipients
    return Mail(
        tuple(sorted(addresses)),
        sender,
        _headers(parsed, left_out),
        _body(parsed, inline),
        tuple(sorted(one for one in options if not one.lower().startswith(_OF_THE_WIRE))),
    )


def _headers(message: Message, left_out: frozenset[str]) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for name, value in _decoded(message):
        if name not in _LEFT_OUT and name not in left_out:
            found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in sorted(found.items())}


def _decoded(message: Message) -> Iterator[tuple[str, str]]:
    for name, raw in message.raw_items():
        try:
            value = str(message.policy.header_fetch_parse(name, raw))
        except Exception:  # noqa: BLE001  the parser of the standard library stumbles over some headers
            value = str(raw)
        yield name.lower(), " ".join(value.split())


def _content_id(part: Message) -> str | None:
    found = dict(_decoded(part)).get("content-id", "").strip("<>")
    return found or None


def _body(part: Message, inline: dict[str, str]) -> Any:
    kind = part.get_content_type()
    if part.is_multipart():
        inner = part.get_payload()
        return {"type": kind, "parts": [_body(one, inline) for one in inner if isinstance(one, Message)]}
    content = _content(part, inline)
    name = part.get_filename()
    shown = {"type": kind, "content": content}
    if name is not None:
        shown["filename"] = name
    if part.get_content_disposition() == "attachment":
        shown["disposition"] = "attachment"
    return shown


def _content(part: Message, inline: dict[str, str]) -> str | bytes:
    """A text without its character set, encoding and line ends; else the bytes."""
    found = part.get_payload(decode=True)
    raw = found if isinstance(found, bytes) else b""
    if part.get_content_maintype() != "text":
        return raw
    try:
        text = raw.decode(part.get_content_charset() or "utf-8")
    except (LookupError, ValueError):
        return raw
    for content_id, name in inline.items():
        text = text.replace(f"cid:{content_id}", f"cid:{name}")
    return text.replace("\r\n", "\n").rstrip("\n")
