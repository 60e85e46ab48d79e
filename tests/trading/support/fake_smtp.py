"""A mail server of a few lines on 127.0.0.1, which takes or refuses what it is sent."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class FakeSmtpServer(socketserver.ThreadingTCPServer):
    """Keeps every message; `refuse` names the command that is answered with an error."""

    daemon_threads = True

    def __init__(self, *, refuse: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.refuse = refuse
        self.messages: list[str] = []
        self.logins: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Conversation(socketserver.StreamRequestHandler):
    server: FakeSmtpServer

    def handle(self) -> None:
        self._say("220 fake")
        for line in self.rfile:
            command, _, rest = line.decode().strip().partition(" ")
            if command.upper() == self.server.refuse:
                # As some servers do, the refusal quotes what was sent, in clear.
                quoted = base64.b64decode(rest.split()[-1]).decode() if command.upper() == "AUTH" else rest
                self._say(f"535 refused: {quoted!r}")
            elif command.upper() == "EHLO":
                self._say("250-fake")
                self._say("250 AUTH PLAIN")
            elif command.upper() == "AUTH":
                self.server.logins.append(base64.b64decode(rest.split()[-1]).decode())
                self._say("235 welcome")
            elif command.upper() == "DATA":
                self._say("354 go on")
                self.server.messages.append(self._message())
                self._say("250 taken")
            elif command.upper() == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _message(self) -> str:
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        return b"".join(lines).decode()

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(*, refuse: str | None = None) -> Iterator[FakeSmtpServer]:
    with FakeSmtpServer(refuse=refuse) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
