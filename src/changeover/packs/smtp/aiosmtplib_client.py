"""aiosmtplib: the same port as smtplib, awaited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from changeover.packs.host import cannot_be_followed, is_replayed, serving
from changeover.packs.patches import replace, replace_property
from changeover.packs.smtp.exchange import SmtpAnswer, SmtpFault, text_of

_NAME = "aiosmtplib"
_TALKING = ("helo", "noop", "rset", "vrfy", "expn", "starttls", "quit")
_PROVING = ("login", "auth_crammd5", "auth_plain", "auth_login", "auth_xoauth2")
_made_here: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
"""Clients that a replayed path made, and whether each is connected as far as the path knows."""
_knows_extensions: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()
_flattening: WeakSet[Any] = WeakSet()
"""Those that write a mail down: they ask how it may be encoded, which is no part of what it says."""


def patch(module: Any) -> None:
    """Let every client ask first."""
    cls = module.SMTP
    replace(cls, "__init__", _making)
    replace(cls, "connect", _connecting)
    replace(cls, "sendmail", _sending)
    replace(cls, "send_message", _flattening_message)
    replace(cls, "ehlo", _greeting)
    for name in _TALKING:
        replace(cls, name, _talking)
    for name in _PROVING:
        if hasattr(cls, name):
            replace(cls, name, _proving)
    for name in ("execute_command", "data"):
        replace(cls, name, _going_past)
    replace(cls, "supports_extension", _asking_extension)
    replace(cls, "close", _closing)
    replace_property(cls, "is_connected", _looking)


def _looking(original: Callable[..., Any]) -> Callable[..., Any]:
    def is_connected(self: Any) -> bool:
        known = _made_here.get(self)
        is_open: bool = original(self) if known is None else known
        return is_open

    return is_connected


def _making(original: Callable[..., Any]) -> Callable[..., Any]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if is_replayed():
            _made_here[self] = False
        original(self, *args, **kwargs)

    return init


def _connecting(original: Callable[..., Any]) -> Callable[..., Any]:
    async def connect(self: Any, **kwargs: Any) -> Any:
        pack = serving("smtp")
        if pack is None:
            return await original(self, **kwargs)
        host, port = (
            kwargs.get(name) or getattr(self, name, None) or default
            for name, default in (("hostname", "localhost"), ("port", 0))
        )
        port = port or self._get_default_port()

        async def really() -> Any:
            return await original(self, **kwargs), self.last_ehlo_response

        found, greeting = await pack.talk_async("connect", f"{host}:{port}", _CONNECTED, really)
        if self in _made_here:
            _made_here[self] = True
            if greeting is not None:
                self.last_ehlo_response = greeting
        return found

    return connect


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    async def sendmail(self: Any, sender: str, recipients: Any, message: Any, /, **kwargs: Any) -> Any:
        pack = serving("smtp")
        if pack is None:
            return await original(self, sender, recipients, message, **kwargs)

        async def really() -> Any:
            return await original(self, sender, recipients, message, **kwargs)

        options = (*(kwargs.get("mail_options") or ()), *(kwargs.get("rcpt_options") or ()))
        return await pack.send_async((sender, recipients, message), options, _SENT, really)

    return sendmail


def _flattening_message(original: Callable[..., Any]) -> Callable[..., Any]:
    async def send_message(self: Any, message: Any, /, **kwargs: Any) -> Any:
        if self not in _made_here:
            return await original(self, message, **kwargs)
        _flattening.add(self)
        try:
            return await original(self, message, **kwargs)
        finally:
            _flattening.discard(self)

    return send_message


def _greeting(original: Callable[..., Any]) -> Callable[..., Any]:
    async def ehlo(self: Any, **kwargs: Any) -> Any:
        pack = serving("smtp")
        if pack is None:
            return await original(self, **kwargs)

        async def really() -> Any:
            return await original(self, **kwargs)

        found = await pack.talk_async("ehlo", "", _SAID, really)
        if self in _made_here:
            _knows_extensions[self] = bool(found.message)
            self.last_ehlo_response = found
        return found

    return ehlo


def _talking(original: Callable[..., Any]) -> Callable[..., Any]:
    step = original.__name__

    async def talk(self: Any, *args: Any, **kwargs: Any) -> Any:
        pack = serving("smtp")
        if pack is None:
            return await original(self, *args, **kwargs)

        async def really() -> Any:
            return await original(self, *args, **kwargs)

        found = await pack.talk_async(step, str(args[0]) if args else "", _SAID, really)
        if self in _made_here:
            if step == "quit":
                self.close()
            elif step == "starttls":
                self._reset_server_state()
        return found

    return talk


def _proving(original: Callable[..., Any]) -> Callable[..., Any]:
    async def prove(self: Any, who: Any, *args: Any, **kwargs: Any) -> Any:
        pack = serving("smtp")
        if pack is None:
            return await original(self, who, *args, **kwargs)

        async def really() -> Any:
            return await original(self, who, *args, **kwargs)

        return await pack.talk_async("login", text_of(who), _SAID, really)

    return prove


def _asking_extension(original: Callable[..., Any]) -> Callable[..., Any]:
    def supports_extension(self: Any, extension: str, /) -> Any:
        pack = serving("smtp")
        is_unknown = self in _made_here and not _knows_extensions.get(self, True)
        if pack is not None and is_unknown and self not in _flattening:
            pack.unknown_extension(extension)
        return original(self, extension)

    return supports_extension


def _closing(original: Callable[..., Any]) -> Callable[..., Any]:
    def close(self: Any) -> None:
        if self in _made_here:
            _made_here[self] = False
        if not is_replayed() or self in _made_here:
            original(self)

    return close


def _going_past(original: Callable[..., Any]) -> Callable[..., Any]:
    async def command(self: Any, *args: Any, **kwargs: Any) -> Any:
        if serving("smtp") is not None:
            cannot_be_followed("commands of SMTP one by one: `sendmail` and `send_message` are followed")
        return await original(self, *args, **kwargs)

    return command


class _Aiosmtplib:
    """As `exchange.Client` says, for what is said before and after a mail."""

    def answer_of(self, found: Any) -> SmtpAnswer:
        """As `Client` says."""
        return SmtpAnswer(int(found[0]), found[1])

    def given(self, answer: SmtpAnswer) -> Any:
        """As `Client` says."""
        from aiosmtplib import SMTPResponse

        return SMTPResponse(answer.code, answer.text)

    def fault_of(self, error: Exception) -> SmtpFault | None:
        """As `Client` says."""
        from aiosmtplib import errors

        name = type(error).__name__
        if not isinstance(error, errors.SMTPException) or vars(errors).get(name) is not type(error):
            return None
        if isinstance(error, errors.SMTPRecipientsRefused):
            refused = {one.recipient: (int(one.code), one.message) for one in error.recipients}
            return SmtpFault(_NAME, name, (refused,))
        parts = (int(error.args[0]), *error.args[1:]) if _is_answered(error) else tuple(error.args)
        return SmtpFault(_NAME, name, parts)

    def error_of(self, fault: SmtpFault | OSError) -> Exception:
        """As `Client` says."""
        from aiosmtplib import errors

        made: Any
        if not isinstance(fault, SmtpFault):
            timed_out = isinstance(fault, TimeoutError)
            made = (errors.SMTPConnectTimeoutError if timed_out else errors.SMTPConnectError)(str(fault))
        elif fault.error == "SMTPRecipientsRefused":
            made = errors.SMTPRecipientsRefused([errors.SMTPRecipientRefused(*one) for one in fault.refused])
        elif fault.library == _NAME:
            made = vars(errors)[fault.error](*fault.parts)
        else:
            known = vars(errors).get(_NAMES.get(fault.error, fault.error))
            if fault.code:
                known = known or errors.SMTPResponseException
                made = known(fault.code, fault.text, *fault.parts[2:])
            else:
                made = (known or errors.SMTPException)(fault.text)
        error: Exception = made
        return error


_NAMES = {"SMTPConnectError": "SMTPConnectResponseError", "SMTPNotSupportedError": "SMTPNotSupported"}


def _is_answered(error: Any) -> bool:
    from aiosmtplib import errors

    return isinstance(error, errors.SMTPResponseException)


class _AiosmtplibGreeting(_Aiosmtplib):
    """The same for a connection, which may have greeted the server already."""

    def answer_of(self, found: Any) -> SmtpAnswer:
        """As `Client` says."""
        answer, greeting = found
        return SmtpAnswer(int(answer[0]), answer[1], None if greeting is None else greeting.message)

    def given(self, answer: SmtpAnswer) -> Any:
        """As `Client` says."""
        from aiosmtplib import SMTPResponse

        greeting = None if answer.extensions is None else SMTPResponse(250, answer.extensions)
        return SMTPResponse(answer.code, answer.text), greeting


class _AiosmtplibMail(_Aiosmtplib):
    """The same for a mail: the answer is who was refused, and what the server said."""

    def answer_of(self, found: Any) -> SmtpAnswer:
        """As `Client` says."""
        refused, said = found
        return SmtpAnswer(
            250, said, None, tuple((who, int(code), text) for who, (code, text) in refused.items())
        )

    def given(self, answer: SmtpAnswer) -> Any:
        """As `Client` says."""
        from aiosmtplib import SMTPResponse

        return {who: SMTPResponse(code, said) for who, code, said in answer.refused}, answer.text


_SAID = _Aiosmtplib()
_CONNECTED = _AiosmtplibGreeting()
_SENT = _AiosmtplibMail()
