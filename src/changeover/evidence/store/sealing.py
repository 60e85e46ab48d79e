"""Seals what leaves a machine, so that only who has the key can read it. Imports cryptography alone."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from changeover.errors import ConfigurationError, MissingPackageError
from changeover.settings import SPOOL_KEY_VARIABLE

EXTRA = "postgres"
_NAME_DIGITS = 16


class SealError(Exception):
    """What is sealed cannot be opened here."""


class Seal:
    """Fernet with one key, or with several of which the first one seals and each one opens.

    `names` tell keys apart and say nothing of them: the first is that of the key which seals.
    """

    def __init__(self, keys: str) -> None:
        """`keys` stand in one text, with commas between them. Raises ConfigurationError for what is none."""
        try:
            from cryptography.fernet import Fernet, MultiFernet
        except ModuleNotFoundError as error:
            raise MissingPackageError("cryptography", EXTRA) from error
        all_ = [key.strip() for key in keys.split(",")]
        try:
            self._fernet = MultiFernet([Fernet(key) for key in all_])
        except ValueError:
            allowed = "what cryptography.fernet.Fernet.generate_key() gives, several with commas between them"
            raise ConfigurationError(SPOOL_KEY_VARIABLE, f"holds no key, allowed: {allowed}") from None
        self.names = tuple(sha256(f"changeover {key}".encode()).hexdigest()[:_NAME_DIGITS] for key in all_)

    def close(self, payload: bytes) -> bytes:
        """The payload, sealed."""
        return self._fernet.encrypt(payload)

    def open(self, sealed: bytes) -> bytes:
        """The payload again; raises SealError for another key, and for what was changed."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise SealError("it was sealed with another key, or changed") from None


def seal_of(environment: Mapping[str, str]) -> Seal | None:
    """The one whose key the environment has, None where it has none.

    Raises ConfigurationError for what is no key, and MissingPackageError.
    """
    keys = environment.get(SPOOL_KEY_VARIABLE)
    return Seal(keys) if keys else None
