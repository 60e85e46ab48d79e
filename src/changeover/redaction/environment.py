"""Which variables of an environment are secrets, by their names, and which parts of values are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from urllib.parse import unquote, urlsplit

NAMED_CHARACTERS_MIN = 6
"""A shorter value of an environment variable is a setting rather than a secret."""
_USER_IS_SECRET_FROM = 16
"""A user without a password in an address, as long as this, is a token: `https://ghp_...@github.com`."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ANYWHERE = re.compile(r"PASSWORD|PASSWD|PASSPHRASE|PASSCODE|SECRET|APIKEY|MNEMONIC")
"""Secret as a part of a word as well: `PGPASSWORD`, `MYSECRET`."""
_WORDS = _words(
    "TOKEN CREDENTIAL CREDENTIALS CREDS COOKIE JWT BEARER DSN PAT PWD PW PASS PIN SALT AUTH AUTHORIZATION "
    "WEBHOOK LICENSE CONNSTR KEY KEYS KEYFILE TOKENS SAS"
)
_ONLY_LAST = _words("TOKENS PAT PW PIN SALT AUTH KEY KEYS LICENSE PASS SAS DSN")
_GLUED = re.compile(r"(TOKEN|(?<!COM)(?<!BY)(?<!SUR)PASS|PWD)$")
"""At the end of a word that is written together: `GITHUBTOKEN`, `DBPASS`."""
_KEY_OF = _words("API PRIVATE ACCESS SECRET MASTER SIGNING ENCRYPTION")
_OPEN_KEYS = _words(
    "PUBLIC SORT PRIMARY CACHE PARTITION FOREIGN INDEX REGISTRY HOT ROUTING GROUP SESSION SHORTCUT MAP UNIQUE"
)
_COUNTED = _words("MAX MIN NUM TOTAL COUNT LIMIT")
_ABOUT = _words(
    "LIMIT COUNT EXPIRY EXPIRES EXPIRATION TTL SECONDS MINUTES HOURS DAYS LENGTH SIZE TIMEOUT PARALLELISM "
    "ENABLED DISABLED POLICY ALGORITHM ALGO TYPE VERSION FORMAT NAME FILE PATH DIR HOME SOCK USER "
    "USERNAME REGION "
    "PROMPT ENDPOINT HEADER PREFIX SUFFIX HOST PORT MODE ROTATION AGE DOMAIN SECURE SAMESITE HTTPONLY "
    "STORE BACKEND "
    "MANAGER PROVIDER LEVEL ISSUER AUDIENCE SCOPE SCOPES URI REQUIRED CLASS MODULE LOCATION BUCKET"
)
"""As the last word they say that the variable is about a secret, and is none."""
_ALONE_HARMLESS = _words("PWD OLDPWD KEY")
_INSIDE = re.compile(
    r"(?:^|[\s;&?,])(?:password|passwd|pwd|accountkey|sharedaccesskey|sharedaccesssignature|secret|token|apikey"
    r"|api_key|access_token)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s;&,]+)",
    re.IGNORECASE,
)
_NAMES_REMEMBERED_MAX = 4_096
_A_PATH = re.compile(r"(/|\.{1,2}/|~|[A-Za-z]:\\)[^\s]*|[\w./-]+\.(json|pem|key|p12|crt|txt|ya?ml)")


@lru_cache(_NAMES_REMEMBERED_MAX)
def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    upper = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).upper()
    words = [word for word in re.split(r"[^A-Z0-9]+", upper) if word]
    if not words or (len(words) == 1 and words[0] in _ALONE_HARMLESS):
        return False
    last = words[-1]
    if last == "URL":
        return "WEBHOOK" in words or "HOOK" in words
    if last in _ABOUT:
        return False
    joined = "_".join(words)
    if _ANYWHERE.search(joined.replace("_", "") if "API_KEY" in joined else joined):
        return True
    if "CONNECTION_STRING" in joined or "CONN_STR" in joined or "AUTH_CONFIG" in joined:
        return True
    return any(_is_secret_word(words, at) for at in range(len(words)))


def _is_secret_word(words: list[str], at: int) -> bool:
    word, is_last = words[at], at == len(words) - 1
    before = words[at - 1] if at else ""
    if word in ("KEY", "KEYS"):
        return (is_last and bool(before) and before not in _OPEN_KEYS) or before in _KEY_OF
    if word in ("TOKENS", "TOKEN") and before in _COUNTED:
        return False
    if word == "PWD" and len(words) == 1:
        return False
    if word in _WORDS:
        return is_last or word not in _ONLY_LAST
    return is_last and _GLUED.search(word) is not None


def secrets_of_environment(environment: Mapping[str, str]) -> frozenset[str]:
    """The values of variables whose names say that they are secret, and passwords in others."""
    found: set[str] = set()
    for name, value in environment.items():
        if is_secret_name(name) and not _A_PATH.fullmatch(value):
            found.add(value)
        found.update(secrets_inside(value))
    return frozenset(value for value in found if len(value) >= NAMED_CHARACTERS_MIN)


def secrets_inside(value: str) -> Iterator[str]:
    """Passwords and tokens that stand in an address or in the parameters of a connection."""
    if "://" in value and "@" in value:
        with suppress(ValueError):
            address = urlsplit(value)
            user, password = address.username or "", address.password or ""
            yield from (password, unquote(password))
            if not password and len(user) >= _USER_IS_SECRET_FROM:
                yield user
    if "=" in value:
        for found in _INSIDE.finditer(value):
            yield found[1].strip("\"'")
