"""Answers of urllib3, which requests hands on as well."""

from __future__ import annotations

import http.client
from io import BytesIO
from typing import Any

from changeover.packs.http.messages import HttpAnswer

_CODING = "content-encoding"


class _Original:
    """In place of what urllib3 read: cookies are taken from its `msg`."""

    def __init__(self, headers: tuple[tuple[str, str], ...]) -> None:
        self.msg = http.client.HTTPMessage()
        for name, value in headers:
            self.msg.add_header(name, value)

    def isclosed(self) -> bool:
        """There is nothing left to read."""
        return True

    def close(self) -> None:
        """Nothing is open."""


def made_response(answer: HttpAnswer, *, preload: bool, method: str | None = None) -> Any:
    """A `urllib3.HTTPResponse` of an answer; its body is not encoded, whatever its headers say."""
    import urllib3
    from urllib3.response import HTTPHeaderDict

    headers = HTTPHeaderDict(answer.headers)
    coding = headers.pop(_CODING, None)
    response = urllib3.HTTPResponse(
        body=BytesIO(answer.body),
        headers=headers,
        status=answer.status,
        version=11,
        reason=answer.reason,
        preload_content=preload,
        original_response=_Original(answer.headers),
        request_method=method,
        request_url=answer.url,
    )
    if preload and coding is not None:
        response.headers[_CODING] = coding
    return response


def read_ahead(response: Any) -> tuple[Any, bytes]:
    """A response that can be read as the given one could, and its body without any encoding."""
    import urllib3

    data = response.read(decode_content=False)
    again = urllib3.HTTPResponse(
        body=BytesIO(data),
        headers=response.headers,
        status=response.status,
        version=response.version,
        reason=response.reason,
        preload_content=False,
        decode_content=response.decode_content,
        original_response=getattr(response, "_original_response", None),
        request_url=response.geturl(),
    )
    again.retries = response.retries
    plain = urllib3.HTTPResponse(body=BytesIO(data), headers=response.headers, preload_content=False)
    return again, plain.read(decode_content=True)
