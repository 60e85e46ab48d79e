"""The bank of the shop: tells prices, and keeps every charge."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PRICES = {"usual": 10, "dear": 99}


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


class ShopBank:
    """A server on this machine; `charges` has order and amount of each charge that came."""

    def __init__(self) -> None:
        charges: list[tuple[str, int]] = []
        lock = Lock()
        self.charges = charges

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

            def do_GET(self) -> None:
                item = parse_qs(urlsplit(self.path).query)["item"][0]
                self._answer({"value": PRICES[item]})

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    charges.append((asked["order"], asked["amount"]))
                self._answer({})

            def _answer(self, found: dict[str, int]) -> None:
                body = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = _Server(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._server.server_close()
