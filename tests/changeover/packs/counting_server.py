"""A small HTTP server that counts what comes."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


class CountingServer:
    """Answers GET with JSON and takes POST; `came` has method, path and body of each request in order.

    Below `/never` nobody is answered until it is closed.
    """

    def __init__(self) -> None:
        came: list[tuple[str, str, bytes]] = []
        self.came = came
        ended = self._ended = Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                chunked = self.headers.get("transfer-encoding") == "chunked"
                body = self._chunks() if chunked else self.rfile.read(length)
                came.append((self.command, self.path, body))
                if self.path.startswith("/never"):
                    ended.wait()
                    self.close_connection = True
                    return
                status = (
                    302 if self.path.startswith("/moved") else 404 if self.path.startswith("/none") else 200
                )
                found = json.dumps({"path": self.path, "value": 7}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Set-Cookie", "seen=1")
                self.send_header("Set-Cookie", "again=2")
                if status == 302:
                    self.send_header("Location", "/there")
                if self.path.startswith("/chunked"):
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    self.wfile.write(f"{len(found):x}\r\n".encode() + found + b"\r\n0\r\n\r\n")
                    return
                self.send_header("Content-Length", str(len(found)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(found)

            def _chunks(self) -> bytes:
                parts = []
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def posted(self) -> int:
        """How many requests came that change something."""
        return sum(method not in ("GET", "HEAD", "OPTIONS") for method, _, _ in self.came)

    def close(self) -> None:
        """Take no more."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
