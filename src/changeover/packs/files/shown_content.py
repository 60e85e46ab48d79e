"""What a file holds, as it stands on a tape and is compared."""

from __future__ import annotations

from typing import Any

from changeover.packs.files.file_state import Content, LargeContent


def shown_content(content: Content) -> Any:
    """A text where it is one, else bytes; of what is too large its size and digest."""
    if isinstance(content, LargeContent):
        return {"bytes": content.size, "sha256": content.sha256}
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def content_of(shown: Any) -> Content:
    """The same the other way."""
    if isinstance(shown, str):
        return shown.encode()
    return shown if isinstance(shown, bytes) else LargeContent(shown["bytes"], shown["sha256"])
