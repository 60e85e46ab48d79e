"""The token in place of a secret: a keyed hash, so that equal secrets stay equal and none can be guessed."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import field
from hashlib import sha256
from hmac import digest
from pathlib import Path

from changeover.quick_dataclass import dataclass
from changeover.values.atomic_file import OWNER_ONLY, create_file

KEY_NAME = "redaction.key"
KEY_BYTES = 32
TOKEN_DIGITS = 6
TOKEN = re.compile(r"\[redacted [0-9a-f]{6}\]")
_FILE_BYTES_MAX = 4_096


@dataclass(eq=False, repr=False)
class RedactionKey:
    """The key of one project, made when it is first needed; of this process alone where none can be kept.

    `problem` says why it could not be: what was redacted elsewhere then joins nothing here.
    """

    _path: Path | None
    _key: bytes | None = field(default=None, init=False)
    _next: bytes | None = field(default=None, init=False)
    problem: str | None = field(default=None, init=False)

    def token(self, secret: bytes) -> str:
        """The text in place of the secret: `[redacted 4f2a91]`."""
        return f"[redacted {digest(self.key, secret, sha256).hex()[:TOKEN_DIGITS]}]"

    @classmethod
    def of(cls, key: bytes) -> RedactionKey:
        """One that was handed over by another process of the project."""
        made = cls(None)
        made._key = key
        return made

    @property
    def key(self) -> bytes:
        """The key itself, to be handed over to such a process alone."""
        if self._key is None:
            self._key = self._found()
        return self._key

    def prepare(self) -> None:
        """Settle what the key will be, so that processes forked from this one have the same."""
        self._next = self._next or secrets.token_bytes(KEY_BYTES)

    def _found(self) -> bytes:
        self.prepare()
        made = self._next or b""
        if self._path is None:
            return made
        try:
            with suppress(FileNotFoundError):
                return _read(self._path)
            create_file(self._path, made.hex().encode() + b"\n", OWNER_ONLY)
            return _read(self._path)
        except (OSError, ValueError) as error:
            self.problem = f"{self._path}: {error}; redacted values join only within this process"
            return made


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        text = file.read(_FILE_BYTES_MAX)
    key = bytes.fromhex(text.decode("ascii", "replace").strip())
    if len(key) < KEY_BYTES:
        raise ValueError(f"was a key of {len(key)} bytes, needed: {KEY_BYTES}")
    return key
