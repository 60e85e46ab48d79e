"""A small mail server that keeps what comes: real SMTP on this machine, and nothing that is delivered."""

from __future__ import annotations

import socketserver
import ssl
from threading import Thread

REFUSED = "nobody@x.org"


class MailServer:
    """Speaks enough SMTP for two libraries; `came` has sender, recipients and text of each mail in order.

    It refuses `nobody@x.org`, and any password but `secret`. With `tls` it talks TLS, from the first byte on
    where that is `at_once`, and else when it is asked to (STARTTLS).
    """

    def __init__(self, tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> None:
        came: list[tuple[str, tuple[str, ...], bytes]] = []
        said: list[str] = []
        self.came, self.said = came, said

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text: str) -> None:
                self.wfile.write(text.encode() + b"\r\n")

            def secure(self) -> None:
                assert tls is not None
                self.request = self.connection = tls.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)

            def finish(self) -> None:
                super().finish()
                self.connection.close()

            def handle(self) -> None:
                if at_once:
                    self.secure()
                sender = ""
                recipients: list[str] = []
                self.say("220 here")
                while line := self.rfile.readline():
                    word = line.decode().strip()
                    command = word.split(" ")[0].upper()
                    said.append(command)
                    if command == "EHLO":
                        offered = "250-STARTTLS\r\n" if tls is not None and not at_once else ""
                        self.say(f"250-here\r\n{offered}250-SIZE 1000000\r\n250-8BITMIME\r\n250 AUTH PLAIN")
                    elif command == "STARTTLS":
                        self.say("220 go on")
                        self.secure()
                    elif command == "AUTH":
                        good = word.endswith("AHUAc2VjcmV0")  # user u, password secret
                        self.say("235 welcome" if good else "535 who are you")
                    elif command == "MAIL":
                        sender, recipients = word.split("<")[1].split(">")[0], []
                        self.say("250 ok")
                    elif command == "RCPT":
                        who = word.split("<")[1].split(">")[0]
                        if who == REFUSED:
                            self.say("550 unknown")
                        else:
                            recipients.append(who)
                            self.say("250 ok")
                    elif command == "DATA":
                        self.say("354 go on")
                        lines = []
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(line)
                        came.append((sender, tuple(recipients), b"".join(lines)))
                        self.say("250 taken")
                    elif command == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
