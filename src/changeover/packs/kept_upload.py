"""A file that was uploaded: what the answering path was given, and another one with the same content."""

from __future__ import annotations

from io import BytesIO
from typing import Any

UPLOAD_MAX = 8_000_000
"""Bytes of an uploaded file that are kept; the run of a larger one cannot be compared."""


class KeptUpload:
    """One `UploadFile` of Starlette, as it was before the path; `problem` says why there is no other."""

    def __init__(self, upload: Any) -> None:
        self._upload = upload
        self._before = dict(vars(upload))
        self.problem: str | None = None
        self._content = b""
        file = upload.file
        try:
            self._place = file.tell()
            file.seek(0)
            self._content = file.read(UPLOAD_MAX + 1)
            file.seek(self._place)
        except (OSError, ValueError) as error:
            self.problem = f"an uploaded file that cannot be read again: {error}"
        if len(self._content) > UPLOAD_MAX:
            self._content, self.problem = b"", f"an uploaded file of more than {UPLOAD_MAX:,} bytes"

    def again(self) -> Any:
        """The file as it was, read as far as it was then; to write to it changes no other one."""
        file = BytesIO(self._content)
        file.seek(self._place)
        made = object.__new__(type(self._upload))
        vars(made).update(self._before, file=file)
        return made
