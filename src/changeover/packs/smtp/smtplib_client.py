"""smtplib of the standard library: `sendmail` sends, all other commands only talk to the server."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from changeover.packs.host import cannot_be_followed, is_replayed, serving
from changeover.packs.patches import replace
from changeover.packs.smtp.exchange import SmtpAnswer, SmtpFault, text_of

_NAME = "smtplib"
_SENDING = frozenset({"mail", "rcpt", "data", "bdat"})
_made_here: WeakSet[smtplib.SMTP] = WeakSet()
"""Clients that a replayed path made: no socket stands behind them. All others are left as they are."""
_is_secured: WeakSet[smtplib.SMTP] = WeakSet()
_knows_extensions: WeakKeyDictionary[smtplib.SMTP, bool] = WeakKeyDictionary()


def patch(module: Any) -> None:
    """Let every client ask first."""
    cls = module.SMTP
    replace(cls, "__init__", _making)
    replace(cls, "sendmail", _sending)
    for owner in (cls, module.LMTP):
        replace(owner, "connect", _connecting)
    for name in ("ehlo", "helo"):
        replace(cls, name, _greeting)
    for name in ("login", "auth"):
        replace(cls, name, _proving)
    for name in ("starttls", "quit", "noop", "rset"):
        replace(cls, name, _talking)
    replace(cls, "docmd", _commanding)
    replace(cls, "has_extn", _asking_extension)
    replace(cls, "close", _closing)
    replace(cls, "send", _going_past)


def _making(original: Callable[..., Any]) -> Callable[..., Any]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if is_replayed():
            _made_here.add(self)
        original(self, *args, **kwargs)

    return init


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    def sendmail(
        self: Any,
        from_addr: str,
        to_addrs: Any,
        msg: Any,
        mail_options: Any = (),
        rcpt_options: Any = (),
    ) -> Any:
        pack = serving("smtp")
        if pack is None:
            return original(self, from_addr, to_addrs, msg, mail_options, rcpt_options)
        self.ehlo_or_helo_if_needed()  # the first that sendmail does: here it is seen
        return pack.send(
            (from_addr, to_addrs, msg),
            (*mail_options, *rcpt_options),
            _SENT,
            lambda: original(self, from_addr, to_addrs, msg, mail_options, rcpt_options),
        )

    return sendmail


def _connecting(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: Any, host: str = "localhost", port: int = 0, source_address: Any = None) -> Any:
        pack = serving("smtp")
        if pack is None:
            return original(self, host, port, source_address)
        return pack.talk(
            "connect",
            f"{host}:{port or self.default_port}",
            _SAID,
            lambda: original(self, host, port, source_address),
        )

    return connect


def _greeting(original: Callable[..., Any]) -> Callable[..., Any]:
    step = original.__name__

    def greet(self: Any, name: str = "") -> Any:
        pack = serving("smtp")
        if pack is None:
            return original(self, name)
        about = "secured" if self in _is_secured else ""
        found = pack.talk(step, about, _SAID, lambda: original(self, name))
        if self in _made_here:
            _knows_extensions[self] = bool(found[1])
            _hear(self, original, found)
        return found

    return greet


def _hear(client: Any, original: Callable[..., Any], reply: Any) -> None:
    """Let the library take in a reply as if it had come just now."""
    client.putcmd = lambda *_: None
    client.getreply = lambda: reply
    try:
        original(client)
    finally:
        del client.putcmd, client.getreply


def _proving(original: Callable[..., Any]) -> Callable[..., Any]:
    def prove(self: Any, who: str, *args: Any, **kwargs: Any) -> Any:
        pack = serving("smtp")
        if pack is None:
            return original(self, who, *args, **kwargs)
        if original.__name__ == "login":
            self.ehlo_or_helo_if_needed()  # the first that it does: here it is seen
        return pack.talk("login", who, _SAID, lambda: original(self, who, *args, **kwargs))

    return prove


def _talking(original: Callable[..., Any]) -> Callable[..., Any]:
    step = original.__name__

    def talk(self: Any, *args: Any, **kwargs: Any) -> Any:
        pack = serving("smtp")
        if pack is None:
            return original(self, *args, **kwargs)
        if step == "starttls":
            self.ehlo_or_helo_if_needed()
        found = pack.talk(step, "", _SAID, lambda: original(self, *args, **kwargs))
        if step == "starttls":
            _is_secured.add(self)
        if self in _made_here and step in ("starttls", "quit"):
            self.ehlo_resp = self.helo_resp = None
            self.esmtp_features = {}
            self.does_esmtp = False
        return found

    return talk


def _commanding(original: Callable[..., Any]) -> Callable[..., Any]:
    def docmd(self: Any, cmd: str, args: str = "") -> Any:
        pack = serving("smtp")
        step = cmd.split(" ")[0].lower()
        if pack is None or step in _SENDING:
            return original(self, cmd, args)
        return pack.talk(step, "", _SAID, lambda: original(self, cmd, args))

    return docmd


def _asking_extension(original: Callable[..., Any]) -> Callable[..., Any]:
    def has_extn(self: Any, opt: str) -> Any:
        pack = serving("smtp")
        if pack is not None and self in _made_here and not _knows_extensions.get(self, True):
            pack.unknown_extension(opt)
        return original(self, opt)

    return has_extn


def _closing(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any) -> None:
        if not is_replayed() or self in _made_here:
            original(self)

    return close


def _going_past(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, s: Any) -> None:
        if serving("smtp") is not None:
            cannot_be_followed("commands of SMTP one by one: `sendmail` and `send_message` are followed")
        original(self, s)

    return send


class _Smtplib:
    """As `exchange.Client` says, for what is said before and after a mail."""

    def answer_of(self, found: Any) -> SmtpAnswer:
        """As `Client` says."""
        code, text = found
        return SmtpAnswer(code, text_of(text))

    def given(self, answer: SmtpAnswer) -> Any:
        """As `Client` says."""
        return answer.code, answer.text.encode("utf-8", "surrogateescape")

    def fault_of(self, error: Exception) -> SmtpFault | None:
        """As `Client` says."""
        name = type(error).__name__
        if not isinstance(error, smtplib.SMTPException) or vars(smtplib).get(name) is not type(error):
            return None
        return SmtpFault(_NAME, name, tuple(error.args))

    def error_of(self, fault: SmtpFault | OSError) -> Exception:
        """As `Client` says."""
        if not isinstance(fault, SmtpFault):
            return fault
        made: Any
        known = vars(smtplib).get(_NAMES.get(fault.error, fault.error))
        if fault.library == _NAME:
            made = vars(smtplib)[fault.error](*fault.parts)
        elif fault.error == "SMTPRecipientsRefused":
            refused = {who: (code, said.encode()) for code, said, who in fault.refused}
            made = smtplib.SMTPRecipientsRefused(refused)
        elif fault.code:
            known = known or smtplib.SMTPResponseException
            made = known(fault.code, fault.text.encode("utf-8", "surrogateescape"), *fault.parts[2:])
        elif "Timeout" in fault.error:
            made = TimeoutError(fault.text)
        elif fault.error == "SMTPConnectError":
            made = ConnectionError(fault.text)
        else:
            made = (known or smtplib.SMTPException)(fault.text)
        error: Exception = made
        return error


_NAMES = {"SMTPConnectResponseError": "SMTPConnectError", "SMTPNotSupported": "SMTPNotSupportedError"}


class _SmtplibMail(_Smtplib):
    """The same for a mail: the answer is who was refused."""

    def answer_of(self, found: Any) -> SmtpAnswer:
        """As `Client` says."""
        return SmtpAnswer(
            250, "", None, tuple((who, code, text_of(said)) for who, (code, said) in found.items())
        )

    def given(self, answer: SmtpAnswer) -> Any:
        """As `Client` says."""
        return {who: (code, said.encode("utf-8", "surrogateescape")) for who, code, said in answer.refused}


_SAID = _Smtplib()
_SENT = _SmtplibMail()
