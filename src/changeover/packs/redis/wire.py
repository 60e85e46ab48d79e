"""One command on its way through a client: what it gave or raised stays with the path that asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from changeover.packs.host import cannot_be_given
from changeover.packs.redis.messages import RedisAnswer, RedisError, RedisFault, as_text, gives_text


class Wire:
    """What `really` gives or raises, and the same of a tape; `is_sent` says that it was asked.

    Args:
        client: the object of the library.
        really: sends the command; where the client is awaited, a coroutine function.
    """

    def __init__(self, client: Any, really: Callable[[], Any]) -> None:
        self.client = client
        self.is_sent = False
        self._really = really
        self._live: list[Any] = []
        self._raised: Exception | None = None

    def send(self) -> RedisAnswer:
        """Send it; raises RedisFault in place of an error of the library."""
        self.is_sent = True
        try:
            return self._kept(self._really())
        except Exception as error:  # noqa: BLE001  handed on as a fault, or as it is
            fault = self._fault_of(error)
        raise fault

    async def send_async(self) -> RedisAnswer:
        """The same, awaited."""
        self.is_sent = True
        waiting: Awaitable[Any] = self._really()
        try:
            return self._kept(await waiting)
        except Exception as error:  # noqa: BLE001  handed on as a fault, or as it is
            fault = self._fault_of(error)
        raise fault

    def given(self, answer: RedisAnswer) -> Any:
        """What the path gets: what the library gave, or what is made of the kept answer."""
        if self._live:
            return self._live[0]
        is_text = gives_text(self.client)
        if answer.is_text and not is_text:
            cannot_be_given("redis", "a client gives bytes where that of the other path gives texts")
        value = as_text(answer.value) if is_text and not answer.is_text else answer.value
        if type(value) is list:
            return [_error(one) if isinstance(one, RedisError) else one for one in value]
        return value

    def error_of(self, fault: RedisFault) -> Exception:
        """What the path catches: the library's own exception, or one that is made of the fault."""
        return _error(fault) if self._raised is None else self._raised

    def _kept(self, live: Any) -> RedisAnswer:
        self._live.append(live)
        kept = live
        if type(live) is list and any(isinstance(one, Exception) for one in live):
            kept = [RedisError(*_said(one)) if isinstance(one, Exception) else one for one in live]
        return RedisAnswer(kept, gives_text(self.client))

    def _fault_of(self, error: Exception) -> RedisFault:
        from redis.exceptions import RedisError as Known

        if not isinstance(error, Known):
            raise error
        self._raised = error
        return RedisFault(*_said(error))


_PLAIN = (str, int, float, bool, type(None))


def _said(error: Exception) -> tuple[str, str, dict[str, Any]]:
    known = {name: value for name, value in vars(error).items() if isinstance(value, _PLAIN)}
    return type(error).__name__, str(error), known


def _error(fault: RedisFault | RedisError) -> Exception:
    import redis

    cls = vars(redis.exceptions).get(fault.error)
    is_known = isinstance(cls, type) and issubclass(cls, redis.RedisError)
    made: Any = cls if is_known else redis.RedisError
    error: Exception = made(fault.text)
    vars(error).update(fault.known)
    return error
