"""Addresses and headers of requests: what may be sent, and what of an address may be shown."""

from __future__ import annotations

from urllib.parse import urlsplit

from changeover.errors import ConfigurationError

IDEMPOTENCY_HEADER = "Idempotency-Key"
SIGNATURE_HEADER = "Changeover-Signature"
OWN_HEADERS = frozenset(
    {IDEMPOTENCY_HEADER.lower(), SIGNATURE_HEADER.lower(), "content-type", "content-length", "host"}
)


def host_of(where: str, url: str) -> str:
    """The host of an address, as it may be shown; raises ConfigurationError unless it is http or https."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        shown = f"scheme {parts.scheme!r}" if host or parts.scheme else "no address"
        raise ConfigurationError(where, f"was {shown}, allowed: http://… or https://…")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}/…"


def check_header(where: str, name: str, value: str) -> None:
    """Raises ConfigurationError for what cannot be a header of a request, or is sent anyway."""
    is_name = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    if not is_name or name.lower() in OWN_HEADERS:
        allowed = "letters, digits and -, and none that is sent anyway"
        raise ConfigurationError(where, f"header {name!r} cannot be sent, allowed: {allowed}")
    if not value.isprintable() or not value.isascii():
        raise ConfigurationError(where, f"header {name!r} has a value that cannot be sent, allowed: ASCII")
