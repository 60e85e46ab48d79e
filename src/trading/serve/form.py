"""The fields of a small form that a browser sends."""

from urllib.parse import parse_qs

from starlette.requests import Request

BYTES_MAX = 4096
FIELDS_MAX = 10
KIND = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str] | None:
    """Each field that stands there once; None for anything else, and for more than a form of ours has."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != KIND:
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BYTES_MAX:
            return None
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=FIELDS_MAX)
    except ValueError:  # more fields than that
        return None
    return {name: values[0] for name, values in fields.items() if len(values) == 1}
