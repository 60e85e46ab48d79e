"""One exchange with a mail server: what a library gave or raised stays with the path that asked."""

from __future__ import annotations

from typing import Any, Protocol

from changeover.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SmtpAnswer:
    """What a server said to a step; `extensions` is its answer to EHLO, where the library has asked.

    Of a mail `refused` has the recipients that the server did not take, each with code and text.
    """

    code: int
    text: str
    extensions: str | None = None
    refused: tuple[tuple[str, int, str], ...] = ()


class SmtpFault(Exception):
    """An exception of a library: its class and its arguments, in plain values."""

    def __init__(self, library: str, error: str, parts: tuple[Any, ...]) -> None:
        super().__init__(library, error, parts)
        self.library = library
        self.error = error
        self.parts = parts

    def __str__(self) -> str:
        return f"{self.error}: {', '.join(map(str, self.parts))}"

    @property
    def code(self) -> int:
        """What the server answered; 0 where it did not answer."""
        return self.parts[0] if self.parts and isinstance(self.parts[0], int) else 0

    @property
    def text(self) -> str:
        """The text of the server, or that of the library."""
        found = self.parts[1] if self.code else self.parts[0] if self.parts else ""
        return text_of(found)

    @property
    def refused(self) -> list[tuple[int, str, str]]:
        """Of an error about recipients: code, text and address of each."""
        return [(code, text_of(said), who) for who, (code, said) in self.parts[0].items()]


class Client(Protocol):
    """One library: how its answers and exceptions become plain, and the other way round."""

    def answer_of(self, found: Any) -> SmtpAnswer:
        """What the server said."""

    def given(self, answer: SmtpAnswer) -> Any:
        """The library's own object for an answer on the tape."""

    def fault_of(self, error: Exception) -> SmtpFault | None:
        """What an exception of the library says; None for one of another kind."""

    def error_of(self, fault: SmtpFault | OSError) -> Exception:
        """The library's own exception, also for one that another library raised."""


class Exchange:
    """One step of a library: the path that takes it for real gets what the library gave or raised itself."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._live: list[Any] = []
        self._raised: Exception | None = None

    def took(self, found: Any) -> SmtpAnswer:
        """The library's answer, as it is kept."""
        self._live.append(found)
        return self._client.answer_of(found)

    def fault_of(self, error: Exception) -> Exception:
        """The library's exception, as it is kept."""
        self._raised = error
        return self._client.fault_of(error) or error

    def given(self, answer: SmtpAnswer) -> Any:
        """What the path gets."""
        return self._live[0] if self._live else self._client.given(answer)

    def error_of(self, fault: SmtpFault | OSError) -> Exception:
        """What the path catches."""
        return self._client.error_of(fault) if self._raised is None else self._raised


def text_of(found: Any) -> str:
    """A text of a server, which libraries give as one or as bytes."""
    return found.decode("utf-8", "surrogateescape") if isinstance(found, bytes) else str(found)
