"""A program that holds thirty secrets, each somewhere else; the plan, types or the environment say which."""

import json
import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, SecretBytes, SecretStr

from changeover import Case, Migration, SourceOptions

FOLDER = Path(__file__).parent / "migration"
SECRETS = [f's3cr&t/{number:02}+{"xyzw"[number % 4] * 3}"ö' for number in range(26)]
PIN, CODE = 471_182_936_405, "q0815:z"  # long enough to stand nowhere by chance
VALUES = {
    "SERVICE_TOKEN": SECRETS[24],
    "BEARER_API_KEY": SECRETS[12],
    "AUDIT_SECRET": SECRETS[21],
    "SHOP_PASSWORD": SECRETS[6],
    "X_CREDENTIALS": SECRETS[25],
    "DATABASE_URL": "postgres://shop:p4ssw0rd-25@db.example/shop",
}
ALL = [*SECRETS, str(PIN), CODE, "p4ssw0rd-25", "binary-secret-27"]
PLAN = """\
[migration]
name = "vault"
redact = [
    "**.password", "**.{api_key,pin,code}", "arguments.token", "arguments.box.*.inner", "error.message",
    "result.accounts[*].iban", "effects.bank.login[*].secret", "reads.bank.session[*].answer.cookie", "key",
]

[[phase]]
name = "vault"
seams = ["vault.open", "vault.fail"]
"""


class Login(BaseModel):
    user: str
    password: SecretStr
    raw: SecretBytes


@dataclass(frozen=True)
class Card:
    number: str
    cvc: SecretStr


class Refused(Exception):
    """Says too much."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint
        self.password = SECRETS[9]


class Bank:
    """The world."""

    def session(self, user: str) -> dict[str, Any]:
        return {"cookie": SECRETS[10], "user": user, "note": f"{SECRETS[10]} {SECRETS[25]}"}

    def whoami(self, header: str) -> dict[str, str]:
        return {"password": SECRETS[11], "echo": header}

    def login(self, user: str, secret: str, *, extra: Any = None) -> str:
        return f"receipt for {secret}"

    def audit(self, key: str, text: str) -> None:
        """Writes nowhere."""


def _intent(user: str, secret: str, extra: Any = None) -> tuple[str, str]:
    return user, secret


bank = Bank()
migration = Migration.load(FOLDER) if FOLDER.exists() else Migration()
migration.port(
    "bank",
    bank,
    reads={"session", "whoami"},
    effects={"login": _intent, "audit": lambda key, text: key},
)


def _inputs() -> dict[str, Any]:
    return {
        "token": SECRETS[0],
        "box": {"a": {"inner": [SECRETS[1], {"deep": SECRETS[2]}]}, "note": f"see {SECRETS[1]}"},
        "login": Login(user="kim", password=SecretStr(SECRETS[3]), raw=SecretBytes(b"binary-secret-27")),
        "card": Card("4111", SecretStr(SECRETS[4])),
        "options": {"password": SECRETS[5], SECRETS[5]: "as a key", "pin": PIN, "code": CODE},
    }


def _open(token: str, box: Any, login: Login, card: Card, options: Any, *, sign: str) -> dict[str, Any]:
    session = bank.session(f"kim {token}")
    bank.whoami(f"Bearer {SECRETS[12]}")
    bank.login("kim", SECRETS[13], extra={"api_key": SECRETS[14], "plain": [SECRETS[14]]})
    bank.audit(
        f"key {SECRETS[13]}", f"{sign} {login.password.get_secret_value()} {login.raw.get_secret_value()!r}"
    )
    return {
        "accounts": [{"iban": SECRETS[15], "sum": 3}, {"iban": f"{SECRETS[16]}{sign}", "sum": 4}],
        "echo": f"{token} {card.cvc.get_secret_value()} {options['pin']} {sign}",
        "forms": [
            json.dumps([token, sign]),
            f"{[token]!r} {sign}",
            f"{quote(token)}&{sign}",
            b64encode(f"{sign}:{token}".encode()).decode(),
            token.encode().hex() + sign,
        ],
        "environment": [sign, os.environ.get("SERVICE_TOKEN")],
        "card": Card(sign, SecretStr(f"{SECRETS[17]}")),
        "api_key": {"nested": (SECRETS[18], [SECRETS[19]])},
        "session": session,
        SECRETS[18]: sign,
        "url": f"{os.environ.get('DATABASE_URL')} {options['code']}",
        "digest": token.encode() + sign.encode(),
        "login": Login(user=sign, password=SecretStr(f"{SECRETS[20]}{sign}"), raw=SecretBytes(sign.encode())),
    }


def _fail(password: str, *, sign: str, token: str = "") -> None:
    bank.audit(sign, f"{password} {SECRETS[21]} {os.environ.get('SERVICE_TOKEN')}")
    raise Refused(f"{sign}: {SECRETS[22]} is wrong", f"try {password} {token} {SECRETS[6]}")


def _fail_otherwise(options: Any, token: str) -> None:
    bank.whoami(f"other {token}")
    _fail(options["password"], sign="new")


open_ = migration.seam(
    "vault.open",
    legacy=lambda token, box, login, card, options: _open(token, box, login, card, options, sign="old"),
    candidate=lambda token, box, login, card, options: _open(token, box, login, card, options, sign="new"),
    key=lambda token, *_: SECRETS[7],
    tags=lambda token, *_: (f"tag-{token}", f"env-{SECRETS[24]}"),
)
fail = migration.seam(
    "vault.fail",
    legacy=lambda options, token: _fail(options["password"], sign="old", token=token),
    candidate=_fail_otherwise,
    tags=lambda options, token: (SECRETS[24],),
)


@migration.source("days", population="generated", unit="days")
def days(options: SourceOptions) -> Iterator[Case]:
    for number in range(3):
        yield Case(f"open-{number}", lambda: open_(*_inputs().values()), key=SECRETS[7])
        yield Case(f"fail-{number}", lambda: fail({"password": SECRETS[8]}, token=SECRETS[23]), key="kim")
