"""What a file holds, as it stands on a tape and is compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from changeover.packs.files.file_state import Content, LargeContent

_OF_LINES = (".jsonl", ".ndjson")
"""How files end that hold a value in each line."""


def shown_content(content: Content) -> Any:
    """A text where it is one, else bytes; of what is too large its size and digest."""
    if isinstance(content, LargeContent):
        return {"bytes": content.size, "sha256": content.sha256}
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def compared_content(name: str, content: Content, as_json: Sequence[str]) -> Any:
    """The content of a file as it is compared: its values where its name is one of these, else as it is."""
    shown = shown_content(content)
    last = name.rpartition("/")[2]
    if not isinstance(shown, str) or not any(fnmatchcase(last, pattern) for pattern in as_json):
        return shown
    try:
        if last.endswith(_OF_LINES):
            return [json.loads(line) for line in shown.splitlines() if line.strip()]
        return json.loads(shown)
    except ValueError:
        return shown


def content_of(shown: Any) -> Content:
    """The same the other way."""
    if isinstance(shown, str):
        return shown.encode()
    return shown if isinstance(shown, bytes) else LargeContent(shown["bytes"], shown["sha256"])
